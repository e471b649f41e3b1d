"""Diff: which records of two versions of a dataset are the same page, and what is said of them differently.

A record of the old version and one of the new are the same page when they have

1. the same `id`, that is the same bytes, wherever they lie; else
2. the same place: the same `source.path`, `source.member` and `source.byte_start`, and in a box the same
   `source.record`, or where it has none the same `source.offset`; else
3. the same `url`.

Each rule looks only at records that the rules before it left alone, and only at keys that stand once in either version.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .difference import Difference, Example, FieldChange, Lines, SplitMove, Value
from .relabel import compare_lines
from .takedown import TAKEDOWN_NAME, read_takedown
from .versions import Ints, Snapshot, read_snapshot
from .withdraw import is_listed

Mask = npt.NDArray[np.bool_]

EXAMPLES: Final = 5
"""Records of each kind that are shown."""

_SHOWN: Final = (
    *("title", "summary", "section", "publisher", "site", "url", "language"),
    *("published", "published_precision", "modified"),
)
"""Fields whose values an example shows; the others are long, or say nothing to a person."""

_OF_OTHERS: Final = frozenset({"duplicate_of", "cluster_size", "lines.site_pages"})
"""Fields that change when other records come or go: by them alone no record has changed."""


_PLACE: Final = ("source.path", "source.member", "source.record", "source.offset", "source.byte_start")
"""What says where a page lies; versions before boxes were read have the first and the last."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which record of the old version is which of the new.

    Attributes:
        old: rows of the old version, `int64[n]`.
        new: rows of the new one, ascending, `int64[n]`.
    """

    old: Ints
    new: Ints


def diff_datasets(old: Path, new: Path, *, examples: int = EXAMPLES) -> Difference:
    """Compares two versions of a dataset.

    Each is read once, a row group at a time, and the lines of what changed once more. Kept in memory are about 300
    bytes a record beside its path and address.

    Args:
        old: the older dataset folder.
        new: the newer one.
        examples: how many records of each kind to show.

    Returns:
        What they differ in. Of records that the list of the newer one names, it says nothing but their number.

    Raises:
        UsageError: one of them is not a dataset, or cannot be read.
        RecipeError: the takedown list of the newer one cannot be read.
    """
    one, two = read_snapshot(old), read_snapshot(new)
    pairs = pair_records(one, two)
    common = [name for name in two.digests if name in one.digests]
    differs = {name: one.digests[name][pairs.old] != two.digests[name][pairs.new] for name in common}
    changed = _any([mask for name, mask in differs.items() if name not in _OF_OTHERS], len(pairs.new))
    gone, came = _others(pairs.old, one), _others(pairs.new, two)
    listed = is_listed(one.keys.take(pa.array(gone)), read_takedown(new / TAKEDOWN_NAME))
    n_changed = int(changed.sum())
    return Difference(
        old=one.version,
        new=two.version,
        added=len(came),
        removed=len(gone),
        taken_down=int(listed.sum()),
        changed=n_changed,
        moved=int(_any([differs[name] for name in _PLACE if name in differs], len(pairs.new)).sum()),
        unchanged=len(pairs.new) - n_changed,
        fields=_field_changes(differs),
        new_fields=tuple(name for name in two.digests if name not in one.digests),
        gone_fields=tuple(name for name in one.digests if name not in two.digests),
        lines=_lines(one, two, pairs, differs, examples),
        splits=_split_moves(one, two, pairs),
        examples_added=_examples(two, came, examples),
        examples_removed=_examples(one, gone[~listed], examples),
        examples_changed=_changed_examples(one, two, Pairs(pairs.old[changed], pairs.new[changed]), examples),
    )


# -- pairs --


def pair_records(one: Snapshot, two: Snapshot) -> Pairs:
    """Finds which record of the old version is which of the new, by the rules above."""
    old, new = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for key_of in (_ids, _places, _urls):
        free_old, free_new = _others(old, one), _others(new, two)
        at_old, at_new = _pair_up(key_of(one).take(pa.array(free_old)), key_of(two).take(pa.array(free_new)))
        old, new = np.concatenate([old, free_old[at_old]]), np.concatenate([new, free_new[at_new]])
    order = np.argsort(new)
    return Pairs(old[order], new[order])


def _ids(snapshot: Snapshot) -> pa.Array:
    return snapshot.keys["id"].combine_chunks()


def _places(snapshot: Snapshot) -> pa.Array:
    source = snapshot.keys["source"].combine_chunks()
    absent = pa.nulls(len(source), pa.string())
    known = {f"source.{field.name}": field.name for field in source.type}
    path, member, record, offset, start = (
        pc.struct_field(source, known[name]).cast(pa.string()) if name in known else absent for name in _PLACE
    )
    parts = (path, member, pc.coalesce(record, offset), start)
    return pc.binary_join_element_wise(*parts, "\n", null_handling="replace", null_replacement="")


def _urls(snapshot: Snapshot) -> pa.Array:
    return snapshot.keys["url"].combine_chunks()


def _others(rows: Ints, snapshot: Snapshot) -> Ints:
    """The rows that are not among these, ascending."""
    free = np.ones(snapshot.version.records, dtype=np.bool_)
    free[rows] = False
    return np.flatnonzero(free)


def _pair_up(old: pa.Array, new: pa.Array) -> tuple[Ints, Ints]:
    """Places of the keys that stand once in either array and are the same."""
    single_old, single_new = np.flatnonzero(_single(old)), np.flatnonzero(_single(new))
    found = pc.index_in(new.take(pa.array(single_new)), value_set=old.take(pa.array(single_old)))
    hit = found.is_valid().to_numpy(zero_copy_only=False)
    return single_old[found.drop_null().to_numpy()], single_new[hit]


def _single(keys: pa.Array) -> Mask:
    """Whether each key is known and stands there once."""
    codes = pc.fill_null(keys.dictionary_encode().indices, -1).to_numpy(zero_copy_only=False)
    times = np.bincount(codes + 1)
    return (codes >= 0) & (times[codes + 1] == 1)


# -- what differs --


def _any(masks: Sequence[Mask], n: int) -> Mask:
    joined = np.zeros(n, dtype=np.bool_)
    for mask in masks:
        joined |= mask
    return joined


def _field_changes(differs: dict[str, Mask]) -> tuple[FieldChange, ...]:
    changes = [FieldChange(name, int(mask.sum())) for name, mask in differs.items() if mask.any()]
    return tuple(sorted(changes, key=lambda change: -change.records))


def _lines(one: Snapshot, two: Snapshot, pairs: Pairs, differs: dict[str, Mask], examples: int) -> Lines:
    needed = ("raw", "lines.start", "lines.end", "lines.label")
    if not differs.keys() >= set(needed):  # one of them was made before records had lines
        return Lines()
    touched = _any([differs[name] for name in needed], len(pairs.new))
    return compare_lines((one, two), pairs.old[touched], pairs.new[touched], examples)


def _split_moves(one: Snapshot, two: Snapshot, pairs: Pairs) -> tuple[SplitMove, ...]:
    before, after = one.split[pairs.old], two.split[pairs.new]
    moved = before != after
    moves, counts = np.unique(np.stack([before[moved], after[moved]]), axis=1, return_counts=True)
    return tuple(SplitMove(str(a), str(b), int(n)) for a, b, n in zip(*moves, counts, strict=True))


# -- examples --


def _first_by_path(snapshot: Snapshot, rows: Ints, count: int) -> Ints:
    """Places in `rows` of the first few records, by path and place in the file."""
    source = snapshot.keys["source"].combine_chunks().take(pa.array(rows))
    where = pa.table({name: pc.struct_field(source, name) for name in ("path", "byte_start")})
    order = pc.sort_indices(where, sort_keys=[("path", "ascending"), ("byte_start", "ascending")])
    return order.to_numpy()[:count].astype(np.int64)


def _examples(snapshot: Snapshot, rows: Ints, count: int) -> tuple[Example, ...]:
    shown = rows[_first_by_path(snapshot, rows, count)]
    records = snapshot.records(shown, ["id", "source", "title"])
    return tuple(_example(records[row]) for row in shown.tolist())


def _example(record: dict[str, Any], values: tuple[Value, ...] = ()) -> Example:
    return Example(record["id"], record["source"]["path"], record.get("title") or "", values)


def _changed_examples(one: Snapshot, two: Snapshot, changed: Pairs, count: int) -> tuple[Example, ...]:
    first = _first_by_path(two, changed.new, count)
    common = [name for name in _SHOWN if name in one.digests and name in two.digests]
    columns = ["id", "source", *common]
    before, after = one.records(changed.old[first], columns), two.records(changed.new[first], columns)
    examples = []
    for old, new in zip(changed.old[first].tolist(), changed.new[first].tolist(), strict=True):
        fields = [
            name
            for name in two.digests
            if name in one.digests.keys() - _OF_OTHERS and one.digests[name][old] != two.digests[name][new]
        ]
        examples.append(_example(after[new], tuple(_value(name, before[old], after[new]) for name in fields)))
    return tuple(examples)


def _value(field: str, before: dict[str, Any], after: dict[str, Any]) -> Value:
    if field not in _SHOWN:
        return Value(field)
    old, new = before[field], after[field]
    return Value(field, None if old is None else str(old), None if new is None else str(new))
