"""The formats of xet: shards that describe files, and xorbs that hold their chunks."""

import struct
from collections.abc import Iterator

import pyarrow as pa

Term = tuple[str, int, int]
"""A run of chunks: the xorb, the first chunk, and the one past the last."""


def hash_text(raw: bytes) -> str:
    """The way xet writes a hash: four little-endian words."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", raw))


def read_shard(data: bytes) -> Iterator[tuple[str, str, list[Term]]]:
    """The files that a shard describes: xet's hash, SHA-256, and the chunks they are made of."""
    at = 48
    while data[at : at + 32] != b"\xff" * 32:
        file_hash, (flags, count) = hash_text(data[at : at + 32]), struct.unpack("<2I", data[at + 32 : at + 40])
        rows = [data[at + 48 * row : at + 48 * (row + 1)] for row in range(1, count + 1)]
        terms = [(hash_text(row[:32]), *struct.unpack("<2I", row[40:48])) for row in rows]
        at += 48 * (1 + count + (count if flags & 1 << 31 else 0))
        if flags & 1 << 30:
            yield file_hash, hash_text(data[at : at + 32]), terms
            at += 48


def read_xorb(data: bytes) -> tuple[list[int], list[bytes]]:
    """Where the chunks of a xorb begin, and what they hold."""
    at, offsets, chunks = 0, [0], []
    while at < len(data) and data[at] == 0 and data[at : at + 7] != b"XETBLOB":
        packed, scheme = int.from_bytes(data[at + 1 : at + 4], "little"), data[at + 4]
        size = int.from_bytes(data[at + 5 : at + 8], "little")
        chunks.append(_unpack(data[at + 8 : at + 8 + packed], scheme, size))
        at += 8 + packed
        offsets.append(at)
    return offsets, chunks


def _unpack(data: bytes, scheme: int, size: int) -> bytes:
    """Undoes the packing of one chunk: 0 none, 1 LZ4, 2 bytes grouped by their position modulo 4, then LZ4."""
    if scheme == 0:
        return data
    plain: bytes = pa.decompress(data, decompressed_size=size, codec="lz4").to_pybytes()
    return _ungroup(plain, size) if scheme == 2 else plain


def _ungroup(data: bytes, size: int) -> bytes:
    out, at = bytearray(size), 0
    for place in range(4):
        count = (size - place + 3) // 4
        out[place::4] = data[at : at + count]
        at += count
    return bytes(out)
