"""What two versions differ in is told rightly, whatever moved, and nothing of a page gets out of hand."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from publishing import PAGE
from test_takedown import write_winches

from dehusk.builders.build import build_dataset
from dehusk.builders.cards.excerpts import show_text
from dehusk.builders.pack import MANIFEST
from dehusk.builders.recipe import Pack, Recipe, Split
from dehusk.builders.versioning import relabel
from dehusk.builders.versioning.diff import diff_datasets
from dehusk.builders.versioning.difference import (
    Difference,
    Example,
    FieldChange,
    LabelChange,
    Lines,
    SplitMove,
    Value,
    Version,
    code_span,
)
from dehusk.builders.versioning.relabel import compare_lines
from dehusk.builders.versioning.remove import remove_records
from dehusk.builders.versioning.rows import digest_rows
from dehusk.builders.versioning.takedown import TAKEDOWN_NAME, make_entry
from dehusk.builders.versioning.versions import open_dataset, read_snapshot
from dehusk.schema import LABELS, RECORDS
from dehusk.schema.errors import RecipeError, UsageError

Rows = list[dict[str, Any]]


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return write_winches(tmp_path / "seeds", range(12))


@pytest.fixture
def old(seeds: Path, tmp_path: Path) -> Path:
    build_dataset(seeds, tmp_path / "old")
    return tmp_path / "old"


def rebuilt(seeds: Path, tmp_path: Path, recipe: Recipe | None = None) -> Path:
    build_dataset(seeds, tmp_path / "new", recipe)
    return tmp_path / "new"


def rewritten(old: Path, new: Path, change: Callable[[Rows], Rows]) -> Path:
    """A copy whose records were changed by hand."""
    shutil.copytree(old, new)
    for path in (new / "data").iterdir():
        table = pa.Table.from_pylist(change(pq.read_table(path).to_pylist()), schema=RECORDS)
        pq.write_table(table, path, row_group_size=5)
    return new


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def counts(difference: Difference) -> tuple[int, ...]:
    d = difference
    return d.added, d.removed, d.taken_down, d.changed, d.moved, d.unchanged


def paths(examples: tuple[Example, ...]) -> list[str]:
    return [example.path for example in examples]


# -- records --


def test_a_rebuild_is_the_same_whatever_its_shards(seeds: Path, old: Path, tmp_path: Path) -> None:
    new = rebuilt(seeds, tmp_path, Recipe(pack=Pack(shard_bytes=8_200, row_group_bytes=3_000)))
    difference = diff_datasets(old, new)
    assert difference.same
    assert counts(difference) == (0, 0, 0, 0, 0, 12)
    assert difference.to_text() == "The same 12 records.\n"
    assert difference.to_markdown() == "The same 12 records.\n"


def test_records_are_added_removed_and_changed(seeds: Path, old: Path, tmp_path: Path) -> None:
    (seeds / "winch-02.txt").unlink()
    write_winches(seeds, range(12, 15))
    edit(seeds / "winch-04.txt", "By Odo Fennel", "By Odo Fennel and Ila Marsh")
    difference = diff_datasets(old, rebuilt(seeds, tmp_path))
    assert counts(difference) == (3, 1, 0, 1, 0, 10)
    assert paths(difference.examples_added) == ["winch-12.txt", "winch-13.txt", "winch-14.txt"]
    assert paths(difference.examples_removed) == ["winch-02.txt"]
    assert paths(difference.examples_changed) == ["winch-04.txt"]
    assert {"id", "raw", "source.sha256", "source.byte_end"} <= {change.field for change in difference.fields}
    assert (difference.old.records, difference.new.records) == (12, 14)
    assert not difference.same


def test_the_fields_that_changed_are_told_with_their_values(old: Path, tmp_path: Path) -> None:
    def change(rows: Rows) -> Rows:
        rows[3]["title"] = None
        rows[5] |= {"title": "Slate", "language_score": 0.25, "authors": ["Ila Marsh"], "flags": []}
        rows[5]["lines"][2]["score"] = 0.125
        return rows

    before = pq.read_table(old / "data").to_pylist()
    difference = diff_datasets(old, rewritten(old, tmp_path / "new", change))
    assert counts(difference) == (0, 0, 0, 2, 0, 10)
    assert difference.fields[0] == FieldChange("title", 2)
    assert {field.field for field in difference.fields} == {
        *("title", "language_score", "authors", "lines.score"),
        *(["flags"] if before[5]["flags"] else []),
    }
    first, second = difference.examples_changed
    assert first.values == (Value("title", before[3]["title"], None),)
    assert second.values[0] == Value("title", before[5]["title"], "Slate")
    assert Value("authors") in second.values


def test_a_page_is_known_by_its_bytes_then_by_its_place_then_by_its_address(
    seeds: Path, old: Path, tmp_path: Path
) -> None:
    one, two = (seeds / f"winch-0{n}.txt" for n in (1, 2))
    one.rename(seeds / "swap")
    two.rename(one)
    (seeds / "swap").rename(two)
    (seeds / "winch-03.txt").rename(seeds / "elsewhere.txt")
    edit(seeds / "winch-05.txt", "slate", "granite")
    (seeds / "winch-06.txt").rename(seeds / "recrawled.txt")
    edit(seeds / "recrawled.txt", "slate", "granite")
    difference = diff_datasets(old, rebuilt(seeds, tmp_path), examples=20)
    assert counts(difference) == (0, 0, 0, 5, 4, 7)
    fields = {example.path: {value.field for value in example.values} for example in difference.examples_changed}
    assert fields["winch-01.txt"] == fields["winch-02.txt"] == fields["elsewhere.txt"] == {"source.path"}
    assert "id" in fields["winch-05.txt"]
    assert "source.path" not in fields["winch-05.txt"]
    assert {"id", "source.path"} <= fields["recrawled.txt"]


def boxed(folder: Path, rows: list[dict[str, str]]) -> Path:
    """The dataset of pages that stand in one file of JSON lines."""
    (folder / "seeds").mkdir(parents=True)
    (folder / "seeds" / "pages.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    build_dataset(folder / "seeds", folder / "dist")
    return folder / "dist"


def test_a_page_in_a_box_is_known_by_what_the_box_calls_it_else_by_where_it_begins(tmp_path: Path) -> None:
    texts = [PAGE.format(n=n, day=n + 1) for n in range(6)]
    later = [*texts[:2], texts[2].replace("first barge", "first ferry"), *texts[3:5]]
    named = [[{"id": f"lock-{n}", "text": text} for n, text in enumerate(version)] for version in (texts, later)]
    old, new = boxed(tmp_path / "named", named[0]), boxed(tmp_path / "turned", named[1][::-1])
    assert counts(diff_datasets(old, new)) == (0, 1, 0, 5, 4, 0)  # the one in the middle begins where it did
    plain = [[{"text": text} for text in version] for version in (texts, later)]
    old, new = boxed(tmp_path / "plain", plain[0]), boxed(tmp_path / "edited", plain[1])
    assert counts(diff_datasets(old, new)) == (0, 1, 0, 1, 0, 4)


def test_an_address_that_two_pages_state_tells_nothing(seeds: Path, old: Path, tmp_path: Path) -> None:
    text = (seeds / "winch-03.txt").read_text(encoding="utf-8")
    (seeds / "winch-03.txt").unlink()
    for name in ("a.txt", "b.txt"):
        (seeds / name).write_text(text.replace("slate", name), encoding="utf-8")
    assert counts(diff_datasets(old, rebuilt(seeds, tmp_path))) == (2, 1, 0, 0, 0, 11)


def test_of_what_was_taken_down_nothing_is_said_but_the_number(seeds: Path, old: Path, tmp_path: Path) -> None:
    (seeds / "winch-02.txt").unlink()
    new = rebuilt(seeds, tmp_path)
    remove_records(new, [make_entry("site", "quarry.org")])
    difference = diff_datasets(old, new, examples=20)
    assert counts(difference) == (0, 5, 4, 0, 0, 7)
    assert paths(difference.examples_removed) == ["winch-02.txt"]
    assert "(4 of them at the wish of someone whom they concern)" in difference.to_text()
    said = json.dumps(difference.to_dict()) + difference.to_text() + difference.to_markdown(examples=True)
    for n in (0, 3, 6, 9):
        assert f"winch-0{n}" not in said


def test_records_that_move_between_splits_are_counted(seeds: Path, old: Path, tmp_path: Path) -> None:
    difference = diff_datasets(old, rebuilt(seeds, tmp_path, Recipe(split=Split(shares={"train": 0.5, "test": 0.5}))))
    n_test = pq.read_table(next((tmp_path / "new" / "data").glob("test-*"))).num_rows
    assert difference.splits == (SplitMove("train", "test", n_test),)
    assert (difference.changed, difference.same) == (0, False)
    assert f"`train → test`: {n_test}" in difference.to_markdown()


def test_examples_are_few_and_always_the_same(old: Path, tmp_path: Path) -> None:
    build_dataset(write_winches(tmp_path / "other", range(20, 40)), tmp_path / "new")
    difference = diff_datasets(old, tmp_path / "new", examples=3)
    assert counts(difference) == (20, 12, 0, 0, 0, 0)
    assert paths(difference.examples_added) == ["winch-20.txt", "winch-21.txt", "winch-22.txt"]
    assert diff_datasets(old, tmp_path / "new", examples=0).examples_added == ()
    assert diff_datasets(old, tmp_path / "new") == diff_datasets(old, tmp_path / "new")


# -- lines --


def relabel_record(record: dict[str, Any], change: dict[int, str]) -> None:
    for line, label in change.items():
        record["lines"][line]["label"] = label


def test_lines_that_changed_label_are_counted_by_both_labels(old: Path, tmp_path: Path) -> None:
    def before(rows: Rows) -> Rows:
        for record in rows:
            relabel_record(record, dict.fromkeys(range(len(record["lines"])), "paragraph"))
        return rows

    def after(rows: Rows) -> Rows:
        for record in rows[4:]:
            relabel_record(record, {1: "navigation"})
        relabel_record(rows[2], {0: "title", 1: "navigation"})
        return rows

    one = rewritten(old, tmp_path / "one", before)
    two = rewritten(one, tmp_path / "two", after)
    difference = diff_datasets(one, two, examples=1)
    assert difference.lines == Lines(
        relabelled=10,
        labels=(
            LabelChange("paragraph", "navigation", 9, "winch-02.txt", "Home"),
            LabelChange("paragraph", "title", 1),
        ),
    )
    assert difference.fields == (FieldChange("lines.label", 9),)
    assert "- `paragraph` → `navigation`: 9" in difference.to_markdown()


def test_a_line_is_the_same_by_its_text_and_how_often_it_stood_there_before(
    seeds: Path, old: Path, tmp_path: Path
) -> None:
    edit(seeds / "winch-04.txt", "Home\n", "Start\nHome\nHome\n")
    new = rewritten(rebuilt(seeds, tmp_path), tmp_path / "newer", lambda rows: rows)
    lines = diff_datasets(old, new).lines
    assert (lines.added, lines.removed) == (2, 0)


LABELLED = st.lists(st.tuples(st.sampled_from(["a", "b", "ab", "ba", "\U0001f6a2", "aa"]), st.sampled_from(LABELS[:3])))


@settings(max_examples=60)
@given(st.lists(st.tuples(LABELLED, LABELLED), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_lines_are_compared_as_by_hand(
    tmp_path_factory: pytest.TempPathFactory, pages: list[tuple[Any, Any]], chance: Any
) -> None:
    folder = tmp_path_factory.mktemp("versions")
    order = list(range(len(pages)))
    chance.shuffle(order)
    one = version_of(folder / "one", [pages[n][0] for n in order])
    two = version_of(folder / "two", [after for _, after in pages])
    old = np.array([order.index(n) for n in range(len(pages))])
    found = compare_lines((one, two), old, np.arange(len(pages)), examples=2)
    moved: Counter[tuple[str, str]] = Counter()
    matched = 0
    for before, after in pages:
        known = numbered(before)
        for key, label in numbered(after).items():
            matched += key in known
            if known.get(key, label) != label:
                moved[known[key], label] += 1
    assert {(change.old, change.new): change.lines for change in found.labels} == moved
    assert found.relabelled == moved.total()
    assert found.added == sum(len(after) for _, after in pages) - matched
    assert found.removed == sum(len(before) for before, _ in pages) - matched
    for change in found.labels[:2]:
        assert any((change.text, change.new) in after for _, after in pages)


def numbered(lines: list[tuple[str, str]]) -> dict[tuple[str, int], str]:
    seen: Counter[str] = Counter()
    result = {}
    for text, label in lines:
        result[text, seen[text]] = label
        seen[text] += 1
    return result


def version_of(folder: Path, pages: list[list[tuple[str, str]]]) -> Any:
    """A dataset of nothing but lines."""
    rows = []
    for n, lines in enumerate(pages):
        at, spans = 0, []
        for text, label in lines:
            spans.append({"start": at, "end": at + len(text), "label": label})
            at += len(text) + 1
        raw = "\n".join(text for text, _ in lines)
        rows.append({"id": f"{n}", "raw": raw, "lines": spans, "source": {"path": f"{n}.txt", "byte_start": 0}})
    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, RECORDS), folder / "data" / "train-00000-of-00001.parquet")
    file = {"path": "data/train-00000-of-00001.parquet", "bytes": 1, "sha256": "", "rows": len(rows), "content": ""}
    (folder / MANIFEST).write_text(json.dumps({"files": [file]}))
    return read_snapshot(folder)


def test_the_lines_of_many_pages_are_compared_in_parts(
    seeds: Path, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in seeds.glob("winch-*.txt"):
        edit(path, "Home\n", "Start\nHome\n")
    new = rebuilt(seeds, tmp_path)
    whole = diff_datasets(old, new)
    monkeypatch.setattr(relabel, "AT_ONCE", 5)
    assert diff_datasets(old, new) == whole
    assert whole.lines.added == 12


# -- digests --

NESTED = pa.schema(
    [
        ("text", pa.string()),
        ("number", pa.int32()),
        ("share", pa.float32()),
        ("known", pa.bool_()),
        ("day", pa.timestamp("us")),
        ("words", pa.list_(pa.string())),
        ("lines", pa.list_(pa.struct([("start", pa.int32()), ("label", pa.string())]))),
        ("source", pa.struct([("path", pa.string()), ("at", pa.int64())])),
    ]
)
WORD = st.one_of(st.none(), st.sampled_from(["", "a", "b", "ab", "\0"]))
NUMBER = st.one_of(st.none(), st.integers(-2, 2))
ROW = st.fixed_dictionaries(
    {
        "text": WORD,
        "number": NUMBER,
        "share": st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0])),
        "known": st.one_of(st.none(), st.booleans()),
        "day": NUMBER,
        "words": st.one_of(st.none(), st.lists(WORD, max_size=3)),
        "lines": st.one_of(st.none(), st.lists(st.fixed_dictionaries({"start": NUMBER, "label": WORD}), max_size=3)),
        "source": st.fixed_dictionaries({"path": WORD, "at": NUMBER}),
    }
)


@given(st.lists(ROW, min_size=2, max_size=12), st.integers(0, 11))
def test_rows_have_the_same_digests_exactly_when_they_say_the_same(rows: Rows, cut: int) -> None:
    table = pa.Table.from_pylist(rows, NESTED)
    table = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    digests = digest_rows(table)
    for field, numbers in digests.items():
        said = [value_of(row, field) for row in rows]
        for one in range(len(rows)):
            for two in range(one):
                assert (numbers[one] == numbers[two]) == (said[one] == said[two]), (field, said[one], said[two])
    sliced = digest_rows(table.slice(1))
    assert all((sliced[field] == numbers[1:]).all() for field, numbers in digests.items())


def value_of(row: dict[str, Any], field: str) -> object:
    name, _, inner = field.partition(".")
    value = row[name]
    if not inner or value is None:
        return value
    return [element[inner] for element in value] if isinstance(value, list) else value[inner]


# -- other versions --


def test_fields_that_only_one_version_has_are_told(old: Path, tmp_path: Path) -> None:
    shutil.copytree(old, tmp_path / "new")
    data = next((tmp_path / "new" / "data").iterdir())
    table = pq.read_table(data).drop_columns(["lines", "section"])
    pq.write_table(table.append_column("mood", pa.array(["fine"] * 12)), data)
    difference = diff_datasets(old, tmp_path / "new")
    assert difference.new_fields == ("mood",)
    assert {"section", "lines.label"} <= set(difference.gone_fields)
    assert (difference.unchanged, difference.lines, difference.same) == (12, Lines(), False)
    assert "- `mood`\n" in difference.to_markdown()


SPOILT = {
    "other columns": lambda table: table.select(["n_lines"]),
    "ids that are numbers": lambda table: table.set_column(0, "id", pa.array(range(12))),
    "no place": lambda table: table.set_column(table.column_names.index("source"), "source", table["title"]),
    "no UTF-8": lambda table: table.set_column(1, "title", pa.array([b"\xff"] * 12).view(pa.string())),
}


@pytest.mark.parametrize("spoil", [*SPOILT, "no folder", "no manifest", "no parquet", "no data"])
def test_what_is_no_dataset_is_wrong_use(old: Path, tmp_path: Path, spoil: str) -> None:
    new = tmp_path / "new"
    shutil.copytree(old, new)
    data = next((new / "data").iterdir())
    if spoil == "no folder":
        shutil.rmtree(new)
    elif spoil == "no manifest":
        (new / MANIFEST).write_text("[]")
    elif spoil == "no parquet":
        data.write_bytes(b"PAR1")
    elif spoil in SPOILT:
        pq.write_table(SPOILT[spoil](pq.read_table(data)), data)
    else:
        (new / MANIFEST).write_text('{"files": []}')
    with pytest.raises(UsageError, match="new"):
        diff_datasets(old, new)


def test_data_files_must_have_the_same_columns(seeds: Path, tmp_path: Path) -> None:
    new = rebuilt(seeds, tmp_path, Recipe(pack=Pack(shard_bytes=8_200)))
    data = next((new / "data").iterdir())
    pq.write_table(pq.read_table(data).drop_columns("raw"), data)
    with pytest.raises(UsageError, match="differ in their columns"):
        diff_datasets(new, new)


def test_a_list_that_cannot_be_read_stops_the_comparison(old: Path) -> None:
    (old / TAKEDOWN_NAME).write_text("everything\n")
    with pytest.raises(RecipeError, match="line 1"):
        diff_datasets(old, old)


# -- what is shown --

NASTY = "\x1b[31m\u202eevil <img src=x onerror=alert(1)> `a` ``b`` | @all #1 [x](http://e.org) &lt; http://e.org *b*"


def test_nothing_of_a_page_is_obeyed(old: Path, tmp_path: Path) -> None:
    def change(rows: Rows) -> Rows:
        rows[0]["title"] = NASTY
        rows[0]["lines"][1]["label"] = "noise"
        rows[0]["raw"] = rows[0]["raw"].replace("Home", "\x1b]0;")
        return rows

    one = rewritten(old, tmp_path / "one", change)
    two = rewritten(one, tmp_path / "two", lambda rows: rows[1:])
    for difference in (diff_datasets(old, one), diff_datasets(one, two), diff_datasets(two, one)):
        for said in (difference.to_text(), difference.to_markdown(examples=True)):
            assert all(c.isprintable() or c == "\n" for c in said)
        html = MarkdownIt("commonmark").render(difference.to_markdown(examples=True))
        assert "<img" not in html
        assert "<a " not in html
        json.dumps(difference.to_dict(), ensure_ascii=True)


@given(st.text())
def test_code_is_nothing_but_code(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"- {code_span(text)}\n- after\n")
    first, after = (token.children for token in tokens if token.type == "inline")
    assert first is not None
    assert after is not None
    (code,) = first
    assert (code.type, after[0].content) == ("code_inline", "after")
    assert code.content.strip() == (show_text(text, 120) or "–").strip()


def test_markdown_shows_records_only_when_asked(seeds: Path, old: Path, tmp_path: Path) -> None:
    (seeds / "winch-02.txt").unlink()
    difference = diff_datasets(old, rebuilt(seeds, tmp_path))
    assert "winch-02" not in difference.to_markdown()
    assert "winch-02" in difference.to_markdown(examples=True)


def test_plain_values_hold_everything(seeds: Path, old: Path, tmp_path: Path) -> None:
    edit(seeds / "winch-04.txt", "May", "June")
    difference = diff_datasets(old, rebuilt(seeds, tmp_path))
    plain = json.loads(json.dumps(difference.to_dict()))
    assert list(plain)[:3] == ["same", "old", "new"]
    assert plain["changed"] == 1
    assert plain["examples_changed"][0]["path"] == "winch-04.txt"
    assert Version(**plain["old"]) == difference.old


def test_a_folder_is_opened_as_it_is_named() -> None:
    assert open_dataset("dist") == Path("dist")
