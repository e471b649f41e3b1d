"""The clean text is one rule, and it holds for any text."""

import unicodedata

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dehusk.schema.view import WHITE_SPACE, codepoints, count_visible, strings_of, text_view, white_places

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_white_space_is_that_of_python_and_every_control_character() -> None:
    assert WHITE_SPACE.tolist() == [chr(i).isspace() or unicodedata.category(chr(i)) == "Cc" for i in range(0x110000)]


@given(st.lists(TEXT))
def test_strings_become_code_points_and_strings_again(strings: list[str]) -> None:
    points, offsets = codepoints(pa.array(strings, pa.string()))
    assert strings_of(points, offsets).to_pylist() == strings
    assert points.tolist() == [ord(c) for c in "".join(strings)]


def test_null_counts_as_empty() -> None:
    points, offsets = codepoints(pa.chunked_array([pa.array(["ab", None]), pa.array(["c"])]))
    assert (points.tolist(), offsets.tolist()) == ([97, 98, 99], [0, 2, 2, 3])


def _view(pages: list[list[str]]) -> list[str]:
    """The text view of pages, each given as its lines, which are laid out with menus between them."""
    texts, spans, group = "", [], []
    for number, lines in enumerate(pages):
        for line in lines:
            texts += "Menu\n"
            spans.append((len(texts), len(texts) + len(line)))
            texts += line + "\n"
            group.append(number)
    start, end = (np.array([span[i] for span in spans], dtype=np.int64) for i in (0, 1))
    points, _ = codepoints(pa.array([texts]))
    made: list[str] = text_view(points, start, end, np.array(group, dtype=np.int64), len(pages)).to_pylist()
    return made


def test_lines_are_joined_and_white_space_inside_them_is_one_space() -> None:
    assert _view([["A  b\tc", "d\u00a0\u2003e"], [], ["f\x00\x9fg"]]) == ["A b c\nd e", "", "f g"]


@given(
    st.lists(
        st.lists(
            TEXT.filter(lambda line: line and not {line[0], line[-1]} & set(map(chr, np.flatnonzero(WHITE_SPACE))))
        )
    )
)
def test_the_view_is_what_a_plain_loop_makes(pages: list[list[str]]) -> None:
    def plain(line: str) -> str:
        return " ".join("".join(" " if WHITE_SPACE[ord(c)] else c for c in line).split(" ")).replace("  ", " ")

    def squeezed(line: str) -> str:
        while "  " in (line := plain(line)):
            pass
        return line

    assert _view(pages) == ["\n".join(map(squeezed, lines)) for lines in pages]


def test_pieces_of_one_line_are_joined_as_they_stood() -> None:
    text = "One. Two.Three. Share Four.\nFive."
    pieces = ["One.", "Two.", "Three.", "Four.", "Five."]
    start = np.array([text.index(piece) for piece in pieces])
    points, _ = codepoints(pa.array([text]))
    end = start + [len(piece) for piece in pieces]
    view = text_view(points, start, end, np.zeros(5, dtype=np.int64), 1)
    assert view.to_pylist() == ["One. Two.Three. Four.\nFive."]


@given(TEXT, st.data())
def test_visible_characters_of_a_span_are_counted(text: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
    points, _ = codepoints(pa.array([text]))
    counted = count_visible(white_places(points), np.array([start]), np.array([end]))
    assert counted.tolist() == [sum(not WHITE_SPACE[ord(c)] for c in text[start:end])]
