"""Doubt: how many lines of a page are likely to be labelled wrong, by their scores."""

import numpy as np
from numpy.typing import NDArray


def page_doubt(page: NDArray[np.int32], score: NDArray[np.float32], n_pages: int) -> NDArray[np.int64]:
    """The share of wrong lines to expect on each page, in thousandths.

    A score is a chance of being right (`docs/quality.md` says how well it is one), so that one less the mean score is
    the share of wrong lines to expect. The sums are whole numbers.

    Args:
        page: int32[n_lines], the page of each line.
        score: float32[n_lines], 0 to 1 in steps of 0.001.
        n_pages: how many pages there are.

    Returns:
        int64[n_pages], 0 to 1000; 0 for a page without lines.
    """
    wrong = 1000 - np.rint(score * np.float32(1000)).astype(np.int64)
    total = np.bincount(page, weights=wrong, minlength=n_pages).astype(np.int64)  # exact below 2**53
    count = np.maximum(np.bincount(page, minlength=n_pages), 1)
    return (2 * total + count) // (2 * count)
