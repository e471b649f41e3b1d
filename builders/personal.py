"""Personal data in text: e-mail addresses, telephone numbers and IP addresses, found by documented patterns.

The patterns are estimates, made to be counted and masked: an address of an office counts as one of a person does, a
number written without a country code is found only behind a word such as 'Tel.' or in the American form, and IP
addresses that begin with one digit are left out since most of their look-alikes are versions and sections. All are
linear in the text (RE2).
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.schema.view import codepoints, strings_of

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_BYTE: Final = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
# RFC 6890 names the blocks that belong to no one: 10/8, 127/8, 169.254/16, 172.16/12, 192.168/16 and 224/3.
_NETWORK: Final = (
    rf"(?:(?:1[1-9]|[2-9][0-9]|1[01][0-9]|12[0-689]|1[3-5][0-9]|16[0-8]|17[013-9]|18[0-9]|19[013-9]|2[01][0-9]|22[0-3])"
    rf"\.{_BYTE}"
    r"|169\.(?:25[0-35]|2[0-4][0-9]|1?[0-9]?[0-9])"
    r"|172\.(?:[0-9]|1[0-5]|3[2-9]|[4-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
    r"|192\.(?:[0-9]?[0-9]|1[0-57-9][0-9]|16[0-79]|2[0-4][0-9]|25[0-5]))"
)
_CALL: Final = (
    "tel|tél|phone|telephone|telefon|telefono|teléfono|téléphone|telefone|telefoon|mobile|mobil|mob|gsm|tlf|puh|fax|"
    "whatsapp|тел|телефон|факс|هاتف"
)


class Pattern(NamedTuple):
    """What is looked for, as RE2 patterns.

    Attributes:
        hit: what is found.
        lead: what must stand before it and is no part of it.
        tail: what must stand behind it.
        least: the shortest part of a hit that no string without one has, if that is not the hit. Whether there is a hit
            is asked far more often than where, and counted repetitions cost RE2 a state for each.
    """

    hit: str
    lead: str = ""
    tail: str = ""
    least: str = ""


PARTS: Final[Mapping[str, tuple[Pattern, ...]]] = {
    # RFC 5321, the forms in use: no quoted local part, no address literal.
    "email_address": (
        Pattern(
            r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9][A-Za-z0-9\-]{0,62}\.){1,8}[A-Za-z]{2,24}",
            least=r"[A-Za-z0-9._%+\-]@(?:[A-Za-z0-9][A-Za-z0-9\-]{0,62}\.){1,8}[A-Za-z]{2}",
        ),
    ),
    # ITU-T E.123 with a country code (8 to 15 digits, E.164; area codes of +1 begin with 2 or more); behind a word for
    # 'telephone' that is no part of another; the American form. RE2's \b knows ASCII letters alone.
    "phone_number": (
        Pattern(
            r"\+(?:1[ ().\-/]{0,2}[2-9]|[2-9])(?:[ ().\-/]{0,2}[0-9]){7,14}",
            least=r"\+(?:1[ ().\-/]{0,2}[2-9]|[2-9])(?:[ ().\-/]{0,2}[0-9]){7}",
        ),
        Pattern(
            r"[0-9](?:[ ().\-/]{0,2}[0-9]){5,14}",
            rf"(?:(?:^|\PL)(?i:{_CALL})|電話|电话)[^\pL0-9\n]{{0,8}}",
            least=r"[0-9](?:[ ().\-/]{0,2}[0-9]){5}",
        ),
        Pattern(r"(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[\-.])[2-9][0-9]{2}[\-.][0-9]{4}\b"),
    ),
    # RFC 791 and RFC 4291: public IPv4 from 11.0.0.0 on; IPv6 in full or with '::'.
    "ip_address": (
        Pattern(rf"{_NETWORK}\.{_BYTE}\.{_BYTE}", r"(?:^|[^0-9.])", r"(?:[^0-9.]|\.?$|\.[^0-9])"),
        Pattern(r"(?i:\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){2,6}(?::[0-9a-f]{1,4}){1,5}\b)"),
    ),
}
"""What is looked for, by kind."""

PATTERNS: Final[Mapping[str, str]] = {
    kind: "|".join(f"{part.lead}{part.least or part.hit}{part.tail}" for part in parts) for kind, parts in PARTS.items()
}
"""One RE2 pattern for each kind, which tells whether a string holds any."""

PERSONAL: Final = {
    "email_address": "e-mail addresses",
    "phone_number": "telephone numbers",
    "ip_address": "public IP addresses",
}
"""Each kind in words."""


def find_patterns(strings: pa.Array | pa.ChunkedArray, patterns: Mapping[str, str]) -> dict[str, Mask]:
    """Which strings hold which pattern.

    Args:
        strings: n strings; null holds nothing.
        patterns: RE2 patterns by name.

    Returns:
        For each pattern that occurs, `bool[n]`.
    """
    # Hits are rare: all patterns are looked for at once, and each alone only where one of them is.
    either = "|".join(f"(?:{pattern})" for pattern in patterns.values())
    hit = np.flatnonzero(_mask(pc.match_substring_regex(strings, either)))
    some = strings.take(pa.array(hit))
    found = {}
    for name, pattern in patterns.items():
        which = hit[_mask(pc.match_substring_regex(some, pattern))] if len(hit) else hit
        if len(which):
            found[name] = np.zeros(len(strings), dtype=np.bool_)
            found[name][which] = True
    return found


def _mask(array: pa.Array | pa.ChunkedArray) -> Mask:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), dtype=np.bool_)


def flag_personal(raw: pa.ChunkedArray, text: pa.Array | pa.ChunkedArray) -> dict[str, Mask]:
    """Which records hold personal data of each kind, in `raw` or in `text`, `bool[n]` by kind."""
    found = [find_patterns(strings, PATTERNS) for strings in (raw, text)]
    return {
        kind: np.logical_or.reduce([one[kind] for one in found if kind in one]) for kind in {**found[0], **found[1]}
    }


def count_personal(records: pa.Table) -> dict[str, int]:
    """How many records hold personal data of each kind in `raw`, and in `text`, as `FIELD.KIND`.

    Only those are looked at whose flags say so (`flag_personal`).
    """
    flags = records["flags"].combine_chunks()
    row = pc.list_parent_indices(flags).to_numpy(zero_copy_only=False)
    flagged = np.unique(row[_mask(pc.is_in(flags.flatten(), pa.array(list(PERSONAL))))])
    some = records.select(["raw", "text"]).take(pa.array(flagged))
    return {
        f"{field}.{kind}": int(mask.sum())
        for field in ("raw", "text")
        for kind, mask in find_patterns(some[field], PATTERNS).items()
    }


# -- where it stands ---------------------------------------------------------------------------------------------------

_EDGE: Final = "\U0010ffff"
_FILLER: Final = "\U0010fffe"
"""Two noncharacters, which no pattern tells apart."""


class Spans(NamedTuple):
    """Places in strings, int64[n] each: the string, from, up to, and the kind (its place in `PARTS`); in order."""

    row: Ints
    start: Ints
    end: Ints
    kind: Ints


def find_spans(strings: pa.Array | pa.ChunkedArray, kinds: Collection[str]) -> Spans:
    """Where personal data stands in strings.

    Args:
        strings: n strings; null holds nothing.
        kinds: what to look for, names of `PARTS`.

    Returns:
        Spans of which no two have a character in common. With their characters gone, no pattern of these kinds holds.
    """
    masks = find_patterns(strings, {kind: PATTERNS[kind] for kind in PARTS if kind in kinds})
    hit = np.flatnonzero(np.logical_or.reduce([np.zeros(len(strings), np.bool_), *masks.values()]))
    points, at = codepoints(strings.take(pa.array(hit)))
    points = np.where(points == ord(_EDGE), np.uint32(ord(_FILLER)), points)
    found = [Spans(*np.zeros((4, 0), np.int64))]
    parts = [(number, part) for number, kind in enumerate(PARTS) if kind in kinds for part in PARTS[kind]]
    more = len(hit) > 0
    while more:  # a hit whose lead is the tail of another is found in the next round
        more = False
        for number, part in parts:
            start, end = _edges(pc.replace_substring_regex(strings_of(points, at), *_wrapping(part)))
            if len(start):
                more = True
                row = np.searchsorted(at, start, side="right") - 1
                found.append(Spans(hit[row], start - at[row], end - at[row], np.full(len(start), number)))
                points[_covered(start, end, len(points))] = ord(_FILLER)
    row, start, end, kind = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((start, row))
    return Spans(row[order], start[order], end[order], kind[order])


def _wrapping(part: Pattern) -> tuple[str, str]:
    """A pattern, and what to put in the place of its match so that an edge stands before and behind the hit."""
    return f"({part.lead})({part.hit})({part.tail})", rf"\1{_EDGE}\2{_EDGE}\3"


def _edges(strings: pa.StringArray) -> tuple[Ints, Ints]:
    """Where hits begin and end among the characters that are no edges, all strings end to end."""
    places = np.flatnonzero(codepoints(strings)[0] == ord(_EDGE))
    places -= np.arange(len(places))
    return places[::2], places[1::2]


def _covered(start: Ints, end: Ints, size: int) -> Mask:
    step = np.zeros(size + 1, np.int64)
    np.add.at(step, start, 1)
    np.add.at(step, end, -1)
    return np.cumsum(step[:-1]) > 0
