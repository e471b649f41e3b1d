"""Relabel: which lines of the pages that two versions share have another label, which came and which went.

A line is the same line when it is the nth with its text on its page. Texts are compared by their hash (`hash_spans`):
of two lines that were written to have the same one, all that comes is a wrong count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.joining.spans import hash_spans
from dehusk.schema.labels import LABELS
from dehusk.schema.view import codepoints

from .difference import LabelChange, Lines
from .versions import Ints, Snapshot

AT_ONCE: Final = 50_000
"""Pages whose lines are compared at once: about 200 MB of numbers at a hundred lines a page."""

_OTHER: Final = len(LABELS)  # a label that this version does not know


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines of many pages, one a place in each array, sorted by page, key and turn.

    Attributes:
        page: which page, counted through both versions.
        key: hash of the text.
        turn: how often the page had the text before.
        line: which line of the page.
        label: its label, as a place in `LABELS`.
    """

    page: Ints
    key: npt.NDArray[np.uint64]
    turn: Ints
    line: Ints
    label: Ints


@dataclass(frozen=True, slots=True)
class _Place:
    page: int
    line: int


def compare_lines(versions: tuple[Snapshot, Snapshot], old: Ints, new: Ints, examples: int) -> Lines:
    """Compares the lines of pages.

    Args:
        versions: the old and the new version.
        old: rows of the pages in the old one, `int64[n]`.
        new: rows of the same pages in the new one, `int64[n]`.
        examples: for how many kinds of change to show a line.
    """
    counts = np.zeros((_OTHER + 1) ** 2, dtype=np.int64)
    first: dict[int, _Place] = {}
    came = went = 0
    for at in range(0, len(new), AT_ONCE):
        before = _lines_of(versions[0], old[at : at + AT_ONCE])
        after = _lines_of(versions[1], new[at : at + AT_ONCE])
        in_old, in_new = _same_lines(before, after)
        went, came = went + len(before.page) - len(in_old), came + len(after.page) - len(in_new)
        kind = before.label[in_old] * (_OTHER + 1) + after.label[in_new]
        moved = before.label[in_old] != after.label[in_new]
        counts += np.bincount(kind[moved], minlength=len(counts))
        page, line = after.page[in_new][moved] + at, after.line[in_new][moved]
        order = np.lexsort((line, page))
        for code, place in zip(*np.unique(kind[moved][order], return_index=True), strict=True):
            first.setdefault(int(code), _Place(int(page[order][place]), int(line[order][place])))
    codes = sorted(np.flatnonzero(counts).tolist(), key=lambda code: -counts[code])
    changes = [LabelChange(*_names(code), int(counts[code])) for code in codes]
    shown = _shown_lines(versions[1], new, [first[code] for code in codes[:examples]])
    changes[:examples] = [
        replace(change, path=path, text=text) for change, (path, text) in zip(changes, shown, strict=False)
    ]
    return Lines(int(counts.sum()), came, went, tuple(changes))


def _names(code: int) -> tuple[str, str]:
    names = (*LABELS, "other")
    return names[code // len(names)], names[code % len(names)]


def _shown_lines(version: Snapshot, rows: Ints, places: Sequence[_Place]) -> list[tuple[str, str]]:
    pages = np.array([place.page for place in places], dtype=np.int64)
    records = version.records(np.unique(rows[pages]), ["raw", "lines", "source"])
    shown = []
    for place in places:
        record = records[int(rows[place.page])]
        line = record["lines"][place.line]
        shown.append((record["source"]["path"], record["raw"][line["start"] : line["end"]]))
    return shown


# -- which line is which --


def _lines_of(version: Snapshot, rows: Ints) -> _Lines:
    """The lines of some records; their page is the place of the record in `rows`."""
    page_of = np.argsort(rows)
    ascending = rows[page_of]
    parts = [
        (page_of[np.searchsorted(ascending, part)][row], key, line, label)
        for part, table in version.read(rows, ["raw", "lines"])
        for row, key, line, label in [_read_lines(table)]
    ]
    page, key, line, label = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((line, key, page))
    page, key = page[order], key[order]
    again = np.zeros(len(page), dtype=np.bool_)
    again[1:] = (page[1:] == page[:-1]) & (key[1:] == key[:-1])
    place = np.arange(len(page))
    turn = place - np.maximum.accumulate(np.where(again, 0, place))
    return _Lines(page, key, turn, line[order], label[order])


def _same_lines(before: _Lines, after: _Lines) -> tuple[Ints, Ints]:
    """Places of the lines that both have."""
    page, key, turn = (
        np.concatenate([getattr(before, name), getattr(after, name)]) for name in ("page", "key", "turn")
    )
    n = len(before.page)
    order = np.lexsort((turn, key, page))  # stable: of two that are the same, the older comes first
    page, key, turn = page[order], key[order], turn[order]
    same = np.flatnonzero((page[1:] == page[:-1]) & (key[1:] == key[:-1]) & (turn[1:] == turn[:-1]))
    return order[same], order[same + 1] - n


def _read_lines(table: pa.Table) -> tuple[Ints, npt.NDArray[np.uint64], Ints, Ints]:
    """Row, key, number in its record and label of every line of some records."""
    lists = table["lines"].combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype(np.int64)
    row = np.repeat(np.arange(len(lengths)), lengths)
    line = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    elements = lists.flatten()
    points, at = codepoints(table["raw"])
    start, end = (
        np.minimum(at[row] + pc.fill_null(pc.struct_field(elements, name), 0).to_numpy(), at[row + 1])
        for name in ("start", "end")
    )
    found = pc.index_in(pc.struct_field(elements, "label"), value_set=pa.array(LABELS))
    label = pc.fill_null(found, _OTHER).to_numpy(zero_copy_only=False).astype(np.int64)
    return row, hash_spans(points, np.maximum(start, 0), np.maximum(end, 0)), line, label
