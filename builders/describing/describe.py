"""Describe: labelled lines → what a page says about itself, each statement with the place it was read from.

Unknown before wrong: a field is null where the page does not say it plainly. Nothing is looked up, translated or
reworded; a field is text of the page with its white space normalised, and a date is what the page states, without
its time zone.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dehusk.builders.recipe import Dates
from dehusk.schema.labels import BOILERPLATE
from dehusk.schema.record import RECORDS

from .address import find_address, site_of
from .ago import days_ago
from .dates import AS_OF, MODIFIED, Reading, StatedDate, find_dates, month_comes_first
from .declared import Declared
from .headline import LEAST, MAX_TITLE, Scored, rank_headlines
from .language import MAX_CHARS as LANGUAGE_CHARS
from .language import Guess, guess_language
from .names import Byline, Name, find_names, is_agency, looks_like_alias, only_persons
from .publisher import find_publisher
from .settle import settle_rest, settle_title
from .sheet import NEAR, About, Frame, Line, Sheet, Span, frame_of, lay_out, normalise
from .titles import repeats
from .words import fold_word, folded

COLUMNS: Final = (
    *("url", "site", "publisher", "title", "summary", "section", "authors", "published", "published_precision"),
    *("modified", "language", "language_score", "license", "reservations", "evidence"),
)
"""The columns that `describe_pages` appends, in order."""

MAX_SUMMARY: Final = 2000
MAX_SECTION: Final = 60
"""Characters that a field may have; what is longer is not what the field is for, and stays unknown."""

ABOVE: Final = 4
BELOW: Final = 30
"""Lines above and below the headline that are read whatever their label, up to the body."""

MAX_ASIDE: Final = 160
MAX_ASIDE_PROSE: Final = 60
"""Characters that such a line may have, and that it may have when it is labelled as prose."""

MAX_DATED: Final = 40
"""Lines that are asked for the order of day and month."""

LEAD_ALONE: Final = 12
"""Characters of a line that can be a 'By' or 'Written by' whose name stands on the next."""

SURE_FAR: Final = 0.5
"""How sure the label of a byline far from the headline must be."""

MAX_LEAP: Final = 40
"""Characters of a 'Skip to content', in any language."""

LATE: Final = 3
"""Lines below the first paragraph that a 'By Jane Roe' may stand, where that paragraph is a teaser."""

SURE_ALIAS: Final = 0.5
"""How sure the label of a byline of one word must be, for that word to be a name."""

BESIDE: Final = 2
"""Lines below the headline where a line that looks like a name is one, with no date beside it."""

SURE_FOREIGN: Final = 0.4
"""How sure the label of a teaser or a comment must be, for it to tell nothing of the page."""

FOUND: Final = 8
"""Places of a word's letters that are looked at."""

SURE_OTHER: Final = 0.5
"""From this certainty on a line of menus and controls that looks like a name is none."""

LONG: Final = 40
"""Characters of a line that is likely prose, on a page without clean text."""

BELOW_BODY: Final = 2
FAR: Final = 3
"""From this zone on (`Frame.zone`) nothing is read."""

ANY_DATES: Final = Dates()


# --- title -----------------------------------------------------------------------------------------------------------

_SUFFIX: Final = re.compile(r"\s*[-–—|·•»«:]+\s")
_KICKER: Final = re.compile(r"[|>›»►/]\s*$|[^\W_]\s+$")
_CRUMB_END: Final = re.compile(r"[|>›»►/]\s*$")
_BAR: Final = re.compile(r"\s\|\s+")
_CONTINUES: Final = ":,;–—-"

TOP: Final = 4
"""Lines at the top of a page that may be the title of the document: headline, dash, site."""

MAX_SITE: Final = 30
"""Characters that a site's name after a bar may have."""

SAME: Final = 40
"""Characters from which a line that ends another, with no sign between, is the headline without its kicker."""

DOUBLED: Final = 16
"""Characters from which a headline that is one text twice is taken once."""


def _places_of(raw: str, part: str) -> list[int]:
    """Where a text begins in another, in every place."""
    found = []
    at = raw.find(part)
    while at >= 0:
        found.append(at)
        at = raw.find(part, at + 1)
    return found


def _lines_within(page: Sheet, text: str) -> list[int]:
    """The lines that may be half of a text or more and begin or end it, in order."""
    least = max(8, len(text) // 2)
    begun = np.array(_places_of(page.raw, text[:least]), dtype=np.int32)
    ended = np.array(_places_of(page.raw, text[-least:]), dtype=np.int32) + least
    places = np.unique(np.append(page.starts.searchsorted(begun), page.ends.searchsorted(ended)))
    places = places[places < len(page.starts)]
    size = page.ends[places] - page.starts[places]
    found: list[int] = places[(size >= least) & (size < len(text) - 1)].tolist()
    return found


def _shorter_form(page: Sheet, span: Span) -> Span:
    """A headline without its kicker or the name of its site, where the page shows that it has one.

    A kicker is one where another line of the page is the rest of the headline: after a sign that parts crumbs, or long
    enough not to be a mere topic ('Running Shoes' of 'Best Running Shoes'). A site is what follows a bar and stands
    elsewhere on the page too, and on the page's first lines what follows a dash, where another line is the headline
    without it. Of 160 headlines of the benchmark with a dash further down, 9 of 10 are whole with it.
    """
    text = page.raw[span.start : span.end]
    half = (len(text) + 1) // 2
    if len(text) >= DOUBLED and text[:half].rstrip() == text[half:].lstrip() == text[: len(text) // 2].rstrip():
        return Span(span.line, span.start, span.start + len(text[:half].rstrip()))
    for place in _lines_within(page, text):
        other = page.raw[page.starts[place] : page.ends[place]]
        if text.startswith(other) and span.line < TOP and _SUFFIX.match(text, len(other)):
            return Span(span.line, span.start, span.start + len(other))
        parted = _KICKER if len(other) >= SAME else _CRUMB_END
        if text.endswith(other) and parted.search(text, 0, len(text) - len(other)):
            return Span(span.line, span.end - len(other), span.end)
    bar = next(reversed(list(_BAR.finditer(text))), None)
    if bar is not None and bar.start() > 0:
        site = text[bar.end() :]
        if 0 < len(site) <= MAX_SITE and page.raw.count(site) > text.count(site):
            return Span(span.line, span.start, span.start + bar.start())
    return span


# The link that leaps over the menu, as it begins in many languages; it stands where headlines do.
_LEAP: Final = re.compile(
    r"(?:skip|jump|go (?:directly )?) ?to\b|(?:direkt )?(?:zum|zur) (?:haupt)?(?:inhalt|navigation|suche|menü)"
    r"|(?:direkt|springe) zu[mr]?\b|aller (?:directement )?(?:au|à la)\b|(?:saltar|ir) (?:al?|directamente)\b"
    r"|(?:pular|saltar|ir) para\b|(?:salta|vai|passa) (?:al|ai|alla)\b|hoppa till|hopp til|spring (?:til|naar)"
    r"|gå til\b|(?:ga )?naar (?:de )?(?:inhoud|hoofd)|direct naar|siirry|przej?dź do|przeskocz|přejít|preskočiť"
    r"|ugrás a|перейти (?:к|до)|пропустити|пропустить|içeriğe|ana içeriğe|μετάβαση|παράκαμψη|דלג|تخط|انتقل|رفتن به"
    r"|本文へ|メインコンテンツ|コンテンツへ|跳到|跳至|跳转|본문|सामग्री पर|ข้ามไป",
    re.IGNORECASE,
)


def _is_mostly_date(text: str) -> bool:
    """Whether a short line holds a date and little else: fewer than two words before it."""
    if len(text) > MAX_ASIDE_PROSE or not (dates := find_dates(text)):
        return False
    return len(text[: dates[0].start].split()) < 2


def _is_leap(text: str) -> bool:
    """Whether a short line is a 'Skip to content'."""
    return len(text) <= MAX_LEAP and _LEAP.match(text) is not None


def _headline(page: Sheet, ranked: Sequence[Scored]) -> Line | None:
    """The likeliest headline: a line labelled so, or one that is likely enough beside there being none."""
    for place, score in ranked:
        line = page.line(place)
        text = page.read(line)
        fits = len(text) <= MAX_TITLE and not (_is_mostly_date(text) or _is_trail(text) or _is_leap(text))
        if fits and (line.label == "title" or score > LEAST):
            return line
    return None


def read_title(page: Sheet, ranked: Sequence[Scored], about: About) -> int | None:
    """Notes the title, given the lines that may be it (`rank_headlines`); returns the place of its line."""
    line = _headline(page, ranked)
    if line is None:
        return None
    torn = [
        Span(following.place, following.start, following.end)
        for following in page.lines("title")
        if following.place == line.place + 1 and page.raw[following.start] in _CONTINUES
    ]
    spans = [_shorter_form(page, Span(line.place, line.start, line.end)), *torn]
    about.note("title", normalise(" ".join(page.raw[a:b] for _, a, b in spans))[:MAX_TITLE].rstrip(), *spans)
    return line.place


# --- the lines around the headline ------------------------------------------------------------------------------------

# What a line must hold to be worth reading for a date: a year, or numbers set apart as dates are.
_DATED: Final = re.compile(r"\d{4}|\d[./-] ?\d{1,2}[./-] ?\d|年")
# What a line must begin with to be worth reading for an author.
_CREDITED: Final = re.compile(
    r"(?:[^\W\d_]{2,20} ){0,2}(?:by|von|par|por|door|av|af|di|de|oleh|yazan)\b"
    r"|au[ct]?t(?:h?or|eur)|автор|[作記记编編文]者?[：:／/]|كتب|بقلم",
    re.IGNORECASE,
)


# A line that is two to four words with capitals, as names are and few other lines.
_CAPITAL: Final = r"[A-ZÀ-ÞА-ЯΑ-Ω][\w'’.-]"
_PERSON: Final = re.compile(rf"{_CAPITAL}+(?: (?:de|van|von|der|la|le|di|da|el|al|bin))?(?: {_CAPITAL}*){{1,3}}")
_NOT_PERSONS: Final = ("heading", "list_item", "paragraph", "title")
_CLOCK: Final = re.compile(r"\d{1,2}[:.]\d\d(?: ?(?:Uhr|h|[ap]\.?m\.?))?", re.IGNORECASE)
_AND: Final = ("and", "&", "und", "et", "y", "e", "i", "och", "og", "en", ",", "with", "mit")


class Aside(NamedTuple):
    """A line around the headline that its label does not commend, but what it holds does.

    Attributes:
        line: the line.
        dated: whether it holds a date.
        person: whether it is nothing but what looks like a name, beside a date or the headline.
    """

    line: Line
    dated: bool
    person: bool


def _may_tell(line: Line) -> bool:
    """Whether a line can be about the page: short, shorter where it is prose, and not of something else altogether."""
    limit = MAX_ASIDE_PROSE if line.label in ("paragraph", "list_item", "heading") else MAX_ASIDE
    foreign = line.label in ("related", "comment") and line.score >= SURE_FOREIGN
    return line.end - line.start <= limit and not foreign and line.label not in ("byline", "date", "consent", "legal")


def _asides(page: Sheet, frame: Frame) -> list[Aside]:
    """The lines between headline and body and right beside them that may tell of the page, whatever their labels."""
    lines = page.between(frame.title - ABOVE, min(frame.body + 1, frame.title + BELOW))
    tells = [_may_tell(line) for line in lines]
    dated = [ok and _DATED.search(page.raw, *line[1:3]) is not None for line, ok in zip(lines, tells, strict=True)]
    dates = [
        ok or line.label == "date" or _CLOCK.fullmatch(page.raw, line.start, line.end) is not None
        for line, ok in zip(lines, dated, strict=True)
    ]
    found = []
    led = False
    for i, line in enumerate(lines):
        if tells[i]:
            inside = frame.title < line.place < frame.body
            beside = any(dates[max(0, i - 2) : i + 3]) or line.place - frame.title <= BESIDE
            person = inside and _is_person(page, line, beside=beside)
            if dated[i] or led or person or _CREDITED.match(page.raw, line.start, line.end):
                found.append(Aside(line, dated[i], person))
        led = line.label == "byline" and line.end - line.start <= LEAD_ALONE  # 'By' on a line of its own
    return found


def _is_person(page: Sheet, line: Line, *, beside: bool) -> bool:
    """Whether a line beside a date or the headline is nothing but what looks like a name."""
    sure = line.label in _NOT_PERSONS or (line.score >= SURE_OTHER and line.label in BOILERPLATE)
    return beside and not sure and _PERSON.fullmatch(page.raw, line.start, line.end) is not None


# --- dates -----------------------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    rank: tuple[int, bool, int]
    line: Line
    date: StatedDate

    def span(self) -> Span:
        return Span(self.line.place, self.line.start + self.date.start, self.line.start + self.date.end)


def _within(found: StatedDate, dates: Dates) -> bool:
    day = found.when.date()
    return dates.earliest <= day and (dates.latest is None or day <= dates.latest)


def _rank(frame: Frame, line: Line, found: StatedDate) -> tuple[int, bool, int]:
    """The lower, the likelier a date is the page's: by where it stands, by what the line says, the first first."""
    zone = frame.zone(line.place)
    aside = 2 if line.label not in ("date", "byline") else 0
    return min(zone, 1) + aside if zone < 2 else 2 * zone, found.role == "", line.place


def _is_change(found: _Found, published: _Found | None) -> bool:
    """Whether a date is when the page was changed; below the body only a line of dates says so, not a post's footer."""
    later = published is not None and found.date.when > published.date.when
    if found.date.role == MODIFIED or (found.date.role == AS_OF and later):
        return found.rank[0] < 2 * BELOW_BODY or found.line.label == "date"
    return False


def _is_one_of_many(found: _Found, near: Sequence[_Found]) -> bool:
    """Whether a date below the body stands among others there and does not say what it is: a comment's, a teaser's."""
    below = [x for x in near if x.rank[0] >= 2 * BELOW_BODY]
    return found in below and found.date.role == "" and len({x.date.when.date() for x in below}) > 1


def _counted_date(page: Sheet, frame: Frame, dates: Dates) -> tuple[Span, datetime] | None:
    """The day that '3 hours ago' means, beside the headline, when the recipe tells the day of the crawl."""
    if dates.crawl_date is None:
        return None
    for line in page.lines("date", "byline"):
        if frame.zone(line.place) < BELOW_BODY and (ago := days_ago(page.read(line))) is not None:
            back, start, end = ago
            day = dates.crawl_date - timedelta(days=back)
            return Span(line.place, line.start + start, line.start + end), datetime.combine(day, time())
    return None


def _read_dates(page: Sheet, frame: Frame, lines: Sequence[Line], rules: tuple[Reading, Dates], about: About) -> None:
    """Notes when the page was published and changed, as the likeliest of some lines state it."""
    reading, dates = rules
    found = [
        _Found(_rank(frame, line, date), line, date)
        for line in lines
        for date in find_dates(page.read(line), reading)
        if _within(date, dates)
    ]
    near = sorted((x for x in found if x.rank[0] < 2 * FAR), key=lambda x: x.rank)
    published = next((x for x in near if x.date.role not in (MODIFIED, AS_OF)), None)
    if published is not None and _is_one_of_many(published, near):
        published = None
    published = published or next((x for x in near if x.date.role == AS_OF), None)
    modified = next((x for x in near if _is_change(x, published)), None)
    if published is not None:
        about.note("published", published.date.when, published.span())
        about.note("published_precision", published.date.precision)
    elif modified is None and (counted := _counted_date(page, frame, dates)) is not None:
        about.note("published", counted[1], counted[0])
        about.note("published_precision", "day")
    if modified is not None:
        about.note("modified", modified.date.when, modified.span())


# --- authors ---------------------------------------------------------------------------------------------------------


class _Named(NamedTuple):
    line: Line
    name: Name

    def span(self) -> Span:
        return Span(self.line.place, self.line.start + self.name.start, self.line.start + self.name.end)


_CONTINUED: Final = re.compile(r"[,&]$|\b(?:and|und|et|y)$")


class _Said(NamedTuple):
    """What one line says of authors: the names, and whether it or the line before says that they are the authors."""

    line: Line
    names: list[_Named]
    said: bool

    def is_alias(self) -> bool:
        """Whether it is one word that nothing says to be a name, as users of forums have them."""
        return not self.said and len(self.names) == 1 and " " not in self.names[0].name.text


def _names_in(line: Line, text: str, byline: Byline, *, led: bool) -> list[_Named]:
    """The names of a line that can be those of authors, by its label and what leads to them."""
    dated = _DATED.search(text) is not None or (line.label == "date" and days_ago(text) is not None)
    trusted = byline.led or led or line.label == "byline" or (line.label == "date" and dated)
    single = byline.led or led or (line.label == "byline" and dated)
    return [
        _Named(line, name)
        for name in byline.names
        if trusted and (single or " " in name.text or is_agency(name) or _is_alias(line, name, dated=dated))
    ]


def _is_alias(line: Line, name: Name, *, dated: bool) -> bool:
    """Whether a word that nothing says to be a name is one: a user's beside a date, or the whole of a byline."""
    if dated and name.start == 0 and looks_like_alias(name.text):
        return True
    cased = name.text.upper() != name.text != name.text.lower() or looks_like_alias(name.text)
    whole = line.label == "byline" and name.end - name.start == line.end - line.start and cased
    return whole and (line.score >= SURE_ALIAS or (looks_like_alias(name.text) and not name.text.islower()))


def _credited(page: Sheet, frame: Frame, asides: Sequence[Aside]) -> list[Line]:
    """The lines that may name an author: bylines, dates near the headline, and what stands there unlabelled."""
    said = [line for line in page.lines("byline") if frame.is_near(line.place, LATE) or line.score >= SURE_FAR]
    dates = [line for line in page.lines("date") if frame.is_near(line.place)]
    return said + dates + [aside.line for aside in asides if aside.line.label != "title" and not aside.person]


def _sayings(page: Sheet, frame: Frame, lines: Sequence[Line], reading: Reading) -> Iterator[_Said]:
    """The lines that name somebody, the nearest to the headline first; who only edited or took pictures is left out."""
    leads_at = others_at = -9
    for line in sorted(lines, key=lambda line: (frame.zone(line.place), line.place)):
        text = page.read(line)
        byline = find_names(text, reading)
        led = line.place - leads_at == 1 or (line.place - leads_at == 2 and line.label == "byline")
        names = _names_in(line, text, byline, led=led) if line.place != others_at + 1 or byline.led else []
        if names:
            yield _Said(line, names, byline.led or led)
        if (byline.led and not byline.names) or (led and _CONTINUED.search(text)):
            leads_at = line.place
        others_at = line.place if byline.other else -9


def _is_joined(page: Sheet, first: int, second: int) -> bool:
    """Whether between two lines stands nothing but an 'and'."""
    return second - first == 2 and page.read(page.line(first + 1)).casefold() in _AND


def _is_common(page: Sheet, name: Name) -> bool:
    """Whether the page has a word of a name in small letters too: then it is hardly a person's."""
    return any(len(word) > 3 and _has_word(page.raw, word.lower()) for word in name.text.split() if word[:1].isupper())


# What stands around a word that is a part of another, or of an address.
_IN_WORD: Final = re.compile(r"[\w@/#.-]\0|\0(?:[\w@/#-]|\.\w)")


def _has_word(text: str, word: str) -> bool:
    """Whether a text has a word, in this very spelling, among the first `FOUND` places that hold its letters."""
    at = text.find(word)
    for _ in range(FOUND):
        if at < 0:
            return False
        end = at + len(word)
        if not _IN_WORD.search(f"{text[max(at - 1, 0) : at]}\0{text[end : end + 2]}"):
            return True
        at = text.find(word, end)
    return False


def _likely(page: Sheet, sayings: Sequence[_Said]) -> list[_Said]:
    """Without the names that nothing says to be names and whose words the page has in small letters too."""
    kept = [
        said
        if said.said
        else said._replace(names=[x for x in said.names if is_agency(x.name) or not _is_common(page, x.name)])
        for said in sayings
    ]
    return [said for said in kept if said.names]


def _first_byline(page: Sheet, frame: Frame, lines: Sequence[Line], reading: Reading) -> list[_Named]:
    """The names that one byline gives, with the lines right below it.

    The first line that says that it names authors ('By Jane Roe'), else the first that names somebody. Below a line
    that says so, others that do not name illustrators and agencies more often than authors.
    """
    following = _sayings(page, frame, lines, reading)
    heard: list[_Said] = []
    for saying in following:
        heard.append(saying)
        if saying.said and frame.is_near(saying.line.place, LATE):
            first = saying
            break
    else:
        heard = _likely(page, heard)
        if not heard:
            return []
        first, following = heard[0], iter(heard[1:])
    found = [first]
    for saying in () if first.is_alias() else following:
        last = found[-1].line.place
        if saying.is_alias():
            continue
        if not frame.together(last, saying.line.place):
            break
        if saying.said or not first.said or _is_joined(page, last, saying.line.place):
            found.append(saying)
    return [named for saying in found for named in saying.names]


def _read_authors(page: Sheet, frame: Frame, asides: Sequence[Aside], reading: Reading, about: About) -> None:
    """Notes the authors of the first byline; without any, of a line beside the date that is nothing but a name."""
    found = _first_byline(page, frame, _credited(page, frame, asides), reading)
    if not found:
        persons = [aside.line._replace(label="byline") for aside in asides if aside.person]
        found = _first_byline(page, frame, persons, reading)
    first = {named.name.text: named.span() for named in reversed(found)}
    spans = [first[name.text] for name in only_persons([named.name for named in found])]
    about.note("authors", [normalise(page.raw[span.start : span.end]) for span in spans], *spans)


# --- section, summary, publisher, address -----------------------------------------------------------------------------

_CRUMB: Final = re.compile(r"\s*[>›‹»→|•·❯⟩\\]\s*|\s+[/:–—-]\s+|\s*/\s*$|^\s*/\s*")
_HOMES: Final = folded(
    """
    home | homepage | start | startseite | accueil | inicio | inici | página principal | portada | página inicial
    início | domů | strona główna | главная | головна | ana sayfa | anasayfa | hjem | hem | etusivu | forside
    kezdőlap | דף הבית | الصفحة الرئيسية | головна сторінка | главная страница
    начало | αρχική | ホーム | トップ | top | 首页 | 首頁 | 正文 | 홈 | الرئيسية | خانه | בית | ראשי | होम | หน้าแรก
    beranda
    trang chủ | news | nachrichten | breadcrumb | breadcrumbs | you are here | sie sind hier | sie befinden sich hier
    tags | topics | categories | kategorien
    """
)
"""Parts of a breadcrumb that name no section."""

_TRAIL: Final = re.compile(r"[>›»→/❯⟩\\‹]")
_ARROW: Final = re.compile(r"[^\s>›»→❯]\s*[>›»→❯]\s*(?=[^\s>›»→❯])")
_GLUED_HOME: Final = re.compile(r"\s*(?:Home|Startseite|Accueil|Inicio|Início)(?=[A-ZÀ-ÞА-Я])")
_GLUE: Final = re.compile(r"(?<=[a-zà-ÿа-я])(?=[A-ZÀ-ÞА-Я])")


def _is_page_itself(value: str, title: str) -> bool:
    """Whether a part of a breadcrumb is the page's own headline, or the beginning of it."""
    value, title = fold_word(value), fold_word(title)
    begins = title.startswith(value) and _SUFFIX.match(title, len(value)) is not None
    return bool(title) and (title in value or begins or (value in title and 2 * len(value) >= len(title)))


def _crumbs(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a breadcrumb; those glued to a 'Home' ('HomeNewsTransport') are taken apart at their capitals."""
    glued = _GLUED_HOME.match(text)
    at = glued.end() if glued else 0
    for m in (_GLUE if glued else _CRUMB).finditer(text, at):
        yield at, m.start()
        at = m.end()
    yield at, len(text)


def _is_trail(text: str) -> bool:
    """Whether a line is a breadcrumb: its first part is 'Home', or it has three parts with arrows between."""
    if len(text) > MAX_ASIDE or not (_TRAIL.search(text) or _GLUED_HOME.match(text)):
        return False
    crumbs = [text[start:end].strip() for start, end in _crumbs(text)]
    home = _GLUED_HOME.match(text) is not None or fold_word(crumbs[0]) in _HOMES
    return len(crumbs) > 1 and (home or len(_ARROW.findall(text)) > 1)


def _section_lines(page: Sheet, frame: Frame) -> list[Line]:
    """The lines that may name the section: those labelled so, else a breadcrumb above the headline."""
    lines = [line for line in page.lines("section") if frame.is_near(line.place)]
    if lines:
        return lines
    return [line for line in page.between(frame.title - NEAR, frame.title - 1) if _is_trail(page.read(line))]


def _read_section(page: Sheet, frame: Frame, about: About) -> None:
    """Notes the last part of the breadcrumb or kicker above the headline, else of the first one below it."""
    lines = _section_lines(page, frame)
    above = [line for line in reversed(lines) if line.place < frame.title]
    title = about.fields.get("title") or ""
    for line in above + [line for line in lines if line.place >= frame.title]:
        text = page.read(line)
        for start, end in reversed(list(_crumbs(text))):
            value = normalise(text[start:end])
            if (
                value
                and len(value) <= MAX_SECTION
                and fold_word(value) not in _HOMES
                and not _is_page_itself(value, title)
            ):
                about.note("section", value, Span(line.place, line.start + start, line.start + end))
                return


def _runs(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines in runs of direct neighbours."""
    runs: list[list[Line]] = []
    for line in lines:
        if runs and line.place == runs[-1][-1].place + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _read_summary(page: Sheet, frame: Frame, about: About) -> None:
    """Notes the summary nearest to the headline; a line that repeats the headline, as captions do, is none."""
    title = about.fields.get("title") or ""
    runs = _runs([line for line in page.lines("summary") if not repeats(page.read(line), title)])
    if not runs:
        return
    best = min(runs, key=lambda run: (frame.zone(run[0].place), run[0].place))
    spans = [Span(line.place, line.start, line.end) for line in best]
    text = normalise(" ".join(page.raw[a:b] for _, a, b in spans))
    if len(text) <= MAX_SUMMARY:
        about.note("summary", text, *spans)


def _read_publisher(page: Sheet, about: About) -> None:
    best: tuple[int, Span] | None = None
    for line in page.lines("legal"):
        found = find_publisher(page.read(line))
        if found is not None and (best is None or found.plain > best[0]):
            best = found.plain, Span(line.place, line.start + found.start, line.start + found.end)
    if best is not None:
        about.note("publisher", normalise(page.raw[best[1].start : best[1].end]), best[1])


def _read_address(page: Sheet, about: About) -> None:
    found = find_address(page.raw)
    if found is not None:
        line = int(np.searchsorted(page.starts, found[0], side="right")) - 1
        url = page.raw[slice(*found)]
        about.note("url", url, Span(line, *found))
        about.note("site", site_of(url))


# --- the step --------------------------------------------------------------------------------------------------------


def _sample(page: Sheet) -> str:
    """The beginning of the clean text, enough to name its language; where there is none, of the long lines."""
    places = page.text if len(page.text) else np.flatnonzero(page.ends - page.starts >= LONG)
    pieces: list[str] = []
    size = 0
    for place in places[:40].tolist():
        pieces.append(page.raw[page.starts[place] : page.ends[place]][:LANGUAGE_CHARS])
        size += len(pieces[-1])
        if size >= LANGUAGE_CHARS:
            break
    return " ".join(pieces)


def _describe(page: Sheet, ranked: Sequence[Scored], guess: Guess, dates: Dates, declared: Sequence[Declared]) -> About:
    about = About()
    about.note("language", guess.code if guess.sure else None)
    about.note("language_score", guess.score if guess.sure else None)
    place = read_title(page, ranked, about)
    if declared:
        place = settle_title(page, about, declared)
    frame = frame_of(page, place)
    asides = _asides(page, frame)
    dated = page.lines("date", "byline") + [aside.line for aside in asides if aside.dated]
    reading = Reading(guess.code, month_comes_first(page.read(line) for line in dated[:MAX_DATED]))
    _read_dates(page, frame, dated, (reading, dates), about)
    _read_authors(page, frame, asides, reading, about)
    _read_section(page, frame, about)
    _read_summary(page, frame, about)
    _read_publisher(page, about)
    _read_address(page, about)
    about.note("reservations", [])
    if declared:
        settle_rest(about, declared, (reading, dates))
    return about


def _declared_of(pages: pa.Table) -> list[list[Declared]]:
    """What the markup of each page declares; nothing for flat text."""
    if "declared" not in pages.column_names:
        return [[]] * pages.num_rows
    return [[Declared(**one) for one in row or ()] for row in pages["declared"].to_pylist()]


def describe_pages(pages: pa.Table, lines: pa.Table, dates: Dates = ANY_DATES) -> pa.Table:
    """Appends to each page what it says about itself.

    Args:
        pages: one row a page, with `raw`, and with `declared` (`DECLARED`; null for flat text) where some had markup.
        lines: one row a line, labelled and scored (`LINES`), sorted by page, then start.
        dates: which dates to believe.

    Returns:
        `pages` with the columns of `COLUMNS`, typed as in `RECORDS`.
    """
    sheets = list(lay_out(pages, lines))
    guesses = [guess_language(_sample(sheet)) for sheet in sheets]  # in a row, while the model is in the cache
    found = [
        _describe(sheet, ranked, guess, dates, declared)
        for sheet, ranked, guess, declared in zip(
            sheets, rank_headlines(sheets), guesses, _declared_of(pages), strict=True
        )
    ]
    for name in COLUMNS:
        kind = RECORDS.field(name).type
        if name == "evidence":
            values: list[Any] = [[witness.as_row() for witness in about.evidence] for about in found]
        else:
            values = [about.fields.get(name) for about in found]
        pages = pages.append_column(pa.field(name, kind), pa.array(values, kind))
    return pages
