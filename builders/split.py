"""Split: which record goes to `train`, which to `test`: by a hash, so that no other record changes it."""

import hashlib
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .recipe import Split


def own_keys(records: pa.Table, split: Split) -> pa.ChunkedArray:
    """What is hashed of each record that has no copies: its id, or its site if the recipe says so and it is known."""
    return records["id"] if split.by == "id" else pc.coalesce(records["site"], records["id"])


def split_records(records: pa.Table, keys: pa.ChunkedArray, split: Split) -> dict[str, pa.Table]:
    """Parts records into splits.

    Args:
        records: a table of `RECORDS`.
        keys: a text for each; records with the same one go together.
        split: the recipe's split rule.

    Returns:
        The splits that have records, in the order of the recipe; the order of records stays.
    """
    names = list(split.shares)
    if len(names) == 1:
        return {names[0]: records} if records.num_rows else {}
    place = np.array([_unit(value) for value in keys.to_pylist()])
    bounds = list(accumulate(split.shares.values()))[:-1]
    number = np.searchsorted(bounds, place, side="right")
    parts = {name: records.filter(pa.array(number == i)) for i, name in enumerate(names)}
    return {name: part for name, part in parts.items() if part.num_rows}


def _unit(key: str) -> float:
    """A number in [0, 1) from a text, by SHA-256: 53 bits, which a float holds exactly."""
    return (int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 11) / 2**53
