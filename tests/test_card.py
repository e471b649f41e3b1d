"""The card: complete, true to the data, safe to render, and what a person wrote in it stays."""

import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import huggingface_hub
import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt
from same_dataset import main as same_dataset
from spoiling import change_records, seal, with_value

from dehusk.builders.build import build_dataset
from dehusk.builders.cards.card import write_card
from dehusk.builders.cards.changes import read_changes, with_changes
from dehusk.builders.cards.contents import Contents, kept_part, read_yours
from dehusk.builders.cards.excerpts import ENOUGH, HIDDEN, Excerpt, draw_excerpts, show_text
from dehusk.builders.cards.plots import MAX_BARS, bar_chart, charts_of
from dehusk.builders.cards.sections import REQUIRED, bibtex, fenced
from dehusk.builders.check import check_dataset
from dehusk.builders.pack import read_manifest
from dehusk.builders.personal import PATTERNS, find_patterns
from dehusk.builders.recipe import Dataset, Pack, Recipe, Split
from dehusk.builders.summary import LENGTHS, Summary
from dehusk.schema.errors import UsageError
from dehusk.schema.record import RESERVATIONS

SVG = "{http://www.w3.org/2000/svg}"
TEMPLATE = Path(huggingface_hub.__file__).parent / "templates" / "datasetcard_template.md"

STORY = """Quayside Post
Menu
Crane {n} lifts its last load
By Odd Larsen
11 June 2022
The blue crane number {n} has stood at the mouth of the river since the war; today it lifted a boat for the last time.
Its driver came down the ladder after thirty years, shook hands with everybody, and said the new one has no windows.
The harbour office wants to keep the steel arm as a landmark and to let swallows nest in the cabin if they care to.
Nobody remembers who painted it blue, though three families along the quay claim that it was their grandfather.
A small museum across the water has asked for the winch, the ropes and the logbook in which every load was written down.
The last line of that book says that the boat was lighter than it looked and that the evening was very calm indeed.
"""


def write_stories(folder: Path, count: int, more: str = "") -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"crane-{number:02}.txt").write_text(STORY.format(n=number) + more, encoding="utf-8")
    return folder


def card_of(dist: Path) -> str:
    return (dist / "README.md").read_text(encoding="utf-8")


def body_of(dist: Path) -> str:
    return card_of(dist).split("---\n", 2)[2]


# -- complete and true --


def test_the_card_has_every_section_that_the_hub_asks_for(dist: Path) -> None:
    asked = re.findall(
        r"^#+ (.+)$", TEMPLATE.read_text(encoding="utf-8").partition("# Dataset Card for")[2], re.MULTILINE
    )
    asked = [name for name in asked if "optional" not in name and "{{" not in name]
    assert len(asked) > 10
    unasked = {"Curation Rationale"}  # the maker's to tell, between the markers
    have = set(re.findall(r"^#+ (.+)$", body_of(dist), re.MULTILINE))
    assert set(asked) - have == unasked
    assert set(REQUIRED) <= have


def test_the_front_matter_is_what_the_hub_client_reads(dist: Path) -> None:
    data = DatasetCard.load(dist / "README.md").data.to_dict()
    manifest = read_manifest(dist)
    assert data["license"] if manifest.recipe.dataset.license else "license" not in data
    assert data["size_categories"] == ["n<1K"]
    assert data["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*.parquet"}]
    assert data["dataset_info"]["splits"][0]["num_examples"] == manifest.counts.kept


def test_links_of_the_card_lead_to_files_of_the_dataset(dist: Path) -> None:
    links = re.findall(r"\]\((\S+)\)", body_of(dist))
    assert sorted(links) == sorted(f"plots/{name}" for name in charts_of(read_manifest(dist).counts))
    assert all((dist / link).is_file() for link in links)


def test_the_recipe_is_told(tmp_path: Path) -> None:
    told = Dataset(
        name="cranes",
        pretty_name="Cranes & Quays",
        license="other",
        license_name="quay-licence",
        license_link="https://quay.example/licence",
        source="Written for a test.",
        contact="cranes@quay.example.",
        homepage="https://quay.example",
        creators=("Ada Larsen", "Bo {Quay}"),
        publisher="Quay 100 %",
        version="1.2.0",
        year=2023,
    )
    build_dataset(write_stories(tmp_path / "seeds", 2), tmp_path / "dist", Recipe(dataset=told))
    card = card_of(tmp_path / "dist")
    for said in ("`quay-licence` (https://quay.example/licence)", told.source, told.contact, "**Version:** 1.2.0"):
        assert said in card
    assert r"author       = {Ada Larsen and Bo \{Quay\}}," in card
    assert r"publisher    = {Quay 100 \%}," in card
    assert r"title        = {{Cranes \& Quays}}," in card
    assert "year         = {2023}," in card
    assert DatasetCard.load(tmp_path / "dist" / "README.md").data.to_dict()["configs"][0]["version"] == "1.2.0"


def test_what_is_not_said_is_left_out_of_the_citation(dist: Path) -> None:
    manifest = read_manifest(dist)
    contents = Contents(Recipe(), manifest.counts, manifest.files, {"train": 1}, manifest.seeds, manifest.maker)
    assert re.findall(r"^  (\w+)", bibtex(contents), re.MULTILINE) == ["title", "note"]


def test_personal_data_and_rights_are_counted_as_they_are(tmp_path: Path) -> None:
    seeds = write_stories(tmp_path / "seeds", 3)
    with (seeds / "crane-01.txt").open("a") as page:
        page.write(
            "The office answers letters that come to crane@quay.example, or calls to +47 23 00 12 34, every day.\n"
        )
    counts = build_dataset(seeds, tmp_path / "dist")
    assert {kind: count for kind, count in counts.personal.items() if kind.startswith("raw.")} == {
        "raw.email_address": 1,
        "raw.phone_number": 1,
    }
    assert sum(counts.rights.values()) >= 3
    assert "| e-mail addresses | 1 |" in card_of(tmp_path / "dist")


def test_what_the_markup_declares_is_summed_up(tmp_path: Path) -> None:
    seeds = write_stories(tmp_path / "seeds", 2)
    story = "".join(f"<p>{line}</p>" for line in (seeds / "crane-01.txt").read_text().splitlines())
    deed = "https://creativecommons.org/licenses/by-sa/4.0/"
    heads = {
        "open": f'<link rel="license" href="{deed}"><meta name="robots" content="noai, noindex">',
        "own": '<link rel="license" href="https://quay.example/terms"><meta name="tdm-reservation" content="1">',
        "silent": "",
    }
    for name, head in heads.items():
        page = f"<html><head><title>{name}</title>{head}</head><body><h1>Crane {name}</h1>{story}</body></html>"
        (seeds / f"{name}.html").write_text(page)
    counts = build_dataset(seeds, tmp_path / "dist")
    assert counts.formats == {"html": 3, "text": 2}
    assert list(counts.declared) == ["cc-by-sa", "other-licence", "noindex", "noai", "tdm-reservation", "none"]
    assert set(counts.declared.values()) == {1}
    assert counts.known["license"] == 2
    card = card_of(tmp_path / "dist")
    assert "by `source.format`: `html` 3, `text` 2.\n" in card
    assert f"| `tdm-reservation` | {RESERVATIONS['tdm-reservation']} | 1 |" in card
    assert "labelled lines and in the markup of HTML" in card


def test_a_card_of_flat_text_says_nothing_of_markup(tmp_path: Path) -> None:
    counts = build_dataset(write_stories(tmp_path / "seeds", 2), tmp_path / "dist")
    assert (counts.formats, counts.declared) == ({"text": 2}, {})
    assert "markup of" not in card_of(tmp_path / "dist")


def test_counts_of_years_and_lengths_are_those_of_the_records(dist: Path) -> None:
    counts, records = read_manifest(dist).counts, pq.read_table(dist / "data")
    published = [day for day in records["published"].to_pylist() if day is not None]
    assert counts.years == {
        str(year): [day.year for day in published].count(year) for year in sorted({day.year for day in published})
    }
    assert sum(counts.lengths.values()) == records.num_rows
    for low, high in zip(LENGTHS, (*LENGTHS[1:], 10**9), strict=True):
        assert counts.lengths.get(str(low), 0) == sum(low <= n < high for n in records["n_chars"].to_pylist())


# -- examples --


def test_examples_are_drawn_by_the_rule_that_the_card_states(dist: Path) -> None:
    counts = read_manifest(dist).counts
    rows = pq.read_table(dist / "data", columns=["id", "title", "language", "n_chars"]).to_pylist()
    expected = []
    for code in [code for code in counts.languages if code != "unknown"][:3]:
        fit = [row["id"] for row in rows if row["title"] and row["language"] == code and row["n_chars"] >= ENOUGH]
        expected += [(min(fit), code)] if fit else []
    assert expected
    assert re.findall(r"^`([0-9a-f]{24})`, `(\w+)`:$", body_of(dist), re.MULTILINE) == expected


def test_examples_show_no_names_of_authors_and_no_personal_data(tmp_path: Path) -> None:
    more = "Write to crane@quay.example or to rope@quay.example if you saw it\n" * 3
    build_dataset(write_stories(tmp_path / "seeds", 4, more), tmp_path / "dist")
    blocks = re.findall(r"```text\n(.*?)```", body_of(tmp_path / "dist"), re.DOTALL)
    assert blocks
    shown = "".join(blocks)
    assert not re.search(f"^({'|'.join(HIDDEN)})", shown, re.MULTILINE)
    assert "@" not in shown
    assert not find_patterns(pq.read_table(tmp_path / "dist" / "data")["raw"].slice(0, 0), PATTERNS)


def test_examples_are_those_of_their_record_in_whatever_row_group_it_is(seeds: Path, tmp_path: Path) -> None:
    build_dataset(seeds, tmp_path / "dist", Recipe(pack=Pack(row_group_bytes=10_000, shard_bytes=30_000)))
    files = sorted((tmp_path / "dist" / "data").iterdir())
    assert max(pq.ParquetFile(file).num_row_groups for file in files) > 2
    excerpts = draw_excerpts(files, read_manifest(tmp_path / "dist").counts.languages)
    raw = {row["id"]: row for row in pq.read_table(tmp_path / "dist" / "data").to_pylist()}
    assert len(excerpts) == 3
    for excerpt in excerpts:
        record = raw[excerpt.id]
        assert excerpt.language == record["language"]
        for label, text in excerpt.lines:
            first = next(line for line in record["lines"] if line["label"] == label)
            assert text == show_text(record["raw"][first["start"] : first["end"]])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its form
        self.tags.append(tag)


HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>
```
~~~
# A headline of mine
[click](javascript:alert(1)) ![x](https://evil.example/x.png) <https://evil.example> https://evil.example
| a | b |
<!-- yours: begin -->
<!-- yours: end -->
<!-- changes: begin -->
---
````text
\u202egnirts desrever\u2066 and \x1b[31mred\x07
"""


def tags_of(dist: Path) -> dict[str, int]:
    parser = _Tags()
    parser.feed(MarkdownIt("commonmark").enable("table").render(body_of(dist)))
    return {tag: parser.tags.count(tag) for tag in ("script", "img", "a", "h1", "h2", "h3", "pre", "table")}


def write_card_with(dist: Path, lines: list[str]) -> None:
    """The card of a dataset, showing these lines as if they were those of its first page."""
    manifest = read_manifest(dist)
    bytes_of = {"train": 1}
    contents = Contents(manifest.recipe, manifest.counts, manifest.files, bytes_of, manifest.seeds, manifest.maker)
    write_card(dist, contents, [Excerpt("0" * 24, "en", tuple(("paragraph", show_text(line)) for line in lines))])
    seal(dist)


def test_text_of_pages_is_neither_markdown_nor_html(tmp_path: Path) -> None:
    seeds, dist = write_stories(tmp_path / "seeds", 2), tmp_path / "dist"
    build_dataset(seeds, dist)
    write_card_with(dist, ["a line"])
    plain = tags_of(dist)
    write_card_with(
        dist, [*HOSTILE.splitlines(), HOSTILE, HOSTILE.replace("\n", "\r"), "\u2028".join(HOSTILE.splitlines())]
    )
    assert card_of(dist).count("alert(1)") > 3, "the hostile lines are shown, or this shows nothing"
    assert tags_of(dist) == plain
    assert plain["script"] == 0
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u2028\u202a-\u202e\u2066-\u2069]", card_of(dist))
    assert check_dataset(dist) == []
    build_dataset(seeds, dist)  # and the next build still finds one pair of markers


def test_hostile_pages_make_a_sound_card(tmp_path: Path) -> None:
    for name, more in {"plain": "", "hostile": HOSTILE * 2}.items():
        build_dataset(write_stories(tmp_path / name / "seeds", 3, more), tmp_path / name / "dist")
    hostile, plain = (tags_of(tmp_path / name / "dist") for name in ("hostile", "plain"))
    for tag in ("script", "img", "a", "h1", "h2"):  # those of one may show an example more
        assert hostile[tag] == plain[tag]
    assert check_dataset(tmp_path / "hostile" / "dist") == []


@pytest.mark.parametrize(("text", "shown"), [
    ("plain", "plain"),
    ("  two\t\n words ", "two words"),
    ("\u202eabc\u2069", r"\u202eabc\u2069"),
    ("\x1b[1m", r"\u001b[1m"),
    ("\U000e0041", r"\U000e0041"),
    ("नमस्\u200dते", "नमस्\u200dते"),
    ("x" * 200, "x" * 79 + "…"),
    ("", ""),
])  # fmt: skip
def test_unseen_characters_are_written_out(text: str, shown: str) -> None:
    assert show_text(text) == shown


def test_a_fence_is_longer_than_any_run_of_backticks_in_it() -> None:
    assert fenced(["a ```` b"]) == "`````text\na ```` b\n`````"


# -- what a person wrote --

YOURS = "## Why\n\nWe wanted *cranes*.\n\n<details>more</details>"


def write_yours(dist: Path, text: str) -> None:
    card = card_of(dist)
    (dist / "README.md").write_text(card.replace(kept_part("yours", ""), kept_part("yours", text)), encoding="utf-8")


def test_what_a_person_wrote_stays_and_is_listed(tmp_path: Path) -> None:
    seeds, dist = write_stories(tmp_path / "seeds", 2), tmp_path / "dist"
    build_dataset(seeds, dist)
    write_yours(dist, YOURS)
    for _ in range(2):
        build_dataset(seeds, dist)
        assert read_yours(dist) == YOURS
        assert YOURS in card_of(dist)
        assert check_dataset(dist) == []
    (tmp_path / "other").mkdir()
    build_dataset(seeds, tmp_path / "other" / "dist")
    write_yours(tmp_path / "other" / "dist", YOURS)
    build_dataset(seeds, tmp_path / "other" / "dist")
    assert same_dataset(dist, tmp_path / "other" / "dist").startswith("same bytes")


@pytest.mark.parametrize("spoil", [
    lambda card: card.replace("<!-- yours: end -->", ""),
    lambda card: card + "<!-- yours: begin -->\n",
    lambda card: card.replace("yours: end", "?").replace("yours: begin", "yours: end").replace("?", "yours: begin"),
])  # fmt: skip
def test_markers_that_are_not_in_pairs_stop_the_build_before_anything_is_lost(
    spoil: Callable[[str], str], tmp_path: Path
) -> None:
    seeds, dist = write_stories(tmp_path / "seeds", 2), tmp_path / "dist"
    build_dataset(seeds, dist)
    (dist / "README.md").write_text(spoil(card_of(dist)), encoding="utf-8")
    before = card_of(dist)
    with pytest.raises(UsageError, match=r"README\.md has \d lines"):
        build_dataset(seeds, dist)
    assert card_of(dist) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".dist.dehusk", "dist", "seeds"]  # shards for later


def test_a_recipe_cannot_bring_markers_into_the_card(tmp_path: Path) -> None:
    seeds, dist = write_stories(tmp_path / "seeds", 2), tmp_path / "dist"
    recipe = Recipe(dataset=Dataset(description="Mine.\n<!-- yours: begin -->\nNot kept.\n<!-- yours: end -->"))
    for _ in range(2):
        build_dataset(seeds, dist, recipe)
        assert read_yours(dist) == ""


def test_changes_are_told_in_a_section_of_their_own(dist: Path) -> None:
    card = card_of(dist)
    assert "## Changes" not in card
    told = with_changes(card, "### 1.0.0\n\nTwo cranes.\n<!-- changes: end -->\n")
    assert read_changes(told, "README.md") == "### 1.0.0\n\nTwo cranes."
    assert told.index("## Citation") < told.index("## Changes") < told.index("## Dataset Card Contact")
    again = with_changes(told, "### 1.1.0\n\nStill two.")
    assert read_changes(again, "README.md") == "### 1.1.0\n\nStill two."
    section = "## Changes\n\n<!-- changes: begin -->\n### 1.1.0\n\nStill two.\n<!-- changes: end -->\n\n"
    assert again.replace(section, "") == card


def test_changes_whose_end_is_missing_are_not_guessed(dist: Path) -> None:
    told = with_changes(card_of(dist), "Two cranes.").replace("<!-- changes: end -->", "")
    with pytest.raises(UsageError, match="the card there has 1 lines"):
        read_changes(told, "the card there")


def test_a_card_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds, dist = write_stories(tmp_path / "seeds", 2), tmp_path / "dist"
    build_dataset(seeds, dist)
    monkeypatch.setattr("dehusk.builders.cards.contents.MAX_CARD_BYTES", 1 << 10)
    with pytest.raises(UsageError, match="is larger than"):
        build_dataset(seeds, dist)


# -- plots --


def test_plots_are_well_formed_and_hold_the_counts(dist: Path) -> None:
    counts = read_manifest(dist).counts
    for path in sorted((dist / "plots").iterdir()):
        root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314
        assert root.tag == f"{SVG}svg"
        assert root.find("{*}title") is not None
        assert not [node for node in root.iter() if node.tag.endswith(("script", "image", "a", "use"))]
    labels = (dist / "plots" / "labels.svg").read_text(encoding="utf-8")
    for label, count in counts.lines.items():
        assert f">{label}</text>" in labels
        assert f">{count:,} (" in labels


def test_names_in_plots_are_escaped_and_numbers_whole() -> None:
    chart = bar_chart("<b>", "a & b", [("<script>", 3, "a"), ("x", 0, "b"), ("y", 2, "c")])
    root = ET.fromstring(chart)  # noqa: S314
    assert root.find("{*}title").text == "<b>"  # type: ignore[union-attr]
    assert [rect.get("width") for rect in root.iter(f"{SVG}rect")] == ["360", "0", "240"]
    assert not re.search(r'"[0-9]+\.[0-9]', chart)
    assert ">3 (60.0 %)<" in chart


def test_long_charts_are_cut_and_say_so() -> None:
    chart = bar_chart("t", "pages", [(f"l{number}", 1, "a") for number in range(MAX_BARS + 5)])
    assert chart.count("<rect") == MAX_BARS
    assert f"the first {MAX_BARS} of {MAX_BARS + 5}" in chart


def test_charts_of_nothing_are_left_out_and_years_between_are_drawn() -> None:
    assert charts_of(Summary()) == {}
    drawn = charts_of(Summary(years={"2019": 1, "2022": 2}, lengths={"200": 1, "1000": 3}))
    assert sorted(drawn) == ["lengths.svg", "years.svg"]
    assert re.findall(r'end">(\d{4})<', drawn["years.svg"]) == ["2022", "2021", "2020", "2019"]
    assert re.findall(r'end">([\d,-]+)<', drawn["lengths.svg"]) == ["200-499", "500-999", "1,000-1,999"]


def test_every_split_is_counted(tmp_path: Path) -> None:
    recipe = Recipe(split=Split(shares={"train": 0.5, "test": 0.5}))
    build_dataset(write_stories(tmp_path / "seeds", 20), tmp_path / "dist", recipe)
    rows = {
        file.path.split("-")[0].removeprefix("data/"): file.rows
        for file in read_manifest(tmp_path / "dist").files
        if file.content
    }
    for split, count in rows.items():
        assert f"| `{split}` | {count} |" in card_of(tmp_path / "dist")


def test_spoiled_datasets_of_other_tests_are_sound_where_nothing_was_spoiled(dist: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(dist, tmp_path / "copy"))
    change_records(copy, with_value("section", "Quays"))
    assert check_dataset(copy) == []
    seal(copy)
    assert check_dataset(copy) == []
