"""Proof: that what records say of each other holds over all files of a dataset."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.pack import split_name
from dehusk.builders.recipe import Recipe
from dehusk.schema.findings import Finding, shorten

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

COLUMNS: Final = ("id", "site", "duplicate_of", "cluster_size")
"""The columns that are needed."""

ANEW: Final = "build the dataset anew"


def check_clusters(files: Mapping[str, pa.Table], recipe: Recipe) -> Iterator[Finding]:
    """Checks that clusters of copies are whole and, as sites if the recipe says so, in one split.

    Args:
        files: `COLUMNS` of the records of each data file, by its path.
        recipe: the dataset's.
    """
    if not files:
        return
    whole = pa.concat_tables(files.values())
    at = np.concatenate(([0], np.cumsum([table.num_rows for table in files.values()])))
    split = np.repeat(np.array([split_name(path) for path in files]), np.diff(at))
    names = list(files)

    def find(rows: Ints, field: str, rule: str, remedy: str) -> Iterator[Finding]:
        for row in rows.tolist():
            number = int(np.searchsorted(at, row, side="right")) - 1
            value = shorten(whole[field][row].as_py())
            yield Finding(names[number], row - int(at[number]), whole["id"][row].as_py(), field, rule, value, remedy)

    yield from _clusters(whole, split, recipe, find)
    if recipe.split.by == "site":
        torn = np.flatnonzero(_torn(whole["site"], split))
        yield from find(torn, "site", "site_whole", f"its site lies in two splits: {ANEW}")


def _clusters(
    whole: pa.Table,
    split: npt.NDArray[np.str_],
    recipe: Recipe,
    find: Callable[[Ints, str, str, str], Iterator[Finding]],
) -> Iterator[Finding]:
    named = whole["duplicate_of"].is_valid().to_numpy()
    original = pc.fill_null(pc.index_in(whole["duplicate_of"], value_set=whole["id"]), -1).to_numpy().astype(np.int64)
    there = original >= 0
    bad = named & (~there | named[np.maximum(original, 0)])
    yield from find(np.flatnonzero(bad), "duplicate_of", "original_there", f"it names no first record here: {ANEW}")
    torn = there & (split[np.maximum(original, 0)] != split)
    yield from find(np.flatnonzero(torn), "duplicate_of", "cluster_whole", f"the two lie in two splits: {ANEW}")
    if recipe.duplicates.drop:  # dropped copies count, and are not here
        return
    first = np.where(there, original, np.arange(whole.num_rows))
    size = np.bincount(first, minlength=whole.num_rows)[first]
    wrong = size != pc.fill_null(whole["cluster_size"], 0).to_numpy()
    yield from find(np.flatnonzero(wrong), "cluster_size", "cluster_counted", f"so many are not here: {ANEW}")


def _torn(keys: pa.ChunkedArray, split: npt.NDArray[np.str_]) -> Mask:
    """Records whose key, if they have one, stands in another split before."""
    code = pc.fill_null(keys.combine_chunks().dictionary_encode().indices, -1).to_numpy().astype(np.int64)
    _, place, inverse = np.unique(code, return_index=True, return_inverse=True)
    return (code >= 0) & (split[place[inverse]] != split)
