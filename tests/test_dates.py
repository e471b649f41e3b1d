"""Dates that a line states: what must be read, in which form, and what must stay unknown."""

import re
from datetime import date, datetime, timedelta

import dateparser
import pytest
from dateparser.data.date_translation_data import ar, cs, de, el, es, fi, fr, hi, it, ja, lt, pl, pt, ru, tr, uk
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.describing.ago import days_ago
from dehusk.builders.describing.dates import (
    AS_OF,
    MAX_CHARS,
    MODIFIED,
    PUBLISHED,
    UNSAID,
    Reading,
    find_dates,
    jalali_to_gregorian,
    month_comes_first,
    plain_digits,
    says_when,
)
from dehusk.builders.describing.months import AMBIGUOUS, JALALI_MONTHS, MONTHS
from dehusk.builders.describing.words import fold_word

# line, language, what is read: ISO form (a minute has no seconds), role
STATED = [
    # English
    ("1 Apr, 2022 14:18", "en", [("2022-04-01T14:18", UNSAID)]),
    ("Published Jun 05, 2026  •  3 minute read", "en", [("2026-06-05", PUBLISHED)]),
    ("Posted: Aug 08, 2024 4:00 AM EDT | Last Updated: August 8", "en", [("2024-08-08T04:00", PUBLISHED)]),
    ("asked Oct 16, 2010 at 21:58", "en", [("2010-10-16T21:58", PUBLISHED)]),
    ("#1 · Jan 3, 2024", "en", [("2024-01-03", PUBLISHED)]),
    ("#12 · Jan 3, 2024", "en", [("2024-01-03", UNSAID)]),
    ("See #1 · Jan 3, 2024", "en", [("2024-01-03", UNSAID)]),
    ("12:20pm Jan 7, 2024", "en", [("2024-01-07T12:20", UNSAID)]),
    ("12:20 a.m. on Sunday, January 7, 2024", "en", [("2024-01-07T00:20", UNSAID)]),
    ("17:41 JST,\u2002October 13, 2024", "en", [("2024-10-13T17:41", UNSAID)]),
    ("June 30, 2026 - 4.34pm", "en", [("2026-06-30T16:34", UNSAID)]),
    ("April 26, 2024 at 11am", "en", [("2024-04-26T11:00", UNSAID)]),
    ("PublishedApril 28, 2023", "en", [("2023-04-28", PUBLISHED)]),
    ("Apr. 28, 2023 1:15 pm", "en", [("2023-04-28T13:15", UNSAID)]),
    ("the 3rd of May 2024", "en", [("2024-05-03", UNSAID)]),
    ("May 3rd, 2024", "en", [("2024-05-03", UNSAID)]),
    ("25/12/2021", "en", [("2021-12-25", UNSAID)]),
    ("12/25/2021", "en", [("2021-12-25", UNSAID)]),
    ("04/04/2021", "en", [("2021-04-04", UNSAID)]),
    ("04 Jul '21", "en", [("2021-07-04", UNSAID)]),
    ("2024-04-28", None, [("2024-04-28", UNSAID)]),
    ("2024-04-28T09:36:05+02:00", None, [("2024-04-28T09:36:05", UNSAID)]),
    ("2024-04-28 09:36:05", None, [("2024-04-28T09:36:05", UNSAID)]),
    (
        "Published: 15:56 BST, 27 April 2024 | Updated: 15:57 BST, 28 April 2024",
        "en",
        [("2024-04-27T15:56", PUBLISHED), ("2024-04-28T15:57", MODIFIED)],
    ),
    (
        "First published 2 May 2020, last updated on 3 May 2021",
        "en",
        [("2020-05-02", PUBLISHED), ("2021-05-03", MODIFIED)],
    ),
    # German
    ("Publiziert17. Dezember 2024, 12:17", "de", [("2024-12-17T12:17", PUBLISHED)]),
    ("Veröffentlicht am 13. Mai 2026 um 15:44", "de", [("2026-05-13T15:44", PUBLISHED)]),
    ("15.05.2023 - 13:52 Uhr", "de", [("2023-05-15T13:52", UNSAID)]),
    ("22.11.2024 07.57", "de", [("2024-11-22T07:57", UNSAID)]),
    ("06. 01. 2026, 14:59\xa0Uhr Lesedauer: 4 Minuten", "de", [("2026-01-06T14:59", UNSAID)]),
    ("12. MÄR 2025 18:03", "de", [("2025-03-12T18:03", UNSAID)]),
    ("5. Jänner 2025", "de", [("2025-01-05", UNSAID)]),
    ("30.01.202430. Januar 2024", "de", [("2024-01-30", UNSAID)]),
    ("May 21, 2025April 24, 2025 by Owl", "en", [("2025-05-21", MODIFIED), ("2025-04-24", UNSAID)]),
    ("April 24, 2025May 21, 2025", "en", [("2025-04-24", UNSAID), ("2025-05-21", MODIFIED)]),
    ("April 24, 2025April 24, 2025", "en", [("2025-04-24", UNSAID), ("2025-04-24", UNSAID)]),
    ("Do 25.04.24 | 14:07 Uhr | Von Eva Muster", "de", [("2024-04-25T14:07", UNSAID)]),
    ("Stand: 26.04.2024, 20:44 Uhr", "de", [("2024-04-26T20:44", AS_OF)]),
    ("Aktualisiert am 28. April 2023, 20:22 Uhr", "de", [("2023-04-28T20:22", MODIFIED)]),
    # a running time is no time of day
    ("Video 28.04.2023 01:34 min", "de", [("2023-04-28", UNSAID)]),
    # French, Spanish, Italian, Portuguese, Catalan, Romanian
    (
        "Publié le 30 août 2023 à 14h52, modifié le 30 août 2023 à 15h54",
        "fr",
        [("2023-08-30T14:52", PUBLISHED), ("2023-08-30T15:54", MODIFIED)],
    ),
    ("le 1er mars 2024", "fr", [("2024-03-01", UNSAID)]),
    ("Publicado el 13 de mayo de 2026 a las 15:44", "es", [("2026-05-13T15:44", PUBLISHED)]),
    (
        "13/01/2025 10:22 Actualizado a 13/01/2025 15:43",
        "es",
        [("2025-01-13T10:22", UNSAID), ("2025-01-13T15:43", MODIFIED)],
    ),
    ("Actualizado Lunes, 2 diciembre 2024 - 02:24", "es", [("2024-12-02T02:24", MODIFIED)]),
    ("03/04/2022", "es", [("2022-04-03", UNSAID)]),
    (
        "5 gennaio 2025 ( modifica il 6 gennaio 2025 | 15:24)",
        "it",
        [("2025-01-05", UNSAID), ("2025-01-06T15:24", MODIFIED)],
    ),
    ("12 de março de 2023 às 09h15", "pt", [("2023-03-12T09:15", UNSAID)]),
    ("28 d’abril de 2024", "ca", [("2024-04-28", UNSAID)]),
    ("12 mai 2022, 10:05", "ro", [("2022-05-12T10:05", UNSAID)]),
    # Dutch, Scandinavian, Finnish
    ("zaterdag 3 februari 2024 om 11:20", "nl", [("2024-02-03T11:20", UNSAID)]),
    ("Publicerad 23 okt 2025 kl 10.23Uppdaterad kl 12.17", "sv", [("2025-10-23T10:23", PUBLISHED)]),
    (
        "Publisert 05.08.2024, kl. 13.05 Oppdatert 06.08.2024, kl. 13.52",
        "no",
        [("2024-08-05T13:05", PUBLISHED), ("2024-08-06T13:52", MODIFIED)],
    ),
    ("6. tammikuuta 2026 klo 10.30", "fi", [("2026-01-06T10:30", UNSAID)]),
    # Slavic and Baltic; month names that mean another month next door
    ("14 марта 2023, 09:41", "ru", [("2023-03-14T09:41", UNSAID)]),
    ("5 апреля 2024 г., 10:30", "ru", [("2024-04-05T10:30", UNSAID)]),
    ("5 жовтня 2021", "uk", [("2021-10-05", UNSAID)]),
    ("17 lut 2020, 19:22", "pl", [("2020-02-17T19:22", UNSAID)]),
    ("5 listopada 2024", "pl", [("2024-11-05", UNSAID)]),
    ("5. listopada 2024", "hr", [("2024-10-05", UNSAID)]),
    ("5. listopadu 2024", "cs", [("2024-11-05", UNSAID)]),
    ("2024 m. balandžio 5 d. 10:30", "lt", [("2024-04-05T10:30", UNSAID)]),
    ("2024. gada 5. aprīlis", "lv", [("2024-04-05", UNSAID)]),
    ("2024. május 5. 10:30", "hu", [("2024-05-05T10:30", UNSAID)]),
    # Greek, Turkish, Hebrew
    ("Πέμπτη 16 Μαΐου 2019, 13:30", "el", [("2019-05-16T13:30", UNSAID)]),
    ("15 Ιανουαρίου 2024, 10:30 μ.μ.", "el", [("2024-01-15T22:30", UNSAID)]),
    (
        "Giriş: 03.07.2024 - 18:24 Güncelleme: 03.07.2024 - 18:57",
        "tr",
        [("2024-07-03T18:24", PUBLISHED), ("2024-07-03T18:57", MODIFIED)],
    ),
    ("12 ŞUBAT 2024", "tr", [("2024-02-12", UNSAID)]),
    ("8 בינואר 2024", "he", [("2024-01-08", UNSAID)]),
    # Arabic, Persian, Hindi, Thai: their own digits, names and calendars
    ("٣ يناير ٢٠٢٤ - ١٠:٣٠ م", "ar", [("2024-01-03T22:30", UNSAID)]),
    ("15 كانون الثاني 2024", "ar", [("2024-01-15", UNSAID)]),
    ("۱۲ فروردین ۱۴۰۱ - ۱۰:۳۰", "fa", [("2022-04-01T10:30", UNSAID)]),
    ("۱۴۰۱/۰۱/۱۲ ۱۰:۳۰", "fa", [("2022-04-01T10:30", UNSAID)]),
    ("प्रकाशित: २२ जनवरी २०२०, 10:05 AM", "hi", [("2020-01-22T10:05", PUBLISHED)]),
    ("15 มกราคม 2567 เวลา 10:30 น.", "th", [("2024-01-15T10:30", UNSAID)]),
    # East Asia
    ("2025年1月13日 21時37分", "ja", [("2025-01-13T21:37", UNSAID)]),
    (
        "公開日：2025/01/31 11:30\u3000更新日：2025/02/01 11:30",
        "ja",
        [("2025-01-31T11:30", PUBLISHED), ("2025-02-01T11:30", MODIFIED)],
    ),
    ("令和6年4月1日", "ja", [("2024-04-01", UNSAID)]),
    ("2024年04月24日23:52 | 来源：某社", "zh", [("2024-04-24T23:52", UNSAID)]),
    ("民國113年4月1日", "zh", [("2024-04-01", UNSAID)]),
    (
        "입력 2026.07.12 22:09 수정 2026.07.13 08:00",
        "ko",
        [("2026-07-12T22:09", PUBLISHED), ("2026-07-13T08:00", MODIFIED)],
    ),
    ("2025. 5. 15. 오후 3:05", "ko", [("2025-05-15T15:05", UNSAID)]),
    ("Ngày 5 tháng 3 năm 2024", "vi", [("2024-03-05", UNSAID)]),
    ("12 April 2023 diperbarui", "id", [("2023-04-12", UNSAID)]),
]

UNKNOWN = [
    ("03/04/2022", "en"),  # which is the month?
    ("03/04/22", None),
    ("25.4.24", "en"),  # a version as well as a date
    ("5. listopada 2024", None),  # October in Croatia, November in Poland
    ("Updated August 8", "en"),  # no year
    ("April 2023", "en"),  # no day
    ("5 min read", "en"),
    ("3 hours ago", "en"),
    ("© 2005–2022", "en"),
    ("Copyright 1 January 2020 Harbour Press", "en"),
    ("31.02.2023", "de"),  # no such day
    ("31/04/2023", "fr"),
    ("192.168.10.2024", "de"),
    ("10.11.12.2024", "de"),
    ("1.12.2024.3", "de"),
    ("Version 10.2.2024.1", "de"),
    ("12.345.678", "de"),
    ("Member since 4 May 2019", "en"),
    ("Registriert: 4. Mai 2019", "de"),
    ("Darüber berichtet: Welle im Radio am 26.08.2024 um 06:00 Uhr", "de"),
    ("Termin: 21.02.2030, 19 Uhr", "de"),
    ("Offer valid until 3 May 2024", "en"),
    ("۳۱ مهر ۱۴۰۱", "fa"),  # Mehr has thirty days
    ("0000年00月00日", "zh"),
    ("99 May 2024", "en"),
    ("call 555 2024", "en"),
    ("Room 5, 2024", "en"),
    ("lis 5, 2024", None),  # November in Polish, October in Croatian
    ("2024. gada 5. telpa", "lv"),
    ("Reise um die Welt in 80 Tagen", "de"),
    ("", "en"),
]


def told(when: datetime, precision: str) -> str:
    return {
        "day": when.date().isoformat(),
        "minute": when.isoformat("T", "minutes"),
        "second": when.isoformat("T", "seconds"),
    }[precision]


@pytest.mark.parametrize(("line", "language", "stated"), STATED, ids=[case[0] for case in STATED])
def test_stated(line: str, language: str | None, stated: list[tuple[str, str]]) -> None:
    found = find_dates(line, Reading(language))

    assert [(told(x.when, x.precision), x.role) for x in found] == stated
    for x in found:
        assert line[x.start : x.end].strip() == line[x.start : x.end]  # the span is what was read, no more
        assert find_dates(line[x.start : x.end], Reading(language))[0].when == x.when


@pytest.mark.parametrize(("line", "language"), UNKNOWN, ids=[case[0] for case in UNKNOWN])
def test_unknown(line: str, language: str | None) -> None:
    assert find_dates(line, Reading(language)) == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("5 May 2024 25:10", "day"),  # no such hour
        ("5 May 2024 10:75", "day"),
        ("5 May 2024, 13:00 p.m.", "minute"),
        ("5 May 2024 0:30 am", "day"),  # twelve-hour clocks have no hour 0
        ("5 May 2024, read in 10:30", "day"),  # other words between: not the time of the date
        ("5 May 2024 10.30 kg", "day"),
        ("10:61:00, 5 May 2024", "day"),
    ],
)
def test_clock(line: str, expected: str) -> None:
    [found] = find_dates(line, Reading("en"))

    assert found.precision == expected
    assert found.when.date() == date(2024, 5, 5)


def test_months_agree_with_cldr() -> None:
    """Every month name that dateparser takes from the CLDR means the same month here."""
    keys = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
    for data in (ar, cs, de, el, es, fi, fr, hi, it, ja, lt, pl, pt, ru, tr, uk):
        language = data.info["name"]
        for month, key in enumerate(keys, start=1):
            for name in data.info[key]:
                folded = fold_word(name.rstrip("."))
                if re.search(r"\d|^d'|^.{1,2}$", folded) or " " in folded:
                    continue  # numerals and prefixes are the grammar's business; two letters are too few to trust
                assert AMBIGUOUS[folded][language] == month if folded in AMBIGUOUS else MONTHS[folded] == month


@pytest.mark.parametrize(
    ("name", "language"), [("Mai", "de"), ("août", "fr"), ("kwietnia", "pl"), ("сентября", "ru"), ("Ağustos", "tr")]
)
def test_days_agree_with_dateparser(name: str, language: str) -> None:
    line = f"17 {name} 2021 08:05"

    assert [x.when for x in find_dates(line, Reading(language))] == [dateparser.parse(line, languages=[language])]


@pytest.mark.parametrize(
    ("jalali", "gregorian"),
    [
        ((1400, 1, 1), date(2021, 3, 21)),
        ((1399, 12, 30), date(2021, 3, 20)),  # 1399 was a leap year
        ((1403, 12, 30), date(2025, 3, 20)),
        ((1357, 11, 22), date(1979, 2, 11)),
        ((1404, 7, 1), date(2025, 9, 23)),
    ],
)
def test_jalali(jalali: tuple[int, int, int], gregorian: date) -> None:
    assert jalali_to_gregorian(*jalali) == gregorian


@pytest.mark.parametrize(
    "jalali", [(1400, 12, 30), (1400, 13, 1), (1400, 0, 1), (1400, 7, 31), (1400, 1, 0), (900, 1, 1)]
)
def test_no_such_jalali_day(jalali: tuple[int, int, int]) -> None:
    assert jalali_to_gregorian(*jalali) is None


@given(st.integers(1200, 1600), st.integers(1, 11))
def test_jalali_months_follow_each_other(year: int, month: int) -> None:
    first, following = jalali_to_gregorian(year, month, 1), jalali_to_gregorian(year, month + 1, 1)

    assert first is not None
    assert following == first + timedelta(days=31 if month <= 6 else 30)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["12/28/2021", "01/02/2022"], True),
        (["28/12/2021", "01/02/2022"], False),
        (["12/28/2021", "28/12/2021"], None),  # they contradict each other
        (["01/02/2022"], None),
        (["01/02/2022 10:00 EDT"], True),
        (["01/02/2022 10:00 BST"], False),
        (["40/50/2022"], None),
        ([], None),
    ],
)
def test_order(lines: list[str], expected: bool | None) -> None:
    assert month_comes_first(lines) is expected


def test_order_is_used() -> None:
    assert [x.when.month for order in (True, False) for x in find_dates("03/04/2022", Reading("en", order))] == [3, 4]
    assert find_dates("13/04/2022", Reading("en", month_first=True)) == ()


@pytest.mark.parametrize(
    ("line", "back", "said"),
    [
        ("3 hours ago", 0, "3 hours ago"),
        ("Updated 2 days ago", 2, "2 days ago"),
        ("1 week ago", 7, "1 week ago"),
        ("vor 2 Stunden", 0, "vor 2 Stunden"),
        ("vor 3 Tagen", 3, "vor 3 Tagen"),
        ("gestern, 12:30", 1, "gestern"),
        ("vorgestern", 2, "vorgestern"),
        ("il y a 3 jours", 3, "il y a 3 jours"),
        ("hace 2 días", 2, "hace 2 días"),
        ("2 giorni fa", 2, "2 giorni fa"),
        ("há 5 horas", 0, "há 5 horas"),
        ("4 dagen geleden", 4, "4 dagen geleden"),
        ("för 2 dagar sedan", 2, "för 2 dagar sedan"),
        ("2 дня назад", 2, "2 дня назад"),
        ("Вчера", 1, "Вчера"),
        ("před 3 dny", 3, "před 3 dny"),
        ("2 gün önce", 2, "2 gün önce"),
        ("3時間前", 0, "3時間前"),
        ("昨天", 1, "昨天"),
        ("3일 전", 3, "3일 전"),
        ("منذ 3 أيام", 3, "منذ 3 أيام"),
        ("3 days left", None, None),
        ("5 min read", None, None),
        ("2 months ago", None, None),
        ("90 days ago", None, None),
        ("long ago", None, None),
        ("", None, None),
    ],
)
def test_days_ago(line: str, back: int | None, said: str | None) -> None:
    found = days_ago(line)

    assert (found and found[0], found and line[found[1] : found[2]]) == (back, said)


def test_words_beside_dates() -> None:
    assert all(map(says_when, ("Published", "Aktualisiert", "Uhr", "GMT", "CEST", "Montag", "公開日")))
    assert not any(map(says_when, ("Jane", "Est", "Ahmed", "王小明")))


def test_month_tables_are_apart() -> None:
    assert not set(JALALI_MONTHS) & set(MONTHS)
    assert not set(AMBIGUOUS) & set(MONTHS)


@given(st.text(max_size=200))
def test_offsets_stay_true(text: str) -> None:
    assert len(plain_digits(text)) == len(text)


@given(
    st.one_of(
        st.text(max_size=500),
        st.from_regex(r"[0-9٣年月日/:., -]{0,40}(ago|May|mai|مه|前|Updated)?[0-9:./ -]{0,40}", fullmatch=True),
        st.text(alphabet="0123456789 ./-:,年月日aMy٢", max_size=MAX_CHARS * 2),
    ),
    st.sampled_from(["en", "de", "fa", "th", "ja", None]),
)
def test_any_text(text: str, language: str | None) -> None:
    """Whatever a line holds, nothing is raised, spans are spans, and only dates that exist come out."""
    for x in find_dates(text, Reading(language)):
        assert 0 <= x.start < x.end <= min(len(text), MAX_CHARS)
        assert x.role in (PUBLISHED, MODIFIED, AS_OF, UNSAID)
        assert x.precision != "day" or (x.when.hour, x.when.minute, x.when.second) == (0, 0, 0)
    found = days_ago(text)
    assert found is None or 0 <= found[1] < found[2] <= len(text)
