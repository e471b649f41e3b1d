"""Template: on how many pages of its site each line stands. On many stands what the site puts around its pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .spans import Hashes

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

LINES_AT_ONCE: Final = 4_000_000
"""Lines that are counted at once: about 200 MB of numbers."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The lines that stand on more than one page of their site.

    Attributes:
        keys: their keys (`TRACE`), ascending, `uint64[n]`.
        pages: on how many pages, `int32[n]`.
    """

    keys: Hashes
    pages: npt.NDArray[np.int32]

    def pages_of(self, keys: Hashes) -> npt.NDArray[np.int32]:
        """On how many pages of its site each of these lines stands, `int32[n]`."""
        if not len(self.keys):
            return np.ones(len(keys), dtype=np.int32)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.pages[at], 1).astype(np.int32)


def count_pages(traces: Sequence[pa.Table], kept: Sequence[Mask]) -> Repeated:
    """Counts the pages that each line stands on.

    Memory: 12 bytes for each different line that repeats, and what `LINES_AT_ONCE` lines need; the traces may be mapped
    from files, and are read once for every so many lines.

    Args:
        traces: tables of `TRACE`.
        kept: which rows of each take part.
    """
    n_lines = sum(int(pc.sum(trace["n_lines"]).as_py() or 0) for trace in traces)
    n_parts = 1 + n_lines // LINES_AT_ONCE
    bounds = [part * 2**64 // n_parts for part in range(n_parts + 1)]
    counted = [_count(traces, kept, low, high - 1) for low, high in pairwise(bounds)]
    return Repeated(np.concatenate([keys for keys, _ in counted]), np.concatenate([pages for _, pages in counted]))


def _count(
    traces: Sequence[pa.Table], kept: Sequence[Mask], low: int, high: int
) -> tuple[Hashes, npt.NDArray[np.int32]]:
    """The lines that repeat among those whose key lies between two numbers, both included."""
    found = list(_lines_between(traces, kept, np.uint64(low), np.uint64(high)))
    keys = np.concatenate([np.zeros(0, dtype=np.uint64), *(key for key, _ in found)])
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *(row for _, row in found)])
    order = np.lexsort((rows, keys))
    keys, rows = keys[order], rows[order]
    new = np.ones(len(keys), dtype=np.bool_)
    new[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])  # a line counts once a page
    keys = keys[new]
    first = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    pages = np.diff(first, append=len(keys))
    repeated = pages > 1
    return keys[first[repeated]], pages[repeated].astype(np.int32)


def _lines_between(
    traces: Sequence[pa.Table], kept: Sequence[Mask], low: np.uint64, high: np.uint64
) -> Iterator[tuple[Hashes, Ints]]:
    """Keys of lines, and the row of each, counted through all tables."""
    begin = 0
    for trace, rows in zip(traces, kept, strict=True):
        first = 0
        for chunk in trace["lines"].chunks:
            keys = chunk.flatten().to_numpy()
            length = pc.fill_null(pc.list_value_length(chunk), 0).to_numpy()
            row = np.repeat(np.arange(first, first + len(chunk)), length)
            here = (keys >= low) & (keys <= high) & rows[row]
            yield keys[here], row[here] + begin
            first += len(chunk)
        begin += trace.num_rows
