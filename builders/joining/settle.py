"""Settle: what a record says of the others, once all of them are known, and which split it belongs to.

    traces of all shards → settle → one table a shard → with_settled → records as they are packed

A shard knows nothing of the others, so that its records say that they are alone. What the others change is worked out
here from their traces, and written into the records of each shard by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.recipe import Recipe, Split
from dehusk.builders.split import own_keys
from dehusk.builders.unpacking.document import place_name
from dehusk.schema.record import LINE, RECORDS, REJECTS, reject_source

from .copies import find_clusters
from .groups import join_pairs
from .template import Repeated, count_pages
from .trace import TRACE

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

SETTLED: Final = pa.schema(
    [
        ("duplicate_of", pa.string()),
        ("cluster_size", pa.int32()),
        ("original", pa.string()),  # place of the record that it is a copy of (`Place.key`), else null
        ("same_text", pa.bool_()),  # whether the two have the same text; null without an original
        ("split_key", pa.string()),  # what is hashed for its split, where that is not its own key
        ("site_pages", pa.list_(pa.int32())),  # of each line; null where the site is not known
    ]
)
"""One row a record."""


@dataclass(frozen=True, slots=True)
class Applied:
    """Records as they are packed.

    Attributes:
        records: table of `RECORDS`.
        split_keys: what is hashed for the split of each.
        rejects: table of `REJECTS`: the copies, if the recipe drops them.
    """

    records: pa.Table
    split_keys: pa.ChunkedArray
    rejects: pa.Table


def settle(traces: Sequence[pa.Table], recipe: Recipe, dropped: Sequence[Mask] | None = None) -> Iterator[pa.Table]:
    """Works out what records say of each other.

    Memory: about 60 bytes a record and 12 for each different line that repeats, beside the traces, which may be mapped
    from files, and one table that is given back.

    Args:
        traces: the traces of each shard, tables of `TRACE`.
        recipe: all options.
        dropped: rows of each that are not to be packed anyway, and do not count; none if None.

    Yields:
        For each shard a table of `SETTLED`, its rows as those of its traces.
    """
    kept = [np.ones(trace.num_rows, dtype=np.bool_) for trace in traces] if dropped is None else [~m for m in dropped]
    at = np.concatenate(([0], np.cumsum([trace.num_rows for trace in traces]))).astype(np.int64)
    cluster = find_clusters(traces, np.concatenate([np.zeros(0, dtype=np.bool_), *kept]), recipe.duplicates.threshold)
    copied = _copied(traces, at, cluster)
    if recipe.duplicates.drop:
        leaving = np.zeros(at[-1], dtype=np.bool_)
        leaving[copied["row"].to_numpy()[copied["duplicate_of"].is_valid().to_numpy()]] = True
        kept = [rows & ~leaving[a:b] for rows, a, b in zip(kept, at[:-1].tolist(), at[1:].tolist(), strict=True)]
        cluster = np.arange(at[-1])  # those that stay have no copies beside them
    joined = _joined_keys(traces, cluster, recipe.split)
    repeated = count_pages(traces, kept)
    for trace, first in zip(traces, at.tolist(), strict=False):
        yield _settled(trace, first, copied, joined, repeated)


def _copied(traces: Sequence[pa.Table], at: Ints, cluster: Ints) -> pa.Table:
    """The records that are not alone in their cluster, by row: what each says of it."""
    size = np.bincount(cluster, minlength=len(cluster))[cluster] if len(cluster) else cluster
    rows = np.flatnonzero(size > 1)
    members = _take(traces, at, rows, ["id", "place", "text"])
    members = members.append_column("row", pa.array(rows)).append_column("cluster", pa.array(cluster[rows]))
    members = members.sort_by([("cluster", "ascending"), ("place", "ascending")])
    of_cluster = members["cluster"].to_numpy()
    is_first = np.diff(of_cluster, prepend=-1) != 0
    first = np.maximum.accumulate(np.where(is_first, np.arange(len(of_cluster)), 0))
    originals = members.take(pa.array(first))
    said = pa.table(
        {
            "row": members["row"],
            "duplicate_of": _null_where(is_first, originals["id"]),
            "cluster_size": pa.array(size[members["row"].to_numpy()], pa.int32()),
            "original": _null_where(is_first, originals["place"]),
            "same_text": _null_where(is_first, pc.equal(originals["text"], members["text"])),
        }
    )
    return said.sort_by("row")


def _null_where(mask: Mask, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pa.array(mask), pa.scalar(None, values.type), values)


def _take(traces: Sequence[pa.Table], at: Ints, rows: Ints, columns: list[str]) -> pa.Table:
    """Some rows, ascending and counted through all tables."""
    parts = [pa.schema([TRACE.field(name) for name in columns]).empty_table()]
    bounds = np.searchsorted(rows, at).tolist()
    for number, trace in enumerate(traces):
        here = rows[bounds[number] : bounds[number + 1]] - at[number]
        parts.append(trace.select(columns).take(pa.array(here)))
    return pa.concat_tables(parts)


# -- splits --


def _joined_keys(traces: Sequence[pa.Table], cluster: Ints, split: Split) -> pa.Table:
    """The records whose split hangs on other records' keys, by row: the first key, by name, of all that go together."""
    nothing = pa.table({"row": pa.array([], pa.int64()), "split_key": pa.array([], pa.string())})
    rows = np.flatnonzero(np.bincount(cluster, minlength=len(cluster))[cluster] > 1) if len(cluster) else cluster
    if len(split.shares) == 1 or not len(rows):
        return nothing
    keys = pa.chunked_array([chunk for trace in traces for chunk in own_keys(trace, split).chunks], pa.string())
    encoded = keys.combine_chunks().dictionary_encode()
    code = encoded.indices.to_numpy().astype(np.int64)
    group = join_pairs(np.arange(len(encoded.dictionary)), code[rows], code[cluster[rows]])
    rank = pc.rank(encoded.dictionary, sort_keys="ascending", tiebreaker="first").to_numpy().astype(np.int64)
    best = np.full(len(group), len(group) + 1)
    np.minimum.at(best, group, rank)
    named = pc.sort_indices(encoded.dictionary).to_numpy()[best[group] - 1]  # rank counts from 1
    moved = np.flatnonzero(named[code] != code)
    return pa.table({"row": pa.array(moved), "split_key": encoded.dictionary.take(pa.array(named[code[moved]]))})


# -- one shard --


def _settled(trace: pa.Table, first: int, copied: pa.Table, joined: pa.Table, repeated: Repeated) -> pa.Table:
    n = trace.num_rows
    said = _spread(copied, first, n)
    lines = trace["lines"].combine_chunks()
    length = pc.fill_null(pc.list_value_length(lines), 0).to_numpy()
    pages = repeated.pages_of(lines.flatten().to_numpy())
    offsets = np.concatenate(([0], np.cumsum(length))).astype(np.int32)
    columns = {
        "duplicate_of": said["duplicate_of"],
        "cluster_size": pc.fill_null(said["cluster_size"], 1),
        "original": said["original"],
        "same_text": said["same_text"],
        "split_key": _spread(joined, first, n)["split_key"],
        "site_pages": pa.ListArray.from_arrays(offsets, pa.array(pages), mask=lines.is_null()),
    }
    return pa.table([columns[name] for name in SETTLED.names], schema=SETTLED)


def _spread(table: pa.Table, first: int, n: int) -> pa.Table:
    """The rows of one shard: those of the table where it has one, else null."""
    rows = table["row"].to_numpy()
    low, high = np.searchsorted(rows, [first, first + n]).tolist()
    places = np.full(n, -1, dtype=np.int64)
    places[rows[low:high] - first] = np.arange(low, high)
    return table.take(pa.array(places, mask=places < 0))


def is_default(settled: pa.Table) -> bool:
    """Whether a table of `SETTLED` says only what the records of the shard say already."""
    alone = settled["duplicate_of"].null_count == settled["split_key"].null_count == settled.num_rows
    pages = settled["site_pages"].combine_chunks().flatten()
    return (
        alone
        and not pc.any(pc.greater(settled["cluster_size"], 1)).as_py()
        and not pc.any(pc.greater(pages, 1)).as_py()
    )


def as_said(settled: pa.Table, records: pa.Table) -> pa.Table:
    """A table of `SETTLED` in which the copies of each record are those that it says it has."""
    for name in ("duplicate_of", "cluster_size"):
        settled = settled.set_column(SETTLED.get_field_index(name), name, records[name])
    return settled


def with_settled(records: pa.Table, settled: pa.Table, recipe: Recipe) -> Applied:
    """Writes into records what the others have to do with them.

    Args:
        records: a table of `RECORDS`, as a shard makes it.
        settled: the same rows of a table of `SETTLED`.
        recipe: all options.
    """
    keys = pc.coalesce(settled["split_key"], own_keys(records, recipe.split))
    pages = pc.list_flatten(settled["site_pages"])
    made = {
        "duplicate_of": settled["duplicate_of"],
        "cluster_size": settled["cluster_size"],
        "lines": _with_pages(records["lines"].combine_chunks(), records["site"], pages),
    }
    records = pa.table([made.get(name, records[name]) for name in RECORDS.names], schema=RECORDS)
    if not recipe.duplicates.drop:
        return Applied(records, keys, REJECTS.empty_table())
    copy = records["duplicate_of"].is_valid()
    stays = pc.invert(copy)
    return Applied(records.filter(stays), keys.filter(stays), _reject(records.filter(copy), settled.filter(copy)))


def _with_pages(lists: pa.ListArray, site: pa.ChunkedArray, pages: pa.ChunkedArray) -> pa.ListArray:
    length = pc.list_value_length(lists).to_numpy()
    known = np.repeat(site.is_valid().to_numpy(), length)
    values = np.zeros(len(known), dtype=np.int32)
    values[known] = pages.to_numpy()
    elements = lists.flatten()
    columns = [
        pa.array(values, mask=~known) if field.name == "site_pages" else pc.struct_field(elements, field.name)
        for field in LINE
    ]
    fields = [pa.field(field.name, field.type) for field in LINE]
    offsets = np.concatenate(([0], np.cumsum(length))).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(columns, fields=fields))


def _reject(copies: pa.Table, settled: pa.Table) -> pa.Table:
    said = zip(
        *(settled[name].to_pylist() for name in ("original", "same_text")), copies["source"].to_pylist(), strict=True
    )
    rows = [
        {
            **reject_source(source),
            "stage": "settle",
            "reason": "same_text" if same else "near_duplicate",
            "detail": f"{'the same text as' if same else 'nearly the same text as'} {place_name(original)}",
            "excerpt": None,
        }
        for original, same, source in said
    ]
    return pa.Table.from_pylist(rows, schema=REJECTS)
