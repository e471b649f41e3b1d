"""Finds the address that a page states for itself: a permalink, a canonical address, a wiki's 'Retrieved from'.

Any other address on a page leads somewhere else, and is not looked at.
"""

import re
from functools import cache
from typing import Any, Final

from .words import any_of

MAX_URL: Final = 500
MAX_LINKS: Final = 200
"""Addresses of a page that are looked at: those of a page's own stand near its top or in its footer's first lines."""

# What must stand before an address on its line.
_OWN: Final = re.compile(
    r"\s*(?:"
    + any_of(
        r"""
        permanent(?: link)? | permalink | canonical(?: url| link| address)? | page url | url of this page | shortlink
        link to this (?:page|article) | permalien | adresse dieser seite | permanenter link | enlace permanente
        link permanente | постоянная ссылка | постоянный адрес | 固定リンク | 永久链接 | 本文链接 | 本文鏈接
        """
    )
    + r"\s*[:：]?|"
    # the footer of a wiki
    + any_of(
        r"""
        retrieved from | abgerufen von | récupérée? de | obtenido de | estratto da | disponível em | ontleend aan
        hämtad från | hentet fra | źródło:? | источник — | citováno z | letöltve | „?から取得 | 取自 | preluat de la
        """
    )
    + r")\s*[«\"'„“「]?\s*",
    re.IGNORECASE,
)
_INNER: Final = r"[^\s\"'<>“”„«»「」\\^`{|}]"
_URL: Final = re.compile(
    rf"https?://([a-z0-9][a-z0-9.-]{{2,252}})(?::\d{{1,5}})?(?:/{_INNER}{{0,480}})?(?!{_INNER})", re.IGNORECASE
)


def find_address(raw: str) -> tuple[int, int] | None:
    r"""Where a page states its own address, in characters of `raw`; None when it does not.

    >>> page = "Tides\nPermalink: https://tides.example/harbour\n"
    >>> start, end = find_address(page)
    >>> page[start:end]
    'https://tides.example/harbour'
    """
    at = -1
    for _ in range(MAX_LINKS):
        at = raw.find("http", at + 1)
        if at < 0:
            return None
        line = max(raw.rfind("\n", max(0, at - 60), at), raw.rfind("\r", max(0, at - 60), at)) + 1
        if (line or at <= 60) and _OWN.fullmatch(raw, line, at) and (m := _URL.match(raw, at)) is not None:
            end = at + len(m[0].rstrip(".,;:!?)"))
            return (at, end) if end - at <= MAX_URL and "." in m[1] else None
    return None


def is_address(text: str) -> bool:
    """Whether a text is one whole address of the web and nothing else.

    >>> is_address("https://tides.example/a"), is_address("/a"), is_address("data:text/html,x")
    (True, False, False)
    """
    m = _URL.fullmatch(text) if len(text) <= MAX_URL else None
    return m is not None and "." in m[1]


@cache
def _suffixes() -> Any:
    # Loaded when first needed: it takes 0.1 s, and few pages state an address.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False)


def site_of(url: str) -> str | None:
    """The registrable domain of an address, by the public suffix list; None where it has none.

    >>> site_of("https://news.harbour.co.uk/tram"), site_of("http://10.0.0.1/")
    ('harbour.co.uk', None)
    """
    m = _URL.match(url)
    host = m[1].casefold().strip(".") if m else ""
    found: str | None = _suffixes().privatesuffix(host) if host else None
    return found
