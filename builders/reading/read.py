"""Step 1, read: documents → the pages table, and what is no page → the rejects table."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa

from dehusk.builders.describing.declared import DECLARED, read_declared
from dehusk.builders.unpacking.document import Document, Item, Place, Refused, Unread, escape_text, place_columns
from dehusk.schema.record import RECORDS, REJECTS
from dehusk.schema.view import WHITE_SPACE

from .decode import Decoded, decode_page, decode_text
from .html import CUT, HtmlPage, Lines, cut_column, html_page

PAGES: Final = pa.schema(
    [
        *(RECORDS.field(name) for name in ("id", "raw", "flags", "source", "extra")),
        pa.field("declared", DECLARED),
        pa.field("cut", CUT),
    ]
)
"""The columns of pages as they are read: a part of the record; of HTML, what it declares and its rendered lines."""

EXCERPT: Final = 200
"""Characters of a reject that its row shows."""

ID_DIGITS: Final = 24
"""Hex digits of a page's `id`: 96 bits; that two of a billion pages share one has a chance of 1 in 10^11."""

_BLANK: Final = "".join(map(chr, WHITE_SPACE.nonzero()[0].tolist()))


def read_pages(items: Iterable[Item]) -> tuple[pa.Table, pa.Table]:
    """Decodes a batch of documents.

    Args:
        items: what `unpack_seeds` gave, or part of it; together at most 2 GiB of text, the bound of an Arrow column.

    Returns:
        The pages (`PAGES`) and the rejects (`REJECTS`), each in the order of the items.
    """
    pages: list[dict[str, Any]] = []
    cuts: list[Lines | None] = []
    rejects: list[dict[str, Any]] = []
    for item in items:
        if isinstance(item, Unread):
            rejects.append(_reject(item))
        elif isinstance(item, Document):
            read = _decode(item)
            if isinstance(read, Refused):
                rejects.append(_reject(Unread(item.place, read, item.data)))
            else:
                pages.append(_page(item, read))
                cuts.append(read.lines if isinstance(read, HtmlPage) else None)
    return _table(pages, cuts), pa.Table.from_pylist(rejects, REJECTS)


def page_from_text(text: str, path: str = "") -> pa.Table:
    """A pages table of one page that is text already, counted as if it were a UTF-8 file.

    Args:
        text: any text; lone surrogates become U+FFFD (flag `encoding_repaired`).
        path: what `source.path` shall say.

    Returns:
        One row of `PAGES`. It has no lines if the text is blank.
    """
    data = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return pa.Table.from_pylist([_page(Document(data, Place(escape_text(path))), decode_text(text))], PAGES)


def excerpt(text: str) -> str:
    """How a reject begins: its first 200 characters, hidden ones escaped."""
    return escape_text(text[:EXCERPT])


def _table(pages: list[dict[str, Any]], cuts: list[Lines | None]) -> pa.Table:
    table = pa.Table.from_pylist(pages, PAGES)
    return table.set_column(PAGES.get_field_index("cut"), PAGES.field("cut"), cut_column(cuts))


def _decode(document: Document) -> Decoded | HtmlPage | Refused:
    if not document.data:
        return Refused("empty_file", "it is empty")
    if document.media == "html":
        page = html_page(document.data, document.charset)
        if isinstance(page, HtmlPage) and not len(page.lines.start):
            return Refused("empty_file", "it is HTML that shows no text")
        return page
    read = decode_page(document.data)
    if isinstance(read, Decoded) and not read.text.strip(_BLANK):
        return Refused("empty_file", "it holds nothing but white space")
    return read


def _page(document: Document, read: Decoded | HtmlPage) -> dict[str, Any]:
    sha256 = hashlib.sha256(document.data).hexdigest()
    source = place_columns(document.place) | {
        "record": document.record,
        "url": document.url,
        "date": document.date,
        "sha256": sha256,
        "format": document.format,
        "encoding": read.encoding,
        "byte_start": 0,
        "byte_end": len(document.data),
    }
    return {
        "id": sha256[:ID_DIGITS],
        "raw": read.text,
        "flags": read.flags,
        "source": source,
        "extra": document.extra,
        "declared": [one._asdict() for one in read_declared(read.tree)] if isinstance(read, HtmlPage) else None,
    }


def _reject(item: Unread) -> dict[str, Any]:
    refused, data = item.refused, item.data
    reject = place_columns(item.place) | {"stage": "read", "reason": refused.reason, "detail": refused.detail}
    if data is None:
        return reject
    sha256 = hashlib.sha256(data).hexdigest()
    begin = excerpt(data[: 4 * EXCERPT].decode("utf-8", "backslashreplace"))
    return reject | {"sha256": sha256, "byte_start": 0, "byte_end": len(data), "excerpt": begin}
