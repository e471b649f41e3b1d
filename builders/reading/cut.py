"""Step 2, cut: the pages table → the lines table.

A line ends where `str.splitlines` ends it. It is what stands there without the white space around it; where nothing
is left there is no line. A line that is many in truth is cut further (`segment.py`). So each visible character is in
exactly one line.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.recipe import Bounds
from dehusk.schema.record import LINES, REJECTS, reject_source
from dehusk.schema.view import LINE_ENDS, WHITE_SPACE, CodePoints, Offsets, codepoints

from .decode import byte_widths
from .read import excerpt
from .segment import cut_long

SPANS: Final = pa.schema([LINES.field(name) for name in ("page", "start", "end", "byte_start", "byte_end")])
"""The columns of lines as they are cut, before they have labels."""

_VISIBLE, _WHITE, _LINE_END = 0, 1, 2
_KIND: Final[npt.NDArray[np.uint8]] = WHITE_SPACE.astype(np.uint8)
_KIND[[ord(end) for end in LINE_ENDS]] = _LINE_END
_KIND.flags.writeable = False


def cut_lines(pages: pa.Table) -> pa.Table:
    """Cuts every page of a batch into its lines.

    Args:
        pages: n pages, of which `raw` and `source` are used.

    Returns:
        `SPANS`, one row a line, sorted by page and start. `start` and `end` count characters of the page's `raw`,
        `byte_start` and `byte_end` bytes of its seed file.

    Raises:
        UnicodeError: `raw` cannot be written in `source.encoding`; it was not read by `read_pages`.
    """
    points, offsets = codepoints(pages["raw"])
    start, end = _spans(points, offsets)
    page = np.searchsorted(offsets, start, side="right") - 1
    in_file = _byte_places(points, offsets, pages["source"])
    first = offsets[page]
    columns = (page, start - first, end - first, in_file(start, page), in_file(end, page))
    return pa.table([pa.array(values, type_) for values, type_ in zip(columns, SPANS.types, strict=True)], schema=SPANS)


def bound_pages(pages: pa.Table, lines: pa.Table, bounds: Bounds) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Takes out the pages that have too many lines, or too long ones.

    Args:
        pages: n pages.
        lines: their lines.
        bounds: the recipe's bounds, of which `max_lines` and `max_line_chars` count here.

    Returns:
        The pages kept, their lines (`page` counted anew), and the rejects (`REJECTS`).
    """
    page = lines["page"].to_numpy()
    length = lines["end"].to_numpy() - lines["start"].to_numpy()
    n_lines = np.bincount(page, minlength=len(pages))
    longest = np.zeros(len(pages), dtype=length.dtype)
    np.maximum.at(longest, page, length)
    many, long = n_lines > bounds.max_lines, longest > bounds.max_line_chars
    kept = ~(many | long)
    if kept.all():
        return pages, lines, REJECTS.empty_table()
    rejects = [
        _reject(
            pages.slice(row, 1).to_pylist()[0],
            *(_too_many(int(n_lines[row]), bounds) if many[row] else _too_long(int(longest[row]), bounds)),
        )
        for row in np.flatnonzero(~kept).tolist()
    ]
    renumbered = (np.cumsum(kept, dtype=np.int32) - 1)[page]
    lines = lines.set_column(0, LINES.field("page"), pa.array(renumbered, pa.int32()))
    return pages.filter(pa.array(kept)), lines.filter(pa.array(kept[page])), pa.Table.from_pylist(rejects, REJECTS)


def _spans(points: CodePoints, offsets: Offsets) -> tuple[Offsets, Offsets]:
    """Where the lines of all pages begin and end in `points`: `int64[n_lines]` each."""
    kind = _KIND.take(points)
    cuts = np.sort(np.concatenate((np.flatnonzero(kind == _LINE_END) + 1, offsets)), kind="stable")
    begin, stop = cuts[:-1], cuts[1:]
    visible = np.zeros(len(points) + 2, dtype=np.bool_)  # with white space to each side, so that edges come in pairs
    np.equal(kind, _VISIBLE, out=visible[1:-1])
    edges = np.flatnonzero(visible[1:] != visible[:-1])
    word_start, word_end = edges[::2], edges[1::2]
    first = np.searchsorted(word_end, begin, side="right")  # the first word that reaches beyond where the piece begins
    last = np.searchsorted(word_start, stop, side="left") - 1  # the last that begins before it stops
    filled = (first <= last) & (begin < stop)  # two pages may begin at the same place: the first of them is empty
    # A word goes on into the next page where no white space stands between them: clip it.
    start = np.maximum(word_start[first[filled]], begin[filled])
    end = np.minimum(word_end[last[filled]], stop[filled])
    return cut_long(points, start, end)


def _byte_places(
    points: CodePoints, offsets: Offsets, sources: pa.ChunkedArray
) -> Callable[[Offsets, Offsets], Offsets]:
    """How a place in `points` and its page become a place in the page's seed file; all are `int64[n]`.

    A page's text ends where its bytes end; what is over in front is a byte order mark. Only characters that do not
    take one byte are counted: on most pages they are few.
    """
    encodings = pc.struct_field(sources, "encoding").to_pylist()
    others = [(row, encoding) for row, encoding in enumerate(encodings) if encoding != "utf-8"]
    counted = points >= 0x80
    for row, _ in others:
        counted[offsets[row] : offsets[row + 1]] = True
    at = np.flatnonzero(counted)
    over = np.zeros(len(at) + 1, dtype=np.int64)
    over[1:] = byte_widths(points[at], "utf-8")
    for row, encoding in others:
        begin, stop = np.searchsorted(at, offsets[row : row + 2])
        over[begin + 1 : stop + 1] = byte_widths(points[at[begin:stop]], encoding)
    over[1:] -= 1
    np.cumsum(over, out=over)

    def before(places: Offsets) -> Offsets:
        return places + over[np.searchsorted(at, places)]

    shift = pc.struct_field(sources, "byte_end").to_numpy() - before(offsets[1:])
    return lambda places, page: before(places) + shift[page]


def _too_many(n_lines: int, bounds: Bounds) -> tuple[str, str]:
    tip = f"split it, or raise bounds.max_lines ({bounds.max_lines}) in the recipe"
    return "too_many_lines", f"it has {n_lines} lines; {tip}"


def _too_long(chars: int, bounds: Bounds) -> tuple[str, str]:
    tip = f"split it, or raise bounds.max_line_chars ({bounds.max_line_chars}) in the recipe"
    return "line_too_long", f"it has a line of {chars} characters; {tip}"


def _reject(page: dict[str, Any], reason: str, detail: str) -> dict[str, Any]:
    return {
        **reject_source(page["source"]),
        "stage": "cut",
        "reason": reason,
        "detail": detail,
        "excerpt": excerpt(page["raw"]),
    }
