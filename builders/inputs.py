"""Inputs: digests of all that a shard is made from, so that one built before is known again; never a time stamp."""

import hashlib
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from .labelling.label import model_digest
from .plan import Plan
from .recipe import Recipe
from .unpacking.document import Refused
from .unpacking.seeds import Seed
from .unpacking.unpack import open_each
from .versioning.takedown import Takedown

FORM: Final = 1
"""Version of what a shard's folder holds."""

FINISH_ONLY: Final = ("dataset", "duplicates")
"""Tables of the recipe that no shard depends on."""

_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


# -- what all shards are made with --


def make_ground(recipe: Recipe, takedown: Takedown) -> dict[str, str]:
    """What all shards are made with, by what a person calls it; the values are digests and versions.

    Ids of the takedown list are not in it: which of them a shard holds is asked of the shard.
    """
    plain = recipe.to_dict()
    tables = {f"[{name}] of the recipe": _digest_of(plain[name]) for name in plain if name not in FINISH_ONLY}
    listed = sorted(entry for entry in takedown.entries if entry.kind != "id")
    return {
        "dehusk": _code_digest(),
        "the line model": model_digest(),
        "Python": ".".join(map(str, sys.version_info[:2])),
        **_library_versions(),
        **tables,
        "the takedown list": _digest_of(listed),
    }


def ground_digest(ground: Mapping[str, str]) -> str:
    """One digest of it."""
    return _digest_of([FORM, dict(ground)])


def _digest_of(plain: Any) -> str:
    return hashlib.sha256(json.dumps(plain, ensure_ascii=True).encode()).hexdigest()


@cache
def _code_digest() -> str:
    """Digest of every file of this package: its code, tables and model."""
    digest = hashlib.sha256()
    for room in ("schema", "builders"):
        folder = Path(str(files(f"dehusk.{room}")))
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                data = path.read_bytes()
                digest.update(f"{room}/{path.relative_to(folder).as_posix()}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


@cache
def _library_versions() -> dict[str, str]:
    """Versions of what dehusk requires, of its extras too, as far as it is installed."""
    found = {}
    for line in requires("dehusk") or ():
        if (name := _NAME.match(line)) is not None:
            try:
                found[name[0]] = version(name[0])
            except PackageNotFoundError:
                continue
    return dict(sorted(found.items()))


# -- what one shard is made from --


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file of this machine that is built in parts, as it was before.

    Attributes:
        digest: SHA-256 of its bytes; empty where it cannot be read.
        state: what the system says of it, by which a change during the build is noticed.
    """

    digest: str
    state: tuple[int, ...]


def digest_large(plan: Plan, n_workers: int) -> dict[str, LargeFile]:
    """The files of this machine of which a plan has parts, by path."""
    first = {seed.path: seed for seed in plan.seeds if seed.span is not None and not seed.remote}
    with ThreadPoolExecutor(max(1, n_workers)) as threads:  # a digest does not hold the interpreter
        return dict(zip(first, threads.map(_digest_file, first.values()), strict=True))


def _digest_file(seed: Seed) -> LargeFile:
    state = _state(seed)
    [digest] = ["" if isinstance(file, Refused) else _digest(file) for _, file in open_each([seed])]
    return LargeFile(digest, state)


def _state(seed: Seed) -> tuple[int, ...]:
    try:
        told = os.lstat(os.path.join(seed.root, seed.name))  # noqa: PTH118 - names are bytes
    except OSError:
        return ()
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


def digest_units(seeds: Sequence[Seed], large: Mapping[str, LargeFile]) -> list[str]:
    """What each unit holds, as a text; empty where that is not known without reading it.

    Of a file of this machine it is the SHA-256 of its bytes; of a remote one what its store calls its content.
    """
    known = {}
    here = [seed for seed in seeds if not (seed.remote or seed.refused or seed.span)]
    for seed, file in open_each(here):
        known[seed] = f"refused {file.reason}" if isinstance(file, Refused) else _digest(file)
    return [known[seed] if seed in known else _told_of(seed, large) for seed in seeds]


def _told_of(seed: Seed, large: Mapping[str, LargeFile]) -> str:
    if seed.refused:
        return f"refused {seed.refused.reason}"
    return seed.tag if seed.remote else large[seed.path].digest


def _digest(file: BinaryIO) -> str:
    try:
        return hashlib.file_digest(cast("io.BufferedReader", file), "sha256").hexdigest()
    except OSError:
        return ""


def shard_key(ground: str, seeds: Iterable[Seed], inputs: Iterable[str]) -> str:
    """The name of a shard that is made from these."""
    told = [[seed.path, seed.size, seed.span, held] for seed, held in zip(seeds, inputs, strict=True)]
    return _digest_of([ground, told])


def is_as_digested(
    seeds: Sequence[Seed], inputs: Sequence[str], large: Mapping[str, LargeFile], read: Mapping[str, str]
) -> bool:
    """Whether what was read is what was digested before.

    Args:
        seeds: the units of a shard.
        inputs: what `digest_units` told of them before they were read.
        large: as there.
        read: SHA-256 of the files that were read whole, by path.
    """
    if "" in inputs:
        return False
    left = []
    for seed, held in zip(seeds, inputs, strict=True):
        if seed.remote or seed.refused:
            continue
        if seed.path in read:
            if read[seed.path] != held:
                return False
        elif seed.span is None:
            left.append((seed, held))
        if seed.span is not None and _state(seed) != large[seed.path].state:
            return False
    return digest_units([seed for seed, _ in left], large) == [held for _, held in left]
