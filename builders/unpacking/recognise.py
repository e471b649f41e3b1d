"""Recognise: what a file is, by how it begins, and by its name where bytes alone cannot tell.

What begins with the mark of a box is that box, whatever its name. Tables as text have no mark: JSON lines are those
whose every line, as far as they are looked at, is a JSON object, or whose name says so; in a file that is named as text
it takes two such lines, since pages can begin with data. CSV is what its name says. HTML is what begins with one of the
tags that begin HTML, or whose name says so. What is left is a flat text dump if its name ends so.
"""

import codecs
import re
import zlib
from typing import Final

import msgspec
import pyarrow as pa

TEXTS: Final = (".txt", ".text")
HTMLS: Final = (".html", ".htm", ".xhtml")
JSON_LINES: Final = (".jsonl", ".ndjson", ".jl", ".json")
"""How names end, in any case."""

_MARKS: Final = (
    ("gz", re.compile(rb"\x1f\x8b\x08")),
    ("bz2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38)")),
    ("zst", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")),
    ("zip", re.compile(rb"PK\x03\x04|PK\x05\x06")),
    ("warc", re.compile(rb"WARC/\d\.\d\r?\n")),
    ("parquet", re.compile(rb"PAR1")),
    ("arrow", re.compile(rb"ARROW1\x00|\xff\xff\xff\xff.{3}\x00[\x04-\x40]\x00\x00\x00", re.DOTALL)),
    ("tar", re.compile(rb".{257}ustar[\x00 ]", re.DOTALL)),
)
"""The registries of the formats; of Arrow streams the mark of a message and where its flat buffer begins."""

_HTML: Final = re.compile(
    r"(?:\s|<!--.{0,2000}?-->|<\?xml[^>]{0,200}\?>){0,50}<(?:!doctype html|html|head|body|script)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
"""How HTML begins (WHATWG MIME Sniffing Standard, section 7.1, without the tags that text may quote)."""

_HEAD: Final = 1 << 12

COMPRESSIONS: Final = ("gz", "bz2", "zst")


def recognise_format(head: bytes, name: str) -> str | None:
    """What a file is.

    Args:
        head: its first bytes, some 64 kB of them.
        name: its name.

    Returns:
        One of `COMPRESSIONS`, a box that `unpack` has a reader of, `text` or `html`; None for what can be none of them.
    """
    for kind, mark in _MARKS:
        if mark.match(head):
            return kind
    text = _sniffed(head)
    if _HTML.match(text):
        return "html"
    named = _named(name)
    return "jsonl" if _count_objects(text) > (named == "text") else named


def is_markup(data: bytes) -> bool:
    """Whether bytes begin as HTML does.

    >>> is_markup(b" <!-- a --> <HTML lang=en>"), is_markup(b"<b>Tides</b>")
    (True, False)
    """
    return _HTML.match(_sniffed(data[:_HEAD])) is not None


def inner_name(name: str, compression: str) -> str:
    """The name of what a compressed file holds.

    >>> inner_name("pages.jsonl.gz", "gz"), inner_name("pages.tgz", "gz"), inner_name("pages.txt", "gz")
    ('pages.jsonl', 'pages.tar', 'pages.txt')
    """
    stem, _, last = name.rpartition(".")
    if last.lower() == f"t{compression}":
        return f"{stem}.tar"
    return stem if stem and last.lower() in (compression, "gzip", "zstd") else name


def begins_compressed(head: bytes, compression: str) -> bytes:
    """The first bytes of what a compressed file holds, as far as its own first bytes tell; empty where they do not."""
    try:
        if compression == "gz":
            return zlib.decompressobj(wbits=31).decompress(head, 1 << 10)
        with pa.CompressedInputStream(pa.BufferReader(head), {"zst": "zstd"}.get(compression, compression)) as stream:
            begin: bytes = stream.read(1 << 10)
            return begin
    except (zlib.error, OSError, pa.ArrowException):
        return b""


def _named(name: str) -> str | None:
    name = name.lower()
    endings = {"text": TEXTS, "html": HTMLS, "jsonl": JSON_LINES, "csv": (".csv",), "tsv": (".tsv", ".tab")}
    return next((kind for kind, ends in endings.items() if name.endswith(ends)), None)


def _sniffed(head: bytes) -> str:
    """How a text begins, whatever its encoding: what is looked for is ASCII."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    return head.decode("latin-1")


def _count_objects(text: str) -> int:
    """How many lines of JSON a file begins with; 0 where another line stands among them."""
    count = start = 0
    while count < _LINES and (end := text.find("\n", start)) >= 0:
        line, start = text[start:end], end + 1
        if line and not line.isspace():
            if not _is_object(line):
                return 0
            count += 1
    return count or int(_OBJECT.match(text) is not None)


def _is_object(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return isinstance(msgspec.json.decode(line.encode("latin-1", "ignore").decode("utf-8", "ignore")), dict)
    except (msgspec.MsgspecError, RecursionError):
        return False


_LINES: Final = 20
_OBJECT: Final = re.compile(r'\{\s{0,20}"')  # a line longer than what is looked at
