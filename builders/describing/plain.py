"""Turns values of markup into plain text: no tags, no character references, no control characters, bounded."""

import html
import re
from typing import Any, Final

from .sheet import normalise

MAX_VALUE: Final = 4000
"""Characters of a value that are read. The longest description of the benchmark's markup has 3,930."""

_TAG: Final = re.compile(r"<(?:/?[a-zA-Z!][^<>]{0,400})?>")
_REFERENCE: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
# What no text field can hold: lone surrogates, and marks that only say in which direction to write.
_UNSEEN: Final = re.compile("[\ud800-\udfff\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
ROUNDS: Final = 2
"""How often a value may have been escaped; some systems write `&amp;amp;`."""


def plain_text(value: str) -> str:
    r"""A value as plain text, in one line.

    Args:
        value: any string; only its first `MAX_VALUE` characters are read.

    Returns:
        The text that a browser would show for it; empty where there is none.

    >>> plain_text("Trams &amp;amp; <b>tides</b>\n at noon"), plain_text("a < b")
    ('Trams & tides at noon', 'a < b')
    """
    value = value[:MAX_VALUE]
    if "&" in value:
        for _ in range(ROUNDS):
            if _REFERENCE.search(value) is None:
                break
            value = html.unescape(value)
    if "<" in value:
        value = _TAG.sub(" " if "<p" in value or "<br" in value else "", value)
    return normalise(_UNSEEN.sub("", value))


def as_text(value: Any) -> str:
    """The first plain text that a value of any JSON type gives: of a list its first, of an object its name."""
    for _ in range(4):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = value.get("@value") or value.get("name") or value.get("@id")
        else:
            break
    if isinstance(value, str):
        return plain_text(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15 else ""
