"""The headline: which line of a page it is, by where it stands, what stands around it and how it reads."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.describing.headline import (
    BODY_LINES,
    LEAST,
    READ,
    SHORTLIST,
    body_of,
    place_features,
    rank_headlines,
    read_features,
)
from dehusk.builders.describing.headline_tables import SHORTLIST_TABLES, TABLES
from dehusk.builders.describing.sheet import Sheet, lay_out
from dehusk.schema.labels import LABELS

PROSE = (
    "The last tram left the fish market in 1962, and nobody on the quay expected to see another one in their lifetime."
)


def sheet(*lines: tuple[str, str], score: float = 0.9) -> Sheet:
    starts = np.cumsum([0, *(len(text) + 1 for _, text in lines)])[:-1].astype(np.int32)
    table = pa.table(
        {
            "page": pa.array([0] * len(lines), pa.int32()),
            "start": pa.array(starts),
            "end": pa.array([int(a) + len(text) for a, (_, text) in zip(starts, lines, strict=True)], pa.int32()),
            "label": pa.array([label for label, _ in lines], pa.string()),
            "score": pa.array([score] * len(lines), pa.float32()),
        }
    )
    return next(lay_out(pa.table({"raw": ["\n".join(text for _, text in lines)]}), table))


def best(*lines: tuple[str, str], score: float = 0.9) -> str:
    page = sheet(*lines, score=score)
    place = rank_headlines([page])[0][0].place
    return page.raw[page.starts[place] : page.ends[place]]


MENU = [("navigation", name) for name in ("Home", "News", "Harbour", "Weather", "Tides", "Contact")]
BODY = [("paragraph", PROSE)] * 6


def test_labelled_headline() -> None:
    page = [
        *MENU,
        ("title", "Harbour tram to run again"),
        ("byline", "By Maeve Tolland"),
        ("date", "19 October 2023"),
        *BODY,
    ]

    assert best(*page) == "Harbour tram to run again"
    assert rank_headlines([sheet(*page)])[0][0].score > LEAST


def test_headline_that_the_model_took_for_something_else() -> None:
    """A line between menu and byline, of whose label the model is not sure."""
    page = [
        *MENU,
        ("section", "Harbour tram to run again"),
        ("byline", "By Maeve Tolland"),
        ("date", "19 October 2023"),
        *BODY,
    ]

    assert best(*page, score=0.3) == "Harbour tram to run again"


def test_nearer_to_the_body() -> None:
    assert best(
        ("title", "Most read this week"), *MENU, *MENU, ("title", "Last tram leaves the fish market"), *BODY
    ) == ("Last tram leaves the fish market")


def test_page_without_headline() -> None:
    assert rank_headlines([sheet(*MENU, ("legal", "© 2024 Quayside Ledger"))])[0][0].score < LEAST


def test_body() -> None:
    assert body_of(sheet(*MENU)) == len(MENU)
    assert body_of(sheet(("paragraph", "Cookies?"), *MENU, *MENU, *BODY)) == 1 + 2 * len(MENU)
    assert body_of(sheet(("heading", "Tram"), ("paragraph", "It runs."))) == 0
    assert body_of(sheet(*[("navigation", "x")] * BODY_LINES, *BODY)) == BODY_LINES


def test_tables_have_a_row_for_everything() -> None:
    page = sheet(*MENU, ("title", "Tram"), *BODY)
    placed, read = place_features([page], [body_of(page)]), read_features(page, body_of(page), [6])

    assert [*placed, *READ] == [*SHORTLIST_TABLES, *READ] == list(TABLES)
    assert read.shape == (1, len(READ))
    assert all(np.issubdtype(table.dtype, np.integer) for table in (*SHORTLIST_TABLES.values(), *TABLES.values()))


def told(page: Sheet, places: list[int], table: str) -> list[int]:
    rows: list[int] = read_features(page, body_of(page), places)[:, READ.index(table)].tolist()
    return rows


@pytest.mark.parametrize(
    ("text", "table", "row"),
    [
        ("Tram market quay", "shared", 6),
        ("Of an ox", "shared", 0),
        ("Zeppelin dirigible", "shared", 1),
        ("Why?", "end", 2),
        ("Why not.", "end", 1),
        ("tram", "opening", 1),
        ("电车回来了", "opening", 2),
        ("7 trams", "opening", 3),
        ("«Tram»", "opening", 4),
        ("x", "repeated", 4),
    ],
)
def test_what_reading_tells(text: str, table: str, row: int) -> None:
    page = sheet(("title", text), *BODY)

    assert told(page, [0], table) == [row]


def test_document_title() -> None:
    page = sheet(
        ("navigation", "Harbour tram returns | Quayside Ledger"), *MENU, ("title", "Harbour tram returns"), *BODY
    )
    places = [0, 1, len(MENU) + 1]

    assert told(page, places, "document") == [2, 0, 1]
    assert told(page, places, "repeated") == [0, 4, 1]
    assert told(page, places, "inside") == [0, 0, 1]
    assert told(page, places, "holds") == [1, 0, 0]


def test_where_a_headline_stands_again() -> None:
    title = "Harbour tram returns"
    page = sheet(
        ("navigation", f"HomeTransport{title}"),
        ("navigation", title),
        ("title", title),
        *BODY,
        ("interface", f"{title} Back to top"),
        ("related", title),
        ("related", title),
        ("related", title),
    )

    assert told(page, [2], "above") == [1]
    assert told(page, [2], "below") == [2]
    assert told(page, [2], "tails") == [1]
    assert told(page, [2], "heads") == [2]
    assert told(page, [2], "repeated") == [3]


def test_what_stands_around() -> None:
    page = sheet(*MENU, ("title", "Harbour tram returns"), *BODY)
    placed = place_features([page], [body_of(page)])
    at = len(MENU)

    assert placed["menu before"][at] == len(MENU)
    assert placed["texts ahead"][at] == len(BODY)
    assert placed["texts before"][[at, at + 2, at + 3]].tolist() == [0, 1, 2]
    assert placed["gap before"].tolist() == [0] * (len(MENU) + 1 + len(BODY))


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(LABELS),
                st.text(min_size=1, max_size=40).map(lambda text: " ".join(text.split()) or "."),
            ),
            max_size=20,
        ),
        max_size=3,
    )
)
def test_any_pages(texts: list[list[tuple[str, str]]]) -> None:
    """Whatever lines and labels come, every table has their rows, the order is fixed, and each page for itself."""
    pages = [sheet(*lines) for lines in texts]
    ranked = rank_headlines(pages)

    assert [len(best) for best in ranked] == [min(len(lines), SHORTLIST) for lines in texts]
    for page, best in zip(pages, ranked, strict=True):
        assert best == sorted(best, key=lambda line: (-line.score, line.place))
        assert rank_headlines([page]) == [best]
