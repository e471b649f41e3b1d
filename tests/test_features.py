"""Features are whole numbers that depend on a page alone, wherever it stands and whatever stands beside it."""

import unicodedata
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.labelling.features import CLASSES, DENSE, MOST, SINGLE, LineFeatures, _tables, line_features

Spans = tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]

PAGE = """Harbour news
Home
Home

A new crane for the old harbour

By Ida Holm
3 May 2021, 10:45

The harbour board has bought a crane that lifts forty tons, and it will be put up in June, the board said on Monday.
  * faster loading
  * less noise

© 2021 Harbour news"""

OTHER = "山の天気は変わりやすい。\n午後は雨。\n\nWeather | Log in | 12:30\n"


def spans(pages: list[str]) -> Spans:
    """Points, starts, ends and pages of the visible lines of some texts, joined without anything between them."""
    start, end, page, offset = [], [], [], 0
    for number, text in enumerate(pages):
        place = offset
        for line in text.split("\n"):
            left = len(line) - len(line.lstrip())
            kept = line.strip()
            if kept:
                start.append(place + left)
                end.append(place + left + len(kept))
                page.append(number)
            place += len(line) + 1
        offset += len(text)
    points = np.frombuffer("".join(pages).encode("utf-32-le"), np.uint32)
    return points, np.array(start, np.int64), np.array(end, np.int64), np.array(page, np.int32)


def found(*pages: str) -> LineFeatures:
    return line_features(*spans(list(pages)))


def dense(features: LineFeatures, name: str) -> list[int]:
    return features.dense[:, DENSE.index(name)].tolist()


def alike(one: LineFeatures, other: LineFeatures) -> bool:
    pairs: list[tuple[Any, Any]] = list(zip(one, other, strict=True))
    return all(np.array_equal(a, b) for a, b in pairs)


def joined(parts: list[LineFeatures]) -> LineFeatures:
    steps = np.concatenate([np.diff(part.offsets) for part in parts])
    return LineFeatures(
        np.concatenate([part.dense for part in parts]),
        np.concatenate([part.single for part in parts]),
        np.concatenate([part.words for part in parts]),
        np.append(0, np.cumsum(steps)),
    )


def test_pieces_of_a_long_line_know_nothing_of_the_page_before() -> None:
    """Three lines with no break between them, as a long line is cut: alone, and after a page whose breaks are far."""
    text = "x" * 900
    points = np.frombuffer(("a\n" + text + text).encode("utf-32-le"), np.uint32)
    page = np.array([0, 0, 1, 1, 1], np.int32)
    start, end = np.array([0, 2, 902, 1202, 1502]), np.array([1, 902, 1202, 1502, 1802])
    together = line_features(points, start, end, page)
    alone = line_features(points[902:], start[2:] - 902, end[2:] - 902, page[2:])
    assert dense(together, "indent")[2:] == dense(alone, "indent")
    assert np.array_equal(together.dense[2:], alone.dense)


def test_shapes_and_dtypes() -> None:
    features = found(PAGE)
    lines = 10
    assert features.dense.shape == (lines, len(DENSE))
    assert features.dense.dtype == np.uint8
    assert features.single.shape == (lines, len(SINGLE))
    assert features.offsets[0] == 0
    assert features.offsets[-1] == len(features.words)
    assert features.words.dtype == features.single.dtype == np.uint32


def test_no_lines_no_features() -> None:
    features = line_features(np.zeros(3, np.uint32), *(np.zeros(0, np.int64),) * 2, np.zeros(0, np.int32))
    assert features.dense.shape == (0, len(DENSE))
    assert features.offsets.tolist() == [0]


def test_a_page_has_the_same_features_beside_others() -> None:
    pages = [PAGE, OTHER, "12", ":30 later\nx", PAGE]
    assert alike(found(*pages), joined([found(page) for page in pages]))


texts = st.text(st.sampled_from("ab Zé9.:|\n©雨\U0001f600\u0301\ud7ff\t\r"), min_size=1, max_size=60).filter(str.strip)


@given(st.lists(texts, min_size=1, max_size=5))
def test_pages_of_any_letters_do_not_see_each_other(pages: list[str]) -> None:
    assert alike(found(*pages), joined([found(page) for page in pages]))


def test_words_are_hashed_without_case_and_digits_without_value() -> None:
    one, other = found("Monday 12 items"), found("MONDAY 47 ITEMS")
    assert one.words.tolist() == other.words.tolist()
    assert found("Monday 12 items").words.tolist() != found("Monday 123 items").words.tolist()


def test_a_word_with_its_follower_has_a_name_of_its_own() -> None:
    words = found("read more").words.tolist()
    assert len(words) == 4
    assert words[:3:2] == found("read\nmore").words.tolist()[::2]
    assert words[1] != found("read less").words.tolist()[1]


def test_scripts_without_spaces_give_a_word_a_sign() -> None:
    assert len(found("午後は雨").words) == 2 * 4


def test_shares_and_marks_are_what_the_line_holds() -> None:
    features = found(PAGE)
    byline, date, prose, bullet, legal = 4, 5, 6, 7, 9
    assert dense(features, "part_digit")[date] == 255 * 9 // len("3 May 2021, 10:45")
    assert dense(features, "part_capital")[byline] == 255
    assert dense(features, "years")[date] == 100
    assert dense(features, "clocks")[date] == 100
    assert dense(features, "ends_stop")[prose] == 128
    assert dense(features, "is_long")[prose] == 128
    assert dense(features, "has_copyright")[legal] == 128
    assert dense(features, "starts_bullet")[bullet] == 128
    assert dense(features, "indent")[bullet] > 0
    assert dense(features, "same_before")[:4] == [0, 0, 128, 0]
    assert dense(features, "same_after")[:4] == [0, 128, 0, 0]
    assert dense(features, "from_top") == sorted(dense(features, "from_top"))
    assert dense(features, "blank_before")[3] == 128
    assert dense(features, "blank_before")[2] == 0


def test_carriage_returns_do_not_look_like_blank_lines() -> None:
    plain, windows = found("one\n\ntwo\nthree"), found("one\r\n\r\ntwo\r\nthree")
    assert alike(plain, windows)


def test_a_very_long_line_does_not_overflow_its_counts() -> None:
    features = found("a" * (10 * MOST) + "\nnext line")
    assert dense(features, "part_lower")[0] == 255
    features = found("a1 " * (10 * MOST) + "\nnext line")
    assert dense(features, "part_space")[0] == dense(features, "part_digit")[0] == 255 * (MOST // 3) // MOST
    assert dense(features, "part_capital")[0] == 0


def test_many_short_lines_are_counted() -> None:
    features = found("x\n" * 5000)
    assert dense(features, "same_before") == [0, *[128] * 4999]
    assert max(dense(features, "from_top")) < 255


@pytest.mark.parametrize(
    ("sign", "name"),
    [
        *[("a", "lower"), ("Ä", "upper"), ("א", "letter"), ("雨", "ideograph"), ("ร", "ideograph"), ("7", "digit")],
        *[("٣", "digit"), ("\u0301", "mark"), ("。", "stop"), ("›", "quote"), ("·", "bar"), ("\u00a0", "space")],
        *[("\r", "space"), ("\n", "newline"), ("\u2028", "newline"), ("\U0001f600", "symbol"), ("\ue000", "control")],
    ],
)
def test_classes_of_characters(sign: str, name: str) -> None:
    kinds, _ = _tables()
    assert CLASSES[kinds[ord(sign)]] == name


def test_stored_folding_is_that_of_lower_case() -> None:
    _, folded = _tables()
    for code in range(0x250):
        sign = chr(code)
        wanted = "0" if unicodedata.category(sign) == "Nd" else sign.lower() if len(sign.lower()) == 1 else sign
        assert folded[code] == ord(wanted) + 1
