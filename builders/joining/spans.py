"""Spans: hashes of many pieces of text at once.

The hash is polynomial (Rabin and Karp 1987, modulo 2^64), so that those of all spans cost a few passes over the text. A
page can be written so that two of its spans have the same hash; whoever uses it says what would come of that.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from dehusk.schema.view import CodePoints, Offsets

Hashes = npt.NDArray[np.uint64]

_BASE: Final = 0x9E37_79B9_7F4A_7C15  # odd, so that it has an inverse; 2^64 over the golden ratio
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_FIRST: Final = 1 << 20  # powers that are kept: 8 MB


def hash_spans(points: CodePoints, start: Offsets, end: Offsets) -> Hashes:
    """Hashes of spans of text: of those with the same text the same, wherever they stand.

    Args:
        points: code points, `uint32[n_chars]`.
        start: where each span begins, `int64[n]`.
        end: where it ends.

    Returns:
        `uint64[n]`; every bit hangs on every character.
    """
    sums = np.zeros(len(points) + 1, dtype=np.uint64)
    np.cumsum((points.astype(np.uint64) + np.uint64(1)) * _powers(_BASE, len(points)), out=sums[1:])
    spans = (sums[end] - sums[start]) * _powers(_INVERSE, len(points) + 1)[start]
    return scramble(spans ^ ((end - start).astype(np.uint64) * np.uint64(_BASE)))


def _powers(base: int, count: int) -> Hashes:
    """`base` to the power of 0, 1, 2 … modulo 2^64."""
    return _first_powers(base)[:count] if count <= _FIRST else _multiply(base, count)


@lru_cache(maxsize=2)
def _first_powers(base: int) -> Hashes:
    powers = _multiply(base, _FIRST)
    powers.flags.writeable = False
    return powers


def _multiply(base: int, count: int) -> Hashes:
    factors = np.full(count, base, dtype=np.uint64)
    factors[:1] = 1
    return np.multiply.accumulate(factors)


def scramble(numbers: Hashes) -> Hashes:
    """Other numbers, one for each, whose every bit hangs on every bit (the last steps of SplitMix64, Steele 2014)."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return mixed ^ (mixed >> np.uint64(31))
