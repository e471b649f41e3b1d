"""The whole way by the command line, against a hub over real HTTP: build, publish, load, change, compare, take down."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hub import WRITE_TOKEN, Hub
from publishing import TARGET, git, history, run_git, write_large_pages, write_pages
from terminals import DEHUSK, clean_environment

from dehusk.builders.pack import MANIFEST, Manifest, file_digest, read_manifest

LARGE = 10_000_000
"""Bytes of a file that a hub never keeps in git itself."""


@dataclass
class Person:
    """Somebody at a terminal of their own: a folder, a token, and a hub.

    Attributes:
        folder: where they work; caches, temporary files and logs are in it too.
        hub: the hub, which is theirs by default.
        xet: whether large files go by xet.
        said: all that was printed.
    """

    folder: Path
    hub: Hub
    xet: bool
    said: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        return clean_environment() | {
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_HOME": str(self.folder / "home"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "0" if self.xet else "1",
            "HF_DEBUG": "1",
            "TMPDIR": str(temporary),
            "PYTHONPATH": str(Path(__file__).with_name("guard")),
            "GUARD_LOG": str(self.folder / "strangers"),
            "ARGV_LOG": str(self.folder / "argv"),
        }

    def run(self, *command: str | Path) -> str:
        """Runs a program in the folder; gives what it printed."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        self.said += [done.stdout, done.stderr]
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    def dehusk(self, *words: str | Path) -> str:
        return self.run(DEHUSK, *words)

    def publish(self, *options: str) -> str:
        return self.dehusk("publish", "dist", TARGET, "--yes", *options)

    def diff(self, old: str, new: str) -> dict[str, object]:
        told: dict[str, object] = json.loads(self.dehusk("diff", old, new, "--json"))
        return told

    def load(self, shown: str) -> str:
        """Runs the lines that publishing showed; gives the fingerprint of what they load, and then its rows."""
        lines = [line.strip() for line in shown.partition("To load it in Python:")[2].splitlines()]
        script = f"{chr(10).join(lines)}\nprint(len(pages['train']), *sorted(pages['train']['id']), sep='\\n')"
        return self.run(sys.executable, "-c", script)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ids(dist: Path) -> list[str]:
    return sorted(pq.read_table(dist / "data", columns=["id"])["id"].to_pylist())


def cloned(person: Person, revision: str) -> Manifest:
    """What git clones at a revision: whole, and every file of its manifest, no more, as the manifest says."""
    clone = person.folder / f"clone-{revision}"
    run_git("clone", "--quiet", "--branch", revision, person.hub.store("datasets", TARGET).path, clone)
    run_git("-C", clone, "fsck", "--strict", "--full")
    manifest = read_manifest(clone)
    held = {name for name in content(clone) if not name.startswith(".git/")}
    assert held == {".gitattributes", MANIFEST, *(file.path for file in manifest.files)}
    for file in manifest.files:
        pointer = f"oid sha256:{file.sha256}\nsize {file.bytes}\n".encode()
        stored = file.path.endswith(".parquet")
        assert pointer in (clone / file.path).read_bytes() if stored else True
        path = person.hub.object_path(file.sha256) if stored else clone / file.path
        assert (path.stat().st_size, file_digest(path)) == (file.bytes, file.sha256)
    return manifest


def places(person: Person) -> Iterator[tuple[str, bytes]]:
    """Everything that was said, written, sent or kept anywhere, but the headers that may hold the token."""
    yield "output", "\n".join(person.said).encode()
    for path in person.folder.rglob("*"):  # the hub's files are among them
        if path.is_file():
            yield str(path), path.read_bytes()
    yield "git", person.hub.store("datasets", TARGET).git("cat-file", "--batch-all-objects", "--batch")
    for number, call in enumerate(person.hub.calls):
        yield f"call {number}", repr(call).encode()


def check_token(person: Person) -> None:
    """The token is in headers to the hub's own origin, and nowhere else."""
    assert [place for place, text in places(person) if WRITE_TOKEN.encode() in text] == []
    assert {call.token for call in person.hub.calls if call.origin == "hub"} == {"hub"}
    assert {call.token for call in person.hub.calls if call.origin == "storage"} <= {"xet", "none"}
    assert "-m dehusk.builders.publishing.reload" in (person.folder / "argv").read_text()
    assert not (person.folder / "strangers").exists()


def take_out(person: Person, path: str) -> str:
    """Removes the page of a seed file from the dataset; gives its id."""
    rows = pq.read_table(person.folder / "dist" / "data", columns=["id", "source"]).to_pylist()
    person.dehusk("remove", "dist", "--path", path)
    return next(row["id"] for row in rows if row["source"]["path"] == path)


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "lfs"])
def test_the_whole_way(hub: Hub, tmp_path: Path, xet: bool) -> None:
    person, dist, seeds = Person(tmp_path, hub, xet), tmp_path / "dist", tmp_path / "seeds"
    write_large_pages(seeds, 10)
    write_pages(seeds, range(4))

    # publish and load
    person.dehusk("build", "--quiet")
    built = content(dist)
    assert max(map(len, built.values())) > LARGE
    assert min(map(len, built.values())) < LARGE / 1000
    shown = person.publish("--tag", "1.0.0")
    assert person.load(shown).splitlines()[-15:] == ["14", *ids(dist)]
    assert (content(dist), len(history(hub))) == (built, 2)

    # change a page, publish again, tag
    changed = seeds / "lock-00001.txt"
    changed.write_text(changed.read_text().replace("winter repairs", "storm"))
    person.dehusk("build", "--quiet")
    built = content(dist)
    shown = person.publish("--tag", "1.1.0")
    said = "14 records became 14: 0 added, 0 removed, 1 changed, 13 unchanged."
    assert f"to be told: {said}" in shown
    assert person.load(shown).splitlines()[-15:] == ["14", *ids(dist)]
    assert content(dist) == built
    assert git(hub, "log", "-1", "--format=%b", "1.1.0").startswith(said)
    card = git(hub, "show", "1.1.0:README.md")
    assert f"<!-- changes: begin -->\n### 1.1.0\n\n{said}\n" in card

    # the same once more, and built anew where nothing was published from
    person.dehusk("build", "--quiet", "--out", "elsewhere")
    assert content(tmp_path / "elsewhere") == built
    before = len(hub.calls)
    for folder in ("dist", "elsewhere"):
        shown = person.dehusk("publish", folder, TARGET, "--yes")
        assert shown.splitlines()[-1].startswith("nothing to do: ")
    assert {call.method for call in hub.calls[before:]} <= {"GET", "HEAD"}
    assert len(history(hub)) == 3

    # compare revisions
    difference = person.diff(f"hf://datasets/{TARGET}@1.0.0", f"hf://datasets/{TARGET}@1.1.0")
    assert [difference[key] for key in ("same", "added", "removed", "changed")] == [False, 0, 0, 1]
    assert person.diff(f"hf://datasets/{TARGET}@1.1.0", "dist")["same"]

    # take a page out
    gone = take_out(person, "lock-00002.txt")
    shown = person.publish("--tag", "1.2.0")
    assert person.load(shown).splitlines()[-14:] == ["13", *ids(dist)]
    assert gone not in ids(dist)
    card = git(hub, "show", "1.2.0:README.md")
    assert card.index("### 1.2.0\n\n14 records became 13: 0 added, 1 removed (1 of them at the wish") < card.index(said)

    # what git says of it all
    manifests = [cloned(person, revision) for revision in ("1.0.0", "1.1.0", "1.2.0", "main")]
    prints = [manifest.fingerprint for manifest in manifests]
    assert prints[2:] == [read_manifest(dist).fingerprint] * 2
    assert len(set(prints)) == 3
    told = [difference[version] for version in ("old", "new")]
    assert [version["fingerprint"] for version in told if isinstance(version, dict)] == prints[:2]
    assert len(history(hub)) == 4
    assert bool(hub.asked("POST", "/xorbs/")) == xet
    assert bool(hub.asked("PUT", "/store/")) != xet
    check_token(person)
