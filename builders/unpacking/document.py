"""A document: the bytes of one page and what its box knows of it. What unpacking hands on, and reading takes."""

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from dehusk.schema.record import REJECT_PLACE

Media = Literal["text", "html"]

SEPARATOR: Final = "/"
"""What stands between the formats of nested boxes in `source.format`."""


_HIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that change how a line is shown: control characters, line and paragraph separators, direction marks."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why bytes are not a page: a name of `REASONS`, and a sentence for a person."""

    reason: str
    detail: str


class Place(NamedTuple):
    """Where a document lies.

    Attributes:
        path: the seed file, as `source.path`.
        member: the file in an archive, if it lies in one.
        offset: where it begins in its box, in the unit of the box's format (see `SOURCE`); None for a file of its own.
    """

    path: str
    member: str | None = None
    offset: int | None = None

    @property
    def key(self) -> str:
        """A text that names the place and sorts as places are read: by path, member, offset."""
        member = "" if self.member is None else f"\t{self.member}"
        return f"{self.path}{member}" + ("" if self.offset is None else f"\t{self.offset:019}")


def place_name(key: str) -> str:
    """A place for people, from its `key`.

    >>> place_name(Place("a.zip", "in/b.jsonl", 12).key), place_name(Place("b.txt").key)
    ('a.zip, in/b.jsonl, 12', 'b.txt')
    """
    path, *more = key.split("\t")
    return ", ".join([path, *(part.lstrip("0") or "0" if _is_offset(part) else part for part in more)])


def _is_offset(part: str) -> bool:
    return len(part) == 19 and part.isdecimal()


@dataclass(frozen=True, slots=True)
class Document:
    """One page, as bytes.

    Attributes:
        data: its own bytes, transfer and content encodings undone.
        place: where it lies.
        media: what the bytes are, by their content or by what their box says.
        format: the formats of the boxes it lies in, from the outside in, and its media: `text`, `warc.gz/html`.
        record: what its box calls it: a WARC-Record-ID, or what a table's id column says.
        url: the address it was fetched from, if its box says so.
        date: the date its box gives, as it stands there: of a WARC record, when the page was fetched.
        charset: the encoding its box declares, which may be wrong.
        extra: other columns of its table, as a JSON object.
    """

    data: bytes
    place: Place
    media: Media = "text"
    format: str = "text"
    record: str | None = None
    url: str | None = None
    date: str | None = None
    charset: str | None = None
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """What came in and is no document.

    Attributes:
        place: where it lies.
        refused: why.
        data: its bytes, as far as its row of the rejects shall show and digest them; None where it was not read whole.
    """

    place: Place
    refused: Refused
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A seed file that was read, whole.

    Attributes:
        path: as `source.path`.
        size: bytes.
        sha256: of all of them.
    """

    path: str
    size: int
    sha256: str


Item = Document | Unread | ReadFile
"""What unpacking gives, one after the other."""


def place_columns(place: Place) -> dict[str, str | int | None]:
    """A place as columns of the rejects."""
    return dict(zip(REJECT_PLACE, place, strict=True))


def escape_text(text: str) -> str:
    r"""Text that can be shown in one line: hidden characters become `\xNN`, those above U+00FF `\uNNNN`."""
    return _HIDDEN.sub(
        lambda match: f"\\x{ord(match[0]):02x}" if match[0] < "\u0100" else f"\\u{ord(match[0]):04x}", text
    )
