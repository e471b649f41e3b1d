"""Body text that a browser shows only after scripts ran, or never: in `<noscript>`, in JSON-LD."""

import json
import re
from itertools import islice
from typing import Final

import turbohtml

from dehusk.builders.labelling.markup import JSON_LD, inside, letters

from .render import LINE, PARAGRAPH, Event, Left, Sheet, Walk
from .source import Segment, Source

_WORTH: Final = 200
"""Characters from which on text that the rendering lacks is recovered: two sentences, as for `very_short`."""

_CHUNK: Final = 40
_CHUNKS: Final = 20
_PASSAGES: Final = 100
_LOOKED_AT: Final = 2_000_000
_LITERAL: Final = re.compile(r'"(articleBody|description)"\s*+:\s*+("(?:[^"\\]++|\\.)*+")', re.DOTALL)
_DESCRIBED: Final = re.compile(r'"@type"\s*+:\s*+(?:\[\s*+)?+"(?:Product|JobPosting|Event|Course|Recipe)"')
"""Things of schema.org whose description is the body of their page; an article's is a summary."""

Passage = tuple[str, list[Event]]
"""Text that may be missing from a page, and how to show it."""


def recover(walk: Walk, source: Source, sheet: Sheet) -> bool:
    """Lays out, below the page, body text that stands in nothing but `<noscript>` or JSON-LD; whether there is any."""
    found = [*_unscripted(walk.unscripted, source), *_linked(walk.scripts, source)][:_PASSAGES]
    if not found:
        return False
    shown = letters("".join(sheet.parts)[:_LOOKED_AT])
    missing: list[Passage] = []
    for text, events in found:
        if not _holds(shown, text) and not any(_holds(letters(other), text) for other, _ in missing):
            missing.append((text, events))
    if sum(len(text) for text, _ in missing) < _WORTH:
        return False
    sheet.lay_out([PARAGRAPH, *(event for _, events in missing for event in events)])
    return True


def _holds(shown: str, text: str) -> bool:
    """Whether most of a text is in what is shown, by up to twenty chunks of forty letters."""
    wanted = letters(text[:_LOOKED_AT])
    step = max(_CHUNK, len(wanted) // _CHUNKS)
    chunks = [wanted[at : at + _CHUNK] for at in range(0, max(1, len(wanted) - _CHUNK + 1), step)]
    return 2 * sum(chunk in shown for chunk in chunks) >= len(chunks)


def _unscripted(left: list[Left], source: Source) -> list[Passage]:
    """What each `<noscript>` element holds, if all together is worth it."""
    held = [(one, one.element.text) for one in left]
    found: list[Passage] = []
    if sum(len(text.strip()) for _, text in held) < _WORTH:
        return found
    for (element, around), text in held:
        if len(text.strip()) >= _CHUNK:
            source.go_to(element)
            walk = Walk(source)
            walk.go(element, inside(element, "noscript", around, frozenset((element,))))
            found.append((text, [LINE, *walk.shown, LINE]))
    return found


def _linked(scripts: list[turbohtml.Element], source: Source) -> list[Passage]:
    """The bodies of articles, and the descriptions of things, that JSON-LD holds."""
    found: list[Passage] = []
    for element in scripts:
        script = element.text
        if len(script) < _WORTH or ("articleBody" not in script and "description" not in script):
            continue
        described = _DESCRIBED.search(script) is not None
        begin = source.inside(element)
        for match in islice(_LITERAL.finditer(script), _PASSAGES):
            if match[1] == "articleBody" or described:
                text = _text_of(match[2])
                found.append((text, _shown(text, _where(source, begin, match))))
    return found


def _where(source: Source, begin: int | None, match: re.Match[str]) -> tuple[int, int] | None:
    """The place of a JSON string, if it stands in the source as it stands in the script."""
    if begin is None or not source.html.startswith(match[2], begin + match.start(2)):
        return None
    return begin + match.start(2), begin + match.end(2)


def _shown(text: str, place: tuple[int, int] | None) -> list[Event]:
    """The lines of a text out of JSON-LD, each of which is placed where the whole is."""
    events: list[Event] = [LINE]
    for line in text.splitlines():
        if words := " ".join(line.split()):
            where = [Segment(0, len(words), *place)] if place else []
            events += ((words, JSON_LD, False, False, where), LINE)
    return events


def _text_of(literal: str) -> str:
    """What a JSON string says, markup in it rendered."""
    try:
        text = str(json.loads(literal, strict=False))
    except ValueError:
        return ""
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if "<" not in text and "&" not in text:
        return text
    walk, sheet = Walk(Source(text)), Sheet()
    walk.go(turbohtml.parse(text))
    sheet.lay_out(walk.shown)
    return "".join(sheet.parts)
