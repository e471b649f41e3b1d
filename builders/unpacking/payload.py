"""Payload: the body of a server's answer, its transfer and content codings undone (RFC 9112, RFC 9110 section 8.4).

Crawlers store bodies as they came, or decoded under headers that still name the coding. So a body that does not begin
as its coding does is taken as it is; one that begins so and then breaks is damaged.
"""

import io
import re
import zlib
from collections.abc import Callable
from typing import Final

import pyarrow as pa

from .box import too_large
from .document import Refused

_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_CODED: Final = (EOFError, zlib.error, OSError, pa.ArrowException, ValueError)
_MOST: Final = 4
"""Content codings in each other that are undone."""


def decode_payload(body: bytes, headers: dict[str, str], *, cut_off: bool, limit: int) -> bytes | Refused:
    """Undoes the codings of a body.

    Args:
        body: as it came.
        headers: of the answer, by name in lower case.
        cut_off: whether the archive says that it holds the beginning alone, which is then enough.
        limit: bytes that it may unpack to.
    """
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _join_chunks(body)
    codings = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    for coding in reversed([name for name in codings if name not in ("", "identity")][:_MOST]):
        decoder = _DECODERS.get(coding.removeprefix("x-"))
        if decoder is None:
            return Refused("unsupported_format", f"its content coding {coding[:40]!r} is not known")
        begins, decode = decoder
        if not begins(body):
            continue
        try:
            body, whole = decode(body, limit + 1)
        except _CODED as error:
            return Refused("damaged", f"its {coding} coding is broken: {str(error)[:200]}")
        if len(body) > limit:
            return too_large(limit)
        if not whole and not cut_off:
            return Refused("damaged", f"its {coding} coding ends too soon")
    return body


def _join_chunks(body: bytes) -> bytes:
    """A body without its chunk marks; as it is where it does not begin with one, and up to where they break."""
    parts = []
    at = 0
    while (size := _SIZE.match(body, at)) is not None:
        length = int(size[1], 16)
        if length == 0:
            break
        parts.append(body[size.end() : size.end() + length])
        at = size.end() + length
        at += 2 if body[at : at + 2] == b"\r\n" else 1
    return b"".join(parts) if parts or _SIZE.match(body) else body


def _inflate(body: bytes, limit: int) -> tuple[bytes, bool]:
    """gzip, zlib, or raw deflate: what servers mean by 'deflate'."""
    raw = not _is_gzip(body) and not _is_zlib(body)
    decoder = zlib.decompressobj(wbits=-15 if raw else 47)
    data = decoder.decompress(body, limit)
    return data, decoder.eof or len(data) >= limit


def _unbrotli(body: bytes, limit: int) -> tuple[bytes, bool]:
    from fastwarc.stream_io import BrotliReader

    reader = BrotliReader(io.BytesIO(body))
    parts = []
    left = limit
    while left > 0 and (part := reader.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts), True


def _unzstd(body: bytes, limit: int) -> tuple[bytes, bool]:
    with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
        return stream.read(limit), True


def _is_gzip(body: bytes) -> bool:
    return body.startswith(b"\x1f\x8b")


def _is_zlib(body: bytes) -> bool:
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _is_binary(body: bytes) -> bool:
    """Whether a body is something other than the text of a page: its first bytes hold what no text does."""
    head = body[:200]
    return bool(head.translate(None, bytes(range(0x20, 0x7F)) + b"\t\r\n\f")) and not _is_utf8(head)


def _is_utf8(head: bytes) -> bool:
    return not re.search(rb"[\x00-\x08\x0e-\x1f]", head) and bool(head.decode("utf-8", "ignore"))


_DECODERS: Final[dict[str, tuple[Callable[[bytes], bool], Callable[[bytes, int], tuple[bytes, bool]]]]] = {
    "gzip": (_is_gzip, _inflate),
    "deflate": (lambda body: _is_zlib(body) or _is_binary(body), _inflate),
    "br": (_is_binary, _unbrotli),
    "zstd": (lambda body: body.startswith(b"\x28\xb5\x2f\xfd"), _unzstd),
}
"""By content coding: whether a body begins so, and what undoes it, up to so many bytes."""
