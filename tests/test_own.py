"""A user's own labelled pages become examples, in either form; a slip in a file is told with its line."""

import json
from pathlib import Path

import pytest

from dehusk.builders.labelling.examples import EXACT, no_examples
from dehusk.builders.labelling.own import OWN, read_own, with_own
from dehusk.builders.parse import parse_file
from dehusk.builders.terminal import json_document, page_document
from dehusk.schema.errors import UsageError
from dehusk.schema.labels import LABELS
from dehusk.schema.page import Page

PAGE = (
    "Menu\n\nThe ferry is back\nBy Ada Quill\n\nIt came in with the tide, an hour late, and nobody minded.\nImprint\n"
)
RANGES = "# read by hand\n1 navigation\n3 title\n4 byline\n\n6 paragraph\n7 legal\n"
LABELLED = ["navigation", "title", "byline", "paragraph", "legal"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ferry.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "ferry.labels").write_text(RANGES, encoding="utf-8")
    return tmp_path


def test_a_dump_and_what_its_lines_are(folder: Path) -> None:
    (page,) = read_own(folder)
    assert page.id == "ferry"
    assert list(page.labels) == LABELLED
    assert [page.text[a:b] for a, b in zip(page.start, page.end, strict=True)][1] == "The ferry is back"


def test_lines_that_are_not_told_are_not_known(folder: Path) -> None:
    (folder / "ferry.labels").write_text("3-4 title\n", encoding="utf-8")
    (page,) = read_own(folder)
    assert page.labels == (None, "title", "title", None, None)


def test_what_show_printed_with_its_labels_put_right(folder: Path) -> None:
    shown = parse_file(folder / "ferry.txt")
    assert isinstance(shown, Page)
    value = json.loads(json_document(page_document(shown)))
    for line, label in zip(value["lines"], LABELLED, strict=True):
        line["label"] = label
    (folder / "ferry.labels").unlink()
    (folder / "ferry.json").write_text(json.dumps(value), encoding="utf-8")
    (page,) = read_own(folder)
    assert page.text == PAGE
    assert list(page.labels) == LABELLED


def test_they_are_examples_labelled_by_hand(folder: Path) -> None:
    made = with_own(no_examples(), read_own(folder))
    assert [(text.source, text.site) for text in made.texts] == [(OWN, "own/ferry")]
    assert [LABELS[code - EXACT] for code in made.target] == LABELLED
    assert made.content.tolist() == [0, 0, 0, 1, 0]
    assert made.hand.all()
    assert len(made.offsets) == len(made.target) + 1


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ("1 menu\n", "line 1: 'menu' is no label"),
        ("# so\nfirst navigation\n", "line 2: not a line number"),
        ("1 navigation\n9 legal\n", "line 2: lines 9 to 9; the page has 7"),
        ("4-3 byline\n", "line 1: lines 4 to 3"),
        ("1-3 navigation\n3 title\n", "line 2: line 3 of the page already is navigation"),
    ],
)
def test_a_slip_is_told_with_its_line(folder: Path, ranges: str, said: str) -> None:
    (folder / "ferry.labels").write_text(ranges, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        list(read_own(folder))


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"raw": "a", "lines": 3}', '{"raw": "a", "lines": [{"start": 0, "end": 5, "label": "title"}]}',
     '{"raw": "ab", "lines": [{"start": 1, "end": 0, "label": "title"}]}', "[" * 100_000],
)  # fmt: skip
def test_a_json_file_that_is_no_page_is_refused(folder: Path, text: str) -> None:
    (folder / "ferry.labels").unlink()
    (folder / "ferry.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"ferry\.json"):
        list(read_own(folder))


def test_a_folder_without_labelled_pages_and_a_dump_that_is_missing_are_told(folder: Path, tmp_path: Path) -> None:
    (folder / "ferry.txt").unlink()
    with pytest.raises(UsageError, match=r"ferry\.txt: No such file"):
        list(read_own(folder))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match="no labelled pages"):
        list(read_own(empty))
