"""A box: an open file with all that its reader needs to know of it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final, cast

from dehusk.builders.recipe import Recipe

from .document import SEPARATOR, Document, Item, Media, Place, Refused, Unread

_BLOCK: Final = 1 << 20
_IN_MEMORY: Final = 64 << 20  # of what has to be copied before it can be read


@dataclass(frozen=True, slots=True)
class Box:
    """An open file.

    Attributes:
        file: the file, to be read forward; where `seekable` also anywhere.
        place: where it lies.
        name: its name, for what its content cannot tell.
        recipe: the options, of which `[sources]` and `[bounds]` count here.
        size: its bytes; None where that is not known before it is read.
        span: the bytes whose records are meant, from and up to; None for all.
        formats: formats of the boxes around it, from the outside in, each with its compression behind a dot.
        packing: compressions undone on the way to it, since the last box: `.gz`.
    """

    file: BinaryIO
    place: Place
    name: str
    recipe: Recipe
    size: int | None = None
    span: tuple[int, int] | None = None
    formats: tuple[str, ...] = field(default=())
    packing: str = ""

    @property
    def begins(self) -> bool:
        """Whether its first record is meant."""
        return self.span is None or self.span[0] == 0

    @property
    def largest(self) -> int:
        """Bytes that a page may have."""
        return self.recipe.bounds.max_file_bytes

    def format(self, kind: str, media: Media) -> str:
        """What `source.format` says of a page of this media in this box, which is of this kind."""
        return SEPARATOR.join((*self.formats, kind + self.packing, media))

    def plain_format(self, media: Media) -> str:
        """What it says of this file if it is a page itself."""
        return SEPARATOR.join((*self.formats, media + self.packing))

    def at(self, offset: int) -> Place:
        """The place of a record."""
        return self.place._replace(offset=offset)

    def member(self, file: BinaryIO, name: str, kind: str) -> "Box":
        """A file in it, if it is an archive of this kind."""
        place = self.place._replace(member=name)
        formats = (*self.formats, kind + self.packing)
        last = name.rpartition("/")[2]
        return replace(self, file=file, place=place, name=last, size=None, span=None, formats=formats, packing="")

    def inside(self, file: BinaryIO, name: str, packing: str) -> "Box":
        """What it holds, compressed once."""
        return replace(self, file=file, name=name, size=None, span=None, packing=f".{packing}{self.packing}")


Unbox = Callable[[Box], Iterator[Item]]
"""A reader of boxes of one format."""


def too_large(limit: int) -> Refused:
    """Why a page beyond the bound is refused."""
    return Refused("too_large", f"it is too large; split it, or raise bounds.max_file_bytes ({limit}) in the recipe")


def read_page(box: Box, media: Media) -> Iterator[Item]:
    """Reads a file that is one page itself."""
    limit = box.largest
    data = b"" if box.size is not None and box.size > limit else _read_up_to(box.file, limit + 1)
    if len(data) > limit or (box.size or 0) > limit:
        yield Unread(box.place, too_large(limit))
    else:
        yield Document(data, box.place, media, box.plain_format(media))


@contextmanager
def random_access(box: Box) -> Iterator[BinaryIO]:
    """The file, if it can be read anywhere; else a copy of it without a name."""
    if box.size is not None and box.file.seekable():
        box.file.seek(0)
        yield box.file
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        while block := box.file.read(_BLOCK):
            copy.write(block)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _read_up_to(file: BinaryIO, limit: int) -> bytes:
    parts = []
    left = limit
    while left and (part := file.read(min(left, _BLOCK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
