"""Step 1, read: the seeds folder → the pages table, and what is no page → the rejects table.

Nothing is skipped in silence: every entry of the folder becomes a page or a reject, except the recipe and the takedown
list. Symbolic links are never followed, not even when one takes a folder's place between listing and reading, and a
file is never read beyond the bound of the recipe.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from dehusk.builders.recipe import RECIPE_NAME, Bounds
from dehusk.builders.versioning.takedown import TAKEDOWN_NAME
from dehusk.schema.errors import UsageError
from dehusk.schema.record import RECORDS, REJECTS
from dehusk.schema.view import WHITE_SPACE

from .decode import Decoded, Refused, decode_page, decode_text, escape_text

PAGES: Final = pa.schema([RECORDS.field(name) for name in ("id", "raw", "flags", "source")])
"""The columns of pages as they are read: a part of the record."""

FORMAT: Final = "text"
"""What `source.format` says: a flat text dump."""

EXTENSIONS: Final = (b".txt", b".text")
"""How the names of seed files end, in any case."""

EXCERPT: Final = 200
"""Characters of a reject that its row shows."""

ID_DIGITS: Final = 24
"""Hex digits of a page's `id`: 96 bits; that two of a billion pages share one has a chance of 1 in 10^11."""

_BLANK: Final = "".join(map(chr, WHITE_SPACE.nonzero()[0].tolist()))
_NO_SEEDS: Final = (RECIPE_NAME.encode(), TAKEDOWN_NAME.encode())  # at the root of the folder
_PIECE: Final = 1 << 16  # bytes read at once beyond what a file was said to hold
_NO_LINKS: Final = os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER: Final = os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)
_FILE: Final = os.O_RDONLY | os.O_NONBLOCK  # so that a pipe that took a file's place is opened, and seen, at once


@dataclass(frozen=True, slots=True)
class Seed:
    """One entry of the seeds folder.

    Attributes:
        path: its path relative to the folder, for people: as `source.path`, see `readable_path`.
        name: the same as the system has it, parts joined by `/`.
        refused: why it cannot be a page, if its name and kind tell; None for a seed to be read.
    """

    path: str
    name: bytes
    refused: Refused | None = None


def list_seeds(folder: Path) -> list[Seed]:
    """Every entry of the seeds folder, at any depth.

    Args:
        folder: the seeds folder, or one seed file.

    Returns:
        Seeds ordered by the bytes of their paths, which for UTF-8 is the order of code points. A folder that is not
        entered (hidden, a link, unreadable) is one seed, refused.

    Raises:
        UsageError: there is no such folder or file.
    """
    if not os.path.lexists(folder):
        raise UsageError(f"there is no folder or file {folder}", "name the folder that holds the page dumps")
    root = os.fsencode(folder)
    if not folder.is_dir():
        name = os.fsencode(folder.name)
        return [Seed(readable_path(name), name, _refuse(name, folder))]
    seeds = [Seed(readable_path(name), name, refused) for name, refused in _walk(root)]
    return sorted(seeds, key=lambda seed: seed.name)


def read_pages(seeds: Sequence[Seed], folder: Path, bounds: Bounds) -> tuple[pa.Table, pa.Table]:
    """Reads and decodes a batch of seeds.

    Args:
        seeds: what `list_seeds` gave, or part of it; together at most 2 GiB of text, the bound of an Arrow column.
        folder: the folder (or file) it gave them for.
        bounds: the recipe's bounds, of which `max_file_bytes` counts here.

    Returns:
        The pages (`PAGES`) and the rejects (`REJECTS`), each in the order of the seeds.
    """
    root = folder if folder.is_dir() else folder.parent
    pages: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    for seed, data in _contents(seeds, os.fsencode(root), bounds.max_file_bytes):
        if isinstance(data, Refused):
            rejects.append(_reject(seed, data))
            continue
        read = _decode(data)
        if isinstance(read, Refused):
            rejects.append(_reject(seed, read, data))
        else:
            pages.append(_page(seed.path, data, read))
    return pa.Table.from_pylist(pages, PAGES), pa.Table.from_pylist(rejects, REJECTS)


def page_from_text(text: str, path: str = "") -> pa.Table:
    """A pages table of one page that is text already, counted as if it were a UTF-8 file.

    Args:
        text: any text; lone surrogates become U+FFFD (flag `encoding_repaired`).
        path: what `source.path` shall say.

    Returns:
        One row of `PAGES`. It has no lines if the text is blank.
    """
    data = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return pa.Table.from_pylist([_page(escape_text(path), data, decode_text(text))], PAGES)


def readable_path(name: bytes) -> str:
    r"""A file's path as valid UTF-8 that fits in one line; different files keep different paths.

    Bytes that are not UTF-8 and control characters become `\xNN` (see `escape_text`), and so does the backslash.
    """
    return escape_text("\\x5c".join(part.decode("utf-8", "backslashreplace") for part in name.split(b"\\")))


def excerpt(text: str) -> str:
    """How a reject begins: its first 200 characters, hidden ones escaped."""
    return escape_text(text[:EXCERPT])


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
        return Refused("hidden_file", "its name begins with a dot; rename it if it is a page")
    if entry.is_dir():
        return None
    if not entry.is_file():
        return Refused("not_a_file", "it is a pipe, a socket or a device")
    if not name.lower().endswith(EXTENSIONS):
        return Refused("unsupported_format", "its name does not end in .txt or .text")
    return None


def _refusal(error: OSError) -> Refused:
    if error.errno == errno.ELOOP:
        return Refused("symlink", "a symbolic link has taken its place")
    return Refused("unreadable", f"the system refused to read it: {error.strerror}")


def _contents(seeds: Sequence[Seed], root: bytes, max_bytes: int) -> Iterator[tuple[Seed, bytes | Refused]]:
    """The bytes of each seed, or why there are none. Folders are opened once for their files in a row."""
    for parent, group in groupby(seeds, key=lambda seed: seed.name.rpartition(b"/")[0]):
        folder = _open_folder(root, parent)
        try:
            for seed in group:
                yield seed, seed.refused or _read_file(folder, seed.name.rpartition(b"/")[2], max_bytes)
        finally:
            if isinstance(folder, int):
                os.close(folder)


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


def _read_file(folder: int | Refused, name: bytes, max_bytes: int) -> bytes | Refused:
    if isinstance(folder, Refused):
        return folder
    try:
        file = os.open(name, _FILE | _NO_LINKS, dir_fd=folder)
        try:
            return _read_open_file(file, max_bytes)
        finally:
            os.close(file)
    except OSError as error:
        return _refusal(error)


def _read_open_file(file: int, max_bytes: int) -> bytes | Refused:
    """Reads a file that may not be what was listed, and may grow meanwhile."""
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        return Refused("not_a_file", "a pipe, a socket or a device has taken its place")
    data = b"" if status.st_size > max_bytes else _read_up_to(file, status.st_size, max_bytes + 1)
    if max(status.st_size, len(data)) > max_bytes:
        tip = f"split it, or raise bounds.max_file_bytes ({max_bytes}) in the recipe"
        return Refused("too_large", f"it is too large; {tip}")
    return data


def _read_up_to(file: int, expected: int, limit: int) -> bytes:
    parts = []
    left = limit
    while left and (part := os.read(file, min(left, expected + _PIECE))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _decode(data: bytes) -> Decoded | Refused:
    if not data:
        return Refused("empty_file", "it is empty")
    read = decode_page(data)
    if isinstance(read, Decoded) and not read.text.strip(_BLANK):
        return Refused("empty_file", "it holds nothing but white space")
    return read


def _page(path: str, data: bytes, read: Decoded) -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    source = {
        "path": path,
        "sha256": sha256,
        "format": FORMAT,
        "encoding": read.encoding,
        "byte_start": 0,
        "byte_end": len(data),
    }
    return {"id": sha256[:ID_DIGITS], "raw": read.text, "flags": read.flags, "source": source}


def _reject(seed: Seed, refused: Refused, data: bytes | None = None) -> dict[str, Any]:
    reject = {"path": seed.path, "stage": "read", "reason": refused.reason, "detail": refused.detail}
    if data is None:
        return reject
    sha256 = hashlib.sha256(data).hexdigest()
    begin = excerpt(data[: 4 * EXCERPT].decode("utf-8", "backslashreplace"))
    return reject | {"sha256": sha256, "byte_start": 0, "byte_end": len(data), "excerpt": begin}
