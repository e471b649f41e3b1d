"""Reading: one record in the form in which the report's script shows it."""

from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dehusk.builders.terminal import numbers_of
from dehusk.schema.labels import LABELS
from dehusk.schema.view import codepoints

FACTS: Final = (
    *("title", "summary", "authors", "published", "published_precision", "modified", "section", "publisher", "site"),
    *("url", "language", "language_score", "license", "reservations", "flags", "boilerplate_share", "n_chars"),
    *("duplicate_of", "cluster_size"),
)
"""The fields that stand above the lines."""


def reading_of(record: dict[str, Any]) -> dict[str, Any]:
    """A record as the script takes it: places count in UTF-16 units, as strings of JavaScript do.

    Args:
        record: one of `RECORDS`, as plain values.

    Returns:
        `id`, `raw`, `text`, `source` and the fields of `FACTS` as they are; `lines`, six numbers each, all in one list:
        its number in the file, start, end, place in `LABELS`, score in thousandths, and the blank lines before it, at
        most 1; `evidence` with its places in the same units.
    """
    raw, lines = record["raw"], record["lines"]
    starts = [line["start"] for line in lines]
    ends = [line["end"] for line in lines]
    units = _unit_places(raw, [*starts, *ends])
    numbers = numbers_of(raw, starts)
    before = [0, *numbers][: len(numbers)]
    rows = zip(
        numbers,
        units[: len(lines)],
        units[len(lines) :],
        (LABELS.index(line["label"]) for line in lines),
        (round(line["score"] * 1000) for line in lines),
        (int(number - last > 1) for number, last in zip(numbers, before, strict=True)),
        strict=True,
    )
    shown = {name: record[name] for name in ("id", "raw", "text", "source", *FACTS)}
    return shown | {"lines": list(chain.from_iterable(rows)), "evidence": _evidence(raw, record["evidence"])}


def _evidence(raw: str, evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    placed = [one for one in evidence if one["start"] is not None]
    units = _unit_places(raw, [one["start"] for one in placed] + [one["end"] for one in placed])
    spans = zip(units[: len(placed)], units[len(placed) :], strict=True)
    return [
        one if one["start"] is None else one | dict(zip(("start", "end"), next(spans), strict=True)) for one in evidence
    ]


def _unit_places(raw: str, places: list[int]) -> list[int]:
    """Places counted in characters as places counted in UTF-16 units, where a character beyond U+FFFF is two."""
    points, _ = codepoints(pa.array([raw]))
    wide = np.flatnonzero(points > 0xFFFF)
    at = np.array(places, np.int64)
    told: list[int] = (at + np.searchsorted(wide, at)).tolist()
    return told
