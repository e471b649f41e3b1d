"""A user's own labelled pages as examples: what the line model got wrong on them, it can learn.

A page is labelled in one of two forms: `NAME.json`, what `dehusk show --json` printed with its labels put right; or
`NAME.txt`, a dump, with `NAME.labels` beside it, which says for lines of the file, or ranges of them, what they are.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dehusk.builders.parse import parse_bytes
from dehusk.builders.terminal import line_numbers
from dehusk.schema.errors import UsageError
from dehusk.schema.labels import LABELS
from dehusk.schema.page import Page

from .examples import Examples, Text, appended, by_hand, seen_of
from .markup import MARKS

OWN: Final = "own"
"""The source, and the renderer, that these texts name."""

MOST_BYTES: Final = 64_000_000
"""A file may be so long."""

_RANGE: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?[ \t]+(\w+)")


class OwnPage(NamedTuple):
    """A labelled page: its text, where its lines begin and end, int64[n] each, and a label or None for each."""

    name: str
    text: str
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    labels: tuple[str | None, ...]


def read_own(folder: Path) -> Iterator[OwnPage]:
    """The labelled pages of a folder, in the order of their names.

    Raises:
        UsageError: a file does not say what it must; the message has file and line.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix in (".json", ".labels"))
    if not files:
        raise UsageError(f"{folder} holds no labelled pages", "put NAME.json, or NAME.txt and NAME.labels, into it")
    for file in files:
        yield _from_json(file) if file.suffix == ".json" else _from_ranges(file)


def with_own(examples: Examples, pages: Iterable[OwnPage]) -> Examples:
    """Examples with labelled pages behind them; each is a site of its own."""
    texts = list(examples.texts)
    parts: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for page in pages:
        if len(page.start):
            first = texts[-1].last if texts else 0
            texts.append(
                Text(f"{OWN}/{page.name}", OWN, OWN, f"{OWN}/{page.name}", "", "", first, first + len(page.start))
            )
            for name, value in _columns(page).items():
                parts[name].append(value)
    if not parts:
        return examples
    made = {name: np.concatenate(values) for name, values in parts.items()}
    return appended(examples, texts, made | {"origin": np.arange(len(examples.origin), texts[-1].last)})


def _columns(page: OwnPage) -> dict[str, NDArray[Any]]:
    """The arrays of one page, by their names in `Examples`; `steps` instead of `offsets`."""
    lines = len(page.labels)
    return {
        **seen_of(page.text, page.start, page.end),
        **by_hand(page.labels, [None] * lines, OWN),
        "marks": np.zeros((lines, -(-MARKS // 8)), np.uint8),
        "found": np.zeros(lines, np.bool_),
    }


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "see that the file is there and may be read") from None
    if len(data) > MOST_BYTES:
        raise UsageError(f"{file}: longer than {MOST_BYTES:,} bytes", "leave it out")
    return data


def _from_json(file: Path) -> OwnPage:
    """A page as `dehusk show --json` prints it."""
    try:
        value = json.loads(_bytes(file))
        text, lines = value["raw"], value["lines"]
        places = np.array([[line["start"], line["end"]] for line in lines], np.int64).reshape(-1, 2)
        labels = tuple(line["label"] for line in lines)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise UsageError(f"{file}: not a page as `dehusk show --json` prints it", "keep all but the labels") from None
    for number, label in enumerate(labels):
        _checked(label, f"{file}: entry {number} of `lines`")
    start, end = places.T
    flat = places.ravel()
    if (
        not isinstance(text, str)
        or (np.diff(flat) < 0).any()
        or (start >= end).any()
        or (flat > len(text)).any()
        or (flat < 0).any()
    ):
        raise UsageError(f"{file}: `lines` do not follow one another in `raw`", "keep all but the labels")
    return OwnPage(file.stem, text, start, end, labels)


def _from_ranges(file: Path) -> OwnPage:
    """A dump, and what a file beside it says of its lines."""
    dump = file.with_suffix(".txt")
    page = parse_bytes(_bytes(dump))
    if not isinstance(page, Page):
        raise UsageError(f"{dump}: {page.reason}: {page.detail}", "a build would reject it; leave it out")
    numbers = line_numbers(page)
    labelled = _read_ranges(file, len(page.raw.splitlines()))
    start = np.array([line.start for line in page.lines], np.int64)
    end = np.array([line.end for line in page.lines], np.int64)
    return OwnPage(file.stem, page.raw, start, end, tuple(labelled.get(n) for n in numbers))


def _read_ranges(file: Path, most: int) -> dict[int, str]:
    """The label of each line, by its number from 1."""
    found: dict[int, str] = {}
    for number, row in enumerate(_bytes(file).decode("utf-8", "replace").splitlines(), 1):
        place = f"{file}: line {number}"
        if not row.strip() or row.startswith("#"):
            continue
        match = _RANGE.fullmatch(row.strip())
        if match is None:
            raise UsageError(f"{place}: not a line number or range, and a label", "write `7 summary` or `8-9 caption`")
        first, last = int(match[1]), int(match[2] or match[1])
        _checked(match[3], place)
        if not 1 <= first <= last <= most:
            raise UsageError(f"{place}: lines {first} to {last}; the page has {most}", "count blank lines too, from 1")
        for n in range(first, last + 1):
            if n in found:
                raise UsageError(f"{place}: line {n} of the page already is {found[n]}", "give each line one label")
            found[n] = match[3]
    return found


def _checked(label: object, place: str) -> None:
    if label is not None and label not in LABELS:
        raise UsageError(f"{place}: {str(label)[:40]!r} is no label", f"the labels are {', '.join(LABELS)}")
