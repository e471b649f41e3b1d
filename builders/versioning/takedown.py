"""Takedown: the list of what must leave a dataset, `takedown.txt`, one entry a line.

    # a comment stands on a line of its own
    url https://news.example/2021/harbour-tram
    site shop.example
    id 0f3c5a7d9b1e2f4a6c8d0e1f
    path news/harbour-tram.txt

The list lies at the root of the seeds folder and, where a recipe lies elsewhere, beside the recipe; the list of the
dataset that is built anew is honoured too. What stands in any of them stays out.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args
from urllib.parse import unquote

from dehusk.schema.errors import RecipeError
from dehusk.schema.findings import shorten

TAKEDOWN_NAME: Final = "takedown.txt"
"""A file of this name at the root of a seeds folder, or beside a recipe, is a takedown list and never a seed."""

Kind = Literal["id", "path", "site", "url"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

MAX_BYTES: Final = 64 << 20
"""Size of a list that is still read: about a million entries."""

_HEAD: Final = """\
# What was taken out of this dataset, at the wish of someone whom it concerns. Every later build leaves it out too.
# If you keep a copy of an earlier version, please take it out of yours.
"""

_ID: Final = re.compile(r"[0-9a-f]{24}")
_HOST: Final = re.compile(r"[^\s/?#@:.\[\]]+(?:\.[^\s/?#@:.\[\]]+)+")
_URL: Final = re.compile(r"(?:https?://)?(?:[^\s/?#@]*@)?[^\s/?#@:]+(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TIPS: Final = {
    "id": "an id is 24 hex digits, as in the column `id`",
    "path": "a path is that of a file, as in the column `source.path`",
    "site": "a site is a name such as example.org, without https:// and path",
    "url": "an address is as in the column `url`, without white space",
}
_LONGEST_HOST: Final = 253  # RFC 1035


class Entry(NamedTuple):
    """One line of the list.

    Attributes:
        kind: what `value` is: an `id`, a `path` (as `source.path` spells it), a `site` or a `url`.
        value: as it was written, ids and sites in lower case.
    """

    kind: Kind
    value: str


@dataclass(frozen=True)
class Takedown:
    """A list, ready to be compared with records.

    Attributes:
        entries: its lines, each once.
    """

    entries: frozenset[Entry] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def __or__(self, other: "Takedown") -> "Takedown":
        return Takedown(self.entries | other.entries)

    def with_ids(self, ids: Iterable[str]) -> "Takedown":
        """The list with these ids too."""
        return Takedown(self.entries | {Entry("id", key) for key in ids})

    def _of(self, kind: Kind) -> frozenset[str]:
        return frozenset(entry.value for entry in self.entries if entry.kind == kind)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids."""
        return self._of("id")

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths of seed files."""
        return self._of("path")

    @cached_property
    def urls(self) -> frozenset[str]:
        """The addresses, as `url_key` gives them."""
        return frozenset(map(url_key, self._of("url")))

    @cached_property
    def sites(self) -> frozenset[str]:
        """The sites, as `host_key` gives them."""
        return frozenset(map(host_key, self._of("site")))


NOTHING: Final = Takedown()
"""The empty list."""


# -- addresses --


def host_key(host: str) -> str:
    """A host name as it is compared: in lower case, as ASCII (IDNA), without `www.` and a last dot.

    >>> host_key("WWW.Harbour.Example."), host_key("münster.example")
    ('harbour.example', 'xn--mnster-3ya.example')
    """
    key = host.lower().rstrip(".").removeprefix("www.")
    if key.isascii() or len(key) > _LONGEST_HOST:
        return key
    try:
        return key.encode("idna").decode("ascii")
    except UnicodeError:  # no host name: it is still equal to itself
        return key


def url_host(url: str) -> str:
    """The host of an address, as `host_key` gives it.

    >>> url_host("https://ada@www.harbour.example:8080/tram")
    'harbour.example'
    """
    authority = re.split(r"[/?#]", url.rpartition("://")[2] if "://" in url[:10] else url, maxsplit=1)[0]
    return host_key(authority.rpartition("@")[2].partition(":")[0])


def url_key(url: str) -> str:
    """An address as it is compared: without scheme, port, `www.`, fragment, last slash and percent signs.

    >>> url_key("http://www.harbour.example/tr%C3%A4m/#top") == url_key("https://harbour.example/träm")
    True
    """
    rest = url.partition("://")[2] if "://" in url[:10] else url
    where, mark, query = rest.partition("#")[0].partition("?")
    path = where.partition("/")[2]
    return f"{url_host(url)}/{unquote(path).rstrip('/')}{mark if query else ''}{unquote(query)}"


def domains(url: str, site: str | None) -> Iterator[str]:
    """The host of an address and the domains it lies in, up to the site: all that a `site` entry may name.

    >>> list(domains("https://news.harbour.example/tram", "harbour.example"))
    ['news.harbour.example', 'harbour.example']
    """
    host = url_host(url)
    top = host_key(site) if site else host
    while host.endswith(f".{top}"):
        yield host
        host = host.partition(".")[2]
    yield top


# -- the list --


def make_entry(kind: str, value: str) -> Entry:
    """An entry, its value looked over.

    Raises:
        RecipeError: there is no such kind, or the value is none of that kind.
    """
    problem, tip = _problem(kind, value)
    if problem:
        raise RecipeError(problem, tip)
    named = KINDS[KINDS.index(kind)]
    return Entry(named, value.lower() if named in ("id", "site") else value)


def _problem(kind: str, value: str) -> tuple[str, str]:
    """What is wrong with an entry, and what to do about it; two empty texts when nothing is."""
    if kind not in KINDS:
        return f"`{shorten(kind)}` is no kind of entry", "begin with url, site, id or path; a comment begins with #"
    if not value or _CONTROL.search(value) or not _is_sound(kind, value):
        return f"`{shorten(value)}` is no {kind}", _TIPS[kind]
    return "", ""


def _is_sound(kind: str, value: str) -> bool:
    """Whether a value, which is not empty, can be of its kind."""
    if kind == "id":
        return _ID.fullmatch(value.lower()) is not None
    if kind == "site":
        return _HOST.fullmatch(value) is not None
    if kind == "url":
        return _URL.fullmatch(value) is not None
    parts = value.split("/")
    return "" not in parts and ".." not in parts and value == value.strip()  # outer spaces would not be read again


def parse_takedown(text: str, where: Path) -> Takedown:
    """Reads a list from its text.

    Args:
        text: the list.
        where: its file, for messages.

    Raises:
        RecipeError: a line is none; the message names it by its number.
    """
    entries = set()
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.strip(" \t\r").split(maxsplit=1)
        if not words or words[0].startswith("#"):
            continue
        try:
            entries.add(make_entry(words[0], words[1] if len(words) > 1 else ""))
        except RecipeError as error:
            raise RecipeError(f"{where}, line {number}: {error.message}", error.tip) from None
    return Takedown(frozenset(entries))


def read_takedown(path: Path) -> Takedown:
    """Reads a list; where there is no such file, an empty one.

    Raises:
        RecipeError: it is no regular file, cannot be read, or a line of it is none.
    """
    if not os.path.lexists(path):
        return Takedown()
    tip = "what must stay out cannot be known without it, so nothing was done"
    if not path.is_file():
        raise RecipeError(f"{path} is not a file", tip)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read the takedown list {path}: {error}", tip) from error
    if len(data) > MAX_BYTES:
        raise RecipeError(f"{path} is larger than {MAX_BYTES >> 20} MiB", "list sites instead of their pages")
    return parse_takedown(text, path)


def write_takedown(folder: Path, takedown: Takedown) -> Path:
    """Writes a list into a dataset, sorted, without the comments of those that it was read from.

    Returns:
        The file.
    """
    path = folder / TAKEDOWN_NAME
    lines = [f"{entry.kind} {entry.value}\n" for entry in sorted(takedown.entries)]
    path.write_text(_HEAD + "".join(lines), encoding="utf-8")
    return path
