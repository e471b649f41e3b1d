"""Word vectors learnt elsewhere, for a network to start from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .features import NAMES_A_WORD, LineFeatures, line_features

MOST_VECTORS: Final = 50_000
"""How many of the words are taken whose vectors are given, the most frequent."""


class Vectors(NamedTuple):
    """Word vectors learnt elsewhere: names uint32[g], each once, and values float32[g, k]."""

    names: NDArray[np.uint32]
    values: NDArray[np.float32]


def read_vectors(path: Path, most: int = MOST_VECTORS) -> Vectors:
    """Word vectors from a text file, a line for each word, the most frequent first: the word, then its numbers.

    The form is that of GloVe and of word2vec's text files. Values are moved and scaled to mean 0 and deviation 1.

    Raises:
        ValueError: a line has no numbers, or not as many as the first; the message has its number.
    """
    words, rows = [], []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            word, *numbers = line.rstrip().split(" ")
            if number == 1 and len(numbers) == 1:  # word2vec's count of words and numbers
                continue
            try:
                rows.append(np.array(numbers, np.float32))
            except ValueError:
                raise ValueError(f"{path}: line {number}: not a word and its numbers") from None
            if not numbers or len(rows[-1]) != len(rows[0]):
                raise ValueError(f"{path}: line {number}: {len(numbers)} numbers, the first line has {len(rows[0])}")
            words.append(word)
            if len(words) == most:
                break
    if not words:
        raise ValueError(f"{path}: holds no word vectors")
    return named_vectors(words, np.stack(rows))


def named_vectors(words: Sequence[str], values: NDArray[np.float32]) -> Vectors:
    """Vectors float32[g, k] of words, by the names that `features` gives them; parts of words are left out."""
    seen = seen_apart(words)
    one = np.flatnonzero(np.diff(seen.offsets) == NAMES_A_WORD)
    names, first = np.unique(seen.words[seen.offsets[one]], return_index=True)
    kept = values[one[first]]
    kept = kept - kept.mean(axis=0)
    return Vectors(names, (kept / kept.std()).astype(np.float32))


def seen_apart(texts: Sequence[str]) -> LineFeatures:
    """Features of short texts, each a page of its own."""
    points = np.frombuffer("\n".join(texts).encode("utf-32-le"), np.uint32)
    sizes = np.array([len(text) for text in texts])
    end = np.cumsum(sizes + 1) - 1
    return line_features(points, end - sizes, end, np.arange(len(texts), dtype=np.int32))
