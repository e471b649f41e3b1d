"""A dataset goes to a folder or a bucket: whole at the end, read back, and nothing of others touched."""

import http.server
import json
import os
import tempfile
import threading
from functools import partial
from pathlib import Path

import datasets
import fsspec
import pytest
from publishing import QUICK, build_pages

from dehusk.builders.check import check_dataset
from dehusk.builders.pack import MANIFEST
from dehusk.builders.publishing.publication import JOURNAL, Plan, Progress, Publication, Published
from dehusk.builders.publishing.publish import plan_publication, publish_dataset
from dehusk.builders.publishing.store import _explained
from dehusk.builders.publishing.targets import StoreTarget
from dehusk.schema.errors import AccessError, ArrivalError, PublishError, TargetError


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of several data files."""
    return build_pages(tmp_path_factory.mktemp("first"), range(6), shard_bytes=8_200)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A later build of it, in one data file."""
    return build_pages(tmp_path_factory.mktemp("second"), range(2, 9))


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "published"


def plan(dist: Path, target: Path | str) -> Plan:
    return plan_publication(dist, str(target), preflight=False, patience=QUICK)


def publish(dist: Path, target: Path | str, *, load: bool = False) -> Published:
    return publish_dataset(plan(dist, target), load=load, patience=QUICK)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- a folder --


def test_a_folder_holds_what_was_built_and_loads(first: Path, second: Path, there: Path) -> None:
    done = publish(first, there, load=True)
    assert content(there) == content(first)
    assert check_dataset(there) == []
    assert done.commit is None
    assert f"load_dataset({str(there)!r})" in done.example
    publish(second, there)
    assert content(there) == content(second)


def test_nothing_to_do_writes_nothing(first: Path, there: Path) -> None:
    publish(first, there)
    before = {path: path.stat().st_mtime_ns for path in there.rglob("*")}
    assert plan(first, there).nothing_to_do
    assert not publish(first, there).changed
    assert before == {path: path.stat().st_mtime_ns for path in there.rglob("*")}


def test_a_file_url_is_a_folder_too(first: Path, there: Path) -> None:
    publish(first, f"file://{there}")
    assert content(there) == content(first)


def test_only_what_changed_is_written(first: Path, second: Path, there: Path) -> None:
    publish(first, there)
    changes = {change.path: change.action for change in plan(second, there).changes}
    assert changes["data/train-00000-of-00001.parquet"] == "add"
    assert "rejects.parquet" not in changes
    assert {action for path, action in changes.items() if path.startswith("data/train") and "of-00001" not in path} == {
        "delete"
    }


@pytest.mark.parametrize("stop", range(12))
def test_an_upload_that_stops_anywhere_is_completed_by_the_next(
    first: Path, second: Path, there: Path, stop: int
) -> None:
    publish(first, there)
    (there / "notes.md").write_text("mine")
    told = 0

    def interrupt(progress: Progress) -> None:
        nonlocal told
        told += 1
        if told > stop:
            raise KeyboardInterrupt(progress)

    try:
        publish_dataset(plan(second, there), load=False, watch=interrupt, patience=QUICK)
    except KeyboardInterrupt:
        assert (there / JOURNAL).exists()
        assert plan(second, there).resumes
    publish(second, there)
    assert content(there) == {**content(second), "notes.md": b"mine"}


def test_an_upload_that_stopped_may_be_completed_by_another_build(first: Path, second: Path, there: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_dataset(plan(first, there), load=False, watch=interrupt, patience=QUICK)
    assert not (there / MANIFEST).exists()
    publish(second, there)
    assert content(there) == content(second)


def test_what_arrived_before_a_stop_is_not_sent_again(first: Path, there: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.step == "verify":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_dataset(plan(first, there), load=False, watch=interrupt, patience=QUICK)
    assert plan(first, there).changes == ()
    assert publish(first, there).changed
    assert content(there) == content(first)


@pytest.mark.parametrize("name", ["README.md", "data/train-00000-of-00001.parquet", "data/notes.txt"])
def test_a_file_of_others_in_the_way_is_left_alone(second: Path, there: Path, name: str) -> None:
    (there / name).parent.mkdir(parents=True)
    (there / name).write_bytes(b"mine")
    with pytest.raises(TargetError, match=f"holds {name}"):
        publish(second, there)
    assert content(there) == {name: b"mine"}


def test_a_file_of_others_elsewhere_stays(first: Path, second: Path, there: Path) -> None:
    there.mkdir()
    (there / "notes.md").write_text("mine")
    publish(first, there)
    publish(second, there)
    assert content(there) == {**content(second), "notes.md": b"mine"}


def test_a_manifest_there_cannot_name_files_outside_to_delete(first: Path, there: Path) -> None:
    victim = there.parent / "victim"
    victim.write_text("mine")
    publish(first, there)
    for name in (MANIFEST, JOURNAL):
        listing = {
            "dehusk": "0.1.0",
            "files": [{"path": "../victim", "sha256": "x"}, {"path": "/etc/hostname", "sha256": "x"}],
        }
        (there / name).write_text(json.dumps(listing))
    publish(first, there)
    assert victim.read_text() == "mine"
    assert content(there) == content(first)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"files": 3}', b'{"files": [{"path": 3}]}', b"\xff"])
def test_a_broken_manifest_there_is_not_taken_for_ours(first: Path, there: Path, text: bytes) -> None:
    publish(first, there)
    (there / MANIFEST).write_bytes(text)
    with pytest.raises(TargetError, match="dehusk did not write"):
        publish(first, there)


def test_links_there_are_refused(first: Path, there: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    there.mkdir()
    (there / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetError, match="is a link"):
        publish(first, there)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_dataset_is_not_published_into_itself(first: Path) -> None:
    for target in (first, first / "data", first.parent):
        with pytest.raises(TargetError, match="the dataset itself"):
            publish(first, target)


def test_a_file_is_no_folder(first: Path, there: Path) -> None:
    there.write_text("mine")
    with pytest.raises(TargetError, match="is a file"):
        publish(first, there)


@pytest.mark.parametrize(("asked", "option"), [
    (Publication(tag="1.0.0"), "--tag"),
    (Publication(private=False), "--public"),
    (Publication(private=True), "--private"),
    (Publication(message="Spring"), "--message"),
    (Publication(changes=True), "--changes"),
])  # fmt: skip
def test_what_only_a_hub_can_do_is_refused(first: Path, there: Path, asked: Publication, option: str) -> None:
    with pytest.raises(TargetError, match=f"{option} is for hubs"):
        plan_publication(first, str(there), asked, preflight=False)
    assert not there.exists()


def test_what_is_damaged_on_the_way_is_noticed_and_repaired(first: Path, there: Path) -> None:
    def damage(progress: Progress) -> None:
        if progress.step == "verify" and progress.done == 0:
            card = there / "README.md"
            card.write_bytes(b"#" * card.stat().st_size)

    with pytest.raises(ArrivalError, match=r"does not hold what was sent: README\.md"):
        publish_dataset(plan(first, there), load=False, watch=damage, patience=QUICK)
    publish(first, there)
    assert content(there) == content(first)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said(first: Path, there: Path) -> None:
    there.mkdir(mode=0o500)
    with pytest.raises(AccessError, match="not allowed"):
        publish(first, there)


def test_a_full_or_broken_place_is_said(first: Path) -> None:
    with pytest.raises(PublishError) as refused:
        publish(first, "/dev/full/pages")
    assert refused.value.exit_code in (2, 3)


def test_any_file_system_of_fsspec_will_do(first: Path, second: Path) -> None:
    publish(first, "memory://pages/one")
    publish(second, "memory://pages/one")
    memory = fsspec.filesystem("memory")
    held = {name.removeprefix("/pages/one/"): memory.cat_file(name) for name in memory.find("/pages/one")}
    assert held == content(second)


# -- by HTTP --


def test_a_published_folder_loads_over_http(first: Path, there: Path) -> None:
    publish(first, there)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(there))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        names = sorted(path.name for path in (there / "data").iterdir())
        files = {"train": [f"{address}/data/{name}" for name in names]}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("datasets.config.HF_HUB_OFFLINE", False)
            loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=str(there.parent / "cache"))["train"]
        server.shutdown()
    local = datasets.load_dataset(str(first), split="train", cache_dir=str(there.parent / "cache"))
    assert loaded.features == local.features
    assert loaded["text"][:] == local["text"][:]


def test_a_web_server_cannot_be_published_to(first: Path) -> None:
    with pytest.raises(TargetError, match="cannot be written to"):
        plan(first, "https://example.org/pages")


# -- a bucket --


def test_a_bucket_holds_what_was_built_and_loads(bucket: str, first: Path, second: Path) -> None:
    target = f"{bucket}/locks/one"
    done = publish(first, target, load=True)
    assert f"{target}/data/train-*.parquet" in done.example
    assert plan(first, target).nothing_to_do
    publish(second, target, load=True)
    system = fsspec.filesystem("s3", skip_instance_cache=True)
    names = system.find(target)
    held = {name.removeprefix("pages/locks/one/"): system.cat_file(name) for name in names}
    assert held == content(second)


def test_an_upload_to_a_bucket_that_stops_is_completed(bucket: str, first: Path, second: Path) -> None:
    target = f"{bucket}/locks/two"

    def interrupt(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    publish(first, target)
    with pytest.raises(KeyboardInterrupt):
        publish_dataset(plan(second, target), load=False, watch=interrupt, patience=QUICK)
    assert plan(second, target).resumes
    publish(second, target)
    assert plan(second, target).nothing_to_do


def test_a_wrong_secret_is_said(bucket: str, first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(AccessError, match="not allowed") as refused:
        publish(first, f"{bucket}/locks/three")
    assert "a-wrong-secret" not in refused.value.message
    fsspec.filesystem("s3").clear_instance_cache()


def test_a_bucket_that_is_not_there_is_said() -> None:
    missing = FileNotFoundError("The specified bucket does not exist")  # as s3fs has it from Amazon's server
    error = _explained(missing, StoreTarget("s3://nowhere/pages"))
    assert isinstance(error, TargetError)
    assert "make it first" in error.tip


def test_what_was_loaded_to_look_at_it_is_gone_after(
    first: Path, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    publish(first, there, load=True)
    assert list(temporary.glob("dehusk-*")) == []
