"""Hostile pages down the whole road: each is a record that keeps the contract or a reject that says why.

Bombs, links, devices and damage of boxes are in the tests of their formats.
"""

from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dehusk.builders.batches import read_batches
from dehusk.builders.recipe import Recipe
from dehusk.builders.road import Batch, build_batch
from dehusk.builders.unpacking.document import Document, Media, Place
from dehusk.builders.unpacking.seeds import list_seeds

UNSEEN = "".join(each for each in map(chr, range(0x110000)) if category(each) in {"Cc", "Cf", "Zl", "Zp"})
"""All of Unicode's control, direction and format characters."""


def go(data: bytes, media: Media) -> Batch:
    return build_batch([Document(data, Place(f"page.{media}"), media, media)], Recipe(), {})


@pytest.mark.parametrize("media", ["text", "html"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"x\n" * 1_000_000, id="a million lines"),
        pytest.param(b"word " * 300_000, id="a long line"),
        pytest.param(b"Ferry\0s sail.\0\0\n" * 100, id="NUL"),
        pytest.param(b"Ferries \xed\xa0\x80 sail \xed\xbf\xbf.\n" * 3, id="lone surrogates"),
        pytest.param(f"Ferry {UNSEEN} sails.\n{UNSEEN}\nIt rings.".encode(), id="control and direction"),
        pytest.param("".join(map(chr, range(0x2000, 0x3100))).encode(), id="marks and symbols"),
        pytest.param(b"a" * 60_000 + b"!", id="one word"),
        pytest.param(b"((((((([[[[{{{{" * 3_000, id="brackets"),
        pytest.param(b"By " * 20_000, id="bylines"),
        pytest.param(b"http://" * 9_000 + b" www." * 9_000, id="addresses"),
        pytest.param(b"1/1/" * 15_000 + b" 12 May" * 9_000, id="dates"),
        pytest.param(b"a@" * 20_000 + b"+49 " * 20_000, id="mail and telephone"),
        pytest.param(b" \t" * 30_000 + b"x" + b"\t " * 30_000 + b"y", id="white space"),
        pytest.param(b"- | \xc2\xbb " * 10_000, id="separators"),
    ],
)
def test_a_hostile_page_is_a_sound_record_or_a_reject(data: bytes, media: Media) -> None:
    batch = go(data, media)

    reasons = batch.rejects["reason"].to_pylist()
    assert batch.records.num_rows + len(reasons) == 1
    assert set(reasons) <= {"too_many_lines", "line_too_long", "undecodable", "unsupported_format"}


@pytest.mark.parametrize(("size", "reason"), [(100_000_000, "too_large"), (16_000_000, "line_too_long")])
def test_a_page_of_one_endless_line_is_a_reject(size: int, reason: str, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"word " * (size // 5))
    recipe = Recipe()

    batches = [build_batch(load.items, recipe, {}) for load in read_batches(list_seeds(tmp_path), recipe)]

    assert [batch.records.num_rows for batch in batches if batch.records.num_rows] == []
    assert [why for batch in batches for why in batch.rejects["reason"].to_pylist()] == [reason]


HEADS = st.sampled_from(
    [
        *("<title>{}</title>", "<meta name=author content='{}'>", "<meta name=description content='{}'>"),
        *("<meta property=og:title content='{}'>", "<meta property=article:published_time content='{}'>"),
        *("<link rel=canonical href='{}'>", "<html lang='{}'>", "<meta name=robots content='{}'>"),
        *("<time datetime='{}'>noon</time>", "<a rel=author>{}</a>", "<a rel=license href='{}'>free</a>"),
        '<script type="application/ld+json">{{"@type": "Article", "headline": "{0}", "author": "{0}"}}</script>',
        *("<h1>{}</h1>", "<p>{}", "<p class=byline>By {}", "<footer>© {}", "<div hidden>{}</div>"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["Ada Quill", "2021-05-04T08:00:00Z", "https://harbour.example/a?b", "en-GB", "noai", "\u202e"]),
    st.sampled_from(["Ferries sail. ", "x", "\n", "\x85", "\ufffe", "&#0;", "&lrm;"]).map(lambda part: part * 160),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(HEADS, VALUES), max_size=8))
def test_whatever_markup_says_a_page_keeps_the_contract(parts: list[tuple[str, str]]) -> None:
    html = "".join(template.format(value) for template, value in parts)

    batch = go(html.encode("utf-8", "surrogatepass"), "html")

    assert batch.records.num_rows + batch.rejects.num_rows == 1
    assert "broken_contract" not in batch.rejects["reason"].to_pylist(), batch.rejects["detail"].to_pylist()
