"""Step 2, cut: the pages table → the lines table.

A line ends where `str.splitlines` ends it. It is what stands there without the white space around it; where nothing
is left there is no line. A line that is many in truth is cut further (`segment.py`). So each visible character is in
exactly one line.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.labelling.markup import MARK_BYTES
from dehusk.builders.recipe import Bounds
from dehusk.schema.record import LINES, REJECTS, reject_source
from dehusk.schema.view import CodePoints, Offsets, codepoints

from .decode import byte_widths
from .read import excerpt
from .segment import line_spans

SPANS: Final = pa.schema(
    [
        *(LINES.field(name) for name in ("page", "start", "end", "byte_start", "byte_end")),
        pa.field("marks", pa.binary(MARK_BYTES)),
    ]
)
"""The columns of lines as they are cut, before they have labels."""


def cut_lines(pages: pa.Table) -> pa.Table:
    """Cuts every page of a batch into its lines.

    Args:
        pages: n pages, of which `raw` and `source` are used, and `cut` where a page was cut when it was rendered.

    Returns:
        `SPANS`, one row a line, sorted by page and start. `start` and `end` count characters of the page's `raw`,
        `byte_start` and `byte_end` bytes of its seed file; null where that is not known. `marks` says what HTML knows
        of the line (`labelling/markup.py`); null on pages of flat text.

    Raises:
        UnicodeError: `raw` cannot be written in `source.encoding`; it was not read by `read_pages`.
    """
    if "cut" not in pages.column_names or pages["cut"].null_count == len(pages):
        return _cut_text(pages)
    rendered = pages["cut"].is_valid().to_numpy()
    flat = _cut_text(pages.filter(pa.array(~rendered)))
    flat = flat.set_column(0, SPANS.field("page"), pa.array(np.flatnonzero(~rendered)[flat["page"]], pa.int32()))
    lines = pa.concat_tables([flat, _cut_already(pages["cut"].combine_chunks())])
    return lines.take(pa.array(np.argsort(lines["page"].to_numpy(), kind="stable"))).combine_chunks()


def _cut_already(cuts: pa.ListArray) -> pa.Table:
    """The lines of the pages that were cut when they were rendered."""
    page = pc.list_parent_indices(cuts).cast(pa.int32())
    return pa.table([page, *cuts.flatten().flatten()], schema=SPANS)


def _cut_text(pages: pa.Table) -> pa.Table:
    """Cuts pages of flat text."""
    points, offsets = codepoints(pages["raw"])
    start, end = line_spans(points, offsets)
    page = np.searchsorted(offsets, start, side="right") - 1
    in_file = _byte_places(points, offsets, pages["source"])
    first = offsets[page]
    columns = (page, start - first, end - first, in_file(start, page), in_file(end, page))
    arrays = [pa.array(values, type_) for values, type_ in zip(columns, SPANS.types[:-1], strict=True)]
    return pa.table([*arrays, pa.nulls(len(page), SPANS.types[-1])], schema=SPANS)


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
