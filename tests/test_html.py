"""HTML: what is shown, where it stands in the file, what the HTML says of it, and that no page does harm."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import turbohtml
from hypothesis import given, settings
from hypothesis import strategies as st
from unpacked import read_seeds

from dehusk.builders.labelling.markup import MARK_BYTES, MARKS, letters, line_marks, mark_place, page_nodes
from dehusk.builders.reading.cut import SPANS, cut_lines
from dehusk.builders.reading.html import HtmlPage, html_page
from dehusk.builders.recipe import Recipe
from dehusk.builders.road import build_batch
from dehusk.builders.unpacking.document import Document, Place, Refused
from dehusk.builders.unpacking.seeds import list_seeds
from dehusk.builders.unpacking.unpack import unpack_seeds

PAGES = Path(__file__).parent / "pages"


def page(html: str | bytes, charset: str | None = None) -> HtmlPage:
    read = html_page(html.encode() if isinstance(html, str) else html, charset)
    assert isinstance(read, HtmlPage)
    return read


def shown(html: str) -> str:
    return page(html).text


def lines_of(read: HtmlPage) -> list[str]:
    return [read.text[start:end] for start, end in zip(read.lines.start, read.lines.end, strict=True)]


def places_of(read: HtmlPage, data: bytes) -> list[bytes | None]:
    spans = zip(read.lines.byte_start.tolist(), read.lines.byte_end.tolist(), strict=True)
    return [None if start < 0 else data[start:end] for start, end in spans]


def marked(read: HtmlPage, name: str) -> list[str]:
    on = np.unpackbits(read.lines.marks, axis=1, count=MARKS)[:, mark_place(name)]
    return [line for line, found in zip(lines_of(read), on, strict=True) if found]


# -- what is shown --


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<p>one<p>two", "one\n\ntwo"),
        ("one <b>and</b>\n  <i>two</i>", "one and two"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<div>one<br></div><div>two</div>", "one\ntwo"),
        ("<table><tr><td>a<td> b <tr><td>c<td>d</table>", "a\tb\nc\td"),
        ("<pre>  a\n    b\n</pre>c", "  a\n    b\nc"),
        ("a<script>b</script><style>c</style><template>d</template><svg><text>e</text></svg>f", "af"),
        ("<title>a</title>b<textarea>c</textarea><iframe>d</iframe><object>e</object>", "b"),
        ("<select><option>a<option>b</select>", "a\nb"),
        ("a&nbsp;&amp;&lt;b&gt;", "a\xa0&<b>"),
        ("<img alt='a'>b<input value='c'>", "b"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "a\nb\nc"),
        ("a <span hidden>b</span> c", "a c\nb"),
        ("<div>a <div style='display: none'><p>b</p>c</div>d</div><div>e</div>", "a d\n\nb\n\nc\ne"),
        ("a <span aria-hidden=true>b</span> c", "a b c"),
        ("<!-- a -->b<!-- c", "b"),
        ("a<br hidden>b", "a\nb"),
        ("", ""),
    ],
)
def test_a_page_is_rendered_as_a_browser_shows_it(html: str, text: str) -> None:
    assert shown(html).strip("\n") == text


@pytest.mark.parametrize("name", ["report", "manual", "shop"])
def test_a_golden_page_gives_its_lines(name: str) -> None:
    read = page((PAGES / f"{name}.html").read_bytes())

    assert lines_of(read) == (PAGES / f"{name}.lines").read_text().splitlines()


def test_what_the_golden_report_hides_is_marked_and_its_parts_are_known() -> None:
    read = page((PAGES / "report.html").read_bytes())

    assert marked(read, "hidden") == ["Locks", "Weirs"]
    assert marked(read, "nav") == ["Home", "River", "Locks", "Weirs", "Market"]
    assert marked(read, "figcaption") == ["A heron at dawn. Photo: L. Reed"]
    assert marked(read, "link 4/4") == ["Home", "River", "Locks", "Weirs", "Market", "Imprint | Terms"]
    assert marked(read, "h2") == ["What to do"]


def test_text_that_only_noscript_and_json_ld_hold_is_recovered_and_marked() -> None:
    data = (PAGES / "shop.html").read_bytes()
    read = page(data)

    assert read.flags == ("recovered_text",)
    (unscripted,), described = marked(read, "noscript"), marked(read, "json-ld")
    assert unscripted.startswith("Every kettle is beaten")
    assert [line[:10] for line in described] == ["A kettle o", "Its lid is"]
    assert lines_of(read)[-3:] == [unscripted, *described]
    places = places_of(read, data)[-3:]
    assert places[0] is not None
    assert places[0].startswith(b"Every kettle")
    assert places[1] == places[2]
    assert places[1] is not None
    assert places[1].startswith(b'"A kettle of hammered')
    assert places[1].endswith(b'Forge Brume"')


def test_text_that_the_page_shows_is_not_recovered_twice() -> None:
    story = "The ferry is back, and with it the bakers, the post and three crates of pears from the far bank. " * 4
    told = page(f'<script type="application/ld+json">{{"articleBody": "{story}"}}</script><p>{story}</p>')
    untold = page(f'<script type="application/ld+json">{{"articleBody": "{story}"}}</script><p>Loading</p>')

    assert told.flags == ()
    assert len(lines_of(told)) == 1
    assert untold.flags == ("recovered_text",)
    assert lines_of(untold) == ["Loading", story.strip()]


# -- where it stands --


def test_each_line_stands_in_the_file_where_its_words_do() -> None:
    data = b"\xef\xbb\xbf<p title='>a'>a &auml; <b>\xc3\xb6</b>\r\n  b<!-- > -->\r\n<p>\xf0\x9f\x9a\xa2 c</p>"

    read = page(data)

    assert lines_of(read) == ["a ä ö b", "🚢 c"]
    assert places_of(read, data) == [b"a &auml; <b>\xc3\xb6</b>\r\n  b", b"\xf0\x9f\x9a\xa2 c"]
    assert read.flags == ("bom",)


def test_a_place_that_cannot_be_known_is_not_guessed() -> None:
    data = b"<table>a<tr><td>b</td></tr>a</table><p>c</p>"  # both a's come before the table, as one text

    read = page(data)

    assert lines_of(read) == ["aa", "b", "c"]
    assert places_of(read, data) == [None, b"b", b"c"]


def test_a_long_line_that_is_cut_keeps_the_place_of_each_piece() -> None:
    sentence = "The miller counts the herons every &mdash; spring. "
    data = f"<p>{sentence * 60}</p>".encode()

    read = page(data)

    assert len(lines_of(read)) > 5
    for line, place in zip(lines_of(read), places_of(read, data), strict=True):
        assert place is not None
        assert letters(turbohtml.parse(place).text) == letters(line)


WORDS = st.sampled_from(
    ["a", "Weir", "of 1", "ö", "&amp;", "&nbsp;x", "&#8212;", "&copy", "x\r\n y", "🚢", "<", "a < b", "e\u0301"]
)
LEAVES = st.one_of(
    WORDS,
    st.sampled_from(["<br>", "<!-- > -->", "<img alt='>'>", "<svg><text>no</text></svg>", "<script>'</p>'</script>"]),
)
TAGS = st.sampled_from(
    ["p", "div", "b", "a href='x>y'", "ul", "li", "table", "td", "span hidden", "pre", "h2", "button", 'x-y z="\'"']
)


@st.composite
def trees(draw: st.DrawFn) -> str:
    def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            lambda tag, parts, closed: f"<{tag}>{' '.join(parts)}" + f"</{tag.split(' ', 1)[0]}>" * closed,
            TAGS,
            st.lists(inner, max_size=4),
            st.booleans(),
        )

    return "".join(draw(st.lists(st.recursive(LEAVES, wrapped, max_leaves=12), max_size=6)))


@settings(max_examples=300)
@given(trees())
def test_known_places_hold_the_words_of_their_lines(html: str) -> None:
    data = html.encode()
    read = page(data)

    for line, place in zip(lines_of(read), places_of(read, data), strict=True):
        if place is not None:
            for word in letters(line):
                assert word in letters(turbohtml.parse(place).text)
    starts, ends = read.lines.byte_start, read.lines.byte_end
    assert ((starts == -1) == (ends == -1)).all()
    assert ((starts < ends) | (starts == -1)).all()
    assert (ends <= len(data)).all()


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_or_refused(data: bytes) -> None:
    read = html_page(data)
    if isinstance(read, Refused):
        return
    visible = "".join(read.text[start:end] for start, end in zip(read.lines.start, read.lines.end, strict=True))
    assert letters(visible) == letters(read.text)


# -- encodings --


@pytest.mark.parametrize(
    ("data", "charset", "encoding"),
    [
        ("<p>Fähre".encode("utf-16"), None, "utf-16-le"),
        ("<p>Fähre".encode(), "iso-8859-1", "utf-8"),
        ("<p>Fähre €".encode("cp1252"), "ISO-8859-1", "cp1252"),
        ("<meta charset='windows-1251'><p>Паром".encode("cp1251"), None, "cp1251"),
        ("<meta content='text/html; charset=Shift_JIS'><p>渡し船".encode("cp932"), "nonsense", "cp932"),
        ("<meta charset=rot13><p>Fähre über den Fluss".encode("cp1252"), "utf-7", "cp1252"),
    ],
)
def test_the_encoding_is_the_one_that_holds(data: bytes, charset: str | None, encoding: str) -> None:
    read = page(data, charset)

    assert read.encoding == encoding
    (place,) = places_of(read, data)
    assert place is not None
    assert place.decode(encoding) == read.text


def test_a_page_of_utf8_with_a_few_broken_bytes_is_read() -> None:
    data = "<p>Fähre, Gäste, Brücke</p><p>a".encode() + b"\xc3</p><p>b</p>"

    read = page(data)

    assert lines_of(read) == ["Fähre, Gäste, Brücke", "a\ufffd", "b"]
    assert places_of(read, data) == ["Fähre, Gäste, Brücke".encode(), b"a\xc3", b"b"]
    assert read.flags == ("replacement_characters",)


# -- marks --


def test_marks_are_the_same_whether_the_line_was_rendered_or_looked_up() -> None:
    for path in PAGES.glob("*.html"):
        read = page(path.read_bytes())
        lines = [{"start": a, "end": b} for a, b in zip(read.lines.start, read.lines.end, strict=True)]
        found, known = line_marks(page_nodes(path.read_text()), read.text, lines)
        rendered = np.unpackbits(read.lines.marks, axis=1, count=MARKS).astype(np.bool_)
        assert known.sum() >= len(lines) - 3
        own = [i for i in range(MARKS) if i not in (mark_place("json-ld"), mark_place("hidden"))]
        assert (found[known][:, own] == rendered[known][:, own]).all()


def test_a_line_without_letters_has_no_marks() -> None:
    assert not page("<nav>|</nav>").lines.marks.any()
    assert page("<nav>a</nav>").lines.marks.any()


# -- on the road --


def test_pages_of_both_formats_are_cut_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>One<p>Two")
    (tmp_path / "b.txt").write_text("Three\n")
    (tmp_path / "c.txt").write_text("<!doctype html>Four<hr>Five")

    pages, rejects = read_seeds(list_seeds(tmp_path))
    lines = cut_lines(pages)

    assert len(rejects) == 0
    assert pc.struct_field(pages["source"], "format").to_pylist() == ["html", "text", "html"]
    assert lines.schema == SPANS
    assert lines["page"].to_pylist() == [0, 0, 1, 2, 2]
    assert lines["byte_start"].to_pylist() == [3, 9, 0, 15, 23]
    assert [marks is None for marks in lines["marks"].to_pylist()] == [False, False, True, False, False]
    assert lines["marks"].type == pa.binary(MARK_BYTES)


def test_pages_of_html_keep_the_contract() -> None:
    batch = build_batch(list(unpack_seeds(list_seeds(PAGES), Recipe())), Recipe(), {})

    assert [row["reason"] for row in batch.rejects.to_pylist()] == ["unsupported_format"] * 3  # the `.lines`
    assert pc.struct_field(batch.records["source"], "path").to_pylist() == ["manual.html", "report.html", "shop.html"]


def test_what_markup_says_at_length_is_cut_to_what_the_contract_takes() -> None:
    pages = [f"<meta name=description content='{'x' * odd}{' y' * 2_000}'><p>Ferries sail at noon." for odd in (1, 2)]
    items = [Document(html.encode(), Place(f"{at}.html"), "html", "html") for at, html in enumerate(pages)]

    batch = build_batch(items, Recipe(), {})

    assert (batch.records.num_rows, batch.rejects.num_rows) == (2, 0)


# -- hostile pages --

MANY = 100_000


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * MANY + "deep", id="nested"),
        pytest.param("<ul><li>" * MANY + "deep", id="nested lists"),
        pytest.param("<table><tr><td>" * MANY + "deep", id="nested tables"),
        pytest.param("<svg>" * MANY + "deep", id="nested drawings"),
        pytest.param("<svg><p>x" * MANY, id="drawings left open"),
        pytest.param("<svg><p>x" * MANY + "</svg>", id="drawings closed once"),
        pytest.param("<table>" + "<i>x</i><tr><td>y" * MANY, id="fostered one by one"),
        pytest.param("<b><p>x" * MANY, id="reopened"),
        pytest.param("".join(f"<b id={i}>" for i in range(2000)) + "<p>x</p>" * 2000, id="reopened, each its own"),
        pytest.param("<div " + " ".join(f"a{i}" for i in range(MANY)) + ">x", id="attributes"),
        pytest.param("<div class='" + "menu " * MANY + "'>x", id="classes"),
        pytest.param("<p>x</p>" + "<!-- " * MANY, id="comments left open"),
        pytest.param("<p>x</p>" + "<a b='" * MANY, id="tags left open"),
        pytest.param("<" * MANY + "x", id="lower than"),
        pytest.param("&" * MANY + "x", id="ampersands"),
        pytest.param("x&lt" * MANY, id="references"),
        pytest.param("<p>x\0y</p>" * MANY, id="NUL"),
        pytest.param("<table>" + "x<tr>" * MANY, id="fostered"),
        pytest.param("<noscript>" * 1000 + "x" * MANY, id="noscript"),
        pytest.param('<script type="application/ld+json">{"articleBody": "' + '\\"' * MANY, id="JSON-LD left open"),
        pytest.param('<script type="application/ld+json">' + '{"articleBody": "x"},' * MANY, id="JSON-LD"),
        pytest.param("</p>" * MANY + "x", id="closed only"),
    ],
)
def test_a_hostile_page_is_read_or_refused(html: str) -> None:
    read = html_page(html.encode())

    assert isinstance(read, Refused | HtmlPage)


def test_an_attribute_of_fifty_megabytes_is_passed() -> None:
    assert lines_of(page("<p title='" + "x" * 50_000_000 + "'>y")) == ["y"]
