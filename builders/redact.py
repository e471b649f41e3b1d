"""Step 6, redact: personal data gives way to marks, in the text of pages and in what was read out of it.

The marks are those of Dolma (Soldaini et al. 2024): `|||EMAIL_ADDRESS|||` and the like.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.schema.labels import TEXT_LABELS
from dehusk.schema.record import REDACTED
from dehusk.schema.view import CodePoints, codepoints, strings_of, text_view, view_places

from .personal import PARTS, Ints, find_spans

MARKS: Final = {kind: f"|||{kind.upper()}|||" for kind in PARTS}
"""What takes the place of each kind of personal data."""

_FIELDS: Final = ("title", "summary", "section", "publisher")
_POINTS: Final = [np.array([*map(ord, mark)], np.uint32) for mark in MARKS.values()]


def redact_pages(pages: pa.Table, lines: pa.Table, kinds: Collection[str]) -> tuple[pa.Table, pa.Table]:
    """Puts marks in the place of personal data: in `raw`, in fields, evidence and extra columns.

    Addresses and paths (`url`, `source`) stay as they are: they are the way back.

    Args:
        pages: n pages, described.
        lines: their lines, labelled, sorted by page and start.
        kinds: what to replace, names of `PARTS`.

    Returns:
        The pages, with the kinds that were found and `redacted` among their flags, and the lines where they are then.
        No pattern of these kinds holds in `raw`, nor in the clean text that is made of it.
    """
    if not kinds or not pages.num_rows:
        return pages, lines
    for look in (_in_raw, _in_text):  # the text has less white space, and may join what stood apart
        while len((pieces := look(pages, lines, kinds)).start):
            pages, lines = _with_marks(pages, lines, pieces)
    return _with_fields(pages, kinds), lines


def redact_strings(strings: pa.Array | pa.ChunkedArray, kinds: Collection[str]) -> pa.Array:
    """Strings with marks in the place of personal data of these kinds; null stays null."""
    whole = strings.combine_chunks() if isinstance(strings, pa.ChunkedArray) else strings
    spans = find_spans(whole, kinds)
    if not len(spans.row):
        return whole
    points, at = codepoints(whole)
    made = _Marked(points, _Pieces(at[spans.row] + spans.start, at[spans.row] + spans.end, spans.kind))
    return pc.if_else(whole.is_null(), pa.scalar(None, pa.string()), strings_of(made.points, made.moved(at)))


def count_marks(records: pa.Table) -> dict[str, int]:
    """How many marks of each kind stand in `raw` of records whose flags say that they were redacted."""
    flags = records["flags"].combine_chunks()
    row = pc.list_parent_indices(flags).filter(pc.equal(flags.flatten(), REDACTED))
    raw = records["raw"].take(row)
    counts = {kind: pc.sum(pc.count_substring(raw, mark)).as_py() or 0 for kind, mark in MARKS.items()}
    return {kind: count for kind, count in counts.items() if count}


# -- where marks go ----------------------------------------------------------------------------------------------------


class _Pieces(NamedTuple):
    """What to replace: int64[n] each, from, up to, and the kind (its place in `PARTS`), in order, none over another."""

    start: Ints
    end: Ints
    kind: Ints


class _Marked:
    """Text with marks in the place of some pieces, and where its characters are then.

    Attributes:
        points: the new text, uint32[n].
    """

    def __init__(self, points: CodePoints, pieces: _Pieces) -> None:
        parts: list[CodePoints] = []
        done = 0
        for start, end, kind in zip(*(column.tolist() for column in pieces), strict=True):
            parts += [points[done:start], _POINTS[kind]]
            done = end
        self.points = np.concatenate([*parts, points[done:]])
        self._pieces = pieces
        grown = np.array([len(mark) for mark in _POINTS])[pieces.kind] - (pieces.end - pieces.start)
        self._grown = np.append(0, np.cumsum(grown))

    def moved(self, places: Ints, *, ends: bool = False) -> Ints:
        """Where places of the old text are; of one within a piece, where its mark begins, or ends."""
        start, end, _ = self._pieces
        before = np.searchsorted(end, places, side="right")
        at = np.minimum(before, len(start) - 1)
        within = (before < len(start)) & (start[at] < places)
        edge = (end[at] + self._grown[at + 1]) if ends else (start[at] + self._grown[at])
        return np.where(within, edge, places + self._grown[before])


def _in_raw(pages: pa.Table, lines: pa.Table, kinds: Collection[str]) -> _Pieces:
    points, at = codepoints(pages["raw"])
    return _pieces(pages["raw"].combine_chunks(), (np.arange(len(points)), at), _line_spans(lines, at), kinds)


def _in_text(pages: pa.Table, lines: pa.Table, kinds: Collection[str]) -> _Pieces:
    points, at = codepoints(pages["raw"])
    start, end = _line_spans(lines, at)
    kept = pc.is_in(lines["label"], pa.array(TEXT_LABELS)).to_numpy()
    view = (points, start[kept], end[kept], lines["page"].to_numpy()[kept], pages.num_rows)
    return _pieces(text_view(*view), view_places(*view), (start, end), kinds)


def _line_spans(lines: pa.Table, at: Ints) -> tuple[Ints, Ints]:
    base = at[lines["page"].to_numpy()]
    return lines["start"].to_numpy() + base, lines["end"].to_numpy() + base


def _pieces(
    strings: pa.StringArray, places: tuple[Ints, Ints], line_spans: tuple[Ints, Ints], kinds: Collection[str]
) -> _Pieces:
    """Personal data in strings as pieces of the pages' raw text, each inside one line.

    Args:
        strings: a string a page.
        places: where their characters stand in the raw text of all pages, and where each string begins among those.
        line_spans: where the lines begin and end in the raw text of all pages.
        kinds: what to look for.
    """
    spans = find_spans(strings, kinds)
    size = spans.end - spans.start
    hit = np.repeat(np.arange(len(size)), size)
    step = np.arange(len(hit)) - np.repeat(np.cumsum(size) - size, size)
    place = places[0][places[1][spans.row[hit]] + spans.start[hit] + step]
    line = np.searchsorted(line_spans[1], place, side="right")
    inside = line_spans[0][np.minimum(line, len(line_spans[0]) - 1)] <= place
    hit, place, line = hit[inside], place[inside], line[inside]
    new = np.ones(len(hit), np.bool_)
    new[1:] = (hit[1:] != hit[:-1]) | (line[1:] != line[:-1])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(hit))[: len(first)] - 1
    return _Pieces(place[first], place[last] + 1, spans.kind[hit[first]])


# -- the tables --------------------------------------------------------------------------------------------------------


def _with_marks(pages: pa.Table, lines: pa.Table, pieces: _Pieces) -> tuple[pa.Table, pa.Table]:
    points, at = codepoints(pages["raw"])
    made = _Marked(points, pieces)
    new_at = made.moved(at)

    def shifted(name: str, places: pa.Array, page: Ints) -> pa.Array:
        known = places.fill_null(0).to_numpy() + at[page]
        moved = made.moved(known, ends=name == "end") - new_at[page]
        return pa.array(moved.astype(np.int32), mask=places.is_null().to_numpy(zero_copy_only=False))

    page = lines["page"].to_numpy()
    for name in ("start", "end"):
        lines = _set(lines, name, shifted(name, lines[name].combine_chunks(), page))
    pages = _set(pages, "raw", strings_of(made.points, new_at))
    pages = _set(pages, "evidence", _of_evidence(pages["evidence"], ("start", "end"), shifted))
    found = np.searchsorted(at, pieces.start, side="right") - 1
    return _set(pages, "flags", _more_flags(pages["flags"].to_pylist(), found, pieces.kind)), lines


def _set(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)


def _of_evidence(
    evidence: pa.ChunkedArray, names: Collection[str], change: Callable[[str, pa.Array, Ints], pa.Array]
) -> pa.Array:
    """Evidence with some of its fields changed; `change` gets the name, the values and the page of each."""
    lists = evidence.combine_chunks()
    page = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    inner = lists.flatten()
    fields = [*inner.type]
    arrays = [
        change(field.name, values, page) if field.name in names else values
        for field, values in zip(fields, inner.flatten(), strict=True)
    ]
    at = np.append(0, np.cumsum(pc.list_value_length(lists).to_numpy())).astype(np.int32)
    return pa.ListArray.from_arrays(at, pa.StructArray.from_arrays(arrays, fields=fields)).cast(lists.type)


def _more_flags(flags: list[list[str]], page: Ints, kind: Ints) -> pa.Array:
    names = [*PARTS]
    for row, number in zip(page.tolist(), kind.tolist(), strict=True):
        flags[row] = [*dict.fromkeys([*flags[row], names[number], REDACTED])]
    return pa.array(flags, pa.list_(pa.string()))


def _with_fields(pages: pa.Table, kinds: Collection[str]) -> pa.Table:
    """The same in what was read out, and in what came along."""
    for name in _FIELDS:
        pages = _set(pages, name, redact_strings(pages[name], kinds))
    authors = pages["authors"].combine_chunks()
    at = np.append(0, np.cumsum(pc.list_value_length(authors).to_numpy())).astype(np.int32)
    pages = _set(pages, "authors", pa.ListArray.from_arrays(at, redact_strings(authors.flatten(), kinds)))
    evidence = _of_evidence(pages["evidence"], ("value",), lambda _, values, __: redact_strings(values, kinds))
    return _set(_set(pages, "evidence", evidence), "extra", _redacted_extra(pages["extra"], kinds))


def _redacted_extra(extra: pa.ChunkedArray, kinds: Collection[str]) -> pa.Array:
    """JSON objects with marks in the strings that they hold: in the objects themselves an escape could touch a hit."""
    if extra.null_count == len(extra):
        return extra.combine_chunks()
    return pa.array([None if one is None else _redacted_json(one, kinds) for one in extra.to_pylist()], pa.string())


def _redacted_json(text: str, kinds: Collection[str]) -> str:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):  # no object of ours: checking says so
        return text
    strings = [*_strings_in(value)]
    changed = redact_strings(pa.array(strings, pa.string()), kinds).to_pylist()
    return text if changed == strings else msgspec.json.encode(_filled(value, iter(changed))).decode()


def _strings_in(value: Any) -> Iterator[str]:
    """All strings of a value of JSON but the keys, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings_in(one)


def _filled(value: Any, strings: Iterator[str]) -> Any:
    """The value with these strings in the place of its own."""
    if isinstance(value, str):
        return next(strings)
    if isinstance(value, dict):
        return {key: _filled(one, strings) for key, one in value.items()}
    return [_filled(one, strings) for one in value] if isinstance(value, list) else value
