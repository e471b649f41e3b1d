"""A page's own address: found where the page states it, and never guessed from its links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.describing.address import MAX_LINKS, MAX_URL, find_address, site_of

STATED = [
    ("Permalink: https://tides.example/harbour/tram", "https://tides.example/harbour/tram"),
    ("Tides\r\n  permanent link https://tides.example/a?b=1&c=2 \r\nMore", "https://tides.example/a?b=1&c=2"),
    (
        'Retrieved from "https://en.wiki.example/w/index.php?title=Tide&oldid=1"',
        "https://en.wiki.example/w/index.php?title=Tide&oldid=1",
    ),
    ("x\nAbgerufen von „https://de.wiki.example/Ebbe“\n", "https://de.wiki.example/Ebbe"),
    ("Récupérée de « https://fr.wiki.example/Mar%C3%A9e »", "https://fr.wiki.example/Mar%C3%A9e"),
    ("本文链接：https://tides.example/1.", "https://tides.example/1"),
    ("See https://a.example/x\nCanonical URL: HTTP://b.example:8080/y", None),  # scheme in capitals is not looked for
    ("See https://a.example/x\nCanonical URL: http://b.example:8080/y", "http://b.example:8080/y"),
]

UNKNOWN = [
    "",
    "Read more at https://tides.example/harbour",
    "https://tides.example/harbour",
    "Source: https://tides.example/harbour",
    "Permalink",
    "Permalink:\nhttps://tides.example/",
    "Permalink: https://localhost",
    "Permalink: https://",
    "Permalink: ftp://tides.example/",
    "Permalink: https://tides.example/" + "a" * MAX_URL,
    "http" * 50,
    "https://x.example\n" * MAX_LINKS + "Permalink: https://tides.example/",  # too far down
]


@pytest.mark.parametrize(("raw", "url"), STATED, ids=[case[0][:30] for case in STATED])
def test_stated(raw: str, url: str | None) -> None:
    found = find_address(raw)

    assert (found and raw[slice(*found)]) == url


@pytest.mark.parametrize("raw", UNKNOWN, ids=[case[:30] for case in UNKNOWN])
def test_unknown(raw: str) -> None:
    assert find_address(raw) is None


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.tides.co.uk/harbour", "tides.co.uk"),
        ("https://news.tides.com", "tides.com"),
        ("https://tides.github.io/", "tides.github.io"),
        ("http://TIDES.de:80/x", "tides.de"),
        ("http://10.0.0.1/", None),
        ("http://co.uk/", None),
        ("not an address", None),
    ],
)
def test_site(url: str, site: str | None) -> None:
    assert site_of(url) == site


@given(st.text(alphabet='Permalink:Retvdfo "htps/.x\n«?', max_size=300))
def test_any_text(raw: str) -> None:
    found = find_address(raw)

    assert found is None or raw[slice(*found)].startswith("http")
