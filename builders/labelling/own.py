"""A user's own labelled pages as examples: what the line model got wrong on them, it can learn.

A page is labelled in one of three forms: in a labels file (`NAME.jsonl`) as `dehusk review` writes it; in `NAME.json`,
what `dehusk show --json` printed with its labels put right; or as `NAME.txt`, a dump, with `NAME.labels` beside it,
which says for lines of the file, or ranges of them, what they are.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dehusk.builders.parse import parse_bytes
from dehusk.builders.terminal import line_numbers
from dehusk.schema.errors import UsageError
from dehusk.schema.page import Page

from .examples import Examples, Text, by_hand, seen_of, with_pages
from .hand import LabelledPage, check_label, file_bytes, labelled_page, labelled_pages
from .markup import MARK_BYTES

OWN: Final = "own"
"""The source, and the renderer, that these texts name."""

MOST_BYTES: Final = 64_000_000
"""A file of one page may be so long."""

_RANGE: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?[ \t]+(\w+)")


def read_own(place: Path) -> Iterator[LabelledPage]:
    """The labelled pages of a folder, in the order of its files' names, or of one labels file.

    Raises:
        UsageError: a file does not say what it must; the message has file and line.
    """
    if place.is_file():
        yield from labelled_pages(place)
        return
    files = sorted(path for path in place.iterdir() if path.suffix in (".json", ".jsonl", ".labels"))
    if not files:
        tip = "put a labels file, NAME.json, or NAME.txt and NAME.labels, into it"
        raise UsageError(f"{place} holds no labelled pages", tip)
    for file in files:
        if file.suffix == ".jsonl":
            yield from labelled_pages(file)
        elif file.suffix == ".json":
            yield labelled_page(_bytes(file), str(file))._replace(id=file.stem)
        else:
            yield _from_ranges(file)


def with_own(examples: Examples, pages: Iterable[LabelledPage]) -> Examples:
    """Examples with labelled pages behind them; each is a site of its own."""
    return with_pages(examples, ((_text(f"{OWN}/{page.id}"), _columns(page)) for page in pages if len(page.start)))


def _text(name: str) -> Text:
    return Text(name, OWN, OWN, name, lang="", page_type="", first=0, last=0)


def _columns(page: LabelledPage) -> dict[str, NDArray[Any]]:
    """The arrays of one page, by their names in `Examples`; `steps` instead of `offsets`."""
    lines = len(page.labels)
    return {
        **seen_of(page.text, page.start, page.end),
        **by_hand(page.labels, [None] * lines, OWN),
        "marks": np.zeros((lines, MARK_BYTES), np.uint8),
        "found": np.zeros(lines, np.bool_),
    }


def _bytes(file: Path) -> bytes:
    try:
        return file_bytes(file, MOST_BYTES)
    except FileNotFoundError:
        raise UsageError(f"{file}: No such file or directory", "see that the file is there") from None


def _from_ranges(file: Path) -> LabelledPage:
    """A dump, and what a file beside it says of its lines."""
    dump = file.with_suffix(".txt")
    page = parse_bytes(_bytes(dump))
    if not isinstance(page, Page):
        raise UsageError(f"{dump}: {page.reason}: {page.detail}", "a build would reject it; leave it out")
    numbers = line_numbers(page)
    labelled = _read_ranges(file, len(page.raw.splitlines()))
    start = np.array([line.start for line in page.lines], np.int64)
    end = np.array([line.end for line in page.lines], np.int64)
    return LabelledPage(file.stem, "", page.raw, start, end, tuple(labelled.get(n) for n in numbers))


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
        check_label(match[3], place)
        if not 1 <= first <= last <= most:
            raise UsageError(f"{place}: lines {first} to {last}; the page has {most}", "count blank lines too, from 1")
        for n in range(first, last + 1):
            if n in found:
                raise UsageError(f"{place}: line {n} of the page already is {found[n]}", "give each line one label")
            found[n] = match[3]
    return found
