"""Whatever goes wrong on the way to a hub is said in a sentence, and leaves nothing published twice or by half."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import huggingface_hub.utils._http
import pytest
from hub import WRITE_TOKEN, Hub
from publishing import QUICK, TARGET, build_pages, git, history, plan, publish, published_files

from dehusk.builders.publishing.hubclient import connect
from dehusk.builders.publishing.publication import Patience, Publication, ignore
from dehusk.builders.publishing.publish import plan_publication, publish_dataset
from dehusk.builders.publishing.targets import HubTarget
from dehusk.schema.errors import AccessError, ArrivalError, PublishError, TargetError

ALWAYS = 99

WAITS: list[float] = []


class QuickClock:
    """The clock of the hub's client, which waits 1, 2, 4, 8 and 8 seconds before it gives up; here it notes them."""

    @staticmethod
    def sleep(seconds: float) -> None:
        WAITS.append(seconds)


@pytest.fixture(autouse=True)
def _quick_client(monkeypatch: pytest.MonkeyPatch) -> None:
    WAITS.clear()
    monkeypatch.setattr(huggingface_hub.utils._http, "time", QuickClock)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pages(tmp_path_factory.mktemp("old"), range(3))


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pages(tmp_path_factory.mktemp("new"), range(1, 5))


@pytest.fixture(scope="module")
def template(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a hub stores to which `old` was published."""
    root = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch, Hub(root) as hub:
        patch.setenv("HF_TOKEN", WRITE_TOKEN)
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        publish(old, hub)
    return root


@pytest.fixture
def full(hub: Hub, template: Path) -> Hub:
    """A hub to which `old` was published."""
    shutil.copytree(template, hub.root, dirs_exist_ok=True)
    return hub


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files go by LFS, not by xet."""
    monkeypatch.setattr("huggingface_hub._commit_api.is_xet_available", lambda: False)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client has read no version of the dataset before."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))


def check_sentence(error: PublishError) -> None:
    """One sentence that names the place and holds neither a signed URL nor a token."""
    assert error.message
    assert error.tip
    assert "\n" not in error.message.strip()
    assert "?sig" not in error.message + error.tip
    assert "hf_Qz" not in error.message + error.tip


def check_nothing_by_half(hub: Hub, commits: int) -> None:
    """The repository is as before, or has one whole commit more; and the version has no tag yet."""
    now = history(hub)
    assert len(now) - commits in (0, 1)
    assert git(hub, "tag") == ""


def check_completed(hub: Hub, dist: Path, commits: int) -> None:
    """Published anew, all is there, with exactly one commit more."""
    hub.faults.clear()
    done = publish(dist, hub, Publication(tag="1.0.0"))
    assert len(history(hub)) == commits + 1
    assert git(hub, "rev-parse", "1.0.0") == done.commit == history(hub)[0]
    expected = {path.relative_to(dist).as_posix() for path in dist.rglob("*") if path.is_file()}
    assert published_files(hub) == expected | {".gitattributes"}


STAGES = {
    "whoami": ("GET", "/whoami-v2"),
    "info": ("GET", f"/api/datasets/{TARGET}$"),
    "tree": ("GET", "/tree/"),
    "refs": ("GET", "/refs"),
    "manifest": ("HEAD", "/resolve/.*/manifest.json"),
    "card": ("HEAD", "/resolve/.*/README.md"),
    "preupload": ("POST", "/preupload/"),
    "validate": ("POST", "/validate-yaml"),
    "commit": ("POST", "/commit/"),
    "tag": ("POST", "/tag/"),
}

XET_STAGES = {
    "xet-token": ("GET", "/xet-write-token/"),
    "xorb": ("POST", "/v1/xorbs/"),
    "shard": ("POST", "/v1/shards"),
}

READING_STAGES = {
    "xet-read-token": ("GET", "/xet-read-token/"),
    "reconstruction": ("GET", "/reconstructions/"),
}

LFS_STAGES = {
    "batch": ("POST", "/info/lfs/objects/batch"),
    "put": ("PUT", "/store/"),
    "lfs-verify": ("POST", "/info/lfs/objects/verify"),
}


def fails(hub: Hub, new: Path, stage: tuple[str, str], **how: Any) -> PublishError:
    """Publishes `new` over `old` while a stage always fails; gives back what was said."""
    commits = len(history(hub))
    hub.fail(*stage, times=ALWAYS, **how)
    with pytest.raises(PublishError) as refused:
        publish(new, hub, Publication(tag="1.0.0"))
    check_sentence(refused.value)
    check_nothing_by_half(hub, commits)
    check_completed(hub, new, commits)
    return refused.value


@pytest.mark.parametrize("stage", STAGES)
def test_a_hub_that_fails_at_a_stage(full: Hub, new: Path, stage: str) -> None:
    assert fails(full, new, STAGES[stage], status=503).exit_code == 3


@pytest.mark.parametrize("stage", ["whoami", "commit"])
def test_a_hub_with_a_bug_at_a_stage(full: Hub, new: Path, stage: str) -> None:
    assert fails(full, new, STAGES[stage], status=500).exit_code == 3


@pytest.mark.parametrize("stage", ["whoami", "info", "tree", "refs", "commit"])
def test_an_answer_that_is_none_of_a_hub(full: Hub, new: Path, stage: str) -> None:
    error = fails(full, new, STAGES[stage], status=200)
    assert "the answer is not that of a hub" in error.message
    assert error.exit_code == 3


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_refuses_is_no_fault_of_the_network(number: int) -> None:
    tries: list[int] = []

    def write() -> None:
        tries.append(number)
        raise OSError(number, os.strerror(number), "/cache/part")

    with (
        connect(HubTarget(TARGET, "https://hub.example.org"), QUICK, ignore) as client,
        pytest.raises(PublishError, match=os.strerror(number)) as refused,
    ):
        client._ask("reading README.md", write)
    assert "network" not in refused.value.tip
    assert len(tries) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_a_connection_cut_at_a_stage(full: Hub, new: Path, stage: str) -> None:
    assert fails(full, new, STAGES[stage], cut=True).exit_code == 3


@pytest.mark.parametrize("stage", ["whoami", "commit", "tag"])
def test_a_connection_cut_in_the_middle_of_the_answer(full: Hub, new: Path, stage: str) -> None:
    full.fail(*STAGES[stage], half_answer=True)
    done = publish(new, full, Publication(tag="1.0.0"))
    assert git(full, "rev-parse", "1.0.0") == done.commit
    assert len(history(full)) == 3


@pytest.mark.parametrize("stage", XET_STAGES)
@pytest.mark.parametrize("how", [{"status": 503}, {"status": 401}, {"cut": True}], ids=str)
def test_large_files_by_xet_that_fail(full: Hub, new: Path, stage: str, how: dict[str, Any]) -> None:
    error = fails(full, new, XET_STAGES[stage], **how)
    assert error.exit_code == (2 if isinstance(error, AccessError) else 3)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("stage", LFS_STAGES)
@pytest.mark.parametrize("how", [{"status": 503}, {"status": 403}, {"cut": True, "after_bytes": 100}], ids=str)
def test_large_files_by_lfs_that_fail(full: Hub, new: Path, stage: str, how: dict[str, Any]) -> None:
    error = fails(full, new, LFS_STAGES[stage], **how)
    assert error.exit_code == (2 if isinstance(error, AccessError) else 3)
    assert full.asked("POST", "/xorbs/") == []


@pytest.mark.parametrize("stage", READING_STAGES)
@pytest.mark.parametrize("how", [{"status": 503}, {"status": 403}, {"cut": True}], ids=str)
@pytest.mark.usefixtures("empty_cache")
def test_an_earlier_version_that_cannot_be_read(full: Hub, new: Path, stage: str, how: dict[str, Any]) -> None:
    error = fails(full, new, READING_STAGES[stage], **how)
    assert error.exit_code == (2 if isinstance(error, (AccessError, TargetError)) else 3)


def test_a_dataset_that_arrives_and_does_not_load_is_not_tagged(hub: Hub, old: Path) -> None:
    hub.fail("HEAD", "/resolve/.*/README.md", status=403, times=ALWAYS)
    with pytest.raises(ArrivalError, match="it cannot be loaded") as refused:
        publish_dataset(plan(old, hub, Publication(tag="1.0.0")), patience=QUICK)
    check_sentence(refused.value)
    assert (refused.value.exit_code, git(hub, "tag"), len(history(hub))) == (3, "", 2)
    hub.faults.clear()
    done = publish_dataset(plan(old, hub, Publication(tag="1.0.0")), patience=QUICK)
    assert git(hub, "rev-parse", "1.0.0") == done.commit == history(hub)[0]
    assert len(history(hub)) == 2


@pytest.mark.parametrize("how", [{"status": 403}, {"status": 503}, {"cut": True}], ids=str)
def test_a_repository_that_cannot_be_made(hub: Hub, old: Path, how: dict[str, Any]) -> None:
    hub.fail("POST", "/repos/create", times=ALWAYS, **how)
    with pytest.raises(PublishError) as refused:
        publish(old, hub, Publication(tag="1.0.0"))
    check_sentence(refused.value)
    assert refused.value.exit_code == (2 if isinstance(refused.value, AccessError) else 3)
    assert hub.about("datasets", TARGET) is None
    check_completed(hub, old, 1)


@pytest.mark.parametrize(("stage", "status"), [
    ("info", 401), ("info", 403), ("preupload", 403), ("commit", 401), ("commit", 403), ("tag", 401), ("tag", 403),
])  # fmt: skip
def test_a_token_that_is_refused_at_a_stage(full: Hub, new: Path, stage: str, status: int) -> None:
    error = fails(full, new, STAGES[stage], status=status)
    assert isinstance(error, AccessError)
    assert error.exit_code == 2
    assert len([call for call in full.calls if call.fault]) == 1  # trying again would be of no use


@pytest.mark.parametrize(("stage", "status"), [
    ("info", 400), ("preupload", 422), ("tag", 404), ("tag", 412),
    ("commit", 400), ("commit", 404), ("commit", 409), ("commit", 412), ("commit", 422),
])  # fmt: skip
def test_a_hub_that_refuses_at_a_stage(full: Hub, new: Path, stage: str, status: int) -> None:
    assert fails(full, new, STAGES[stage], status=status).exit_code == 3


def test_a_hub_that_says_the_tag_is_there_is_not_believed(hub: Hub, old: Path) -> None:
    hub.fail("POST", "/tag/", status=409, times=ALWAYS)
    with pytest.raises(PublishError, match=r"the tag 1\.0\.0 is at None"):
        publish(old, hub, Publication(tag="1.0.0"))


def test_a_vanished_repository_is_said(hub: Hub, old: Path) -> None:
    headers = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
    hub.fail("POST", "/preupload/", status=404, headers=headers, times=ALWAYS)
    with pytest.raises(AccessError, match="is not there, or the token may not see it"):
        publish(old, hub)


# -- patience --


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("how", [{"status": 429}, {"lose_answer": True}], ids=str)
def test_what_fails_once_is_tried_again(full: Hub, new: Path, stage: str, how: dict[str, Any]) -> None:
    full.fail(*STAGES[stage], **how)
    done = publish(new, full, Publication(tag="1.0.0"))
    assert git(full, "rev-parse", "1.0.0") == done.commit == history(full)[0]
    assert len(history(full)) == 3
    if stage == "commit" and "lose_answer" in how:
        assert len(full.asked("POST", "/commit/")) == 1


@pytest.mark.parametrize("how", [{"status": 500}, {"lose_answer": True}], ids=str)
def test_making_the_repository_is_tried_again(hub: Hub, old: Path, how: dict[str, Any]) -> None:
    hub.fail("POST", "/repos/create", **how)
    publish(old, hub)
    assert len(history(hub)) == 2
    assert (hub.about("datasets", TARGET) or {})["private"] is True


@pytest.mark.parametrize("stage", ["whoami", "preupload", "tree", "commit"])
@pytest.mark.parametrize("headers", [{"Retry-After": "3600"}, {"RateLimit": '"api";r=0;t=3600'}], ids=str)
def test_nobody_waits_for_an_hour(full: Hub, new: Path, stage: str, headers: dict[str, str]) -> None:
    error = fails(full, new, STAGES[stage], status=429, headers=headers)
    assert "asks to wait 3600 s" in error.message
    assert error.exit_code == 3
    assert max(WAITS, default=0) < 60


@pytest.mark.parametrize("stage", ["preupload", "tree"])
def test_a_short_wait_that_the_hub_asks_for_is_kept(hub: Hub, old: Path, stage: str) -> None:
    notes: list[str] = []
    planned = plan(old, hub)
    hub.fail(*STAGES[stage], status=429, headers={"RateLimit": '"api";r=0;t=55'})
    publish_dataset(planned, load=False, watch=lambda progress: notes.append(progress.note), patience=QUICK)
    assert WAITS == [56.0]
    assert "the hub asks to wait 55 s" in notes


def test_what_was_sent_is_not_sent_again(hub: Hub, old: Path) -> None:
    hub.fail("POST", "/commit/", status=503, times=ALWAYS)
    with pytest.raises(PublishError):
        publish(old, hub)
    sent = len(hub.asked("POST", "/xorbs/"))
    assert len(hub.asked("POST", "/commit/")) == QUICK.attempts
    assert sent == len({call.path for call in hub.asked("POST", "/xorbs/")})


@pytest.mark.usefixtures("plain")
def test_an_interrupted_upload_goes_on_where_it_stopped(hub: Hub, old: Path) -> None:
    hub.fail("POST", "/commit/", status=403)
    with pytest.raises(AccessError):
        publish(old, hub)
    sent = [call.path for call in hub.asked("PUT", "/store/")]
    publish(old, hub)
    assert [call.path for call in hub.asked("PUT", "/store/")] == sent
    assert len(sent) == 2


def test_a_slow_hub_is_given_up(hub: Hub, old: Path) -> None:
    hub.fail("GET", "/whoami-v2", delay=0.6, times=ALWAYS)
    with pytest.raises(PublishError, match="no answer") as refused:
        plan_publication(old, TARGET, endpoint=hub.endpoint, patience=Patience(2, 0.01, timeout=0.2))
    assert refused.value.exit_code == 3
    assert len(hub.asked("GET", "/whoami-v2")) == 2


def test_a_commit_that_takes_longer_than_the_patience_is_made_once(hub: Hub, old: Path) -> None:
    hub.fail("POST", "/commit/", delay=1.0)
    planned = plan(old, hub)
    done = publish_dataset(planned, load=False, patience=Patience(8, 0.1, timeout=0.4))
    assert history(hub) == [done.commit, history(hub)[-1]]


def test_a_hub_that_is_gone_after_the_commit_is_asked_again_next_time(hub: Hub, old: Path) -> None:
    hub.fail("POST", "/commit/", lose_answer=True)
    hub.fail("GET", "/commits/", status=503, times=ALWAYS)
    with pytest.raises(PublishError) as refused:
        publish(old, hub, Publication(tag="1.0.0"))
    assert refused.value.exit_code == 3
    assert git(hub, "tag") == ""
    check_completed(hub, old, 1)
    assert len(hub.asked("POST", "/commit/")) == 1


# -- no way there --


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.mark.usefixtures("hub")
def test_no_network_is_said(old: Path) -> None:
    endpoint = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(PublishError, match="no answer") as refused:
        plan_publication(old, TARGET, endpoint=endpoint, patience=QUICK)
    check_sentence(refused.value)
    assert refused.value.exit_code == 3


def test_no_token_is_said(hub: Hub, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(AccessError, match="there is no token") as refused:
        plan(old, hub)
    check_sentence(refused.value)
    assert hub.calls == []


def test_a_token_of_somebody_else_is_said(hub: Hub, old: Path) -> None:
    with pytest.raises(AccessError, match="the token is ada's, who is not in bo") as refused:
        plan(old, hub, target="bo/pages")
    assert refused.value.exit_code == 2
    assert {call.method for call in hub.calls} == {"GET"}


def test_a_client_that_is_told_to_stay_offline_is_said(hub: Hub, old: Path) -> None:
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("publish_once.py"), old, TARGET, hub.endpoint],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the hub's client is offline: HF_HUB_OFFLINE is set\ntip: ")
    assert hub.calls == []


def test_offline_is_wrong_use(hub: Hub, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(TargetError, match="HF_HUB_OFFLINE"):
        plan(old, hub)
