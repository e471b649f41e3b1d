"""Reads what the markup of an HTML page declares about it.

That is JSON-LD, OpenGraph, Dublin Core and other `<meta>` names, microdata, `<time>`, `<title>`, headings, links and
`lang`.

Nothing is chosen here: every statement is kept with where it stands. What to believe is settled later, with the
page's visible text at hand. A statement is plain text: tags, character references and control characters are gone,
and it is bounded.

Of the libraries for this, `extruct` (0.18) takes 3.9 ms a median benchmark page, for it parses the page anew, and
brings ten packages; it follows no reference and says of no node whether it is the page's. `htmldate` (1.11) takes
3.1 ms for the date alone and is right as often (0.974 of fundus's days, the rules here 0.980). The tree here is the one
that the page's lines come from.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

import pyarrow as pa
from turbohtml import Document, Element, Node, Text

from .jsonld import (
    MAX_CHARS,
    Graph,
    Page,
    addresses_of,
    bare_address,
    crumbs_of,
    find_own,
    letters,
    names_of,
    read_graph,
    resolve,
)
from .plain import as_text, plain_text
from .words import any_of

MAX_ELEMENTS: Final = 3000
"""Elements of a page that are looked at; of 2,236 benchmark pages the fullest have 2,760."""

MAX_EACH: Final = 30
"""Statements of one origin that are kept."""

MAX_TRIED: Final = 8
"""Elements of a class that speaks of dates, or of authors, that are looked at."""

MAX_CLIMB: Final = 60
"""Ancestors of an element that are looked at."""

MAX_HEADING: Final = 500
MAX_BYLINE: Final = 200
MAX_DATE: Final = 100
"""Characters that the text of an element may have to be a headline, a name, a date."""


class Declared(NamedTuple):
    """One statement of a page's markup about it.

    Attributes:
        field: what it is about: a field of the record, `site_name` or `organisations`.
        origin: where it stands, as 'json-ld: datePublished', 'meta: og:title', 'time: datetime'.
        value: what it says, as plain text.
    """

    field: str
    origin: str
    value: str


DECLARED: Final = pa.list_(pa.struct([(name, pa.string()) for name in Declared._fields]))
"""The statements of a page as a column of the table of pages."""


def _named(table: dict[str, str]) -> dict[str, str]:
    return {name: field for field, names in table.items() for name in names.split()}


META_FIELDS: Final = _named(
    {
        "title": """
            og:title twitter:title twitter:text:title title headline dc.title dcterms.title dc:title citation_title
            parsely-title sailthru.title cxenseparse:title og:article:title hdl article_title article:title
        """,
        "published": """
            article:published_time og:article:published_time og:published_time og:pubdate date datepublished pubdate
            publishdate publish-date publish_date pub_date publication_date published published_at date.created
            date.available dc.date dc.date.issued dc.date.created dc:date dcterms.date dcterms.issued dcterms.created
            dcterms.available citation_publication_date citation_date citation_online_date parsely-pub-date
            sailthru.date cxenseparse:publishtime cxenseparse:recs:publishtime article.published article:published
            article_date_original originalpublicationdate rnews:datepublished bt:pubdate displaydate uploaddate
            datecreated og:date article:date article:post_time datepublished.published
            shareaholic:article_published_time
        """,
        "modified": """
            article:modified_time og:article:modified_time og:updated_time og:modified_time datemodified lastmod
            last-modified last_modified dc.date.modified dcterms.modified date.modified date.updated modified
            article.updated article:modified updated_at utime revised rnews:datemodified dateupdated
            shareaholic:article_modified_time
        """,
        "authors": """
            author authors article:author og:article:author og:author dc.creator dcterms.creator dc:creator creator
            dc.author citation_author citation_authors parsely-author sailthru.author cxenseparse:author byl byline
            rbauthors article_author shareaholic:article_author_name article:author_name bt:author rnews:author
            dc.contributor.author
        """,
        "section": """
            article:section og:article:section articlesection section og:section parsely-section dc.subject.section
            cxenseparse:section mrf:sections
        """,
        "summary": """
            og:description description twitter:description dc.description dcterms.description dcterms.abstract
            dc.description.abstract sailthru.description dc:description
        """,
        "publisher": """
            dc.publisher dcterms.publisher dc:publisher citation_publisher publisher og:publisher copyright-holder
        """,
        "site_name": """
            og:site_name application-name apple-mobile-web-app-title site_name citation_journal_title og:site
        """,
        "language": "content-language language dc.language dcterms.language dc:language og:locale inlanguage",
        "url": "og:url twitter:url parsely-link",
        "license": "dcterms.license dc.rights.license license dc.rights dcterms.rights dc:rights rights",
    }
)
"""What the names of `<meta>` elements are about, whether they stand in `name`, `property`, `itemprop` or
`http-equiv`; in lower case."""

_PROPERTY_FIELDS: Final = {
    "headline": "title",
    "datepublished": "published",
    "datecreated": "published",
    "uploaddate": "published",
    "datemodified": "modified",
    "articlesection": "section",
    "description": "summary",
    "author": "authors",
    "creator": "authors",
    "inlanguage": "language",
    "license": "license",
}
"""What properties of microdata are about, where they are of the page's article."""

_ROBOTS: Final = re.compile(r"robots$|bot$|crawler$|^slurp$|^tdm-reservation$|^tdm-policy$")
_ARTICLE_TYPE: Final = re.compile(r"schema\.org/(?:\w*Article|\w*Posting|Report|Recipe|Review|CreativeWork|\w*Page)$")
_CHANGED: Final = re.compile(r"updat|modif|edited|lastmod", re.IGNORECASE)
_PUBLISHED: Final = re.compile(r"publi|posted|pubdate|created|entry-date|post-date|issued", re.IGNORECASE)
# Containers whose dates, names and headings are not the page's, by how a class or an id begins.
_ASIDE: Final = re.compile(
    r"(?:^|[\s_])(?:comments?(?!-?(?:open|enabled|closed|count))|replies|reply|related|sidebar|widget|footer|teaser"
    r"|recommend|promo|popular|trending|menu|nav|modal|cookie|newsletter|latest|most-?read|more-?(?:from|stories|news|on))",
    re.IGNORECASE,
)
_ASIDE_TAGS: Final = frozenset(("aside", "nav", "footer", "form", "dialog", "noscript", "template"))
_LABEL_BY: Final = re.compile(
    any_of(
        r"""
        written by | author | by | posted by | von | verfasst von | geschrieben von | autor(?:a|in)? | écrit par
        rédigé par | auteure?
        escrito por | por | scritto da | autore | di | geschreven door | door | auteur | napisane przez | skriven av
        skrevet av | forfatter | автор | написано | yazan | ditulis oleh | 執筆者 | 作者 | 著者 | написал
        """
    )
    + r"\s*:?$",
    re.IGNORECASE,
)

_PUBLISHED_NAME: Final = re.compile(
    r"publi(?:sh|c)\w{0,6}[-_.: ]?(?:date|time|on|at)$|pub[-_.:]?date$|date[-_.: ]?(?:publi|creat|issued|posted)"
)
_MODIFIED_NAME: Final = re.compile(r"(?:modifi|updat|chang)\w{0,6}[-_.: ]?(?:date|time|on|at)$")
# 'datePublished', 'publishedAt', 'publish_date' ... with an ISO date; begins with letters, which `re` looks for first.
_SCRIPT_DATE: Final = re.compile(
    r"ubli(?:sh(?:ed)?|cation)_?(?:[aA]t|[oO]n|[dD]ate|[tT]ime)?\\?[\"']?"
    r"\s{0,3}:\s{0,3}\\?[\"']((?:19|20)\d\d-[01]\d-[0-3]\d[^\"'\\]{0,25})"
)
_NAMED_CLASS: Final = re.compile(r"author(?!i)|byline|username", re.IGNORECASE)
_DATE_CLASS: Final = re.compile(r"date(?!p)|publi", re.IGNORECASE)
_DIGIT: Final = re.compile(r"\d")

_SELECTOR: Final = (
    "html,meta,title,h1,time,link[rel],[itemprop],script[type],a[rel~=author],a[rel~=license],"
    'a[href*="creativecommons.org/"]'
)
_DATED: Final = "[class*=date i],[class*=publi i]"
_NAMED: Final = "[class*=author i],[class*=byline i],[class*=username]"
_CLASSED_TAGS: Final = frozenset(
    (
        "a",
        "span",
        "div",
        "p",
        "li",
        "small",
        "em",
        "strong",
        "b",
        "i",
        "dd",
        "td",
        "abbr",
        "cite",
        "address",
        "h4",
        "h5",
        "h6",
    )
)
_BREAKS: Final = frozenset(("br", "p", "div", "li", "td", "section", "h1", "h2", "h3", "ul"))
_UNSEEN: Final = frozenset(("script", "style", "template", "svg", "button", "noscript", "select", "textarea"))


class _Reading:
    """The statements of one page, as they are found."""

    def __init__(self) -> None:
        self.found: list[Declared] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.scripts: list[str] = []
        self.labels: dict[str, str] = {}
        self.titled = False
        self.around: set[Element] = set()

    def say(self, field: str, origin: str, value: str) -> None:
        count = self.counts.get((field, origin), 0)
        if value and count < MAX_EACH:
            self.counts[field, origin] = count + 1
            self.found.append(Declared(field, origin, value))


def _attribute(node: Element, name: str) -> str:
    return node.attr(name) or ""


def _ancestors(node: Element) -> Iterator[Element]:
    parent = node.parent
    for _ in range(MAX_CLIMB):
        if not isinstance(parent, Element) or parent.tag in ("html", "body"):
            return
        yield parent
        parent = parent.parent


def _is_aside(node: Element, around: AbstractSet[Element] = frozenset()) -> bool:
    """Whether an element stands in a part of the page that is about something else; what holds the `<h1>` is not."""
    for parent in _ancestors(node):
        if parent in around:
            return False
        if parent.tag in _ASIDE_TAGS:
            return True
        if _ASIDE.search(f"{_attribute(parent, 'class')} {_attribute(parent, 'id')}"[:300]):
            return True
    return False


def _inner_text(node: Element, limit: int) -> str:
    """The text of an element that is seen, as plain text; nothing of an element with much more than the limit."""
    parts: list[str] = []
    stack: list[Node] = [node]
    size = 0
    while stack and size <= limit:
        inner = stack.pop()
        if isinstance(inner, Text):
            parts.append(inner.text)
            size += len(inner.text)
        elif isinstance(inner, Element):
            if inner.tag in _BREAKS:
                parts.append(" ")
            if inner.tag not in _UNSEEN and inner.attr("hidden") is None:
                stack += reversed(inner.children)
    return plain_text("".join(parts)) if size <= limit else ""


def _like_a_date(name: str) -> str | None:
    """The field of a name that is in no table and says that it is of a date: 'w-published-date', 'articlePubDate'."""
    if _PUBLISHED_NAME.search(name):
        return "published"
    return "modified" if _MODIFIED_NAME.search(name) else None


def _meta(node: Element, reading: _Reading) -> None:
    content = _attribute(node, "content")
    if not content:
        return
    for key in ("property", "name", "itemprop", "http-equiv"):
        names = _attribute(node, key)
        if not names:
            continue
        for name in names[:200].lower().split():
            if key == "itemprop":
                if (field := _PROPERTY_FIELDS.get(name)) is not None and _of_article(node, reading):
                    reading.say(field, f"microdata: {name}", plain_text(content))
            elif (field := META_FIELDS.get(name) or _like_a_date(name)) is not None:
                reading.say(field, f"meta: {name}", plain_text(content))
            elif _ROBOTS.search(name):
                reading.say("reservations", f"meta: {name}", plain_text(content))
            elif name.startswith(("twitter:label", "twitter:data")):
                reading.labels[name[8:]] = plain_text(content)


def _link(node: Element, reading: _Reading) -> None:
    relations = _attribute(node, "rel").lower().split()
    address = plain_text(_attribute(node, "href"))
    if "canonical" in relations:
        reading.say("url", "link: canonical", address)
    if "license" in relations:
        reading.say("license", "link: license", address)


def _anchor(node: Element, reading: _Reading) -> None:
    """A link that names the author, or a licence that is not of a picture."""
    relations = _attribute(node, "rel").lower().split()
    if "author" in relations and not _is_aside(node, reading.around):
        reading.say("authors", "a: author", _inner_text(node, MAX_BYLINE))
    address = plain_text(_attribute(node, "href"))
    if "license" in relations:
        reading.say("license", "a: license", address)
    elif "creativecommons.org/" in address and not any(x.tag in ("figure", "figcaption") for x in _ancestors(node)):
        reading.say("license", "a: creativecommons", address)


def _time(node: Element, reading: _Reading) -> None:
    value = plain_text(_attribute(node, "datetime")) or _inner_text(node, MAX_DATE)
    if not value or _is_aside(node, reading.around):
        return
    parent = node.parent
    classes = f"{_attribute(node, 'class')} {_attribute(node, 'itemprop')}"
    if isinstance(parent, Element):
        classes += f" {_attribute(parent, 'class')}"
    if _CHANGED.search(classes) and not _PUBLISHED.search(classes):
        reading.say("modified", "time: modified", value)
    elif _PUBLISHED.search(classes) or node.attr("pubdate") is not None:
        reading.say("published", "time: published", value)
    else:
        reading.say("published", "time: datetime", value)


def _say_classed(tree: Document, reading: _Reading, selector: str, rule: re.Pattern[str]) -> None:
    """The first elements whose class says that they hold a date or a name, and which hold little else."""
    tried = 0
    for node in tree.select(selector):
        if tried == MAX_TRIED:
            return
        classes = _attribute(node, "class")
        if node.tag not in _CLASSED_TAGS or node.attr("itemprop") is not None or rule.search(classes) is None:
            continue
        tried += 1
        text = _inner_text(node, MAX_DATE)
        if not text or _is_aside(node, reading.around):
            continue
        if rule is _NAMED_CLASS:
            reading.say("authors", "class: author", text)
        elif _DIGIT.search(text):
            changed = _CHANGED.search(f"{classes} {text}")
            reading.say("modified" if changed else "published", "class: date", text)


def _scope(node: Element) -> Element | None:
    """The microdata item that an element's property is of."""
    return next((parent for parent in _ancestors(node) if parent.attr("itemscope") is not None), None)


def _of_article(node: Element, reading: _Reading) -> bool:
    """Whether a property is of the page's article, not of a comment, a teaser or a picture."""
    scope = _scope(node)
    if scope is None:
        return node.tag == "meta"  # of no item: of the page
    return (
        _ARTICLE_TYPE.search(_attribute(scope, "itemtype").strip()) is not None
        and "comment" not in _attribute(scope, "itemprop").lower()
        and not _is_aside(scope, reading.around)
    )


def _property(node: Element, reading: _Reading) -> None:
    for name in _attribute(node, "itemprop")[:200].lower().split():
        field = _PROPERTY_FIELDS.get(name)
        if field is None or not _of_article(node, reading):
            continue
        item = field == "authors" and node.attr("itemscope") is not None
        holder = (node.select_one("[itemprop~=name]") if item else None) or node
        value = _attribute(holder, "content") or _attribute(holder, "datetime") or _inner_text(holder, MAX_BYLINE)
        reading.say(field, f"microdata: {name}", plain_text(value))


def _script(node: Element, reading: _Reading) -> None:
    if "ld+json" in _attribute(node, "type").lower():
        reading.scripts.append(node.text)


def _root(node: Element, reading: _Reading) -> None:
    reading.say("language", "html: lang", plain_text(_attribute(node, "lang") or _attribute(node, "xml:lang")))


def _title(node: Element, reading: _Reading) -> None:
    """The first `<title>` alone: pictures in SVG have titles too."""
    if not reading.titled:
        reading.titled = True
        reading.say("title", "title", plain_text(node.text))


def _heading(node: Element, reading: _Reading) -> None:
    if not _is_aside(node):
        reading.say("title", "h1", _inner_text(node, MAX_HEADING))


_READERS: Final = {
    "meta": _meta,
    "script": _script,
    "html": _root,
    "link": _link,
    "title": _title,
    "h1": _heading,
    "time": _time,
    "a": _anchor,
}
"""What reads an element, by its tag."""


def _element(node: Element, reading: _Reading) -> None:
    tag = node.tag
    reader = _READERS.get(tag)
    if reader is not None:
        reader(node, reading)
    if tag not in ("meta", "time") and node.attr("itemprop") is not None:
        _property(node, reading)


def _labelled(reading: _Reading) -> None:
    """Twitter's pairs of a label and a value, as in 'Written by' and a name."""
    for name, label in reading.labels.items():
        if name.startswith("label") and _LABEL_BY.match(label):
            reading.say("authors", f"meta: twitter:data{name[5:]}", reading.labels.get(f"data{name[5:]}", ""))


# --- JSON-LD ----------------------------------------------------------------------------------------------------------

_TEXTS: Final = (
    ("title", "headline"),
    ("published", "datePublished"),
    ("published", "uploadDate"),
    ("published", "dateCreated"),
    ("modified", "dateModified"),
    ("section", "articleSection"),
    ("summary", "description"),
    ("language", "inLanguage"),
)


def _say_node(node: dict[str, Any], graph: Graph, prefix: str, reading: _Reading) -> None:
    """What a node that is about the page says."""
    for field, key in _TEXTS:
        values = resolve(node.get(key), graph)
        if values:
            value = values[0]
            if key == "inLanguage" and isinstance(value, dict):
                value = value.get("alternateName") or value.get("name")
            reading.say(field, f"json-ld: {prefix}{key}", as_text(value))
    for key in ("author", "creator"):
        for name, group in names_of(node.get(key), graph):
            reading.say("organisations" if group else "authors", f"json-ld: {prefix}{key}", name)
    for name, _ in names_of(node.get("publisher"), graph):
        reading.say("publisher", f"json-ld: {prefix}publisher", name)
    for address in addresses_of(node.get("license"), graph):
        reading.say("license", f"json-ld: {prefix}license", address)


def _say_graph(reading: _Reading) -> None:
    graph = read_graph(reading.scripts)
    if not graph.every:
        return
    titles = tuple(letters(x.value) for x in reading.found if x.field == "title")
    addresses = frozenset(bare_address(x.value) for x in reading.found if x.field == "url")
    own = find_own(graph, Page(addresses - {""}, titles))
    if own.work is not None:
        prefix = "" if own.is_article else "work "
        _say_node(own.work, graph, prefix, reading)
        if "headline" not in own.work:
            reading.say("title", f"json-ld: {prefix}name", as_text(own.work.get("name")))
    if own.page is not None:
        _say_node(own.page, graph, "page ", reading)
        reading.say("title", "json-ld: page name", as_text(own.page.get("name")))
    for node in graph.every:
        if "WebSite" in (kind for kind in [node.get("@type")] if isinstance(kind, str)):
            reading.say("site_name", "json-ld: WebSite name", as_text(node.get("name")))
    for name in crumbs_of(graph):
        reading.say("trail", "json-ld: BreadcrumbList", name)


def _say_scripts(tree: Document, reading: _Reading) -> None:
    """The first date of publication in the data of other scripts, for pages that say none elsewhere."""
    left = MAX_CHARS
    for node in tree.select("script")[:MAX_EACH]:
        text = node.text[:left]
        left -= len(text)
        if (m := _SCRIPT_DATE.search(text)) is not None:
            reading.say("published", "script: published", plain_text(m[1]))
            return


def read_declared(tree: Document) -> list[Declared]:
    """Everything that a page's markup says about it, in the order of the page, JSON-LD last.

    Args:
        tree: the page, parsed.
    """
    reading = _Reading()
    elements = tree.select(_SELECTOR)[:MAX_ELEMENTS]
    reading.around = {parent for node in elements if node.tag == "h1" for parent in _ancestors(node)}
    for node in elements:
        _element(node, reading)
    _labelled(reading)
    _say_graph(reading)
    fields = {one.field for one in reading.found}
    if "authors" not in fields:
        _say_classed(tree, reading, _NAMED, _NAMED_CLASS)
    if "published" not in fields:
        _say_classed(tree, reading, _DATED, _DATE_CLASS)
        _say_scripts(tree, reading)
    return reading.found
