"""Plan: which seeds make which shard. It depends on the names and sizes of the seeds alone, never on who builds."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .unpacking.seeds import Seed
from .unpacking.sources import Source, list_sources

MIN_WEIGHT: Final = 4096
"""Bytes that a seed counts at least: a small page costs more than its bytes."""

_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of the work that is built on its own.

    Attributes:
        number: its place among the shards, from 0.
        seeds: its work units, in the order of their paths and of their places in their files: whole files, and parts
            of files larger than a shard.
    """

    number: int
    seeds: tuple[Seed, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All the work of a build.

    Attributes:
        shards: its shards; none is empty but the only one.
        n_seeds: work units of all shards.
    """

    shards: tuple[Shard, ...]
    n_seeds: int

    @property
    def seeds(self) -> Iterator[Seed]:
        """The work units of all shards."""
        return (seed for shard in self.shards for seed in shard.seeds)

    @property
    def weight(self) -> int:
        """Bytes of all shards, as they were counted."""
        return sum(map(_weight, self.seeds))


def plan_build(sources: Source | Sequence[Source], shard_bytes: int) -> Plan:
    """Lists the seeds, cuts the large ones into parts, and assigns them to shards.

    All units stand on a line, by a hash of their paths (and of where a part begins). A stretch of the line with more
    than `shard_bytes` is cut in the middle, and so are its halves, until none has more; every stretch is a shard. So a
    seed that is added, changed or removed concerns its own shard alone, and now and then the one that its shard is cut
    into or joined with, however many shards there are.

    Args:
        sources: files, folders, globs and addresses.
        shard_bytes: seed bytes in one shard, at most, where it holds more than one unit; a larger file is cut into
            parts of so many.

    Raises:
        UsageError: one of them is not there.
    """
    units = list(cut_large(list_sources(sources), shard_bytes))
    line = sorted((_hash(unit), number) for number, unit in enumerate(units))
    stretches = _cut_line(line, [_weight(unit) for unit in units], shard_bytes) if units else [[]]
    shards = (Shard(number, tuple(units[at] for at in sorted(held))) for number, held in enumerate(stretches))
    return Plan(tuple(shards), len(units))


def _cut_line(line: list[tuple[int, int]], weights: list[int], most: int) -> Iterator[list[int]]:
    """The units of each stretch of the line, from its beginning to its end.

    Args:
        line: hash and number of every unit, sorted.
        weights: bytes of each unit, by its number.
        most: bytes of a stretch.
    """
    todo = [(0, len(line), 0, 1 << _BITS)]
    while todo:
        first, last, low, high = todo.pop()
        held = [number for _, number in line[first:last]]
        if len(held) <= 1 or high - low == 1 or sum(weights[number] for number in held) <= most:
            if held:
                yield held
            continue
        middle = (low + high) // 2
        cut = bisect_left(line, (middle, -1), first, last)
        todo += [(cut, last, middle, high), (first, cut, low, middle)]


def cut_large(seeds: Iterable[Seed], part_bytes: int) -> Iterator[Seed]:
    """Seeds, those of more than so many bytes as parts of that size.

    What a part of a file is, the reader of its format decides when it is read: the records that begin in it, or, where
    a format cannot be cut, all of them in the first part and none in the others.
    """
    for seed in seeds:
        if seed.refused or seed.size <= part_bytes:
            yield seed
            continue
        for start in range(0, seed.size, part_bytes):
            yield replace(seed, span=(start, min(start + part_bytes, seed.size)))


def _weight(unit: Seed) -> int:
    return max(MIN_WEIGHT, unit.size if unit.span is None else unit.span[1] - unit.span[0])


def _hash(unit: Seed) -> int:
    part = b"" if unit.begins or unit.span is None else b"\0%d" % unit.span[0]
    return int.from_bytes(hashlib.sha256(unit.path.encode() + part).digest()[: _BITS // 8], "big")
