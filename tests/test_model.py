"""The line model gives the same bits whatever a page is read beside, and on however many threads."""

import os
import subprocess
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner
from test_features import OTHER, PAGE, spans

from dehusk.builders.cli import main, show_command
from dehusk.builders.labelling import model as module
from dehusk.builders.labelling.features import line_features
from dehusk.builders.labelling.label import label_lines, model_digest
from dehusk.builders.labelling.markup import MARK_BYTES, MARKS
from dehusk.builders.labelling.model import MARK, MODEL_VARIABLE, Layer, LineModel, Marked, decide, stored_weights
from dehusk.builders.pack import read_manifest
from dehusk.schema.errors import WRONG_USE, UsageError
from dehusk.schema.labels import LABELS, TEXT_LABELS

Arrays = dict[str, npt.NDArray[Any]]

LONG_PAGE = PAGE + "\n" + "\n".join(f"Item {i} in the list of many\n{OTHER}" for i in range(120))
PAGES = [PAGE, OTHER, "x", LONG_PAGE, "Accept all cookies\nSubscribe", PAGE + OTHER]


@pytest.fixture(scope="module")
def model() -> LineModel:
    return LineModel.load()


@pytest.fixture(scope="module")
def stored() -> Arrays:
    with files("dehusk.builders.labelling").joinpath("line_model.npz").open("rb") as file:
        kept = np.load(file, allow_pickle=False)
        return {name: kept[name] for name in kept.files}


def layers_of(model: LineModel) -> list[Layer]:
    pairs = [layer for pair in model.contexts.values() for layer in pair]
    return [model.entry, model.neck, model.head, *pairs, *(layer for _, layer in model.convolutions)]


def same(one: Iterable[npt.NDArray[Any]], other: Iterable[npt.NDArray[Any]]) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_predictions_have_a_label_a_score_and_a_chance_a_line(model: LineModel) -> None:
    points, start, end, page = spans(PAGES)
    found = model.predict(points, start, end, page)
    assert [column.dtype for column in found] == [np.uint8, np.float32, np.float32]
    assert all(len(column) == len(start) for column in found)
    assert found.label.max() < len(LABELS)
    for column in (found.score, found.content):
        assert column.min() >= 0
        assert column.max() <= 1
        assert np.array_equal(column, (np.rint(column.astype(np.float64) * 1000) / 1000).astype(np.float32))


def test_a_line_is_text_by_its_label_just_when_its_chance_says_so(model: LineModel) -> None:
    found = model.predict(*spans(PAGES))
    text = np.isin(found.label, [LABELS.index(label) for label in TEXT_LABELS])
    rest = found.label != LABELS.index("title")
    assert np.array_equal(text[rest], found.content[rest] >= model.tables.threshold)
    assert text.any()
    assert not text.all()


def test_no_lines_no_predictions(model: LineModel) -> None:
    nothing = np.zeros(0, np.int64)
    assert [
        len(column) for column in model.predict(np.zeros(0, np.uint32), nothing, nothing, np.zeros(0, np.int32))
    ] == [0] * 3


def test_pages_together_are_pages_alone(model: LineModel) -> None:
    together = model.predict(*spans(PAGES))
    alone = [model.predict(*spans([page])) for page in PAGES]
    assert same(together, [np.concatenate(columns) for columns in zip(*alone, strict=True)])


@pytest.mark.parametrize("lines", [1, 2, 5, 17, 300, 100_000])
def test_batches_of_any_size_give_the_same_bits(model: LineModel, monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    expected = model.predict(*spans(PAGES * 3))
    monkeypatch.setattr(module, "LINES_AT_ONCE", lines)
    assert same(model.predict(*spans(PAGES * 3)), expected)


def test_logits_do_not_depend_on_what_follows(model: LineModel) -> None:
    """To the bit, before anything is rounded."""
    points, start, end, page = spans(PAGES)
    together = model.logits(line_features(points, start, end, page), page)
    points, start, end, first = spans(PAGES[:1])
    assert model.logits(line_features(points, start, end, first), first).tobytes() == together[: len(start)].tobytes()


def marked(n: int, every: int) -> Marked:
    """Marks of every so-manieth of n lines."""
    rows = np.arange(0, n, every)
    return Marked(rows, np.random.default_rng(n).integers(0, 256, (len(rows), MARK_BYTES)).astype(np.uint8))


@pytest.mark.parametrize("lines", [1, 17, 100_000])
def test_marks_stay_with_their_lines(model: LineModel, monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    """Pages of HTML and flat ones together are pages alone, in batches of any size."""
    points, start, end, page = spans(PAGES)
    second = np.flatnonzero(page == 3)
    marks = marked(len(second), 1)
    expected = model.predict(*spans([PAGES[3]]), marks)
    flat = model.predict(points, start, end, page)
    monkeypatch.setattr(module, "LINES_AT_ONCE", lines)
    found = model.predict(points, start, end, page, marks._replace(rows=second))
    assert same([column[second] for column in found], expected)
    others = page != 3
    assert same([column[others] for column in found], [column[others] for column in flat])
    assert not same(expected, [column[second] for column in flat])


def test_marks_enter_as_whole_numbers(model: LineModel) -> None:
    points, start, end, page = spans([LONG_PAGE])
    seen = line_features(points, start, end, page)
    given = marked(len(start), 3)
    bits = np.zeros((len(start), MARKS + 1), np.int64)
    bits[given.rows, :-1] = np.unpackbits(given.marks, axis=1, count=MARKS)
    bits[given.rows, -1] = 1
    values = np.concatenate([seen.dense, model._bag(seen), MARK * bits], axis=1)
    weight, scale, bias = model.entry
    exact = (values.astype(np.int64) @ weight.astype(np.int64)).astype(np.float32) * scale + bias
    assert model._entered(seen, given).tobytes() == exact.tobytes()


def test_threads_do_not_change_a_bit() -> None:
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); from test_model import PAGES, spans;"
        "from dehusk.builders.labelling.model import LineModel;"
        "found = LineModel.load().predict(*spans(PAGES * 20));"
        "print(hashlib.sha256(b''.join(c.tobytes() for c in found)).hexdigest())"
    )
    digests = set()
    for threads in "12":
        limits = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        command = [sys.executable, "-c", code, str(Path(__file__).parent)]
        digests.add(subprocess.run(command, env=os.environ | limits, check=True, capture_output=True).stdout)
    assert len(digests) == 1


def test_every_dot_product_is_exact_in_any_order(model: LineModel) -> None:
    """Weights are whole, and no row of them can sum to 2**24 whatever the activations: floats hold each partial sum."""
    for layer in layers_of(model):
        assert np.array_equal(layer.weight, np.rint(layer.weight))
        assert np.abs(layer.weight).sum(axis=0).max() * 255 < 1 << 24


def test_products_are_those_of_whole_numbers(model: LineModel) -> None:
    random = np.random.default_rng(7)
    for layer in layers_of(model):
        values = random.integers(0, 256, (33, len(layer.weight)))
        exact = (values @ layer.weight.astype(np.int64)).astype(np.float32) * layer.scale + layer.bias
        order = random.permutation(len(layer.weight))
        assert layer(values.astype(np.float32)).tobytes() == exact.tobytes()
        shuffled = np.ascontiguousarray(values[:, order].astype(np.float32)) @ np.ascontiguousarray(layer.weight[order])
        assert (shuffled * layer.scale + layer.bias).tobytes() == exact.tobytes()


def test_lanes_sum_what_the_words_say(model: LineModel, stored: Arrays) -> None:
    """Four weights in one number are summed as if each were summed by itself."""
    points, start, end, page = spans(PAGES)
    seen = line_features(points, start, end, page)
    words = stored["words"].astype(np.int64)
    known = {name: row for row, name in enumerate(stored["names"].tolist(), 1)}
    for line, bag in enumerate(model._bag(seen)):
        names = [*seen.single[line], *seen.words[seen.offsets[line] : seen.offsets[line + 1]]]
        rows = [known[name] for name in names if name in known]
        expected = np.clip(np.rint(words[rows].sum(axis=0).astype(np.float32) * model.bag_scale), -127, 127)
        assert np.array_equal(bag, expected)


def test_stored_tables_stand_in_for_exp(model: LineModel, stored: Arrays) -> None:
    assert stored["words"].dtype == np.int8
    places = np.arange(256)
    assert np.abs(model.tables.content - 1 / (1 + np.exp(-(places - 128) / 16))).max() < 0.001
    assert model.tables.chances[0] == 1 << 20
    assert np.all(np.diff(model.tables.chances) <= 0)


def titles(logit: list[float], line: Iterable[int], heads: list[int], model: LineModel) -> list[int]:
    """Rows that are titles, of lines that are all equally likely to be anything else."""
    logits = np.zeros((len(logit), len(LABELS) + 2), np.float32)
    logits[:, LABELS.index("title")] = 9
    logits[:, -1] = logit
    found = decide(logits, np.array(list(line)), np.array(heads), model.tables._replace(title=0.0))
    return np.flatnonzero(found.label == LABELS.index("title")).tolist()


def test_the_best_line_of_each_page_is_its_title(model: LineModel) -> None:
    assert titles([1, 3, 2, 1, 5, 4], range(6), [0, 3], model) == [1, 4]


def test_of_two_lines_as_good_the_first_is_the_title(model: LineModel) -> None:
    assert titles([1, 2, 2], range(3), [0], model) == [1]


def test_a_page_without_a_good_line_has_no_title(model: LineModel) -> None:
    assert titles([-1, -2, -1, 3], range(4), [0, 3], model) == [3]


def test_a_title_repeated_right_around_it_is_title_again(model: LineModel) -> None:
    same = 7
    assert titles([0, 0, 2, 0, 0, 0, 0], [same, 1, same, same, 2, same, same], [0], model) == [0, 2, 3, 5]
    assert titles([0, 0, 2, -1, 0, 0, 0], [same, 1, same, same, 2, same, same], [0], model) == [0, 2, 5]
    assert titles([0, 2, 0], [same, same, same], [0, 1, 2], model) == [0, 1, 2]
    assert titles([-1, 2, -1], [same, same, same], [0, 1, 2], model) == [1]


def test_weights_are_small() -> None:
    folder = files("dehusk.builders.labelling")
    assert sum(len(entry.read_bytes()) for entry in folder.iterdir() if entry.name.endswith(".npz")) < 8 << 20


def table_of(texts: list[str]) -> tuple[pa.Table, pa.Table]:
    lines = [spans([text])[1:3] for text in texts]
    page = np.concatenate([np.full(len(start), number, np.int32) for number, (start, _) in enumerate(lines)])
    start, end = (np.concatenate(columns).astype(np.int32) for columns in zip(*lines, strict=True))
    return pa.table({"raw": texts}), pa.table({"page": page, "start": start, "end": end})


def test_label_lines_adds_labels_and_scores() -> None:
    pages, lines = table_of(PAGES)
    labelled = label_lines(pages, lines)
    assert labelled.schema.names == ["page", "start", "end", "label", "score", "by_hand"]
    assert labelled.schema.field("label").type == pa.string()
    assert labelled.schema.field("score").type == pa.float32()
    assert labelled.select(["page", "start", "end"]).equals(lines)
    assert set(labelled["label"].to_pylist()) <= set(LABELS)
    assert labelled.column("score").null_count == 0


def test_only_pages_of_html_have_marks() -> None:
    """A flat page beside one of HTML has the labels that it has alone, and so has the other."""
    pages, lines = table_of([PAGE, LONG_PAGE])
    flat = label_lines(pages, lines)
    given = [bytes(row) for row in marked(len(lines), 1).marks]
    of_html = [page == 1 for page in lines["page"].to_pylist()]
    values = [mark if known else None for mark, known in zip(given, of_html, strict=True)]
    both = label_lines(pages, lines.append_column("marks", pa.array(values, pa.binary(MARK_BYTES))))
    second = pa.array(of_html)
    assert both.filter(pc.invert(second)).drop_columns("marks").equals(flat.filter(pc.invert(second)))
    assert not both.filter(second).drop_columns("marks").equals(flat.filter(second))
    alone = lines.append_column("marks", pa.array(values, pa.binary(MARK_BYTES))).filter(second)
    assert label_lines(pages, alone)["label"].equals(both.filter(second)["label"])


def test_label_lines_of_nothing() -> None:
    pages, lines = table_of(["x"])
    labelled = label_lines(pages, lines.slice(0, 0))
    assert labelled.num_rows == 0
    assert labelled.schema.names[-3:] == ["label", "score", "by_hand"]


def test_a_plain_article_is_told_apart() -> None:
    """Lines that any reader would place without thinking."""
    body = [
        "The harbour board has bought a crane that lifts forty tons, and it will be put up in June, the board said.",
        "Two firms had made an offer. The board took the cheaper one, which also promised to train the staff.",
    ]
    top = "Log in\nSubscribe\n\nA new crane for the old harbour\n\nBy Ida Holm\n3 May 2021"
    end = "Read more\n\nThis website uses cookies. Accept all cookies\n\n© 2021 Harbour News. All rights reserved."
    page = "\n\n".join([top, *body, end])
    pages, lines = table_of([page])
    labels = label_lines(pages, lines)["label"].to_pylist()
    text = page.split("\n")
    found = dict(zip((line for line in text if line), labels, strict=True))
    assert [found[line] for line in body] == ["paragraph", "paragraph"]
    assert found["By Ida Holm"] == "byline"
    assert found["3 May 2021"] == "date"
    assert found["A new crane for the old harbour"] == "title"
    assert found["© 2021 Harbour News. All rights reserved."] == "legal"
    assert found["This website uses cookies. Accept all cookies"] == "consent"


def test_the_digest_is_of_the_weights() -> None:
    assert len(model_digest()) == 64
    assert model_digest() == model_digest()


def other_weights(path: Path) -> Path:
    """Weights by which every line is text."""
    arrays: dict[str, Any] = stored_weights() | {"threshold": np.float64(0)}
    np.savez(path, **arrays)
    return path


def test_a_build_takes_the_weights_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "crane.txt").write_text("\n\n".join(PAGES[0].split("\n")), encoding="utf-8")
    weights = other_weights(tmp_path / "other.npz")
    command = ["build", str(tmp_path / "seeds"), "--out", str(tmp_path / "dist")]
    digests, kept = [], []
    for options in ([], ["--model", str(weights)], []):
        done = CliRunner().invoke(main, [*command, *options])
        assert done.exit_code == 0, done.output
        digests.append(read_manifest(tmp_path / "dist").model)
        kept.append(sum(read_manifest(tmp_path / "dist").counts.lines.get(label, 0) for label in TEXT_LABELS))
        assert ("changed since the last build: the line model" in done.output) == (len(kept) > 1)
        assert str(tmp_path) not in (tmp_path / "dist" / "manifest.json").read_text(encoding="utf-8")
    assert digests[0] == digests[2] != digests[1]
    assert kept[0] == kept[2] < kept[1]


@pytest.mark.parametrize("kind", ["missing", "text", "another", "array"])
def test_what_holds_no_weights_is_wrong_use(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "weights.npz"
    if kind == "text":
        file.write_text("no weights", encoding="utf-8")
    elif kind == "another":
        np.savez(file, words=np.zeros(3))
    elif kind == "array":
        with file.open("wb") as out:
            np.save(out, np.zeros(3))
    page = tmp_path / "page.txt"
    page.write_text("A crane fell over today.\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"weights\.npz") as told:
        CliRunner().invoke(show_command, [str(page), "--model", str(file)], catch_exceptions=False)
    assert told.value.exit_code == WRONG_USE
    assert MODEL_VARIABLE not in os.environ
