"""Reads dates as markup writes them: ISO 8601, its compact forms, RFC 5322, seconds since 1970, or in words.

The time zone is dropped, as it is from dates of the text: a date is what the page states. Which day that is for the
reader the visible text tells, where it states one (`settle`).
"""

import re
from datetime import UTC, date, datetime
from datetime import time as clock
from typing import Final, NamedTuple

from .dates import ANY_READING, Reading, find_dates

MAX_CHARS: Final = 80
"""Characters of a value that are read."""

_ISO: Final = re.compile(
    r"\s*([12]\d{3})-(\d{1,2})-(\d{1,2})(?!\d)(?:(?:T|\s+|\s*T\s*)(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?)?",
    re.IGNORECASE,
)
_COMPACT: Final = re.compile(
    r"\s*([12]\d{3})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(?:Z|[+-]\d{2}:?\d{2})?\s*$", re.IGNORECASE
)
_EPOCH: Final = re.compile(r"\s*(\d{9,10})(?:\.\d+|\d{3})?\s*$")
_LOCAL: Final = re.compile(r":\d\d(?:\.\d+)?\s*[+-](?!00:?00)\d{2}:?\d{2}\s*$")


class Stamp(NamedTuple):
    """A date as the markup states it.

    Attributes:
        when: without its time zone.
        precision: 'day', 'minute' or 'second'. Midnight sharp is a day: that is how systems write a date alone.
        local: whether a time zone other than UTC was stated, so that the day is the page's own.
    """

    when: datetime
    precision: str
    local: bool


def _stamp(parts: tuple[str | None, ...], *, local: bool) -> Stamp | None:
    year, month, day_of_month, hour, minute, second = parts
    try:
        day = date(int(year or 0), int(month or 0), int(day_of_month or 0))
        time = clock(int(hour or 0), int(minute or 0), min(int(second or 0), 59))
    except ValueError:
        return None
    when = datetime.combine(day, time)
    midnight = not (when.hour or when.minute or when.second)
    return Stamp(when, "day" if midnight else "minute" if second is None else "second", local and hour is not None)


def read_stamp(value: str, reading: Reading = ANY_READING) -> Stamp | None:
    """The date that a value of markup states; None when it states none, or not all of it.

    Args:
        value: as the markup has it; its first `MAX_CHARS` characters are read.
        reading: language of the page, and order of day and month, for dates in words.

    >>> read_stamp("2024-05-16T08:30:00+02:00").when.isoformat(), read_stamp("20240516").precision
    ('2024-05-16T08:30:00', 'day')
    >>> read_stamp("Thu, 16 May 2024 08:30:05 GMT").when.isoformat(), read_stamp("May 16")
    ('2024-05-16T08:30:05', None)
    """
    value = value[:MAX_CHARS]
    local = _LOCAL.search(value) is not None
    if (m := _ISO.match(value)) is not None:
        return _stamp(m.groups(), local=local)
    if (m := _COMPACT.match(value)) is not None:
        return _stamp(m.groups(), local=local)
    if (m := _EPOCH.match(value)) is not None:
        when = datetime.fromtimestamp(int(m[1]), UTC).replace(tzinfo=None)
        return Stamp(when, "second", local=False)
    found = find_dates(value, reading)
    if not found:
        return None
    midnight = not (found[0].when.hour or found[0].when.minute or found[0].when.second)
    return Stamp(found[0].when, "day" if midnight else found[0].precision, local)
