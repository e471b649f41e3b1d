"""Raw text to lines: every visible character in one line, and the way back to the bytes."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unpacked import read_seeds

from dehusk.builders.reading.cut import SPANS, bound_pages, cut_lines
from dehusk.builders.reading.decode import decode_span
from dehusk.builders.reading.read import PAGES, page_from_text
from dehusk.builders.recipe import Bounds
from dehusk.builders.unpacking.seeds import list_seeds
from dehusk.schema.record import REJECTS
from dehusk.schema.view import WHITE_SPACE

ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
ENCODED = [
    ("Zwölf Gäste warten am Fluß.\r\n\r\n  Der Fährmann hört auf.\n", "utf-8", b"\xef\xbb\xbf"),
    ("Zwölf Gäste 🙂 warten.\n\tDer Fährmann hört auf.\n", "utf-16-le", b"\xff\xfe"),
    ("小渡船每天早上过河。\n晚上回来 𠮷。\n", "utf-16-be", b"\xfe\xff"),
    ("Паром ходит утром.\nИ вечером 🙂.\n", "utf-32-le", b"\xff\xfe\x00\x00"),
    ("Zwölf Gäste warten am Fluß.\nDer Fährmann hört früher auf.\n", "cp1252", b""),
    ("Łódź stała przy nabrzeżu, źle świeciły.\nŻeglarz wrócił i zapłacił.\n", "cp1250", b""),
    ("Паром через реку ходит утром.\nЗимой перевозчик работает меньше.\n", "cp1251", b""),
    ("Паром через реку ходит утром.\nЗимой перевозчик работает меньше.\n", "koi8-r", b""),
    ("Το μικρό πλοίο περνάει το ποτάμι.\nΓυρίζει το βράδυ.\n", "cp1253", b""),
    ("小渡船每天早上过河，晚上回来。\n 冬天河面结冰，船夫少开几班。\n", "gb18030", b""),
    ("小渡船每天早上過河，晚上港口的燈亮起來。\n冬天河面結冰。\n", "cp950", b""),
    ("小さな渡し船は毎朝川を渡り、戻ってくる。\nﾌｪﾘｰは冬に便が減ります。\n", "cp932", b""),
    ("小さな渡し船は毎朝川を渡り、戻ってくる。\n冬は川が凍るので便が減ります。\n", "euc_jp", b""),
    ("작은 나룻배는 매일 아침 강을 건너고 돌아온다.\n겨울에는 배가 줄어든다.\n", "cp949", b""),
]


def pages_of(*texts: str) -> pa.Table:
    return pa.concat_tables([page_from_text(text) for text in texts]) if texts else PAGES.empty_table()


def spans(pages: pa.Table) -> list[tuple[int, str]]:
    raw = pages["raw"].to_pylist()
    return [(line["page"], raw[line["page"]][line["start"] : line["end"]]) for line in cut_lines(pages).to_pylist()]


def expected(text: str) -> list[str]:
    """The lines by Python's own rules, one page at a time."""
    white = "".join(map(chr, np.flatnonzero(WHITE_SPACE).tolist()))
    return [stripped for line in text.splitlines() if (stripped := line.strip(white))]


@pytest.mark.parametrize("end", ENDS)
def test_a_line_ends_where_splitlines_ends_it(end: str) -> None:
    assert spans(pages_of(f"一つ{end}二つ")) == [(0, "一つ"), (0, "二つ")]


def test_blank_lines_and_outer_white_space_are_left_out() -> None:
    text = "\n\n \u3000 one  two\t \r\n \t\n\x00three\x1f\n\xa0\n"

    assert spans(pages_of(text)) == [(0, "one  two"), (0, "three")]


def test_pages_do_not_run_into_each_other() -> None:
    pages = pages_of("one", "two ", "", " \n", "three\nfour", "\n", "five")

    assert spans(pages) == [(0, "one"), (1, "two"), (4, "three"), (4, "four"), (6, "five")]


def test_no_pages_have_no_lines() -> None:
    for pages in (pages_of(), pages_of(""), pages_of("", " ")):
        lines = cut_lines(pages)
        assert lines.schema == SPANS
        assert len(lines) == 0


def test_offsets_count_from_the_page_and_the_file() -> None:
    lines = cut_lines(pages_of("ä\n b", "\ufeff\nö🙂 c\n"))

    assert lines.schema == SPANS
    assert lines.to_pylist() == [
        {"page": 0, "start": 0, "end": 1, "byte_start": 0, "byte_end": 2, "marks": None},
        {"page": 0, "start": 3, "end": 4, "byte_start": 4, "byte_end": 5, "marks": None},
        {"page": 1, "start": 1, "end": 5, "byte_start": 4, "byte_end": 12, "marks": None},
    ]


@given(st.lists(st.text(st.one_of(st.characters(), st.sampled_from(" \n\r\v\x1c\x85\u2028\u3000\x00ab")), max_size=30)))
def test_every_visible_character_is_in_exactly_one_line(texts: list[str]) -> None:
    pages = pages_of(*texts)
    raw = pages["raw"].to_pylist()

    lines = cut_lines(pages)

    assert spans(pages) == [(page, line) for page, text in enumerate(raw) for line in expected(text)]
    covered = [np.zeros(len(text), dtype=int) for text in raw]
    for line in lines.to_pylist():
        covered[line["page"]][line["start"] : line["end"]] += 1
        data = raw[line["page"]].encode()
        flags = pages["flags"][line["page"]].as_py()
        if pages["source"][line["page"]]["encoding"].as_py() == "utf-8":
            at = 3 if "bom" in flags else 0
            piece = data[line["byte_start"] - at : line["byte_end"] - at]
            assert piece.decode() == raw[line["page"]][line["start"] : line["end"]]
    for text, count in zip(raw, covered, strict=True):
        visible = ~WHITE_SPACE[[ord(char) for char in text]] if text else np.zeros(0, dtype=bool)
        assert (count[visible] == 1).all()
        assert (count <= 1).all()


def check_way_back(folder: Path, pages: pa.Table) -> None:
    lines = cut_lines(pages).to_pylist()
    for row, page in enumerate(pages.to_pylist()):
        data = (folder / page["source"]["path"]).read_bytes()
        own = [line for line in lines if line["page"] == row]
        found = [decode_span(data[line["byte_start"] : line["byte_end"]], page["source"]["encoding"]) for line in own]
        assert found == expected(page["raw"])


def test_each_line_is_found_again_in_its_file(tmp_path: Path) -> None:
    for n, (text, encoding, mark) in enumerate(ENCODED):
        (tmp_path / f"{n:02}.txt").write_bytes(mark + text.encode(encoding))
    doubled = ENCODED[0][0].encode().decode("latin-1").encode()
    (tmp_path / "98.txt").write_bytes(doubled)
    (tmp_path / "99.txt").write_bytes(b"\xef\xbb\xbf" + doubled.decode().encode().decode("latin-1").encode())

    pages, rejects = read_seeds(list_seeds(tmp_path))

    assert rejects.to_pylist() == []
    assert pages["raw"].to_pylist() == [text for text, _, _ in ENCODED] + [ENCODED[0][0]] * 2
    encodings = [source["encoding"] for source in pages["source"].to_pylist()]
    assert encodings[:-2] == [encoding for _, encoding, _ in ENCODED]
    assert encodings[-2:] == ["utf-8 < latin-1 < utf-8", "utf-8 < latin-1 < utf-8 < latin-1 < utf-8"]
    check_way_back(tmp_path, pages)


def test_raw_that_is_not_in_its_encoding_is_an_error() -> None:
    page = pages_of("漢").to_pylist()[0]
    page["source"]["encoding"] = "cp1252"

    with pytest.raises(UnicodeEncodeError):
        cut_lines(pa.Table.from_pylist([page], PAGES))


def test_pages_within_the_bounds_are_kept_as_they_are() -> None:
    pages = pages_of("one\ntwo", "three")
    lines = cut_lines(pages)

    kept, kept_lines, rejects = bound_pages(pages, lines, Bounds(max_lines=2, max_line_chars=5))

    assert kept == pages
    assert kept_lines == lines
    assert rejects == REJECTS.empty_table()


def test_pages_beyond_the_bounds_are_rejected_with_their_reason() -> None:
    pages = pages_of("a\nb\nc", "short", "much too long", "", "d\ne\nf also too long", "g\nh")
    lines = cut_lines(pages)

    kept, kept_lines, rejects = bound_pages(pages, lines, Bounds(max_lines=2, max_line_chars=5))

    assert kept["raw"].to_pylist() == ["short", "", "g\nh"]
    assert kept_lines["page"].to_pylist() == [0, 2, 2]
    assert kept_lines.schema == SPANS
    assert kept_lines == cut_lines(kept)
    assert rejects.schema == REJECTS
    assert rejects["reason"].to_pylist() == ["too_many_lines", "line_too_long", "too_many_lines"]
    assert rejects["stage"].to_pylist() == ["cut"] * 3
    assert rejects["excerpt"].to_pylist() == [r"a\x0ab\x0ac", "much too long", r"d\x0ae\x0af also too long"]
    assert "3 lines" in rejects["detail"][0].as_py()
    assert "13 characters" in rejects["detail"][1].as_py()
    assert rejects["sha256"].to_pylist()[1] == pages["source"].to_pylist()[2]["sha256"]


def test_bounds_of_no_pages() -> None:
    pages = pages_of()

    kept, lines, rejects = bound_pages(pages, cut_lines(pages), Bounds())

    assert (len(kept), len(lines), len(rejects)) == (0, 0, 0)
