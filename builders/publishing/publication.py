"""What publishing takes and gives: what was asked for, the plan, how far it is, what came of it. Values only."""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from dehusk.builders.pack import Manifest
from dehusk.builders.versioning.difference import Difference
from dehusk.schema.findings import Finding

from .targets import HubTarget, StoreTarget

JOURNAL: Final = "manifest.json.unfinished"
"""In a folder or bucket: which files are being written. It is there from the first byte to the last, no longer."""

Action = Literal["add", "replace", "delete"]

Content = bytes  # by another name, since files have a field `bytes`


@dataclass(frozen=True, slots=True)
class Publication:
    """How to publish.

    Attributes:
        private: whether the hub's repository must be private, and no other is published to; private where None.
        tag: version to tag when all has arrived, like `1.2.0` or `v1.2.0`; None for no tag.
        message: title of the commit; says what was built when empty.
        description: body of the commit, Markdown; says what changed when empty.
        changes: whether to tell in card and commit what changed since the version that the hub has; told where None.
    """

    private: bool | None = None
    tag: str | None = None
    message: str = ""
    description: str = ""
    changes: bool | None = None

    @property
    def hidden(self) -> bool:
        """Whether the repository must be private."""
        return self.private is not False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a target.

    Attributes:
        attempts: how often a request is tried before giving up.
        first_wait: seconds before the second try; doubled for every further one, to 8 at most, as the hub's own
            client does.
        longest_wait: seconds; when the target asks for more, publishing ends and says so. The public hub counts
            requests in windows of five minutes.
        timeout: seconds without a single byte after which a connection is taken for dead.
    """

    attempts: int = 5
    first_wait: float = 1.0
    longest_wait: float = 300.0
    timeout: float = 120.0

    def wait(self, attempt: int) -> float:
        """Seconds to wait after an attempt, counted from 1."""
        return min(8.0, self.first_wait * 2.0 ** (attempt - 1))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far publishing is.

    Attributes:
        step: upload, commit, verify, load or tag; wait, at any time, with a note that says for what.
        done: bytes of `total` that are there; 0 of 0 where nothing is counted.
        total: bytes to send or read.
        note: something worth a line, such as a wait; else empty.
    """

    step: str
    done: int = 0
    total: int = 0
    note: str = ""


Watch = Callable[[Progress], None]
"""Told how far publishing is."""


def ignore(_: Progress) -> None:
    """Watches nothing."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the dataset here.

    Attributes:
        path: path inside the dataset folder.
        bytes: its size.
        sha256: digest of its bytes.
        source: where its bytes are; or the bytes, of a file that is published otherwise than it lies in the folder.
    """

    path: str
    bytes: int
    sha256: str
    source: Path | Content

    def open(self) -> BinaryIO:
        """Opens it for reading."""
        return self.source.open("rb") if isinstance(self.source, Path) else BytesIO(self.source)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that the target holds.

    Attributes:
        path: path inside the target.
        bytes: its size.
        sha256: digest of its bytes, where the target knows it.
        blob: git's digest of it, where the target keeps it in git itself.
    """

    path: str
    bytes: int
    sha256: str | None = None
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One file that publishing will change at the target.

    Attributes:
        action: add, replace or delete.
        path: the file.
        bytes: its size after that; 0 when deleted.
        old_bytes: its size before; 0 when added.
    """

    action: Action
    path: str
    bytes: int
    old_bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing will do.

    Attributes:
        folder: the dataset folder.
        manifest: what it says of itself.
        target: where it goes.
        asked: how.
        files: every file of the dataset, by path.
        changes: what will be changed at the target, by path.
        kept: files of others at the target, which are left alone.
        exists: whether the repository is there; for files, whether the folder holds anything.
        head: the commit the plan was made for; None where there is none.
        tagged: the commit that already has the tag; None where no commit has it.
        resumes: whether an earlier upload stopped half-way.
        difference: what its records differ in from those that the hub has; None where that is not told.
        findings: what preflight found; with an error among them nothing is published.
    """

    folder: Path
    manifest: Manifest
    target: HubTarget | StoreTarget
    asked: Publication
    files: dict[str, LocalFile]
    changes: tuple[Change, ...]
    kept: tuple[str, ...] = ()
    exists: bool = False
    head: str | None = None
    tagged: str | None = None
    resumes: bool = False
    difference: Difference | None = None
    findings: tuple[Finding, ...] = field(default=())

    @property
    def nothing_to_do(self) -> bool:
        """Whether the target has it all, tag included."""
        return not self.changes and not self.resumes and (self.asked.tag is None or self.tagged is not None)

    @property
    def unchanged(self) -> tuple[str, ...]:
        """Files that the target has already."""
        changed = {change.path for change in self.changes}
        return tuple(path for path in self.files if path not in changed)

    @property
    def bytes_to_send(self) -> int:
        """Size of what is added or replaced; a hub that knows parts of it is sent less."""
        return sum(change.bytes for change in self.changes)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stand in the way."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain values, for `--json`."""
        changes = [
            {"action": one.action, "path": one.path, "bytes": one.bytes, "old_bytes": one.old_bytes}
            for one in self.changes
        ]
        return {
            "target": self.target.url,
            "private": self.asked.hidden if isinstance(self.target, HubTarget) else None,
            "tag": self.asked.tag,
            "exists": self.exists,
            "head": self.head,
            "nothing_to_do": self.nothing_to_do,
            "bytes_to_send": self.bytes_to_send,
            "changes": changes,
            "unchanged": list(self.unchanged),
            "kept": list(self.kept),
            "difference": self.difference.to_dict() if self.difference else None,
            "findings": [finding.to_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Published:
    """What came of it.

    Attributes:
        url: where to look at it.
        commit: the commit that holds it; None for files.
        tag: the version it is tagged as; None for no tag.
        changed: whether anything was sent.
        example: the lines of Python that load it.
    """

    url: str
    commit: str | None
    tag: str | None
    changed: bool
    example: str
