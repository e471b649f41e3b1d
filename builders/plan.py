"""Plan: which seeds make which shard. It depends on the names and sizes of the seeds alone, never on who builds."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .unpacking.seeds import Seed
from .unpacking.sources import Source, list_sources
from .versioning.takedown import NOTHING, Takedown


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
        takedown: what must stay out.
    """

    shards: tuple[Shard, ...]
    n_seeds: int
    takedown: Takedown = NOTHING


def plan_build(sources: Source | Sequence[Source], shard_bytes: int) -> Plan:
    """Lists the seeds, cuts the large ones into parts, and assigns them to shards.

    The shard of a seed (or part) is a hash of its path (and where it begins) modulo the number of shards, which is the
    total size over `shard_bytes`: a seed that is added, changed or removed leaves the others where they are, as long
    as the number stays the same.

    Args:
        sources: files, folders, globs and addresses.
        shard_bytes: seed bytes in one shard, about; a larger file is cut into parts of so many.

    Raises:
        UsageError: one of them is not there.
    """
    units = list(cut_large(list_sources(sources), shard_bytes))
    n_shards = max(1, -(-sum(map(unit_size, units)) // shard_bytes))
    members: list[list[Seed]] = [[] for _ in range(n_shards)]
    for unit in units:
        members[_hash(unit) % n_shards].append(unit)
    return Plan(tuple(Shard(number, tuple(seeds)) for number, seeds in enumerate(members)), len(units))


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


def unit_size(unit: Seed) -> int:
    """Bytes of a seed, or of a part of one."""
    return unit.size if unit.span is None else unit.span[1] - unit.span[0]


def _hash(unit: Seed) -> int:
    part = b"" if unit.begins or unit.span is None else b"\0%d" % unit.span[0]
    return int.from_bytes(hashlib.sha256(unit.path.encode() + part).digest()[:8], "big")
