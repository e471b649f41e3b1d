"""A page as a browser without style sheets shows it.

Each block element begins a line, inline elements are joined, a blank line stands around a paragraph, a `<br>` ends a
line, cells of a row are parted by a tab, `<pre>` is kept. What the page hides is kept too, on lines of its own behind
the line in which it stands, so that what is shown reads as if it were not there.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import turbohtml

from dehusk.builders.labelling.markup import OUTSIDE, Around, Elements, hiding_elements, inside, telling_elements

from .source import BLANK, Segment, Source

_BLOCKS: Final = frozenset(
    (
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "caption",
            "center",
            "dd",
            "details",
            "dialog",
            "dir",
            "div",
        ),
        *(
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "frameset",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
        ),
        *(
            "header",
            "hgroup",
            "hr",
            "html",
            "legend",
            "li",
            "listing",
            "main",
            "menu",
            "nav",
            "ol",
            "optgroup",
            "option",
        ),
        *("p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul", "xmp"),
    )
)
"""Elements that begin a line (WHATWG HTML, section 15.3), and cells' tables and choices of a form."""

_UNSHOWN: Final = frozenset(
    (
        *("audio", "canvas", "head", "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "style"),
        *("svg", "template", "textarea", "title", "video"),
    )
)
"""Elements whose text a browser shows otherwise than as text of the page, or not at all."""

_BR, LINE, PARAGRAPH, _CELL = 0, 1, 2, -1
_BEGINS: Final = dict.fromkeys(_BLOCKS, LINE) | {"p": PARAGRAPH}
"""The break before what is in an element."""

_ENDS: Final = _BEGINS | {"td": _CELL, "th": _CELL}
"""The break behind it."""

_RUN: Final = re.compile(r"[ \t\n\r\f]+")


Text = tuple[str, int, bool, bool, list[Segment] | int]
"""A text node in the order of showing: its words, its marks, whether white space is before and after them, its place.
A plain tuple, for one is made for every text node of a page."""

Event = Text | int
"""Something to show: text, or one of the four breaks."""


class Left(NamedTuple):
    """A `<noscript>` element, which was left out, and what is around it."""

    element: turbohtml.Element
    around: Around


class Walk:
    """A walk through a tree, without recursion: what is to be shown, in order, and what is left out.

    Attributes:
        shown: what is to be shown.
        unscripted: the `<noscript>` elements.
        scripts: the JSON-LD scripts.
    """

    def __init__(self, source: Source) -> None:
        self.shown: list[Event] = []
        self.unscripted: list[Left] = []
        self.scripts: list[turbohtml.Element] = []
        self._source = source
        self._hiding: Elements = frozenset()
        self._hidden: list[Event] = []

    def go(self, root: turbohtml.Node, around: Around = OUTSIDE) -> None:
        """Walks through what is in a node, in one loop that calls little: it passes each node of a page."""
        telling = telling_elements(root)
        self._hiding = hiding = hiding_elements(telling)
        source, out, kept, end = self._source, self.shown, False, None
        children = iter(root.children)
        above: list[tuple[Iterator[turbohtml.Node], Around, list[Event], bool, int | None]] = []
        while True:
            for node in children:
                if isinstance(node, turbohtml.Text):
                    self._take(node.data, around[0], out, kept=kept)
                elif isinstance(node, turbohtml.Element):
                    tag = node.tag
                    within = () if tag in _UNSHOWN else node.children
                    if not within:
                        self._pass(node, tag, around, out)
                        continue
                    above.append((children, around, out, kept, end))
                    children = iter(within)
                    source.near = node
                    around = inside(node, tag, around, telling)
                    if hiding and node in hiding:
                        out = self._hidden
                    if tag in _BEGINS:
                        self._break(_BEGINS[tag], out)
                    kept = kept or tag in _KEPT
                    end = _ENDS.get(tag)
                    break
            else:
                if not above:
                    break
                if end is not None:
                    self._break(end, out)
                children, around, out, kept, end = above.pop()
        self._flush()

    def _take(self, data: str, marks: int, out: list[Event], *, kept: bool) -> None:
        """Takes a text node."""
        words = data.strip(BLANK)
        if kept:
            out.append((data, marks, False, False, self._find_kept(data, words)))
        elif not words:
            out.append(_SPACE)
        else:
            before, after = data[0] != words[0], data[-1] != words[-1]
            if "\n" in words or "  " in words or "\t" in words or "\r" in words or "\f" in words:
                words = _RUN.sub(" ", words)
            out.append((words, marks, before, after, self._source.find(words)))

    def _pass(self, element: turbohtml.Element, tag: str, around: Around, out: list[Event]) -> None:
        """Passes an element that is left out, or empty: that one breaks the line, if it is shown."""
        if tag in _UNSHOWN:
            self._leave_out(element, tag, around)
        elif tag == "br":
            self._break(_BR, out)
        elif tag in _ENDS and (element not in self._hiding or _ENDS[tag] == _CELL):
            self._break(_ENDS[tag], out)

    def _break(self, kind: int, out: list[Event]) -> None:
        """Ends the line, or the cell of a row: what was hidden in a line comes behind it."""
        if self._hidden and kind != _CELL and out is self.shown:
            self._flush()
        out.append(kind)

    def _flush(self) -> None:
        """Shows what was hidden in a line, behind it."""
        if self._hidden:
            self.shown += (LINE, *self._hidden, LINE)
            self._hidden.clear()

    def _find_kept(self, data: str, words: str) -> list[Segment]:
        """The place of text whose white space is kept; that at its edges is nowhere."""
        lead = len(data) - len(data.lstrip(BLANK))
        found = self._source.find(words) if words else []
        if isinstance(found, int):
            return [Segment(lead, len(words), found, found + len(words))]
        if not found:
            return [Segment(lead, len(words), -1, -1)]
        return [segment._replace(at=segment.at + lead) for segment in found]

    def _leave_out(self, element: turbohtml.Element, tag: str, around: Around) -> None:
        if tag == "head":
            for node in element.children:
                if isinstance(node, turbohtml.Element) and node.tag in _UNSHOWN:
                    self._leave_out(node, node.tag, around)
            return
        if tag == "noscript":
            self.unscripted.append(Left(element, around))
        elif tag == "script" and element.attr("type") == "application/ld+json":
            self.scripts.append(element)
        self._source.leave_out(tag)


_KEPT: Final = frozenset(("listing", "pre", "xmp"))
_SPACE: Final[Text] = ("", 0, True, True, [])


class Sheet:
    """Text as it is laid out, line by line, and where its parts come from.

    Attributes:
        parts: the text, in parts.
        marks: the marks of each text node.
        spots: for each segment, in a row: where it is in the text, its characters, where it begins and ends in the
            source (-1 where that is not known), and which text node it is of.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.marks: list[int] = []
        self.spots: list[int] = []
        self._length = 0

    def lay_out(self, events: list[Event]) -> None:
        """Shows what a walk found."""
        parts, marks_of, spots, length = self.parts, self.marks, self.spots, self._length
        fresh, space, tabs, ended = True, False, False, 0 if length else 2
        for event in events:
            if event is _SPACE:
                space = True
                continue
            if isinstance(event, int):
                if event == _CELL:
                    tabs = not fresh
                    continue
                wanted = min(ended + 1, 2) if event == _BR else event
                if wanted > ended:
                    parts.append("\n" * (wanted - ended))
                    length += wanted - ended
                    ended = wanted
                fresh, space, tabs = True, False, False
                continue
            text, marks, before, after, where = event
            size = len(text)
            if not fresh and (tabs or space or before):
                parts.append("\t" if tabs else " ")
                length += 1
            if isinstance(where, int):
                spots += (length, size, where, where + size, len(marks_of))
            else:
                for at, long, start, end in where or ((0, size, -1, -1),):
                    spots += (length + at, long, start, end, len(marks_of))
            marks_of.append(marks)
            parts.append(text)
            length += size
            fresh, space, tabs, ended = False, after, False, 0
            if text[-1] == "\n":
                fresh, ended = True, 1
        self._length = length
