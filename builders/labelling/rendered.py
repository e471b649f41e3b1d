"""Labelled pages as they are read from HTML: the text and the lines of the run, and what the HTML says of each line.

The benchmark folder labels the lines of renderings that other tools made; those of the rendering nearest to ours are
carried over where the lines are the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dehusk.builders.reading.html import HtmlPage, html_page
from dehusk.builders.unpacking.document import Refused

from .examples import PARTS, Examples, Text, by_hand, hand_labels, read_folder, seen_of, with_pages
from .markup import letters

RENDERED: Final = "html"
"""The renderer that these texts name."""

LONG_ENOUGH: Final = 12
"""Letters from which on a line is not in the gold body by chance; the folder's own alignment has the same."""

NEAREST: Final = "innertext"
"""The rendering of the folder that is most like ours."""


def pages_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Id and HTML of every page of a benchmark folder."""
    for part in PARTS:
        for batch in pq.ParquetFile(folder / f"{part}pages.parquet").iter_batches(64, columns=["page_id", "html"]):
            for row in batch.to_pylist():
                yield row["page_id"], row["html"]


def read_rendered(html: str) -> HtmlPage | None:
    """A page as the run reads it; None where it cannot be read or shows nothing."""
    page = html_page(html.encode("utf-8", "replace"), "utf-8")
    return None if isinstance(page, Refused) or not len(page.lines.start) else page


def same_lines(one: Sequence[str], other: Sequence[str]) -> NDArray[np.int64]:
    """int64[len(one)]: for each line the same line of the other text, matched in order; -1 where there is none."""
    found = np.full(len(one), -1, np.int64)
    left, right = ([letters(line) or line for line in lines] for lines in (one, other))
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        found[block.a : block.a + block.size] = np.arange(block.b, block.b + block.size)
    return found


def lines_of(page: HtmlPage) -> list[str]:
    """The lines of a page."""
    return [page.text[a:b] for a, b in zip(page.lines.start.tolist(), page.lines.end.tolist(), strict=True)]


def with_rendered(folder: Path, examples: Examples, more: Path | None = None) -> Examples:
    """Examples with every page of the folder, rendered from its HTML, behind them.

    Args:
        folder: the benchmark folder that the examples were read from.
        examples: its examples.
        more: the further hand labels that they were read with.
    """
    hand = hand_labels(folder, more)
    place = {text.page_id: text for text in examples.texts if text.renderer == NEAREST}
    return with_pages(examples, _pages(folder, place, hand))


def _pages(
    folder: Path, place: Mapping[str, Text], hand: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Text, dict[str, NDArray[Any]]]]:
    for page, text in read_folder(folder):
        known = place.get(text["page_id"])
        if text["renderer"] != NEAREST or known is None:
            continue
        read = read_rendered(page["html"])
        if read is None:
            continue
        gold = (page["gold"] or {}).get("body") or ""
        yield known._replace(renderer=RENDERED), _columns(read, text, hand.get(text["page_id"]), gold)


def _columns(page: HtmlPage, text: dict[str, Any], hand: Sequence[str] | None, gold: str) -> dict[str, NDArray[Any]]:
    """The arrays of one page, by their names in `Examples`; `steps` instead of `offsets`."""
    known, lines = text["lines"], lines_of(page)
    match = same_lines(lines, [text["text"][line["start"] : line["end"]] for line in known]).tolist()
    read = [hand[i] if hand and i >= 0 else None for i in match]
    given = [known[i]["label"] if i >= 0 else None for i in match]
    return {
        **seen_of(page.text, page.lines.start, page.lines.end),
        **by_hand(read, _by_gold(lines, match, given, gold), text["source"]),
        "marks": page.lines.marks,
        "found": np.ones(len(match), np.bool_),
    }


def _by_gold(lines: Sequence[str], match: Sequence[int], given: Sequence[str | None], gold: str) -> list[str | None]:
    """The labels given, and for long lines that the other rendering has not, whether they are in the gold body.

    What it has not is mostly hidden; a hidden copy of a line that is shown is not wanted twice.
    """
    body = letters(gold)
    shown = {letters(line) for line, i in zip(lines, match, strict=True) if i >= 0}
    found = list(given)
    for n, line in enumerate(lines):
        said = letters(line)
        if body and match[n] < 0 and len(said) >= LONG_ENOUGH:
            found[n] = "content" if said in body and said not in shown else "boilerplate"
            shown.add(said)
    return found
