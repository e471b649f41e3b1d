"""Reads out of a legal line who publishes the site."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from .words import any_of

MAX_CHARS: Final = 300
_MAX_NAME: Final = 80
_MAX_WORDS: Final = 9

_CHINESE: Final = re.compile(r"([^\s，。,.:：|]{2,30}?)版[权權]所有")
_MARK: Final = re.compile(r"©|\(c\)(?= ?\d|\s)|\bcopyright\b", re.IGNORECASE)
_YEARS: Final = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?: ?[-–—/,] ?(?:(?:19|20)?\d\d(?!\d)|present|today|heute|now))*(?!\d)", re.IGNORECASE
)
_OPENING: Final = re.compile(
    r"(?:[\s:,|•·℗©–—-]|copyright\b|\(c\)|by\b|the copyright of\b|von\b|par\b|is held by\b)+", re.IGNORECASE
)
_RIGHTS: Final = re.compile(
    any_of(
        r"""
        \ball rights\b | alle rechte | todos l?os derechos | todos os direitos | derechos reservados
        direitos reservados
        tous droits | tutti i diritti | wszelkie prawa | wszystkie prawa | все права | усі права | alla rättigheter
        alle rettigheter | med ensamrätt | minden jog | všechna práva | toate drepturile | tüm hakları | her hakkı
        hak cipta | bản quyền | 版权 | 版權 | 保留 | 無断 | 禁 | 전재 | 무단 | جميع الحقوق | حقوق | کلیه | כל הזכויות
        सर्वाधिकार | สงวน | πνευματικ | \brights reserved | reservados | réservés | riservati | haki zote | licencja
        """
    ),
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    r"[|•·;:<>\[\]{}！。।]|\((?!pty)|\s/|\s\d{2,4}\s|\s[-–—]\s|\.\s|\.$|\s{2,}"
    # a comma ends the name, unless the rest of a company's follows
    r"|,\s(?!(?:inc|llc|ltd|gmbh|ag|se|kg|s\.?a|s\.?l|slu|plc|co|corp|lp|llp|pty|n\.?v|b\.?v)\b|(?:\w+ ){1,3}& co)"
    r"|\b"
    + any_of(
        r"""
        a division of | a part of | eine marke | powered by | site design | design(?:ed)? by | created by | privacy
        impressum | datenschutz | terms | published by | ist lizen\w* | und seine lizenzgeber | and affiliated
        or its affiliates | and its | es una marca | content is | website | contact | cookies? | company registration
        """
    )
    + r"\b",
    re.IGNORECASE,
)
# Quoted names, with one level of quotes of another kind inside.
_QUOTED: Final = re.compile(
    r"«([^«»]{2,60})»|“([^“”]{2,60})”|„([^„“”]{2,60})[“”]|\"([^\"]{2,60})\"|「([^「」]{2,60})」|『([^『』]{2,60})』"
)
_EDGES: Final = " \t\u00a0\u3000,;:|•·-–—©*'\"“”„«»’‘"
_COMPANY: Final = re.compile(
    r"\b(?:inc|llc|ltd|corp|co|s\.a|s\.l|b\.v|n\.v|k\.k|s\.p\.a|a\.s|z\.o\.o|\w(?:\.\w)+)$", re.IGNORECASE
)
_MORE: Final = re.compile(r"(?:inc|llc|ltd|kg|lp|limited|k\.?k|b\.?v)\b", re.IGNORECASE)


class Publisher(NamedTuple):
    """Where a line names the publisher, in characters, and how plainly: a year, a rights phrase, a quoted name."""

    start: int
    end: int
    plain: int


def _name_span(line: str, start: int, end: int) -> tuple[int, int] | None:
    """The span of a name between two places of a line; None when what stands there is none."""
    piece = line[start:end]
    left = len(piece) - len(piece.lstrip(_EDGES))
    right = len(piece.rstrip(_EDGES))
    if left >= right:
        return None
    start, end = start + left, start + right
    name = line[start:end]
    if line[end : end + 1] == "." and _COMPANY.search(name):
        end += 1
    fits = len(name) <= _MAX_NAME and len(name.split()) <= _MAX_WORDS and len(name) >= 2
    return (start, end) if fits and any(map(str.isalpha, name)) and not _RIGHTS.search(name) else None


def _after_mark(line: str, at: int) -> tuple[int, int] | None:
    """The name that follows a copyright mark."""
    while (m := _OPENING.match(line, at) or _YEARS.match(line, at)) is not None:
        at = m.end()
    stops = [m.start() for rule in (_RIGHTS, _YEARS) if (m := rule.search(line, at))]
    limit = min([*stops, len(line)])
    for m in _CLOSING.finditer(line, at, limit):
        if not (m[0].startswith(".") and _COMPANY.search(line[at : m.start()]) and _MORE.match(line, m.end())):
            limit = m.start()
            break
    return _name_span(line, at, limit)


def _before_mark(line: str, at: int) -> tuple[int, int] | None:
    """The name that stands before a copyright mark, as in 'Jane Roe © 2024'."""
    begin = max((m.end() for rule in (_CLOSING, _RIGHTS, _YEARS) for m in rule.finditer(line, 0, at)), default=0)
    return _name_span(line, begin, at)


@lru_cache(maxsize=1024)
def find_publisher(line: str) -> Publisher | None:
    """The publisher that a copyright line names: the quoted name where there is one, else what stands beside the mark.

    Args:
        line: one line; longer ones than `MAX_CHARS` are read up to there.

    >>> line = "Copyright © 2019–2024 Harbour Media, Inc. All rights reserved."
    >>> found = find_publisher(line)
    >>> line[found.start : found.end]
    'Harbour Media, Inc.'
    """
    line = line[:MAX_CHARS]
    lower = line.lower()
    marked = "©" in line or "(c)" in lower or "copyr" in lower
    mark = _MARK.search(line) if marked else None
    if mark is None:
        chinese = _CHINESE.search(line) if "版" in line else None
        named = _name_span(line, *chinese.span(1)) if chinese else None
        return Publisher(*named, 1) if named else None
    span = _after_mark(line, mark.end()) or _before_mark(line, mark.start())
    if span is None:
        return None
    plain = bool(_YEARS.search(line)) + bool(_RIGHTS.search(line))
    quoted = _QUOTED.search(line, max(0, span[0] - 1), min(len(line), span[1] + 2))
    return Publisher(*quoted.span(quoted.lastindex or 0), plain) if quoted else Publisher(*span, plain)
