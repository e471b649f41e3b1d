"""Lines that are not lines are cut; what is one line stays whole; no character is lost."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.reading.segment import GLUED, LONG, cut_long
from dehusk.schema.view import WHITE_SPACE, codepoints

SENTENCE = "The tram came back to the harbour on a wet morning, and nobody but the gulls was there to see it. "
MENU = "HomeNewsHarbourWeatherTicketsTimetableAbout usContactSign inThe tram is back after nine years. "


def pieces(*lines: str) -> list[str]:
    text = "\n".join(lines)
    points, _ = codepoints(pa.array([text]))
    start = np.cumsum([0, *(len(line) + 1 for line in lines)])[:-1]
    begin, stop = cut_long(points, start, start + [len(line) for line in lines])
    return [text[a:b] for a, b in zip(begin.tolist(), stop.tolist(), strict=True)]


def test_ordinary_lines_stay_whole() -> None:
    paragraph = (SENTENCE * 15).strip()
    assert GLUED < len(paragraph) < LONG
    assert pieces("Home", paragraph, "HomeNewsWeather") == ["Home", paragraph, "HomeNewsWeather"]


def test_a_page_in_one_line_is_cut_into_sentences() -> None:
    found = pieces((SENTENCE * 30).strip())
    assert " ".join(found) == (SENTENCE * 30).strip()
    assert len(found) >= 12
    assert all(piece.startswith("The tram") and piece.endswith("see it.") for piece in found)


def test_glued_blocks_are_parted() -> None:
    found = pieces("Before", (MENU * 8).strip(), "After")
    assert found[:9] == [
        "Before", "Home", "News", "Harbour", "Weather", "Tickets", "Timetable", "About us", "Contact",
    ]  # fmt: skip
    assert "The tram is back after nine years." in found
    assert found[-1] == "After"


def test_names_with_a_capital_inside_are_not_glued() -> None:
    line = ("The iPhone of the McDonalds in the U.S.A. and the e.V. in Kiel rang at once. " * 8).strip()
    assert pieces(line) == [line]


def test_gaps_and_separators_part_a_line_that_is_cut() -> None:
    line = "Tide table  High water 06:12\tLow water 12:30 | Wind west " + SENTENCE * 30
    assert pieces(line.strip())[:4] == [
        "Tide table", "High water 06:12", "Low water 12:30 |", "Wind west " + SENTENCE.strip()
    ]  # fmt: skip


def test_scripts_without_spaces_are_cut_after_their_full_stop() -> None:
    found = pieces("渡し船は毎朝六時に港を出る。船長は笛を吹き、犬が吠える。「乗りますか。」と聞かれた。" * 60)
    assert len(found) > 10
    assert all(piece[-1] in "。」" for piece in found)


@given(
    st.lists(st.one_of(st.text(min_size=1), st.sampled_from([SENTENCE * 25, MENU * 9, "x" * 3000, "a  b\tc " * 400])))
)
def test_every_visible_character_stays_in_one_piece(lines: list[str]) -> None:
    white = "".join(map(chr, np.flatnonzero(WHITE_SPACE).tolist()))
    kept = [stripped for line in lines if (stripped := " ".join(line.splitlines()).strip(white))]
    found = pieces(*kept)
    assert all(piece == piece.strip(white) and piece for piece in found)

    def visible(texts: list[str]) -> str:
        return "".join(c for text in texts for c in text if c not in white)

    assert visible(found) == visible(kept)
