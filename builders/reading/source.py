"""Where the parts of a page's text stand in its HTML, and in its file.

The parser keeps no place of text nodes. They are looked for in the source in the order of the tree: behind the last one
there must be nothing but markup and white space, and then the text itself, its character references resolved. Where
that fails they are looked for behind the beginning of the last element, which the parser does tell; else their place is
not known. (Equal texts that the parser moved past each other, out of a table, would have each other's places.)
"""

import re
from functools import lru_cache
from html import unescape
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import turbohtml

from .decode import Decoded, byte_widths

Ints = npt.NDArray[np.int64]

BLANK: Final = " \t\n\r\f"
"""White space of HTML."""

_RUN: Final = re.compile(r"[ \t\n\r\f]+")

_QUOTED: Final = r"(?:\"[^\"]*+\"|'[^']*+')"
_TAGS: Final = rf"</?[a-zA-Z][^>\"']*+(?:(?:(?<=[=]){_QUOTED}|(?<=[=][ \t\n\r\f]){_QUOTED}|[\"'])[^>\"']*+)*+>"
_TAG: Final = re.compile(_TAGS)
_MARKUP: Final = rf"{_TAGS}|<!--(?:-?>|.*?--!?>)|<[!?][^>]*+>|</[^a-zA-Z>][^>]*+>|</>"
"""A tag, a comment, or what is taken for a comment (WHATWG HTML, sections 13.2.5.6 to 13.2.5.53)."""

_RAW: Final = frozenset(("iframe", "noembed", "noframes", "script", "style", "textarea", "title"))
"""Elements whose inside is no markup: their next end tag is theirs."""

_BETWEEN: Final = re.compile(rf"(?:[ \t\n\r\f]++|{_MARKUP})*+", re.DOTALL)
_TOKEN: Final = re.compile(
    rf"(?P<markup>{_MARKUP})|(?P<blank>[ \t\n\r\f]++)|(?P<reference>&(?:\#[xX]?)?[0-9a-zA-Z]++;?)"
    r"|[^ \t\n\r\f&<\0]++(?: [^ \t\n\r\f&<\0]++)*+|[&<\0]",
    re.DOTALL,
)


class Segment(NamedTuple):
    """Characters of a text and where they come from: the same characters of the source if both are of one length."""

    at: int
    size: int
    start: int
    end: int


class Source:
    """The source of a page, and the way through it beside the tree.

    Attributes:
        html: the source.
        at: how far the way has come.
        near: the element that the walk through the tree entered last.
    """

    def __init__(self, html: str) -> None:
        self.html = html
        self.at = 0
        self.near: turbohtml.Element | None = None
        self._ready = True  # whether nothing but markup stands between `at` and the next text
        self._patience = _PATIENCE * len(html)
        self._ends: dict[str, int] = {}  # where the next end tag of each sort stands; -1 if there is none
        self._rows: list[int] | None = None

    def begin(self, element: turbohtml.Element) -> int | None:
        """Where an element begins; None if it is not in the source, as a body that the parser supplied."""
        row, column = element.source_line, element.source_col
        if row is None or column is None:
            return None
        if self._rows is None:
            lone = self.html.count("\r") != self.html.count("\r\n")
            rows = _LINE_END.split(self.html) if lone else self.html.split("\n")
            self._rows = [0, *accumulate(len(part) + 1 for part in rows)]
        return self._rows[row - 1] + column if row <= len(self._rows) else None

    def inside(self, element: turbohtml.Element) -> int | None:
        """Where what is in an element begins."""
        place = self.begin(element)
        tag = None if place is None else _TAG.match(self.html, place)
        return tag.end() if tag else None

    def go_to(self, element: turbohtml.Element) -> None:
        """Goes to an element out of the way."""
        self.near = element
        place = self.begin(element)
        self._ready = place is not None
        self.at = place or 0

    def leave_out(self, tag: str) -> None:
        """Goes on behind the next element of this tag, which is left out, if it is clear where it ends."""
        if not self._ready:
            return
        end = self._ends.get(tag, self.at)
        if 0 <= end <= self.at:
            self._ends[tag] = end = self.html.find(f"</{tag}", self.at + 1)
        if end < 0 or (tag not in _RAW and self._is_nested(tag, end)):
            self._ready = False
        else:
            self.at = end

    def _is_nested(self, tag: str, end: int) -> bool:
        own = self.html.find(f"<{tag}", self.at, end)
        return own < 0 or self.html.find(f"<{tag}", own + 1, end) >= 0

    def find(self, text: str) -> list[Segment] | int:
        """Where a text node stands: a place if its characters stand there as they are; no segments if not known.

        It is looked for where the way has come to, else behind where the last element began.
        """
        found: list[Segment] | int = []
        if self._ready:
            begin = _BETWEEN.match(self.html, self.at).end()  # type: ignore[union-attr]  # which fits anywhere
            if self.html.startswith(text, begin):
                self.at = begin + len(text)
                return begin
            found = self._resolve(self.at, begin, text)
        if not found and self.near is not None and self._patience > 0:
            place = self.begin(self.near)
            if place is not None and (place > self.at or not self._ready):
                found = self._find_at(place, text)
        self._ready = found != []
        return found

    def _find_at(self, at: int, text: str) -> list[Segment] | int:
        begin = _BETWEEN.match(self.html, at).end()  # type: ignore[union-attr]
        if self.html.startswith(text, begin):
            self.at = begin + len(text)
            return begin
        return self._resolve(at, begin, text)

    def _resolve(self, at: int, begin: int, text: str) -> list[Segment]:
        found = _resolved(self.html, begin, text)
        if found:
            self.at = found[-1].end
        else:
            self._patience -= begin - at + len(text)
        return found


_PATIENCE: Final = 8
"""How many times the length of a page may be passed over in vain: then no more places are looked for."""

_LINE_END: Final = re.compile(r"\r(?!\n)|\n")


def _resolved(html: str, at: int, text: str) -> list[Segment]:
    """Where each part of a text stands whose references are resolved and whose white space may have been reduced."""
    found: list[Segment] = []
    begin, size = 0, len(text)
    while begin < size:
        token = _TOKEN.match(html, at)
        if token is None:
            return []
        start, at = token.span()
        length = _length(token, text, begin)
        if length is None:
            return []
        if length:
            _add(found, Segment(begin, length, start, at))
            begin += length
    return found


def _length(token: re.Match[str], text: str, begin: int) -> int | None:
    """How many characters of a text a token of the source became; None if the text has other ones there."""
    kind, source = token.lastgroup, token[0]
    if kind == "markup" or source == "\0":
        return 0
    if kind == "blank":
        here = _RUN.match(text, begin)
        return here.end() - begin if here else 0
    value = _reference(source) if kind else source
    return len(value) if text.startswith(value, begin) else None


@lru_cache(maxsize=1 << 12)
def _reference(source: str) -> str:
    """What a character reference stands for."""
    return unescape(source)


def _add(found: list[Segment], new: Segment) -> None:
    """Adds a segment, as part of the one before it where both stand in the source as they are."""
    if found and new.size == new.end - new.start:
        old = found[-1]
        if old.end == new.start and old.size == old.end - old.start:
            found[-1] = Segment(old.at, old.size + new.size, old.start, new.end)
            return
    found.append(new)


_BROKEN_FROM, _BROKEN_TO = 0xDC80, 0xDCFF  # bytes that are no UTF-8, see `decode_html`


class Bytes:
    """The way from characters of the source to bytes of the file."""

    def __init__(self, read: Decoded, data: bytes) -> None:
        text, encoding = read.text, read.encoding
        if encoding == "utf-8" and "replacement_characters" not in read.flags:
            self._wide, widths = _wide_characters(data[3:] if "bom" in read.flags else data)
        else:
            points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)
            self._wide, widths = np.arange(len(points)), byte_widths(points, encoding).astype(np.int64)
            if encoding == "utf-8":
                widths[(points >= _BROKEN_FROM) & (points <= _BROKEN_TO)] = 1
        self._over: Ints = np.concatenate(([0], np.cumsum(widths - 1)))  # bytes more than characters before each
        self._shift = len(data) - len(text) - int(self._over[-1])

    def __call__(self, places: Ints) -> Ints:
        """The bytes at which characters begin."""
        return places + self._over[np.searchsorted(self._wide, places)] + self._shift


def _wide_characters(utf8: bytes) -> tuple[Ints, Ints]:
    """Which characters take more than one byte, and how many they take."""
    octets = np.frombuffer(utf8, np.uint8)
    high = np.flatnonzero(octets >= 0x80)
    lead = np.flatnonzero(octets[high] >= 0xC0)
    return high[lead] - lead + np.arange(len(lead)), np.diff(lead, append=len(high))
