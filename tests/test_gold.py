"""The seed pages, read by the shipped model, against what a careful reader says of them (`tests/gold`).

The model has never seen these pages or their languages' like in such number; the floors are what it reaches, rounded
down, so that they may rise and never fall.
"""

import bisect
import json
from pathlib import Path
from typing import Any

import pytest

from dehusk.builders.recipe import Recipe
from dehusk.builders.road import build_batch
from dehusk.builders.unpacking.seeds import list_seeds
from dehusk.builders.unpacking.unpack import unpack_seeds
from dehusk.schema.labels import GROUPS

GROUP = {label: group for group, labels in GROUPS.items() for label in labels}
FLOORS = {"labels": 0.60, "groups": 0.83, "title": 16, "language": 22, "published": 14}
"""Shares of lines with the right label and in the right group; pages whose field is right, of those that have one."""


@pytest.fixture(scope="module")
def records(seeds: Path) -> dict[str, dict[str, Any]]:
    batch = build_batch(list(unpack_seeds(list_seeds(seeds), Recipe())), Recipe(), {})
    return {record["source"]["path"]: record for record in batch.records.to_pylist()}


def gold_labels(path: Path) -> dict[int, str]:
    """The label of each line of the file that is not blank, lines counted from 1."""
    labels: dict[int, str] = {}
    for row in path.read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#"):
            lines, label = row.split()
            first, _, last = lines.partition("-")
            labels |= dict.fromkeys(range(int(first), int(last or first) + 1), label)
    return labels


def read_labels(record: dict[str, Any]) -> dict[int, str]:
    """The label that each line got, lines counted as above."""
    ends = [place for place, character in enumerate(record["raw"]) if character == "\n"]
    return {bisect.bisect_left(ends, line["start"]) + 1: line["label"] for line in record["lines"]}


def test_every_gold_page_is_read_line_by_line(records: dict[str, dict[str, Any]], gold: Path) -> None:
    for path, record in records.items():
        said, raw = gold_labels(gold / f"{path}.labels"), record["raw"].split("\n")
        filled = {number for number in said if raw[number - 1].strip()}  # ranges go over blank lines
        assert read_labels(record).keys() == filled, path


def test_labels_are_as_good_as_they_were(records: dict[str, dict[str, Any]], gold: Path) -> None:
    pairs = [
        (gold_labels(gold / f"{path}.labels")[line], label)
        for path, record in records.items()
        for line, label in read_labels(record).items()
    ]
    same = sum(one == two for one, two in pairs) / len(pairs)
    same_group = sum(GROUP[one] == GROUP[two] for one, two in pairs) / len(pairs)
    assert same >= FLOORS["labels"]
    assert same_group >= FLOORS["groups"]


@pytest.mark.parametrize("field", ["title", "language", "published"])
def test_fields_are_as_good_as_they_were(records: dict[str, dict[str, Any]], gold: Path, field: str) -> None:
    expected = json.loads((gold / "metadata.json").read_text(encoding="utf-8"))
    known = {path: said[field] for path, said in expected.items() if said[field] is not None}
    found = {path: records[path][field] for path in known}
    right = sum(_plain(found[path]).startswith(_plain(value)) for path, value in known.items())
    assert right >= FLOORS[field]


def test_what_no_reader_can_date_has_no_date(records: dict[str, dict[str, Any]], gold: Path) -> None:
    expected = json.loads((gold / "metadata.json").read_text(encoding="utf-8"))
    undated = [path for path, said in expected.items() if said["published"] is None]
    assert undated
    assert {path: records[path]["published"] for path in undated} == dict.fromkeys(undated)


def _plain(value: Any) -> str:
    """A field as text: white space normalised, a date in ISO form."""
    return " ".join((value.isoformat() if hasattr(value, "isoformat") else str(value)).split())
