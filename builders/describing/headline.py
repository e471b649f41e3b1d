"""Finds a page's headline: every line is scored by where it stands, what stands around it, and how it reads.

A label alone does not settle it: the line model sees one line among hundreds, and some pages have five lines that
look like headlines. The score is a sum of table entries, one a feature, in whole numbers; `tests/quality/headline.py`
fits the tables on the benchmark's titles and out-of-fold labels. Out of fold, five folds by site, the best line is the
gold title of 69 % of fundus's pages, 73 % of trafilatura's and 59 % of WCXB's, of 84, 94 and 78 % that have such a line
(innertext). Tried beside it: gradient-boosted trees over the same and 30 more features are 2 points better on WCXB's
innertext and no better on fundus; tables for pairs of labels, and a hidden layer, are not better there.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dehusk.schema.labels import BOILERPLATE, LABELS

from .headline_tables import SHORTLIST_TABLES, TABLES
from .sheet import Sheet

Ints = npt.NDArray[np.int64]

MAX_TITLE: Final = 500
"""Characters that a headline may have; a longer line is none."""

SHORTLIST: Final = 6
"""Lines that are read, of those that stand where a headline does."""

TOLD: Final = 6
"""Characters of the shortest text whose repetitions tell anything."""

LEAST: Final = -100
"""The score that a headline must have, in hundredths of a nat: a chance of 27 % that it is the page's title, word for
word, against there being none. The tables count as none a page whose title in the benchmark is worded otherwise than
every line, so that the true chance is higher: of what is given at this score, 67 % is right word for word on WCXB,
where 22 % of the pages have no such line, against 74 % at 0, and 4 % more of the pages have the right title."""

READ: Final = (
    *(
        "shared",
        "repeated",
        "above",
        "below",
        "tails",
        "heads",
        "document",
        "end",
        "opening",
        "words",
        "inside",
        "holds",
    ),
)
"""The tables whose rows are known by reading a line."""

BODY_CHARS: Final = 400
BODY_LINES: Final = 12
"""The body begins where so many characters of clean text stand within so many lines."""

BODY_READ: Final = 2500
"""Characters of the body whose words are compared with a headline's."""

AHEAD: Final = 6
"""Lines before and after a line that are counted by what they are."""

COPIES: Final = 8
"""Places of a text that are looked at; a page that holds it more often does so in its menus."""

TOP: Final = 4
"""Lines at the top of a page that may be the title of the document."""

_BREAKS: Final = ("", "\n", "\r")
_NONE: Final = len(LABELS)
_LENGTHS: Final = np.array([6, 12, 20, 35, 55, 80, 110, 160, 250])
_PLACES: Final = np.array([1, 2, 5, 15, 50, 150])
_DISTANCES: Final = np.array([-20, -3, 0, 1, 2, 3, 4, 6, 9, 15, 30])
_DOUBTS: Final = np.array([0.2, 0.35, 0.5, 0.75], dtype=np.float32)
_BLANKS: Final = np.array([2, 3, 4])
_TEXTS: Final = np.array([1, 2, 4, 8, 20])
_TEXT: Final = np.array([label in ("paragraph", "list_item", "heading", "summary", "caption") for label in LABELS])
_MENU: Final = np.array([label in BOILERPLATE and label != "comment" for label in LABELS])


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


def _counted(marked: npt.NDArray[np.bool_]) -> Ints:
    """How many lines are marked before each line, and in all: `int64[n_lines + 1]`."""
    return np.append(0, np.cumsum(marked))


def place_features(pages: Sequence[Sheet], bodies: Sequence[int]) -> dict[str, Ints]:
    """What is told of every line without reading it.

    Args:
        pages: one page or more, laid out.
        bodies: where the body of each begins.

    Returns:
        For each table the row of each line, the lines of one page after those of another: `int64[n_lines]`.
    """
    sizes = np.array([len(page.codes) for page in pages])
    ends_at = np.cumsum(sizes)
    first, after = np.repeat(ends_at - sizes, sizes), np.repeat(ends_at, sizes)
    codes = np.concatenate([page.codes for page in pages]).astype(np.int64)
    starts = np.concatenate([page.starts for page in pages])
    ends = np.concatenate([page.ends for page in pages])
    scores = np.concatenate([page.scores for page in pages])
    line = np.arange(len(codes))
    place = line - first
    texts, menu = _counted(_TEXT[codes]), _counted(_MENU[codes])
    beyond = np.append(codes, [_NONE, _NONE])
    return {
        "label": codes,
        "doubt": codes * (len(_DOUBTS) + 1) + _bucket(_DOUBTS, scores),
        "previous": np.where(place > 0, codes[line - 1], _NONE),
        "next": np.where(line + 1 < after, beyond[1:-1], _NONE),
        "after next": np.where(line + 2 < after, beyond[2:], _NONE),
        "length": _bucket(_LENGTHS, ends - starts),
        "place": _bucket(_PLACES, place),
        "to body": _bucket(_DISTANCES, np.repeat(bodies, sizes) - place),
        "gap before": _bucket(_BLANKS, starts - np.where(place > 0, ends[line - 1], 0)),
        "texts before": _bucket(_TEXTS, texts[:-1] - texts[first]),
        "texts ahead": texts[np.minimum(line + 1 + AHEAD, after)] - texts[1:],
        "menu before": menu[:-1] - menu[np.maximum(line - AHEAD, first)],
    }


_WORD: Final = re.compile(r"[^\W_]{4,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")
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
    return 1 + sum([word in body for word in words]) * 5 // len(words)


def _is_longer_on_top(place: int, text: str, top: list[str]) -> bool:
    """Whether one of the first lines of the page begins with a text and goes on: the title of the document."""
    return any(i != place and len(line) > len(text) and line.startswith(text) for i, line in enumerate(top))


def _copies(raw: str, start: int, text: str) -> list[int]:
    """How often a text stands elsewhere on its page, of the first `COPIES` places.

    Alone on a line above and below, at the end of a line above and below, at the beginning of one above and below, and
    inside a line.
    """
    found = [0] * 7
    size = len(text)
    at = raw.find(text)
    for _ in range(COPIES):
        if at < 0:
            break
        if at != start:
            begins = at == 0 or raw[at - 1] in _BREAKS
            ends = raw[at + size : at + size + 1] in _BREAKS
            kind = 0 if begins and ends else 2 if ends else 4 if begins else 6
            found[kind + (kind < 6 and at > start)] += 1
        at = raw.find(text, at + size)
    return found


def _both(above: int, below: int) -> int:
    """0 in neither place, 1 above only, 2 below only, 3 in both."""
    return (above > 0) + 2 * (below > 0)


def _read_line(page: Sheet, place: int, text: str, body: str, top: list[str]) -> list[int]:
    """What reading one line tells: the row of each table of `READ` but the last two."""
    told = len(text) >= TOLD
    alone, under, tails, tails_under, heads, heads_under, within = (
        _copies(page.raw, int(page.starts[place]), text) if told else [0] * 7
    )
    return [
        _shared(_words(text), body),
        min(alone + under + tails + tails_under + heads + heads_under + within, 3) if told else 4,
        min(alone, 2),
        min(under, 2),
        _both(tails, tails_under),
        _both(heads, heads_under),
        1 if heads + heads_under and _is_longer_on_top(place, text, top) else 2 if place == 0 else 0,
        _ENDS.get(text[-1], 0),
        _opening(text[0]),
        min(text.count(" ") + 1, 12),
    ]


def _compare(texts: list[str]) -> list[tuple[int, int]]:
    """For each text, in how many of the others it stands and how many of them stand in it; up to 2."""
    folded = [text.casefold() for text in texts]
    long = [text for text in folded if len(text) >= TOLD]
    return [
        (
            min(sum([text in other for other in folded]) - folded.count(text), 2) if len(text) >= TOLD else 0,
            min(sum([other in text for other in long]) - long.count(text), 2),
        )
        for text in folded
    ]


def read_features(page: Sheet, body: int, places: list[int]) -> Ints:
    """What reading tells of some lines: for each line the row of each table of `READ`, `int64[n, len(READ)]`."""
    begin = int(page.starts[body]) if body < len(page.starts) else len(page.raw)
    prose = page.raw[begin : begin + BODY_READ].casefold()
    starts, ends = page.starts[places].tolist(), page.ends[places].tolist()
    texts = [page.raw[start:end] for start, end in zip(starts, ends, strict=True)]
    top = [page.raw[a:b] for a, b in zip(page.starts[:TOP].tolist(), page.ends[:TOP].tolist(), strict=True)]
    # a line of the body is compared with what comes after it
    rows = [
        [*_read_line(page, place, text, prose[end - begin :] if end > begin else prose, top), *others]
        for place, text, end, others in zip(places, texts, ends, _compare(texts), strict=True)
    ]
    return np.array(rows, dtype=np.int64).reshape(len(places), len(READ))


def _first_rows(tables: dict[str, npt.NDArray[np.int64]]) -> Ints:
    """The first row of each table, when one stands below the other."""
    sizes = [len(table) for table in tables.values()]
    return np.cumsum([0, *sizes[:-1]])


SHORTLIST_POINTS: Final = np.concatenate(list(SHORTLIST_TABLES.values()))
POINTS: Final = np.concatenate(list(TABLES.values()))
"""All rows of the tables, one table below the other."""

_SHORTLIST_ROWS: Final = _first_rows(SHORTLIST_TABLES)[:, None]
_ROWS: Final = _first_rows(TABLES)


def rank_headlines(pages: Sequence[Sheet]) -> list[list[Scored]]:
    """The lines of each page that may be its headline, the likeliest first; of equals the first on the page.

    Args:
        pages: the pages of a batch, laid out.

    Returns:
        At most `SHORTLIST` lines a page. A score above `LEAST` is enough to take a line for the headline.
    """
    if not any(len(page.codes) for page in pages):
        return [[] for _ in pages]
    bodies = [body_of(page) for page in pages]
    placed = np.stack(list(place_features(pages, bodies).values()))
    unlikely = -SHORTLIST_POINTS[placed + _SHORTLIST_ROWS].sum(axis=0)
    unlikely[np.concatenate([page.ends - page.starts for page in pages]) > MAX_TITLE] += 1_000_000
    firsts = np.cumsum([0, *(len(page.codes) for page in pages)]).tolist()
    lists = [np.argsort(unlikely[first:last], kind="stable")[:SHORTLIST] for first, last in itertools.pairwise(firsts)]
    read = [read_features(page, body, best.tolist()) for page, body, best in zip(pages, bodies, lists, strict=True)]
    listed = np.concatenate([best + first for best, first in zip(lists, firsts, strict=False)])
    rows = np.concatenate([placed[:, listed].T, np.concatenate(read)], axis=1)
    scores = iter(POINTS[rows + _ROWS].sum(axis=1).tolist())
    return [
        sorted((Scored(place, next(scores)) for place in best.tolist()), key=lambda one: (-one.score, one.place))
        for best in lists
    ]
