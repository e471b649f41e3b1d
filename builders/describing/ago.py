"""Reads dates that are counted back from the day a page was dumped: '3 hours ago', 'gestern'."""

import re
from functools import lru_cache
from typing import Final

from .dates import MAX_CHARS, plain_digits
from .words import any_of, fold_word, phrases

MAX_AGO: Final = 60
"""Days back that are still counted: beyond weeks, pages round ('2 months ago') and no day can be told."""

# Units by how they begin, and their length in days.
_UNITS: Final = (
    (
        0,
        """
        second | sec | min | minute | sekunde | seconde | segundo | secondo | minuto | minuut | минут | секунд
        хвилин
        minut | dakika | minuutti | 分钟 | 分鐘 | 分 | 분 | دقيقة | دقائق | دقیقه | मिनट | menit | phút | นาที
        λεπτ | דקות
        hour | hr | stunde | std | heure | hora | ora | ore | uur | час | годин | godzin | hodin | saat | timm | time
        tunti | 小时 | 小時 | 時間 | 시간 | ساعة | ساعات | ساعت | घंट | jam | giờ | ชั่วโมง | ωρ | שעות
        """,
    ),
    (
        1,
        """
        day | tag | jour | dia | giorn | dag | день | дня | дней | дні | днів | dni | dzień | dny | dnem | den | gun
        paiva
        天 | 日 | 일 | يوم | أيام | روز | दिन | hari | ngày | วัน | ημερ | ימים
        """,
    ),
    (
        7,
        """
        week | woche | semaine | semana | settiman | weken | недел | тижн | tydzien | tygodni | tydn | hafta | veck
        uke
        viikko | 周 | 週間 | 주 | أسبوع | هفته | सप्ताह | minggu | tuần | สัปดาห์ | εβδομαδ | שבוע
        """,
    ),
)
_UNIT_STEMS: Final = tuple((days, tuple(map(fold_word, phrases(table)))) for days, table in _UNITS)
_COUNTED: Final = re.compile(r"(?<![\d.,:/])(\d{1,3}) ?([^\W\d_][^\s\d,;|/()]{0,15})")
# Folded words that make a count one of time past.
_AGO: Final = re.compile(
    any_of(
        r"""
        \bago\b | \bvor\b | il y a | \bhace\b | \bfa\b | \bha\b | geleden | назад | тому | \btemu\b | \bpred\b
        \bonce\b | \bsedan\b | \bsiden\b | \bsitten\b | 前 | 전\b | منذ | قبل | پیش | पहले | \blalu\b | truoc | ที่แล้ว
        πριν | לפני | atras
        """
    )
)
_NAMED_DAYS: Final = (
    """
    today | heute | aujourd'hui | hoy | oggi | hoje | vandaag | сегодня | сьогодні | dzisiaj | dziś | dnes | bugün
    idag
    i dag | tänään | 今日 | 今天 | 오늘 | اليوم | امروز | आज | hari ini | hôm nay | วันนี้ | σήμερα | היום
    """,
    """
    yesterday | gestern | hier | ayer | ieri | ontem | gisteren | вчера | вчора | wczoraj | včera | dün | igår | i går
    eilen | 昨日 | 昨天 | 어제 | أمس | دیروز | kemarin | hôm qua | เมื่อวาน | χθες | אתמול
    """,
    """
    day before yesterday | vorgestern | avant-hier | anteayer | eergisteren | позавчера | przedwczoraj | předevčírem
    förrgår | 一昨日 | 前天 | 그저께 | hôm kia
    """,
)
_NAMED_DAY: Final = {fold_word(name): days for days, table in enumerate(_NAMED_DAYS) for name in phrases(table)}
_NAMED_DAY_RULE: Final = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, _NAMED_DAY), key=lambda name: (-len(name), name)))})(?!\w)"
)
_WORD: Final = re.compile(r"\w+")
# How the names begin: far quicker to look for than the names.
_NAMED_DAY_BEGINS: Final = frozenset(m[0] for name in _NAMED_DAY if (m := _WORD.match(name)))
_BEFORE: Final = re.compile(r"(?:vor|il y a|hace|há|ha|před|πριν(?: από)?|منذ|قبل|לפני|för|for) $", re.IGNORECASE)
_AFTER: Final = re.compile(
    " ?"
    + any_of(
        "ago | fa | geleden | назад | тому | temu | önce | sedan | siden | sitten | 前 | 전 | پیش | पहले | yang lalu"
        " | lalu | trước | ที่แล้ว | atrás"
    ),
    re.IGNORECASE,
)


def _unit_days(word: str) -> int | None:
    """Days of a unit of time; the longest stem decides ('minute' is none of 'min')."""
    plain = fold_word(word)
    hits = [(len(stem), days) for days, stems in _UNIT_STEMS for stem in stems if plain.startswith(stem)]
    return max(hits)[1] if hits else None


def _span(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of a count and of the words right beside it that make it one of time past."""
    before, after = _BEFORE.search(text[:start]), _AFTER.match(text, end)
    return before.start() if before else start, after.end() if after else end


@lru_cache(maxsize=1024)
def days_ago(line: str) -> tuple[int, int, int] | None:
    """How many days before it was dumped a page says it was published, and where the line says so.

    Minutes and hours count as the same day, which near midnight can be a day late.

    Args:
        line: one line; only its first `dates.MAX_CHARS` characters are read.

    Returns:
        Days back, start and end in the line; None when the line says nothing of the kind.

    >>> days_ago("Updated 3 days ago"), days_ago("vor 2 Stunden"), days_ago("3 days left")
    ((3, 8, 18), (0, 0, 13), None)
    """
    text = plain_digits(line[:MAX_CHARS])
    plain = fold_word(text)
    if (first := _COUNTED.search(text)) is not None and _AGO.search(plain):
        for m in _COUNTED.finditer(text, first.start()):
            unit = _unit_days(m[2])
            if unit is not None and (back := unit * int(m[1])) <= MAX_AGO:
                return back, *_span(text, m.start(), m.end())
    if len(plain) != len(text) or _NAMED_DAY_BEGINS.isdisjoint(_WORD.findall(plain)):
        return None
    if (named := _NAMED_DAY_RULE.search(plain)) is not None:
        return _NAMED_DAY[named[0]], named.start(), named.end()
    return None
