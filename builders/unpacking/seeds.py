"""Seeds: the files of a folder, listed and opened without ever following a link.

Nothing is skipped in silence: every entry of the folder is a seed, or one with the reason why it is not read, except
the recipe, the takedown list and the labels file at its root. Symbolic links are never followed, not even when one
takes a folder's place between listing and reading.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Final

from dehusk.builders.recipe import LABELS_NAME, RECIPE_NAME
from dehusk.builders.versioning.takedown import TAKEDOWN_NAME
from dehusk.schema.errors import UsageError

from .document import Refused, escape_text

BUFFER: Final = 1 << 16
"""Bytes of a file that are looked at to recognise it, and read at once."""

_NO_SEEDS: Final = (RECIPE_NAME.encode(), TAKEDOWN_NAME.encode(), LABELS_NAME.encode())  # at the root of the folder
_NO_LINKS: Final = os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER: Final = os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)
_FILE: Final = os.O_RDONLY | os.O_NONBLOCK  # so that a pipe that took a file's place is opened, and seen, at once


@dataclass(frozen=True, slots=True)
class Seed:
    """One file that comes in, or a part of it.

    Attributes:
        path: its path relative to the source, for people: as `source.path`, see `readable_path`.
        name: its path relative to `root`, as the system has it, parts joined by `/`.
        root: the folder of this machine that it lies in, as an absolute path; or the address of a remote one.
        refused: why it cannot be a page, if its name and kind tell; None for a seed to be read.
        size: its bytes when it was listed.
        span: of a large file the bytes whose records are meant, from and up to; None for all of it.
        tag: of a remote file what its store calls its content, such as a digest; empty where it calls it nothing.
    """

    path: str
    name: bytes
    root: bytes
    refused: Refused | None = None
    size: int = 0
    span: tuple[int, int] | None = None
    tag: str = ""

    @property
    def remote(self) -> bool:
        """Whether it lies on another file system than that of this machine."""
        return not self.root.startswith(b"/")

    @property
    def begins(self) -> bool:
        """Whether it is a whole file, or the first part of one."""
        return self.span is None or self.span[0] == 0


def list_seeds(folder: Path) -> list[Seed]:
    """Every entry of a folder, at any depth.

    Args:
        folder: the folder, or one file.

    Returns:
        Seeds ordered by the bytes of their paths, which for UTF-8 is the order of code points. A folder that is not
        entered (hidden, a link, unreadable) is one seed, refused.

    Raises:
        UsageError: there is no such folder or file.
    """
    if not os.path.lexists(folder):
        raise UsageError(f"there is no folder or file {folder}", "name the folder that holds the page dumps")
    root = os.path.abspath(os.fsencode(folder))  # noqa: PTH100 - resolve() would follow a link
    if not folder.is_dir():
        return [_seed(os.path.basename(root), os.path.dirname(root), _refuse(os.path.basename(root), folder))]  # noqa: PTH119, PTH120
    seeds = [_seed(name, root, refused) for name, refused in _walk(root)]
    return sorted(seeds, key=lambda seed: seed.name)


def open_seeds(seeds: Iterable[Seed]) -> Iterator[tuple[Seed, BinaryIO | Refused]]:
    """Opens seeds of this machine, one after the other; folders are opened once for their files in a row.

    Args:
        seeds: what `list_seeds` gave, or part of it.

    Yields:
        Each seed and its file, to be read before the next is asked for, or why there is none.
    """
    for (root, parent), group in groupby(seeds, key=lambda seed: (seed.root, seed.name.rpartition(b"/")[0])):
        folder = _open_folder(root, parent)
        try:
            for seed in group:
                yield from _open_in(folder, seed)
        finally:
            if isinstance(folder, int):
                os.close(folder)


def readable_path(name: bytes) -> str:
    r"""A file's path as valid UTF-8 that fits in one line; different files keep different paths.

    Bytes that are not UTF-8 and control characters become `\xNN` (see `escape_text`), and so does the backslash.
    """
    return escape_text("\\x5c".join(part.decode("utf-8", "backslashreplace") for part in name.split(b"\\")))


def _seed(name: bytes, root: bytes, refused: Refused | None) -> Seed:
    return Seed(readable_path(name), name, root, refused, 0 if refused else _size(root + b"/" + name))


def _size(path: bytes) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:  # gone since it was listed: reading it will say so
        return 0


def _walk(root: bytes) -> Iterator[tuple[bytes, Refused | None]]:
    """The entries below a folder, in no order, named relative to it."""
    folders = [b""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root + b"/" + folder) as entries:
                found = [entry for entry in entries if folder or entry.name not in _NO_SEEDS]
        except OSError as error:
            if not folder:
                raise UsageError(f"the folder {os.fsdecode(root)} cannot be read: {error.strerror}") from error
            yield folder, _refusal(error)
            continue
        for entry in found:
            name = folder + b"/" + entry.name if folder else entry.name
            refused = _refuse(entry.name, entry)
            if refused is None and entry.is_dir(follow_symlinks=False):
                folders.append(name)
            else:
                yield name, refused


def _refuse(name: bytes, entry: os.DirEntry[bytes] | Path) -> Refused | None:
    """Why an entry is not looked into, if it is not: by its kind, then its name."""
    if entry.is_symlink():
        return Refused("symlink", "it is a symbolic link; put the file itself here")
    if name.startswith(b"."):
        return HIDDEN
    if not entry.is_dir() and not entry.is_file():
        return Refused("not_a_file", "it is a pipe, a socket or a device")
    return None


HIDDEN: Final = Refused("hidden_file", "its name begins with a dot; rename it if it is a page")


def _refusal(error: OSError) -> Refused:
    if error.errno == errno.ELOOP:
        return Refused("symlink", "a symbolic link has taken its place")
    return Refused("unreadable", f"the system refused to read it: {error.strerror}")


def _open_folder(root: bytes, parent: bytes) -> int | Refused:
    """Opens a folder below the root part by part, so that no part of its path can be a link."""
    try:
        folder = os.open(root, _FOLDER | os.O_CLOEXEC)
        for part in parent.split(b"/") if parent else ():
            try:
                inner = os.open(part, _FOLDER | _NO_LINKS, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
    except OSError as error:
        return _refusal(error)
    return folder


def _open_in(folder: int | Refused, seed: Seed) -> Iterator[tuple[Seed, BinaryIO | Refused]]:
    if seed.refused:
        yield seed, seed.refused
        return
    if isinstance(folder, Refused):
        yield seed, folder
        return
    try:
        descriptor = os.open(seed.name.rpartition(b"/")[2], _FILE | _NO_LINKS, dir_fd=folder)
    except OSError as error:
        yield seed, _refusal(error)
        return
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        with os.fdopen(descriptor, "rb", buffering=BUFFER) as file:
            yield seed, file
    else:
        os.close(descriptor)
        yield seed, Refused("not_a_file", "a pipe, a socket or a device has taken its place")
