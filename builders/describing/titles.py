"""Chooses a page's title among those that its markup and its visible text give.

Pages state their title many times, and each place has its own habits: `<title>` and `og:title` add the name of the
site, `<h1>` can be the site's logo or a slogan, a headline for social media says less than the one on the page. So
equal titles are put together, letter for letter, and each group gets points for where it stands: so many for an only
`<h1>`, so many for `og:title`, for the article's headline in JSON-LD, for being a line of the visible text. The group
with the most points is the title; of equals, the one that was found first.

The points stand in `title_points.py`. They were fitted on the benchmark (`tests/quality/markup.py --fit`), as the
weights of a multinomial choice among the titles of a page. On a fifth of the sites, held out, that gives the gold title
of 85 % of fundus's pages and 79 % of WCXB's; taking the `<h1>` alone, 75 and 68; `og:title` alone, 67 and 41.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .declared import Declared
from .jsonld import letters
from .title_points import POINTS

MAX_TITLE: Final = 500
MAX_HEADINGS: Final = 6
MAX_VISIBLE: Final = 300_000
"""Characters of the visible text that titles are looked up in."""

MAX_PLACES: Final = 8
"""Occurrences of a title in the visible text that are looked at."""

# How titles are put together: bars, dots and arrows anywhere, dashes and colons with space beside them.
_JOINT: Final = re.compile(
    r"\s+(?:[-–—·•«/~›>]|::|//)+\s+|\s*[|｜»－]+\s*|(?<=\S)[:：]\s+|(?<=[^\W\d_])[-–—]\s+|\s[-–—](?=\S)"
)
_HOST: Final = re.compile(r"https?://(?:www\.)?([^/?#:@\s]{1,255})", re.IGNORECASE)
_ALIKE: Final = (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("\u00a0", " "))

_FAMILIES: Final = {
    "json-ld: headline": "ld",
    "json-ld: name": "ldname",
    "json-ld: work headline": "ldw",
    "json-ld: work name": "ldw",
    "json-ld: page name": "ldpage",
    "json-ld: page headline": "ldpage",
    "meta: og:title": "og",
    "meta: twitter:title": "tw",
    "title": "title",
    "microdata: headline": "md",
}


class Place(NamedTuple):
    """Where a title stands in the visible text, in characters."""

    start: int
    end: int


@dataclass
class Group:
    """Titles that are the same but for signs and case.

    Attributes:
        value: the first of them.
        origins: where they stand, in the order in which they were found.
        marks: what is known of them: the names in `POINTS`.
        place: where a line of the visible text is nothing but this title; None where none is.
    """

    value: str
    origins: list[str] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    place: Place | None = None

    def points(self) -> int:
        """How likely it is the page's title, against the others of the page."""
        return sum(POINTS.get(mark, 0) for mark in self.marks)


def _alike(text: str) -> str:
    """A text of the same length with plain quotation marks and spaces; `translate` would take ten times as long."""
    for sign, plain in _ALIKE:
        text = text.replace(sign, plain)
    return text


class Visible:
    """The visible text of a page, to look titles up in."""

    def __init__(self, raw: str) -> None:
        raw = raw[:MAX_VISIBLE]
        lower = raw.lower()
        self._folds = len(lower) == len(raw)
        self._text = _alike(lower if self._folds else raw)

    def lines(self, value: str) -> tuple[list[Place], bool]:
        """The lines that are nothing but a text, and whether it stands within another line."""
        wanted = _alike(value.lower() if self._folds else value)
        found: list[Place] = []
        within = False
        at = -1
        for _ in range(MAX_PLACES):
            at = self._text.find(wanted, at + 1)
            if at < 0:
                break
            if self._is_line(at, at + len(wanted)):
                found.append(Place(at, at + len(wanted)))
            else:
                within = True
        return found, within

    def _is_line(self, start: int, end: int) -> bool:
        while start > 0 and self._text[start - 1] in " \t":
            start -= 1
        while end < len(self._text) and self._text[end] in " \t\r":
            end += 1
        return (start == 0 or self._text[start - 1] in "\r\n") and (end == len(self._text) or self._text[end] == "\n")


def site_names(declared: Iterable[Declared]) -> frozenset[str]:
    """What a page's site is called, in letters: as it says itself, and as its address has it.

    >>> sorted(site_names([Declared("site_name", "meta: og:site_name", "The Tides"),
    ...                    Declared("url", "link: canonical", "https://www.harbour-times.example/a")]))
    ['harbourtimes', 'harbourtimesexample', 'thetides']
    """
    names = set()
    for one in declared:
        if one.field in ("site_name", "publisher"):
            names.add(letters(one.value))
        elif one.field == "url" and (m := _HOST.match(one.value)) is not None:
            host = m[1].lower()
            names |= {letters(host), *(letters(part) for part in host.split(".")[:-1] if len(part) > 3)}
    return frozenset(name for name in names if len(name) > 1)


def is_site(text: str, sites: frozenset[str]) -> bool:
    """Whether a text is the name of the site: the same letters, or the most part of them.

    >>> is_site("Tides.example", frozenset(["thetidesexample"])), is_site("Tides rise again", frozenset(["tides"]))
    (True, False)
    """
    name = letters(text)
    return bool(name) and any(
        name == site
        or (len(name) > 4 and name in site and 2 * len(name) > len(site))
        or (len(site) > 4 and site in name and 2 * len(site) > len(name))
        for site in sites
    )


def repeats(text: str, title: str) -> bool:
    """Whether a text says no more than a title: the same letters, or four fifths of the one in the other.

    >>> repeats("Trams return to the harbour.", "Trams Return to the Harbour"), repeats("Trams return", "Trams")
    (True, False)
    """
    short, long = sorted((letters(text), letters(title)), key=len)
    return short in long and 5 * len(short) >= 4 * len(long) > 0


def _parts(title: str) -> list[tuple[int, int]]:
    """The parts of a title between its joints."""
    parts = []
    at = 0
    for m in _JOINT.finditer(title):
        if m.start() > at:
            parts.append((at, m.start()))
        at = m.end()
    if at < len(title):
        parts.append((at, len(title)))
    return parts


def parts_of(title: str) -> list[str]:
    """The parts of a title between its bars, dashes and colons.

    >>> parts_of("Trams return: what now? | Ledger")
    ['Trams return', 'what now?', 'Ledger']
    """
    return [title[start:end] for start, end in _parts(title)]


def without_site(title: str, sites: frozenset[str]) -> str:
    """A title without the parts at its ends that are the name of the site.

    >>> without_site("Trams return | Harbour Times", frozenset(["harbourtimes"]))
    'Trams return'
    """
    parts = _parts(title)
    while len(parts) > 1 and is_site(title[slice(*parts[-1])], sites):
        parts.pop()
    while len(parts) > 1 and is_site(title[slice(*parts[0])], sites):
        parts.pop(0)
    return title[parts[0][0] : parts[-1][1]] if parts else title


def _variants(title: str, family: str) -> Iterator[tuple[str, str]]:
    """Shorter forms of a title whose parts nothing confirms, each with its mark."""
    parts = _parts(title)
    if len(parts) < 2:
        return
    yield title[slice(*parts[0])], f"{family}:first"
    yield title[: parts[-2][1]], f"{family}:butlast"
    yield title[parts[1][0] :], f"{family}:butfirst"
    if family == "title":
        yield title[slice(*parts[-1])], "title:last"
        yield title[slice(*max(parts, key=lambda part: part[1] - part[0]))], "title:longest"


class _Groups:
    def __init__(self, sites: frozenset[str]) -> None:
        self.sites = sites
        self.by_letters: dict[str, Group] = {}

    def add(self, value: str, mark: str, origin: str) -> None:
        key = letters(value)
        if key and len(value) <= MAX_TITLE:
            group = self.by_letters.setdefault(key, Group(value))
            group.marks.add(mark)
            if origin not in group.origins:
                group.origins.append(origin)

    def add_cut(self, value: str, family: str, origin: str) -> None:
        short = without_site(value, self.sites)
        if short != value:
            self.add(short, f"{family}:cut", origin)
            self.add(value, f"{family}:raw", origin)
        else:
            self.add(value, f"{family}:raw" if family == "title" else family, origin)
        if family in ("title", "og"):
            for variant, mark in _variants(short, family):
                self.add(variant, mark, origin)


def _gather(declared: Sequence[Declared], text_title: str | None, sites: frozenset[str]) -> dict[str, Group]:
    groups = _Groups(sites)
    if text_title:
        groups.add(text_title, "text", "text")
    headings = [one.value for one in declared if one.origin == "h1"][:MAX_HEADINGS]
    for i, value in enumerate(headings):
        groups.add(value, "h1only" if len(headings) == 1 else "h1other" if i else "h1first", "h1")
        if (short := without_site(value, sites)) != value:
            groups.add(short, "h1:cut", "h1")
    for one in declared:
        if one.field == "title" and one.origin != "h1":
            groups.add_cut(one.value, _FAMILIES.get(one.origin, "meta"), one.origin)
    return groups.by_letters


def _mark_visible(group: Group, visible: Visible) -> None:
    lines, within = visible.lines(group.value)
    if lines:
        group.place = lines[0]
        group.marks.add("seen")
        if len(lines) > 1:
            group.marks.add("seen twice")
    elif within and len(group.value) > 12:
        group.marks.add("seen within")


_NEWS: Final = ("h1", "og", "ld", "tw", "text", "md", "seen", "title:raw")


def _mark(groups: dict[str, Group], visible: Visible, sites: frozenset[str]) -> None:
    """Marks what is known of each group beside where it stands: visible, the site's name, longer than another."""
    families = {key: {mark.partition(":")[0] for mark in group.marks} for key, group in groups.items()}
    holds = [
        (key, names & {"title", "og", "text"} | ({"h1"} if names & {"h1only", "h1first", "h1other"} else set()))
        for key, names in families.items()
    ]
    is_article = any(names & {"ld", "md"} for names in families.values())
    for key, group in groups.items():
        _mark_visible(group, visible)
        if is_article:
            group.marks |= {f"article {mark}" for mark in group.marks if mark.startswith(_NEWS)}
        if is_site(group.value, sites):
            group.marks.add("site")
        for other, names in holds:
            if len(key) > 7 and len(other) > len(key) and key in other:
                group.marks |= {f"in {name}" for name in names}
            elif len(other) > 7 and len(key) > len(other) and other in key:
                group.marks |= {f"has {name}" for name in names}


def rank_titles(declared: Sequence[Declared], text_title: str | None, raw: str) -> list[Group]:
    """The titles of a page, the likeliest first.

    Args:
        declared: what the markup says.
        text_title: the headline that the visible text gives.
        raw: the visible text.
    """
    sites = site_names(declared)
    groups = _gather(declared, text_title, sites)
    _mark(groups, Visible(raw), sites)
    return sorted(groups.values(), key=lambda group: -group.points())
