"""What a page's HTML says about its lines: one definition, for reading HTML and for learning from it.

The marks of a place are the bits of one whole number: which elements stand around it, what their names hint at, how
deep it stands, whether it is hidden. A line has the marks of two of its first, middle and last letter, and a measure of
how much of it is links. `reading/html.py` knows the places of the lines that it renders itself; the lines of renderings
made by other tools are looked up in the page (`line_marks`).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import turbohtml
from numpy.typing import NDArray

_NAMES: Final = {
    "nav": r"nav|menu",
    "foot": r"foot",
    "head": r"header|masthead|topbar",
    "side": r"side|aside|rail",
    "related": r"relat|recommend|more-|readmore|read-more|trending|popular|most|latest|outbrain|taboola"
    r"|teaser|next|prev",
    "share": r"shar|social|follow|facebook|twitter",
    "comment": r"comment|disqus|reply|review|rating",
    "consent": r"cookie|consent|gdpr|privacy|onetrust|cmp",
    "offer": r"newsletter|subscri|signup|sign-up|optin|paywall",
    "advert": r"\bads?\b|advert|sponsor|promo|banner|campaign|cta|donat",
    "crumb": r"crumb",
    "author": r"author|byline|writer|contributor|bio\b|user|poster|profile",
    "date": r"date|time|publish|updated",
    "tag": r"tag|categor|topic|kicker|section-name|eyebrow|label",
    "caption": r"caption|figure|credit|image|photo|gallery|media|video|player",
    "title": r"title|headline|heading",
    "summary": r"summar|lead|dek|standfirst|excerpt|intro|subtitle|description|abstract",
    "body": r"article|entry|post|story|body|content|prose|markdown|text",
    "main": r"main|primary",
    "product": r"product|price|cart|basket|shop|sku",
    "button": r"btn|button|icon|toggle|close|dropdown|tab",
    "form": r"search|form|input|login|account|field|filter|sort",
    "legal": r"copyright|legal|terms|imprint|disclaimer|address|contact",
    "pager": r"paginat|pager|page-num",
    "hidden": r"hidden|sr-only|visually|screen-reader|skip",
    "card": r"card|item|grid|tile|list",
    "widget": r"widget|module|block|component",
    "modal": r"modal|popup|overlay|dialog",
    "language": r"\blang|locale|country",
    "quote": r"quote|embed|tweet",
    "contents": r"faq|accordion|toc|contents",
    "event": r"event|job|podcast|app-",
    "code": r"code|highlight|snippet",
    "thread": r"thread|message|forum|signature",
}
"""Words in the names that elements are given (class, id, role, ...), by what they hint at."""

_ELEMENTS: Final = (
    *("a", "nav", "footer", "header", "aside", "form", "button", "label", "option", "li", "h1", "h2", "h3", "h4", "p"),
    *("td", "figure", "figcaption", "time", "pre", "blockquote", "article", "main", "table", "dl", "svg", "title"),
    *("ul", "ol", "img", "noscript", "em", "strong", "span", "iframe", "section", "dd", "dt"),
)
_SAME: Final = {
    "h5": "h4",
    "h6": "h4",
    "th": "td",
    "code": "pre",
    "select": "option",
    "b": "strong",
    "i": "em",
    "cite": "em",
} | {"textarea": "form", "input": "form"}
_LESSER: Final = ("id", "role", "itemprop", "aria-label", "data-testid", "rel")  # attributes beside class that name
_TELLING: Final = ", ".join(f"[{name}]" for name in (*_LESSER, "hidden", "style", "aria-hidden"))
_SPOKEN: Final = {"img": ("alt",), "input": ("placeholder", "value"), "textarea": ("placeholder",)}
_OLD: Final = len(_ELEMENTS) + 2 * len(_NAMES)
_DEPTHS: Final = (6, 9, 12, 16, 21)
"""Elements around a place from which on each mark of depth is set: about the sixths of the benchmark's lines."""

_PLACED: Final = ("h5", "h6", "hidden", "aria-hidden", "json-ld", *(f"depth {depth}" for depth in _DEPTHS))
_LINKED: Final = ("link", "link 1/4", "link 1/2", "link 3/4", "link 4/4")

MARKS: Final = _OLD + len(_PLACED) + len(_LINKED)
"""Marks of a line: elements around it; hints in the names of any element around it; hints in the nearest two; fifth
and sixth headings, not shown, not read aloud, from JSON-LD, steps of depth; steps of the share in links."""

MARK_BYTES: Final = (MARKS + 7) // 8
"""Bytes of a line's marks, packed as `numpy.packbits` does it."""

_NEAREST: Final = len(_ELEMENTS) + len(_NAMES)
_FIRST_LINKED: Final = MARKS - len(_LINKED)
_PLACE: Final = (
    {name: i for i, name in enumerate(_ELEMENTS)}
    | {a: _ELEMENTS.index(b) for a, b in _SAME.items()}
    | {name: i for i, name in enumerate((*_PLACED, *_LINKED), _OLD) if name not in ("h5", "h6")}
)
_NOT_LETTERS: Final = re.compile(r"[\W_]+")
_HIDING: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NAMED_CHARS: Final = 300
_DIGITS: Final = str.maketrans("123456789", "000000000")  # names that differ in a number hint at the same
_UNSEEN: Final = frozenset(("script", "style", "template"))

Marks = NDArray[np.bool_]
Packed = NDArray[np.uint8]


def _bit(place: int) -> int:
    """The mark of this place in the whole number whose bytes are the packed marks."""
    return 1 << (8 * MARK_BYTES - 1 - place)


def _plain_hints() -> dict[str, tuple[tuple[str, int], ...]]:
    """Hints that are plain words, by their first three letters, each with its mark among those of the nearest two."""
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for place, words in enumerate(_NAMES.values(), _NEAREST):
        for word in words.split("|"):
            if "\\" not in word:
                found[word[:3]] = (*found.get(word[:3], ()), (word, _bit(place)))
    return found


_PLAIN: Final = _plain_hints()
_BOUNDED: Final = tuple(
    (re.sub(r"\\b|s\?", "", word), re.compile(word), _bit(place))
    for place, words in enumerate(_NAMES.values(), _NEAREST)
    for word in words.split("|")
    if "\\" in word
)
"""Hints that are whole words: what they hold at least, the pattern, the mark."""

_ELEMENT: Final = {name: _bit(place) for name, place in _PLACE.items()}
_ELEMENT["h5"] |= _bit(_OLD)
_ELEMENT["h6"] |= _bit(_OLD + 1)
_DEEP: Final = {depth: _bit(_PLACE[f"depth {depth}"]) for depth in _DEPTHS}
HIDDEN: Final = _ELEMENT["hidden"]
"""The mark of what a browser does not show."""

_ARIA_HIDDEN: Final = _ELEMENT["aria-hidden"]  # shown, but not read aloud

JSON_LD: Final = _ELEMENT["json-ld"]
"""The mark of what is only in the page's JSON-LD."""


Around = tuple[int, int, int, int]
"""The elements around a place: the marks of the place itself; those of its elements and all their hints; the hints of
the innermost element; how many elements they are. A plain tuple, for one is made for every element of a page."""

Elements = frozenset[turbohtml.Element]

OUTSIDE: Final[Around] = (0, 0, 0, 0)
"""Where no element is around."""


def mark_place(name: str) -> int:
    """Where the mark of an element, or one of the others by its name, stands among the marks of a line."""
    return _PLACE[name]


def letters(text: str) -> str:
    """Letters and digits only, case folded: what text is matched by."""
    return _NOT_LETTERS.sub("", text.casefold())


def inside(element: turbohtml.Element, tag: str, outer: Around, telling: Elements) -> Around:
    """What surrounds the inside of an element, where `telling` holds it if it is one of `telling_elements`."""
    _, held, outer_own, depth = outer
    depth += 1
    if tag in _ELEMENT:
        held |= _ELEMENT[tag]
    if depth in _DEEP:
        held |= _DEEP[depth]
    if tag in ("html", "body"):
        return held | outer_own, held, 0, depth
    names = element.attr("class")
    if element in telling:
        held |= _unseen(element)
        attributes = element.attrs
        names = " ".join([names or "", *(element.attr(name) or "" for name in _LESSER if name in attributes)])
    if not names:
        return held | outer_own, held, 0, depth
    own = _hints(names)
    held |= own << len(_NAMES)
    return held | own | outer_own, held, own, depth


def telling_elements(tree: turbohtml.Node) -> Elements:
    """The elements in a node that say more of themselves than a class."""
    return frozenset(tree.select(_TELLING))


def hiding_elements(telling: Elements) -> Elements:
    """Those that say of themselves that they, and what is in them, are not shown."""
    return frozenset(element for element in telling if _unseen(element) & HIDDEN)


def _unseen(element: turbohtml.Element) -> int:
    """The marks of an element that says it is not shown, or not read aloud."""
    attributes = element.attrs
    found = 0
    if "hidden" in attributes or ("style" in attributes and _HIDING.search(element.attr("style") or "")):
        found = HIDDEN
    if "aria-hidden" in attributes and element.attr("aria-hidden") == "true":
        found |= _ARIA_HIDDEN
    return found


@lru_cache(maxsize=1 << 16)
def _hints(names: str) -> int:
    """What an element's names hint at, as marks of the nearest two."""
    found = 0
    for name in names[:_NAMED_CHARS].lower().translate(_DIGITS).split():
        found |= _hints_of_one(name)
    return found


@lru_cache(maxsize=1 << 16)
def _hints_of_one(names: str) -> int:
    found = 0
    for at in range(len(names) - 2):
        for word, bit in _PLAIN.get(names[at : at + 3], ()):
            if names.startswith(word, at):
                found |= bit
    for held, pattern, bit in _BOUNDED:
        if held in names and pattern.search(names):
            found |= bit
    return found


def packed(marks: list[int]) -> Packed:
    """Marks as rows of bytes, uint8[n, MARK_BYTES]."""
    data = b"".join(mark.to_bytes(MARK_BYTES, "big") for mark in marks)
    return np.frombuffer(data, np.uint8).reshape(-1, MARK_BYTES)


def marks_of_lines(
    marks: Packed, owner: NDArray[np.int64], first: NDArray[np.int64], size: NDArray[np.int64]
) -> Packed:
    """The marks of lines, by those of the places that their letters are of.

    Args:
        marks: marks of k places, uint8[k, MARK_BYTES].
        owner: which place each letter of the page is of, int64[letters].
        first: the first letter of each line, int64[n].
        size: how many letters it has, one at least, int64[n].

    Returns:
        uint8[n, MARK_BYTES]: what two of a line's first, middle and last letter have, and steps of link density.
    """
    one, two, three = (marks[owner[place]] for place in (first, first + (size - 1) // 2, first + size - 1))
    found = (one & two) | (one & three) | (two & three)
    in_link = marks[:, mark_place("a") // 8] >> (7 - mark_place("a") % 8) & 1
    before = np.concatenate(([0], np.cumsum(in_link[owner], dtype=np.int64)))
    linked = before[first + size] - before[first]
    steps = np.stack([linked > 0, *(4 * linked >= quarters * size for quarters in (1, 2, 3, 4))], axis=1)
    row = np.zeros((len(found), MARKS), np.bool_)
    row[:, _FIRST_LINKED:] = steps
    return found | np.packbits(row, axis=1)


class Nodes(NamedTuple):
    """Letters of a page's text nodes, joined; which node each is of, int64[letters]; uint8[nodes, MARK_BYTES]."""

    joined: str
    owner: NDArray[np.int64]
    marks: Packed


def page_nodes(html: str) -> Nodes:
    """Finds the text nodes of a page, spoken attributes among them, and what stands around each."""
    nodes = list(_text_nodes(turbohtml.parse(html)))
    owner = np.repeat(np.arange(len(nodes)), [len(text) for text, _ in nodes])
    return Nodes("".join(text for text, _ in nodes), owner, packed([marks for _, marks in nodes]))


def line_marks(nodes: Nodes, text: str, lines: list[dict[str, Any]]) -> tuple[Marks, Marks]:
    """Finds the marks of each line, bool[n, MARKS], and whether it stands in the HTML at all, bool[n].

    Lines are looked up in the page's text nodes in order: at the place where the last one ended, else a little on.
    """
    first, size = np.zeros(len(lines), np.int64), np.zeros(len(lines), np.int64)
    place = 0
    for i, line in enumerate(lines):
        wanted = letters(text[line["start"] : line["end"]])
        at = _next_place(nodes.joined, wanted, place)
        if at >= 0:
            first[i], size[i], place = at, len(wanted), at + len(wanted)
    known = size > 0
    marks = np.zeros((len(lines), MARKS), np.bool_)
    found = marks_of_lines(nodes.marks, nodes.owner, first[known], size[known])
    marks[known] = np.unpackbits(found, axis=1, count=MARKS)
    return marks, known


def _next_place(joined: str, wanted: str, place: int) -> int:
    """Where the wanted letters come next: short ones must be near, as they may stand anywhere by chance."""
    if not wanted:
        return -1
    if joined.startswith(wanted, place):
        return place
    size = len(wanted)
    reach = 200 if size < 4 else 1500 if size < 8 else 8000 if size < 20 else 60000
    return joined.find(wanted, place, place + reach + size)


def _text_nodes(tree: turbohtml.Document) -> Iterator[tuple[str, int]]:
    """Letters and marks of each text node and spoken attribute, in document order."""
    around, telling = OUTSIDE, telling_elements(tree)
    above: list[tuple[Iterator[turbohtml.Node], Around]] = []
    children = iter(tree.children)
    while True:
        node = next(children, None)
        if node is None:
            if not above:
                return
            children, around = above.pop()
        elif isinstance(node, turbohtml.Element):
            tag = node.tag
            if tag in _UNSEEN:
                continue
            above.append((children, around))
            children, around = iter(node.children), inside(node, tag, around, telling)
            for name in _SPOKEN.get(tag, ()):
                if text := letters(node.attr(name) or ""):
                    yield text, around[0]
        elif isinstance(node, turbohtml.Text) and (text := letters(node.data)):
            yield text, around[0]
