"""A page as a browser without style sheets shows it.

Each block element begins a line, inline elements are joined, a blank line stands around a paragraph, a `<br>` ends a
line, cells of a row are parted by a tab, `<pre>` is kept. What the page hides is kept too, on lines of its own behind
the line in which it stands, so that what is shown reads as if it were not there.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import turbohtml

from dehusk.builders.labelling.markup import OUTSIDE, Around, inside

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
_BREAKS: Final = dict.fromkeys(_BLOCKS, LINE) | {"p": PARAGRAPH}
_UNEVEN: Final = re.compile(r"[\t\n\r\f]|  ")
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

    def __init__(
        self, source: Source, hiding: frozenset[turbohtml.Node] = frozenset(), around: Around = OUTSIDE
    ) -> None:
        self.shown: list[Event] = []
        self.unscripted: list[Left] = []
        self.scripts: list[turbohtml.Element] = []
        self._source = source
        self._hiding = hiding
        self._hidden: list[Event] = []
        self._out = self.shown
        self._open: list[tuple[turbohtml.Element, str]] = []
        self._arounds = [around]

    def go(self, children: Iterator[turbohtml.Node]) -> None:
        """Walks through the children of a node."""
        above: list[Iterator[turbohtml.Node]] = []
        kept = 0
        while True:
            node = next(children, None)
            if isinstance(node, turbohtml.Text):
                data = node.data
                if kept or data.strip(BLANK):
                    self._take(data, kept=kept > 0)
                else:
                    self._out.append(_SPACE)
            elif isinstance(node, turbohtml.Element):
                tag = node.tag
                within = () if tag in _UNSHOWN else node.children
                if not within:
                    self._pass(node, tag)
                    continue
                above.append(children)
                children = iter(within)
                self._source.near = node
                self._enter(node, tag)
                kept += tag in _KEPT
            elif node is None:
                if not above:
                    break
                kept -= self._leave() in _KEPT
                children = above.pop()
        self._flush()

    def _enter(self, element: turbohtml.Element, tag: str) -> None:
        self._open.append((element, tag))
        if element in self._hiding:
            self._out = self._hidden
        if tag in _BREAKS:
            self._break(_BREAKS[tag])

    def _leave(self) -> str:
        """Leaves the innermost element, whose tag it gives."""
        element, tag = self._open.pop()
        if len(self._arounds) > len(self._open) + 1:
            self._arounds.pop()
        self._close(tag)
        if element in self._hiding and not any(outer in self._hiding for outer, _ in self._open):
            self._out = self.shown
        return tag

    def _around(self) -> Around:
        """What is around the place where the walk is: it is found for the elements that hold text, not for all."""
        arounds = self._arounds
        for element, tag in self._open[len(arounds) - 1 :]:
            arounds.append(inside(element, tag, arounds[-1]))
        return arounds[-1]

    def _pass(self, element: turbohtml.Element, tag: str) -> None:
        """Passes an element that is left out, or empty: that one breaks the line, if it is shown."""
        if tag in _UNSHOWN:
            self._leave_out(element, tag)
        elif tag == "br":
            self._break(_BR)
        elif tag in _BREAKS and element not in self._hiding:
            self._break(_BREAKS[tag])
        elif tag in ("td", "th"):
            self._out.append(_CELL)

    def _close(self, tag: str) -> None:
        if tag in _BREAKS:
            self._break(_BREAKS[tag])
        elif tag in ("td", "th"):
            self._out.append(_CELL)

    def _break(self, kind: int) -> None:
        """Ends the line: what was hidden in it comes behind it."""
        if self._hidden and self._out is self.shown:
            self._flush()
        self._out.append(kind)

    def _flush(self) -> None:
        if self._hidden:
            self.shown += (LINE, *self._hidden, LINE)
            self._hidden.clear()

    def _take(self, data: str, *, kept: bool) -> None:
        marks = self._around()[0]
        if kept:
            self._out.append((data, marks, False, False, self._find_kept(data)))
            return
        words = data.strip(BLANK)
        if _UNEVEN.search(words):
            words = _RUN.sub(" ", words)
        self._out.append((words, marks, data[0] in BLANK, data[-1] in BLANK, self._source.find(words)))

    def _find_kept(self, data: str) -> list[Segment]:
        """The place of text whose white space is kept; that at its edges is nowhere."""
        words = data.strip(BLANK)
        lead = len(data) - len(data.lstrip(BLANK))
        found = self._source.find(words) if words else []
        if isinstance(found, int):
            return [Segment(lead, len(words), found, found + len(words))]
        if not found:
            return [Segment(lead, len(words), -1, -1)]
        return [segment._replace(at=segment.at + lead) for segment in found]

    def _leave_out(self, element: turbohtml.Element, tag: str) -> None:
        if tag == "head":
            for node in element.children:
                if isinstance(node, turbohtml.Element) and node.tag in _UNSHOWN:
                    self._leave_out(node, node.tag)
            return
        if tag == "noscript":
            self.unscripted.append(Left(element, self._around()))
        elif tag == "script" and element.attr("type") == "application/ld+json":
            self.scripts.append(element)
        self._source.leave_out(tag)


_KEPT: Final = frozenset(("listing", "pre", "xmp"))
_SPACE: Final[Text] = ("", 0, True, True, [])


class Sheet:
    """Text as it is laid out, line by line, and where its parts come from."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.marks: list[int] = []
        self.at: list[int] = []
        self.size: list[int] = []
        self.start: list[int] = []
        self.end: list[int] = []
        self.owner: list[int] = []
        self._length = 0

    def lay_out(self, events: list[Event]) -> None:
        """Shows what a walk found."""
        parts, length = self.parts, self._length
        fresh, space, tabs, ended = True, False, False, 0 if length else 2
        for event in events:
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
            if not text:
                space = True
                continue
            if not fresh and (tabs or space or before):
                parts.append("\t" if tabs else " ")
                length += 1
            self._point(length, len(text), where)
            self.marks.append(marks)
            parts.append(text)
            length += len(text)
            fresh, space, tabs, ended = False, after, False, 0
            if text[-1] == "\n":
                fresh, ended = True, 1
        self._length = length

    def _point(self, length: int, size: int, where: list[Segment] | int) -> None:
        """Writes down where text of this size, which begins here, stands."""
        segments = ((0, size, where, where + size),) if isinstance(where, int) else where or ((0, size, -1, -1),)
        for at, long, start, end in segments:
            self.at.append(length + at)
            self.size.append(long)
            self.start.append(start)
            self.end.append(end)
            self.owner.append(len(self.marks))
