"""What the markup of pages declares, and how it is settled with what their visible text states."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import turbohtml
from hypothesis import given, settings
from hypothesis import strategies as st

from dehusk.builders.describing.declared import DECLARED, Declared, read_declared
from dehusk.builders.describing.describe import describe_pages
from dehusk.builders.describing.jsonld import MAX_NODES, Page, find_own, read_graph
from dehusk.builders.describing.plain import MAX_VALUE, as_text, plain_text
from dehusk.builders.describing.settle import MAX_DIFFERING, split_names
from dehusk.builders.describing.sheet import normalise
from dehusk.builders.describing.stamps import read_stamp
from dehusk.builders.describing.titles import rank_titles, without_site
from dehusk.builders.parse import parse_file
from dehusk.schema.page import Page as PageRead
from dehusk.schema.record import RESERVATIONS, VERDICTS

Row = dict[str, Any]

PROSE = (
    "The harbour board voted on Monday to bring the tram back along the east quay, where the old rails still lie under "
    "the paving, and to pay for two years of service out of the parking fund."
)


def declared(*head: str, body: str = "", attributes: str = "") -> list[Declared]:
    """What a page with this head and body declares."""
    return read_declared(turbohtml.parse(f"<html {attributes}><head>{''.join(head)}</head><body>{body}</body></html>"))


def said(found: list[Declared], field: str) -> list[tuple[str, str]]:
    return [(one.origin, one.value) for one in found if one.field == field]


def ld(value: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


def described(found: list[Declared] | None, *lines: tuple[str, str]) -> Row:
    """The description of a page of labelled lines with what its markup declares."""
    raw = "\n".join(text for _, text in lines)
    rows, at = [], 0
    for label, text in lines:
        rows.append({"page": 0, "start": at, "end": at + len(text), "label": label, "score": 0.9})
        at += len(text) + 1
    kinds = {"page": pa.int32(), "start": pa.int32(), "end": pa.int32(), "label": pa.string(), "score": pa.float32()}
    table = pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items())))
    values = None if found is None else [one._asdict() for one in found]
    pages = pa.table({"raw": [raw], "declared": pa.array([values], DECLARED)})
    row: Row = describe_pages(pages, table).to_pylist()[0]
    for x in row["evidence"]:  # wherever this is called from, evidence is whole
        assert x["verdict"] in VERDICTS
        assert (x["origin"] == "text") == (x["line"] is not None) == (x["start"] is not None)
        assert x["line"] is None or raw[: x["start"]].count("\n") == x["line"]
    return row


def evidence(row: Row, field: str) -> list[tuple[str, str, str]]:
    """Verdict, origin, and what stands there, of each piece of evidence of a field."""
    return [
        (x["verdict"], x["origin"], x["value"] or (row["raw"][x["start"] : x["end"]] if x["line"] is not None else ""))
        for x in row["evidence"]
        if x["field"] == field
    ]


# --- values as text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("Trams &amp; tides", "Trams & tides"),
        ("Trams &amp;quot;and&amp;quot; tides", 'Trams "and" tides'),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("<script>alert(1)</script>Tram", "alert(1)Tram"),
        ("a < b and c > d", "a < b and c > d"),
        ("\x00Tram\x1b[31m\u202e\n\t back\u200b", "Tram [31m back"),
        ("&#0;&#x110000;&nosuch;", "\ufffd\ufffd&nosuch;"),
        ("Hafen\ud800straße", "Hafenstraße"),
        ("   ", ""),
    ],
)
def test_plain_text(value: str, plain: str) -> None:
    assert plain_text(value) == plain


def test_a_value_is_cut_before_it_is_read() -> None:
    assert plain_text("<" * 10**6) == "<" * MAX_VALUE
    assert len(plain_text("&amp;" * 10**6)) <= MAX_VALUE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["Tram", "Ferry"], "Tram"),
        ({"@value": "Tram", "@language": "en"}, "Tram"),
        ({"name": {"@value": ["Tram"]}}, "Tram"),
        (1984, "1984"),
        (True, ""),
        (None, ""),
        ([], ""),
        (1.5, ""),
        (10**400, ""),
        ([[[[[["Tram"]]]]]], ""),
    ],
)
def test_as_text(value: Any, text: str) -> None:
    assert as_text(value) == text


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "when", "precision", "local"),
    [
        ("2024-05-16", "2024-05-16", "day", False),
        ("2024-05-16T08:30:05+02:00", "2024-05-16T08:30:05", "second", True),
        ("2024-05-16T08:30Z", "2024-05-16T08:30", "minute", False),
        ("2024-05-16 08:30:05.123 +0000", "2024-05-16T08:30:05", "second", False),
        ("2024-05-16T00:00:00-05:00", "2024-05-16", "day", True),
        ("2024-5-6", "2024-05-06", "day", False),
        ("20240516", "2024-05-16", "day", False),
        ("20240516T083005Z", "2024-05-16T08:30:05", "second", False),
        ("1715848205", "2024-05-16T08:30:05", "second", False),
        ("1715848205000", "2024-05-16T08:30:05", "second", False),
        ("Thu, 16 May 2024 08:30:05 GMT", "2024-05-16T08:30:05", "second", False),
        ("16. Mai 2024", "2024-05-16", "day", False),
        ("2024-05-16T08:30:60Z", "2024-05-16T08:30:59", "second", False),
    ],
)
def test_stamps(value: str, when: str, precision: str, local: bool) -> None:
    stamp = read_stamp(value)
    assert stamp is not None
    assert (stamp.when, stamp.precision, stamp.local) == (datetime.fromisoformat(when), precision, local)


@pytest.mark.parametrize(
    "value", ["", "May 16", "2024", "2024-13-40", "99999999", "08:30", "2 hours ago", "0", "9" * 99]
)
def test_what_is_no_stamp(value: str) -> None:
    assert read_stamp(value) is None


# --- JSON-LD ---------------------------------------------------------------------------------------------------------

ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "@id": "https://ledger.example/tram#article",
    "headline": "Harbour tram to run again",
    "datePublished": "2023-10-19T06:45:00+01:00",
    "dateModified": "2023-10-20T09:00:00+01:00",
    "author": {"@type": "Person", "name": "Maeve Tolland"},
    "publisher": {"@type": "Organization", "name": "Quayside Ledger"},
    "articleSection": ["Transport", "Harbour"],
    "inLanguage": "en-GB",
    "license": "https://creativecommons.org/licenses/by/4.0/",
}


def test_an_article_says_what_it_says() -> None:
    found = declared(ld(ARTICLE))
    assert said(found, "title") == [("json-ld: headline", "Harbour tram to run again")]
    assert said(found, "published") == [("json-ld: datePublished", "2023-10-19T06:45:00+01:00")]
    assert said(found, "modified") == [("json-ld: dateModified", "2023-10-20T09:00:00+01:00")]
    assert said(found, "authors") == [("json-ld: author", "Maeve Tolland")]
    assert said(found, "publisher") == [("json-ld: publisher", "Quayside Ledger")]
    assert said(found, "section") == [("json-ld: articleSection", "Transport")]
    assert said(found, "language") == [("json-ld: inLanguage", "en-GB")]
    assert said(found, "license") == [("json-ld: license", "https://creativecommons.org/licenses/by/4.0/")]


def test_references_in_a_graph_are_followed() -> None:
    graph = {
        "@context": {"schema": "http://schema.org/"},
        "@graph": [
            {"@type": "WebSite", "@id": "#site", "name": "Quayside Ledger"},
            {"@type": ["Person"], "@id": "#owen", "name": "Owen Reyes"},
            {"@type": "WebPage", "@id": "https://ledger.example/tram", "datePublished": "2023-10-18"},
            {
                "@type": "schema:BlogPosting",
                "schema:headline": "Harbour tram to run again",
                "schema:author": [{"@id": "#owen"}, {"@id": "#nobody"}, "Maeve Tolland"],
                "isPartOf": {"@id": "https://ledger.example/tram"},
            },
        ],
    }
    found = declared(ld(graph))
    assert said(found, "authors") == [("json-ld: author", name) for name in ("Owen Reyes", "Maeve Tolland")]
    assert said(found, "published") == [("json-ld: page datePublished", "2023-10-18")]
    assert said(found, "site_name") == [("json-ld: WebSite name", "Quayside Ledger")]


def test_of_several_articles_the_one_of_the_page_is_taken() -> None:
    teasers = [
        {"@type": "NewsArticle", "headline": "Ferry fares rise", "url": "https://ledger.example/ferry", "author": "F"},
        {"@type": "NewsArticle", "headline": "Harbour tram to run again", "author": "Maeve Tolland"},
        {
            "@type": "NewsArticle",
            "headline": "Gulls nest on crane",
            "url": "https://ledger.example/gulls",
            "author": "G",
        },
    ]
    by_headline = declared("<title>Harbour tram to run again | Ledger</title>", ld(teasers))
    by_address = declared('<link rel="canonical" href="http://www.ledger.example/gulls/#top">', ld(teasers))
    by_nothing = declared("<title>News</title>", ld(teasers))
    assert said(by_headline, "authors") == [("json-ld: author", "Maeve Tolland")]
    assert said(by_address, "authors") == [("json-ld: author", "G")]
    assert said(by_nothing, "authors") == []


def test_what_is_listed_mentioned_or_answered_is_not_the_page() -> None:
    page = {
        "@type": "CollectionPage",
        "name": "Harbour news",
        "hasPart": [{"@type": "NewsArticle", "headline": "Ferry fares rise", "author": "Not The Author"}],
        "mainEntity": {"@type": "ItemList", "itemListElement": [{"@type": "Article", "author": "Nor This One"}]},
        "comment": {"@type": "Comment", "author": {"name": "Reader"}},
    }
    assert said(declared(ld(page)), "authors") == []


def test_the_main_entity_of_a_page_is_the_page() -> None:
    page = {"@type": "QAPage", "mainEntity": {"@type": "Question", "name": "Where is the tram?", "author": "Ada Quill"}}
    found = declared(ld(page))
    assert said(found, "authors") == [("json-ld: work author", "Ada Quill")]
    assert said(found, "title") == [("json-ld: work name", "Where is the tram?")]


def test_authors_of_every_shape() -> None:
    authors = [
        "Jane Roe",
        {"@type": "Person", "name": ["Max Moor", "Mia Moor"]},
        {"@type": "Person", "givenName": "Ada", "familyName": "Quill"},
        {"@type": "NewsMediaOrganization", "name": "Harbour Desk"},
        {"name": None},
        None,
        7,
    ]
    found = declared(ld(ARTICLE | {"author": authors}))
    names = ["Jane Roe", "Max Moor", "Mia Moor", "Ada Quill", "7"]
    assert [value for _, value in said(found, "authors")] == names
    assert said(found, "organisations") == [("json-ld: author", "Harbour Desk")]


@pytest.mark.parametrize(
    "script",
    [
        "<!-- {0} -->",
        "//<![CDATA[\n{0}\n//]]>",
        "/*<![CDATA[*/ {0} /*]]>*/",
        "{0};",
        "[{0},]",
    ],
)
def test_scripts_that_are_nearly_json(script: str) -> None:
    text = script.replace("{0}", json.dumps(ARTICLE))
    assert read_graph([text]).own[0]["headline"] == "Harbour tram to run again"


def test_line_ends_in_strings_and_escaped_scripts_are_read() -> None:
    assert read_graph(['{"@type": "Article", "headline": "Two\nlines"}']).own[0]["headline"] == "Two\nlines"
    assert read_graph(["{&quot;headline&quot;: &quot;Tram&quot;}"]).own[0]["headline"] == "Tram"


@pytest.mark.parametrize(
    "script",
    ["", "{", "[" * 100_000, '{"a":' * 100_000, "nul", '{"a": NaN}', "9" * 10_000, '"' + "x" * 2_000_000 + '"'],
)
def test_hostile_scripts_give_nothing_and_do_no_harm(script: str) -> None:
    graph = read_graph([script, json.dumps(ARTICLE)])
    assert [node["headline"] for node in graph.own if "headline" in node] == ["Harbour tram to run again"]


def test_nodes_are_bounded() -> None:
    graph = read_graph([json.dumps([{"@type": "Article", "n": i} for i in range(3 * MAX_NODES)])])
    assert len(graph.every) <= MAX_NODES
    assert len(read_graph([json.dumps({"a": [[{"b": {}}] * 100] * 100})] * 5).every) <= MAX_NODES


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["Article", "#a"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                (
                    *("@type", "@id", "@graph", "name", "headline", "author", "datePublished", "dateModified", "url"),
                    *(
                        "mainEntityOfPage",
                        "mainEntity",
                        "publisher",
                        "inLanguage",
                        "license",
                        "itemListElement",
                        "item",
                    ),
                    *("articleSection", "description", "givenName", "schema:author", ""),
                )
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=300)
@given(JSON, JSON)
def test_any_json_in_any_place_raises_nothing(first: Any, second: Any) -> None:
    """Whatever stands where, statements are plain text, and the description keeps the rules of the record."""
    article = {"@type": "Article", "headline": first, "author": second, "datePublished": first, "publisher": second}
    found = declared(
        ld([article, first, {"@graph": second}]), ld({"@type": "BreadcrumbList", "itemListElement": first})
    )
    for one in found:
        assert one.value == normalise(one.value) != ""
    described(found, ("title", "Tram"), ("paragraph", PROSE))
    find_own(read_graph([json.dumps(first)]), Page(frozenset(), ()))


NAMES = (
    *("og:title", "article:published_time", "author", "robots", "tdm-reservation", "license", "language", "og:url"),
    *("twitter:label1", "twitter:data1", "article:section", "description", "modified-date", "og:site_name"),
)
VALUE = st.text(max_size=40) | st.sampled_from(
    [
        *("2024-05-16", "2024-05-16T08:30:05Z", "16 May 2024", "0000-00-00", "Written by", "By Jane Roe and Max Moor"),
        *("https://ledger.example/2024/05/16/tram", "data:text/html,<b>x", "javascript:alert(1)", "//x", "en-GB", "1"),
        *("<b>&amp;lt;", "noai, noindex", "none", "\x00\x1b\u202e", "Tram | Ledger", "Ledger"),
    ]
)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUE), max_size=12), st.lists(VALUE, max_size=4))
def test_any_markup_raises_nothing(metas: list[tuple[str, str]], bodies: list[str]) -> None:
    """Whatever the elements hold, fields are one line each without control characters, and bounded."""
    tree = turbohtml.parse("<html><head><title></title></head><body></body></html>")
    head = "".join(f'<meta name="{name}" content="{value.replace(chr(34), "")}">' for name, value in metas)
    body = "".join(
        f"<h1>{x}</h1><time datetime='{x}'>{x}</time><a rel='license author' href='{x}'>{x}</a>" for x in bodies
    )
    tree = turbohtml.parse(f"<html><head>{head}</head><body><div itemscope itemtype='x'>{body}</div></body></html>")
    row = described(read_declared(tree), ("title", "Tram"), ("date", "16 May 2024"), ("paragraph", PROSE))
    for name in ("title", "summary", "section", "publisher", "url", "license"):
        assert row[name] is None or row[name] == normalise(row[name]) != ""
    assert all(author == normalise(author) != "" for author in row["authors"])
    assert row["reservations"] == [name for name in RESERVATIONS if name in row["reservations"]]
    assert row["published_precision"] != "day" or row["published"].time() == datetime.min.time()


# --- elements --------------------------------------------------------------------------------------------------------


def test_metas_of_several_vocabularies() -> None:
    found = declared(
        '<meta property="og:title" content="Harbour tram">',
        '<meta name="DC.date.issued" content="2023-10-19">',
        '<meta name="citation_author" content="Roe, Jane"><meta name="citation_author" content="Moor, Max">',
        '<meta name="w-published-date" content="2023-10-18">',
        '<meta itemprop="datePublished" content="2023-10-17">',
        '<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Jane Roe">',
        '<meta name="twitter:label2" content="Est. reading time"><meta name="twitter:data2" content="3 minutes">',
        '<meta name="keywords" content="tram"><meta property="og:title">',
    )
    assert said(found, "title") == [("meta: og:title", "Harbour tram")]
    assert said(found, "published") == [
        ("meta: dc.date.issued", "2023-10-19"),
        ("meta: w-published-date", "2023-10-18"),
        ("microdata: datepublished", "2023-10-17"),
    ]
    assert said(found, "authors") == [
        ("meta: citation_author", "Roe, Jane"),
        ("meta: citation_author", "Moor, Max"),
        ("meta: twitter:data1", "Jane Roe"),
    ]


def test_microdata_of_the_article_counts_and_of_a_comment_does_not() -> None:
    body = """
    <article itemscope itemtype="https://schema.org/NewsArticle">
      <h1 itemprop="headline">Harbour tram<br>returns</h1>
      <p itemprop="author" itemscope itemtype="https://schema.org/Person"><b itemprop="name">Jane Roe</b>, editor</p>
      <time itemprop="datePublished" datetime="2023-10-19">yesterday</time>
      <meta itemprop="dateModified" content="2023-10-20">
      <p itemprop="image" itemscope itemtype="https://schema.org/ImageObject"><i itemprop="author">Photographer</i></p>
      <p itemprop="comment" itemscope itemtype="https://schema.org/UserComments"><i itemprop="author">Reader</i></p>
    </article>"""
    found = declared(body=body)
    assert said(found, "title") == [("h1", "Harbour tram returns"), ("microdata: headline", "Harbour tram returns")]
    assert said(found, "authors") == [("microdata: author", "Jane Roe")]
    assert said(found, "published") == [("time: published", "2023-10-19")]
    assert said(found, "modified") == [("microdata: datemodified", "2023-10-20")]


def test_times_of_comments_and_teasers_are_left_out() -> None:
    body = """
    <main class="has-sidebar"><h1>Tram</h1><p class="meta">Updated <time class="updated" datetime="2024-01-03">x</time>
    <time datetime="2024-01-02">x</time></p></main>
    <div class="comments"><time datetime="2024-02-01">x</time></div>
    <aside><time datetime="2024-02-02">x</time></aside>
    <section id="related-stories"><time datetime="2024-02-03">x</time></section>"""
    found = declared(body=body)
    assert said(found, "published") == [("time: datetime", "2024-01-02")]
    assert said(found, "modified") == [("time: modified", "2024-01-03")]


def test_classes_are_read_where_nothing_else_tells() -> None:
    body = """
    <h1>Tram</h1><span class="post-author">By Jane Roe</span><div class="entry-date">19 October 2023</div>
    <div class="updated-date">Updated 20 October 2023</div><div class="author-box">A long life in trams</div>"""
    assert said(declared(body=body), "authors")[0] == ("class: author", "By Jane Roe")
    assert said(declared(body=body), "published") == [("class: date", "19 October 2023")]
    assert said(declared(body=body), "modified") == [("class: date", "Updated 20 October 2023")]
    known = declared('<meta name="author" content="J"><meta name="date" content="2023-10-19">', body=body)
    assert not [one for one in known if one.origin.startswith("class")]


def test_the_data_of_scripts_is_the_last_to_be_asked() -> None:
    script = (
        '<script>window.x = {"slug": "tram", "publishedAt":"2023-10-19T10:00:00Z", "publishedAt":"2020-01-01"}</script>'
    )
    assert said(declared(body=script), "published") == [("script: published", "2023-10-19T10:00:00Z")]
    assert said(declared('<meta name="date" content="2023-10-18">', body=script), "published") == [
        ("meta: date", "2023-10-18")
    ]


def test_hidden_parts_of_headings_and_titles_of_pictures_are_not_seen() -> None:
    body = """
    <h1>Tram <span hidden>icon</span><svg><title>Arrow</title></svg><button>Share</button><script>x=1</script></h1>
    <div class="modal"><h1>Subscribe</h1></div>"""
    found = declared("<title>Tram - Ledger</title>", body=body)
    assert said(found, "title") == [("title", "Tram - Ledger"), ("h1", "Tram")]


# --- title -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Trams return | Harbour Times", "Trams return"),
        ("Harbour Times - Trams return", "Trams return"),
        ("Trams return – News – harbour-times.example", "Trams return – News"),
        ("Trams return: what now?", "Trams return: what now?"),
        ("Harbour Times", "Harbour Times"),
        ("Well-known trams", "Well-known trams"),
        ("", ""),
    ],
)
def test_the_name_of_the_site_is_cut(title: str, short: str) -> None:
    assert without_site(title, frozenset(["harbourtimes", "harbourtimesexample"])) == short


def test_title_that_all_agree_on() -> None:
    found = declared(
        "<title>Trams return | Ledger</title>", ld(ARTICLE | {"headline": "Trams return"}), body="<h1>Trams return</h1>"
    )
    row = described(found, ("navigation", "Ledger"), ("title", "Trams return"), ("paragraph", PROSE))
    assert row["title"] == "Trams return"
    assert evidence(row, "title")[:2] == [("won", "text", "Trams return"), ("agrees", "h1", "")]


def test_title_of_the_markup_beside_a_wrong_headline_of_the_text() -> None:
    head = (
        '<title>Trams return to the quay | Ledger</title><meta property="og:title" content="Trams return to the quay">'
    )
    found = declared(head, '<meta property="og:site_name" content="Ledger">', body="<h1>Trams return to the quay</h1>")
    row = described(
        found, ("heading", "Trams return to the quay"), ("title", "Sign up for letters"), ("paragraph", PROSE)
    )
    assert row["title"] == "Trams return to the quay"
    told = evidence(row, "title")
    assert told[0][0] == "won"
    assert ("agrees", "text", "Trams return to the quay") in told
    assert ("differs", "text", "Sign up for letters") in told


def test_title_that_no_line_shows() -> None:
    row = described(declared("<title>Trams return</title>"), ("paragraph", PROSE))
    assert row["title"] == "Trams return"
    assert evidence(row, "title") == [("won", "title", "Trams return")]


def test_no_title_at_all() -> None:
    assert rank_titles([], None, "") == []
    assert described(declared('<meta name="robots" content="all">'), ("paragraph", PROSE))["title"] is None


# --- dates, settled --------------------------------------------------------------------------------------------------


def settled(published: str | None, text: str | None, *more: str, modified: str | None = None) -> Row:
    """A page whose JSON-LD and whose date line state these dates."""
    article = {"@type": "Article", "headline": "Trams return", "datePublished": published, "dateModified": modified}
    lines = [("title", "Trams return"), *([("date", text)] if text else []), ("paragraph", PROSE)]
    return described(declared(ld(article), *more), *lines)


def day(row: Row) -> str | None:
    return row["published"] and row["published"].isoformat()


@pytest.mark.parametrize(
    ("published", "text", "made", "verdict"),
    [
        # the same day: whoever is more exact, and the text where both are
        ("2024-05-16T08:30:05Z", "16 May 2024", "2024-05-16T08:30:05", ("agrees", "text", "16 May 2024")),
        ("2024-05-16", "16 May 2024 09:10", "2024-05-16T09:10:00", ("won", "text", "16 May 2024 09:10")),
        ("2024-05-16T08:30:05Z", "16 May 2024 09:10", "2024-05-16T09:10:00", ("won", "text", "16 May 2024 09:10")),
        # one day apart: the reader's day, unless the markup's is the page's own
        ("2024-05-16T23:30:00Z", "17 May 2024", "2024-05-17T00:00:00", ("won", "text", "17 May 2024")),
        ("2024-05-16T23:30:00+09:00", "17 May 2024", "2024-05-16T23:30:00", ("differs", "text", "17 May 2024")),
        # far apart: a later day of the text is of a change, an earlier one is when it was published
        ("2024-05-16", "3 June 2024", "2024-05-16T00:00:00", ("differs", "text", "3 June 2024")),
        ("2024-05-16", "3 June 2019", "2019-06-03T00:00:00", ("won", "text", "3 June 2019")),
    ],
)
def test_date_of_markup_and_text(published: str, text: str, made: str, verdict: tuple[str, str, str]) -> None:
    row = settled(published, text)
    assert day(row) == made
    assert verdict in evidence(row, "published")


def test_a_second_kind_of_markup_confirms_the_first() -> None:
    row = settled(
        "2024-05-16", "3 June 2019", '<meta property="article:published_time" content="2024-05-16T10:00:00Z">'
    )
    assert day(row) == "2024-05-16T00:00:00"
    assert evidence(row, "published")[1:] == [
        ("differs", "text", "3 June 2019"),
        ("agrees", "meta: article:published_time", ""),
    ]


def test_date_that_only_one_states() -> None:
    assert day(settled("2024-05-16", None)) == "2024-05-16T00:00:00"
    assert day(settled(None, "16 May 2024")) == "2024-05-16T00:00:00"
    assert day(settled(None, None)) is None
    assert day(settled("1970-01-01", None)) is None  # before the web
    path = '<link rel="canonical" href="https://ledger.example/2024/05/16/trams">'
    assert day(settled(None, None, path)) == "2024-05-16T00:00:00"


def test_a_date_alone_in_the_title_is_a_witness() -> None:
    head = '<title>Trams return | Ledger | 04/05/2024</title><meta property="og:title" content="Trams | 04.05.2024">'
    row = described(declared(head), ("title", "Trams return"), ("paragraph", PROSE))
    assert day(row) is None  # April or May: an English page does not tell
    head = head.replace("04/05/2024", "16 May 2024").replace("04.05.2024", "16 May 2024")
    row = described(declared(head), ("title", "Trams return"), ("paragraph", PROSE))
    assert day(row) == "2024-05-16T00:00:00"
    assert evidence(row, "published") == [("won", "title", "16 May 2024"), ("agrees", "meta: og:title", "")]


def test_a_change_is_not_a_publication_but_the_last_resort() -> None:
    row = settled("2024-05-16", "Updated 20 May 2024")
    assert (day(row), row["modified"]) == ("2024-05-16T00:00:00", datetime.fromisoformat("2024-05-20"))
    row = settled(None, "Updated 20 May 2024")
    assert (day(row), row["published_precision"]) == ("2024-05-20T00:00:00", "day")
    assert day(settled(None, None, modified="2024-05-20")) is None


def test_modified_is_never_before_published() -> None:
    assert settled("2024-05-16", None, modified="2024-05-15")["modified"] is None
    assert settled("2024-05-16", None, modified="2024-05-16")["modified"] is None
    row = settled("2024-05-16", None, modified="2024-05-17T10:00:00Z")
    assert row["modified"] == datetime.fromisoformat("2024-05-17T10:00:00")


# --- authors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Jane Roe", ["Jane Roe"]),
        ("By Jane Roe and Max Moor", ["Jane Roe", "Max Moor"]),
        ("Von Jane Roe, Max Moor", ["Jane Roe", "Max Moor"]),
        ("Jane Roe; Max Moor", ["Jane Roe", "Max Moor"]),
        ("Roe, Jane", ["Roe, Jane"]),
        ("Jane Roe @janeroe", ["Jane Roe"]),
        ("Von Miller", ["Von Miller"]),
        ("Harbour and Sons", ["Harbour and Sons"]),
        ("", []),
    ],
)
def test_joined_names(value: str, names: list[str]) -> None:
    assert split_names(value) == names


def authors(head: str, byline: str | None = None, body: str = "<h1>Trams return</h1>") -> Row:
    lines = [("title", "Trams return"), *([("byline", byline)] if byline else []), ("paragraph", PROSE)]
    return described(declared(head, body=body), *lines)


def test_persons_of_json_ld_stand_before_the_byline() -> None:
    row = authors(ld(ARTICLE), "By Someone Else")
    assert row["authors"] == ["Maeve Tolland"]
    assert evidence(row, "authors") == [
        ("won", "json-ld: author", "Maeve Tolland"),
        ("differs", "text", "Someone Else"),
    ]


def test_the_byline_stands_before_a_bare_meta_and_organisations() -> None:
    row = authors('<meta name="author" content="Web Desk Team">', "By Jane Roe")
    assert row["authors"] == ["Jane Roe"]
    assert ("differs", "meta: author", "Web Desk Team") in evidence(row, "authors")
    group = ld(ARTICLE | {"author": {"@type": "Organization", "name": "Quayside Ledger"}})
    assert authors(group, "By Jane Roe")["authors"] == ["Jane Roe"]
    assert authors(group)["authors"] == ["Quayside Ledger"]


def test_the_name_of_the_site_is_an_organisation() -> None:
    head = ld(ARTICLE | {"author": "Quayside Ledger"}) + '<meta name="author" content="Jane Roe">'
    assert authors(head)["authors"] == ["Jane Roe"]


@pytest.mark.parametrize(
    "name", ["admin", "https://facebook.com/jane", "jane@ledger.example", "@jane", "12345", "null"]
)
def test_what_names_nobody(name: str) -> None:
    assert authors(f'<meta name="author" content="{name}">')["authors"] == []


def test_a_class_names_whom_nothing_else_names() -> None:
    body = '<h1>Trams return</h1><p class="byline">19 October 2023</p><p class="byline">By Jane Roe</p>'
    row = authors("", body=body)
    assert row["authors"] == ["Jane Roe"]
    assert evidence(row, "authors") == [("won", "class: author", "Jane Roe")]


# --- the rest --------------------------------------------------------------------------------------------------------


def test_address_is_the_canonical_one() -> None:
    head = '<link rel="canonical" href="https://news.ledger.co.uk/tram"><meta property="og:url" content="https://m.ledger.co.uk/t">'
    row = described(declared(head), ("paragraph", PROSE))
    assert (row["url"], row["site"]) == ("https://news.ledger.co.uk/tram", "ledger.co.uk")
    front = '<link rel="canonical" href="https://ledger.co.uk/"><meta property="og:url" content="https://ledger.co.uk/tram">'
    assert described(declared(front), ("paragraph", PROSE))["url"] == "https://ledger.co.uk/tram"


@pytest.mark.parametrize(
    "address", ["/tram", "data:text/html,x", "javascript:alert(1)", "https://", "ftp://x.example/"]
)
def test_what_is_no_address(address: str) -> None:
    row = described(declared(f'<link rel="canonical" href="{address}">'), ("paragraph", PROSE))
    assert (row["url"], row["site"]) == (None, None)


def test_language_of_the_text_stands_before_the_declared_one() -> None:
    row = described(declared(attributes='lang="de-AT"'), ("paragraph", PROSE))
    assert row["language"] == "en"
    assert evidence(row, "language") == [("differs", "html: lang", "de")]
    row = described(declared(attributes='lang="de-AT"'), ("title", "Tram"))
    assert (row["language"], evidence(row, "language")) == ("de", [("won", "html: lang", "de")])
    assert described(declared(attributes='lang="xx-klingon"'), ("title", "Tram"))["language"] is None


def test_summary_section_and_publisher_of_the_markup_fill_what_the_text_leaves_open() -> None:
    head = ld(ARTICLE) + '<meta name="description" content="The board votes for two years of service.">'
    row = described(declared(head), ("title", "Harbour tram to run again"), ("paragraph", PROSE))
    assert row["summary"] == "The board votes for two years of service."
    assert (row["section"], row["publisher"]) == ("Transport", "Quayside Ledger")
    lines = ("title", "Harbour tram to run again"), ("summary", "A vote for trams"), ("paragraph", PROSE)
    row = described(declared(head), *lines)
    assert row["summary"] == "A vote for trams"
    assert ("differs", "meta: description", "The board votes for two years of service.") in evidence(row, "summary")


def test_section_from_the_breadcrumb() -> None:
    crumbs = [{"@type": "ListItem", "name": name} for name in ("Home", "News", "Transport", "Trams return")]
    head = ld({"@type": "BreadcrumbList", "itemListElement": crumbs})
    row = described(declared(head), ("title", "Trams return"), ("paragraph", PROSE))
    assert (row["section"], evidence(row, "section")) == (
        "Transport",
        [("won", "json-ld: BreadcrumbList", "Transport")],
    )


CC = "https://creativecommons.org/licenses/by-sa/4.0/"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (f'<a rel="license" href="{CC}">CC</a>', CC),
        (f'<p>Text is under <a href="{CC}">CC BY-SA</a></p>', CC),
        (f'<figure><a href="{CC}">CC</a></figure>', None),
        (f'<a href="{CC}">CC</a><a href="https://creativecommons.org/licenses/by/2.0/">CC</a>', None),
        (f'<a href="{CC}">CC</a><a href="{CC}deed.de">CC</a>', CC),
        ('<a rel="license" href="/terms">Terms</a>', None),
    ],
)
def test_license(html: str, found: str | None) -> None:
    assert described(declared(body=html), ("paragraph", PROSE))["license"] == found


def test_words_that_name_a_licence_and_words_that_do_not() -> None:
    assert described(declared('<meta name="dc.rights" content="CC BY 4.0">'), ("title", "T"))["license"] == "CC BY 4.0"
    assert (
        described(declared('<meta name="dc.rights" content="All rights reserved">'), ("title", "T"))["license"] is None
    )


@pytest.mark.parametrize(
    ("head", "reserved"),
    [
        ('<meta name="robots" content="NOINDEX, follow">', ["noindex"]),
        ('<meta name="robots" content="none">', ["noindex"]),
        ('<meta name="robots" content="noai, noimageai, max-image-preview:large">', ["noai", "noimageai"]),
        ('<meta name="googlebot" content="noindex">', []),
        ('<meta name="gptbot" content="noai">', ["noai"]),
        (
            '<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="https://x.example/p">',
            ["tdm-reservation"],
        ),
        ('<meta name="tdm-reservation" content="0">', []),
        ('<meta name="robots" content="index, follow">', []),
    ],
)
def test_reservations(head: str, reserved: list[str]) -> None:
    assert described(declared(head), ("paragraph", PROSE))["reservations"] == reserved


def test_an_html_file_comes_out_whole(tmp_path: Path) -> None:
    file = tmp_path / "tram.html"
    head = f"<title>Harbour tram to run again | Ledger</title>{ld(ARTICLE)}<meta name='robots' content='noai'>"
    body = f"<h1>Harbour tram to run again</h1><p>By Maeve Tolland</p><p>{PROSE}</p>"
    file.write_text(f"<html lang='en'><head>{head}</head><body>{body}</body></html>", encoding="utf-8")
    page = parse_file(file)
    assert isinstance(page, PageRead)
    assert (page.title, page.authors) == ("Harbour tram to run again", ("Maeve Tolland",))
    assert page.published == datetime.fromisoformat("2023-10-19T06:45")
    assert page.published_precision == "second"
    assert (page.publisher, page.license) == ("Quayside Ledger", CC.replace("by-sa", "by"))
    assert page.reservations == ("noai",)


def test_a_page_without_markup_is_described_as_ever() -> None:
    lines = ("title", "Trams return"), ("date", "Updated 20 May 2024"), ("paragraph", PROSE)
    row = described(None, *lines)
    assert (row["published"], row["license"], row["reservations"]) == (None, None, [])
    assert {x["origin"] for x in row["evidence"]} == {"text"}


def test_evidence_is_bounded() -> None:
    metas = "".join(f'<meta name="author" content="Jane Roe{chr(97 + i % 26)}{i}">' for i in range(500))
    row = described(declared(metas + ld(ARTICLE)), ("title", "Trams return"), ("paragraph", PROSE))
    assert len(evidence(row, "authors")) == 1 + MAX_DIFFERING
    long = described(
        declared(f'<meta property="og:title" content="{"x " * 9000}">'), ("title", "T"), ("paragraph", PROSE)
    )
    assert all(len(x["value"] or "") <= 300 for x in long["evidence"])
