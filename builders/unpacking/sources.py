"""Sources: what a person names (files, folders, globs, addresses) → the seeds that lie there.

The paths of one source are relative to it: to a folder, to the folder of a file, to the part of a glob before its first
mark. Those of several sources are relative to the deepest folder that holds them all; where they lie on different file
systems, those of each begin with its scheme. No absolute path and no address ever becomes part of a dataset.
"""

import glob
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from dehusk.schema.errors import UsageError

from .remote import is_address, list_remote
from .seeds import Seed, list_seeds, readable_path

Source = str | Path
"""A file, a folder, a glob or the address of a file system that fsspec knows."""

_MARKS: Final = "*?["


def list_sources(sources: Source | Sequence[Source]) -> list[Seed]:
    """The seeds of all sources.

    Args:
        sources: one, or several; what two of them name is read once.

    Returns:
        Seeds in the order of their paths, the names of files that were not looked into included.

    Raises:
        UsageError: one of them is not there, names nothing, or is no address.
    """
    each = _each(sources)
    found = [_list_one(source) for source in each]
    if len(found) == 1:
        return found[0]
    unique = {_whole_name(seed): seed for seeds in found for seed in seeds}
    named = _name_together(unique)
    return sorted(named, key=lambda seed: seed.path.encode())


def local_folders(sources: Source | Sequence[Source]) -> list[Path]:
    """The folders of this machine whose recipe and takedown list count: sources, or where those that are files lie."""
    paths = [Path(_local(source)) for source in _each(sources) if not is_address(str(source))]
    return list(dict.fromkeys(path if path.is_dir() else path.parent for path in paths))


def _each(sources: Source | Sequence[Source]) -> list[str]:
    each = [sources] if isinstance(sources, str | Path) else sources
    return [os.fspath(source) for source in each]


def _list_one(source: str) -> list[Seed]:
    if source.startswith("file://"):
        source = source.removeprefix("file://")
    if is_address(source):
        return list_remote(source)
    if any(mark in source for mark in _MARKS) and not os.path.lexists(source):
        return _list_glob(source)
    return list_seeds(Path(source))


def _local(source: str) -> str:
    """The path of a source of this machine: of a glob the folder before its first mark."""
    source = source.removeprefix("file://")
    if os.path.lexists(source) or not any(mark in source for mark in _MARKS):
        return source
    parts = source.split("/")
    fixed = next(number for number, part in enumerate(parts) if any(mark in part for mark in _MARKS))
    return "/".join(parts[:fixed]) or ("/" if source.startswith("/") else ".")


def _list_glob(pattern: str) -> list[Seed]:
    """The files that a glob names, and those in the folders that it names."""
    base = _local(pattern)
    rest = pattern.removeprefix("file://")[len(base) if base != "." or pattern.startswith("./") else 0 :].lstrip("/")
    names = glob.glob(rest, root_dir=base, recursive=True)  # noqa: PTH207 - which Path.glob would make absolute
    wanted = {os.fsencode(name).rstrip(b"/") for name in names}
    seeds = list_seeds(Path(base)) if os.path.isdir(base) else []  # noqa: PTH112 - as the pattern has it
    found = [seed for seed in seeds if not wanted.isdisjoint(_with_parents(seed.name))]
    if not found:
        raise UsageError(f"{pattern} names no file", "name a file, a folder or a glob that is there")
    return found


def _with_parents(name: bytes) -> list[bytes]:
    """A name and those of the folders that it lies in.

    >>> _with_parents(b"a/b/c.txt")
    [b'a', b'a/b', b'a/b/c.txt']
    """
    parts = name.split(b"/")
    return [b"/".join(parts[: number + 1]) for number in range(len(parts))]


# -- several sources --


def _whole_name(seed: Seed) -> bytes:
    """What names a file among all."""
    return b"\0".join((_system(seed).encode(), seed.name)) if seed.remote else os.path.join(seed.root, seed.name)  # noqa: PTH118


def _system(seed: Seed) -> str:
    """What names the file system of a remote seed."""
    parts = urlsplit(seed.root.decode())
    return f"{parts.scheme}://{parts.netloc}"


def _name_together(seeds: dict[bytes, Seed]) -> list[Seed]:
    """Seeds with paths that tell all of them apart."""
    systems: dict[str, list[tuple[bytes, Seed]]] = {}
    for whole, seed in seeds.items():
        systems.setdefault(_system(seed) if seed.remote else "", []).append((whole, seed))
    named = []
    for system, members in sorted(systems.items()):
        names = [_plain_name(seed, whole) for whole, seed in members]
        common = os.path.commonpath([b"/" + name.rpartition(b"/")[0] for name in names])[1:]
        prefix = b"" if len(systems) == 1 else (urlsplit(system).scheme or "local").encode() + b"/"
        for name, (_, seed) in zip(names, members, strict=True):
            path = name[len(common) :].lstrip(b"/")
            named.append(replace(seed, path=readable_path(prefix + path)))
    if len({seed.path for seed in named}) < len(named):
        raise UsageError("two sources hold files of the same path", "build them one after the other")
    return named


def _plain_name(seed: Seed, whole: bytes) -> bytes:
    """A file's name inside its file system, without a query."""
    if not seed.remote:
        return whole.lstrip(b"/")
    name = seed.name.decode()
    return (urlsplit(name).path if "://" in name else name).lstrip("/").encode()
