"""Describe: what pages say about themselves, where they say it, and what stays unknown."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unpacked import read_seeds

from dehusk.builders.describing.describe import COLUMNS, MAX_SECTION, MAX_SUMMARY, describe_pages
from dehusk.builders.describing.headline import MAX_TITLE
from dehusk.builders.describing.sheet import normalise
from dehusk.builders.reading.cut import cut_lines
from dehusk.builders.recipe import Dates
from dehusk.builders.unpacking.seeds import list_seeds
from dehusk.schema.labels import LABELS
from dehusk.schema.record import RECORDS

Row = dict[str, Any]
PROSE = (
    "The last tram left the fish market in 1962, and nobody on the quay expected to see another one in their lifetime."
)


def tables(*pages: list[tuple[str, str]], score: float = 0.9) -> tuple[pa.Table, pa.Table]:
    """Pages and labelled lines from lists of (label, text)."""
    raws, rows = [], []
    for i, page in enumerate(pages):
        at = 0
        for label, text in page:
            rows.append((i, at, at + len(text), label, score))
            at += len(text) + 1
        raws.append("\n".join(text for _, text in page))
    kinds = {"page": pa.int32(), "start": pa.int32(), "end": pa.int32(), "label": pa.string(), "score": pa.float32()}
    columns = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds.values())]
    return pa.table({"raw": pa.array(raws, pa.string())}), pa.table(columns, names=list(kinds))


def describe(*page: tuple[str, str], dates: Dates | None = None) -> Row:
    rows: list[Row] = describe_pages(*tables(list(page)), dates or Dates()).to_pylist()
    return rows[0]


def said(row: Row, field: str) -> list[str]:
    """What the evidence of a field points at."""
    return [normalise(row["raw"][x["start"] : x["end"]]) for x in row["evidence"] if x["field"] == field]


def test_columns() -> None:
    pages, lines = tables([("title", "Tram"), ("paragraph", PROSE)])
    made = describe_pages(pages.append_column("id", pa.array(["x"])), lines)

    assert made.column_names == ["raw", "id", *COLUMNS]
    assert [made.schema.field(name).type for name in COLUMNS] == [RECORDS.field(name).type for name in COLUMNS]


def test_no_pages() -> None:
    pages, lines = tables()

    assert describe_pages(pages, lines).num_rows == 0


def test_nothing_said() -> None:
    row = describe(("navigation", "Menu"))

    assert {name: row[name] for name in COLUMNS} == dict.fromkeys(COLUMNS) | {
        "authors": [],
        "reservations": [],
        "evidence": [],
    }


def test_whole_page() -> None:
    row = describe(
        ("navigation", "Menu"),
        ("section", "HomeNewsTransport"),
        ("title", "Harbour tram to run again"),
        ("summary", "Councillors back a shortened line"),
        ("byline", "By Maeve Tolland and Owen Reyes, transport desk"),
        ("date", "19 October 2023 06:45"),
        ("date", "Updated 20 October 2023"),
        ("paragraph", PROSE),
        ("legal", "© Quayside Ledger Newspapers Ltd 2023. All rights reserved."),
        ("navigation", "Permalink: https://ledger.example.co.uk/tram"),
    )

    assert {name: row[name] for name in COLUMNS if name not in ("language_score", "evidence")} == {
        "url": "https://ledger.example.co.uk/tram",
        "site": "example.co.uk",
        "publisher": "Quayside Ledger Newspapers Ltd",
        "title": "Harbour tram to run again",
        "summary": "Councillors back a shortened line",
        "section": "Transport",
        "authors": ["Maeve Tolland", "Owen Reyes"],
        "published": datetime.fromisoformat("2023-10-19T06:45"),
        "published_precision": "minute",
        "modified": datetime.fromisoformat("2023-10-20"),
        "language": "en",
        "license": None,
        "reservations": [],
    }
    assert said(row, "authors") == row["authors"]
    assert said(row, "published") == ["19 October 2023 06:45"]
    assert said(row, "modified") == ["20 October 2023"]
    for field in ("url", "publisher", "title", "summary", "section"):
        assert said(row, field) == [row[field]]
    assert [x["line"] for x in row["evidence"] if x["field"] == "url"] == [9]


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "published", "modified"),
    [
        # beside the headline before far below it
        (
            [("title", "Tram"), ("date", "19 October 2023"), ("paragraph", PROSE), ("date", "1 May 2020")],
            "2023-10-19",
            None,
        ),
        (
            [("date", "19 October 2023"), ("title", "Tram"), ("paragraph", PROSE), ("date", "1 May 2020")],
            "2023-10-19",
            None,
        ),
        # what says 'published' before what says nothing
        (
            [("title", "Tram"), ("date", "1 May 2020"), ("date", "Published 2 May 2020"), ("paragraph", PROSE)],
            "2020-05-02",
            None,
        ),
        # in the byline
        ([("title", "Tram"), ("byline", "Maeve Tolland, 2 May 2020"), ("paragraph", PROSE)], "2020-05-02", None),
        # one of many below the text: a comment's, a teaser's
        ([("title", "Tram"), ("paragraph", PROSE), ("date", "2 May 2020"), ("date", "3 May 2020")], None, None),
        # at the foot of the page, where there is no other
        ([("title", "Tram"), ("paragraph", PROSE), ("date", "Published 2 May 2020")], "2020-05-02", None),
        # a line that the model took for something else, right below the headline
        ([("title", "Tram"), ("caption", "Published 2 May 2020"), ("paragraph", PROSE)], "2020-05-02", None),
        # only a change is stated: when the page was published is not known
        ([("title", "Tram"), ("date", "Updated 2 May 2020"), ("paragraph", PROSE)], None, "2020-05-02"),
        ([("title", "Tram"), ("paragraph", PROSE), ("date", "Last updated: 2020-05-02")], None, "2020-05-02"),
        # 'Stand' is the one or the other
        ([("title", "Bahn"), ("date", "Stand: 14.09.2024"), ("paragraph", PROSE)], "2024-09-14", None),
        (
            [("title", "Bahn"), ("date", "Erstellt: 13.09.2024"), ("date", "Stand: 14.09.2024"), ("paragraph", PROSE)],
            "2024-09-13",
            "2024-09-14",
        ),
        # a post that was edited is no page that was changed
        ([("title", "Tram"), ("paragraph", PROSE), ("byline", "Last edited on 2 May 2020 by owl")], None, None),
        # dates of other things
        ([("title", "Tram"), ("date", "5 min read"), ("paragraph", PROSE)], None, None),
        (
            [("title", "Tram"), ("paragraph", "On 2 May 2020 the line closed. " + PROSE), ("comment", "2 May 2021")],
            None,
            None,
        ),
        ([("title", "Tram"), ("paragraph", PROSE), ("legal", "© 2 May 2020 Ledger")], None, None),
        ([("title", "Tram"), ("date", "3 hours ago"), ("paragraph", PROSE)], None, None),
        # a date far above the headline is the site's, not the page's
        (
            [
                ("date", "2 May 2020"),
                *[("navigation", f"Menu {i}") for i in range(20)],
                ("title", "Tram"),
                ("paragraph", PROSE),
            ],
            None,
            None,
        ),
        # out of bounds
        ([("title", "Tram"), ("date", "2 May 1950"), ("paragraph", PROSE)], None, None),
    ],
)
def test_dates(lines: list[tuple[str, str]], published: str | None, modified: str | None) -> None:
    row = describe(*lines)

    assert (row["published"] and row["published"].date().isoformat()) == published
    assert (row["modified"] and row["modified"].date().isoformat()) == modified
    assert row["published_precision"] == (published and "day")


def test_bounds_of_the_recipe() -> None:
    page = [("title", "Tram"), ("date", "2 May 2020"), ("paragraph", PROSE)]

    assert describe(*page, dates=Dates(latest=date(2020, 5, 2)))["published"] == datetime.fromisoformat("2020-05-02")
    assert describe(*page, dates=Dates(latest=date(2020, 5, 1)))["published"] is None
    assert describe(*page, dates=Dates(earliest=date(2020, 5, 3)))["published"] is None


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("3 hours ago", "2024-05-10"),
        ("2 days ago", "2024-05-08"),
        ("yesterday", "2024-05-09"),
        ("2 months ago", None),
        ("Updated 5 May 2024", None),
    ],
)
def test_counted_from_the_crawl(line: str, published: str | None) -> None:
    """A day is counted back from the crawl only when the recipe tells it, and never claimed to the minute."""
    row = describe(("title", "Tram"), ("date", line), ("paragraph", PROSE), dates=Dates(crawl_date=date(2024, 5, 10)))

    assert (row["published"] and row["published"].date().isoformat()) == published
    assert row["published_precision"] == (published and "day")


def test_counted_date_is_not_taken_from_below() -> None:
    page = [("title", "Tram"), ("paragraph", PROSE), ("date", "3 hours ago")]

    assert describe(*page, dates=Dates(crawl_date=date(2024, 5, 10)))["published"] is None


def test_order_of_day_and_month() -> None:
    """An English page's numeric date is read only when the page gives its order away."""
    title, body = ("title", "Tram"), ("paragraph", PROSE)

    assert describe(title, ("date", "03/04/2022"), body)["published"] is None
    assert describe(title, ("date", "03/04/2022"), body, ("date", "12/28/2021"))["published"] == datetime.fromisoformat(
        "2022-03-04"
    )
    assert describe(title, ("date", "03/04/2022 10:00 BST"), body)["published"] == datetime.fromisoformat(
        "2022-04-03T10:00"
    )


# --- title -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ([("title", "  Harbour\t tram\xa0 returns ".strip()), ("paragraph", PROSE)], "Harbour tram returns"),
        # on top of the page, the name of the site goes when the shorter form stands elsewhere, and stays when not
        (
            [("title", "Harbour tram returns - Quayside Ledger"), ("paragraph", PROSE)],
            "Harbour tram returns - Quayside Ledger",
        ),
        (
            [
                ("title", "Harbour tram returns - Quayside Ledger"),
                ("navigation", "Harbour tram returns"),
                ("paragraph", PROSE),
            ],
            "Harbour tram returns",
        ),
        (
            [
                *[("navigation", "Weather")] * 4,
                ("title", "Harbour tram returns - on rubber tyres"),
                ("navigation", "Harbour tram returns"),
                ("paragraph", PROSE),
            ],
            "Harbour tram returns - on rubber tyres",
        ),
        # behind a bar it goes when it stands elsewhere on the page
        (
            [("title", "Harbour tram returns | Ledger"), ("paragraph", PROSE), ("legal", "© Ledger")],
            "Harbour tram returns",
        ),
        ([("title", "Harbour tram returns | Ledger"), ("paragraph", PROSE)], "Harbour tram returns | Ledger"),
        # crumbs before a headline go when it stands elsewhere, what a colon parts from it and a mere topic do not
        ([("section", "Tram returns"), ("title", "Transport > Tram returns"), ("paragraph", PROSE)], "Tram returns"),
        (
            [("section", "Tram returns"), ("title", "Transport: Tram returns"), ("paragraph", PROSE)],
            "Transport: Tram returns",
        ),
        (
            [("navigation", "Tram tickets"), ("title", "The best tram tickets"), ("paragraph", PROSE)],
            "The best tram tickets",
        ),
        (
            [("navigation", "tram tickets"), ("title", "The best tram tickets"), ("paragraph", PROSE)],
            "The best tram tickets",
        ),
        (
            [
                ("related", "After sixty years the last tram comes back to the quay"),
                ("title", "Harbour After sixty years the last tram comes back to the quay"),
                ("paragraph", PROSE),
            ],
            "After sixty years the last tram comes back to the quay",
        ),
        # the link that leaps over the menu is none
        ([("title", "Skip to main content"), ("paragraph", PROSE)], None),
        ([("title", "Zum Inhalt springen"), ("paragraph", PROSE)], None),
        ([("title", "דלג לתוכן הראשי"), ("paragraph", PROSE)], None),
        ([("title", "Skip the tram, take the ferry"), ("paragraph", PROSE)], "Skip the tram, take the ferry"),
        # one text twice
        ([("title", "Harbour tram returnsHarbour tram returns"), ("paragraph", PROSE)], "Harbour tram returns"),
        ([("title", "Harbour tram returns Harbour tram returns"), ("paragraph", PROSE)], "Harbour tram returns"),
        # a date that a headline ends in
        ([("title", "Quay and tram update 2024-10-04"), ("paragraph", PROSE)], "Quay and tram update 2024-10-04"),
        # a headline torn at a colon
        (
            [("title", "Harbour tram"), ("title", ": back on the rails"), ("paragraph", PROSE)],
            "Harbour tram : back on the rails",
        ),
        # a date or a byline that the model took for a headline
        ([("title", "19 October 2023 Maeve Tolland"), ("paragraph", PROSE)], None),
        ([("title", "x" * (MAX_TITLE + 1)), ("paragraph", PROSE)], None),
        # a breadcrumb is none
        ([("title", "Home / News / Trams"), ("paragraph", PROSE)], None),
    ],
)
def test_title(lines: list[tuple[str, str]], title: str | None) -> None:
    row = describe(*lines)

    assert row["title"] == title
    assert " ".join(said(row, "title")) == (title or "")


# --- authors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        (
            [
                ("title", "Tram"),
                ("byline", "Von"),
                ("byline", "Robin Amsel"),
                ("byline", "Eva Klee"),
                ("paragraph", PROSE),
            ],
            ["Robin Amsel", "Eva Klee"],
        ),
        # a lead whose name the model took for something else
        (
            [
                ("title", "Tram"),
                ("byline", "By"),
                ("promotion", "Maeve Tolland"),
                ("byline", "Reporter"),
                ("paragraph", PROSE),
            ],
            ["Maeve Tolland"],
        ),
        ([("title", "Tram"), ("caption", "By Maeve Tolland"), ("paragraph", PROSE)], ["Maeve Tolland"]),
        ([("title", "Tram"), ("date", "by Maeve Tolland, 2 May 2020"), ("paragraph", PROSE)], ["Maeve Tolland"]),
        # nothing but a name, beside a date
        (
            [("title", "Tram"), ("section", "Maeve Tolland"), ("date", "2 May 2020"), ("paragraph", PROSE)],
            ["Maeve Tolland"],
        ),
        ([("title", "Tram"), ("navigation", "Maeve Tolland"), ("date", "2 May 2020"), ("paragraph", PROSE)], []),
        ([("title", "Tram"), ("interface", "Share Article"), ("date", "2 May 2020"), ("paragraph", PROSE)], []),
        ([("title", "Tram"), ("interface", "Maeve Tolland"), ("paragraph", PROSE)], []),
        # right below the headline
        ([("title", "Tram"), ("section", "Maeve Tolland"), ("paragraph", PROSE)], ["Maeve Tolland"]),
        # a word that is no name
        ([("title", "Tram"), ("byline", "小字号"), ("paragraph", PROSE)], []),
        ([("title", "Tram"), ("byline", "zu den Trams"), ("paragraph", PROSE)], []),
        # above the headline, below the text
        ([("byline", "Maeve Tolland"), ("title", "Tram"), ("paragraph", PROSE)], ["Maeve Tolland"]),
        (
            [("title", "Tram"), ("paragraph", PROSE), ("byline", "Maeve Tolland writes about the sea.")],
            ["Maeve Tolland"],
        ),
        # the first post of a thread
        (
            [
                ("title", "Tram?"),
                ("byline", "owl 2 May 2020"),
                ("paragraph", PROSE),
                ("byline", "wren 3 May 2020"),
                ("paragraph", PROSE),
            ],
            ["owl"],
        ),
        # the same name twice, agencies beside persons
        (
            [("title", "Tram"), ("byline", "By Maeve Tolland"), ("byline", "Maeve Tolland, dpa"), ("paragraph", PROSE)],
            ["Maeve Tolland"],
        ),
        ([("title", "Tram"), ("byline", "dpa"), ("paragraph", PROSE)], ["dpa"]),
        # no names
        ([("title", "Tram"), ("byline", "Lifestyle"), ("paragraph", PROSE + " A lifestyle of old.")], []),
        ([("title", "Tram"), ("byline", "EXCLUSIVE"), ("paragraph", PROSE)], []),
        # one word that is a byline
        ([("title", "Tram"), ("byline", "Robin"), ("paragraph", PROSE)], ["Robin"]),
        # a 'By' below a teaser, and who only took the pictures
        ([("title", "Tram"), ("paragraph", PROSE), ("byline", "By Robin Amsel")], ["Robin Amsel"]),
        (
            [
                ("title", "Tram"),
                ("byline", "Photos by"),
                ("byline", "Max Moor"),
                ("byline", "By Eva Klee"),
                *[("paragraph", PROSE)],
            ],
            ["Eva Klee"],
        ),
        # a line that says so before one that does not
        (
            [("title", "Tram"), ("byline", "Eva Klee"), ("byline", "By Robin Amsel"), ("paragraph", PROSE)],
            ["Robin Amsel"],
        ),
        ([("title", "Tram"), ("related", "By Maeve Tolland and others " + "x" * 200), ("paragraph", PROSE)], []),
    ],
)
def test_authors(lines: list[tuple[str, str]], authors: list[str]) -> None:
    row = describe(*lines)

    assert row["authors"] == authors
    assert said(row, "authors") == authors


@pytest.mark.parametrize(("score", "authors"), [(0.3, ["Maeve Tolland"]), (0.9, [])])
def test_author_on_a_line_that_may_be_a_teaser(score: float, authors: list[str]) -> None:
    page = [("title", "Tram"), ("related", "Maeve Tolland"), ("date", "2 May 2020"), ("paragraph", PROSE)]
    row = describe_pages(*tables(page, score=score)).to_pylist()[0]

    assert row["authors"] == authors


# --- section, summary, publisher -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "section"),
    [
        ([("section", "Home > News > Transport"), ("title", "Tram returns")], "Transport"),
        ([("section", "Startseite"), ("section", "Verkehr"), ("title", "Bahn")], "Verkehr"),
        ([("section", "HomeBoats & Trams"), ("title", "Tram returns")], "Boats & Trams"),
        ([("section", "HomeNewsTransport"), ("title", "Tram returns")], "Transport"),
        ([("section", "Αρχική » Πόλη » Τραμ"), ("title", "Επιστρέφει")], "Τραμ"),
        ([("section", "首页 > 新闻 > 民生 > 正文"), ("title", "电车")], "民生"),
        # the tail of a breadcrumb is the page itself
        ([("section", "Home / Lights / Glow 40"), ("title", "Glow 40 – front light")], "Lights"),
        (
            [("section", "Home | Transport | Harbour tram returns"), ("title", "Harbour tram returns at last")],
            "Transport",
        ),
        # below the headline the first, not the tags
        ([("title", "Tram?"), ("section", "Rails"), ("section", "help, old, slow"), ("paragraph", PROSE)], "Rails"),
        # a breadcrumb that the model took for a menu; other menus are none
        ([("navigation", "Home > News > Transport"), ("title", "Tram returns")], "Transport"),
        ([("navigation", "City » Harbour » Trams"), ("title", "Tram returns")], "Trams"),
        ([("navigation", "HomeNewsTransport"), ("title", "Tram returns")], "Transport"),
        ([("navigation", "News | Weather | Tides"), ("title", "Tram returns")], None),
        ([("navigation", "Next >"), ("title", "Tram returns")], None),
        ([("section", "Home"), ("title", "Tram")], None),
        ([("title", "Tram"), ("paragraph", PROSE), ("section", "Tags: tram, harbour")], None),
        ([("section", "x" * (MAX_SECTION + 1)), ("title", "Tram")], None),
        ([("section", "> >"), ("title", "Tram")], None),
    ],
)
def test_section(lines: list[tuple[str, str]], section: str | None) -> None:
    row = describe(*lines)

    assert row["section"] == section
    assert said(row, "section") == ([section] if section else [])


def test_summary() -> None:
    parts = [("title", "Tram"), ("summary", "Back in May."), ("summary", "As far as the market."), ("paragraph", PROSE)]

    row = describe(*parts, ("summary", "Other"))
    assert row["summary"] == "Back in May. As far as the market."
    assert said(row, "summary") == ["Back in May.", "As far as the market."]
    assert describe(("summary", "x" * (MAX_SUMMARY + 1)))["summary"] is None


def test_a_caption_that_repeats_the_headline_is_no_summary() -> None:
    title = ("title", "The tram is back on the quay")
    caption = ("summary", "“The tram is back on the quay.”")

    assert describe(title, caption, ("paragraph", PROSE))["summary"] is None
    assert describe(title, caption, ("summary", "As far as the market."))["summary"] == "As far as the market."


def test_publisher_is_the_plainest() -> None:
    row = describe(
        ("legal", "© Agency"),
        ("legal", "Terms"),
        ("legal", "© 2020 Ledger. All rights reserved."),
        ("legal", "© 2020 Other"),
    )

    assert row["publisher"] == "Ledger"


# --- language --------------------------------------------------------------------------------------------------------


def test_language() -> None:
    german = "Der Hafenausschuss trifft sich am Montagabend noch einmal, um über den Rest der Strecke abzustimmen."

    assert describe(("navigation", PROSE), ("paragraph", german))["language"] == "de"
    assert describe(("consent", german))["language"] == "de"  # no clean text: what there is
    assert describe(("paragraph", "Tram 7"))["language"] is None
    row = describe(*[("paragraph", "Tram 7")] * 60)
    assert (row["language"] is None) == (row["language_score"] is None)


# --- the seed pages --------------------------------------------------------------------------------------------------

FIELDS = (
    "title",
    "summary",
    "authors",
    "published",
    "published_precision",
    "modified",
    "section",
    "publisher",
    "language",
)

# What a person reads from prose, and describe does not: a publisher that no copyright line names. The last states a
# name with its legal form outside the quotes, of which describe takes the quoted part.
UNREAD = {
    ("documentation/tidebook-import.en.txt", "publisher"): None,
    ("forum/bell-frame.en.txt", "publisher"): None,
    ("news/walled-orchards.en.txt", "publisher"): None,
    ("product/radlampe-glimm.de.txt", "publisher"): None,
    ("news/bibliobus.ru.txt", "publisher"): "Редакция газеты “Вести Заречья”",
}


def gold_labels(file: Path) -> dict[int, str]:
    """Label by line number, from 1."""
    found: dict[int, str] = {}
    for row in file.read_text(encoding="utf-8").splitlines():
        if row.strip() and not row.startswith("#"):
            span, label = row.split()
            first, _, last = span.partition("-")
            found |= dict.fromkeys(range(int(first), int(last or first) + 1), label)
    return found


@pytest.fixture(scope="module")
def seed_rows(seeds: Path, gold: Path) -> dict[str, Row]:
    """The seed pages as described from their gold labels, by path."""
    pages, _ = read_seeds(list_seeds(seeds))
    lines = cut_lines(pages)
    paths = [source["path"] for source in pages["source"].to_pylist()]
    by_number = [gold_labels(gold / f"{path}.labels") for path in paths]
    raws = pages["raw"].to_pylist()
    places = zip(lines["page"].to_pylist(), lines["start"].to_pylist(), strict=True)
    labels = [by_number[page][len((raws[page][:start] + "x").splitlines())] for page, start in places]
    lines = lines.append_column("label", pa.array(labels)).append_column(
        "score", pa.array([1.0] * len(labels), pa.float32())
    )
    return dict(zip(paths, describe_pages(pages, lines).to_pylist(), strict=True))


def as_told(value: Any, gold: Any) -> Any:
    """A described value in the form of the gold file: dates as text, white space as printed there."""
    if isinstance(value, datetime):
        return value.isoformat()[: len(gold)] if gold else value.isoformat()
    return value


def test_seed_pages(seed_rows: dict[str, Row], gold: Path) -> None:
    """With right labels, describe reads from 22 invented pages in 16 languages what a careful person reads."""
    told = json.loads((gold / "metadata.json").read_text(encoding="utf-8"))
    assert set(told) == set(seed_rows)
    wrong = {}
    for path, row in seed_rows.items():
        for field in FIELDS:
            want = told[path][field]
            want = normalise(want) if isinstance(want, str) and field in ("title", "summary") else want
            want = UNREAD.get((path, field), want)
            made = as_told(row[field], want)
            if made != want:
                wrong[path, field] = (want, made)

    assert wrong == {}


# --- whatever comes --------------------------------------------------------------------------------------------------

LINE = st.one_of(
    st.text(min_size=1, max_size=60),
    st.sampled_from(
        [
            *(
                "By Jane Roe",
                "Von",
                "By",
                "Home > News > Tram",
                "© 2024 Ledger",
                "2 May 2020 10:30",
                "Updated 3 May 2020",
                "3 hours ago",
            ),
            *(
                "Tram returns - Ledger",
                "Tram returns",
                "Permalink: https://a.example.com/x",
                "03/04/2022",
                "2024年5月3日",
                "記者：王小明",
                PROSE,
            ),
        ]
    ),
)


def visible(text: str) -> str:
    """A line as cut gives it: on one line, without outer white space; a dot where nothing is left."""
    return normalise(" ".join(text.splitlines())) or "."


@settings(max_examples=100)
@given(
    st.lists(st.lists(st.tuples(st.sampled_from(LABELS), LINE.map(visible)), max_size=12), max_size=4),
    st.sampled_from([Dates(), Dates(crawl_date=date(2024, 5, 10))]),
)
def test_any_pages(pages: list[list[tuple[str, str]]], dates: Dates) -> None:
    """Whatever lines and labels come, nothing is raised, fields keep their rules, and evidence points at them."""
    rows: list[Row] = describe_pages(*tables(*pages), dates).to_pylist()

    assert len(rows) == len(pages)
    assert rows == [
        row for page in pages for row in describe_pages(*tables(page), dates).to_pylist()
    ]  # alone as together
    for row in rows:
        for field in ("title", "summary", "section", "publisher", "url"):
            assert row[field] is None or row[field] == normalise(row[field]) != ""
            assert " ".join(said(row, field)) == (row[field] or "")
        assert said(row, "authors") == row["authors"]
        assert (row["published"] is None) == (row["published_precision"] is None)
        assert row["published_precision"] != "day" or row["published"].time() == datetime.min.time()
        assert (row["language"] is None) == (row["language_score"] is None)
        for x in row["evidence"]:
            assert 0 <= x["start"] < x["end"] <= len(row["raw"])
            assert row["raw"][: x["start"]].count("\n") == x["line"]
