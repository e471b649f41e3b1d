"""Streams: compressed bytes as a file that is read forward, never more of it than the recipe's bounds allow."""

import bz2
import gzip
import io
import zlib
from typing import Any, BinaryIO, Final

import pyarrow as pa

from .document import Refused

MIN_UNPACKED: Final = 64 << 20
"""Bytes that anything may unpack to, whatever its own size."""

_ERRORS: Final = (EOFError, zlib.error, pa.ArrowException, OSError)


class DamagedError(Exception):
    """What follows cannot be read.

    Attributes:
        refused: why: `damaged`, `bomb` or `unreadable`.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail)
        self.refused = refused


class Unpacked(io.RawIOBase):
    """What a compressed file holds.

    Reading raises `DamagedError` where it is broken, or holds more than `ratio` times its compressed bytes.
    """

    def __init__(self, inner: Any, packed: "Counted", ratio: int) -> None:
        self._read = getattr(inner, "read1", inner.read)  # which gives what comes before an error
        self._packed = packed
        self._ratio = ratio
        self._given = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills a buffer, for `io.BufferedReader`."""
        try:
            data = self._read(len(buffer))
        except DamagedError:
            raise
        except _ERRORS as error:
            said = str(error).partition("\n")[0][:200] or "it ends too soon"
            raise DamagedError(Refused("damaged", f"its compression is broken from here on: {said}")) from error
        self._given += len(data)
        if self._given > max(MIN_UNPACKED, self._ratio * self._packed.given):
            tip = f"raise bounds.max_unpacked ({self._ratio}) in the recipe if it is what it should be"
            raise DamagedError(Refused("bomb", f"it unpacks to more than {self._ratio} times its size; {tip}"))
        buffer[: len(data)] = data
        return len(data)


class Counted(io.RawIOBase):
    """A file that counts what was read of it.

    Attributes:
        given: bytes.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.given = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills a buffer, for `io.BufferedReader`."""
        data = self._file.read(min(len(buffer), 1 << 16))
        self.given += len(data)
        buffer[: len(data)] = data
        return len(data)


def unpack_stream(file: BinaryIO, compression: str, ratio: int) -> io.BufferedReader:
    """Opens what a compressed file holds.

    Args:
        file: at its beginning.
        compression: `gz`, `bz2` or `zst`.
        ratio: how many times its compressed bytes it may hold, beyond `MIN_UNPACKED`.

    Returns:
        A file that is read forward; reading raises `DamagedError`.
    """
    packed = Counted(file)
    return io.BufferedReader(Unpacked(_opened(packed, compression), packed, ratio), 1 << 16)


def _opened(packed: Counted, compression: str) -> Any:
    buffered = io.BufferedReader(packed, 1 << 16)
    if compression == "gz":
        return gzip.GzipFile(fileobj=buffered)
    if compression == "bz2":
        return bz2.BZ2File(buffered)
    return pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd")
