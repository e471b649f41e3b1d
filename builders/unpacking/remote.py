"""Remote: files on other file systems, by whatever fsspec knows, read forward in blocks and tried again when cut off.

Credentials are found by the means of each kind of store (environment, configuration files, a hub's own login); an
address that holds a password is refused. What an error says is shown without queries, passwords and tokens.
"""

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, TypeVar, cast
from urllib.parse import urlsplit

from dehusk.builders.publishing.targets import masked
from dehusk.schema.errors import UsageError

from .document import Refused
from .extras import needs
from .seeds import HIDDEN, Seed, readable_path
from .streams import DamagedError

BLOCK: Final = 4 << 20
"""Bytes that are asked for at once."""

TRIES: Final = 5
"""How often a block is asked for before its file is given up."""

PAUSE: Final = 0.25
"""Seconds before the second try; twice as many before each that follows."""

_TAGS: Final = ("sha256", "blob_id", "etag", "md5hash", "content_md5", "md5", "crc32c")
"""What stores call the content of a file, in lower case: a hub, S3 and web servers, Google's, Azure's."""

_WEB: Final = ("http", "https")
_FINAL: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, UsageError)

Given = TypeVar("Given")


def is_address(source: str) -> bool:
    """Whether a source is an address and not a path.

    >>> is_address("s3://bucket/a.jsonl"), is_address("dumps/2024"), is_address("C://x")
    (True, False, False)
    """
    scheme, mark, _ = source.partition("://")
    return bool(mark) and len(scheme) > 1 and scheme.replace("+", "").isalnum()


def list_remote(url: str) -> list[Seed]:
    """The files at an address: one, those of a folder, or those that a glob names.

    Args:
        url: an address of any file system that fsspec knows.

    Returns:
        Seeds ordered by their paths, which are relative to the folder (or to that of the file).

    Raises:
        UsageError: it is no such address, there is nothing, we are not let in, or a package is missing.
    """
    system, root = _connect(url)
    scheme = urlsplit(url).scheme
    try:
        if scheme in _WEB:
            found = {root: try_again(lambda: system.info(root))}
        elif any(mark in root for mark in "*?["):
            found = try_again(lambda: system.glob(root, detail=True))
            root = root.partition("*")[0].partition("?")[0].partition("[")[0].rpartition("/")[0]
        else:
            found = try_again(lambda: system.find(root, detail=True))
    except Exception as error:  # noqa: BLE001 - each kind of store raises errors of its own
        raise _refusal(url, error) from None
    files = {name: info for name, info in found.items() if info.get("type", "file") == "file"}
    if not files:
        raise UsageError(f"there is nothing at {masked(url)}", "name a file, a folder or a glob that is there")
    if root in files:
        root = urlsplit(root).path.rpartition("/")[0] if scheme in _WEB else root.rpartition("/")[0]
    return [_seed(url, name, root, files[name]) for name in sorted(files)]


def open_remote(seed: Seed) -> Iterator[tuple[Seed, BinaryIO | Refused]]:
    """Opens one seed of another file system.

    Yields:
        It and its file, to be read before the next is asked for, or why there is none.
    """
    if seed.refused:
        yield seed, seed.refused
        return
    try:
        system, _ = _connect(seed.root.decode())
        name = seed.name.decode()
        ranged = seed.size > 0 and try_again(lambda: _gives_ranges(system, name, seed))
        raw: RangedFile | StreamedFile = RangedFile(system, name, seed.size) if ranged else StreamedFile(system, name)
    except DamagedError as error:
        yield seed, error.refused
        return
    except Exception as error:  # noqa: BLE001 - each kind of store raises errors of its own
        yield seed, Refused("unreadable", masked(error)[:300])
        return
    with io.BufferedReader(raw, BLOCK) as file:
        yield seed, cast("BinaryIO", file)


def try_again(work: Callable[[], Given]) -> Given:
    """Does something that a network can break, a few times if need be.

    Raises:
        Exception: what it raised the last time, or at once where trying again cannot help.
    """
    for left in range(TRIES - 1, -1, -1):
        try:
            return work()
        except _FINAL:
            raise
        except Exception:
            if not left:
                raise
            time.sleep(PAUSE * 2 ** (TRIES - 1 - left))
    raise AssertionError


class _Remote(io.RawIOBase):
    """A remote file, whose digest is taken on the way as long as it is read forward.

    Attributes:
        size: its bytes, as far as known.
    """

    def __init__(self, system: Any, name: str, size: int | None) -> None:
        self.size = size
        self._system = system
        self._name = name
        self._at = 0
        self._sha256 = hashlib.sha256()
        self._digested = 0
        self._ended = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills a buffer, for `io.BufferedReader`; raises `DamagedError` where the store gives no more."""
        try:
            data = try_again(lambda: self._fetch(len(buffer)))
        except Exception as error:  # noqa: BLE001 - each kind of store raises errors of its own
            raise DamagedError(Refused("unreadable", f"it could not be read on: {masked(error)[:300]}")) from None
        if self._at == self._digested:
            self._sha256.update(data)
            self._digested += len(data)
        self._at += len(data)
        self._ended = self._ended or not data
        buffer[: len(data)] = data
        return len(data)

    def digest(self) -> tuple[int, str] | None:
        """Bytes and SHA-256 of the whole file, if all of it was read forward."""
        whole = self._digested == self.size if self.size is not None else self._ended
        return (self._digested, self._sha256.hexdigest()) if whole else None

    def _fetch(self, size: int) -> bytes:
        raise NotImplementedError


class RangedFile(_Remote):
    """A remote file that is read in ranges, anywhere."""

    size: int

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes elsewhere."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence])
        return self._at

    def _fetch(self, size: int) -> bytes:
        end = min(self._at + size, self.size)
        if end <= self._at:
            return b""
        data: bytes = self._system.cat_file(self._name, start=self._at, end=end)
        if len(data) != end - self._at:
            raise OSError(f"{len(data)} bytes came instead of {end - self._at}")
        return data


class StreamedFile(_Remote):
    """A remote file that can only be read forward, since its server gives no ranges or does not tell its size."""

    def __init__(self, system: Any, name: str) -> None:
        super().__init__(system, name, None)
        self._file: Any = None

    def close(self) -> None:
        """Ends what is open."""
        if not self.closed and self._file is not None:
            self._file.close()
        super().close()

    def _fetch(self, size: int) -> bytes:
        try:
            if self._file is None:
                self._file = self._system.open(self._name, "rb", block_size=0, cache_type="none")
                self._skip(self._at)
            data: bytes = self._file.read(size)
        except Exception:
            broken, self._file = self._file, None  # to be opened anew, and read up to where this one broke
            if broken is not None:
                broken.close()
            raise
        return data

    def _skip(self, left: int) -> None:
        while left > 0 and (data := self._file.read(min(left, BLOCK))):
            left -= len(data)


# -- addresses --


def _connect(url: str) -> tuple[Any, str]:
    """The file system of an address, and what it calls what is there."""
    parts = urlsplit(url)
    if "@" in parts.netloc and parts.scheme != "hf":
        raise UsageError(
            f"{masked(url)} carries a user or a password",
            "leave them out: credentials come from the environment or the file that this kind of store uses",
        )
    if "::" in url:
        raise UsageError(f"{masked(url)} is a chain of file systems", "name the one that the files lie on")
    with needs("remote", "reading from another file system"):
        import fsspec
    try:
        system, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{masked(url)}: {masked(error)}", "install what fsspec names") from None
    return system, root.rstrip("/") if parts.scheme not in _WEB else root


def _gives_ranges(system: Any, name: str, seed: Seed) -> bool:
    """Whether a part of a file can be asked for; of servers of the web that is only known when they are asked."""
    if urlsplit(seed.root.decode()).scheme not in _WEB:
        return True
    with system.open(name, "rb", block_size=0, headers={"Range": "bytes=0-0"}) as file:
        return bool(file.r.status == 206)


def _seed(url: str, name: str, root: str, info: dict[str, Any]) -> Seed:
    shown = urlsplit(name).path if urlsplit(url).scheme in _WEB else name  # a query can be a secret
    path = readable_path(shown.removeprefix(root).lstrip("/").encode("utf-8", "surrogateescape")) or "index.html"
    parts = path.split("/")
    refused = HIDDEN if any(part.startswith(".") for part in parts) else None
    if ".." in parts:
        path, refused = path.replace("..", "\\x2e\\x2e"), Refused("unsafe_name", "its name leads out of the source")
    return Seed(path, name.encode(), url.encode(), refused, int(info.get("size") or 0), tag=_tag(info))


def _tag(info: dict[str, Any]) -> str:
    """What a store calls the content of a file: a digest, or a mark that another content does not have."""
    found = {key.lower(): value for key, value in info.items()}
    known = next((found[key] for key in _TAGS if isinstance(found.get(key), str | bytes | bytearray)), "")
    return known if isinstance(known, str) else known.hex()


def _refusal(url: str, error: Exception) -> UsageError:
    if isinstance(error, UsageError):
        return error
    if isinstance(error, FileNotFoundError):
        return UsageError(f"there is nothing at {masked(url)}", "name a file, a folder or a glob that is there")
    said = masked(error).strip()[:300] or type(error).__name__
    return UsageError(
        f"cannot read {masked(url)}: {said}", "check the address, and the credentials that its store uses"
    )
