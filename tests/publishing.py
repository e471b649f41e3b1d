"""What the tests of publishing share: small datasets, publishing them, what git says was published."""

import random
import subprocess
from pathlib import Path

from hub import Hub

from dehusk.builders.build import build_dataset
from dehusk.builders.publishing.publication import Patience, Plan, Publication, Published
from dehusk.builders.publishing.publish import plan_publication, publish_dataset
from dehusk.builders.recipe import Duplicates, Pack, Recipe

TARGET = "ada/pages"

QUICK = Patience(attempts=3, first_wait=0.01, timeout=10.0)
APART = Duplicates(threshold=1.0)
"""For pages that are near copies of each other and shall not say so."""

PAGE = """Lock Keeper's Weekly
Start
Canals
Lock {n} opens again after the winter repairs
By Iris Vane
{day} March 2023
The gates of lock {n} were lifted back into place on Monday, and the first barge went through before noon that day.
Engineers had found cracks in both hinges in November, so the whole chamber had to be drained and rebuilt by hand.
Boats may pass from seven in the morning until dusk, and the towpath on the northern bank stays closed until May.
Subscribe to our newsletter
"""


def write_pages(folder: Path, numbers: range) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        text = PAGE.format(n=number, day=1 + number % 28)
        (folder / f"lock-{number:05}.txt").write_text(text, encoding="utf-8")
    return folder


def write_large_pages(folder: Path, count: int) -> Path:
    """Pages that do not compress well: about a megabyte of random letters in each."""
    chance = random.Random(11)  # noqa: S311
    letters = "".join(chr(code) for code in range(33, 127))
    folder.mkdir(parents=True)
    for number in range(count):
        lines = ("".join(chance.choices(letters, k=900)) for _ in range(1000))
        (folder / f"large-{number}.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def build_pages(folder: Path, numbers: range, *, shard_bytes: int = 1 << 20) -> Path:
    """A dataset of short pages."""
    seeds = write_pages(folder / "seeds", numbers)
    build_dataset(seeds, folder / "dist", Recipe(pack=Pack(shard_bytes=shard_bytes), duplicates=APART))
    return folder / "dist"


def plan(dist: Path, hub: Hub, asked: Publication | None = None, target: str = TARGET) -> Plan:
    """A plan without preflight, which has tests of its own and takes longer than all the rest."""
    return plan_publication(dist, target, asked, endpoint=hub.endpoint, preflight=False, patience=QUICK)


def publish(dist: Path, hub: Hub, asked: Publication | None = None, target: str = TARGET) -> Published:
    """Plans and publishes, without loading it back."""
    return publish_dataset(plan(dist, hub, asked, target), load=False, patience=QUICK)


def git(hub: Hub, *args: str, target: str = TARGET) -> str:
    return hub.store("datasets", target).git(*args).decode().strip()


def history(hub: Hub, target: str = TARGET) -> list[str]:
    """The commits, the newest first."""
    return git(hub, "log", "--format=%H", "main", target=target).split()


def published_files(hub: Hub, revision: str = "main", target: str = TARGET) -> set[str]:
    return set(git(hub, "ls-tree", "-r", "--name-only", revision, target=target).splitlines())


def run_git(*command: str | Path) -> str:
    done = subprocess.run(["git", *command], capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.strip()
