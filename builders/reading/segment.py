"""Segment: a line that is not one line is cut into pieces, so that a label says something of each.

Some dumps run a whole page, or many of its blocks, together into one line. Such a line is cut where blocks are glued
('HomeNewsThe tram is back'), at wide gaps and separators, and now and then where a sentence ends. An ordinary paragraph
is left whole.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from dehusk.schema.view import LINE_ENDS, WHITE_SPACE, CodePoints, Offsets

Mask = npt.NDArray[np.bool_]

_VISIBLE, _WHITE, _LINE_END = 0, 1, 2
_KIND: Final[npt.NDArray[np.uint8]] = WHITE_SPACE.astype(np.uint8)
_KIND[[ord(end) for end in LINE_ENDS]] = _LINE_END
_KIND.flags.writeable = False

LONG: Final = 2_000
"""Lines of more characters are cut: of the benchmark's lines of running text one in ten thousand is longer."""

GLUED: Final = 400
"""Lines of more characters are cut if they are glued at `MANY` places or more for each so many characters.

Of the benchmark's paragraphs of 1,000 characters and more 2 % are, most of them several blocks in truth.
"""

MANY: Final = 2

SENTENCES: Final = 200
"""Of the sentences that end within so many characters only the first is cut off, so that 'Mr.' is no piece."""

_CASED: Final = 0x530  # Latin, Greek, Cyrillic, Armenian: letters whose case no Unicode version will change
_LOWER: Final = np.array([chr(i).islower() for i in range(_CASED)] + [False])
_UPPER: Final = np.array([chr(i).isupper() for i in range(_CASED)] + [False])


def _one_of(characters: str) -> Mask:
    table = np.zeros(0x110000, dtype=np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


_STOP: Final = _one_of(".!?…؟۔।")
_WIDE_STOP: Final = _one_of("。！？")  # no space follows these
_CLOSING: Final = _one_of("\"'”’»›)]」』）")
_SEPARATOR: Final = _one_of("|•·›»▸")


def line_spans(points: CodePoints, offsets: Offsets) -> tuple[Offsets, Offsets]:
    """Where the lines of all pages begin and end.

    Args:
        points: code points of all pages, `uint32[n_chars]`.
        offsets: where each page begins, `int64[n + 1]`.

    Returns:
        Starts and ends in `points`, `int64[n_lines]` each, in order.
    """
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


def cut_long(points: CodePoints, start: Offsets, end: Offsets) -> tuple[Offsets, Offsets]:
    """Cuts the lines that are not one line.

    Args:
        points: code points of all pages, `uint32[n_chars]`.
        start: where each line begins in `points`, ascending, `int64[n_lines]`.
        end: where it ends; lines neither begin nor end with white space.

    Returns:
        Starts and ends of the lines and pieces, `int64[n]` each, in order. No visible character is lost.
    """
    length = end - start
    suspect = np.flatnonzero(length > GLUED)
    if not len(suspect):
        return start, end
    line, place = _characters(start[suspect], length[suspect])
    glued = _is_glued(points, place, start[suspect][line])
    n_glued = np.bincount(line[glued], minlength=len(suspect))
    cut = (length[suspect] > LONG) | (n_glued * GLUED >= length[suspect] * MANY)
    line, place, glued = line[cut[line]], place[cut[line]], glued[cut[line]]
    if not len(place):
        return start, end
    cuts = place[glued | _after_gap(points, place) | _first_sentences(points, place, start[suspect][line])]
    cuts = np.setdiff1d(cuts, start, assume_unique=True)  # where a line begins anyway
    visible = place[~WHITE_SPACE[points[place]]]
    ends = visible[np.searchsorted(visible, cuts) - 1] + 1
    return np.sort(np.concatenate((start, cuts))), np.sort(np.concatenate((end, ends)))


def _characters(start: Offsets, length: Offsets) -> tuple[Offsets, Offsets]:
    """Line number and place of every character of some lines."""
    line = np.repeat(np.arange(len(start)), length)
    first = np.cumsum(length) - length
    return line, np.arange(len(line)) + (start - first)[line]


def _before(points: CodePoints, place: Offsets, back: int) -> CodePoints:
    """The character so many places before; the first of all stands for those before it."""
    return points[np.maximum(place - back, 0)]


def _is_glued(points: CodePoints, place: Offsets, first: Offsets) -> Mask:
    """Whether two blocks touch right before a place: 'weatherThe', 'night.The', not 'iPhone' or 'U.S.A'."""
    here, after = points[place], points[np.minimum(place + 1, len(points) - 1)]
    one, two = (np.minimum(_before(points, place, back), _CASED) for back in (1, 2))
    begins = _UPPER[np.minimum(here, _CASED)] & _LOWER[np.minimum(after, _CASED)] & _LOWER[two]
    return begins & (_LOWER[one] | _STOP[_before(points, place, 1)]) & (place >= first + 2)


def _after_gap(points: CodePoints, place: Offsets) -> Mask:
    """Whether a place comes after a tab, two spaces or more, or a separator that stands alone."""
    one, two = _before(points, place, 1), _before(points, place, 2)
    gap = WHITE_SPACE[one] & (
        (one == 0x09) | WHITE_SPACE[two] | (_SEPARATOR[two] & WHITE_SPACE[_before(points, place, 3)])
    )
    return gap & ~WHITE_SPACE[points[place]]


def _first_sentences(points: CodePoints, place: Offsets, first: Offsets) -> Mask:
    """Whether a sentence begins at a place, as the first within its `SENTENCES` characters of the line."""
    one, two, three = (_before(points, place, back) for back in (1, 2, 3))
    after_stop = WHITE_SPACE[one] & (_STOP[two] | (_CLOSING[two] & _STOP[three]))
    after_wide = _WIDE_STOP[one] | (_CLOSING[one] & _WIDE_STOP[two])
    begins = (after_stop | after_wide) & ~WHITE_SPACE[points[place]] & ~_CLOSING[points[place]]
    begins &= ~_LOWER[np.minimum(points[place], _CASED)]
    at = np.flatnonzero(begins)
    bucket = (place[at] - first[at]) // SENTENCES
    repeated = np.zeros(len(at), dtype=np.bool_)
    repeated[1:] = (bucket[1:] == bucket[:-1]) & (first[at[1:]] == first[at[:-1]])
    begins[at[repeated]] = False
    return begins
