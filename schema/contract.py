"""What must hold of records, as rules over whole tables.

Every rule is vectorised: it answers for all rows (or all lines, or all evidence) of a table at once. `check_records`
gives what breaks them as findings; `pandera_contract.py` is the same as a pandera schema, for whoever works with one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .findings import Finding, shorten
from .labels import BOILERPLATE, LABELS, TEXT_LABELS
from .languages import LANGUAGES
from .record import (
    EVIDENCE,
    FLAGS,
    LINE,
    PRECISIONS,
    RECORD,
    RECORDS,
    RESERVATIONS,
    TEXT,
    VERDICTS,
    VERY_SHORT,
    Field,
)
from .view import WHITE_SPACE, codepoints, count_visible, text_view, white_places

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

EARLIEST: Final = datetime(1990, 1, 1)  # noqa: DTZ001 - dates are as the page states them, without a zone
"""No page of the web is older."""

CONTROL: Final = r"[\x00-\x1f\x7f-\x{9f}]"
_ID: Final = "^[0-9a-f]{24}$"
CONTROL_BUT_LINE_FEED: Final = r"[\x00-\x09\x0b-\x1f\x7f-\x{9f}]"


class Nested:
    """The elements of a `list<struct>` column, all rows end to end.

    Attributes:
        row: row of each element, `int64[n]`.
        at: index of the first element of each row, `int64[n_rows + 1]`.
        broken: rows with a null where none may be, `bool[n_rows]`; null values read as 0, False or an empty string.
    """

    def __init__(self, column: pa.ChunkedArray, inner: tuple[Field, ...]) -> None:
        self._required = [field.name for field in inner if not field.nullable]
        lists = column.combine_chunks()
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        self.at: Ints = np.concatenate(([0], np.cumsum(lengths)))
        self.row: Ints = np.repeat(np.arange(len(lengths)), lengths)
        self.elements: pa.StructArray = lists.flatten()
        self.broken: Mask = self.any_by_row(self._has_null())

    def _has_null(self) -> Mask:
        has_null = self.elements.is_null().to_numpy(zero_copy_only=False)
        for name in self._required:
            child = pc.struct_field(self.elements, name)
            if child.null_count:
                has_null = has_null | child.is_null().to_numpy(zero_copy_only=False)
        return np.asarray(has_null, dtype=np.bool_)

    def column(self, name: str) -> pa.Array:
        """One field of all elements."""
        values = self.elements.flatten()[self.elements.type.get_field_index(name)]
        empty: Any = {pa.string(): "", pa.bool_(): False}.get(values.type, 0)
        return pc.fill_null(values, pa.scalar(empty, values.type)) if values.null_count else values

    def absent(self, name: str) -> Mask:
        """Where a field is null, `bool[n]`."""
        return _null(self.elements.flatten()[self.elements.type.get_field_index(name)])

    def numbers(self, name: str) -> Ints:
        """One integer field of all elements, `int64[n]`."""
        return self.column(name).to_numpy(zero_copy_only=False).astype(np.int64)

    def any_by_row(self, mask: Mask) -> Mask:
        """Rows with at least one element for which the mask is set."""
        return np.bincount(self.row[mask], minlength=len(self.at) - 1) > 0

    def count_by_row(self, mask: Mask) -> Ints:
        """How many elements of each row have the mask set."""
        return np.bincount(self.row[mask], minlength=len(self.at) - 1)


class Reading:
    """What the rules need to know of a table of records, each thing worked out once."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.n = table.num_rows

    @cached_property
    def lines(self) -> Nested:
        """All lines."""
        return Nested(self.table["lines"], LINE)

    @cached_property
    def evidence(self) -> Nested:
        """All pieces of evidence."""
        return Nested(self.table["evidence"], EVIDENCE)

    @cached_property
    def raw(self) -> tuple[npt.NDArray[np.uint32], Ints]:
        """All pages as code points, and where each begins (`codepoints`)."""
        return codepoints(self.table["raw"])

    @cached_property
    def white(self) -> Ints:
        """Where white space stands in all pages (`white_places`)."""
        return white_places(self.raw[0])

    @cached_property
    def line_span(self) -> tuple[Ints, Ints]:
        """Each line's start and end in the code points of all pages; a span outside its page is cut to it."""
        _, offsets = self.raw
        base, size = offsets[:-1][self.lines.row], np.diff(offsets)[self.lines.row]
        start = base + np.clip(self.lines.numbers("start"), 0, size)
        end = base + np.clip(self.lines.numbers("end"), 0, size)
        return start, np.maximum(start, end)

    @cached_property
    def sound_spans(self) -> Mask:
        """Whether each line lies in its page, is not empty and begins after the line before it, `bool[n_lines]`."""
        start, end, row = self.lines.numbers("start"), self.lines.numbers("end"), self.lines.row
        sound = (start >= 0) & (start < end) & (end <= np.diff(self.raw[1])[row])
        sound[1:] &= (start[1:] >= end[:-1]) | (row[1:] != row[:-1])
        return sound

    def label_in(self, labels: Iterable[str]) -> Mask:
        """Whether each line's label is one of these."""
        return _is_in(self.lines.column("label"), labels)

    @cached_property
    def visible_of_line(self) -> Ints:
        """Visible characters of each line, `int64[n_lines]`."""
        start, end = self.line_span
        return count_visible(self.white, start, end)

    @cached_property
    def visible_of_page(self) -> Ints:
        """Visible characters of each page, `int64[n_rows]`."""
        return count_visible(self.white, self.raw[1][:-1], self.raw[1][1:])

    def column(self, name: str) -> pa.Array:
        """A column in one chunk."""
        return self.table[name].combine_chunks()

    def numbers(self, name: str) -> Ints:
        """An integer column with null as -1."""
        return pc.fill_null(self.column(name), -1).to_numpy(zero_copy_only=False).astype(np.int64)

    def source(self, name: str) -> pa.Array:
        """A field of `source`, null as an empty string or -1."""
        values = pc.struct_field(self.column("source"), name)
        return pc.fill_null(values, "" if pa.types.is_string(values.type) else -1)


Over = Literal["rows", "lines", "evidence"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must hold of every record.

    Attributes:
        name: what the findings call it.
        field: the field it is about, in dots for a nested one.
        remedy: what to do when it does not hold.
        holds: answers for every row, or every element of `over`, whether it holds.
        over: what `holds` answers for.
    """

    name: str
    field: str
    remedy: str
    holds: Callable[[Reading], Mask]
    over: Over = "rows"

    @property
    def column(self) -> str:
        """The column of the table that the rule belongs to."""
        return self.field.partition(".")[0]

    def by_row(self, reading: Reading) -> Mask:
        """Whether it holds for each row."""
        held = self.holds(reading)
        if self.over == "rows":
            return held
        nested: Nested = getattr(reading, self.over)
        return ~nested.any_by_row(~held)


def _mask(array: pa.Array | pa.ChunkedArray) -> Mask:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _is_in(array: pa.Array, values: Iterable[str]) -> Mask:
    return _mask(pc.is_in(array, value_set=pa.array(sorted(values), pa.string())))


def _matches(array: pa.Array, pattern: str) -> Mask:
    return _mask(pc.match_substring_regex(array, pattern))


def _null(array: pa.Array) -> Mask:
    return _mask(pc.is_null(array))


# -- one function a rule --


def _not_null(name: str, reading: Reading) -> Mask:
    return ~_null(reading.column(name))


def _unique(reading: Reading) -> Mask:
    codes = reading.column("id").dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    _, first = np.unique(codes, return_index=True)
    held = np.zeros(reading.n, dtype=np.bool_)
    held[first] = True
    return held | (codes < 0)


def _one_line(name: str, reading: Reading) -> Mask:
    column = reading.column(name)
    return _null(column) | _line_of_text(column)


def _line_of_text(strings: pa.Array) -> Mask:
    """Not empty, no control characters, no white space at the rim."""
    return ~_matches(strings, CONTROL) & ~_matches(strings, r"^[\s\p{Z}]|[\s\p{Z}]$|^$")


def _authors(reading: Reading) -> Mask:
    lists = reading.column("authors")
    names = lists.flatten()
    row = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    return np.bincount(row[~_line_of_text(names)], minlength=reading.n) == 0


def _text_is_clean(reading: Reading) -> Mask:
    return ~_matches(reading.column("text"), CONTROL_BUT_LINE_FEED)


def _text_is_view(reading: Reading) -> Mask:
    in_text = reading.label_in(TEXT_LABELS) & reading.sound_spans
    start, end = reading.line_span
    view = text_view(reading.raw[0], start[in_text], end[in_text], reading.lines.row[in_text], reading.n)
    return _mask(pc.equal(reading.column("text"), view))


def _dated(name: str, reading: Reading) -> Mask:
    column = reading.column(name)
    return _null(column) | _mask(pc.greater_equal(column, pa.scalar(EARLIEST, pa.timestamp("us"))))


def _precision(reading: Reading) -> Mask:
    published, precision = reading.column("published"), reading.column("published_precision")
    known = ~_null(published)
    micros = pc.fill_null(published.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    unit = np.select(
        [_is_in(precision, ["day"]), _is_in(precision, ["minute"])], [86_400_000_000, 60_000_000], 1_000_000
    )
    return np.where(known, _is_in(precision, PRECISIONS) & (micros % unit == 0), _null(precision))


def _language(reading: Reading) -> Mask:
    column = reading.column("language")
    return _null(column) | _is_in(column, LANGUAGES)


def _language_score(reading: Reading) -> Mask:
    score = reading.column("language_score")
    known = _null(score) == _null(reading.column("language"))
    return known & (_null(score) | _mask(pc.and_(pc.greater_equal(score, 0), pc.less_equal(score, 1))))


def _expected_flags(reading: Reading) -> dict[str, Mask]:
    n_chars = reading.numbers("n_chars")
    kinds = {label: reading.lines.any_by_row(reading.label_in([label])) for label in BOILERPLATE}
    kinds["by_hand"] = reading.lines.any_by_row(_mask(reading.lines.column("by_hand")))
    return kinds | {"no_content": reading.numbers("n_content_lines") == 0, "very_short": n_chars < VERY_SHORT}


def _flags(reading: Reading) -> Mask:
    lists = reading.column("flags")
    flags = lists.flatten()
    row = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    place = pc.fill_null(pc.index_in(flags, value_set=pa.array(FLAGS)), -1).to_numpy(zero_copy_only=False)
    bad = place < 0
    bad[1:] |= (place[1:] <= place[:-1]) & (row[1:] == row[:-1])
    held = np.bincount(row[bad], minlength=reading.n) == 0
    for flag, expected in _expected_flags(reading).items():
        held &= (np.bincount(row[place == FLAGS.index(flag)], minlength=reading.n) > 0) == expected
    return held


def _duplicate_of(reading: Reading) -> Mask:
    """It names another record, and there are two of them at least."""
    column = reading.column("duplicate_of")
    names = _matches(column, _ID) & ~_mask(pc.equal(column, reading.column("id")))
    return _null(column) | (names & (reading.numbers("cluster_size") > 1))


def _site_pages(reading: Reading) -> Mask:
    """Known, and 1 at least, where the site is."""
    absent, known = reading.lines.absent("site_pages"), ~_null(reading.column("site"))[reading.lines.row]
    return np.where(known, ~absent & (reading.lines.numbers("site_pages") >= 1), absent)


def _reservations(reading: Reading) -> Mask:
    lists = reading.column("reservations")
    row = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    found = pc.index_in(lists.flatten(), value_set=pa.array(list(RESERVATIONS)))
    place = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
    bad = place < 0
    bad[1:] |= (place[1:] <= place[:-1]) & (row[1:] == row[:-1])
    return np.bincount(row[bad], minlength=reading.n) == 0


def _n_lines(reading: Reading) -> Mask:
    return reading.numbers("n_lines") == np.diff(reading.lines.at)


def _n_content_lines(reading: Reading) -> Mask:
    return reading.numbers("n_content_lines") == reading.lines.count_by_row(reading.label_in(TEXT_LABELS))


def _n_chars(reading: Reading) -> Mask:
    return reading.numbers("n_chars") == pc.fill_null(pc.utf8_length(reading.column("text")), -1).to_numpy(
        zero_copy_only=False
    )


def boilerplate_share(boilerplate: Ints, visible: Ints) -> npt.NDArray[np.float32]:
    """The share of boilerplate among visible characters, to three decimals, 0 where nothing is visible.

    Args:
        boilerplate: visible characters in boilerplate lines of each page, `int64[n]`.
        visible: visible characters of each page.
    """
    # In integers, half up, so that no machine rounds otherwise.
    total = np.maximum(visible, 1)
    return ((boilerplate * 2000 + total) // (2 * total) / np.float32(1000)).astype(np.float32)


def _boilerplate_share(reading: Reading) -> Mask:
    husk = np.where(reading.label_in(BOILERPLATE), reading.visible_of_line, 0)
    by_row = np.bincount(reading.lines.row, weights=husk, minlength=reading.n).astype(np.int64)  # exact below 2**53
    given = pc.fill_null(reading.column("boilerplate_share"), -1).to_numpy(zero_copy_only=False)
    return np.asarray(given == boilerplate_share(by_row, reading.visible_of_page))


def _no_nulls(over: Over, reading: Reading) -> Mask:
    nested: Nested = getattr(reading, over)
    return ~nested.broken


def _trimmed(reading: Reading) -> Mask:
    points, _ = reading.raw
    start, end = reading.line_span
    held = end > start
    held[held] = ~WHITE_SPACE[points[start[held]]] & ~WHITE_SPACE[points[end[held] - 1]]
    return held


def _covered(reading: Reading) -> Mask:
    by_row = np.bincount(reading.lines.row, weights=reading.visible_of_line, minlength=reading.n)
    return by_row.astype(np.int64) == reading.visible_of_page


def _bytes_in_order(reading: Reading) -> Mask:
    """Whether each line's bytes lie in its page, and in flat text behind those of the line before.

    Lines of HTML may stand in the file in another order than they are shown, and where they stand may not be known.
    """
    start, end, row = reading.lines.numbers("byte_start"), reading.lines.numbers("byte_end"), reading.lines.row
    rendered = _mask(pc.ends_with(reading.source("format"), "html"))[row]
    no_start, no_end = reading.lines.absent("byte_start"), reading.lines.absent("byte_end")
    first = reading.source("byte_start").to_numpy(zero_copy_only=False)[row]
    last = reading.source("byte_end").to_numpy(zero_copy_only=False)[row]
    held = (start >= first) & (start < end) & (end <= last)
    held[1:] &= (start[1:] >= end[:-1]) | (row[1:] != row[:-1]) | rendered[1:]
    return (held & ~no_start & ~no_end) | (rendered & no_start & no_end)


def _boilerplate_flag(reading: Reading) -> Mask:
    return _mask(reading.lines.column("boilerplate")) == reading.label_in(BOILERPLATE)


def _score(reading: Reading) -> Mask:
    score = reading.lines.column("score").to_numpy(zero_copy_only=False)
    return np.asarray((score >= 0) & (score <= 1))


def _by_hand(reading: Reading) -> Mask:
    score = reading.lines.column("score").to_numpy(zero_copy_only=False)
    return np.asarray((score == 1) | ~_mask(reading.lines.column("by_hand")))


def _evidence_field(reading: Reading) -> Mask:
    return _is_in(reading.evidence.column("field"), [field.name for field in RECORD])


def _origin(reading: Reading) -> Mask:
    return _line_of_text(reading.evidence.column("origin"))


def _evidence_value(reading: Reading) -> Mask:
    """A value stands for markup only, and is one line."""
    value = reading.evidence.column("value")  # an empty string where it is null
    empty = _mask(pc.equal(value, ""))
    from_text = _is_in(reading.evidence.column("origin"), [TEXT])
    return np.where(from_text, empty, empty | _line_of_text(value))


def _evidence_span(reading: Reading) -> Mask:
    spanned = [~_null(pc.struct_field(reading.evidence.elements, name)) for name in ("line", "start", "end")]
    from_text = _is_in(reading.evidence.column("origin"), [TEXT])
    nowhere = ~(spanned[0] | spanned[1] | spanned[2])
    return np.where(from_text, spanned[0] & spanned[1] & spanned[2] & _in_line(reading), nowhere)


def _in_line(reading: Reading) -> Mask:
    line, row = reading.evidence.numbers("line"), reading.evidence.row
    held = (line >= 0) & (line < np.diff(reading.lines.at)[row])
    at = np.where(held, reading.lines.at[row] + line, 0)
    start, end = reading.evidence.numbers("start"), reading.evidence.numbers("end")
    if len(reading.lines.row):
        held &= (start >= reading.lines.numbers("start")[at]) & (end <= reading.lines.numbers("end")[at])
    return held & (start < end)


def _path(reading: Reading) -> Mask:
    return ~_matches(reading.source("path"), r"^/|(^|/)\.\.(/|$)|^$|" + CONTROL)


def _member(reading: Reading) -> Mask:
    return ~_matches(reading.source("member"), r"^/|(^|/)\.\.(/|$)|" + CONTROL)


def _extra(reading: Reading) -> Mask:
    return np.array([_is_object(text) for text in reading.column("extra").to_pylist()], dtype=np.bool_)


def _is_object(text: str | None) -> bool:
    try:
        return text is None or isinstance(msgspec.json.decode(text), dict)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


def _sha256(reading: Reading) -> Mask:
    return _matches(reading.source("sha256"), r"^[0-9a-f]{64}$")


def _source_bytes(reading: Reading) -> Mask:
    start = reading.source("byte_start").to_numpy(zero_copy_only=False)
    end = reading.source("byte_end").to_numpy(zero_copy_only=False)
    return np.asarray((start >= 0) & (start <= end))


_REBUILD: Final = "build the dataset anew; if it comes back, report it: dehusk made a record that it should not"
_EDITED: Final = "the record was changed after it was built: build the dataset anew"

RULES: Final = (
    *(
        Rule("not_null", field.name, "a record always has it: " + _REBUILD, partial(_not_null, field.name))
        for field in RECORD
        if not field.nullable
    ),
    Rule("id_form", "id", _REBUILD, lambda r: _matches(r.column("id"), _ID)),
    Rule("id_unique", "id", "remove one of the two records, or build the dataset anew", _unique),
    *(
        Rule("one_line", name, _EDITED, partial(_one_line, name))
        for name in ("title", "summary", "section", "publisher", "site", "url", "license")
    ),
    Rule("text_is_clean", "text", "control characters are never part of the text: build anew", _text_is_clean),
    Rule("text_is_view", "text", "change labels, not the text: the text is its content lines, joined", _text_is_view),
    Rule("one_line_each", "authors", _EDITED, _authors),
    Rule(
        "since_1990",
        "published",
        "the page states no date of the web's time: leave it null",
        partial(_dated, "published"),
    ),
    Rule(
        "since_1990",
        "modified",
        "the page states no date of the web's time: leave it null",
        partial(_dated, "modified"),
    ),
    Rule("precision", "published_precision", "day, minute or second where a date is known, else null", _precision),
    Rule("language_code", "language", "use an ISO 639-1 code, or null", _language),
    Rule("language_score", "language_score", "0 to 1 where the language is known, else null", _language_score),
    Rule("names_another", "duplicate_of", "the id of another record that says the same, or null", _duplicate_of),
    Rule("cluster_size", "cluster_size", _EDITED, lambda r: r.numbers("cluster_size") >= 1),
    Rule("reservations", "reservations", "use the names of the reference page, in its order", _reservations),
    Rule("flags_agree", "flags", _EDITED, _flags),
    Rule("n_lines", "n_lines", _EDITED, _n_lines),
    Rule("n_content_lines", "n_content_lines", _EDITED, _n_content_lines),
    Rule("n_chars", "n_chars", _EDITED, _n_chars),
    Rule("boilerplate_share", "boilerplate_share", _EDITED, _boilerplate_share),
    Rule("no_nulls", "lines", _EDITED, partial(_no_nulls, "lines")),
    Rule(
        "in_order",
        "lines.start",
        "lines lie in their page, in order, and never overlap",
        lambda r: r.sound_spans,
        over="lines",
    ),
    Rule("trimmed", "lines.start", "white space belongs between lines, not to them", _trimmed, over="lines"),
    Rule("cover_raw", "lines", "every visible character of raw belongs to exactly one line", _covered),
    Rule("bytes_in_order", "lines.byte_start", _EDITED, _bytes_in_order, over="lines"),
    Rule("label", "lines.label", f"use one of the {len(LABELS)} labels", lambda r: r.label_in(LABELS), over="lines"),
    Rule(
        "boilerplate",
        "lines.boilerplate",
        "true exactly for the labels of boilerplate",
        _boilerplate_flag,
        over="lines",
    ),
    Rule("score", "lines.score", "scores lie between 0 and 1", _score, over="lines"),
    Rule("by_hand", "lines.by_hand", "a label that a person gave has a score of 1", _by_hand, over="lines"),
    Rule(
        "site_pages",
        "lines.site_pages",
        "1 or more where the site of the page is known, else null",
        _site_pages,
        over="lines",
    ),
    Rule("no_nulls", "evidence", _EDITED, partial(_no_nulls, "evidence")),
    Rule("field", "evidence.field", "name a field of the record", _evidence_field, over="evidence"),
    Rule("origin", "evidence.origin", "say where it was read", _origin, over="evidence"),
    Rule(
        "verdict",
        "evidence.verdict",
        "won, agrees or differs",
        lambda r: _is_in(r.evidence.column("verdict"), VERDICTS),
        over="evidence",
    ),
    Rule(
        "value", "evidence.value", "one line of what the markup says; null for text", _evidence_value, over="evidence"
    ),
    Rule(
        "in_line",
        "evidence.start",
        "what was read lies in the line that is named; markup has no place in the text",
        _evidence_span,
        over="evidence",
    ),
    Rule("relative_path", "source.path", "paths are relative to the seeds folder", _path),
    Rule("relative_path", "source.member", "names in an archive do not lead out of it", _member),
    Rule("sha256", "source.sha256", "64 hex digits in lower case", _sha256),
    Rule("byte_span", "source.byte_start", _EDITED, _source_bytes),
    Rule("json_object", "extra", "a JSON object, or null", _extra),
)
"""All that must hold, in the order of the fields."""


def check_records(table: pa.Table, file: str = "", *, latest: date | None = None) -> list[Finding]:
    """Validates records against the contract.

    Args:
        table: records, with the columns of `RECORDS`.
        file: what the findings name as the file.
        latest: no date may lie after the end of this day; None sets no bound.

    Returns:
        All findings at once, in the order of rows, then of rules. A table of other columns or types gives findings
        about those alone.
    """
    wrong_shape = list(_shape(table, file))
    if wrong_shape:
        return wrong_shape
    reading = Reading(table)
    findings = [*_broken(reading, file), *_too_late(reading, file, latest)]
    return sorted(findings, key=lambda finding: -1 if finding.row is None else finding.row)


def _shape(table: pa.Table, file: str) -> Iterator[Finding]:
    if table.schema.equals(RECORDS, check_metadata=False):
        return
    remedy = "build the dataset anew with this version of dehusk"
    for name in RECORDS.names:
        if name not in table.schema.names:
            yield Finding(file, None, None, name, "column_missing", "", remedy)
        elif table.schema.field(name).type != RECORDS.field(name).type:
            yield Finding(file, None, None, name, "column_type", shorten(table.schema.field(name).type), remedy)
    for name in table.schema.names:
        if name not in RECORDS.names:
            yield Finding(file, None, None, name, "column_unknown", "", remedy)
    if sorted(table.schema.names) == sorted(RECORDS.names) and table.schema.names != RECORDS.names:
        yield Finding(file, None, None, "", "column_order", shorten(", ".join(table.schema.names)), remedy)


def _broken(reading: Reading, file: str) -> Iterator[Finding]:
    """What breaks a rule. A pandera schema is not asked: it takes 0.1 s for any table, and a second to be imported."""
    ids = reading.column("id")
    for rule in RULES:
        for row in np.flatnonzero(~rule.by_row(reading)).tolist():
            found = _found(rule, reading, row)
            yield Finding(file, row, ids[row].as_py(), rule.field, rule.name, found, rule.remedy)


def _found(rule: Rule, reading: Reading, row: int) -> str:
    """What the rule met in this row: the value, or the first element that breaks it."""
    if rule.over == "rows":
        value = reading.table[rule.column][row].as_py()
        inner = rule.field.partition(".")[2]
        return shorten(value[inner] if inner and isinstance(value, dict) else value)
    nested: Nested = getattr(reading, rule.over)
    here = slice(int(nested.at[row]), int(nested.at[row + 1]))
    first = int(np.flatnonzero(~rule.holds(reading)[here])[0])
    element = nested.elements[here.start + first].as_py()
    return shorten(f"{rule.over}[{first}]: {element[rule.field.partition('.')[2]]}")


def _too_late(reading: Reading, file: str, latest: date | None) -> Iterator[Finding]:
    if latest is None:
        return
    bound = pa.scalar(datetime(latest.year, latest.month, latest.day, 23, 59, 59, 999_999), pa.timestamp("us"))  # noqa: DTZ001
    for name in ("published", "modified"):
        column = reading.column(name)
        for row in np.flatnonzero(_mask(pc.greater(column, bound))).tolist():
            record = reading.column("id")[row].as_py()
            remedy = f"the recipe allows no date after {latest}"
            yield Finding(file, row, record, name, "latest_date", shorten(column[row].as_py()), remedy)
