"""One page: parsed in memory, from a file and from standard input, and shown to a person without harm."""

import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text
from terminals import run_in_terminal

import dehusk.builders
import dehusk.schema
from dehusk.builders import parse_page
from dehusk.builders.cli import main
from dehusk.builders.parse import parse_bytes, parse_file
from dehusk.builders.recipe import Bounds, Dates, Recipe
from dehusk.builders.summary import Summary
from dehusk.builders.terminal import (
    HIDDEN,
    MARKS,
    findings_table,
    json_document,
    line_numbers,
    page_view,
    summary_view,
    verdict,
    visible,
    visible_lines,
)
from dehusk.builders.unpacking.document import Refused
from dehusk.schema.errors import CLEAN, FINDINGS, WRONG_USE
from dehusk.schema.findings import Finding
from dehusk.schema.labels import GROUPS, LABELS, TEXT_LABELS
from dehusk.schema.page import Line, Page
from dehusk.schema.record import RECORDS

HOSTILE = (
    "\x1b]0;your terminal is mine\x07\x1b[31mThe [bold]lighthouse[/] of \u202eetihw\u202c sands\x1b[0m :smile:\n"
    "\n"
    "Nobody has lit the lamp\x00 since the keeper[/nothing] left; "
    "\x9b2Jthe \u2066door\u2069 is open [link=x]to all.\x08\x08\n"
    "A tag \U000e0041\U000e0042 hides, \u200fa mark turns\u061c, and the stair\r\n"
    "ends\x0bin the sea\u2028where [red]boats\x85wait.\n"
)
RAW_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\U000e0000-\U000e007f]"
)


def show(*args: str | Path, data: bytes | None = None) -> Result:
    """Runs `dehusk show` in this process."""
    return CliRunner().invoke(main, ["show", *map(str, args)], input=data, catch_exceptions=False)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A page that means harm, under a name that does."""
    file = tmp_path / "\x1b[2J[bold]\u202epage.txt"
    file.write_bytes(HOSTILE.encode())
    return file


@pytest.fixture(params=["en.txt", "zh.txt", "ar.txt"])
def seed(request: pytest.FixtureRequest, seeds: Path) -> Path:
    """Seed pages of several scripts."""
    return min(seeds.rglob(f"*.{request.param}"))


# -- parse -------------------------------------------------------------------------------------------------------------


def test_public_names_come_when_asked_for_and_no_others() -> None:
    for room in (dehusk.builders, dehusk.schema):
        assert set(room.__all__) <= set(dir(room))
        assert all(getattr(room, name) is not None for name in room.__all__)
    with pytest.raises(AttributeError, match="no attribute 'parse_pages'"):
        _ = dehusk.builders.parse_pages  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="no attribute 'Paige'"):
        _ = dehusk.schema.Paige  # type: ignore[attr-defined]


def test_a_page_has_the_fields_of_a_record() -> None:
    assert {field.name for field in fields(Page)} <= set(RECORDS.names)


def test_a_file_is_read_as_a_build_reads_it(seeds: Path, dist: Path) -> None:
    records = {row["source"]["path"]: row for row in pq.read_table(dist / "data").to_pylist()}
    assert records
    for path, record in records.items():
        page = parse_file(seeds / path)
        assert isinstance(page, Page)
        for field in fields(Page):
            value = getattr(page, field.name)
            if field.name == "lines":
                assert [(line.start, line.end, line.label, line.boilerplate) for line in value] == [
                    (line["start"], line["end"], line["label"], line["boilerplate"]) for line in record["lines"]
                ]
                assert [line.score for line in value] == [pytest.approx(line["score"]) for line in record["lines"]]
            elif isinstance(value, float):
                assert value == pytest.approx(record[field.name])
            else:
                assert (list(value) if isinstance(value, tuple) else value) == record[field.name]


def test_the_clean_text_is_the_text_lines_of_the_page(seed: Path) -> None:
    page = parse_page(seed.read_text(encoding="utf-8"))
    assert page.lines
    assert page.text == "\n".join(line.text for line in page.lines if line.label in TEXT_LABELS)


def test_bytes_are_read_as_their_file(seed: Path) -> None:
    assert parse_bytes(seed.read_bytes()) == parse_file(seed)


def test_text_is_read_as_its_file(seed: Path) -> None:
    read = parse_file(seed)
    assert isinstance(read, Page)
    assert parse_page(read.raw).lines == read.lines


@given(st.text(st.characters(), max_size=300) | st.text("ab \t\n\r\x0b\x85\u2028\x00\ud800[]/\x1b", max_size=60))
@settings(max_examples=60)
def test_any_text_at_all_is_a_page(text: str) -> None:
    page = parse_page(text)
    assert all(line.label in LABELS for line in page.lines)
    assert [line.text for line in page.lines] == [
        re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", page.raw[line.start : line.end]) for line in page.lines
    ]
    assert page.text == "\n".join(line.text for line in page.lines if line.label in TEXT_LABELS)
    json_document(asdict(page))


@pytest.mark.parametrize("text", ["", " \n\t\n", "\x00\x07"])
def test_blank_text_is_a_page_without_lines(text: str) -> None:
    page = parse_page(text)
    assert (page.lines, page.text, page.title, page.boilerplate_share) == ((), "", None, 0)
    assert {"no_content", "very_short"} <= set(page.flags)


def test_the_dates_of_the_recipe_count() -> None:
    text = "The ferry is back\n12 March 2021\n" + "It crosses the river four times a day, and never on a Sunday.\n" * 4
    early = Recipe(dates=Dates(latest=datetime(2020, 1, 1).date()))  # noqa: DTZ001 - a day has no zone
    assert parse_page(text).published in (None, datetime(2021, 3, 12))  # noqa: DTZ001 - as the record has it
    assert parse_page(text, recipe=early).published is None


# -- show --------------------------------------------------------------------------------------------------------------


def test_what_the_page_says_stands_above_its_lines(seed: Path) -> None:
    page = parse_file(seed)
    assert isinstance(page, Page)
    shown = show(seed)
    assert (shown.exit_code, shown.stderr) == (CLEAN, "")
    about, lines, legend = shown.stdout.strip().split("\n\n")
    told = {line[:12].strip(): line[12:].strip() for line in about.splitlines()}
    assert list(told) == [
        *("title", "published", "modified", "authors", "section", "publisher", "url", "language", "flags", "text"),
        *("boilerplate", "id"),
    ]
    assert told["id"] == page.id
    assert told["title"] == (page.title or "–")
    assert told["flags"] == (", ".join(page.flags) or "–")
    assert len(lines.splitlines()) == len(page.lines)
    assert all(f"{mark} {group}" in legend for group, mark in MARKS.items())


def test_each_line_has_its_number_in_the_file_its_mark_label_and_score(seed: Path) -> None:
    page = parse_file(seed)
    assert isinstance(page, Page)
    in_file = seed.read_text(encoding="utf-8-sig").split("\n")
    rows = re.findall(r"^ *(\d+)  (.) (\w+) +(\d\.\d{3})  (.*)$", show(seed).stdout, flags=re.MULTILINE)
    assert len(rows) == len(page.lines)
    for (n, mark, label, score, text), line in zip(rows, page.lines, strict=True):
        assert (label, float(score)) == (line.label, line.score)
        assert mark == next(MARKS[group] for group, labels in GROUPS.items() if label in labels)
        assert HIDDEN.sub("", line.text) == re.sub(r"<U\+\w+>", "", text)
        assert line.text.split() == in_file[int(n) - 1].split()


@pytest.mark.parametrize("language", ["en", "zh", "ar", "hi"])
def test_lines_are_wrapped_in_a_terminal_and_nothing_is_lost(language: str, seeds: Path) -> None:
    seed = min(seeds.rglob(f"*.{language}.txt"))
    page = parse_file(seed)
    assert isinstance(page, Page)
    code, shown = run_in_terminal("show", seed, columns=64, NO_COLOR="1")
    assert code == CLEAN
    _, lines, _ = shown.strip().split("\n\n")
    assert max(Text(line).cell_len for line in lines.splitlines()) <= 64
    hang = len(re.match(r" *\d+  . \w+ +\d\.\d{3}  ", lines)[0])  # type: ignore[index]
    assert all(line[:hang].strip() == "" or re.match(r" *\d+  . ", line) for line in lines.splitlines())
    told = "".join(line[hang:] for line in lines.splitlines())
    whole = "".join(visible(line.text) for line in page.lines)
    assert re.sub(r"\s", "", told) == re.sub(r"\s", "", whole)


def test_groups_have_colours_in_a_terminal(seeds: Path) -> None:
    _, shown = run_in_terminal("show", min(seeds.rglob("*.en.txt")))
    legend = shown.rstrip().splitlines()[-1]
    colours = re.findall(r"\x1b\[(\d+)m. (\w+)", legend)
    assert [group for _, group in colours] == list(GROUPS)
    assert len({colour for colour, _ in colours}) == len(GROUPS)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_none_is_wanted(name: str, value: str, seeds: Path) -> None:
    _, shown = run_in_terminal("show", min(seeds.rglob("*.en.txt")), columns=100, **{name: value})
    assert "\x1b" not in shown


def test_a_terminal_of_one_column_is_no_crash(hostile: Path) -> None:
    code, shown = run_in_terminal("show", hostile, columns=1)
    assert code == CLEAN
    assert "lighthouse" in re.sub(r"\s|\x1b\[\d*m", "", shown)


def test_text_is_the_clean_text_alone(seed: Path) -> None:
    page = parse_file(seed)
    assert isinstance(page, Page)
    assert show(seed, "--text").stdout == visible_lines(page.text) + "\n"


def test_json_is_the_whole_page(seed: Path) -> None:
    page = parse_file(seed)
    assert isinstance(page, Page)
    document = json.loads(show(seed, "--json").stdout)
    assert list(document) == [field.name for field in fields(Page)]
    assert [line.pop("n") for line in document["lines"]] == line_numbers(page)
    lines = tuple(Line(**line) for line in document.pop("lines"))
    dates = {name: document[name] and datetime.fromisoformat(document[name]) for name in ("published", "modified")}
    tuples = {name: tuple(document[name]) for name in ("authors", "reservations", "flags")}
    assert Page(**document | dates | tuples | {"lines": lines}) == page


@pytest.mark.parametrize("form", [[], ["--text"], ["--json"]])
def test_standard_input_is_read_as_a_file(form: list[str], seed: Path) -> None:
    assert show("-", *form, data=seed.read_bytes()).stdout == show(seed, *form).stdout


def test_standard_input_is_decoded_like_a_file() -> None:
    data = "Le château\n\nLa marée à huit heures, et l’été déjà passé.\n".encode("utf-16")
    shown = json.loads(show("-", "--json", data=data).stdout)
    assert shown["lines"][0]["text"] == "Le château"
    assert "bom" in shown["flags"]


# -- what is no page ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("blank.txt", b" \n", "empty_file"),
        ("page.html", b"<title>Hello</title>", "empty_file"),
        ("page.txt", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "unsupported_format"),
        (".page.txt", b"The ferry", "hidden_file"),
    ],
)
def test_a_page_that_a_build_would_reject_says_why(name: str, data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    for form in ([], ["--text"], ["--json"]):
        shown = show(tmp_path / name, *form)
        assert (shown.exit_code, shown.stdout) == (FINDINGS, "")
        assert re.match(rf"error: .*{re.escape(name)} is rejected \({reason}\): .", shown.stderr)


def test_standard_input_has_the_bounds_of_a_file(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[bounds]\nmax_file_bytes = 20\nmax_lines = 2\n")
    assert "(too_large)" in show("-", "--recipe", recipe, data=b"x" * 21).stderr
    assert "(too_many_lines)" in show("-", "--recipe", recipe, data=b"a\nb\nc").stderr
    assert show("-", "--recipe", recipe, data=b"x" * 20).exit_code == CLEAN


def test_a_page_out_of_bounds_in_memory_is_still_a_page() -> None:
    recipe = Recipe(bounds=Bounds(max_lines=1, max_line_chars=2))
    assert len(parse_page("one\ntwo", recipe=recipe).lines) == 2
    assert isinstance(parse_bytes(b"one\ntwo", recipe), Refused)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_page_says_so(tmp_path: Path) -> None:
    (tmp_path / "page.txt").touch(mode=0)
    shown = show(tmp_path / "page.txt")
    assert (shown.exit_code, shown.stdout) == (FINDINGS, "")
    assert "is rejected (unreadable)" in shown.stderr


def test_what_is_no_file_is_wrong_use(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "is a folder"), (tmp_path / "nowhere.txt", "there is no")):
        shown = show(path)
        assert (shown.exit_code, shown.stdout) == (WRONG_USE, "")
        assert said in shown.stderr
        assert "tip: " in shown.stderr


# -- hostile pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [[], ["--text"], ["--json"]])
def test_a_hostile_page_reaches_no_terminal(form: list[str], hostile: Path) -> None:
    code, shown = run_in_terminal("show", hostile, *form, TERM="dumb", columns=200)
    assert code == CLEAN
    assert not RAW_HIDDEN.search(shown)


def test_hidden_characters_are_spelt_out_where_they_stand(hostile: Path) -> None:
    shown = show(hostile).stdout
    assert "<U+001B>[31mThe [bold]lighthouse[/] of <U+202E>etihw<U+202C> sands<U+001B>[0m :smile:" in shown
    assert (
        "lamp<U+0000> since the keeper[/nothing] left; <U+009B>2Jthe <U+2066>door<U+2069> is open [link=x]to all."
        in shown
    )
    assert "<U+E0041><U+E0042> hides, <U+200F>a mark turns<U+061C>" in shown


def test_json_loses_nothing_of_a_hostile_page(hostile: Path) -> None:
    shown = show(hostile, "--json").stdout
    assert not RAW_HIDDEN.search(shown)
    assert json.loads(shown)["raw"] == HOSTILE


def test_a_hostile_name_is_spelt_out_when_its_page_is_rejected(hostile: Path) -> None:
    hostile.write_bytes(b"")
    shown = show(hostile)
    assert shown.exit_code == FINDINGS
    assert "<U+001B>[2J[bold]<U+202E>page.txt is rejected (empty_file)" in shown.stderr
    assert len(shown.stderr.splitlines()) == 1


@pytest.mark.parametrize("text", ["x" * 1_000_000, "word " * 200_000, "漢" * 300_000])
def test_a_very_long_line_is_shown_whole(text: str) -> None:
    page = parse_page(text)
    console = Console(width=80, force_terminal=True, color_system=None)
    views = [item.plain for item in page_view(page, console) if isinstance(item, Text)]
    told = "".join(view[24:] for view in views[13:-2])  # between what the page says and the legend
    assert told.replace(" ", "") == text.replace(" ", "")


def test_nothing_hidden_gets_through() -> None:
    everything = "".join(map(chr, range(0x110000)))
    assert not HIDDEN.search(visible(everything))
    kept = HIDDEN.sub("", everything)
    assert visible(kept) == kept
    assert {"\u200c", "\u200d", "\u00ad", "é", "字"} <= set(kept)  # joiners are spelling in Persian, Hindi and emoji


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=5))
@settings(max_examples=40)
def test_json_comes_back_as_it_went(value: dict[str, str]) -> None:
    document = json_document(value)
    assert not RAW_HIDDEN.search(document)
    assert json.loads(document) == value


def test_json_takes_no_value_without_a_form() -> None:
    with pytest.raises(TypeError, match="Path has no form in JSON"):
        json_document({"path": Path()})


# -- views -------------------------------------------------------------------------------------------------------------


def page_of(raw: str, **values: object) -> Page:
    """A page whose lines are each a paragraph, with some values."""
    about: dict[str, object] = {field.name: None for field in fields(Page)}
    spans = [match.span() for match in re.finditer(r"\S[^\n]*", raw)]
    lines = tuple(Line(raw[a:b], "paragraph", boilerplate=False, score=0.5, start=a, end=b) for a, b in spans)
    given_values = {
        "id": "0",
        "text": "",
        "authors": (),
        "flags": (),
        "boilerplate_share": 0.0,
        "lines": lines,
        "raw": raw,
    }
    return Page(**about | given_values | values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("precision", "shown"),
    [
        ("day", "2021-03-04 (to the day)"),
        ("minute", "2021-03-04 05:06 (to the minute)"),
        ("second", "2021-03-04 05:06:07 (to the second)"),
    ],
)
def test_dates_are_shown_as_exactly_as_they_are_stated(precision: str, shown: str) -> None:
    date = datetime(2021, 3, 4, 5, 6, 7)  # noqa: DTZ001 - as the record has it
    page = page_of(
        "a", published=date, published_precision=precision, modified=date, language="fr", language_score=0.25
    )
    told = [str(item) for item in page_view(page, Console(width=80))]
    assert f"published    {shown}" in told
    assert "modified     2021-03-04 05:06:07" in told
    assert "language     fr (0.250)" in told
    assert "title        –" in told


def test_lines_are_numbered_as_an_editor_does() -> None:
    assert line_numbers(page_of("\n\na\r\nb\n\n\nc")) == [3, 4, 7]
    assert line_numbers(page_of("")) == []


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("count", [1, 200, 201])
def test_a_table_of_findings_says_how_many_it_leaves_out(count: int, width: int) -> None:
    finding = Finding("data/x.parquet", 3, "0", "title", "one_line", "\x07[b]", "look at it", "warning")
    console = Console(width=width, record=True, file=io.StringIO())
    for item in findings_table([finding] * count, width):
        console.print(item)
    told = console.export_text()
    assert told.count("<U+0007>[b]") == min(count, 200)
    assert ("and 1 more" in told) == (count > 200)


@pytest.mark.parametrize(
    ("severities", "said"),
    [
        ([], "dist keeps the contract: 1 record, 0 errors, 0 warnings"),
        (["warning"], "dist keeps the contract: 1 record, 0 errors, 1 warning"),
        (["warning", "error", "error"], "dist breaks the contract: 1 record, 2 errors, 1 warning"),
    ],
)
def test_a_verdict_is_a_sentence(severities: list[str], said: str) -> None:
    findings = [Finding("f", None, None, "", "r", "", "", severity) for severity in severities]  # type: ignore[arg-type]
    assert verdict(findings, Path("dist"), 1) == said


def test_a_summary_spells_out_a_hostile_folder_and_can_still_be_copied() -> None:
    out = Path("\x1b[2J'dist\u202e")
    told = "\n".join(str(line) for line in summary_view(Summary(kept=1, lines={"noise": 1}), out, 0.5))
    assert not RAW_HIDDEN.search(told)
    called: list[str] = []
    load: Callable[[str], None] = called.append
    exec(told.splitlines()[-1].strip(), {"load_dataset": load})  # noqa: S102 - the line that a person is told to copy
    assert called == [str(out)]
