"""Faults while a build runs: the old dataset stands, and the next build ends with the bytes of an undisturbed one."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dehusk.builders.build import How, build_dataset
from dehusk.builders.pack import MANIFEST, file_digest, read_manifest
from dehusk.builders.plan import plan_build
from dehusk.builders.recipe import Pack, Recipe
from dehusk.builders.shard import Setting, ShardTask
from dehusk.builders.versioning.takedown import NOTHING
from dehusk.schema.errors import StorageError

MOUNT, UMOUNT = shutil.which("mount") or "", shutil.which("umount") or ""
DEHUSK = Path(sys.executable).with_name("dehusk")

RECIPE = Recipe(pack=Pack(shard_bytes=12_000))  # three seeds in a shard, at most

STORY = """Quarry Post
Sign in
Crane number {n} is back at the old quarry
By Ida Stone
7 June 2022
The crane with the number {n} was put up again this morning after six years in a barn outside the village.
It lifts nine tonnes, the foreman said, and it will be used for the blocks of the new bridge until next autumn.
Share this page
"""


def write_cranes(folder: Path, numbers: range) -> Path:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"crane-{number:03}.txt").write_text(STORY.format(n=number), encoding="utf-8")
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in folder.rglob("*") if path.is_file()}


def is_as_listed(dist: Path) -> bool:
    """Whether a dataset is whole: every file that its manifest lists, with the bytes that it lists, and no other."""
    listed = {file.path: file.sha256 for file in read_manifest(dist).files}
    return digests(dist) == listed | {MANIFEST: file_digest(dist / MANIFEST)}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cranes(tmp_path_factory.mktemp("faults") / "seeds", range(5))


@pytest.fixture(scope="module")
def undisturbed(seeds: Path) -> dict[str, str]:
    """The bytes of a build in which nothing went wrong."""
    build_dataset(seeds, seeds.parent / "undisturbed", RECIPE)
    return digests(seeds.parent / "undisturbed")


@pytest.fixture
def dist(tmp_path: Path, undisturbed: dict[str, str], seeds: Path) -> Path:
    """A dataset of fewer seeds that stands where one is built, and nothing kept beside it."""
    old = seeds.parent / "old"
    if not old.exists():
        build_dataset(write_cranes(seeds.parent / "fewer", range(2)), old, RECIPE)
    assert digests(old) != undisturbed
    return Path(shutil.copytree(old, tmp_path / "dist"))


# -- killed --

KILLING = """
import os, random, signal, sys, time
from pathlib import Path
from test_faults import RECIPE, build_dataset, is_as_listed, write_cranes

seeds, dist = Path(sys.argv[1]), Path(sys.argv[2])
write_cranes(seeds, range(3))
build_dataset(seeds, dist, RECIPE)  # which loads all that a build needs: the copies of this process have it
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def start():
    child = os.fork()
    if not child:
        try:
            build_dataset(seeds, dist, RECIPE)
        finally:
            os._exit(0)
    return child


write_cranes(seeds, range(3, 5))
began = time.monotonic()
os.waitpid(start(), 0)
takes = time.monotonic() - began
chance = random.Random(11)
left = []
for number in range(25):
    write_cranes(seeds, range(5 + number % 2, 7 + number))
    child = start()
    time.sleep(takes * chance.uniform(0, 1.2))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert is_as_listed(dist), number
    left += [path.name for path in dist.with_name(".dist.dehusk").iterdir()]
print(*left)
"""


def test_killed_at_25_moments_a_build_leaves_a_dataset_and_the_next_ends_it(tmp_path: Path) -> None:
    seeds, dist = tmp_path / "seeds", tmp_path / "dist"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent)}
    killed = subprocess.run(
        [sys.executable, "-c", KILLING, seeds, dist], env=environment, check=True, capture_output=True, text=True
    )
    assert {"new", "making"} & set(killed.stdout.split()), "no build was killed in its midst"
    build_dataset(seeds, dist, RECIPE)
    build_dataset(seeds, tmp_path / "anew", RECIPE)
    assert digests(dist) == digests(tmp_path / "anew")
    assert sorted(path.name for path in dist.with_name(".dist.dehusk").iterdir()) == ["lock", "shards"]


# -- workers that end --

DEADLY = """
import os, signal, sys
opened = []

def end(event, args):
    if event == "open" and isinstance(args[0], bytes):
        opened.append(args[0])
        flag = os.environ["ONCE"]
        again = opened.count(args[0]) == 2  # first it is digested, then it is read
        if again and args[0] == b"crane-001.txt" and not os.path.exists(flag):
            os.mkdir(flag)
            os.kill(os.getpid(), signal.SIGKILL)
        if again and args[0] == b"crane-003.txt":
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(end)
"""


def test_a_seed_that_ends_three_workers_is_rejected_and_one_that_ends_one_is_read(
    seeds: Path, undisturbed: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(DEADLY)
    told: list[tuple[int, int]] = []
    with monkeypatch.context() as environment:
        environment.setenv("PYTHONPATH", str(tmp_path / "path"))
        environment.setenv("ONCE", str(tmp_path / "once"))
        how = How(workers=1, watch=lambda *done: told.append(done))
        counts = build_dataset(seeds, tmp_path / "dist", RECIPE, how=how)
    assert (tmp_path / "once").exists()
    assert (counts.kept, counts.rejected) == (4, {"crashed": 1})
    assert told[-1] == (5, 5)
    reject = pq.read_table(tmp_path / "dist" / "rejects.parquet").to_pylist()[0]
    assert reject["path"] == "crane-003.txt"
    assert reject["detail"] == "3 workers ended while they read it, the last by SIGKILL"
    build_dataset(seeds, tmp_path / "dist", RECIPE)
    assert digests(tmp_path / "dist") == undisturbed


def test_an_interrupted_build_keeps_what_it_built(seeds: Path, undisturbed: dict[str, str], tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    (tmp_path / "small.toml").write_text("[pack]\nshard_bytes = 12_000\n")
    command: list[str | Path] = [DEHUSK, "build", seeds, "--out", dist, "--workers", "2"]
    process = subprocess.Popen([*command, "--recipe", tmp_path / "small.toml"], stderr=subprocess.PIPE, text=True)
    kept = tmp_path / ".dist.dehusk" / "shards"
    while not list(kept.glob("*/shard.json")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "what is built is kept: the same command goes on from there" in said
    assert not dist.exists()
    assert sorted(path.name for path in kept.parent.iterdir()) == ["lock", "shards"]
    notes: list[str] = []
    build_dataset(seeds, dist, RECIPE, how=How(tell=notes.append))
    assert notes[0].endswith("shards are as they were")
    assert digests(dist) == undisturbed


# -- the system says no --


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = MOUNT and subprocess.run(
        [MOUNT, "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=False, capture_output=True
    )
    if not made or made.returncode:
        pytest.skip("a file system can only be made by root")
    yield folder
    subprocess.run([UMOUNT, folder], check=True)


def remount(folder: Path, option: str) -> None:
    subprocess.run([MOUNT, "-o", f"remount,{option}", folder], check=True)


@pytest.mark.parametrize("trouble", ["full", "read only"])
def test_on_a_disk_that_refuses_the_old_dataset_stands(
    trouble: str, disk: Path, dist: Path, seeds: Path, undisturbed: dict[str, str]
) -> None:
    out = Path(shutil.copytree(dist, disk / "dist"))
    before = digests(out)
    if trouble == "full":
        used = shutil.disk_usage(disk).used
        remount(disk, f"size={used + 100_000}")
    else:
        remount(disk, "ro")
    with pytest.raises(StorageError, match="No space left" if trouble == "full" else "Read-only file system"):
        build_dataset(seeds, out, RECIPE)
    assert digests(out) == before
    assert is_as_listed(out)
    remount(disk, "size=16m,rw")
    build_dataset(seeds, out, RECIPE)
    assert digests(out) == undisturbed


# -- seeds that change under way --


def test_a_seed_that_is_gone_in_mid_build_is_rejected_and_read_when_it_is_back(
    undisturbed: dict[str, str], tmp_path: Path
) -> None:
    seeds = write_cranes(tmp_path / "seeds", range(5))
    away = tmp_path / "away.txt"

    def take_away(*_: int) -> None:
        for path in () if away.exists() else read_late:
            path.rename(away)

    plan = plan_build(seeds, RECIPE.pack.shard_bytes)
    assert len(plan.shards) > 1
    read_late = [seeds / plan.shards[-1].seeds[-1].path]
    counts = build_dataset(seeds, tmp_path / "dist", RECIPE, how=How(watch=take_away))
    assert counts.rejected == {"unreadable": 1}
    away.rename(read_late[0])
    build_dataset(seeds, tmp_path / "dist", RECIPE)
    assert digests(tmp_path / "dist") == undisturbed


@pytest.mark.parametrize("change", ["rewritten", "gone"])
def test_a_shard_whose_seed_changed_while_it_was_read_is_not_kept(change: str, tmp_path: Path) -> None:
    seeds = write_cranes(tmp_path / "seeds", range(1))
    (tmp_path / "kept").mkdir()
    setting = Setting(RECIPE, NOTHING, {}, "ground", tmp_path / "kept", tmp_path / "making")
    task = ShardTask(plan_build(seeds, 12_000).shards[0], {})

    def tell(at: range, _: int) -> None:
        if at and change == "gone":
            (seeds / "crane-000.txt").unlink(missing_ok=True)
        elif at:
            (seeds / "crane-000.txt").write_text("Something else.")

    assert task.run(setting, tell).parent == setting.making
    write_cranes(seeds, range(1))
    assert task.run(setting, lambda *_: None).parent == setting.kept
