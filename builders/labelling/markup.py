"""What a page's HTML says about the lines of its flat text; used in training only.

A teacher that may look at the HTML labels the many pages that nobody labelled by hand; the line model, which sees
only text, learns from it.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
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
_ATTRIBUTES: Final = ("class", "id", "role", "itemprop", "aria-label", "data-testid", "rel")
_SPOKEN: Final = {"img": ("alt",), "input": ("placeholder", "value"), "textarea": ("placeholder",)}
_UNSEEN: Final = {"script", "style", "template"}

MARKS: Final = len(_ELEMENTS) + 2 * len(_NAMES)
"""Marks of a line: elements around it, hints in the names of any element around it, hints in the nearest two."""

_PATTERNS: Final = tuple(re.compile(pattern) for pattern in _NAMES.values())
_PLACE: Final = {name: i for i, name in enumerate(_ELEMENTS)} | {a: _ELEMENTS.index(b) for a, b in _SAME.items()}
_NOT_LETTERS: Final = re.compile(r"[\W_]+")

Marks = NDArray[np.bool_]


class _Around(NamedTuple):
    """Marks of the elements around a place: which elements, the hints of all, the hints of the innermost."""

    elements: Marks
    hints: Marks
    own: Marks


def mark_place(element: str) -> int:
    """Where the mark of an element stands among the marks of a line."""
    return _PLACE[element]


def letters(text: str) -> str:
    """Letters and digits only, case folded: what text is matched by."""
    return _NOT_LETTERS.sub("", text.casefold())


class Nodes(NamedTuple):
    """Letters of a page's text nodes, joined; which node each letter is of, int64[letters]; bool[nodes, MARKS]."""

    joined: str
    owner: NDArray[np.int64]
    marks: Marks


def page_nodes(html: str) -> Nodes:
    """Finds the text nodes of a page and what stands around each."""
    nodes = list(_text_nodes(html))
    owner = np.repeat(np.arange(len(nodes)), [len(text) for text, _ in nodes])
    marks = np.array([found for _, found in nodes], np.bool_).reshape(-1, MARKS)
    return Nodes("".join(text for text, _ in nodes), owner, marks)


def line_marks(nodes: Nodes, text: str, lines: list[dict[str, Any]]) -> tuple[Marks, Marks]:
    """Finds the marks of each line, bool[n, MARKS], and whether it stands in the HTML at all, bool[n].

    Lines are looked up in the page's text nodes in order: at the place where the last one ended, else a little on.
    """
    marks, known = np.zeros((len(lines), MARKS), np.bool_), np.zeros(len(lines), np.bool_)
    place = 0
    for i, line in enumerate(lines):
        wanted = letters(text[line["start"] : line["end"]])
        at = _next_place(nodes.joined, wanted, place)
        if at >= 0:
            place = at + len(wanted)
            three = nodes.owner[[at, (at + place - 1) // 2, place - 1]]
            marks[i], known[i] = nodes.marks[three].sum(axis=0) >= 2, True
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


def _text_nodes(html: str) -> Iterator[tuple[str, Marks]]:
    """Letters and marks of each text node and spoken attribute, in document order."""
    import lxml.etree  # type: ignore[import-untyped]
    import lxml.html  # type: ignore[import-untyped]

    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = lxml.html.fromstring(html.encode("utf-8", "ignore"), parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, ValueError):
        return
    none = np.zeros(len(_NAMES), np.bool_)
    hints: dict[str, Marks] = {}
    outside = _Around(np.zeros(len(_ELEMENTS), np.bool_), none, none)
    around = [outside]
    unseen = 0
    for event, element in lxml.etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            unseen += element.tag in _UNSEEN
            around.append(_entered(element, around[-1], hints))
            texts = [element.get(name) for name in _SPOKEN.get(element.tag, ())] + [element.text]
            inside = around[-1]
        else:
            if event == "end":
                unseen -= element.tag in _UNSEEN
                around.pop()
            texts, inside = [element.tail], around[-1]
        for text in texts:
            found = letters(text) if text and not unseen else ""
            if found:
                outer = around[-2] if len(around) > 1 else inside
                yield found, np.concatenate([inside.elements, inside.hints, inside.own | outer.own])


def _entered(element: Any, outer: _Around, hints: dict[str, Marks]) -> _Around:
    """What surrounds the inside of an element."""
    names = " ".join(str(element.get(name) or "") for name in _ATTRIBUTES)[:300].lower()
    if element.tag in ("html", "body"):
        names = ""
    if names not in hints:
        hints[names] = np.array([bool(pattern.search(names)) for pattern in _PATTERNS])
    elements = outer.elements
    if element.tag in _PLACE:
        elements = elements.copy()
        elements[_PLACE[element.tag]] = True
    own = hints[names]
    return _Around(elements, outer.hints | own, own)
