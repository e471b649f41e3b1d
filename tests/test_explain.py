"""Why a line has its label: what the model is asked again, and the way back to the seed's bytes."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from dehusk.builders.build import build_dataset
from dehusk.builders.cli import main
from dehusk.builders.explain import NEAR, _hide, _page_of, _read_marks, _weigh_targets, explain_page
from dehusk.builders.labelling.model import LineModel
from dehusk.builders.pack import MANIFEST
from dehusk.builders.recipe import Recipe
from dehusk.builders.terminal import explained_view, numbers_of
from dehusk.schema.errors import CLEAN, WRONG_USE, UsageError


@pytest.fixture(scope="module")
def record(dist: Path) -> dict[str, Any]:
    records = pq.read_table(dist / "data").to_pylist()
    return next(one for one in records if one["source"]["path"] == "news/harbour-tram.en.txt")


def test_labels_and_scores_are_those_of_the_dataset(dist: Path, seeds: Path) -> None:
    for record in pq.read_table(dist / "data").to_pylist():
        explained = explain_page(dist, record["id"], sources=[str(seeds)])
        assert (explained.same_model, explained.unseen_html) == (True, False)
        assert [line.packed for line, _ in explained.lines] == [line["label"] for line in record["lines"]]
        assert [line.label for line, _ in explained.lines] == [line["label"] for line in record["lines"]]
        assert [line.score for line, _ in explained.lines] == [round(line["score"], 3) for line in record["lines"]]
        assert all(line.runner_up != line.label for line, _ in explained.lines)
        assert all(effects == () for _, effects in explained.lines)


def test_every_variant_in_the_batch_is_labelled_as_it_would_be_alone(record: dict[str, Any]) -> None:
    page = _page_of(record)
    for target in (0, 10, len(page.start) - 1):
        variants = [page._replace(target=target), *_hide(record["raw"], page, target)]
        together = _weigh_targets(variants).logits
        alone = [
            LineModel.load().weigh(one.points, one.start, one.end, np.zeros(len(one.start), np.int32))[0][one.target]
            for one in variants
        ]
        assert (together == np.stack(alone)).all()


def test_html_is_read_from_the_seed_again(dist: Path, seeds: Path, tmp_path: Path) -> None:
    records = pq.read_table(dist / "data").to_pylist()
    record = next(one for one in records if one["source"]["format"] == "html")
    seen = explain_page(dist, record["id"], sources=[str(seeds)])
    number = max((line.score, line.n) for line, _ in seen.lines)[1]
    ((_, effects),) = explain_page(dist, record["id"], number, [str(seeds)]).lines
    assert {"marks", "all_marks"} <= {one.hidden for one in effects}
    blind = explain_page(dist, record["id"], number)
    assert blind.unseen_html
    assert not {"marks", "all_marks"} & {one.hidden for _, effects in blind.lines for one in effects}
    assert any("--source" in text.plain for text in explained_view(blind))
    shutil.copytree(seeds, tmp_path / "seeds")
    (tmp_path / "seeds" / record["source"]["path"]).write_text("<p>Something else")
    assert explain_page(dist, record["id"], sources=[str(tmp_path / "seeds")]).unseen_html


def test_hiding_all_marks_makes_the_page_one_of_text(dist: Path, seeds: Path) -> None:
    records = pq.read_table(dist / "data").to_pylist()
    record = next(one for one in records if one["source"]["format"] == "html")
    marks = _read_marks(record, [str(seeds)], Recipe())
    page = _page_of(record, marks)
    assert page.is_html.any()
    hidden = next(one for one in _hide(record["raw"], page, 3) if one.hidden == "all_marks")
    flat = _page_of(record)._replace(target=3)
    assert (_weigh_targets([hidden]).logits == _weigh_targets([flat]).logits).all()
    assert (_weigh_targets([hidden]).logits != _weigh_targets([page._replace(target=3)]).logits).any()


def test_what_is_hidden(record: dict[str, Any]) -> None:
    page = _page_of(record)
    target = 10
    variants = list(_hide(record["raw"], page, target))
    assert [one.hidden for one in variants] == ["words", "text", *["line"] * 2 * NEAR, "before", "after"]
    near = [one.near for one in variants if one.hidden == "line"]
    assert near == [5, 6, 7, 8, 9, 11, 12, 13, 14, 15]
    start, end = page.start[target], page.end[target]
    for one in variants:
        text = "".join(map(chr, one.points[one.start[one.target] : one.end[one.target]]))
        kept = record["raw"][start:end]
        if one.hidden == "words":
            assert text == "00 Qqqqqqq 0000 00:00"
        else:
            assert text == ("q" if one.hidden == "text" else kept)
        assert len(one.start) == {"line": 66, "before": 57, "after": 11}.get(one.hidden, 67)


def test_a_date_is_one_for_its_words_and_not_for_what_is_far(dist: Path, record: dict[str, Any]) -> None:
    number = next(
        n
        for n, line in zip(
            numbers_of(record["raw"], [line["start"] for line in record["lines"]]), record["lines"], strict=True
        )
        if line["label"] == "date"
    )
    ((line, effects),) = explain_page(dist, record["id"], number).lines
    assert line.label == "date"
    lead = {(one.hidden, one.n): one.lead for one in effects}
    assert lead["text", None] == max(lead.values()) > 1
    assert [abs(one.lead) for one in effects] == sorted((abs(one.lead) for one in effects), reverse=True)


def test_the_way_back_to_the_bytes_of_the_seed(dist: Path, seeds: Path, record: dict[str, Any]) -> None:
    explained = explain_page(dist, record["id"])
    data = (seeds / explained.source["path"]).read_bytes()
    for (line, _), packed in zip(explained.lines, record["lines"], strict=True):
        assert data[line.byte_start : line.byte_end].decode() == record["raw"][packed["start"] : packed["end"]]


def test_pieces_of_one_line_and_other_scripts(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    long = "The keeper of the northern light wrote down the weather each morning. " * 400
    (tmp_path / "seeds" / "page.txt").write_text(f"燈塔 \U00020000 1962\n\nمنارة قديمة\n{long}\n", encoding="utf-8")
    build_dataset(tmp_path / "seeds", tmp_path / "dist")
    (record,) = pq.read_table(tmp_path / "dist" / "data").to_pylist()
    for n in (1, 3, 4):
        lines = explain_page(tmp_path / "dist", record["id"], n).lines
        assert {line.n for line, _ in lines} == {n}
        assert all(effects for _, effects in lines)
    page = _page_of(record)
    words = next(_hide(record["raw"], page, 0))
    assert "".join(map(chr, words.points[:9])) == "〇〇 〇 0000"
    assert chr(next(_hide(record["raw"], page, 1)).points[page.start[1]]) == "ـ"


# -- what is wrong -----------------------------------------------------------------------------------------------------


def test_pages_and_lines_that_are_not_there(dist: Path, record: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no page with the id"):
        explain_page(dist, "0" * 24)
    with pytest.raises(UsageError, match="too short"):
        explain_page(dist, record["id"][:5])
    with pytest.raises(UsageError, match="has no line 8 that is not blank"):
        explain_page(dist, record["id"], 8)
    assert explain_page(dist, record["id"][:6]).id == record["id"]


def test_another_model_is_told(dist: Path, tmp_path: Path, record: dict[str, Any]) -> None:
    shutil.copytree(dist, tmp_path / "dist")
    file = tmp_path / "dist" / MANIFEST
    file.write_bytes(msgspec.json.encode(msgspec.json.decode(file.read_bytes()) | {"model": "0" * 64}))
    explained = explain_page(tmp_path / "dist", record["id"])
    assert not explained.same_model
    assert any("another line model" in text.plain for text in explained_view(explained))


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_tells_it_to_persons_and_programs(dist: Path, record: dict[str, Any]) -> None:
    done = CliRunner().invoke(main, ["explain", str(dist), record["id"][:12], "--line", "12"])
    assert done.exit_code == CLEAN
    assert "line 12  19 October 2023 06:45" in done.stdout
    assert "its words" in done.stdout
    assert "bytes      656 to 677" in done.stdout
    told = json.loads(CliRunner().invoke(main, ["explain", str(dist), record["id"], "--line", "12", "--json"]).stdout)
    (line,) = told["lines"]
    assert told["source"]["path"] == "news/harbour-tram.en.txt"
    assert (line["n"], line["label"], len(line["effects"])) == (12, "date", 2 * NEAR + 4)
    least = CliRunner().invoke(main, ["explain", str(dist), record["id"]]).stdout.splitlines()
    assert "The 20 of 67 lines" in least[3]
    scores = [float(row[22:27]) for row in least[4:]]
    assert scores == sorted(scores)


def test_the_command_says_what_is_wrong(dist: Path, tmp_path: Path) -> None:
    for words in ([str(tmp_path), "abcdef"], [str(dist), "abcdef0"], [str(dist), "abc"]):
        done = CliRunner().invoke(main, ["explain", *words])
        assert done.exit_code == WRONG_USE
        assert done.stderr.startswith("error: ")
