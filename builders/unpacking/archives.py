"""Archives: the files in zip and tar, one after the other, as if they lay in a folder; nothing is ever written to disk.

Names that lead out of the archive, links, devices, encrypted files and archives in archives are refused one by one. All
files together may hold as much as the recipe's `max_unpacked` allows, whatever their heads say.
"""

import hashlib
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, Self, cast

from .box import Box, random_access
from .document import Item, Refused, Unread
from .seeds import HIDDEN, readable_path
from .streams import MIN_UNPACKED, DamagedError

MAX_DIRECTORY: Final = 64 << 20
"""Bytes of a zip archive's list of files, which is held in memory several times over: some 500,000 files."""

MAX_HEAD: Final = 1 << 20
"""Bytes of a head in a tar archive that says more of a file, such as its long name."""

_BROKEN: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError),
)
"""What zipfile and tarfile raise where an archive is broken, or packed in a way that they do not know."""

_LINK: Final = Refused("symlink", "it is a link")
_DEVICE: Final = Refused("not_a_file", "it is a pipe, a socket, a device or a file with holes")


class Budget:
    """What the files of an archive may hold together.

    Attributes:
        left: bytes that are left.
        refused: why nothing more is read, once it is used up.
    """

    def __init__(self, packed: int, ratio: int) -> None:
        self.left = max(MIN_UNPACKED, ratio * packed)
        self.refused: Refused | None = None
        self._ratio = ratio

    def spend(self, size: int) -> None:
        """Takes some.

        Raises:
            DamagedError: there is no more.
        """
        self.left -= size
        if self.left < 0:
            tip = f"raise bounds.max_unpacked ({self._ratio}) in the recipe if it is what it should be"
            self.refused = Refused("bomb", f"its archive unpacks to more than {self._ratio} times its size; {tip}")
            raise DamagedError(self.refused)


class Member(io.RawIOBase):
    """A file in an archive, read forward; reading raises `DamagedError`."""

    def __init__(self, inner: Any, budget: Budget) -> None:
        self._inner = inner
        self._budget = budget

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills a buffer, for `io.BufferedReader`."""
        try:
            data = self._inner.read(min(len(buffer), 1 << 16))
        except DamagedError:
            raise
        except _BROKEN as error:
            raise DamagedError(_broken(error)) from error
        self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)


def _broken(error: BaseException) -> Refused:
    said = str(error).partition("\n")[0][:200] or "it ends too soon"
    return Refused("damaged", f"its archive is broken there: {said}")


class _Names:
    """The names of an archive that were met, and what is wrong with the next one.

    Of each 64 bits of a digest are kept: there may be many, and two of a million share theirs once in 10^7 archives.
    """

    def __init__(self) -> None:
        self._met: set[int] = set()

    def refuse(self, name: str) -> Refused | None:
        """Why a file of this name is not read, if that is so."""
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":" or "" in parts or len(name) > 4096:
            return Refused("unsafe_name", "its name leads out of the archive, or is none")
        key = int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        if key in self._met:
            return Refused("unsafe_name", "its name stands in the archive before")
        self._met.add(key)
        return HIDDEN if any((part.startswith(".") and part != ".") or part == "__MACOSX" for part in parts) else None


def _read_member(box: Box, kind: str, name: str, opened: Callable[[], Any], budget: Budget) -> Iterator[Item]:
    """What lies in one file of an archive."""
    from .unpack import unpack_box

    try:
        inner = opened()
    except _BROKEN as error:
        yield Unread(box.place._replace(member=name), _broken(error))
        return
    with inner:
        file = cast("BinaryIO", io.BufferedReader(Member(inner, budget), 1 << 16))
        yield from unpack_box(box.member(file, name, kind))


# -- zip --


def unbox_zip(box: Box) -> Iterator[Item]:
    """Reads the files of a zip archive in the order of its list; it is not cut into parts."""
    if not box.begins:
        return
    with random_access(box) as file:
        try:
            _bound_directory(file)
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            yield Unread(box.place, _broken(error))
            return
        with archive:
            yield from _read_zip(archive, Budget(_size(file), box.recipe.bounds.max_unpacked), box)


def _read_zip(archive: zipfile.ZipFile, budget: Budget, box: Box) -> Iterator[Item]:
    names = _Names()
    for info in archive.infolist():
        if info.is_dir():
            continue
        stored = _zip_name(info)
        name = _readable(stored)
        refused = names.refuse(stored) or _refuse_kind(info)
        if refused is not None:
            yield Unread(box.place._replace(member=_harmless(stored)), refused)
        elif budget.refused is not None:
            yield Unread(box.place._replace(member=name), budget.refused)
        else:
            yield from _read_member(box, "zip", name, lambda info=info: archive.open(info), budget)  # type: ignore[misc]


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name of a file; UTF-8 that is not declared as such, as many tools write it, is read as UTF-8."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _refuse_kind(info: zipfile.ZipInfo) -> Refused | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return _LINK
    if kind not in (0, stat.S_IFREG):
        return _DEVICE
    return Refused("unsupported_format", "it is encrypted") if info.flag_bits & 0x1 else None


def _size(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)


_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x06"


def _bound_directory(file: BinaryIO) -> None:
    """Refuses an archive whose list of files is too long, before it is read (PKWARE APPNOTE, 4.3.14 and 4.3.16).

    Raises:
        zipfile.BadZipFile: it is, or there is none.
    """
    file.seek(max(0, _size(file) - (1 << 17)))
    tail = file.read(1 << 17)
    at, at_64 = tail.rfind(_END), tail.rfind(_END_64)
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("its list of files is missing")
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    if size == 0xFFFFFFFF and at_64 >= 0:
        size = int.from_bytes(tail[at_64 + 40 : at_64 + 48], "little")
    file.seek(0)
    if size > MAX_DIRECTORY:
        raise zipfile.BadZipFile(f"its list of files is larger than {MAX_DIRECTORY >> 20} MiB")


# -- tar --


class _Head(tarfile.TarInfo):
    """The head of a file in a tar archive, of a bounded size, never skipped in silence where it is broken."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        """Reads a head; notes where one is broken, after which the next is looked for."""
        try:
            return super().fromtarfile(tarfile)
        except (_InvalidHead, _CutHead):
            cast("_Tar", tarfile).n_broken += 1
            raise

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        says_more = self.type in _MORE and self.size > MAX_HEAD
        if says_more or self.type == tarfile.GNUTYPE_SPARSE or self.size < 0:
            raise _InvalidHead("a head that is not read")
        return super()._proc_member(archive)  # type: ignore[misc]

    def _proc_gnusparse_10(self, *_: object) -> None:
        raise _InvalidHead("a file with holes")


_InvalidHead: Final = tarfile.InvalidHeaderError  # type: ignore[attr-defined]
_CutHead: Final = tarfile.TruncatedHeaderError  # type: ignore[attr-defined]
_MORE: Final = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)


class _Tar(tarfile.TarFile):
    """A tar archive, read forward.

    Attributes:
        n_broken: blocks that should have been heads and are none.
    """

    n_broken = 0
    tarinfo = _Head


def unbox_tar(box: Box) -> Iterator[Item]:
    """Reads the files of a tar archive in their order, uncut. After a broken head the next one is found."""
    if not box.begins:
        return
    names = _Names()
    told = 0
    try:
        with _Tar.open(fileobj=box.file, mode="r|", ignore_zeros=True) as archive:
            budget = Budget(1 << 60, 1)  # files in a tar are as large there as outside
            for info in archive:
                archive.__dict__["members"].clear()  # it would hold a head for every file
                archive.__dict__["pax_headers"].clear()  # and what heads for all files say, of which nothing is needed
                if archive.n_broken > told:
                    yield Unread(
                        box.place, Refused("damaged", f"a file before {_harmless(info.name)} has a broken head")
                    )
                told = archive.n_broken
                if not info.isdir():
                    yield from _read_tarred(archive, info, names, budget, box)
            if archive.n_broken > told:
                yield Unread(box.place, Refused("damaged", "its last files have broken heads"))
    except DamagedError:
        raise
    except _BROKEN as error:
        yield Unread(box.place, _broken(error))


def _read_tarred(archive: _Tar, info: tarfile.TarInfo, names: _Names, budget: Budget, box: Box) -> Iterator[Item]:
    name = _readable(info.name)
    refused = names.refuse(info.name.removeprefix("./"))
    if refused is None and (info.issym() or info.islnk()):
        refused = _LINK
    if refused is None and (not info.isreg() or info.issparse()):
        refused = _DEVICE
    if refused is not None or budget.refused is not None:
        yield Unread(box.place._replace(member=_harmless(info.name)), refused or cast("Refused", budget.refused))
        return
    yield from _read_member(box, "tar", name, lambda: archive.extractfile(info), budget)


def _readable(name: str) -> str:
    """A name as it is shown; `./a` is `a`."""
    return readable_path(name.encode("utf-8", "surrogateescape")).removeprefix("./")


def _harmless(name: str) -> str:
    """A refused name in a form that no program follows."""
    return readable_path(name.encode("utf-8", "surrogateescape"))[:500].replace("..", "\\x2e\\x2e").lstrip("/") or "?"
