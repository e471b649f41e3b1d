"""Batches: what lies in a shard's seeds, in pieces that fit in memory, and which seeds each piece has to do with."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .recipe import Recipe
from .unpacking.document import Document, Item, Unread
from .unpacking.seeds import Seed
from .unpacking.unpack import unpack_seeds

BATCH_BYTES: Final = 4 << 20
"""Bytes of documents in one batch of tables: enough for columns to pay, and a build stays under 1 GB of memory."""

BATCH_ITEMS: Final = 4096
"""Items in one batch, rejects and all."""

PART_BYTES: Final = 64 << 20
"""Bytes of documents whose records a shard holds before it writes them, at least; else `pack.shard_bytes`."""


@dataclass(frozen=True, slots=True)
class Load:
    """A batch of what was read.

    Attributes:
        items: what lies in the seeds.
        at: numbers of the seeds that it comes from, the last of which may go on in the next.
        n_done: how many seeds ended with it.
        ends_part: whether what was read up to here is to be written; it depends on the documents alone.
    """

    items: list[Item]
    at: range
    n_done: int
    ends_part: bool


class _Counted:
    """Seeds, counted as they are asked for."""

    def __init__(self, seeds: Sequence[Seed], first: int, last: int, begin: Callable[[range], None]) -> None:
        self.begun = self.ended = first
        self._seeds = seeds
        self._last = last
        self._begin = begin

    def __iter__(self) -> Iterator[Seed]:
        while self.begun < self._last:
            self.begun += 1
            self._begin(range(self.ended, self.begun))
            yield self._seeds[self.begun - 1]


def read_batches(
    seeds: Sequence[Seed], recipe: Recipe, alone: Collection[int] = (), begin: Callable[[range], None] = lambda _: None
) -> Iterator[Load]:
    """Reads seeds in batches of about `BATCH_BYTES`.

    Args:
        seeds: what to read.
        recipe: all options.
        alone: numbers of seeds that share no batch with others.
        begin: told, before a seed is opened, the numbers of the seeds that are under way.
    """
    part_bytes = max(PART_BYTES, recipe.pack.shard_bytes)
    part = 0
    for first, last in _stretches(len(seeds), alone):
        counted = _Counted(seeds, first, last, begin)
        batch: list[Item] = []
        held = 0
        for item in unpack_seeds(counted, recipe):
            batch.append(item)
            held += _weight(item)
            part += _size(item)
            if held >= BATCH_BYTES or len(batch) >= BATCH_ITEMS or part >= part_bytes:
                ended = max(counted.ended, counted.begun - 1)
                at = range(counted.ended, counted.begun)
                yield Load(batch, at, ended - counted.ended, part >= part_bytes)
                counted.ended = ended
                batch, held = [], 0
                part = part if part < part_bytes else 0
        yield Load(batch, range(counted.ended, last), last - counted.ended, ends_part=False)


def _size(item: Item) -> int:
    """Bytes that an item brings."""
    if isinstance(item, Document):
        return len(item.data) + len(item.extra or "")
    return len(item.data or b"") if isinstance(item, Unread) else 0


def _weight(item: Item) -> int:
    """Bytes of it that count for a batch: of HTML a quarter, since most of it is markup."""
    return _size(item) // (4 if isinstance(item, Document) and item.media == "html" else 1)


def _stretches(n: int, alone: Collection[int]) -> Iterator[tuple[int, int]]:
    """From and up to which number seeds are read together.

    >>> list(_stretches(6, {0, 3})), list(_stretches(2, ())), list(_stretches(0, ()))
    ([(0, 1), (1, 3), (3, 4), (4, 6)], [(0, 2)], [(0, 0)])
    """
    cuts = sorted({0, n} | {number + side for number in alone for side in (0, 1)})
    yield from pairwise(cuts) if n else [(0, 0)]
