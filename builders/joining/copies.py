"""Copies: which records say the same as another one of the build, word for word or nearly.

Two records are copies when their clean texts are the same but for white space, or when of their MinHashes (`sketch.py`)
at least the recipe's share agree. Copies of copies are copies: a cluster is all that hang together.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .groups import in_runs, join_pairs
from .sketch import BANDS, HASHES
from .spans import Hashes

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

PAIRS_AT_ONCE: Final = 1 << 16
"""Pairs whose MinHashes are compared at once: 16 MB of them."""


def find_clusters(traces: Sequence[pa.Table], kept: Mask, threshold: float) -> Ints:
    """The clusters of records that are copies of each other.

    Memory: about 60 bytes a record beside the traces, which may be mapped from files.

    Args:
        traces: tables of `TRACE`.
        kept: which of their rows, counted through all tables, take part, `bool[n]`.
        threshold: share of MinHashes that agree in near copies, 0 to 1.

    Returns:
        For each row the first row of its cluster, `int64[n]`: itself for a row without copies.
    """
    sketches = _Sketches(traces)
    rows = np.flatnonzero(kept & sketches.known)
    tie = np.concatenate([np.zeros(0, dtype=np.uint64), *(_id_numbers(trace["id"]) for trace in traces)])[rows]
    needed = math.ceil(threshold * HASHES)
    group = np.arange(len(rows))
    for keys, least in _keys(traces, rows, needed):
        first, before, row = in_runs(keys, tie)
        for one in (first, before):
            apart = group[one] != group[row]
            pairs = one[apart], row[apart]
            alike = sketches.agree(rows[pairs[0]], rows[pairs[1]]) >= least
            group = join_pairs(group, pairs[0][alike], pairs[1][alike])
    cluster = np.arange(len(kept))
    cluster[rows] = rows[group]
    return cluster


def _keys(traces: Sequence[pa.Table], rows: Ints, needed: int) -> Iterator[tuple[Hashes, int]]:
    """What makes rows worth comparing, one key a row at a time, and how many MinHashes must then agree."""
    nothing = np.zeros(0, dtype=np.uint64)
    yield np.concatenate([nothing, *(trace["text"].to_numpy() for trace in traces)])[rows], HASHES
    chunks = [chunk for trace in traces for chunk in trace["bands"].chunks]
    matrices = [chunk.flatten().to_numpy().reshape(-1, BANDS) for chunk in chunks]  # no copies
    for band in range(BANDS):
        yield np.concatenate([nothing, *(matrix[:, band] for matrix in matrices)])[rows], needed


def _id_numbers(ids: pa.ChunkedArray) -> Hashes:
    """The first 64 bits of each id: an order that hangs on no other record."""
    digits = pc.utf8_slice_codeunits(ids, 0, 16)
    whole = bytes.fromhex("".join(digits.to_pylist()))
    return np.frombuffer(whole, dtype=">u8").astype(np.uint64)


class _Sketches:
    """The sketches of many tables, looked at where they lie.

    Attributes:
        known: which rows have one, `bool[n]`.
    """

    def __init__(self, traces: Sequence[pa.Table]) -> None:
        chunks = [chunk for trace in traces for chunk in trace["sketch"].chunks if len(chunk)]
        self._views = [_bytes_of(chunk) for chunk in chunks]
        self._at = np.concatenate(([0], np.cumsum([len(chunk) for chunk in chunks]))).astype(np.int64)
        self.known: Mask = np.concatenate(
            [np.zeros(0, dtype=np.bool_), *(chunk.is_valid().to_numpy(zero_copy_only=False) for chunk in chunks)]
        )

    def agree(self, one: Ints, two: Ints) -> Ints:
        """How many MinHashes of each pair of rows agree."""
        same = [np.zeros(0, dtype=np.int64)]
        for at in range(0, len(one), PAIRS_AT_ONCE):
            left, right = (self._take(rows[at : at + PAIRS_AT_ONCE]) for rows in (one, two))
            same.append(np.count_nonzero(left == right, axis=1))
        return np.concatenate(same)

    def _take(self, rows: Ints) -> npt.NDArray[np.uint8]:
        taken = np.empty((len(rows), HASHES), dtype=np.uint8)
        part = np.searchsorted(self._at, rows, side="right") - 1
        for number in np.unique(part).tolist():
            here = part == number
            taken[here] = self._views[number][rows[here] - self._at[number]]
        return taken


def _bytes_of(chunk: pa.FixedSizeBinaryArray) -> npt.NDArray[np.uint8]:
    whole = np.frombuffer(chunk.buffers()[1], dtype=np.uint8)
    return whole[chunk.offset * HASHES : (chunk.offset + len(chunk)) * HASHES].reshape(-1, HASHES)
