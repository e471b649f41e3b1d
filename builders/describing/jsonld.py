"""Reads the JSON-LD of a page: which of its nodes is the page itself, and what that says.

A page's scripts describe many things: the article, the site, the publisher, teasers, comments. A node is the page's
own when it stands at the top of a script, in `@graph`, or as the `mainEntity` of one that does, and when its address
or its headline is the page's; what is listed, mentioned or answered is left alone. References by `@id` are followed.

The values may be of any type in any place, and nested or long without end: scripts are cut off at `MAX_CHARS`, nodes
at `MAX_NODES` and `MAX_DEPTH`, and what is not of the type that it should be is as good as absent.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from .plain import as_text
from .words import phrases

MAX_CHARS: Final = 1_000_000
"""Characters of the scripts of a page that are read, in all; the longest of 2,236 benchmark pages have 153,095."""

MAX_NODES: Final = 4000
MAX_DEPTH: Final = 40
MAX_LIST: Final = 40
"""Values of a list that are read: authors, licences."""

Node = dict[str, Any]

ARTICLES: Final = frozenset(
    phrases(
        """
        Article | NewsArticle | AdvertiserContentArticle | AnalysisNewsArticle | AskPublicNewsArticle
        BackgroundNewsArticle | OpinionNewsArticle | ReportageNewsArticle | ReviewNewsArticle | SatiricalArticle
        ScholarlyArticle | MedicalScholarlyArticle | TechArticle | APIReference | Report | BlogPosting
        LiveBlogPosting | SocialMediaPosting | DiscussionForumPosting
        """
    )
)
WORKS: Final = frozenset(
    phrases(
        """
        CreativeWork | Recipe | HowTo | Review | CriticReview | Product | ProductGroup | Vehicle | VideoObject
        AudioObject | PodcastEpisode | TVEpisode | RadioEpisode | Episode | Movie | Book | Chapter | Thesis
        Course | Event | JobPosting | Dataset | SoftwareApplication | WebApplication | MobileApplication
        SoftwareSourceCode | ImageGallery | Question | ClaimReview | Game | VideoGame | MusicAlbum
        """
    )
)
PAGES: Final = frozenset(
    phrases(
        """
        WebPage | ItemPage | AboutPage | CheckoutPage | CollectionPage | ContactPage | FAQPage | ProfilePage
        QAPage | RealEstateListing | SearchResultsPage | MedicalWebPage | MediaGallery
        """
    )
)
GROUPS: Final = frozenset(
    phrases(
        """
        Organization | NewsMediaOrganization | Corporation | LocalBusiness | EducationalOrganization
        GovernmentOrganization | NGO
        """
    )
)

_OWN: Final = frozenset(("@graph", "mainEntity", "mainEntityOfPage", "@set", "@list"))
_PREFIX: Final = re.compile(r"^(?:https?://schema\.org/|schema:)", re.IGNORECASE)
# What stands around or in a script that JSON does not allow: comments of HTML, CDATA marks, semicolons, loose commas.
_WRAPPING: Final = re.compile(
    r"^\s*(?:<!--|(?://|/\*)?\s*<!\[CDATA\[\s*(?:\*/)?)|(?:-->|(?://|/\*)?\s*\]\]>\s*(?:\*/)?)?[\s;]*$"
)
_LOOSE_COMMA: Final = re.compile(r",(?=\s*[}\]])")


class Page(NamedTuple):
    """What is known of a page beside its JSON-LD, to know its own node by.

    Attributes:
        addresses: its addresses, as `bare_address` has them.
        titles: its titles, as `letters` has them.
    """

    addresses: frozenset[str]
    titles: tuple[str, ...]


class Graph(NamedTuple):
    """The nodes of a page's scripts.

    Attributes:
        own: those that may be the page itself, in order.
        by_id: the fullest node of each `@id`.
        every: all nodes, in order.
    """

    own: list[Node]
    by_id: dict[str, Node]
    every: list[Node]


def bare_address(address: str) -> str:
    """An address without what often differs between two ways to write it: scheme, 'www.', fragment, last slash.

    >>> bare_address("https://www.tides.example/a/#top")
    'tides.example/a'
    """
    address = address.strip()[:2000].partition("#")[0]
    return re.sub(r"^(?:https?:)?//(?:www\.)?", "", address, flags=re.IGNORECASE).rstrip("/").lower()


@lru_cache(maxsize=1024)
def letters(text: str) -> str:
    """The letters and digits of a text, case folded: what two spellings of a headline are compared by.

    >>> letters("Trams – an Update!") == letters("trams: AN UPDATE")
    True
    """
    return "".join(filter(str.isalnum, text.casefold()))


def parse_script(text: str) -> Any:
    """The value of one script; None where it is not JSON even without comments around it and loose commas in it."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        text = html.unescape(text) if "&quot;" in text else text
        return json.loads(_LOOSE_COMMA.sub("", _WRAPPING.sub("", text)), strict=False)
    except (ValueError, RecursionError):
        return None


def types_of(node: Node) -> list[str]:
    """The types of a node, without the vocabulary's address."""
    kinds = node.get("@type")
    listed = kinds[:MAX_LIST] if isinstance(kinds, list) else [kinds]
    return [_PREFIX.sub("", kind) for kind in listed if isinstance(kind, str)]


def _is(node: Node, kinds: frozenset[str]) -> bool:
    return any(kind in kinds for kind in types_of(node))


def read_graph(scripts: Iterable[str]) -> Graph:
    """All nodes of a page's scripts.

    Args:
        scripts: the text of each script.
    """
    own: list[Node] = []
    every: list[Node] = []
    by_id: dict[str, Node] = {}
    left = MAX_CHARS
    for script in scripts:
        if len(script) <= left:
            left -= len(script)
            for node, is_own in _walk(parse_script(script), MAX_NODES - len(every)):
                every.append(node)
                if is_own:
                    own.append(node)
                name = node.get("@id")
                if isinstance(name, str) and len(node) > len(by_id.get(name, {})):
                    by_id[name] = node
    return Graph(own, by_id, every)


def _plain_keys(node: Node) -> Node:
    """A node whose keys name the vocabulary, without it."""
    if any(":" in key for key in node):
        return {_PREFIX.sub("", key): value for key, value in node.items()}
    return node


def _walk(value: Any, limit: int) -> Iterator[tuple[Node, bool]]:
    """The nodes in a value, in order, each with whether it may be the page itself."""
    stack: list[tuple[Any, int, bool]] = [(value, 0, True)]
    while stack and limit > 0:
        value, depth, own = stack.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(value, dict):
            node = _plain_keys(value)
            limit -= 1
            yield node, own
            inner = [(child, depth + 1, own and key in _OWN) for key, child in node.items()]
            stack += reversed(inner[:limit])
        elif isinstance(value, list):
            stack += reversed([(child, depth + 1, own) for child in value[:limit]])


class Own(NamedTuple):
    """The nodes of a page that are about the page.

    Attributes:
        work: its article, else the work that it shows (a product, a video); None where it has none.
        page: the page as such; None where it has none.
        is_article: whether `work` is an article.
    """

    work: Node | None
    page: Node | None
    is_article: bool


def _addresses(node: Node) -> Iterator[str]:
    """The addresses of a node, and of the page that it says to be of."""
    for key in ("url", "@id", "mainEntityOfPage"):
        value = node.get(key)
        for inner in (value.get("@id"), value.get("url")) if isinstance(value, dict) else (value,):
            if isinstance(inner, str):
                yield bare_address(inner)


def _fit(node: Node, page: Page) -> int:
    """How well a node fits a page: 2 for its address, 3 for its headline, -1 for the address of another page."""
    addresses = set(_addresses(node)) - {""}
    score = 2 if addresses & page.addresses else 0
    headline = letters(as_text(node.get("headline") or node.get("name")))
    if len(headline) > 3 and any(headline in title or (len(title) > 9 and title in headline) for title in page.titles):
        score += 3
    return score


def find_own(graph: Graph, page: Page) -> Own:
    """The nodes of a page's scripts that are about the page.

    Of several articles the one that fits best; where none fits, the only one. Of equals the one that says more.
    """
    for kinds in (ARTICLES, WORKS):
        works = [node for node in graph.own if _is(node, kinds)]
        fits = [_fit(node, page) for node in works]
        if works and (max(fits) > 0 or len(works) == 1):
            best = max(range(len(works)), key=lambda i: (fits[i], len(works[i]), -i))
            return Own(works[best], _own_page(graph, page), kinds is ARTICLES)
    return Own(None, _own_page(graph, page), is_article=False)


def _own_page(graph: Graph, page: Page) -> Node | None:
    pages = [node for node in graph.own if _is(node, PAGES)]
    return max(pages, key=lambda node: (_fit(node, page), len(node)), default=None)


def resolve(value: Any, graph: Graph) -> list[Any]:
    """The values of a property, as a list, references by `@id` replaced by the nodes that they name."""
    values = value[:MAX_LIST] if isinstance(value, list) else [] if value is None else [value]
    return [_follow(inner, graph) for inner in values]


def _follow(value: Any, graph: Graph) -> Any:
    name = value.get("@id") if isinstance(value, dict) and "name" not in value else None
    return graph.by_id.get(name, value) if isinstance(name, str) else value


def names_of(value: Any, graph: Graph) -> list[tuple[str, bool]]:
    """The names that a property gives, each with whether it is of an organisation.

    >>> names_of([{"@type": "Person", "name": "Jane Roe"}, "Max Moor"], read_graph([]))
    [('Jane Roe', False), ('Max Moor', False)]
    """
    found: list[tuple[str, bool]] = []
    for inner in resolve(value, graph):
        if isinstance(inner, dict):
            name = inner.get("name")
            several = name[:MAX_LIST] if isinstance(name, list) else [name]
            if not any(several) and (inner.get("givenName") or inner.get("familyName")):
                several = [f"{as_text(inner.get('givenName'))} {as_text(inner.get('familyName'))}".strip()]
            found += [(as_text(one), _is(inner, GROUPS)) for one in several]
        else:
            found.append((as_text(inner), False))
    return [(name, group) for name, group in found if name]


def addresses_of(value: Any, graph: Graph) -> list[str]:
    """The addresses that a property gives: strings, or the `url` or `@id` of objects."""
    found = []
    for inner in resolve(value, graph):
        address = inner.get("url") or inner.get("@id") if isinstance(inner, dict) else inner
        if text := as_text(address):
            found.append(text)
    return found


def crumbs_of(graph: Graph) -> list[str]:
    """The names of the page's first breadcrumb trail, from the site's top down; empty where it has none."""
    for node in graph.every:
        if _is(node, frozenset(("BreadcrumbList",))):
            return [name for name in map(_crumb, resolve(node.get("itemListElement"), graph)) if name]
    return []


def _crumb(element: Any) -> str:
    if not isinstance(element, dict):
        return ""
    item = element.get("item")
    return as_text(element.get("name")) or (as_text(item.get("name")) if isinstance(item, dict) else "")
