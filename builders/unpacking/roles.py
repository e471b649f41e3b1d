"""Roles: which column of a table holds the page, its id, its address and its date, and how a row becomes a document.

The rule looks at one row at a time, so that a row is read alike in whatever part of a file it lies. Columns named by
the recipe are taken alone; else the known names below, in their order and whatever their case. HTML says more than text
and comes before it. Where no column has a known name, the page is the only column that holds text.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dehusk.builders.recipe import Sources

from .box import Box, too_large
from .document import Document, Item, Media, Refused, Unread, escape_text
from .recognise import is_markup

HTML_NAMES: Final = ("html", "raw_html", "html_content", "page_html", "html_body", "body_html")
TEXT_NAMES: Final = (
    *("text", "content", "raw", "raw_text", "raw_content", "plain_text", "page_text", "full_text", "article_text"),
    *("body", "page", "document", "article", "markdown"),
)
ID_NAMES: Final = ("id", "_id", "doc_id", "document_id", "record_id", "warc_record_id", "page_id", "uuid")
URL_NAMES: Final = ("url", "uri", "source_url", "page_url", "target_uri", "warc_target_uri", "canonical_url", "link")
DATE_NAMES: Final = (
    *("date", "crawl_date", "fetch_date", "fetch_time", "fetched_at", "crawled_at", "warc_date", "crawl_timestamp"),
    *("timestamp", "datetime"),
)
"""The columns that are known by their names, as collections of web pages call them."""

MOST: Final = 2000
"""Characters of an id, an address or a date that are kept."""

ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of a table are for; each in the order in which it is asked.

    Attributes:
        html: columns of HTML.
        text: columns of text.
        id: columns of ids.
        url: columns of addresses.
        date: columns of dates.
        extra: columns that are carried along.
    """

    html: tuple[str, ...]
    text: tuple[str, ...]
    id: tuple[str, ...]
    url: tuple[str, ...]
    date: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """All that are needed."""
        return list(dict.fromkeys((*self.html, *self.text, *self.id, *self.url, *self.date, *self.extra)))


def assign_roles(names: Sequence[str], texts: Sequence[str], sources: Sources) -> Roles:
    """Says what each column is for.

    >>> assign_roles(["URL", "Text", "n"], ["URL", "Text"], Sources()).text
    ('Text',)

    Args:
        names: all columns.
        texts: those that hold text.
        sources: the recipe's `[sources]`.
    """
    lower = {name.lower(): name for name in reversed(names)}

    def role(named: str, known: tuple[str, ...]) -> tuple[str, ...]:
        if named:
            return (named,) if named in names else ()
        return tuple(lower[name] for name in known if name in lower)

    either = bool(sources.text_column or sources.html_column)
    html = role(sources.html_column, () if either else HTML_NAMES)
    text = role(sources.text_column, () if either else TEXT_NAMES)
    others = (role(sources.id_column, ID_NAMES), role(sources.url_column, URL_NAMES))
    date = role(sources.date_column, DATE_NAMES)
    if not (html or text or either):
        taken = {name for columns in (*others, date) for name in columns}
        left = [name for name in texts if name not in taken]
        text = tuple(left) if len(left) == 1 else ()
    used = {columns[0] for columns in (html, text, *others, date) if columns}
    wanted = sources.extra_columns
    extra = tuple(name for name in names if name in wanted or (ALL in wanted and name not in used))
    return Roles(html, text, *others, date, extra)


def no_page_in(names: Sequence[str]) -> Refused:
    """Why a table, or a row, has no page: none of its columns can hold one."""
    listed = escape_text(", ".join(names)[:200])
    return Refused("no_text_column", f"none of its columns ({listed}) is known to hold text or HTML; name it")


def read_row(row: Mapping[str, Any], roles: Roles, box: Box, offset: int, kind: str) -> Item:
    """One row of a table as a document, or why it is none.

    Args:
        row: its values by column.
        roles: what the columns are for.
        box: the table.
        offset: where the row begins, for its place.
        kind: the format of the table.
    """
    place = box.at(offset)
    if not (roles.html or roles.text):
        return Unread(place, no_page_in(list(row)))
    media, data = _page(row, roles)
    try:
        extra = json.dumps({name: row.get(name) for name in roles.extra}, ensure_ascii=False, default=_plain)
    except (ValueError, RecursionError):
        return Unread(place, Refused("damaged", "its other columns cannot be written as JSON"), data)
    if max(len(data), len(extra)) > box.largest:
        return Unread(place, too_large(box.largest))
    return Document(
        data,
        place,
        media,
        box.format(kind, media),
        record=_first(row, roles.id),
        url=_first(row, roles.url),
        date=_first(row, roles.date),
        extra=extra if roles.extra else None,
    )


def _page(row: Mapping[str, Any], roles: Roles) -> tuple[Media, bytes]:
    """The first cell that holds anything; what HTML is, its column or its beginning says."""
    for name in roles.html:
        if data := _bytes(row.get(name)):
            return "html", data
    for name in roles.text:
        if data := _bytes(row.get(name)):
            return "html" if is_markup(data) else "text", data
    return "text", b""


def _bytes(cell: object) -> bytes:
    if isinstance(cell, str):
        return cell.encode("utf-8", "surrogateescape") if not cell.isspace() else b""
    return cell if isinstance(cell, bytes) and not cell.isspace() else b""


def _first(row: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    """The first of some cells that says anything, as one line of text."""
    for name in columns:
        cell = row.get(name)
        if cell is not None and cell != "":
            plain = cell if isinstance(cell, str | int) else _plain(cell)
            return one_line(str(plain))
    return None


def one_line(text: str) -> str:
    """What a box says, as one line of text that can be stored: hidden characters escaped, cut at `MOST`."""
    return escape_text(text.strip()[:MOST])


def _plain(value: Any) -> object:
    """A value that JSON does not know."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
