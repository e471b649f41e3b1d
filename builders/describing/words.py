"""How tables of words are written and matched: folded, so that one spelling stands for all."""

import re
import unicodedata
from typing import Final

_ACCENT: Final = re.compile("[\u0300-\u036f]")


def fold_word(word: str) -> str:
    """A word as the tables spell it: case folded, without the accents of Latin, Greek and Cyrillic letters.

    >>> fold_word("ŞUBAT"), fold_word("Août")
    ('subat', 'aout')
    """
    if word.isascii():
        return word.lower()
    plain = _ACCENT.sub("", unicodedata.normalize("NFKD", word.casefold()))
    return unicodedata.normalize("NFC", plain).replace("ı", "i")


def phrases(table: str) -> list[str]:
    r"""The entries of a table: separated by ' | ' or the end of a line, outer white space left out.

    >>> phrases("published | last post\n  created")
    ['published', 'last post', 'created']
    """
    return [entry.strip() for entry in re.split(r" \| |\n", table) if entry.strip()]


def any_of(table: str) -> str:
    r"""A regular expression for any entry of a table of expressions.

    >>> any_of("by | von\n  vom")
    '(?:by|von|vom)'
    """
    return f"(?:{'|'.join(phrases(table))})"


def folded(table: str) -> frozenset[str]:
    """The entries of a table, folded.

    >>> sorted(folded("Für | AM"))
    ['am', 'fur']
    """
    return frozenset(map(fold_word, phrases(table)))
