"""What the model sees of every line: counts, marks, places and hashed words, all in whole numbers.

Everything here works on a batch of pages at once and on integers only, so that a line gets the same
features on every machine and beside whatever other pages it is read.
"""

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

U8: TypeAlias = NDArray[np.uint8]
U32: TypeAlias = NDArray[np.uint32]
U64: TypeAlias = NDArray[np.uint64]
I64: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

CLASSES: Final = (
    *("control", "space", "newline", "lower", "upper", "letter", "ideograph", "digit", "mark"),
    *("stop", "comma", "colon", "quote", "open", "close", "dash", "bullet", "slash", "bar", "arrow"),
    *("code", "money", "at", "copyright", "plus", "symbol", "ellipsis"),
)
"""Classes of characters, in the order of their codes; `train.character_tables` says which character is in which."""

CLASS: Final = {name: code for code, name in enumerate(CLASSES)}

NAME_BITS: Final = 32
"""A hashed word has a name of so many bits."""

HEAD, TAIL = 10, 5
"""How many words of a line are looked up: the first ten and the last five. Long lines are plain from their form."""

NAMES_A_WORD: Final = 2
"""A word that is looked up has a name, and another together with its follower."""

LONG: Final = 80
"""From so many characters on, and with a sentence's end in it, a line counts as running text."""

MOST: Final = 4000
"""Counts within a line stop here: twelve bits hold each of them."""

SLOTS: Final = 12
"""Words of a page are counted in 2**12 slots: about 600 different words a page collide rarely."""

BASE: Final = 0x9E3779B97F4A7C15
UNDO: Final = pow(BASE, -1, 1 << 64)
MIX: Final = np.uint64(0xD6E8FEB86659FD93)


class LineFeatures(NamedTuple):
    """Features of the lines of a batch.

    `dense` uint8[n, len(DENSE)]; `single` uint32[n, len(SINGLE)], one name each; `words` uint32[k], the names of
    the words looked up, two a word (the word, and the word with its follower); those of line i are
    `words[offsets[i]:offsets[i + 1]]`, offsets int64[n + 1].
    """

    dense: U8
    single: U32
    words: U32
    offsets: I64


class _Sums(NamedTuple):
    """The characters of a batch, where its lines are, and running sums over the characters.

    `undo` holds the powers that make hashes independent of place.
    """

    text: NDArray[np.uint32]
    start: I64
    end: I64
    kind: U8
    counts: tuple[U64, U64, U64]
    folded: U64
    undo: U64


class _Words(NamedTuple):
    """The words inside lines, in order: span, hash, the line each is in, and each line's first and one-past-last."""

    start: I64
    end: I64
    hash: U64
    line: I64
    first: I64
    last: I64


class _Place(NamedTuple):
    """Where lines stand: number of the line, its page's first line and count of lines, page number from 0."""

    at: I64
    first: I64
    total: I64
    page: I64
    heads: I64


def _one_each(names: str) -> tuple[str, ...]:
    return tuple(names.split())


COUNTED: Final = (
    ("lower", "upper", "letter", "ideograph", "digit"),
    ("space", "stop", "comma", "quote", "bracket"),
    ("dash", "bar", "code", "symbol", "colon"),
)
"""What is counted in each line: five counts of twelve bits in one 64-bit sum."""

MERGED: Final = {
    "mark": "letter",
    "open": "bracket",
    "close": "bracket",
    "bullet": "bar",
    "slash": "bar",
    "arrow": "bar",
} | {"money": "symbol", "at": "symbol", "copyright": "symbol", "plus": "symbol", "ellipsis": "stop"}
"""Classes that are counted together with another."""

DENSE: Final = _one_each(
    "length words letters_a_word stops commas colons symbols "
    "part_lower part_upper part_letter part_ideograph part_digit part_space part_stop part_comma part_quote "
    "part_bracket part_dash part_bar part_code part_symbol part_of_longest "
    "part_capital part_all_capital part_number part_short years clocks part_in_text part_in_first part_alone "
    "ends_stop ends_colon ends_ellipsis ends_comma ends_digit ends_close ends_quote ends_bar starts_upper starts_lower "
    "starts_digit starts_bullet starts_quote starts_symbol all_upper one_word no_words has_at has_copyright has_code "
    "is_long blank_before blank_after far_before far_after indent gap_before gap_after "
    "from_top from_bottom place text_before to_text_before to_text_after "
    "same same_before same_after same_distance same_next short_run_before short_run_after "
    "page_lines page_text page_long page_stops page_short page_blank page_bullets page_ideographs page_letters "
    "page_same page_length page_numbers page_capital"
)
"""The dense features, in order. `part_` is a share of the line in 1/255, `page_` is the same all over a page."""

SINGLE: Final = _one_each("opening line shape_head shape_tail first_mark last_mark form setting")
"""Features that are one name each."""


def line_features(text: NDArray[np.uint32], start: I64, end: I64, page: NDArray[np.int32]) -> LineFeatures:
    """Features of every line of a batch of pages.

    Args:
        text: uint32[n_chars], the code points of all pages, a newline between two pages.
        start: int64[n_lines], where each line starts in `text`; ascending, none empty.
        end: int64[n_lines], one past each line's last character.
        page: int32[n_lines], ascending: the page of each line.
    """
    if not len(start):
        return LineFeatures(
            np.zeros((0, len(DENSE)), np.uint8),
            np.zeros((0, len(SINGLE)), np.uint32),
            np.zeros(0, np.uint32),
            np.zeros(1, np.int64),
        )
    sums = _running_sums(text, start, end)
    words = _find_words(sums)
    place = _places(page)
    dense = _dense(sums, words, place)
    single = _singles(sums, words, dense)
    chosen, offsets = _looked_up(words)
    return LineFeatures(dense, single, chosen, offsets)


# --- characters -----------------------------------------------------------------------------------------------------


@cache
def _tables() -> tuple[U8, U64]:
    """Class code and folded value of every code point: uint8[0x110000], uint64[0x110000]."""
    with (
        files("dehusk.builders.labelling").joinpath("characters.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as stored,
    ):
        kinds = np.repeat(stored["kinds"], np.diff(stored["bounds"]))
        folded = np.arange(1, len(kinds) + 1, dtype=np.uint64)
        folded[stored["fold_from"]] = stored["fold_to"].astype(np.uint64) + np.uint64(1)
    return kinds, folded


@cache
def _count_tables() -> tuple[U64, ...]:
    """For each of the three sums: what a character of each class adds to it."""
    tables = []
    for group in COUNTED:
        table = np.zeros(len(CLASSES), np.uint64)
        for code, name in enumerate(CLASSES):
            if MERGED.get(name, name) in group:
                table[code] = 1 << 12 * group.index(MERGED.get(name, name))
        tables.append(table)
    return tuple(tables)


@cache
def _powers(octave: int) -> tuple[U64, U64]:
    """Powers of the base and of its inverse, modulo 2**64, for 2**octave places."""
    powers = []
    for base in (BASE, UNDO):
        steps = np.full(1 << octave, base, np.uint64)
        steps[0] = 1
        powers.append(np.multiply.accumulate(steps))
    return powers[0], powers[1]


def _powers_for(length: int) -> tuple[U64, U64]:
    return _powers(max(16, length.bit_length()))


def _running(values: U64) -> U64:
    sums = np.empty(len(values) + 1, np.uint64)
    sums[0] = 0
    np.cumsum(values, out=sums[1:])
    return sums


def _running_sums(text: NDArray[np.uint32], start: I64, end: I64) -> _Sums:
    kinds, folded = _tables()
    power, undo = _powers_for(len(text) + 1)
    # `take` wants places of this type: told once, each table is read without a copy of its own.
    point = text.astype(np.intp)
    kind = kinds.take(point)
    code = kind.astype(np.intp)
    one, two, three = (_running(table.take(code)) for table in _count_tables())
    value = folded.take(point)
    value *= power[: len(text)]
    return _Sums(text, start, end, kind, (one, two, three), _running(value), undo)


def _mixed(value: U64) -> U64:
    """Spread every bit of a value over all of its bits."""
    value = (value ^ (value >> np.uint64(32))) * MIX
    value = (value ^ (value >> np.uint64(29))) * MIX
    return value ^ (value >> np.uint64(32))


def _named(value: U64, salt: int) -> U32:
    salted = (value + np.uint64(salt * BASE % (1 << 64))) * MIX
    return (_mixed(salted) >> np.uint64(64 - NAME_BITS)).astype(np.uint32)


# --- words ----------------------------------------------------------------------------------------------------------

_WORDY: Final = np.array(
    [2 if name == "ideograph" else name in ("lower", "upper", "letter", "digit", "mark") for name in CLASSES], np.uint8
)
"""0: not in a word, 1: in a word, 2: a word of its own (scripts written without spaces)."""

_WORDY_BYTES: Final = _WORDY.tobytes().ljust(256, b"\0")


def _find_words(sums: _Sums) -> _Words:
    start, end = sums.start, sums.end
    wordy = np.frombuffer(sums.kind.tobytes().translate(_WORDY_BYTES), np.uint8)
    begins = wordy > 0
    ends = begins.copy()
    joined = (wordy[1:] & wordy[:-1] & 1).view(np.bool_)
    begins[1:] &= ~joined
    ends[:-1] &= ~joined
    begins[start] = wordy[start] > 0
    ends[end - 1] = wordy[end - 1] > 0
    starts, stops = np.flatnonzero(begins), np.flatnonzero(ends) + 1
    low, high = np.searchsorted(starts, start), np.searchsorted(starts, end)
    count = np.minimum(high - low, MOST)
    which = _ranges(low, count)
    starts, stops = starts[which], np.minimum(stops[which], np.repeat(end, count))
    last = np.cumsum(count)
    value = _mixed((sums.folded[stops] - sums.folded[starts]) * sums.undo[starts])
    return _Words(starts, stops, value, np.repeat(np.arange(len(start)), count), last - count, last)


def _ranges(low: I64, count: I64) -> I64:
    """low[0], low[0] + 1, ... (count[0] of them), low[1], ..."""
    total = np.cumsum(count)
    return np.arange(total[-1]) + np.repeat(low - (total - count), count)


def _looked_up(words: _Words) -> tuple[U32, I64]:
    """Names of the first and last words of each line, with and without their follower, and each line's bounds."""
    count = words.last - words.first
    chosen = np.minimum(count, HEAD + TAIL)
    bounds = np.cumsum(chosen)
    nth = _ranges(np.zeros_like(chosen), chosen)
    skipped = np.repeat(count - chosen, chosen)
    which = np.repeat(words.first, chosen) + nth + np.where(nth >= HEAD, skipped, 0)
    value = words.hash[which]
    after = np.append(words.hash, np.uint64(0))[which + 1]
    after[which + 1 == np.repeat(words.last, chosen)] = 0
    pairs = np.stack([_named(value, 1), _named(value * MIX + after, 2)], axis=1)
    return pairs.ravel(), np.append(0, bounds) * NAMES_A_WORD


# --- single names ---------------------------------------------------------------------------------------------------


def _singles(sums: _Sums, words: _Words, dense: U8) -> U32:
    text, start, end = sums.text, sums.start, sums.end
    value = np.append(words.hash, np.uint64(0))
    opening = np.where(words.last > words.first, value[words.first], 0)
    line = (sums.folded[end] - sums.folded[start]) * sums.undo[start]
    head, tail = _shapes(sums)
    first, last = text[start].astype(np.uint64), text[end - 1].astype(np.uint64)
    ends = sums.kind[start].astype(np.uint64) * np.uint64(32) + sums.kind[end - 1]
    length, number = dense[:, DENSE.index("length")] >> 3, dense[:, DENSE.index("words")] >> 3
    form = (ends * np.uint64(32) + length) * np.uint64(32) + number
    gaps = [dense[:, DENSE.index(name)] >> 5 for name in ("gap_before", "gap_after")]
    setting = ((gaps[0].astype(np.uint64) * np.uint64(8) + gaps[1]) * np.uint64(32) + length) * np.uint64(
        32
    ) + sums.kind[end - 1]
    values = (opening, line, head, tail, first, last, form, setting)
    return np.stack([_named(value, 3 + salt) for salt, value in enumerate(values)], axis=1)


def _shapes(sums: _Sums) -> tuple[U64, U64]:
    """Hash of the first twelve and of the last six runs of one class of characters in each line."""
    start, end = sums.start, sums.end
    change = np.empty(len(sums.kind), np.bool_)
    change[0] = True
    np.not_equal(sums.kind[1:], sums.kind[:-1], out=change[1:])
    change[start] = True
    runs = np.flatnonzero(change)
    power, undo = _powers_for(len(runs) + 1)
    folded = _running((sums.kind[runs].astype(np.uint64) + np.uint64(1)) * power[: len(runs)])
    low, high = np.searchsorted(runs, start), np.searchsorted(runs, end)
    head, tail = np.minimum(high, low + 12), np.maximum(low, high - 6)
    return (folded[head] - folded[low]) * undo[low], (folded[high] - folded[tail]) * undo[tail]


# --- dense features -------------------------------------------------------------------------------------------------


def _log(value: I64) -> I64:
    """Eight steps an octave, from 0 at 0: the exponent and first three bits of the mantissa of value + 1, exactly."""
    bits = (value + 1).astype(np.float64).view(np.int64) >> 49
    return bits - (1023 << 3)


def _share(part: I64, whole: I64, scale: int = 255) -> I64:
    """Part of a whole in 1/scale, rounded down, at most 255; 0 of nothing.

    Floats divide faster than whole numbers, and as exactly: a quotient of such numbers that is not whole is much
    further from the next whole number than rounding goes.
    """
    return np.minimum((part * scale / np.maximum(whole, 1)).astype(np.int64), 255)


def _field(sums: U64, low: I64, high: I64, number: int) -> I64:
    """One of the twelve-bit counts between two places."""
    return ((sums[high] - sums[low] >> np.uint64(12 * number)) & np.uint64(0xFFF)).astype(np.int64)


def _places(page: NDArray[np.int32]) -> _Place:
    index = np.arange(len(page))
    heads = np.flatnonzero(np.append(True, page[1:] != page[:-1]))
    total = np.diff(np.append(heads, len(page)))
    return _Place(
        index, np.repeat(heads, total), np.repeat(total, total), np.repeat(np.arange(len(heads)), total), heads
    )


def _dense(sums: _Sums, words: _Words, place: _Place) -> U8:
    start, end = sums.start, sums.end
    cut = np.minimum(end, start + MOST)
    count = {
        name: _field(sums.counts[group], start, cut, number)
        for group, names in enumerate(COUNTED)
        for number, name in enumerate(names)
    }
    length = end - start
    is_long = (length >= LONG) & (count["stop"] > 0) | (length >= 2 * LONG)
    values = _form(sums, count, words, place)
    values |= _word_facts(sums, words, place, is_long)
    values |= _setting(sums, place)
    values |= _standing(place, length, is_long, count["stop"])
    values |= _sameness(sums, place)
    values |= _page_facts(place, values, count, length, is_long)
    dense = np.empty((len(DENSE), len(start)), np.uint8)
    for row, name in zip(dense, DENSE, strict=True):
        np.minimum(values[name], 255, out=row, casting="unsafe")
    return dense.T


def _form(sums: _Sums, count: dict[str, I64], words: _Words, place: _Place) -> dict[str, I64]:
    length, number = sums.end - sums.start, words.last - words.first
    seen = np.minimum(length, MOST)
    letters = count["lower"] + count["upper"] + count["letter"] + count["ideograph"]
    values = {
        "length": _log(length),
        "words": _log(number),
        "letters_a_word": _share(letters + count["digit"], number, 8),
        **{f"{name}s": _log(count[name]) for name in ("stop", "comma", "colon", "symbol")},
        **{f"part_{name}": _share(count[name], seen) for group in COUNTED for name in group if name != "colon"},
        "part_of_longest": _share(length, np.maximum.reduceat(length, place.heads)[place.page]),
        "is_long": np.zeros_like(length),
        "all_upper": (count["upper"] > 1) & (count["lower"] == 0),
        "one_word": number == 1,
        "no_words": number == 0,
        "has_code": count["code"] > 0,
    }
    for name in ("stop", "comma", "dash", "bar", "code", "quote", "bracket", "symbol"):
        values[f"part_{name}"] = _share(count[name], seen, 1020)
    values |= _edges(sums.kind[sums.start], sums.kind[sums.end - 1])
    return {name: value.astype(np.int64) * 128 if value.dtype == np.bool_ else value for name, value in values.items()}


def _edges(first: U8, last: U8) -> dict[str, Flags]:
    """What the first and the last character of each line are."""
    return {
        **{
            f"ends_{name}": last == CLASS[name]
            for name in ("stop", "colon", "ellipsis", "comma", "digit", "close", "quote")
        },
        "ends_bar": (last == CLASS["bar"]) | (last == CLASS["slash"]) | (last == CLASS["arrow"]),
        **{f"starts_{name}": first == CLASS[name] for name in ("upper", "lower", "digit", "quote")},
        "starts_bullet": (first == CLASS["bullet"]) | (first == CLASS["dash"]),
        "starts_symbol": first >= CLASS["slash"],
        "has_at": (first == CLASS["at"]) | (last == CLASS["at"]),
        "has_copyright": (first == CLASS["copyright"]) | (last == CLASS["copyright"]),
    }


def _word_facts(sums: _Sums, words: _Words, place: _Place, is_long: Flags) -> dict[str, I64]:
    text = sums.text
    first, last = sums.kind[words.start], sums.kind[words.end - 1]
    size = words.end - words.start
    capital = first == CLASS["upper"]
    number = (first == CLASS["digit"]) & (last == CLASS["digit"])
    year, clock = np.zeros_like(number), np.zeros_like(number)
    digits = np.flatnonzero(number)
    four = digits[size[digits] == 4]
    lead = text[words.start[four]].astype(np.int64) * 256 + text[words.start[four] + 1]
    year[four] = (lead == ord("1") * 256 + ord("9")) | (lead == ord("2") * 256 + ord("0"))
    # the last word has no follower
    brief = digits[(size[digits] <= 2) & (digits + 1 < len(number))]
    follows = (words.start[brief + 1] == words.end[brief] + 1) & (words.line[brief + 1] == words.line[brief])
    clock[brief] = follows & (sums.kind[words.start[brief + 1] - 1] == CLASS["colon"])
    weighty = (size >= 4) & ~number | (first == CLASS["ideograph"])
    in_text, in_first, alone = _recurrence(words, place, is_long)
    facts = (
        (
            capital,
            capital & (last == CLASS["upper"]) & (size > 1),
            number,
            (first == CLASS["lower"]) & (size <= 3),
            year,
        ),
        (clock, weighty & in_text, weighty & in_first, weighty & alone, weighty),
    )
    packed = [_running(_side_by_side(group)) for group in facts]
    total = words.last - words.first

    def field(group: int, i: int) -> I64:
        return _field(packed[group], words.first, words.last, i)

    named = {
        name: _share(field(0, i), total)
        for i, name in enumerate(("part_capital", "part_all_capital", "part_number", "part_short"))
    }
    heavy = field(1, 4)
    return named | {
        "years": np.minimum(field(0, 4), 2) * 100,
        "clocks": np.minimum(field(1, 0), 2) * 100,
        "part_in_text": _share(field(1, 1), heavy),
        "part_in_first": _share(field(1, 2), heavy),
        "part_alone": _share(field(1, 3), heavy),
    }


def _side_by_side(facts: tuple[Flags, ...]) -> U64:
    """Flags as numbers of twelve bits in one number each."""
    code = facts[0].astype(np.uint8)
    for i, fact in enumerate(facts[1:], 1):
        code |= fact.view(np.uint8) << np.uint8(i)
    return _spread(len(facts)).take(code)


@cache
def _spread(n: int) -> U64:
    """For every number of n bits, the number that has each of them twelve bits further on: uint64[2**n]."""
    return np.array([sum((code >> i & 1) << 12 * i for i in range(n)) for code in range(1 << n)], np.uint64)


def _recurrence(words: _Words, place: _Place, is_long: Flags) -> tuple[Flags, Flags, Flags]:
    """Of each word: is it in the page's running text, is it in the page's first line, is it nowhere else on the page?

    An occurrence does not count for itself.
    """
    slot = (place.page[words.line] << SLOTS) + (words.hash >> np.uint64(64 - SLOTS)).astype(np.int64)
    slots = len(place.heads) << SLOTS
    in_text = is_long[words.line]
    in_first = words.line == place.first[words.line]
    everywhere = np.bincount(slot, minlength=slots)
    running = np.bincount(slot[in_text], minlength=slots)
    opening = np.bincount(slot[in_first], minlength=slots)
    return running[slot] > in_text, opening[slot] > in_first, everywhere[slot] == 1


def _setting(sums: _Sums, place: _Place) -> dict[str, I64]:
    """White space around each line."""
    start, end = sums.start, sums.end
    breaks = np.flatnonzero(sums.kind == CLASS["newline"])
    nth = np.searchsorted(breaks, start)
    before = np.clip(np.append(0, nth[1:] - np.searchsorted(breaks, end[:-1])), 1, 7)
    before[place.heads] = 3
    after = np.append(before[1:], 3)
    after[place.heads[1:] - 1] = 3
    line_start = np.append(-1, breaks)[nth] + 1
    # a line without a break before it in its page is told from the page's first line, not from the page before
    indent = start - np.maximum(line_start, start[place.first])
    return {
        "gap_before": before * 32,
        "gap_after": after * 32,
        "blank_before": (before > 1) * 128,
        "blank_after": (after > 1) * 128,
        "far_before": (before > 2) * 128,
        "far_after": (after > 2) * 128,
        "indent": np.minimum(_log(indent) * 2, 255),
    }


def _standing(place: _Place, length: I64, is_long: Flags, stops: I64) -> dict[str, I64]:
    """Where a line stands in its page, and how far from running text."""
    at = place.at - place.first
    text = np.where(is_long, length, 0)
    sums = np.cumsum(text)
    before = sums - text - (sums - text)[place.first]
    total = np.add.reduceat(text, place.heads)[place.page]
    plain = (stops == 0) & ~is_long
    return {
        "is_long": is_long * 128,
        "from_top": _log(at),
        "from_bottom": _log(place.total - 1 - at),
        "place": _share(at, place.total),
        "text_before": _share(before, total),
        "to_text_before": _log(_since(place, is_long)),
        "to_text_after": _log(_until(place, is_long)),
        "short_run_before": _log(_since(place, ~plain)),
        "short_run_after": _log(_until(place, ~plain)),
    }


def _since(place: _Place, mark: Flags) -> I64:
    """How many lines ago the last marked line was; 1000 if there was none in the page."""
    seen = np.maximum.accumulate(np.where(mark, place.at, -1))
    last = np.append(-1, seen[:-1])
    return np.where(last >= place.first, np.minimum(place.at - last, 1000), 1000)


def _until(place: _Place, mark: Flags) -> I64:
    """How many lines on the next marked line is; 1000 if there is none in the page."""
    far = len(mark)
    seen = np.minimum.accumulate(np.where(mark, place.at, far)[::-1])[::-1]
    coming = np.append(seen[1:], far)
    return np.where(coming < place.first + place.total, np.minimum(coming - place.at, 1000), 1000)


def _sameness(sums: _Sums, place: _Place) -> dict[str, I64]:
    """How often the same line stands on the page, and where."""
    start, end = sums.start, sums.end
    value = _mixed((sums.folded[end] - sums.folded[start]) * sums.undo[start] + place.page.astype(np.uint64) * MIX)
    order = np.argsort(value, kind="stable")
    ranked = value[order]
    new = np.append(True, ranked[1:] != ranked[:-1])
    groups = np.flatnonzero(new)
    sizes = np.diff(np.append(groups, len(ranked)))
    nth = place.at - np.repeat(groups, sizes)
    step = np.where(new, 1000, np.append(0, np.diff(order)))
    size, rank, distance = np.empty_like(order), np.empty_like(order), np.empty_like(order)
    size[order], rank[order], distance[order] = np.repeat(sizes, sizes), nth, np.minimum(step, 1000)
    onward = np.where(np.append(new[1:], True), 1000, np.append(np.diff(order), 0))
    following = np.empty_like(order)
    following[order] = np.minimum(onward, 1000)
    return {
        "same": _log(size - 1) * 4,
        "same_before": (rank > 0) * 128,
        "same_after": (rank + 1 < size) * 128,
        "same_distance": _log(distance),
        "same_next": _log(following),
    }


def _page_facts(
    place: _Place, values: dict[str, I64], count: dict[str, I64], length: I64, is_long: Flags
) -> dict[str, I64]:
    def total(value: I64 | Flags) -> I64:
        return np.add.reduceat(value.astype(np.int64), place.heads)[place.page]

    lines, size = place.total, total(length)
    letters = total(count["lower"] + count["upper"] + count["letter"] + count["ideograph"])
    return {
        "page_lines": _log(lines),
        "page_text": _share(total(np.where(is_long, length, 0)), size),
        "page_long": _log(total(is_long)) * 2,
        "page_stops": _share(total(values["ends_stop"] > 0), lines),
        "page_short": _share(total(values["words"] <= 2 * 8), lines),
        "page_blank": _share(total(values["blank_before"] > 0), lines),
        "page_bullets": _share(total(values["starts_bullet"] > 0), lines),
        "page_ideographs": _share(total(count["ideograph"]), letters),
        "page_letters": _share(total(count["letter"]), letters),
        "page_same": _share(total(values["same"] > 0), lines),
        "page_length": _log(size // lines),
        "page_numbers": _share(total(count["digit"]), size, 1020),
        "page_capital": _share(total(values["starts_upper"] > 0), lines),
    }
