"""Plan: which seeds make which shard. It depends on the names and sizes of the seeds alone, never on who builds."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .reading.read import Seed, list_seeds
from .versioning.takedown import NOTHING, Takedown

BATCH_BYTES: Final = 4 << 20
"""Seed bytes in one batch of tables: enough for columns to pay, and a build stays under 1 GB of memory."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of the work that is built on its own.

    Attributes:
        number: its place among the shards, from 0.
        batches: its seeds in the order of their paths, cut into batches of about `BATCH_BYTES`.
    """

    number: int
    batches: tuple[tuple[Seed, ...], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All the work of a build.

    Attributes:
        folder: the seeds folder (or file).
        shards: its shards; none is empty but the only one.
        n_seeds: entries of the folder.
        takedown: what must stay out.
    """

    folder: Path
    shards: tuple[Shard, ...]
    n_seeds: int
    takedown: Takedown = NOTHING


def plan_build(folder: Path, shard_bytes: int) -> Plan:
    """Lists the seeds and assigns them to shards.

    A seed's shard is a hash of its path modulo the number of shards, which is the total size over `shard_bytes`: a seed
    that is added, changed or removed leaves the others where they are, as long as the number stays the same.

    Args:
        folder: the seeds folder, or one seed file.
        shard_bytes: seed bytes in one shard, about.

    Raises:
        UsageError: there is no such folder or file.
    """
    seeds = list_seeds(folder)
    root = os.fsencode(folder if folder.is_dir() else folder.parent)
    sizes = [0 if seed.refused else _size(os.path.join(root, seed.name)) for seed in seeds]  # noqa: PTH118 - bytes
    n_shards = max(1, -(-sum(sizes) // shard_bytes))
    members: list[list[tuple[Seed, int]]] = [[] for _ in range(n_shards)]
    for seed, size in zip(seeds, sizes, strict=True):
        members[_hash(seed.name) % n_shards].append((seed, size))
    shards = (Shard(number, tuple(_batches(seeds_of))) for number, seeds_of in enumerate(members))
    return Plan(folder, tuple(shards), len(seeds))


def _size(path: bytes) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:  # gone since it was listed: reading it will say so
        return 0


def _hash(name: bytes) -> int:
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big")


def _batches(members: list[tuple[Seed, int]]) -> Iterator[tuple[Seed, ...]]:
    batch: list[Seed] = []
    held = 0
    for seed, size in members:
        if batch and held + size > BATCH_BYTES:
            yield tuple(batch)
            batch, held = [], 0
        batch.append(seed)
        held += size
    if batch:
        yield tuple(batch)
