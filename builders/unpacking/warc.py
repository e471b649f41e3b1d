"""WARC and WET: web archives, read record by record (ISO 28500), each checked against its length and digest.

Pages are what servers answered (`response`), files that were stored as they are (`resource`), and texts that were made
of pages (`conversion`, as in WET). Requests, metadata and descriptions of the archive are no pages and do not come in.
"""

import base64
import hashlib
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any, BinaryIO, Final

from .box import Box, too_large
from .document import Document, Item, Media, Refused, Unread
from .extras import needs
from .payload import decode_payload
from .recognise import begins_compressed, is_markup
from .roles import one_line
from .streams import MIN_UNPACKED, DamagedError

_HEADERS: Final = 1 << 16
"""Bytes that the headers of an answer may have, beyond its page."""

_BLOCK: Final = 1 << 20
_LOOK: Final = 1 << 12  # bytes behind a mark that show whether a record begins there

_MARKS: Final = {
    "": re.compile(rb"(?<![^\n])WARC/1\.[01]\r?\n"),
    ".gz": re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"),
    ".zst": re.compile(rb"\x28\xb5\x2f\xfd"),
}
"""How a record can begin, by compression."""

_MEDIA: Final[dict[str, Media]] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "text",
}

_DIGESTS: Final = {"sha1": 20, "sha256": 32, "md5": 16}
"""Digest algorithms that are checked, and their bytes."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record, its block in memory.

    Attributes:
        headers: by name in lower case.
        block: the bytes that follow them.
        offset: the byte of the file that it begins at.
    """

    headers: dict[str, str]
    block: bytes
    offset: int


def unbox_warc(box: Box) -> Iterator[Item]:
    """Reads a web archive: a document for each page, its offset the byte of the file that its record begins at.

    A part of a file has the records that begin in it, if each is compressed on its own. After a broken record the next
    one is looked for.
    """
    packed = ".".join(box.packing.split(".")[:2])  # `.gz` of `.gz.zst`: what was packed first
    whole = box.span is None or packed not in (".gz", ".zst")
    if whole and not box.begins:
        return
    start, stop = (0, None) if whole or box.span is None else box.span
    at = start if start == 0 else _find_record(box.file, start, packed)
    while at is not None and (stop is None or at < stop):
        reached, broken = yield from _read_records(box, at, stop)
        if broken is None:
            return
        yield Unread(box.at(reached), broken)
        at = _find_record(box.file, reached + 1, packed) if box.file.seekable() and broken.reason == "damaged" else None


def _read_records(box: Box, start: int, stop: int | None) -> Generator[Item, None, tuple[int, Refused | None]]:
    """Reads records in a row; returns where it stopped and what is broken there, None at the end."""
    with needs("warc", "reading web archives"):
        from fastwarc.warc import ArchiveIterator, WarcRecordType

    if start or box.file.seekable():
        box.file.seek(start)
    file = _Forward(box.file)
    pages = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion | WarcRecordType.revisit
    at = start
    unpacked = 0
    try:
        for record in ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=False):
            at = start + record.stream_pos
            if stop is not None and at >= stop:
                return at, None
            unpacked += record.content_length
            if unpacked > max(MIN_UNPACKED, box.recipe.bounds.max_unpacked * (file.given + _BLOCK)):
                return at, Refused("bomb", "its records say that they are much larger than the file")
            if "Content-Length" not in record.headers:
                yield Unread(box.at(at), Refused("damaged", "the head of its record is cut off"))
            elif int(record.record_type) & int(pages):
                yield _read_record(record, at, box)
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - what is none of ours is raised again
        return at, _explain(error)
    return at, None


def _explain(error: BaseException) -> Refused:
    """Why a record cannot be read, where that is what an error means."""
    if isinstance(error, DamagedError):
        return error.refused
    if isinstance(error, OSError):
        return Refused("damaged", f"a record from here on is broken: {str(error)[:200]}")
    if type(error).__name__ == "PanicException":  # what a defect of the library raises; it is no `Exception`
        return Refused("damaged", "a record from here on cannot be read")
    raise error


class _Forward:
    """A file as the library reads it, counted.

    Attributes:
        given: bytes read so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        """Reads on."""
        data = self._file.read(_BLOCK if size < 0 else min(size, _BLOCK))
        self.given += len(data)
        return data

    def tell(self) -> int:
        """Bytes read so far."""
        return self.given

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 - as files have it
        """It is read forward alone."""
        raise OSError("not seekable")

    def close(self) -> None:
        """It is its opener's to close."""


def _find_record(file: BinaryIO, start: int, packed: str) -> int | None:
    """Where the next record begins, from a byte on; None where there is none."""
    mark = _MARKS[packed if packed in _MARKS else ""]
    file.seek(start)
    at, data = start, b""
    while True:
        block = file.read(_BLOCK)
        data += block
        sure = max(0, len(data) - _LOOK) if block else len(data)  # so that enough is behind each mark to look at
        for found in mark.finditer(data, 0, sure + len("WARC/1.0\r\n")):
            begin = data[found.start() : found.start() + _LOOK]
            if not packed or begins_compressed(begin, packed[1:]).startswith(b"WARC/"):
                return at + found.start()
        if not block:
            return None
        at, data = at + sure, data[sure:]


# -- one record --


def _read_record(record: Any, at: int, box: Box) -> Item:
    """A record as a document, or why it is none."""
    place = box.at(at)
    headers = {name.lower(): value for name, value in record.headers.items()}
    kind = headers.get("warc-type", "")
    if kind == "revisit":
        return Unread(place, Refused("revisit", "it stands for a page that was stored before"))
    if record.content_length > box.largest + _HEADERS:
        return Unread(place, too_large(box.largest))
    block = _read_block(record)
    if len(block) != record.content_length:
        return Unread(place, Refused("damaged", f"it has {len(block)} of its {record.content_length} bytes"), block)
    if not _keeps_digest(block, headers.get("warc-block-digest", "")):
        return Unread(place, Refused("damaged", "its bytes are not those of its digest"), block)
    page = _page(Record(headers, block, at), box)
    if isinstance(page, Refused):
        return Unread(place, page, block)
    return page


def _read_block(record: Any) -> bytes:
    parts = []
    left = record.content_length
    while left > 0 and (part := record.reader.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _keeps_digest(block: bytes, said: str) -> bool:
    """Whether a block is what its digest says; digests that are not understood are not held against it."""
    name, _, value = said.strip().partition(":")
    size = _DIGESTS.get(name.lower().replace("-", ""))
    try:
        digest = bytes.fromhex(value) if size and len(value) == 2 * size else base64.b32decode(value.upper())
    except ValueError:
        return True
    if size is None or len(digest) != size:
        return True
    return hashlib.new(name.lower().replace("-", ""), block, usedforsecurity=False).digest() == digest


def _page(record: Record, box: Box) -> Document | Refused:
    headers, body = record.headers, record.block
    if _content_type(headers)[0] == "application/http":
        answer = _parse_answer(record.block, cut_off="warc-truncated" in headers, limit=box.largest)
        if isinstance(answer, Refused):
            return answer
        headers, body = answer
    kind, charset = _content_type(headers)
    media = _media_of(kind, body)
    if media is None:
        return Refused("unsupported_format", f"its type is {one_line(kind)[:100]}, which is no page")
    if len(body) > box.largest:
        return too_large(box.largest)
    known = {name: one_line(record.headers.get(f"warc-{name}", "").strip("<> ")) or None for name in _KNOWN}
    place = box.at(record.offset)
    url, date = known["target-uri"], known["date"]
    return Document(body, place, media, box.format("warc", media), known["record-id"], url, date, charset)


_KNOWN: Final = ("record-id", "target-uri", "date")


def _media_of(kind: str, body: bytes) -> Media | None:
    """What a page is, by the type that was declared and its beginning; None where it is none."""
    if not kind:
        return "html" if is_markup(body) else None
    media = _MEDIA.get(kind)
    return "html" if media == "text" and is_markup(body) else media


def _content_type(headers: dict[str, str]) -> tuple[str, str | None]:
    """The media type, in lower case and without parameters, and the charset."""
    message = Message()
    message["content-type"] = re.sub(r"[\r\n]", " ", headers.get("content-type", ""))[:1000]
    said = headers.get("content-type", "").partition(";")[0].strip().lower()
    charset = message.get_param("charset")
    return said, one_line(charset)[:100] if isinstance(charset, str) and charset else None


# -- what a server answered --


def _parse_answer(block: bytes, *, cut_off: bool, limit: int) -> tuple[dict[str, str], bytes] | Refused:
    """The headers and the body of an answer whose status is that of a page (RFC 9112), its codings undone."""
    head, _, body = _split_head(block)
    status, *lines = head.decode("latin-1").splitlines() or [""]
    found = re.match(r"HTTP/\d(?:\.\d)? +(\d{3})", status)
    if found is None:
        return Refused("damaged", "it does not begin as an answer of a server does")
    if found[1] not in ("200", "203"):
        return Refused("http_error", f"the server answered {one_line(status)[:100]}")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and not name.startswith((" ", "\t")):
            headers.setdefault(name.strip().lower(), value.strip())
    decoded = decode_payload(body, headers, cut_off=cut_off, limit=limit)
    return decoded if isinstance(decoded, Refused) else (headers, decoded)


def _split_head(block: bytes) -> tuple[bytes, bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", block[:_HEADERS])
    return (block[: found.start()], b"", block[found.end() :]) if found else (block[:_HEADERS], b"", b"")
