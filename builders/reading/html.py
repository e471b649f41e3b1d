"""HTML to text: a page as a browser shows it, and for each line its bytes in the file and what the HTML says of it.

The rendering is that of a browser without style sheets: each block element begins a line, inline elements are joined,
a blank line stands around a paragraph, a `<br>` ends a line, cells of a row are parted by a tab, `<pre>` is kept. What
the page hides is kept too, each piece on a line of its own behind the line in which it stands, so that what is shown
reads as if it were not there. Body text that stands in nothing but `<noscript>` or JSON-LD follows at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import turbohtml

from dehusk.builders.labelling.markup import MARK_BYTES, Packed, marks_of_lines, packed
from dehusk.builders.unpacking.document import Refused
from dehusk.schema.record import PAGE_FLAGS

from .decode import BROKEN, decode_html, text_flags
from .recover import recover
from .render import Sheet, Walk
from .segment import line_spans
from .source import Bytes, Source

Ints = npt.NDArray[np.int64]


class Lines(NamedTuple):
    """The lines of a page.

    Attributes:
        start: where each begins in the text, int64[n].
        end: where it ends.
        byte_start: where it begins in the file, int64[n]; -1 where that is not known.
        byte_end: where it ends.
        marks: what the HTML says of it, uint8[n, MARK_BYTES] (`labelling/markup.py`); none for lines without letters.
    """

    start: Ints
    end: Ints
    byte_start: Ints
    byte_end: Ints
    marks: Packed


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A page that was HTML.

    Attributes:
        text: the page as it is shown, the `raw` of its record.
        encoding: how the bytes of the file became characters of HTML (`decode.py`).
        flags: what is worth knowing of it, names of `PAGE_FLAGS`.
        lines: its lines.
        tree: the parsed page.
    """

    text: str
    encoding: str
    flags: tuple[str, ...]
    lines: Lines
    tree: turbohtml.Document


CUT: Final = pa.list_(
    pa.struct(
        [
            *(pa.field(name, pa.int32()) for name in ("start", "end")),
            *(pa.field(name, pa.int64()) for name in ("byte_start", "byte_end")),
            pa.field("marks", pa.binary(MARK_BYTES)),
        ]
    )
)
"""The lines of a page of HTML, as a column of `pages`."""


def html_page(data: bytes, charset: str | None = None) -> HtmlPage | Refused:
    """Reads a page of HTML.

    Args:
        data: the bytes of the page.
        charset: what the server declared, if it did.

    Returns:
        The page, or why its bytes cannot be read (`undecodable`, `unsupported_format`). A page that shows no text has
        no lines.
    """
    read = decode_html(data, charset)
    if isinstance(read, Refused):
        return read
    html = BROKEN.sub("\ufffd", read.text) if "replacement_characters" in read.flags else read.text
    tree = turbohtml.parse(html)
    source = Source(html)
    walk = Walk(source)
    walk.go(tree)
    sheet = Sheet()
    sheet.lay_out(walk.shown)
    recovered = recover(walk, source, sheet)
    text = "".join(sheet.parts).rstrip("\n")
    flags = text_flags(text).union(read.flags, ["recovered_text"] * recovered)
    lines = _lines(text, sheet, Bytes(read, data))
    return HtmlPage(text, read.encoding, tuple(flag for flag in PAGE_FLAGS if flag in flags), lines, tree)


def _lines(text: str, sheet: Sheet, in_file: Bytes) -> Lines:
    """Cuts the text and finds what each line is made of."""
    points = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint32, copy=False)
    start, end = line_spans(points, np.array([0, len(points)], dtype=np.int64))
    at, size, origin, until, node = np.array(sheet.spots, np.int64).reshape(-1, 5).T
    same = (until - origin == size) & (origin >= 0)
    first = np.searchsorted(at, start, side="right") - 1
    last = np.searchsorted(at, end - 1, side="right") - 1
    begin = origin[first] + np.where(same[first], start - at[first], 0)
    stop = np.where(same[last], origin[last] + end - at[last], until[last])
    known = (origin[first] >= 0) & (origin[last] >= 0) & (begin < stop)
    begin, stop = (np.where(known, in_file(np.where(known, place, 0)), -1) for place in (begin, stop))
    marks = np.zeros((len(start), MARK_BYTES), np.uint8)
    letter = np.flatnonzero(_letters()[np.minimum(points, _LETTERS_END)])
    one, two = np.searchsorted(letter, start), np.searchsorted(letter, end)
    worded = two > one
    owner = node[np.searchsorted(at, letter, side="right") - 1]
    marks[worded] = marks_of_lines(packed(sheet.marks), owner, one[worded], (two - one)[worded])
    return Lines(start, end, begin, stop, marks)


_LETTERS_END: Final = 0x323B0
"""From here on no letters are assigned (Unicode 16.0)."""


@cache
def _letters() -> npt.NDArray[np.bool_]:
    """Whether each code point is a letter or digit, as `markup.letters` has it; the last stands for all above."""
    return np.array([chr(point).isalnum() for point in range(_LETTERS_END)] + [False])


def cut_column(pages: Sequence[Lines | None]) -> pa.ListArray:
    """The lines of n pages as a column (`CUT`), null where a page is not HTML."""
    sizes = [0 if lines is None else len(lines.start) for lines in pages]
    found = [lines for lines in pages if lines is not None]
    columns = [np.concatenate([lines[i] for lines in found]) if found else np.zeros(0, np.int64) for i in range(4)]
    unknown = columns[2] < 0
    marks = np.concatenate([lines.marks for lines in found]) if found else np.zeros((0, MARK_BYTES), np.uint8)
    arrays = [
        *(pa.array(column.astype(np.int32)) for column in columns[:2]),
        *(pa.array(column, pa.int64(), mask=unknown) for column in columns[2:]),
        pa.Array.from_buffers(pa.binary(MARK_BYTES), len(marks), [None, pa.py_buffer(np.ascontiguousarray(marks))]),
    ]
    offsets = pa.array([*np.cumsum([0, *sizes])], pa.int32())
    absent = pa.array([lines is None for lines in pages], pa.bool_())
    return pa.ListArray.from_arrays(
        offsets, pa.StructArray.from_arrays(arrays, fields=list(CUT.value_type)), CUT, mask=absent
    )
