"""Make the tables that `features` reads: the class of every character, and its folded form.

They are stored and not computed, so that another Python with other Unicode data finds the same features.
"""

import unicodedata
from pathlib import Path
from typing import Final

import numpy as np

from .features import CLASSES

_SIGNS: Final = {
    "stop": ".!?。！？｡؟।॥։።",
    "ellipsis": "…⋯",
    "comma": ",;\u060c\uff0c\u3001\uff1b",
    "colon": ":：",
    "quote": "\"'“”„‟«»‹›‘’‚‛「」『』`´",
    "bullet": "•‣◦▪▫■□●○⁃∙*❖➤➢✓✔",
    "slash": "/\\",
    "bar": "|\u00a6\u2502\u2503\u00b7\u0387\u30fb",
    "arrow": "←↑→↓↔⇒⇐▲▼►◄▶◀▸◂▾▴",
    "code": "{}<>=_#~^",
    "money": "%‰",
    "at": "@",
    "copyright": "©®™℗",
    "plus": "+&±×÷",
}
_UNSPACED: Final = ("CJK ", "HIRAGANA", "KATAKANA", "THAI ", "LAO ", "KHMER ", "MYANMAR ", "BOPOMOFO", "TIBETAN ")
_BY_CATEGORY: Final = (
    {"Ll": "lower", "Lu": "upper", "Lt": "upper", "Lm": "letter", "Lo": "letter", "Mn": "mark", "Mc": "mark"}
    | {"Me": "mark", "Nd": "digit", "Nl": "digit", "No": "digit", "Zs": "space", "Zl": "newline", "Zp": "newline"}
    | {"Pd": "dash", "Ps": "open", "Pe": "close", "Pi": "quote", "Pf": "quote", "Pc": "code", "Po": "comma"}
    | {"Sc": "money", "Sm": "symbol", "So": "symbol", "Sk": "symbol"}
)


def class_of(character: str) -> str:
    """The class (`features.CLASSES`) of one character."""
    for name, signs in _SIGNS.items():
        if character in signs:
            return name
    if character in "\n\x0b\x0c\x1c\x1d\x1e\x85":
        return "newline"
    if character in "\t\r":
        return "space"
    category = unicodedata.category(character)
    if category in ("Lo", "Lm", "Mn", "Mc") and unicodedata.name(character, "").startswith(_UNSPACED):
        return "ideograph"
    return _BY_CATEGORY.get(category, "control")


def _folded(character: str) -> str:
    if unicodedata.category(character) == "Nd":
        return "0"
    small = character.lower()
    return small if len(small) == 1 else character


def write_characters(out: Path) -> None:
    """Write the tables of characters that `features` reads, from this Python's Unicode data."""
    points = [chr(i) for i in range(0x110000)]
    kinds = np.array([CLASSES.index(class_of(c)) for c in points], np.uint8)
    bounds = np.append(np.flatnonzero(np.append(True, kinds[1:] != kinds[:-1])), len(kinds))
    folds = [(i, ord(_folded(c))) for i, c in enumerate(points) if _folded(c) != c]
    fold_from, fold_to = np.array(folds, np.uint32).T
    np.savez_compressed(
        out, kinds=kinds[bounds[:-1]], bounds=bounds.astype(np.uint32), fold_from=fold_from, fold_to=fold_to
    )
