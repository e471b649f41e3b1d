"""Excerpts: a few records shown in the card, drawn by a rule and cut short, so that nobody picks the pretty ones.

The rule: for each of the languages that most records have, the record with the smallest id (a digest, so it is a draw
by lot) among those with a title and enough text; of its lines the first of each label, in order, but for names of
authors and readers, and for lines that hold personal data.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.builders.personal import PATTERNS, find_patterns

LANGUAGES: Final = 3
"""How many languages give an example."""

ENOUGH: Final = 500
"""Characters of clean text from which on a record may be an example: about one paragraph."""

LINE_CHARS: Final = 80
"""Characters of a line that are shown."""

HIDDEN: Final = ("byline", "comment")
"""Labels whose lines are not shown, since they name people."""

# Control, format and direction characters, by number so that no version of Unicode changes what is shown; the joiners
# U+200C and U+200D stay, since many scripts cannot be read without.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A record as it is shown.

    Attributes:
        id: its id.
        language: its language.
        lines: label and text of the lines shown, on one line each, without unseen characters.
    """

    id: str
    language: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    path: Path
    row: int


def draw_excerpts(files: Iterable[Path], languages: Iterable[str]) -> list[Excerpt]:
    """Draws the examples of a dataset.

    Args:
        files: its record files.
        languages: language codes, that of most records first.
    """
    wanted = [code for code in languages if code != "unknown"][:LANGUAGES]
    drawn: dict[str, _Place] = {}
    for path in files:
        for code, place in _smallest(path, wanted).items():
            if code not in drawn or place.id < drawn[code].id:
                drawn[code] = place
    return [_excerpt(drawn[code], code) for code in wanted if code in drawn]


def _smallest(path: Path, languages: list[str]) -> dict[str, _Place]:
    """The record with the smallest id of each language in one file, of those that may be examples."""
    table = pq.read_table(path, columns=["id", "title", "language", "n_chars"])
    table = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
    fit = pc.and_(pc.is_valid(table["title"]), pc.greater_equal(table["n_chars"], ENOUGH))
    table = table.filter(pc.and_(fit, pc.is_in(table["language"], value_set=pa.array(languages, pa.string()))))
    table = table.sort_by([("language", "ascending"), ("id", "descending")])  # the smallest comes last, and stays
    rows = zip(*(table[name].to_pylist() for name in ("language", "id", "row")), strict=True)
    return {language: _Place(key, path, row) for language, key, row in rows}


def _excerpt(place: _Place, language: str) -> Excerpt:
    record = _record(place)
    seen: set[str] = set(HIDDEN)
    shown: list[tuple[str, str]] = []
    for line in record["lines"]:
        if line["label"] not in seen:
            seen.add(line["label"])
            shown.append((line["label"], record["raw"][line["start"] : line["end"]]))
    personal = find_patterns(pa.array([text for _, text in shown], pa.string()), PATTERNS)
    lines = [
        (label, show_text(text))
        for at, (label, text) in enumerate(shown)
        if not any(mask[at] for mask in personal.values())
    ]
    return Excerpt(place.id, language, tuple(lines))


def _record(place: _Place) -> dict[str, Any]:
    """One record of a file, of which only its row group is read."""
    file, row = pq.ParquetFile(place.path), place.row
    for group in range(file.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        if row < size:
            found: dict[str, Any] = file.read_row_group(group, columns=["raw", "lines"]).slice(row, 1).to_pylist()[0]
            return found
        row -= size
    raise IndexError(place.row)


def show_text(text: str, limit: int = LINE_CHARS) -> str:
    r"""The beginning of a text on one line: white space made one space, unseen characters as `\uXXXX`.

    >>> show_text("tea\t or\u202e coffee")
    'tea or\\u202e coffee'
    >>> show_text("a long line", limit=7)
    'a long…'
    """
    line = _UNSEEN.sub(_written_out, " ".join(text[: 4 * limit].split()))
    return line if len(line) <= limit and len(text) <= 4 * limit else f"{line[: limit - 1].rstrip()}…"


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
