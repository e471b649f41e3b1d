"""A labelled page laid out for reading: its few telling lines as tuples, the rest as arrays."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.schema.labels import LABELS, TEXT_LABELS
from dehusk.schema.record import TEXT, WON
from dehusk.schema.view import WHITE_SPACE

META: Final = ("title", "summary", "byline", "date", "section", "legal")
"""The labels of lines that say something about their page."""

NEAR: Final = 12
"""Lines above the headline that can still belong to it: kicker, date and byline with their buttons between."""

TOGETHER: Final = 4
"""Places between two lines of one byline, at most."""

_WHITE: Final = re.compile("[" + "".join(re.escape(chr(point)) for point in np.flatnonzero(WHITE_SPACE)) + "]+")


class Span(NamedTuple):
    """A piece of a page's `raw`: the line it stands in, from 0, and where it begins and ends, in characters."""

    line: int
    start: int
    end: int


class Line(NamedTuple):
    """One line of a page that may say something about it: its place among the lines, its span, label and score."""

    place: int
    start: int
    end: int
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page, as far as it is looked at.

    Attributes:
        raw: its characters.
        meta: its lines of the labels `_META`, in order.
        codes: label of each of its lines, as its place in `LABELS`, `int32[n_lines]`.
        starts: where each of its lines begins in `raw`, `int32[n_lines]`.
        ends: where each ends, `int32[n_lines]`.
        scores: how sure the label of each is, `float32[n_lines]`.
        text: places of its lines of clean text, `int64[n]`.
        paragraphs: places of its paragraphs, `int64[n]`.
    """

    raw: str
    meta: Sequence[Line]
    codes: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    text: npt.NDArray[np.int64]
    paragraphs: npt.NDArray[np.int64]

    def lines(self, *labels: str) -> list[Line]:
        """The lines of some of the labels `_META`, in order."""
        return [line for line in self.meta if line.label in labels]

    def line(self, place: int) -> Line:
        """The line at a place."""
        label = LABELS[self.codes[place]]
        return Line(place, int(self.starts[place]), int(self.ends[place]), label, float(self.scores[place]))

    def between(self, first: int, last: int) -> list[Line]:
        """The lines at these places and between, whatever their labels."""
        part = slice(max(0, first), last + 1)
        rows = zip(
            self.starts[part].tolist(),
            self.ends[part].tolist(),
            self.codes[part].tolist(),
            self.scores[part].tolist(),
            strict=True,
        )
        return [
            Line(place, a, b, LABELS[code], score) for place, (a, b, code, score) in enumerate(rows, start=part.start)
        ]

    def read(self, line: Line) -> str:
        """The text of a line, as it stands on the page."""
        return self.raw[line.start : line.end]


class Witness(NamedTuple):
    """One piece of evidence of a field.

    Attributes:
        field: the field of the record.
        origin: 'text', or where it stands in the markup, as 'json-ld: datePublished'.
        verdict: one of `VERDICTS`.
        value: what stands there, for markup; None for what can be read at `span`, and for a bare agreement.
        span: where it stands in the text; None for markup.
    """

    field: str
    origin: str
    verdict: str
    value: str | None
    span: Span | None

    def as_row(self) -> dict[str, Any]:
        """The fields of `EVIDENCE`."""
        line, start, end = self.span or (None, None, None)
        return {
            "field": self.field,
            "origin": self.origin,
            "verdict": self.verdict,
            "value": self.value,
            "line": line,
            "start": start,
            "end": end,
        }


@dataclass(slots=True)
class About:
    """What was read from a page, and where."""

    fields: dict[str, Any] = field(default_factory=dict)
    evidence: list[Witness] = field(default_factory=list)

    def note(self, name: str, value: Any, *spans: Span) -> None:
        """Keeps the value of a field and where in the text it was read."""
        self.fields[name] = value
        self.evidence += [Witness(name, TEXT, WON, None, span) for span in spans]

    def of(self, name: str) -> list[Witness]:
        """The evidence of a field."""
        return [witness for witness in self.evidence if witness.field == name]

    def settle(self, name: str, value: Any, witnesses: Iterable[Witness]) -> None:
        """Keeps the value of a field and all evidence of it, in place of what was kept before."""
        self.fields[name] = value
        self.evidence = [witness for witness in self.evidence if witness.field != name] + list(witnesses)


def normalise(text: str) -> str:
    """Text with each run of white space and control characters made one space, as in the clean text."""
    return _WHITE.sub(" ", text).strip(" ")


class Frame(NamedTuple):
    """Where the headline stands, and where the first paragraph after it does: what stands between is about the page."""

    title: int
    body: int

    def zone(self, place: int) -> int:
        """0 between headline and body, 1 right above the headline, 2 below, 3 far above."""
        if self.title <= place <= self.body:
            return 0
        if place < self.title:
            return 1 if self.title - place <= NEAR else 3
        return 2

    def is_near(self, place: int, below: int = 0) -> bool:
        """Whether a place is between headline and body, right above the headline, or so many lines into the body."""
        return self.zone(place) < 2 or 0 < place - self.body <= below

    def together(self, first: int, second: int) -> bool:
        """Whether two places can belong to one byline: in one zone, and close."""
        return self.zone(first) == self.zone(second) and abs(first - second) <= TOGETHER


def frame_of(page: Sheet, title: int | None) -> Frame:
    """The frame of a page, by the place of its headline; without one, of what stands above its first paragraph."""
    last = len(page.starts)
    if title is None:
        body = int(page.paragraphs[0]) if len(page.paragraphs) else last
        return Frame(max(0, body - NEAR), body)
    after = int(np.searchsorted(page.paragraphs, title))
    return Frame(title, int(page.paragraphs[after]) if after < len(page.paragraphs) else last)


def lay_out(pages: pa.Table, lines: pa.Table) -> Iterator[Sheet]:
    """The pages of a batch, one after the other; the arguments are those of `describe_pages`."""
    n = pages.num_rows
    page = lines["page"].to_numpy()
    starts, ends = lines["start"].to_numpy(), lines["end"].to_numpy()
    scores = lines["score"].to_numpy()
    codes = pc.index_in(lines["label"].combine_chunks(), value_set=pa.array(LABELS)).to_numpy(zero_copy_only=False)
    text = np.isin(codes, [LABELS.index(label) for label in TEXT_LABELS])
    paragraph = codes == LABELS.index("paragraph")
    at = np.searchsorted(page, np.arange(n + 1))
    meta = np.flatnonzero(np.isin(codes, [LABELS.index(label) for label in META]))
    meta_at = np.searchsorted(meta, at)
    rows = [
        Line(*row)
        for row in zip(
            (meta - at[page[meta]]).tolist(),
            starts[meta].tolist(),
            ends[meta].tolist(),
            [LABELS[code] for code in codes[meta].tolist()],
            scores[meta].tolist(),
            strict=True,
        )
    ]
    for i, raw in enumerate(pages["raw"].to_pylist()):
        a, b = at[i], at[i + 1]
        yield Sheet(
            raw=raw,
            meta=rows[meta_at[i] : meta_at[i + 1]],
            text=np.flatnonzero(text[a:b]),
            paragraphs=np.flatnonzero(paragraph[a:b]),
            codes=codes[a:b],
            starts=starts[a:b],
            ends=ends[a:b],
            scores=scores[a:b],
        )
