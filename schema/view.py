"""The clean text as a view of the lines: the one rule that packing writes by and checking proves.

White space is what Unicode and Python call white space, and every control character (category Cc), so that
neither can reach the clean text. A line's text is its characters with each inner run of white space made one
space; the clean text is the text lines (`summary`, `heading`, `paragraph`, `list_item`) joined by a line feed.
Where a long line was cut into several, no line end stands between them: those are joined as they stood, by a space
where there was white space, else by nothing.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

CodePoints = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]

_SPACE: Final = (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
_CONTROL: Final = (*range(0x20), *range(0x7F, 0xA0))

WHITE_SPACE: Final[npt.NDArray[np.bool_]] = np.zeros(0x110000, dtype=np.bool_)
"""Whether each code point is white space: `str.isspace`, written out so that no Unicode version changes it, and Cc."""
WHITE_SPACE[[*_SPACE, *_CONTROL]] = True
WHITE_SPACE.flags.writeable = False

LINE_ENDS: Final = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""The characters that end a line, as `str.splitlines` has it."""

_ENDS_LINE: Final[npt.NDArray[np.bool_]] = np.zeros(0x110000, dtype=np.bool_)
_ENDS_LINE[[ord(end) for end in LINE_ENDS]] = True


def codepoints(strings: pa.StringArray | pa.ChunkedArray) -> tuple[CodePoints, Offsets]:
    """All strings, end to end, as code points, and where each begins.

    Args:
        strings: n strings; null counts as empty.

    Returns:
        `uint32[n_chars]` and `int64[n + 1]`: string i is `points[offsets[i]:offsets[i + 1]]`.
    """
    column = strings.combine_chunks() if isinstance(strings, pa.ChunkedArray) else strings
    values = ["" if value is None else value for value in column.to_pylist()]
    offsets = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum([len(value) for value in values], out=offsets[1:])
    points = np.frombuffer("".join(values).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(
        np.uint32, copy=False
    )
    return points, offsets


def strings_of(points: CodePoints, offsets: Offsets) -> pa.StringArray:
    """The inverse of `codepoints`: n strings from `uint32[n_chars]` and `int64[n + 1]`."""
    whole = points.astype("<u4", copy=False).tobytes().decode("utf-32-le")
    return pa.array([whole[a:b] for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)], pa.string())


def white_places(points: CodePoints) -> Offsets:
    """Where white space stands, ascending, `int64[n_white]`."""
    return np.flatnonzero(WHITE_SPACE[points])


def count_visible(white: Offsets, start: Offsets, end: Offsets) -> Offsets:
    """How many characters of each span are not white space.

    Args:
        white: what `white_places` gives for the whole text.
        start: where each span begins, `int64[n]`.
        end: where it ends.
    """
    # White space is rare, so that looking spans up among its places is far cheaper than counting through the text.
    return (end - start) - (np.searchsorted(white, end) - np.searchsorted(white, start))


def text_view(points: CodePoints, start: Offsets, end: Offsets, group: Offsets, n_groups: int) -> pa.StringArray:
    """Joins spans of text into one string per group.

    Args:
        points: code points, `uint32[n_chars]`.
        start: where each span begins in `points`, ascending, `int64[n_spans]`.
        end: where each span ends; a span is not empty and neither begins nor ends with white space.
        group: the string each span belongs to, never decreasing, `int64[n_spans]`.
        n_groups: how many strings to make; a group with no span gives an empty string.

    Returns:
        `n_groups` strings: the spans of each in order, white space normalised, joined by a line feed if a line ends
        between them, else by a space, or by nothing if they touch.
    """
    out, _, dropped, offsets = _view(points, start, end, group, n_groups)
    return strings_of(np.delete(out, dropped), offsets)


def view_places(
    points: CodePoints, start: Offsets, end: Offsets, group: Offsets, n_groups: int
) -> tuple[Offsets, Offsets]:
    """Where the characters of `text_view` come from; of one that joins two spans the place means nothing.

    Returns:
        `int64[n_chars]`, places in `points`, and `int64[n_groups + 1]`: those of string i are
        `places[offsets[i]:offsets[i + 1]]`.
    """
    _, source, dropped, offsets = _view(points, start, end, group, n_groups)
    return np.delete(source, dropped).astype(np.int64), offsets


def _view(
    points: CodePoints, start: Offsets, end: Offsets, group: Offsets, n_groups: int
) -> tuple[CodePoints, npt.NDArray[np.integer], Offsets, Offsets]:
    """Characters with some too many, where each is from, which to drop, and where each string begins without those."""
    # One slot more than each span is long: a joint stands before every span, and is taken out where there is none.
    at = np.zeros(len(start) + 1, dtype=np.int64)
    np.cumsum(end - start + 1, out=at[1:])
    source = np.arange(at[-1], dtype=np.int32 if at[-1] < 2**31 > len(points) else np.int64)
    source += np.repeat((start - at[:-1] - 1).astype(source.dtype), end - start + 1)
    source[at[:-1]] = 0  # any index that exists: the joint is written over it
    out = points[source]
    blank = white_places(out)
    out[blank] = 0x20
    joint, none = _joints(points, start, end, group)
    out[at[:-1]] = joint
    dropped = np.union1d(blank[1:][np.diff(blank) == 1], at[:-1][none])  # white space after white space, and no joint
    offsets = at[np.searchsorted(group, np.arange(n_groups + 1))]
    return out, source, dropped, offsets - np.searchsorted(dropped, offsets)


def _joints(
    points: CodePoints, start: Offsets, end: Offsets, group: Offsets
) -> tuple[CodePoints, npt.NDArray[np.bool_]]:
    """What joins each span to the one before it, and whether nothing does."""
    ends = np.flatnonzero(_ENDS_LINE[points])
    joint = np.full(len(start), 0x0A, dtype=np.uint32)
    none = np.ones(len(start), dtype=np.bool_)
    same_line = np.searchsorted(ends, start[1:]) == np.searchsorted(ends, end[:-1])
    joint[1:][same_line] = 0x20
    none[1:] = (group[1:] != group[:-1]) | (start[1:] == end[:-1])
    return joint, none
