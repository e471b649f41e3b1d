"""Finds a page's headline: every line is scored by where it stands, what stands around it, and how it reads.

A label alone does not settle it: the line model sees one line among hundreds, and some pages have five lines that
look like headlines. The score is a sum of table entries, one a feature, in whole numbers; `tests/quality/headline.py`
fits the tables on the benchmark's titles and out-of-fold labels. On a fifth of the sites, held out, that gives the
gold title of 66 % of fundus's pages, 58 % of trafilatura's and 51 % of WCXB's, where the labels alone give 56, 50 and
45 (innertext).
"""

import re
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dehusk.schema.labels import LABELS

from .headline_tables import SHORTLIST_TABLES, TABLES
from .sheet import Sheet

Ints = npt.NDArray[np.int64]

MAX_TITLE: Final = 500
"""Characters that a headline may have; a longer line is none."""

SHORTLIST: Final = 8
"""Lines that are read, of those that stand where a headline does."""

TOLD: Final = 6
"""Characters of the shortest text whose repetitions tell anything."""

READ: Final = ("shared", "repeated", "document", "end", "opening", "words", "dated", "affix")
"""The tables whose rows are known by reading a line."""

BODY_CHARS: Final = 400
BODY_LINES: Final = 12
"""The body begins where so many characters of clean text stand within so many lines."""

BODY_READ: Final = 2500
"""Characters of the body whose words are compared with a headline's."""

_NONE: Final = len(LABELS)
_TITLE: Final = LABELS.index("title")
_BYLINE: Final = LABELS.index("byline")
_DATE: Final = LABELS.index("date")
_LENGTHS: Final = np.array([6, 12, 20, 35, 55, 80, 110, 160, 250])
_PLACES: Final = np.array([1, 2, 5, 15, 50, 150])
_DISTANCES: Final = np.array([-20, -3, 0, 1, 2, 3, 4, 6, 9, 15, 30])
_GAPS: Final = np.array([2, 3, 5, 9])
_SURE: Final = np.array([0.2, 0.4, 0.6, 0.8, 0.95], dtype=np.float32)


class Scored(NamedTuple):
    """A line that may be the headline: its place, and its score; the higher the likelier."""

    place: int
    score: int


def body_of(page: Sheet) -> int:
    """Where the body begins: the first line of clean text with much more of it below, else the first such line."""
    n = len(page.codes)
    if not len(page.text):
        return n
    chars = np.zeros(n + BODY_LINES + 1, dtype=np.int64)
    chars[page.text + 1] = page.ends[page.text] - page.starts[page.text]
    before = np.cumsum(chars)
    dense = before[page.text + BODY_LINES] - before[page.text]
    wanted = min(BODY_CHARS, int(before[-1]) // 3)
    return int(page.text[int(np.argmax(dense >= wanted))])


def _bucket(edges: npt.NDArray[Any], values: npt.NDArray[Any]) -> Ints:
    """How many edges each value has reached."""
    return edges.searchsorted(values, side="right")


def _shifted(codes: Ints, by: int) -> Ints:
    """The label of the line so many places further on; `_NONE` beyond the page."""
    out = np.full(len(codes), _NONE, dtype=np.int64)
    if by > 0:
        out[:-by] = codes[by:]
    else:
        out[-by:] = codes[:by]
    return out


def _gap(marked: npt.NDArray[np.bool_]) -> Ints:
    """Lines from each line to the next marked one, 1 for the next line; 99 where none follows."""
    n = len(marked)
    places = np.where(marked, np.arange(n), n + 99)
    following = np.minimum.accumulate(places[::-1])[::-1]
    return np.minimum(np.append(following[1:], n + 99) - np.arange(n), 99)


def place_features(page: Sheet, body: int) -> dict[str, Ints]:
    """What is told of every line without reading it: for each table the row of each line, `int64[n_lines]`."""
    codes = page.codes.astype(np.int64)
    n = len(codes)
    place = np.arange(n)
    titled = codes == _TITLE
    before = np.cumsum(titled) - titled
    count = int(titled.sum())
    rank = np.where(titled, 1 + (before > 0) + 2 * (before == count - 1), 0)
    return {
        "label": codes,
        "sure": np.where(titled, 1 + _bucket(_SURE, page.scores), 0),
        "previous": _shifted(codes, -1),
        "next": _shifted(codes, 1),
        "after next": _shifted(codes, 2),
        "length": _bucket(_LENGTHS, page.ends - page.starts),
        "place": _bucket(_PLACES, place),
        "to body": _bucket(_DISTANCES, body - place),
        "to date": _bucket(_GAPS, _gap((codes == _BYLINE) | (codes == _DATE))),
        "rank": rank,
        "titles": np.full(n, min(count, 3)),
    }


_WORD: Final = re.compile(r"[^\W_]{4,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")
_DATED: Final = re.compile(r"\d{4}|\d[./-] ?\d{1,2}[./-] ?\d|\d ?(?:min|年|月)")
_AFFIX: Final = re.compile(r"\s(?:[-–—|·•»«]|::)\s")
_ENDS: Final = {
    **dict.fromkeys(".。।", 1),
    **dict.fromkeys("?!？！", 2),
    **dict.fromkeys(":：", 3),
    **dict.fromkeys(",;…>)", 4),
}


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _opening(char: str) -> int:
    """How a text begins: 0 capital, 1 small letter, 2 letter of a script without case, 3 digit, 4 sign."""
    if char.isalpha():
        return 0 if char.isupper() or char.istitle() else 1 if char.islower() else 2
    return 3 if char.isdigit() else 4


def _shared(words: set[str], body: str) -> int:
    """How many of a headline's words the body has: 0 no words, else 1 none to 6 all."""
    if not words:
        return 0
    return 1 + sum(word in body for word in words) * 5 // len(words)


def _is_longer_on_top(place: int, text: str, top: list[str]) -> bool:
    """Whether one of the first lines of the page begins with a text and goes on: the title of the document."""
    return any(i != place and len(line) > len(text) and line.startswith(text) for i, line in enumerate(top))


def read_features(page: Sheet, body: int, places: list[int]) -> dict[str, list[int]]:
    """What reading tells of some lines: for each table the row of each of them."""
    starts, ends = page.starts, page.ends
    begin = int(starts[body]) if body < len(starts) else len(page.raw)
    prose = page.raw[begin : begin + BODY_READ].casefold()
    top = [page.raw[a:b] for a, b in zip(starts[:4].tolist(), ends[:4].tolist(), strict=True)]
    found: dict[str, list[int]] = {name: [] for name in READ}
    for place, start, end in zip(places, starts[places].tolist(), ends[places].tolist(), strict=True):
        text = page.raw[start:end]
        told = len(text) >= TOLD
        # a line of the body is compared with what comes after it
        found["shared"].append(_shared(_words(text), prose[end - begin :] if end > begin else prose))
        found["repeated"].append(min(page.raw.count(text) - 1, 3) if told else 4)
        found["document"].append(1 if told and _is_longer_on_top(place, text, top) else 2 if place == 0 else 0)
        found["end"].append(_ENDS.get(text[-1], 0))
        found["opening"].append(_opening(text[0]))
        found["words"].append(min(text.count(" ") + 1, 12))
        found["dated"].append(1 if _DATED.search(text) else 0)
        found["affix"].append(1 if _AFFIX.search(text) else 0)
    return found


def rank_headlines(page: Sheet) -> list[Scored]:
    """The lines of a page that may be its headline, the likeliest first; of equals the first on the page.

    Args:
        page: a page, laid out.

    Returns:
        At most `SHORTLIST` lines. A score above 0 means that the headline is more likely this line than none.
    """
    if not len(page.codes):
        return []
    body = body_of(page)
    placed = place_features(page, body)
    likely = np.zeros(len(page.codes), dtype=np.int64)
    for name, rows in placed.items():
        likely += SHORTLIST_TABLES[name][rows]
    likely[page.ends - page.starts > MAX_TITLE] -= 1_000_000
    best = np.argsort(-likely, kind="stable")[:SHORTLIST]
    score = np.zeros(len(best), dtype=np.int64)
    for name, rows in placed.items():
        score += TABLES[name][rows[best]]
    for name, rows_read in read_features(page, body, best.tolist()).items():
        score += TABLES[name][rows_read]
    order = np.lexsort((best, -score))
    return [Scored(*pair) for pair in zip(best[order].tolist(), score[order].tolist(), strict=True)]
