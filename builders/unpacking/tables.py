"""Tables as text: JSON lines and CSV, read row by row; a broken row is one reject, and the next is read."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

import msgspec

from .box import Box, too_large
from .document import Item, Refused, Unread
from .roles import Roles, assign_roles, no_page_in, read_row
from .streams import DamagedError

_ESCAPED: Final = 8
"""How many times longer than its page a line of JSON may be: six for escapes, two for what else it holds."""

_BLOCK: Final = 1 << 16


# -- JSON lines --


def unbox_json_lines(box: Box) -> Iterator[Item]:
    """Reads JSON lines: a document for each object, its offset that of its line, in (unpacked) bytes.

    A part of a file has the lines that begin in it.
    """
    roles: dict[tuple[tuple[str, type], ...], Roles] = {}
    for offset, line in _lines(box):
        if isinstance(line, Refused):
            yield Unread(box.at(offset), line)
        elif not line.isspace():
            yield _read_object(line, offset, box, roles)


def _read_object(line: bytes, offset: int, box: Box, roles: dict[tuple[tuple[str, type], ...], Roles]) -> Item:
    try:
        row = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return Unread(box.at(offset), Refused("damaged", f"its line is not JSON: {str(error)[:200]}"), line)
    if not isinstance(row, dict):
        return Unread(box.at(offset), Refused("damaged", "its line is JSON, but not an object"), line)
    shape = tuple((name, type(value)) for name, value in row.items())
    if shape not in roles:
        if len(roles) >= _SHAPES:
            roles.clear()
        texts = [name for name, kind in shape if kind is str]
        roles[shape] = assign_roles(list(row), texts, box.recipe.sources)
    return read_row(row, roles[shape], box, offset, "jsonl")


_SHAPES: Final = 1000
"""Kinds of objects whose roles are remembered."""


def _lines(box: Box) -> Iterator[tuple[int, bytes | Refused]]:
    """The lines of a part of a file, each with its offset."""
    file, limit = box.file, _ESCAPED * box.largest
    start, stop = box.span or (0, None)
    at = start
    if start:
        file.seek(start - 1)
        at += _skip_line(file) - 1  # the line that the part before it ends with
    while stop is None or at < stop:
        try:
            line = file.readline(limit + 1)
        except DamagedError as error:
            yield at, error.refused
            return
        if not line:
            return
        begins, at = at, at + len(line)
        if len(line) > limit and not line.endswith(b"\n"):
            at += _skip_line(file)
            yield begins, too_large(box.largest)
        else:
            yield begins, line


def _skip_line(file: BinaryIO) -> int:
    """Reads up to the next line; returns how many bytes that were."""
    skipped = 0
    while part := file.readline(_BLOCK):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


# -- CSV --


def unbox_csv(box: Box) -> Iterator[Item]:
    """Reads CSV or TSV with a line of names at its top: a document for each row, its offset the row's number from 0.

    Cells that are not UTF-8 keep their bytes, and are decoded as pages of their own. A file is not cut into parts,
    since only from its beginning it is known what stands in quotes.
    """
    if not box.begins:
        return
    delimiter = _delimiter(box)
    text = _text(box.file)
    try:
        yield from _read_rows(_Rows(text, delimiter, box.largest), delimiter, box)
    finally:
        text.detach()  # the file is its opener's to close


def _read_rows(rows: "_Rows", delimiter: str, box: Box) -> Iterator[Item]:
    names = rows.read()
    if names is None or isinstance(names, Refused):
        yield Unread(box.place, names or Refused("empty_file", "it is empty"))
        return
    roles = assign_roles(names, names, box.recipe.sources)
    if not (roles.html or roles.text):
        yield Unread(box.place, no_page_in(names))
        return
    number = 0
    while (row := rows.read()) is not None:
        if not row:  # an empty line
            continue
        if isinstance(row, list) and len(row) != len(names):
            row = Refused("damaged", f"its row has {len(row)} cells, the head of the table {len(names)}")
        if isinstance(row, Refused):
            yield Unread(box.at(number), row)
        else:
            kind = "tsv" if delimiter == "\t" else "csv"
            yield read_row(dict(zip(names, row, strict=True)), roles, box, number, kind)
        number += 1


class _TooLongError(csv.Error):
    """A row has too many characters."""


class _Rows:
    """The rows of a table, none of which is read beyond twice what a page may have: a quote is written as two."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str, largest: int) -> None:
        self._text = text
        self._largest = largest
        self._left = 0
        csv.field_size_limit(max(csv.field_size_limit(), 2 * largest))  # of the process, so it is only ever raised
        self._rows = csv.reader(iter(self._line, ""), delimiter=delimiter, strict=True)

    def read(self) -> list[str] | Refused | None:
        """The next row, or what is wrong with it; None at the end."""
        self._left = 2 * self._largest
        try:
            row: list[str] | None = next(self._rows, None)
        except _TooLongError:
            return too_large(self._largest)
        except csv.Error as error:
            return Refused("damaged", f"its row is broken: {error} (line {self._rows.line_num})")
        return row

    def _line(self) -> str:
        """The next line; of one that is too long for its row only the end is looked for."""
        line = self._text.readline(self._left + 1)
        self._left -= len(line)
        if self._left >= 0:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(_BLOCK)
        raise _TooLongError


def _delimiter(box: Box) -> str:
    """What stands between cells: the likeliest of four marks, by the first line."""
    peek = getattr(box.file, "peek", lambda _: b"")
    first = peek(_BLOCK).replace(b"\0", b"").partition(b"\n")[0]
    return max(",\t;|", key=lambda mark: first.count(mark.encode()))


def _text(file: BinaryIO) -> io.TextIOWrapper:
    """A table as text, for which bytes that are no UTF-8 stand as lone surrogates."""
    head = getattr(file, "peek", lambda _: b"")(4)[:2]
    encoding = "utf-16" if head in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    errors = "replace" if encoding == "utf-16" else "surrogateescape"
    return io.TextIOWrapper(cast("io.BufferedReader", file), encoding, errors=errors, newline="")
