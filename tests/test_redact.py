"""Personal data gives way to marks where that is asked for, with every place still right; else it is flagged."""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dehusk.builders.build import build_dataset
from dehusk.builders.check import check_dataset
from dehusk.builders.cli import main
from dehusk.builders.compose import compose_records
from dehusk.builders.describing.describe import describe_pages
from dehusk.builders.labelling.label import label_lines
from dehusk.builders.personal import PARTS, PATTERNS, PERSONAL, find_patterns, find_spans
from dehusk.builders.reading.cut import cut_lines
from dehusk.builders.reading.read import page_from_text
from dehusk.builders.recipe import Dates, Personal, Recipe, read_recipe
from dehusk.builders.redact import MARKS, redact_pages, redact_strings
from dehusk.builders.summary import Summary
from dehusk.schema.contract import check_records
from dehusk.schema.record import PAGE_FLAGS, REDACTED

RECIPE = Recipe(personal=Personal(redact=("email_address", "phone_number", "ip_address")))
ALL = RECIPE.personal.redact

BOARD = """Menu
Write to desk@harbour.example about the tram
By Ada Quill <ada.quill@harbour.example>

The tram is late again, says the company, and whoever minds may call Tel.  030   24344 121 until noon on any day.
The letter came from 81.2.69.142 81.2.69.143 and was signed by nobody whom the harbour master knows at all.
Imprint: +49 (0) 541 98256-778, desk@harbour.example
"""
PLAIN = (
    "The ferry\n\nNo ferry goes today, since the harbour is closed until noon, says the harbour master of the town.\n"
)


def strings_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [one for key, inner in value.items() if key not in ("url", "source") for one in strings_in(inner)]
    return [one for inner in value for one in strings_in(inner)] if isinstance(value, list) else []


def records_of(dist: Path) -> dict[str, dict[str, Any]]:
    return {row["source"]["path"]: row for row in pq.read_table(dist / "data").to_pylist()}


def hits(strings: list[str], kinds: Collection[str] = ALL) -> dict[str, Any]:
    return find_patterns(pa.array(strings, pa.string()), {kind: PATTERNS[kind] for kind in kinds})


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "board.txt").write_text(BOARD, encoding="utf-8")
    (folder / "plain.txt").write_text(PLAIN, encoding="utf-8")
    rows = [{"text": f"{PLAIN}\nof row {n}", "note": f"first\nada{n}@harbour.example", "n": n} for n in range(2)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "long.txt").write_text("mail ada@harbour.example " * 50_000, encoding="utf-8")  # longer than the bound
    return folder


def test_nothing_is_replaced_unless_asked_for_but_pages_are_flagged(seeds: Path, tmp_path: Path) -> None:
    summary = build_dataset(seeds, tmp_path / "dist")
    found = records_of(tmp_path / "dist")
    assert found["board.txt"]["raw"] == BOARD
    assert [flag for flag in found["board.txt"]["flags"] if flag in PERSONAL] == list(PERSONAL)
    assert not {*PERSONAL, REDACTED} & {*found["plain.txt"]["flags"]}
    assert summary.redacted == {}
    assert summary.personal["raw.email_address"] == 1
    assert "nothing was removed or masked" in (tmp_path / "dist" / "README.md").read_text(encoding="utf-8")
    assert {*PERSONAL, REDACTED} <= PAGE_FLAGS.keys()


def test_marks_stand_wherever_something_was_read_from_the_page(seeds: Path, tmp_path: Path) -> None:
    sources = Recipe().sources
    wide = type(sources)(extra_columns=("*",))
    build_dataset(seeds, tmp_path / "plain", Recipe(sources=wide))
    summary = build_dataset(seeds, tmp_path / "dist", Recipe(sources=wide, personal=Personal(redact=ALL)))
    assert check_dataset(tmp_path / "dist") == []
    before, after = records_of(tmp_path / "plain"), records_of(tmp_path / "dist")
    assert before.keys() == after.keys()
    assert hits([one for row in before.values() for one in strings_in(row)])
    assert not hits([one for row in after.values() for one in strings_in(row)])
    excerpts = pq.read_table(tmp_path / "dist" / "rejects.parquet")["excerpt"]
    assert MARKS["email_address"] in excerpts[0].as_py()
    assert not hits(excerpts.to_pylist())

    board = after["board.txt"]
    expected = re.sub(r"[\w.]+@harbour\.example", MARKS["email_address"], BOARD)
    expected = expected.replace("030   24344 121", MARKS["phone_number"]).replace(
        "+49 (0) 541 98256-778", MARKS["phone_number"]
    )
    expected = re.sub(r"81\.2\.69\.14[23]", MARKS["ip_address"], expected)
    assert board["raw"] == expected
    shown = [board["raw"][line["start"] : line["end"]] for line in board["lines"]]
    assert shown == [line for line in expected.splitlines() if line]
    assert summary.redacted == {"email_address": 3, "phone_number": 2, "ip_address": 2}
    assert summary.personal == {}
    assert [flag for flag in board["flags"] if flag in (*PERSONAL, REDACTED)] == [*PERSONAL, REDACTED]

    for name, row in before.items():  # all else is as it was
        new = after[name]
        same = ("id", "published", "language", "source", "n_lines")
        assert {key: row[key] for key in same} == {key: new[key] for key in same}
        keys = ("label", "score", "byte_start", "byte_end")
        assert [[line[key] for key in keys] for line in row["lines"]] == [
            [line[key] for key in keys] for line in new["lines"]
        ]
    assert after["plain.txt"] == before["plain.txt"]
    extra = json.loads(after["rows.jsonl"]["extra"])
    assert extra["note"] == f"first\n{MARKS['email_address']}"
    card = (tmp_path / "dist" / "README.md").read_text(encoding="utf-8")
    assert f"3 `{MARKS['email_address']}`, 2 `{MARKS['phone_number']}`, 2 `{MARKS['ip_address']}`" in " ".join(
        card.split()
    )
    croissant = json.loads((tmp_path / "dist" / "croissant.json").read_text(encoding="utf-8"))
    assert croissant["rai:personalSensitiveInformation"][0].startswith("Marks took the place of 3 e-mail addresses")


def test_the_option_is_all_of_the_recipe_and_the_recipe_can_say_less(seeds: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "some.toml"
    recipe.write_text('[personal]\nredact = ["ip_address"]\n', encoding="utf-8")
    assert read_recipe(recipe).personal.redact == ("ip_address",)
    for name, options in (("some", ["--recipe", recipe]), ("all", ["--recipe", recipe, "--redact"])):
        built = CliRunner().invoke(main, ["build", str(seeds), "--out", str(tmp_path / name), "-q", *map(str, options)])
        assert built.exit_code == 0, built.output
    some = records_of(tmp_path / "some")["board.txt"]
    assert not hits(strings_in(some), ("ip_address",))
    assert hits(strings_in(some), ("email_address", "phone_number")).keys() == {"email_address", "phone_number"}
    assert [flag for flag in some["flags"] if flag in (*PERSONAL, REDACTED)] == [*PERSONAL, REDACTED]
    build_dataset(seeds, tmp_path / "same", RECIPE)
    assert records_of(tmp_path / "all") == records_of(tmp_path / "same")


# -- places ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("mail a@b.example", [(5, 16, "email_address")]),
        ("Tel.: 030 24344 121 now", [(6, 19, "phone_number")]),
        ("電話03-3261-4321", [(2, 14, "phone_number")]),
        ("by 81.2.69.142.", [(3, 14, "ip_address")]),
        (
            "81.2.69.142 81.2.69.143 81.2.69.144",
            [(0, 11, "ip_address"), (12, 23, "ip_address"), (24, 35, "ip_address")],
        ),
        ("a@b.example,c@d.example", [(0, 11, "email_address"), (12, 23, "email_address")]),
        ("\U0010ffff a@b.example \U0010fffe", [(2, 13, "email_address")]),
        ("version 1.2.3.4", []),
    ],
)
def test_a_span_is_the_hit_alone(text: str, spans: list[tuple[int, int, str]]) -> None:
    found = find_spans(pa.array([None, "", text]), ALL)
    kinds = [ALL[kind] for kind in found.kind]
    assert [*zip(found.start.tolist(), found.end.tolist(), kinds, strict=True)] == spans
    assert set(found.row.tolist()) <= {2}


def test_all_of_unicode_around_a_hit_moves_nothing() -> None:
    every = "".join(chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000)
    found = find_spans(pa.array([f"{every} a@b.example {every}"]), ALL)
    place = len(every) + 1
    assert (place, place + 11) in zip(found.start.tolist(), found.end.tolist(), strict=True)


def test_strings_keep_their_nulls() -> None:
    made = redact_strings(pa.chunked_array([["a@b.example", None], ["", "x"]]), ALL)
    assert made.to_pylist() == [MARKS["email_address"], None, "", "x"]


def road(text: str, kinds: Collection[str], *, label: str | None = None) -> pa.Table:
    """The record of a page, whose lines all have this label if one is given."""
    pages = page_from_text(text, "page.txt")
    lines = label_lines(pages, cut_lines(pages))
    if label is not None:
        lines = lines.set_column(lines.schema.get_field_index("label"), "label", pa.array([label] * len(lines)))
    pages = describe_pages(pages, lines, Dates())
    return compose_records(*redact_pages(pages, lines, kinds))


PIECES = (
    "ada@harbour.example", "Tel. 030 24344 121", "+49 541 98256778", "81.2.69.142", "2a00:1450:4001:81b::200e",
    "212-306-6794", "Tel.", "030 24344", "121", "@", ".", "harbour.example", " ", "   ", "\n", "\n\n", "\t", "\u3000",
    "\r", "\u2028", "By Ada Quill", "The tram is late again, says the company.", "4 May 2021", "\U0010ffff",
    "|||EMAIL_ADDRESS|||", "é", "電話", "x",
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_whatever_stands_in_a_page_the_record_keeps_the_contract_and_holds_none(pieces: list[str]) -> None:
    text = "The tram is back\n" + "".join(pieces) + "\nend"
    plain, record = (road(text, kinds) for kinds in ((), ALL))
    assert check_records(record) == []
    row, was = record.to_pylist()[0], plain.to_pylist()[0]
    assert not hits(strings_in(row))
    assert [line["label"] for line in row["lines"]] == [line["label"] for line in was["lines"]]
    assert {*was["flags"]} & {*PERSONAL} == {*row["flags"]} & {*PERSONAL}
    assert (REDACTED in row["flags"]) == bool({*was["flags"]} & {*PERSONAL})
    at = 0
    for kept in re.split("|".join(map(re.escape, MARKS.values())), row["raw"]):  # what is between marks is as it was
        at = text.index(kept, at) + len(kept)


def test_what_only_the_clean_text_holds_is_found_there() -> None:
    text = "The tram\n\nThe company says that whoever minds it may call 212-306-6794 or +1   212   306   6794 today.\n"
    row = road(text, ALL, label="paragraph").to_pylist()[0]
    assert row["raw"].count(MARKS["phone_number"]) == 2
    assert "306" not in row["text"]
    assert "306" in road(text, ALL, label="noise")["raw"][0].as_py()  # where it is no text, no pattern holds
    assert check_records(road(text, ALL, label="paragraph")) == []


def test_evidence_lies_in_the_line_that_it_was_read_from() -> None:
    row = road(BOARD + "Published: 4 May 2021, by Ada Quill (ada@harbour.example)\n", ALL).to_pylist()[0]
    for one in row["evidence"]:
        if one["origin"] == "text":
            line = row["lines"][one["line"]]
            assert line["start"] <= one["start"] < one["end"] <= line["end"]


def test_a_hostile_page_of_nothing_but_hits_ends() -> None:
    row = road("a@b.example\n" * 20_000, ALL).to_pylist()[0]
    assert row["raw"] == f"{MARKS['email_address']}\n" * 20_000
    assert np.all([line["end"] - line["start"] == len(MARKS["email_address"]) for line in row["lines"]])


def test_every_kind_can_be_asked_for() -> None:
    assert tuple(PARTS) == ALL


def test_counts_add_up() -> None:
    one, two = Summary(redacted={"ip_address": 1}, by_hand=2), Summary(redacted={"ip_address": 2, "email_address": 1})
    assert (one + two).redacted == {"email_address": 1, "ip_address": 3}
    assert (one + two).by_hand == 2
