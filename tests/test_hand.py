"""Labels that a person gave count in a build, the record says so, and those that no page takes are told."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from dehusk.builders.build import How, build_dataset
from dehusk.builders.check import check_dataset
from dehusk.builders.cli import main
from dehusk.builders.labelling.hand import (
    LabelledPage,
    labelled_pages,
    labels_digest,
    labels_document,
    read_labels,
)
from dehusk.builders.labelling.own import read_own
from dehusk.builders.recipe import LABELS_NAME, Pack, Recipe
from dehusk.schema.errors import UsageError
from dehusk.schema.findings import Finding
from dehusk.schema.record import RECORDS

Record = dict[str, Any]

TRAM = "Menu\nHome\nThe tram is back\nBy Ada Quill\nIt came with the tide, an hour late, and nobody minded.\nImprint\n"
FERRY = "Start\n\nNo ferry today\n\nThe harbour is closed until noon, says the harbour master of the town.\n"
WRONG = ["noise", "noise", "heading", "byline", "caption", "legal"]


def records(dist: Path) -> dict[str, Record]:
    rows = pq.read_table(dist / "data").to_pylist()
    return {row["source"]["path"]: row for row in rows}


def page_of(record: Record, labels: Sequence[str | None]) -> LabelledPage:
    lines = record["lines"]
    start, end = (np.array([line[name] for line in lines], np.int64) for name in ("start", "end"))
    source = record["source"]
    return LabelledPage(str(record["id"]), str(source["path"]), str(record["raw"]), start, end, tuple(labels))


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    (folder / "news").mkdir(parents=True)
    (folder / "news" / "tram.txt").write_text(TRAM, encoding="utf-8")
    (folder / "ferry.txt").write_text(FERRY, encoding="utf-8")
    return folder


@pytest.fixture
def plain(seeds: Path, tmp_path: Path) -> dict[str, Record]:
    """What the model says of the pages."""
    build_dataset(seeds, tmp_path / "plain")
    return records(tmp_path / "plain")


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, args)])


def test_labels_by_hand_count_and_the_record_says_so(seeds: Path, tmp_path: Path, plain: dict[str, Record]) -> None:
    tram = page_of(plain["news/tram.txt"], [*WRONG[:4], None, WRONG[5]])
    (seeds / LABELS_NAME).write_bytes(labels_document([tram]))
    told: list[Finding] = []
    summary = build_dataset(seeds, tmp_path / "dist", how=How(find=told.append))
    found = records(tmp_path / "dist")
    lines = found["news/tram.txt"]["lines"]
    assert [line["by_hand"] for line in lines] == [True, True, True, True, False, True]
    assert [line["label"] for line in lines if line["by_hand"]] == [*WRONG[:4], WRONG[5]]
    assert all(line["score"] == 1 for line in lines if line["by_hand"])
    old = plain["news/tram.txt"]["lines"][4]  # as the model has it
    assert (lines[4]["label"], lines[4]["score"]) == (old["label"], old["score"])
    assert "by_hand" in found["news/tram.txt"]["flags"]
    assert found["ferry.txt"] == plain["ferry.txt"]
    assert summary.flags["by_hand"] == 1
    assert told == []
    assert check_dataset(tmp_path / "dist") == []
    text = found["news/tram.txt"]["text"]
    assert text.startswith("The tram is back")  # as a heading it is text, as a title it was not


def test_the_same_labels_from_an_option_and_beside_the_recipe(
    seeds: Path,
    tmp_path: Path,
    plain: dict[str, Record],
) -> None:
    away = tmp_path / "away"
    away.mkdir()
    document = labels_document([page_of(plain["news/tram.txt"], WRONG)])
    (away / LABELS_NAME).write_bytes(document)
    (away / "any.toml").write_text("", encoding="utf-8")
    (tmp_path / "named.jsonl").write_bytes(document)
    for number, options in enumerate((("--labels", tmp_path / "named.jsonl"), ("--recipe", away / "any.toml"))):
        built = run("build", seeds, "--out", tmp_path / f"dist{number}", "--quiet", *options)
        assert built.exit_code == 0, built.output
        lines = records(tmp_path / f"dist{number}")["news/tram.txt"]["lines"]
        assert [line["label"] for line in lines] == WRONG
    missing = run("build", seeds, "--labels", tmp_path / "none.jsonl", "--out", tmp_path / "dist9")
    assert missing.exit_code == 2
    assert "none.jsonl" in missing.stderr


def test_one_more_label_builds_one_shard_again(seeds: Path, tmp_path: Path, plain: dict[str, Record]) -> None:
    recipe = Recipe(pack=Pack(shard_bytes=4096))
    (seeds / "twin").mkdir()
    for folder in ("twin", "news"):  # a copy in another shard, which finishing takes out
        (seeds / folder / "other.txt").write_text(FERRY, encoding="utf-8")
    said: list[str] = []

    def build(name: str, labels: Sequence[str | None]) -> dict[str, Record]:
        (seeds / LABELS_NAME).write_bytes(labels_document([page_of(plain["ferry.txt"], labels)]))
        build_dataset(seeds, tmp_path / name, recipe, how=How(tell=said.append))
        return records(tmp_path / name)

    build("kept", [None, "heading", None])
    again = build("kept", ["noise", "heading", None])
    assert [said_of for said_of in said if "shards are as they were" in said_of]
    n_used, n_all = map(int, re.findall(r"\d+", said[-1]))
    assert n_used < n_all
    assert again == build("fresh", ["noise", "heading", None])
    assert [line["by_hand"] for line in again["ferry.txt"]["lines"]] == [True, True, False]
    assert build("kept", [None] * 3) == build("other", [None] * 3)


def test_a_page_that_changed_takes_none_and_that_is_told(seeds: Path, tmp_path: Path, plain: dict[str, Record]) -> None:
    tram = page_of(plain["news/tram.txt"], WRONG)
    moved = page_of(plain["ferry.txt"], ["noise"] * 3)
    moved = moved._replace(end=moved.end - np.array([1, 0, 0]))
    gone = tram._replace(id="0" * 24, path="gone.txt")
    untold = tram._replace(id="1" * 24, path="untold.txt", labels=(None,) * 6)
    (seeds / LABELS_NAME).write_bytes(labels_document([tram, moved, gone, untold]))
    (seeds / "news" / "tram.txt").write_text(TRAM + "More\n", encoding="utf-8")
    built = run("build", seeds, "--out", tmp_path / "dist", "--quiet")
    assert built.exit_code == 0
    rows = [row.split("\t") for row in built.stderr.splitlines()]
    assert [(row[0], row[1], row[5]) for row in rows[1:]] == [
        ("warning", "ferry.txt", "labels_lines_moved"),
        ("warning", "gone.txt", "labels_page_missing"),
        ("warning", "news/tram.txt", "labels_page_changed"),
    ]
    found = records(tmp_path / "dist")
    lines = found["news/tram.txt"]["lines"]
    assert not any(line["by_hand"] for line in lines)
    lines = found["ferry.txt"]["lines"]
    assert [line["by_hand"] for line in lines] == [False, True, True]


def test_a_text_read_otherwise_takes_none(seeds: Path, tmp_path: Path, plain: dict[str, Record]) -> None:
    tram = page_of(plain["news/tram.txt"], WRONG)
    told: list[Finding] = []
    build_dataset(seeds, tmp_path / "dist", hand={tram.id: tram._replace(text=TRAM.upper())}, how=How(find=told.append))
    assert [finding.rule for finding in told] == ["labels_lines_moved"]
    assert "by_hand" not in records(tmp_path / "dist")["news/tram.txt"]["flags"]


def test_the_file_is_read_as_it_was_written_and_training_takes_it(tmp_path: Path, plain: dict[str, Record]) -> None:
    pages = [page_of(plain["news/tram.txt"], WRONG), page_of(plain["ferry.txt"], [None, "title", None])]
    file = tmp_path / "mine.jsonl"
    file.write_bytes(labels_document(pages))
    read = labelled_pages(file)
    assert [page.path for page in read] == ["ferry.txt", "news/tram.txt"]
    assert read[1].labels == tuple(WRONG)
    assert labels_document(read) == file.read_bytes()
    assert [page.labels for page in read_own(file)] == [page.labels for page in read]
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "mine.jsonl").write_bytes(file.read_bytes())
    assert [page.text for page in read_own(folder)] == [FERRY, TRAM]


def test_a_digest_of_the_labels_of_some_pages(plain: dict[str, Record]) -> None:
    tram, ferry = page_of(plain["news/tram.txt"], WRONG), page_of(plain["ferry.txt"], [None] * 3)
    both = {tram.id: tram, ferry.id: ferry}
    assert labels_digest(both, [tram.id, "f" * 24]) == labels_digest({tram.id: tram}, [tram.id])
    assert labels_digest(both, [tram.id]) != labels_digest(both, [ferry.id]) != labels_digest(both, [])


def test_the_manifest_and_the_bytes_do_not_tell_where_the_labels_lay(
    seeds: Path,
    tmp_path: Path,
    plain: dict[str, Record],
) -> None:
    tram = page_of(plain["news/tram.txt"], WRONG)
    build_dataset(seeds, tmp_path / "one", hand={tram.id: tram})
    (seeds / LABELS_NAME).write_bytes(labels_document([tram]))
    build_dataset(seeds, tmp_path / "two")
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()} for n in ("one", "two"))
    assert one == two


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ('{"id": "a", "raw": "ab", "lines": []}\n\n{"id": "a"}', "line 3: not a page"),
        ('{"id": "a", "raw": "ab", "lines": []}\n{"id": "a", "raw": "", "lines": []}', "page a twice"),
        ('{"raw": "ab", "lines": []}', "a page without `id`"),
        (
            '{"id": "a", "raw": "ab", "lines": [{"start": 0, "end": 1, "label": "menu"}]}',
            "entry 0 .* 'menu' is no label",
        ),
        ('{"id": "a", "raw": "ab", "lines": [{"start": 0, "end": 3, "label": null}]}', "line 1: `lines` do not follow"),
        ('{"id": "a", "raw": "ab", "lines": [{"start": 1, "end": 9999999999999999999, "label": null}]}', "not a page"),
        ('{"id": "a", "raw": "\\ud800", "lines": []}', "line 1: not a page"),
    ],
)
def test_a_slip_in_the_file_is_told_with_its_line(tmp_path: Path, rows: str, said: str) -> None:
    (tmp_path / "x.jsonl").write_text(rows, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_labels(tmp_path / "x.jsonl")


def test_a_file_that_is_not_there_holds_none_and_one_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert read_labels(tmp_path / "none.jsonl") == {}
    with pytest.raises(UsageError, match="Is a directory"):
        read_labels(tmp_path)


def test_every_line_of_the_file_is_a_page_as_show_prints_it(plain: dict[str, Record]) -> None:
    (row,) = labels_document([page_of(plain["ferry.txt"], [None, "title", None])]).splitlines()
    assert json.loads(row) == {
        "id": plain["ferry.txt"]["id"],
        "path": "ferry.txt",
        "raw": FERRY,
        "lines": [
            {"start": 0, "end": 5, "label": None},
            {"start": 7, "end": 21, "label": "title"},
            {"start": 23, "end": len(FERRY) - 1, "label": None},
        ],
    }
    assert "by_hand" in RECORDS.field("lines").type.value_type.names
