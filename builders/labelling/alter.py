"""Labelled pages in other shapes: as some other tool, or a hurried one, would have dumped them.

Training on them keeps the model from leaning on what one renderer does: menus above every article, a blank line
around every paragraph, one line an item. Their labels are those of the lines they were made from.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .examples import Examples, Text, appended, read_texts, seen_of
from .markup import MARKS, mark_place

KNOWN_OF_LINES: Final = ("target", "content", "hand", "marks", "found")
"""Columns of `Examples` that a line keeps in an altered copy."""

ALTERED: Final = "altered"
"""The renderer that these texts name."""

RUNNING_TEXT: Final = 80
"""Characters from which on a line gets blank lines around it, where only paragraphs do."""


class _Lines(NamedTuple):
    """Lines of a page while it is altered: white space before each, the text, and the line it was made from."""

    gaps: list[str]
    texts: list[str]
    rows: NDArray[np.int64]


def with_altered(folder: Path, examples: Examples, copies: int, seed: int) -> Examples:
    """Examples with altered copies of every page behind them; the lines of the copies name those they came from.

    Args:
        folder: the benchmark folder that the examples were read from.
        examples: its examples.
        copies: how many copies of each page, each of one of its renderings drawn at random.
        seed: the same seed gives the same copies.
    """
    random = np.random.default_rng(seed)
    place = {(text.page_id, text.renderer): text for text in examples.texts}
    by_page: dict[str, list[Text]] = {}
    for text in examples.texts:
        by_page.setdefault(text.page_id, []).append(text)
    wanted: dict[tuple[str, str], int] = {}
    for page, texts in by_page.items():
        for number in random.integers(0, len(texts), copies).tolist():
            key = (page, texts[number].renderer)
            wanted[key] = wanted.get(key, 0) + 1
    texts = list(examples.texts)
    parts: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for row in read_texts(folder):
        key = (row["page_id"], row["renderer"])
        for _ in range(wanted.get(key, 0)):
            made = _altered(row, place[key], examples, random)
            if not made.texts:
                continue
            first = texts[-1].last
            texts.append(place[key]._replace(renderer=ALTERED, first=first, last=first + len(made.texts)))
            for name, value in (computed(made.gaps, made.texts) | {"origin": made.rows}).items():
                parts[name].append(value)
    columns = {name: np.concatenate(values) for name, values in parts.items()}
    known = {name: getattr(examples, name)[columns["origin"]] for name in KNOWN_OF_LINES}
    return appended(examples, texts, columns | known)


def computed(gaps: list[str], texts: list[str]) -> dict[str, NDArray[Any]]:
    """What is computed of the lines of one written page, as `seen_of` has it.

    Args:
        gaps: the white space before each line.
        texts: the lines.
    """
    sizes = np.array([len(text) for text in texts])
    end = np.cumsum(sizes + np.array([len(gap) for gap in gaps]))
    return seen_of("".join(x for pair in zip(gaps, texts, strict=True) for x in pair), end - sizes, end)


def _altered(row: dict[str, Any], place: Text, examples: Examples, random: np.random.Generator) -> _Lines:
    text, lines = row["text"], row["lines"]
    rows = np.arange(place.first, place.last)
    rows = rows[_kept(rows, examples, random)]
    bounds = [(lines[i]["start"], lines[i]["end"]) for i in (rows - place.first).tolist()]
    before = [0, *(line["end"] for line in lines)]
    gaps = [text[before[i] : lines[i]["start"]] for i in (rows - place.first).tolist()]
    made = _Lines(gaps, [text[a:b] for a, b in bounds], rows)
    if random.random() < 0.3:
        made = _glued(made, examples, random)
    return made._replace(gaps=_spaced(made, random))


def _kept(rows: NDArray[np.int64], examples: Examples, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which lines stay: lists, whole runs of boilerplate, or what stands before or after the text may go."""
    other = examples.content[rows] == 0
    marks = np.unpackbits(examples.marks[rows], axis=1, count=MARKS).astype(np.bool_)
    listed = marks[:, mark_place("li")]
    keep = np.ones(len(rows), np.bool_)
    draw = random.random(5)
    if draw[0] < 0.4:
        keep &= ~(listed & other)
    elif draw[0] < 0.55:
        keep &= ~listed
    if draw[1] < 0.4:
        edges = np.flatnonzero(np.diff(np.append(np.append(False, other), False).astype(np.int8)))
        for low, high in edges.reshape(-1, 2):
            if high - low > 2 and random.random() < 0.5:
                cut = np.sort(random.integers(low, high + 1, 2)) if random.random() < 0.5 else (low, high)
                keep[cut[0] : cut[1]] = False
    text = np.flatnonzero(examples.content[rows] == 1)
    if len(text) and draw[2] < 0.15:
        keep[: random.integers(0, text[0] + 1)] = False
    if len(text) and draw[3] < 0.2:
        keep[random.integers(text[-1] + 1, len(rows) + 1) :] = False
    return keep


def _glued(made: _Lines, examples: Examples, random: np.random.Generator) -> _Lines:
    """Some neighbouring short lines of boilerplate with the same label as one line, with or without a space."""
    gaps: list[str] = []
    texts: list[str] = []
    rows: list[int] = []
    glue = " " if random.random() < 0.5 else ""
    target, other = examples.target[made.rows], examples.content[made.rows] == 0
    run = 0
    for i, text in enumerate(made.texts):
        brief = len(text) < 30 and bool(other[i])
        if run and brief and target[i] == target[i - 1] and len(texts[-1]) < 120:
            texts[-1] += glue + text
            run -= 1
            continue
        run = int(random.integers(1, 8)) if brief and random.random() < 0.4 else 0
        gaps.append(made.gaps[i])
        texts.append(text)
        rows.append(int(made.rows[i]))
    return _Lines(gaps, texts, np.array(rows, np.int64))


def _spaced(made: _Lines, random: np.random.Generator) -> list[str]:
    """White space before each line: as it was, or one habit all over the page."""
    draw = random.random()
    gaps = made.gaps
    if random.random() < 0.3:
        gaps = ["\n" * gap.count("\n") for gap in gaps]
    if draw < 0.4:
        return [gap if "\n" in gap or not i else "\n" + gap for i, gap in enumerate(gaps)]
    if draw < 0.6:
        return ["\n"] * len(gaps)
    if draw < 0.7:
        return ["\n\n"] * len(gaps)
    long = [len(text) >= RUNNING_TEXT for text in made.texts]
    return ["\n\n" if now or before else "\n" for now, before in zip(long, [False, *long], strict=False)]
