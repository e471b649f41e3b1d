"""Groups: which rows belong together, when it is known of pairs."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def join_pairs(group: Ints, one: Ints, two: Ints) -> Ints:
    """Groups of rows in which the rows of each pair are together, and all that were so before.

    Args:
        group: the first row of each row's group, `int64[n]`; `arange(n)` where every row is alone.
        one: a row of each pair.
        two: the other.

    Returns:
        The first row of each row's group, `int64[n]`.
    """
    while True:
        low, high = np.minimum(group[one], group[two]), np.maximum(group[one], group[two])
        apart = low != high
        if not apart.any():
            return group
        group = group.copy()
        np.minimum.at(group, high[apart], low[apart])
        while True:  # the first row of a group that was joined to another points on: follow it to the end
            onward = group[group]
            if np.array_equal(onward, group):
                break
            group = onward


def in_runs(keys: npt.NDArray[np.uint64], tie: npt.NDArray[np.uint64]) -> tuple[Ints, Ints, Ints]:
    """Rows that have a key in common: of each run of the same key the first row, the row before, and each other row.

    Args:
        keys: a key for each row, `uint64[n]`.
        tie: by which rows of the same key are ordered.

    Returns:
        Three arrays `int64[m]`, one place for each row that is not the first of its key.
    """
    order = np.lexsort((tie, keys))
    ordered = keys[order]
    again = np.zeros(len(keys), dtype=np.bool_)
    again[1:] = ordered[1:] == ordered[:-1]
    place = np.arange(len(keys))
    first = np.maximum.accumulate(np.where(again, 0, place))
    return order[first[again]], order[place[again] - 1], order[again]
