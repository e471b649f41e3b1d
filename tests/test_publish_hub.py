"""A dataset goes to a hub over real HTTP: what arrives is what was built, once, and only where it was asked to go."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from hub import READ_TOKEN, WRITE_TOKEN, Hub
from hub.server import Settings
from publishing import (
    QUICK,
    TARGET,
    build_pages,
    git,
    history,
    plan,
    publish,
    published_files,
    run_git,
    write_large_pages,
)

from dehusk.builders.build import build_dataset
from dehusk.builders.pack import file_digest, read_manifest
from dehusk.builders.publishing.hubclient import connect
from dehusk.builders.publishing.publication import Progress, Publication, ignore
from dehusk.builders.publishing.publish import plan_publication, publish_dataset
from dehusk.builders.publishing.reload import find_problems
from dehusk.builders.publishing.targets import HubTarget
from dehusk.schema.errors import AccessError, ArrivalError, ConflictError, PublishError, TargetError, UsageError

SHARDS = 2_000
"""Seed bytes of a shard that give these few pages several data files."""

FILES = {"README.md", "manifest.json", "rejects.parquet"}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of several data files."""
    return build_pages(tmp_path_factory.mktemp("first"), range(6), shard_bytes=SHARDS)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A later build of it, in one data file."""
    return build_pages(tmp_path_factory.mktemp("second"), range(2, 9))


@pytest.fixture
def copy(first: Path, tmp_path: Path) -> Path:
    """A dataset that a test may change."""
    return Path(shutil.copytree(first, tmp_path / "dist"))


def run(hub: Hub, dist: Path, *more: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Publishes in a process of its own, which never says the token, and turns to no other machine."""
    log = hub.root / "strangers"
    guard = {"PYTHONPATH": str(Path(__file__).with_name("guard")), "GUARD_LOG": str(log)}
    settings = {"HF_HUB_OFFLINE": "0", "HF_HOME": str(hub.root / "home"), **guard, **environment}
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("publish_once.py"), dist, TARGET, hub.endpoint, *more],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not any(token in done.stdout + done.stderr for token in hub.accounts)
    assert "Traceback" not in done.stderr
    assert not log.exists(), log.read_text()
    return done


def data_files(dist: Path) -> set[str]:
    return {file.path for file in read_manifest(dist).files if file.content is not None}


def check_history(hub: Hub, folder: Path, dist: Path, revision: str) -> None:
    """What git clones at a revision is, large files by their digests, what was built."""
    clone = folder / f"clone-{revision}-{len(list(folder.iterdir()))}"
    run_git("clone", "--quiet", "--branch", revision, hub.store("datasets", TARGET).path, clone)
    run_git("-C", clone, "fsck", "--strict", "--full")
    manifest = read_manifest(dist)
    held = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()}
    assert {name for name in held if not name.startswith(".git/")} == {
        ".gitattributes",
        "manifest.json",
        *(file.path for file in manifest.files),
    }
    for file in manifest.files:
        content = (clone / file.path).read_bytes()
        if file.path.endswith(".parquet"):
            assert f"oid sha256:{file.sha256}\nsize {file.bytes}\n".encode() in content
            content = hub.object_path(file.sha256).read_bytes()
        assert content == (dist / file.path).read_bytes()


# -- what arrives (the whole way by the command line: test_whole_way.py) --


def test_what_git_clones_at_each_version_is_what_was_built(hub: Hub, first: Path, second: Path, tmp_path: Path) -> None:
    assert len(data_files(first)) > 1
    publish(first, hub, Publication(tag="1.0.0"))
    publish(second, hub, Publication(tag="1.1.0", changes=False))
    check_history(hub, tmp_path, second, "1.1.0")
    check_history(hub, tmp_path, first, "1.0.0")
    assert len(history(hub)) == 3


def test_what_was_published_loads_as_the_example_says(hub: Hub, first: Path, tmp_path: Path) -> None:
    example = publish(first, hub, Publication(tag="v1.0.0-rc.1")).example
    assert "load_dataset('ada/pages', revision='v1.0.0-rc.1')" in example
    home = {"HF_ENDPOINT": hub.endpoint, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "home")}
    script = f"{example}\nprint(len(pages['train']))"
    shown = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **home}, capture_output=True, text=True, check=True
    ).stdout
    local = datasets.load_dataset(str(first), split="train", cache_dir=str(tmp_path / "cache"))
    assert shown == f"{local[0]['text']}\n{local.num_rows}\n"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with a data file of more than ten megabytes."""
    folder = tmp_path_factory.mktemp("large")
    build_dataset(write_large_pages(folder / "seeds", 10), folder / "dist")
    return folder / "dist"


@pytest.mark.parametrize("xet", [True, False])
def test_large_files_arrive_whole(tmp_path: Path, hub: Hub, large: Path, xet: bool) -> None:
    hub.settings = Settings(multipart_from=5_000_000, part_size=5_000_000)
    size = max(file.bytes for file in read_manifest(large).files)
    assert size > 10_000_000
    done = run(hub, large, HF_HUB_DISABLE_XET="0" if xet else "1")
    assert done.returncode == 0, done.stderr
    check_history(hub, tmp_path, large, "main")
    parts = hub.asked("PUT", r"/store/\w+/\w+/\d+")
    assert len(parts) == (0 if xet else -(-size // 5_000_000))


def test_a_tree_that_comes_in_pages_is_read_whole(hub: Hub, first: Path) -> None:
    publish(first, hub)
    hub.settings = Settings(page_size=2)
    assert plan(first, hub).nothing_to_do


def test_nothing_to_do_makes_no_commit_and_sends_nothing(hub: Hub, first: Path) -> None:
    publish(first, hub)
    before = len(hub.calls)
    done = publish(first, hub)
    assert not done.changed
    assert {call.method for call in hub.calls[before:]} <= {"GET", "HEAD"}
    assert len(history(hub)) == 2


def test_a_tag_for_what_is_already_there_makes_no_commit(hub: Hub, first: Path) -> None:
    commit = publish(first, hub).commit
    assert publish(first, hub, Publication(tag="2.0.0")).commit == commit
    assert git(hub, "rev-parse", "2.0.0") == commit
    assert len(history(hub)) == 2


def test_a_dry_run_changes_nothing(hub: Hub, first: Path) -> None:
    planned = plan(first, hub, Publication(tag="1.0.0"))
    assert {call.method for call in hub.calls} == {"GET"}
    assert [change.action for change in planned.changes] == ["add"] * len(planned.files)
    assert planned.bytes_to_send == sum(path.stat().st_size for path in first.rglob("*") if path.is_file())
    assert planned.to_dict()["exists"] is False


def test_progress_counts_every_byte_and_names_every_step(hub: Hub, first: Path) -> None:
    told: list[Progress] = []
    planned = plan(first, hub, Publication(tag="1.0.0"))
    publish_dataset(planned, load=False, watch=told.append, patience=QUICK)
    uploads = [(one.done, one.total) for one in told if one.step == "upload"]
    assert uploads == sorted(uploads)
    assert uploads[-1] == (planned.bytes_to_send, planned.bytes_to_send)
    assert list(dict.fromkeys(one.step for one in told)) == ["upload", "commit", "verify", "tag"]


def test_the_commit_says_what_was_asked(hub: Hub, first: Path, second: Path) -> None:
    publish(first, hub)
    assert git(hub, "log", "-1", "--format=%B") == f"dehusk build {read_manifest(first).fingerprint[:12]}"
    publish(second, hub, Publication(message="Spring", description="- three locks more"))
    assert git(hub, "log", "-1", "--format=%B") == "Spring\n\n- three locks more"


def test_an_organisation_is_published_to_like_a_user(hub: Hub, first: Path) -> None:
    publish(first, hub, target="hf://datasets/harbour/pages")
    assert published_files(hub, target="harbour/pages") >= FILES


# -- who may see it --


def test_a_new_repository_is_private_unless_asked(hub: Hub, first: Path) -> None:
    publish(first, hub)
    publish(first, hub, Publication(private=False), target="ada/open")
    assert hub.about("datasets", TARGET) == {**(hub.about("datasets", TARGET) or {}), "private": True}
    assert hub.about("datasets", "ada/open") == {**(hub.about("datasets", "ada/open") or {}), "private": False}


@pytest.mark.parametrize("private", [True, False])
def test_a_repository_that_is_not_as_asked_is_left_alone(hub: Hub, first: Path, private: bool) -> None:
    publish(first, hub, Publication(private=private))
    with pytest.raises(TargetError, match="and you asked for") as refused:
        publish(first, hub, Publication(private=not private))
    assert refused.value.exit_code == 2
    assert (hub.about("datasets", TARGET) or {})["private"] == private
    assert hub.asked("PUT", "/settings") == []


def test_visibility_is_read_again_before_the_first_byte(hub: Hub, first: Path, second: Path) -> None:
    publish(first, hub)
    planned = plan(second, hub)
    hub.describe("datasets", TARGET, private=False)
    sent = len(hub.asked("POST", "/(preupload|xorbs|commit)/"))
    with pytest.raises(TargetError, match="is public"):
        publish_dataset(planned, load=False, patience=QUICK)
    assert len(hub.asked("POST", "/(preupload|xorbs|commit)/")) == sent


def test_a_repository_made_public_by_somebody_else_meanwhile_gets_nothing(hub: Hub, first: Path) -> None:
    planned = plan(first, hub)
    hub.store("datasets", TARGET).create()
    hub.describe("datasets", TARGET, private=False)
    with pytest.raises(TargetError, match="is public"):
        publish_dataset(planned, load=False, patience=QUICK)
    assert published_files(hub) == {".gitattributes"}


# -- what is sent, replaced and deleted --


def test_files_of_others_are_kept_and_ours_alone_are_deleted(hub: Hub, first: Path, second: Path) -> None:
    publish(first, hub)
    store = hub.store("datasets", TARGET)
    store.commit("main", history(hub)[0], {"notes/by-hand.md": b"mine"}, [], "a note")
    planned = plan(second, hub)
    assert planned.kept == (".gitattributes", "notes/by-hand.md")
    publish(second, hub)
    expected = {path.relative_to(second).as_posix() for path in second.rglob("*") if path.is_file()}
    assert published_files(hub) == expected | {".gitattributes", "notes/by-hand.md"}


def test_a_strange_file_among_the_data_stops_it(hub: Hub, first: Path) -> None:
    publish(first, hub)
    hub.store("datasets", TARGET).commit("main", history(hub)[0], {"data/train-9.parquet": b"x"}, [], "a stray")
    with pytest.raises(TargetError, match=r"holds data/train-9\.parquet"):
        plan(first, hub)


def test_an_ignore_file_of_the_hub_hides_nothing(hub: Hub, first: Path, second: Path) -> None:
    publish(first, hub)
    hub.store("datasets", TARGET).commit("main", history(hub)[0], {".gitignore": b"*.parquet\n*.md\n"}, [], "ignore")
    publish(second, hub)
    assert plan(second, hub).nothing_to_do


@pytest.mark.parametrize("name", [".env", ".gitignore", "data/.hidden.parquet", "notes.txt", "data/extra.parquet"])
def test_a_folder_with_anything_else_in_it_is_refused(hub: Hub, copy: Path, name: str) -> None:
    (copy / name).write_text("secret")
    with pytest.raises(UsageError, match=f"holds {name}"):
        plan(copy, hub)
    assert hub.calls == []


def test_links_are_refused(hub: Hub, copy: Path, tmp_path: Path) -> None:
    shutil.move(copy / "rejects.parquet", tmp_path / "elsewhere")
    (copy / "rejects.parquet").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="a link"):
        plan(copy, hub)


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/hostname", "data/../../x", ".hidden", "data//x", "a\nb"])
def test_a_manifest_cannot_name_files_outside(hub: Hub, copy: Path, name: str) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"].append({"path": name, "bytes": 1, "sha256": "0" * 64})
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match="no name of a file to publish"):
        plan(copy, hub)


def test_a_file_changed_after_the_build_is_refused(hub: Hub, copy: Path) -> None:
    with (copy / "README.md").open("a") as card:
        card.write("more")
    with pytest.raises(UsageError, match="changed after it was built"):
        plan(copy, hub)


def test_a_file_changed_after_the_plan_is_not_sent(hub: Hub, copy: Path) -> None:
    planned = plan(copy, hub)
    with (copy / "README.md").open("a") as card:
        card.write("more")
    with pytest.raises(PublishError, match="changed since the plan"):
        publish_dataset(planned, load=False, patience=QUICK)
    assert len(history(hub)) == 1


# -- others at the same time --


def test_a_plan_is_not_carried_out_on_another_state(hub: Hub, first: Path, second: Path) -> None:
    publish(first, hub)
    planned = plan(second, hub)
    theirs = hub.store("datasets", TARGET).commit("main", history(hub)[0], {"theirs.md": b"x"}, [], "theirs")
    with pytest.raises(ConflictError, match="changed since the plan"):
        publish_dataset(planned, load=False, patience=QUICK)
    assert history(hub)[0] == theirs


def test_a_commit_of_somebody_else_during_the_upload_is_not_overwritten(hub: Hub, first: Path, second: Path) -> None:
    publish(first, hub)
    theirs: list[str] = []

    def interfere(progress: Progress) -> None:
        if progress.step == "commit":
            store = hub.store("datasets", TARGET)
            theirs.append(store.commit("main", history(hub)[0], {"theirs.md": b"x"}, [], "theirs"))

    with pytest.raises(ConflictError, match="changed while the files were sent"):
        publish_dataset(plan(second, hub), load=False, watch=interfere, patience=QUICK)
    assert history(hub)[0] == theirs[0]
    assert publish(second, hub).changed
    assert "theirs.md" in published_files(hub)


def test_a_commit_whose_answer_is_lost_is_found_under_one_that_came_after(hub: Hub, first: Path, second: Path) -> None:
    publish(first, hub)

    def commit_on_top() -> None:
        hub.store("datasets", TARGET).commit("main", history(hub)[0], {"theirs.md": b"x"}, [], "theirs")

    hub.fail("POST", "/commit/", lose_answer=True)
    hub.fail("GET", "/commits/", meanwhile=commit_on_top)
    done = publish(second, hub, Publication(tag="1.1.0"))
    _, ours, *before = history(hub)
    assert (done.commit, git(hub, "rev-parse", "1.1.0"), len(before)) == (ours, ours, 2)
    assert len(hub.asked("POST", "/commit/")) == 2
    assert "theirs.md" not in published_files(hub, "1.1.0")


# -- tags --


@pytest.mark.parametrize("tag", ["latest", "1.0", "01.0.0", "1.0.0 ", "v1.0.0/x", "--force", "1.0.0\n", ""])
def test_a_tag_must_be_a_version(hub: Hub, first: Path, tag: str) -> None:
    with pytest.raises(TargetError, match="is no version"):
        plan(first, hub, Publication(tag=tag))


def test_a_tag_is_never_moved(hub: Hub, first: Path, second: Path) -> None:
    commit = publish(first, hub, Publication(tag="1.0.0")).commit
    with pytest.raises(TargetError, match=r"has the tag 1\.0\.0 already"):
        publish(second, hub, Publication(tag="1.0.0"))
    assert git(hub, "rev-parse", "1.0.0") == commit
    assert len(history(hub)) == 2


def test_a_tag_that_somebody_sets_meanwhile_is_not_moved(hub: Hub, first: Path) -> None:
    def interfere(progress: Progress) -> None:
        if progress.step == "commit":
            git(hub, "tag", "1.0.0", history(hub)[-1])

    with pytest.raises(ConflictError, match=r"the tag 1\.0\.0 is at"):
        publish_dataset(plan(first, hub, Publication(tag="1.0.0")), load=False, watch=interfere, patience=QUICK)
    assert git(hub, "rev-parse", "1.0.0") == history(hub)[-1]


# -- the proof --


def test_a_file_that_does_not_arrive_is_noticed_and_nothing_is_tagged(hub: Hub, first: Path) -> None:
    hub.settings = Settings(loses="rejects.parquet")
    with pytest.raises(ArrivalError, match=r"does not hold what was sent: rejects\.parquet"):
        publish(first, hub, Publication(tag="1.0.0"))
    assert git(hub, "tag") == ""
    hub.settings = Settings()
    publish(first, hub, Publication(tag="1.0.0"))
    assert "rejects.parquet" in published_files(hub, "1.0.0")


def job(dist: Path, **changes: object) -> dict[str, object]:
    files = [
        {"path": file.path, "split": "train", "rows": file.rows, "content": file.content, **changes}
        for file in read_manifest(dist).files
        if file.content is not None
    ]
    return {"source": {"path": str(dist)}, "folder": str(dist), "files": files}


@pytest.mark.parametrize(("changes", "problem"), [
    ({}, None),
    ({"split": "test"}, "it loads the splits"),
    ({"rows": 0}, "rows, and 0 were built"),
    ({"content": "0" * 64}, "load with other content"),
])  # fmt: skip
def test_what_loads_is_compared_with_what_was_built(
    first: Path, changes: dict[str, object], problem: str | None
) -> None:
    problems = find_problems(job(first, **changes))
    assert (problem is None) == (problems == [])
    assert problem is None or problem in problems[0]


def test_other_features_are_noticed(first: Path, tmp_path: Path) -> None:
    shutil.copytree(first, tmp_path / "dist")
    card = tmp_path / "dist" / "README.md"
    card.write_text(card.read_text().replace("dtype: float32", "dtype: float64", 1))
    described = {**job(first), "source": {"path": str(tmp_path / "dist")}}
    assert "other features" in find_problems(described)[0]


def test_preflight_errors_stop_it(hub: Hub, copy: Path) -> None:
    card = copy / "README.md"
    card.write_text(card.read_text().replace("description: dehusk build", "summary: dehusk build"))
    manifest = json.loads((copy / "manifest.json").read_text())
    entry = next(file for file in manifest["files"] if file["path"] == "README.md")
    entry["bytes"] = card.stat().st_size
    entry["sha256"] = file_digest(card)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    planned = plan_publication(copy, TARGET, endpoint=hub.endpoint, patience=QUICK)
    assert planned.errors
    assert planned.to_dict()["findings"]
    with pytest.raises(UsageError, match=r"has \d+ errors, the first in README\.md"):
        publish_dataset(planned)
    assert hub.asked("POST", "") == []


# -- tokens --


def test_the_token_is_nowhere_but_in_headers_to_the_hub(hub: Hub, copy: Path, tmp_path: Path) -> None:
    hub.fail("POST", "/preupload/", status=503, headers={"Retry-After": "0"})
    hub.fail("POST", "/commit/", status=503, headers={"Retry-After": "0"})
    hub.fail("POST", "/tag/", cut=True)
    done = run(hub, copy, "1.0.0", HF_DEBUG="1", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or WRITE_TOKEN.encode() not in path.read_bytes(), path
    objects = hub.store("datasets", TARGET).git("cat-file", "--batch-all-objects", "--batch")
    assert WRITE_TOKEN.encode() not in objects
    assert {call.token for call in hub.calls if call.origin == "hub"} == {"hub"}
    assert {call.token for call in hub.calls if call.origin == "storage"} == {"xet", "none"}


@pytest.mark.parametrize(("token", "said"), [
    (READ_TOKEN, "error: the token may only read"),
    ("hf_NobodyKnowsThisOne", "does not know the token"),
])  # fmt: skip
def test_a_refusal_does_not_say_the_token(hub: Hub, first: Path, token: str, said: str) -> None:
    done = run(hub, first, HF_TOKEN=token)
    assert done.returncode == 2
    assert said in done.stderr
    assert token not in done.stdout + done.stderr


def test_an_endpoint_in_the_open_is_refused(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in ("http://hub.example.org", "http://10.0.0.7:80", "http://127.0.0.1.example.org", "ftp://127.0.0.1"):
        with pytest.raises(TargetError, match="would send your token in the open"):
            plan_publication(first, TARGET, endpoint=endpoint)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://hub.example.org")
    with pytest.raises(TargetError, match="would send your token in the open"):
        plan_publication(first, TARGET)


def test_a_redirect_elsewhere_does_not_take_the_token_along(hub: Hub, first: Path, tmp_path: Path) -> None:
    with Hub(tmp_path / "other") as other:
        hub.fail("GET", "/whoami", status=307, headers={"Location": f"{other.endpoint}/api/whoami-v2"}, times=9)
        with pytest.raises(AccessError):
            plan(first, hub)
        assert {call.token for call in other.calls} == {"none"}


@pytest.mark.usefixtures("hub")
def test_a_request_in_the_open_is_not_made() -> None:
    with (
        connect(HubTarget(TARGET, "http://192.0.2.1:9"), QUICK, ignore) as client,
        pytest.raises(AccessError, match="would send your token in the open"),
    ):
        client.whoami()
