"""Reads the dates that a short line states: when a page was published or changed, as it says itself.

A small grammar of its own instead of `dateparser`: measured on bylines and date lines of the benchmark, that takes
1 ms a string where this takes 0.02, and its search finds a date in almost anything ('Publiziert17. Dezember' is
the 24th of December to it). Only complete dates count, with day, month and year; an order that cannot be known
('03/04/2022' in English) is not guessed.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock
from functools import lru_cache
from typing import Final, NamedTuple

from .months import AMBIGUOUS, JALALI_MONTHS, MONTHS
from .words import any_of, fold_word, folded

MAX_CHARS: Final = 400
"""Characters of a line that are looked at. The longest date line of the benchmark has 160."""

PUBLISHED: Final = "published"
MODIFIED: Final = "modified"
AS_OF: Final = "as of"
UNSAID: Final = ""


class Reading(NamedTuple):
    """How dates are to be read on a page.

    Attributes:
        language: ISO 639 code of the page, or None: decides the few month names that mean two months.
        month_first: whether '03/04/2022' is the 4th of March; None when it cannot be known.
    """

    language: str | None = None
    month_first: bool | None = None


ANY_READING: Final = Reading()
"""For a page of which nothing is known."""


@dataclass(frozen=True, slots=True)
class StatedDate:
    """One date in a line.

    Attributes:
        start: where it begins in the line, in characters.
        end: where it ends.
        when: the date, or date and time, without a time zone.
        precision: 'day', 'minute' or 'second'.
        role: 'published', 'modified', 'as of' ('Stand:', which can be either), or '' when the line does not say.
    """

    start: int
    end: int
    when: datetime
    precision: str
    role: str


class _Day(NamedTuple):
    start: int
    end: int
    day: date


# Decimal digits of the scripts that websites are written in, by their zero; written out so that no Unicode
# version changes what is read.
_ZEROS: Final = (
    *(0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66),
    *(0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10),
)
_PLAIN: Final = (
    {zero + i: str(i) for zero in _ZEROS for i in range(10)}
    | dict.fromkeys((9, 0xA0, 0x2002, 0x2003, 0x2007, 0x2008, 0x2009, 0x200A, 0x202F, 0x3000), " ")
    | dict.fromkeys((0x200B, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0xFEFF), " ")
    | {
        0xFF0F: "/",
        0xFF0E: ".",
        0xFF1A: ":",
        0xFF0C: ",",
        0x2010: "-",
        0x2011: "-",
        0x2019: "'",
        0x060C: ",",
        0x3002: ".",
    }
)


def plain_digits(text: str) -> str:
    """The same number of characters with ASCII digits, spaces and separators, so that offsets stay true.

    >>> plain_digits("١٥ يناير ٢٠٢٤")[:2], plain_digits("２０２４／５")
    ('15', '2024/5')
    """
    return text if text.isascii() and "\t" not in text else text.translate(_PLAIN)


# --- which day -------------------------------------------------------------------------------------------------------

_YEAR: Final = r"[12]\d{3}"
_YEAR_FIRST: Final = re.compile(
    rf"(?<!\d)({_YEAR}) ?(?:[-/.]|[年년]) ?(\d{{1,2}}) ?(?:[-/.]|[月월]) ?(\d{{1,2}})(?:日|일|(?!\d|[./-]\d))"
)
_ERA: Final = re.compile(r"(令和|平成|昭和|民國|民国)(\d{1,3}|元)年 ?(\d{1,2})月 ?(\d{1,2})日")
_ERA_OFFSET: Final = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_DAY_FIRST: Final = re.compile(
    r"(?<!\d)(?<!\d[./-])(?:(\d\d)([./-])(\d\d)\2((?:19|20)\d\d)(?![./-]\d)"
    rf"|(\d{{1,2}}) ?([./-]) ?(\d{{1,2}}) ?\6 ?({_YEAR}|\d\d)(?!\d|[./-]\d))"
)
_DAY_NAME_YEAR: Final = re.compile(
    rf"(?<!\d)(?<!\d[:.])(\d{{1,2}})([^\d\n]{{2,30}}?)({_YEAR}|'\d\d(?!\d)|(?<=[-./])\d\d(?!\d))"
)
_NAME_DAY_YEAR: Final = re.compile(
    r"([^\W\d_][^\s\d,;:|/()]{0,23})[ .\-/]{0,3}(\d{1,2})(?:st|nd|rd|th)?(?:, ?|[ .\-/,]{1,3})(?:of )?"
    rf"({_YEAR}|'\d\d(?!\d))"
)
_YEAR_NAME_DAY: Final = re.compile(rf"(?<!\d)({_YEAR})([^\d\n]{{2,30}}?)(\d{{1,2}})(?!\d)")
_YEAR_DAY_NAME: Final = re.compile(
    rf"(?<!\d)({_YEAR})(?:\.? ?gada|-?ж\.|[ -]жыл[а-яғ]*|-аны?) ?(\d{{1,2}})[. -]{{1,3}}([^\W\d_]{{3,20}})"
)
_VIETNAMESE: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}}) ?(?:tháng|thg\.?) ?(\d{{1,2}}) ?[,/]? ?(?:năm )?({_YEAR})(?!\d)", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\s\d,;:|/()\[\].\-]+")
_CAMEL: Final = re.compile(r"(?<=[^\W\d_A-Z])(?=[^\W\d_a-z]\w*$)")

# Words that may stand between day, month and year.
_FILLERS: Final = folded(
    "de | del | of | the | st | nd | rd | th | er | eme | o | a | e | di | d | da | den | ve | nam | m | ngay | y | los"
)
_DAY_FIRST_LANGUAGES: Final = folded(
    """
    af | am | ar | az | be | bg | bn | bs | ca | cs | cy | da | de | el | es | et | eu | fi | fo | fr | ga | gd | gl
    he | hi
    hr | hy | id | is | it | ka | kk | ky | lb | lv | mk | mr | ms | nb | ne | nl | nn | no | pl | pt | ro | ru | sk
    sl | sq
    sr | sw | ta | te | th | tr | uk | ur | uz | vi
    """
)
_BUDDHIST: Final = 543
_BUDDHIST_LANGUAGES: Final = frozenset(("th", "lo", "km"))


def _month_of(word: str, language: str | None) -> tuple[int, int] | None:
    """Month of a word, and where its name begins: another word may be glued before it ('PublishedApril')."""
    word = word.rstrip(".")
    folded = fold_word(word)
    if folded in AMBIGUOUS:
        month = AMBIGUOUS[folded].get(language or "")
        return None if month is None else (month, 0)
    if (month := MONTHS.get(folded) or MONTHS.get(folded.removeprefix("d'"))) is not None:
        return month, 0
    glued = [m.start() for m in _CAMEL.finditer(word)]
    month = MONTHS.get(fold_word(word[glued[-1] :])) if glued else None
    return None if month is None else (month, glued[-1])


def _month_in(between: str, language: str | None) -> tuple[int, bool] | None:
    """The one month that words between a day and a year name, and whether it is an Iranian one."""
    words = [word for word in _WORD.findall(between) if fold_word(word) not in _FILLERS]
    name = fold_word(" ".join(words))
    if name in JALALI_MONTHS:
        return JALALI_MONTHS[name], True
    if name in MONTHS:
        return MONTHS[name], False
    found = _month_of(words[0], language) if len(words) == 1 else None
    return None if found is None or found[1] else (found[0], False)


def jalali_to_gregorian(year: int, month: int, day: int) -> date | None:
    """A date of the Iranian calendar in the Gregorian one; None when there is no such day.

    Leap years follow the 33-year cycle, which is true to the observed calendar from 1178 to 1633 (K. M. Borkowski,
    "The Persian calendar for 3000 years", 1996).

    >>> jalali_to_gregorian(1401, 1, 12)
    datetime.date(2022, 4, 1)
    """
    leap = (25 * year + 11) % 33 < 8
    length = 31 if month <= 6 else 30 if month < 12 or leap else 29
    if not (1178 <= year <= 1633 and 1 <= month <= 12 and 1 <= day <= length):
        return None
    first = min(year, 1400)
    leaps = sum((25 * y + 11) % 33 < 8 for y in range(first, max(year, 1400)))
    days = 365 * (year - 1400) + (leaps if year >= 1400 else -leaps)
    before = 31 * (month - 1) if month <= 7 else 186 + 30 * (month - 7)
    return date(2021, 3, 21) + timedelta(days=days + before + day - 1)


def _calendar_day(year: int, month: int, day: int, reading: Reading) -> date | None:
    """A day that exists, of the Gregorian calendar; Buddhist and Iranian years are turned into it by their language."""
    if reading.language == "fa" and 1300 <= year <= 1500:
        return jalali_to_gregorian(year, month, day)
    if 2400 <= year <= 2700 and reading.language in _BUDDHIST_LANGUAGES:
        year -= _BUDDHIST
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full_year(digits: str) -> int:
    """Two digits are a year from 1970 to 2069, as POSIX has it with its pivot of 69."""
    year = int(digits.lstrip("'"))
    return year if year > 99 else year + (2000 if year < 70 else 1900)


def _numeric_day(first: int, second: int, year: str, reading: Reading) -> date | None:
    """'12.4.2022' and its like: by what is possible, else by the order that the page is known to use."""
    month_first = reading.month_first
    if month_first is None and reading.language in _DAY_FIRST_LANGUAGES:
        month_first = False
    if len(year) == 4 and month_first is None and (first > 12 or second > 12 or first == second):
        month_first = second > 12
    if month_first is None:
        return None
    month, day = (first, second) if month_first else (second, first)
    return _calendar_day(_full_year(year), month, day, reading)


def _named_day(year: str, between: str, day: str, reading: Reading) -> date | None:
    found = _month_in(between, reading.language)
    if found is None:
        return None
    month, iranian = found
    if iranian:
        return jalali_to_gregorian(int(year), month, int(day)) if len(year) == 4 else None
    return _calendar_day(_full_year(year), month, int(day), reading)


# What a text must hold for any rule to read a day in it.
_HINT: Final = re.compile(r"[12]\d{3}|'\d\d|\d ?[./-] ?\d{1,2} ?[./-] ?\d|年")


def _day(match: re.Match[str], day: date | None, shift: int = 0) -> _Day | None:
    return None if day is None else _Day(match.start() + shift, match.end(), day)


def _read_year_first(m: re.Match[str], reading: Reading) -> _Day | None:
    return _day(m, _calendar_day(int(m[1]), int(m[2]), int(m[3]), reading))


def _read_day_first(m: re.Match[str], reading: Reading) -> _Day | None:
    first, second, year = (m[1], m[3], m[4]) if m[1] else (m[5], m[7], m[8])
    return _day(m, _numeric_day(int(first), int(second), year, reading))


def _read_era(m: re.Match[str], reading: Reading) -> _Day | None:
    year = _ERA_OFFSET[m[1]] + (1 if m[2] == "元" else int(m[2]))
    return _day(m, _calendar_day(year, int(m[3]), int(m[4]), reading))


def _read_vietnamese(m: re.Match[str], reading: Reading) -> _Day | None:
    return _day(m, _calendar_day(int(m[3]), int(m[2]), int(m[1]), reading))


def _read_day_name_year(m: re.Match[str], reading: Reading) -> _Day | None:
    return _day(m, _named_day(m[3], m[2], m[1], reading))


def _read_name_day_year(m: re.Match[str], reading: Reading) -> _Day | None:
    if (month := _month_of(m[1], reading.language)) is None:
        return None
    return _day(m, _calendar_day(_full_year(m[3]), month[0], int(m[2]), reading), shift=month[1])


def _read_year_name_day(m: re.Match[str], reading: Reading) -> _Day | None:
    return _day(m, _named_day(m[1], m[2], m[3], reading))


def _read_year_day_name(m: re.Match[str], reading: Reading) -> _Day | None:
    if (month := _month_of(m[3], reading.language)) is None:
        return None
    return _day(m, _calendar_day(int(m[1]), month[0], int(m[2]), reading))


class _Rule(NamedTuple):
    """One way to write a day, and strings of which a text that is written so has one; none where that saves nothing."""

    rule: re.Pattern[str]
    read: Callable[[re.Match[str], Reading], _Day | None]
    needs: tuple[str, ...] = ()


_RULES: Final = (
    _Rule(_YEAR_FIRST, _read_year_first),
    _Rule(_DAY_FIRST, _read_day_first),
    _Rule(_ERA, _read_era, ("年",)),
    _Rule(_VIETNAMESE, _read_vietnamese, ("th", "TH", "Th", "tH")),
    _Rule(_DAY_NAME_YEAR, _read_day_name_year),
    _Rule(_NAME_DAY_YEAR, _read_name_day_year),
    _Rule(_YEAR_NAME_DAY, _read_year_name_day),
    _Rule(_YEAR_DAY_NAME, _read_year_day_name, ("gada", "ж", "-ан")),
)


def _days(text: str, reading: Reading) -> list[_Day]:
    """Every day that some rule of the grammar reads, in any order and overlapping."""
    if _HINT.search(text) is None:
        return []
    found = [
        rule.read(m, reading)
        for rule in _RULES
        if not rule.needs or any(map(text.__contains__, rule.needs))
        for m in rule.rule.finditer(text)
    ]
    return [day for day in found if day is not None]


def _apart(days: Iterable[_Day]) -> list[_Day]:
    """Days that do not overlap: the earliest first, of those that begin together the longest."""
    kept: list[_Day] = []
    for found in sorted(days, key=lambda day: (day.start, -day.end)):
        if not kept or found.start >= kept[-1].end:
            kept.append(found)
    return kept


# --- what time of the day --------------------------------------------------------------------------------------------

_ZONE: Final = r"(?:[A-Z]{2,5}|GMT ?[+-]\d{1,2}|[+-]\d\d:?\d\d|Uhr|uur|h)"
_HALF: Final = r"[ap]\.? ?m\b\.?|[πμ]\.μ\.|[صم](?!\w)"
_CLOCK: Final = re.compile(
    rf"(\d{{1,2}})(?:([:.h時时시点]) ?(\d{{2}})(?!\d)(?:[:分분](?: ?(\d{{2}})(?!\d))?)?) ?({_HALF})?", re.IGNORECASE
)
_HOUR_ONLY: Final = re.compile(rf"(\d{{1,2}}) ?({_HALF})", re.IGNORECASE)
_LEAD: Final = re.compile(r"[^\d\n]{0,20}")
_LEAD_WORDS: Final = folded(
    """
    t | d | at | um | a | as | alle | ore | las | kl | klo | kello | o | ob | в | о | г | р | u | om | og | h | time
    uhr
    le | the | saat | στις | ωρα | σε | lúc | luc | เวลา | น | 오전 | 오후 | 上午 | 下午 | 午前 | 午後 | الساعة
    ساعت | ב | בשעה | de
    """
)
_AFTERNOON: Final = ("오후", "下午", "午後")
_MORNING: Final = ("오전", "上午", "午前")
_DURATION: Final = re.compile(r" ?(?:min|sec|sek)\b", re.IGNORECASE)
_BEFORE: Final = re.compile(
    rf"(?<![\d:.])(\d{{1,2}})[:.h](\d{{2}})(?::(\d{{2}}))? ?({_HALF})? ?(?:{_ZONE})?(?: ?[,|/·•–—-])? ?"
    r"(?:on |le |am |den |στις )?(?:[^\W\d_]{2,12},? )?(?:[Nn]gày )?$",
    re.IGNORECASE,
)


class _Time(NamedTuple):
    start: int
    end: int
    hour: int
    minute: int
    second: int | None


def _hour_of(hour: int, half: str) -> int | None:
    """Hour of the day, 0 to 23, from an hour and its half of the day ('' when none is stated)."""
    mark = half.casefold()[:1]
    if not mark or 12 < hour < 24:
        return hour if hour < 24 else None
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if mark in "pμم下午오" and not half.startswith(_MORNING) else 0)


def _time(span: tuple[int, int], clock: tuple[str, str, str | None], half: str) -> _Time | None:
    hour, minute = _hour_of(int(clock[0]), half), int(clock[1])
    second = int(clock[2]) if clock[2] else None
    if hour is None or minute > 59 or (second or 0) > 59:
        return None
    return _Time(*span, hour, minute, second)


def _time_after(text: str, at: int) -> _Time | None:
    """A clock time that follows a date, with nothing but separators and known words between."""
    lead = _LEAD.match(text, at)
    words = [fold_word(word) for word in _WORD.findall(lead[0])] if lead else []
    if lead is None or not (lead[0] or text[at - 1] in "日일") or not all(word in _LEAD_WORDS for word in words):
        return None
    asian = next((word for word in words if word in _LEAD_HALVES), "")
    if (m := _CLOCK.match(text, lead.end())) is not None:
        if _DURATION.match(text, m.end()) or (
            m[2] == "." and not (m[5] or words or _dotted_time(text, lead[0], m.end()))
        ):
            return None
        return _time((at, m.end()), (m[1], m[3], m[4]), asian or m[5] or "")
    if (m := _HOUR_ONLY.match(text, lead.end())) is not None:
        return _time((at, m.end()), (m[1], "00", None), m[2])
    return None


def _dotted_time(text: str, lead: str, end: int) -> bool:
    """Whether '20.15' after a date is a time: said so by what follows, or right after it with no word behind."""
    return bool(_HOURS.match(text, end)) or not (lead.strip(" ,|-–—/•·") or _WORD_NEXT.match(text, end))


_HOURS: Final = re.compile(r" ?(?:Uhr|uur|h|u)\b")
_WORD_NEXT: Final = re.compile(r" ?[^\W\d_]")
_LEAD_HALVES: Final = frozenset(map(fold_word, _AFTERNOON + _MORNING))


def _time_before(text: str, after: int, at: int) -> _Time | None:
    """A clock time that stands right before a date ('12:20pm Jan 7, 2024')."""
    m = _BEFORE.search(text[max(after, at - 48) : at])
    if m is None:
        return None
    shift = max(after, at - 48)
    return _time((m.start() + shift, at), (m[1], m[2], m[3]), m[4] or "")


# --- what the date says about the page -------------------------------------------------------------------------------

# Stems, folded.
_MODIFIED_WORDS: Final = re.compile(
    any_of(
        r"""
        updat | modif | edited | revis | last change | amended | aktuali | geandert | bearbeitet | actuali[sz]
        atuali[sz] | aggiorna | mis a jour | \bmaj\b | mise a jour | обновл | изменен | оновлен | guncel | uppdat
        oppdat | opdat | paivitet | bijgewerk | gewijzig | zmodyf | zmienion | frissit | modosit | ενημερ | 更新
        修正
        수정 | 업데이트 | تحديث | تعديل | עודכן | עדכון | بروزرسانی | به روز | अपडेट | แก้ไข | อัปเดต | อัพเดต
        cap nhat | diperbarui | posodob | azuriran | pakeist | atnaujint | atjaun | uuenda | редакция
        senast andrad | sist endret
        """
    )
)
_PUBLISHED_WORDS: Final = re.compile(
    any_of(
        r"""
        publi | posted | asked | ^\#1\b | start date | first | created | veroffentlich | erstellt | geschrieben
        verfasst | gepost | geplaatst | pubbl | postado | опублик | создан | yayin | giris | julkais | zverejn
        vydan | megjelen | kozzetet | δημοσ | 公開 | 掲載 | 配信 | 发布 | 發布 | 发表 | 發表 | 등록 | 입력 | 게시
        نشر | פורסם | انتشار | प्रकाशित | เผยแพร่ | đang | diterbitkan
        tayang | objavljen | paskelbt | lisatud | skriv | dodan | writt
        """
    )
)
_AS_OF_WORDS: Final = re.compile(r"\bstand\b|\bas of\b|по состоянию")
_FOREIGN_WORDS: Final = re.compile(
    any_of(
        r"""
        © | copyright | \(c\) | expire | valid until | deadline | born | geboren | birthday | joined | mitglied seit
        member since | accessed | retrieved | abgerufen | sendung | download | gultig | vom .{0,40} bis | released on
        release date | air date | event date | registered | registriert | rejestracja | inscrit | registrado
        iscritto
        зарегистрирован | регистрация | dabei seit | lid sinds | medlem sedan | founded | last post | 注册 | termin\b
        beschluss | urteil | az\.: | \bradio\b | im tv\b | im fernsehen
        """
    )
)
_CHANGED_AFTER: Final = re.compile(r"\W{0,2}(?:更新|수정|修正|guncel|frissit)")
_ROLE_REACH: Final = 48
_SAYS_NOTHING: Final = " |·•,;:/–—-"


def _role(text: str, before: tuple[int, int], after: tuple[int, int]) -> str | None:
    """What the words around a date say it is; None when it is no date of the page at all."""
    words = fold_word(text[slice(*before)][-_ROLE_REACH:])
    if not words.strip(_SAYS_NOTHING):
        return MODIFIED if _CHANGED_AFTER.match(fold_word(text[slice(*after)][:8])) else UNSAID
    if _FOREIGN_WORDS.search(words):
        return None
    changed, said = _MODIFIED_WORDS.search(words), _PUBLISHED_WORDS.search(words)
    if changed or said:
        return PUBLISHED if said and (changed is None or said.start() > changed.start()) else MODIFIED
    if _AS_OF_WORDS.search(words):
        return AS_OF
    return MODIFIED if _CHANGED_AFTER.match(fold_word(text[slice(*after)][:8])) else UNSAID


def says_when(word: str) -> bool:
    """Whether a word is one that stands beside dates: 'Published', 'aktualisiert', 'Uhr', 'GMT', 'Monday'.

    >>> says_when("Publiziert"), says_when("Jane")
    (True, False)
    """
    if word.isupper() and _ZONES.fullmatch(word):
        return True
    plain = fold_word(word)
    return plain in _BESIDE or bool(_PUBLISHED_WORDS.match(plain) or _MODIFIED_WORDS.match(plain))


_ZONES: Final = re.compile(r"[ECMP][SD]?T|GMT|UTC|BST|CES?T|MES?Z|WES?T|EES?T|[AIJKM]ST|AE[SD]T|NZ[SD]T|MYT|WIB|SAST")
_BESIDE: Final = folded(
    """
    mon | tue | tues | wed | thu | thur | thurs | fri | sat | sun | uhr | date | datum | fecha | data | dato | дата
    время | time | updated | today | yesterday | 公開日 | 更新日 | 입력 | 수정
    monday | tuesday | wednesday | thursday | friday | saturday | sunday | lunes | martes | miércoles | jueves
    viernes
    montag | dienstag | mittwoch | donnerstag | freitag | samstag | sonntag | sábado | domingo | lundi | mardi
    mercredi
    jeudi | vendredi | samedi | dimanche | lunedì | martedì | mercoledì | giovedì | venerdì | sabato | domenica
    segunda
    terça | quarta | quinta | sexta | maandag | dinsdag | woensdag | donderdag | vrijdag | zaterdag | zondag | måndag
    tisdag | onsdag | torsdag | fredag | lördag | söndag | mandag | tirsdag | lørdag | søndag | poniedziałek | wtorek
    środa | czwartek | piątek | niedziela | понедельник | вторник | среда | четверг | пятница | суббота | воскресенье
    pazartesi | salı | çarşamba | perşembe | cuma | cumartesi | pazar
    """
)


@lru_cache(maxsize=4096)
def find_dates(line: str, reading: Reading = ANY_READING) -> tuple[StatedDate, ...]:
    """All complete dates that a line states, in order.

    A time zone is not kept: the date is told as the page states it. Dates that the line itself says are of something
    else (a copyright, a deadline, a birthday) are left out.

    Args:
        line: one line; only its first `MAX_CHARS` characters are read.
        reading: language of the page and order of day and month.

    >>> [found] = find_dates("Publicado el 13 de mayo de 2026 a las 15:44")
    >>> found.when.isoformat(), found.precision, found.role
    ('2026-05-13T15:44:00', 'minute', 'published')
    >>> find_dates("03/04/2022"), find_dates("Read in 5 minutes")
    ((), ())
    """
    text = plain_digits(line[:MAX_CHARS])
    days = _apart(_days(text, reading))
    if not days:
        return ()
    found: list[StatedDate] = []
    last = 0
    for i, day in enumerate(days):
        following = days[i + 1].start if i + 1 < len(days) else len(text)
        time = _time_after(text[:following], day.end)
        start, end = day.start, day.end
        if time is not None:
            end = time.end
        elif (time := _time_before(text, last, day.start)) is not None:
            start = time.start
        role = _role(text, (last, start), (end, following))
        last = end
        if role is not None:
            found.append(_stated(start, len(text[:end].rstrip()), day.day, time, role))
    return tuple(_told_apart(found))


def _told_apart(found: list[StatedDate]) -> list[StatedDate]:
    """Two dates glued together ('May 21, 2025April 24, 2025') are when a page was published and when it was changed."""
    for i in range(len(found) - 1):
        first, second = found[i : i + 2]
        if (
            first.end == second.start
            and first.role == second.role == UNSAID
            and first.when.date() != second.when.date()
        ):
            later = i + (second.when > first.when)
            found[later] = replace(found[later], role=MODIFIED)
    return found


def _stated(start: int, end: int, day: date, time: _Time | None, role: str) -> StatedDate:
    if time is None:
        return StatedDate(start, end, datetime.combine(day, clock()), "day", role)
    when = datetime.combine(day, clock(time.hour, time.minute, time.second or 0))
    return StatedDate(start, end, when, "minute" if time.second is None else "second", role)


# --- in which order --------------------------------------------------------------------------------------------------

_AMERICAN: Final = re.compile(r"\b(?:E[SD]?T|C[SD]T|M[SD]T|P[SD]?T|AK[SD]T|HST)\b")
_EUROPEAN: Final = re.compile(r"\b(?:GMT|BST|CES?T|MESZ|MEZ|WES?T|EES?T|IST|AE[SD]T|NZ[SD]T)\b")


def month_comes_first(lines: Iterable[str]) -> bool | None:
    """Whether a page writes months before days, as its own dates and time zones give away; None when they do not.

    A single date with a day above 12 tells; two that contradict each other tell nothing.

    >>> month_comes_first(["12/28/2021", "01/02/2022"]), month_comes_first(["01/02/2022"])
    (True, None)
    """
    votes: set[bool] = set()
    for line in lines:
        text = plain_digits(line[:MAX_CHARS])
        for m in _DAY_FIRST.finditer(text):
            first, second = (int(m[1]), int(m[3])) if m[1] else (int(m[5]), int(m[7]))
            if first <= 12 < second <= 31 or second <= 12 < first <= 31:
                votes.add(second > 12)
            elif _AMERICAN.search(text) or _EUROPEAN.search(text):
                votes.add(_EUROPEAN.search(text) is None)
    return votes.pop() if len(votes) == 1 else None
