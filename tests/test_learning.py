"""What the line model learns from: pages of a folder in the benchmark's form, altered and framed, and the choices made.

The folder is a small one of pages written here; training itself needs PyTorch and is not part of the tests.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dehusk.builders.labelling.alter import ALTERED, with_altered
from dehusk.builders.labelling.characters import class_of, write_characters
from dehusk.builders.labelling.examples import (
    EXACT,
    Examples,
    fold_of_sites,
    hand_labels,
    load_examples,
    save_examples,
    stored_examples,
    target_weights,
)
from dehusk.builders.labelling.frame import with_frames
from dehusk.builders.labelling.markup import MARKS, line_marks, mark_place, page_nodes
from dehusk.builders.labelling.model import LineModel
from dehusk.builders.labelling.rendered import RENDERED, lines_of, read_rendered, same_lines, with_rendered
from dehusk.builders.labelling.trial import choose, decided, logits_of
from dehusk.schema.labels import LABELS

BODY = (
    "The ferry number {} came back to the harbour in the rain, and the whole town stood on the quay to see it.",
    "She had been away since the winter of the great ice, when her boiler burst on the way to the outer islands.",
    "Two yards had refused the work. A third, in the north, took it on, and kept at it for most of three years.",
    "“I did not think that I would see her lights from my kitchen again,” said the keeper of the ticket house.",
    "The first crossing is on Monday at seven; children travel free of charge until the end of the month.",
    "In the evening the band of the fire brigade played on the upper deck, and nobody wanted to go home.",
)
ARTICLE = [
    ("Home", "other"),
    ("Tides", "other"),
    ("Why the old lighthouse keeps its red lamp all year", "other"),
    ("Ferry number {} is back", "title"),
    ("By Ada Quill", "byline"),
    ("4 May 2021", "date"),
    *[(sentence, "paragraph") for sentence in BODY],
    ("What the council says about the new pier", "other"),
    ("We use cookies", "other"),
]
NOT_SHOWN = "The harbour master {} adds in the hidden part that the tide had been early all of the week."
FINE = {"other": "navigation"}
N_PAGES = 6


def _text(rows: list[tuple[str, str]], number: int, gap: str) -> tuple[str, list[dict[str, Any]]]:
    text, lines = "", []
    for line, label in rows:
        said = line.format(number) if "{}" in line else line
        lines.append({"start": len(text), "end": len(text) + len(said), "label": label})
        text += said + gap
    return text, lines


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the benchmark's form: six articles of two sources in two renderings, two of them labelled by hand."""
    folder = tmp_path_factory.mktemp("bench")
    pages: dict[str, list[dict[str, Any]]] = {"": [], "wcxb_": []}
    texts: dict[str, list[dict[str, Any]]] = {"": [], "wcxb_": []}
    for number in range(N_PAGES):
        part = "wcxb_" if number % 2 else ""
        source = "wcxb" if part else "fundus"
        said = [line.format(number) if "{}" in line else line for line, _ in ARTICLE]
        html = f"<nav><ul><li>{said[0]}<li>{said[1]}</ul></nav>" + "".join(f"<p>{line}</p>" for line in said[2:])
        hidden = [NOT_SHOWN.format(number), said[6], "An offer that nobody sees before the spring"]
        html += "".join(f"<p hidden>{line}</p>" for line in hidden)
        page: dict[str, Any] = {"page_id": f"{source}/{number}", "source": source, "site": f"site{number}.example"}
        page |= {"lang": "en", "html": html, "gold": {"body": "\n".join([*said[6:12], NOT_SHOWN.format(number)])}}
        pages[part].append(page | ({"page_type": "article"} if part else {}))
        for renderer, gap in (("innertext", "\n\n"), ("soup", "\n")):
            rows = [(line, _label(label, source)) for line, label in ARTICLE]
            text, lines = _text(rows, number, gap)
            texts[part].append(
                {"page_id": page["page_id"], "source": source, "renderer": renderer} | {"text": text, "lines": lines}
            )
    for part, rows_of in pages.items():
        pq.write_table(pa.Table.from_pylist(rows_of), folder / f"{part}pages.parquet")
        pq.write_table(pa.Table.from_pylist(texts[part]), folder / f"{part}texts.parquet")
    hand = [FINE.get(label, label) for _, label in ARTICLE]
    (folder / "kinds.jsonl").write_text(json.dumps({"page_id": "fundus/0", "labels": hand}) + "\n")
    return folder


def _label(label: str, source: str) -> str:
    if source == "fundus" or label == "title":
        return label
    return "content" if label == "paragraph" else "boilerplate"


@pytest.fixture(scope="module")
def examples(bench: Path) -> Examples:
    return load_examples(bench)


def same_arrays(one: Examples, two: Examples) -> bool:
    names = [name for name in Examples._fields if name != "texts"]
    return all(np.array_equal(getattr(one, name), getattr(two, name)) for name in names)


def test_every_line_of_every_rendering_is_an_example(examples: Examples) -> None:
    assert len(examples.texts) == 2 * N_PAGES
    assert len(examples.target) == len(examples.texts) * len(ARTICLE)
    assert examples.offsets[-1] == len(examples.words)
    kept = examples.content.reshape(-1, len(ARTICLE)).sum(axis=1)
    assert kept.tolist() == [6] * len(examples.texts)


def test_hand_labels_are_carried_to_the_other_renderings(examples: Examples) -> None:
    for text in examples.texts:
        rows = slice(text.first, text.last)
        assert examples.hand[rows].all() == (text.page_id == "fundus/0")
        if text.page_id == "fundus/0":
            assert LABELS[examples.target[text.first] - EXACT] == "navigation"


def test_further_hand_labels_may_be_given_as_runs(bench: Path, tmp_path: Path) -> None:
    more = tmp_path / "labels.jsonl"
    row = {"page_id": "wcxb/1", "renderer": "innertext", "runs": [["navigation", 3], ["title", 1], ["paragraph", 10]]}
    more.write_text(json.dumps(row) + "\n")
    labels = hand_labels(bench, more)
    assert labels["wcxb/1"] == ["navigation"] * 3 + ["title"] + ["paragraph"] * 10
    assert sorted(labels) == ["fundus/0", "wcxb/1"]
    assert load_examples(bench, more).hand.sum() > load_examples(bench).hand.sum()


def test_examples_are_kept_in_a_file(examples: Examples, tmp_path: Path) -> None:
    save_examples(examples, tmp_path / "examples.npz")
    again = stored_examples(tmp_path / "examples.npz")
    assert again.texts == examples.texts
    assert same_arrays(again, examples)


def test_coarse_labels_allow_the_fine_ones_they_stand_for() -> None:
    weights = target_weights()
    assert weights[0].min() == 1
    assert np.array_equal(weights[EXACT : EXACT + len(LABELS)], np.eye(len(LABELS)))
    assert ((weights > 0) & (weights <= 1)).sum() > len(LABELS)


def test_a_site_is_never_torn_over_two_folds(examples: Examples) -> None:
    folds = fold_of_sites(examples.texts, 3, seed=1)
    assert sorted(folds.values()) == [0, 0, 1, 1, 2, 2]
    assert folds == fold_of_sites(reversed(examples.texts), 3, seed=1)


def test_altered_copies_keep_the_labels_of_the_lines_they_came_from(bench: Path, examples: Examples) -> None:
    more = with_altered(bench, examples, copies=8, seed=1)
    altered = [text for text in more.texts if text.renderer == ALTERED]
    assert len(altered) > N_PAGES
    for text in altered:
        rows = slice(text.first, text.last)
        origin = more.origin[rows]
        assert (origin < len(examples.target)).all()
        assert np.array_equal(more.target[rows], examples.target[origin])
        assert text.last - text.first <= len(ARTICLE)
    again = with_altered(bench, examples, copies=8, seed=1)
    assert same_arrays(again, more)


def test_framed_copies_keep_the_article_and_label_what_is_around_it(bench: Path, examples: Examples) -> None:
    labels: set[str] = set()
    for seed in range(12):
        more = with_frames(bench, examples, seed=seed)
        for text in more.texts[len(examples.texts) :]:
            target, content = more.target[text.first : text.last], more.content[text.first : text.last]
            assert content.sum() == 6
            labels |= {LABELS[code - EXACT] for code in target[content == 0] if EXACT <= code < EXACT + len(LABELS)}
    assert {
        "interface",
        "section",
        "navigation",
        "related",
        "promotion",
        "legal",
        "consent",
        "caption",
        "date",
    } <= labels


def test_pages_read_from_html_have_the_labels_of_the_nearest_rendering(bench: Path, examples: Examples) -> None:
    more = with_rendered(bench, examples)
    texts = more.texts[len(examples.texts) :]
    assert [text.renderer for text in texts] == [RENDERED] * N_PAGES
    for text in texts:
        rows = slice(text.first, text.last)
        nearest = next(x for x in examples.texts if x.page_id == text.page_id)
        known = slice(nearest.first, nearest.last)
        assert np.array_equal(more.target[rows][: len(ARTICLE)], examples.target[known])
        assert np.array_equal(more.hand[rows], [*examples.hand[known], False, False, False])
        assert more.content[rows].tolist() == [*examples.content[known].tolist(), 1, 0, 0]
        marks = np.unpackbits(more.marks[rows], axis=1, count=MARKS)
        assert marks[:, mark_place("hidden")].tolist() == [0] * len(ARTICLE) + [1, 1, 1]
        assert marks[:2, mark_place("nav")].all()


def test_lines_are_matched_in_order_by_their_letters() -> None:
    read = read_rendered("<p>One, two.<p>More<p>Three<script>x</script>")
    assert read is not None
    assert lines_of(read) == ["One, two.", "More", "Three"]
    assert same_lines(lines_of(read), ["one two", "Three", "More"]).tolist() in ([0, 2, -1], [0, -1, 1])
    assert read_rendered("<script>nothing</script>") is None


def test_markup_is_found_for_each_line() -> None:
    nodes = page_nodes("<nav><ul><li>Home<li>Tides</ul></nav><h1>Ferry is back</h1><p>It came <b>at noon</b>.</p>")
    text = "Home\nTides\nFerry is back\nIt came at noon.\nNot there"
    at = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]
    lines = [{"start": a, "end": b} for a, b in zip(at, [*(x - 1 for x in at[1:]), len(text)], strict=True)]
    marks, found = line_marks(nodes, text, lines)
    assert found.tolist() == [True, True, True, True, False]
    assert marks.shape == (5, MARKS)
    assert marks[:, mark_place("li")].tolist() == [1, 1, 0, 0, 0]
    assert marks[:, mark_place("h1")].tolist() == [0, 0, 1, 0, 0]


def test_classes_of_characters_are_those_of_unicode(tmp_path: Path) -> None:
    assert class_of("a") != class_of("A") != class_of("1")
    write_characters(tmp_path / "characters.npz")
    with np.load(tmp_path / "characters.npz", allow_pickle=False) as stored:
        assert stored.files


def test_a_choice_is_made_on_what_the_shipped_model_says(examples: Examples) -> None:
    logits = logits_of(LineModel.load(), examples, range(len(examples.texts)))
    choice = choose(examples, logits)
    assert 0 < choice.threshold < 1
    assert choice.temperature > 0
    labels = decided(examples, 0, logits[0], choice).labels
    assert len(labels) == len(ARTICLE)
    assert labels[6:12] == ["paragraph"] * 6
