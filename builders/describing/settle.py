"""Settles what the markup of a page declares with what its visible text states, field by field.

Each field has its rule, chosen by how often it was right on the benchmark (`tests/quality/markup.py`), and the
evidence says who won, who agrees and who differs:

- **title**: points for where it stands (`titles`).
- **published**: the markup's date, by the rank of where it stands; the reader's day where the text's is one day off
  and the markup's is in UTC; the text's day where it is earlier and no second kind of markup confirms the later one.
  Without a date of publication anywhere, the one day that the text states, be it of a change.
- **modified**: the text's, else the markup's; never before `published`.
- **authors**: persons of JSON-LD, microdata and `twitter:data`; then the text's byline; then `<meta name=author>` and
  links; then organisations.
- **language**: the text's, as read from it; the declared one where there is too little text to tell.
- **summary, section, publisher**: the text's; the markup's where it states none.
- **url**: the canonical link, else `og:url`, else the text's.
- **license, reservations**: the markup's alone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from dehusk.builders.recipe import Dates
from dehusk.schema.languages import LANGUAGES
from dehusk.schema.record import AGREES, DIFFERS, RESERVATIONS, TEXT, WON

from .address import is_address, site_of
from .dates import Reading
from .declared import Declared
from .jsonld import letters
from .names import find_names
from .sheet import About, Sheet, Span, Witness
from .stamps import Stamp, read_stamp
from .titles import Group, parts_of, rank_titles, repeats, site_names
from .words import any_of, fold_word, folded

MAX_DIFFERING: Final = 3
"""Statements of the markup about one field that differ from the record and are kept as evidence."""

MAX_AUTHORS: Final = 20
MAX_NAME: Final = 120
MAX_LICENSE: Final = 300
MAX_SHOWN: Final = 300
"""Characters of a value that evidence shows."""

DECLARED_SCORE: Final = 0.9
"""How sure a language is that only the markup states. Of the benchmark's pages whose language the text tells, the
declared one is the same on 97 %; pages with too little text to tell are often worse kept."""


def _witness(field: str, origin: str, verdict: str, value: str) -> Witness:
    return Witness(field, origin, verdict, value[:MAX_SHOWN].rstrip(), None)


def _others(field: str, agrees: Iterable[str], differs: Iterable[tuple[str, str]]) -> Iterator[Witness]:
    """Evidence of the markup beside the winner: one that agrees, and a few that differ."""
    for origin in list(agrees)[:1]:
        yield Witness(field, origin, AGREES, None, None)
    for origin, value in list(differs)[:MAX_DIFFERING]:
        yield _witness(field, origin, DIFFERS, value)


def _as(verdict: str, witnesses: Iterable[Witness]) -> list[Witness]:
    return [witness._replace(verdict=verdict) for witness in witnesses]


# --- title -----------------------------------------------------------------------------------------------------------


def _line_at(page: Sheet, start: int) -> int:
    return int(np.searchsorted(page.starts, start, side="right")) - 1


def settle_title(page: Sheet, about: About, declared: Sequence[Declared]) -> int | None:
    """Notes the likeliest title.

    Returns:
        The place of its line in the visible text, else of the headline that the text gives; None without either.
    """
    said = about.fields.get("title")
    ranked = rank_titles(declared, said, page.raw)
    if not ranked:
        return None
    best = ranked[0]
    text = about.of("title")
    differing = [
        (group.origins[0], group.value)
        for group in ranked[1:]
        if group.origins[0] not in best.origins and group.origins[0] != TEXT  # a part of a title differs from nothing
    ]
    markup = [origin for origin in best.origins if origin != TEXT]
    if TEXT in best.origins:
        about.settle("title", said, [*text, *_others("title", markup, differing)])
        return text[0].span.line if text and text[0].span else None
    seen = _seen(page, best)
    value = page.raw[seen.start : seen.end] if seen else best.value
    witnesses = [_witness("title", markup[0], WON, best.value)]
    if seen:
        witnesses.append(Witness("title", TEXT, AGREES, None, seen))
    about.settle("title", value, [*witnesses, *_as(DIFFERS, text), *_others("title", markup[1:], differing)])
    spoken = text[0].span if text else None
    return seen.line if seen else spoken.line if spoken else None


def _seen(page: Sheet, group: Group) -> Span | None:
    """The line of the visible text that is a title, if there is one."""
    if group.place is None:
        return None
    line = _line_at(page, group.place.start)
    if line < 0 or group.place.end > page.ends[line]:
        return None
    return Span(line, group.place.start, group.place.end)


# --- dates -----------------------------------------------------------------------------------------------------------

_RANKS: Final = (
    re.compile(r"json-ld: (?:work )?datePublished$"),
    re.compile(r"meta: \S*article[:_.]\S*publi\S*$"),
    re.compile(r"meta: "),
    re.compile(r"json-ld: page datePublished$"),
    re.compile(r"microdata: datepublished$"),
    re.compile(r"time: published$"),
    re.compile(r""),
)
"""Where a date of publication may stand, the likeliest to be right first."""

_WEAK_DATES: Final = ("time: datetime", "class: date", "script: published")
"""Dates that do not say what they are of: taken only where neither the markup nor the text says more."""

_ONLY_DATE: Final = re.compile(r"\d{1,2}[. ][^\W_]{1,12}[. ,]{1,2}\d{4}|\d{4}-\d\d-\d\d|[^\W\d_]{3,12} \d{1,2}, \d{4}")
_PATH_DATE: Final = re.compile(r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/-]|$)")


class _Dated(NamedTuple):
    rank: int
    origin: str
    value: str
    stamp: Stamp


def _rank_of(origin: str) -> int:
    return next(i for i, rule in enumerate(_RANKS) if rule.match(origin))


def _within(when: datetime, dates: Dates) -> bool:
    return dates.earliest <= when.date() and (dates.latest is None or when.date() <= dates.latest)


def _stamps(declared: Iterable[Declared], field: str, rules: tuple[Reading, Dates]) -> list[_Dated]:
    """The dates that the markup states for a field, the likeliest first."""
    reading, dates = rules
    found = [
        _Dated(_rank_of(one.origin), one.origin, one.value, stamp)
        for one in declared
        if one.field == field and (stamp := read_stamp(one.value, reading)) is not None and _within(stamp.when, dates)
    ]
    return sorted(found, key=lambda dated: dated.rank)


def _title_dates(declared: Iterable[Declared], rules: tuple[Reading, Dates]) -> list[_Dated]:
    """The dates that stand alone between the joints of a title, as in 'Trams return | Ledger | 16 May 2024'."""
    reading, dates = rules
    found = []
    for one in declared:
        if one.origin in ("title", "meta: og:title"):
            for part in parts_of(one.value)[1:]:
                stamp = read_stamp(part, reading) if _ONLY_DATE.fullmatch(part) else None
                if stamp is not None and _within(stamp.when, dates):
                    found.append(_Dated(len(_RANKS), one.origin, part, stamp))
    return found


def _path_date(declared: Iterable[Declared], dates: Dates) -> _Dated | None:
    """The day in the page's own address, as in '/2024/05/16/'."""
    for one in declared:
        if one.field == "url" and (m := _PATH_DATE.search(one.value)) is not None:
            stamp = read_stamp(f"{m[1]}-{m[2]}-{m[3]}")
            if stamp is not None and _within(stamp.when, dates):
                return _Dated(len(_RANKS), one.origin, one.value, stamp)
    return None


def _text_wins(text: datetime, strong: Sequence[_Dated], every: Sequence[_Dated]) -> bool:
    """Whether the day that the text states is more likely the page's than the likeliest of the markup."""
    best = strong[0].stamp
    days = (text.date() - best.when.date()).days
    if abs(days) == 1:
        return not best.local  # the same moment, on the reader's day
    if any(one.stamp.when.date() == text.date() for one in strong):
        return True
    kinds = {one.origin.partition(":")[0] for one in every if one.stamp.when.date() == best.when.date()}
    return days < 0 and len(kinds) < 2


def _settle_published(about: About, declared: Sequence[Declared], rules: tuple[Reading, Dates]) -> None:
    stated = [*_stamps(declared, "published", rules), *_title_dates(declared, rules)]
    strong = [one for one in stated if one.origin not in _WEAK_DATES]
    text: datetime | None = about.fields.get("published")
    if text is None:
        path = _path_date(declared, rules[1])
        best = next(iter([*strong, *stated, *([path] if path else [])]), None)
        if best is not None:
            _note_stamp(about, "published", best, stated, [])
        elif about.fields.get("modified") is not None:
            _publish_change(about)
        return
    spans = about.of("published")
    same_day = bool(strong) and strong[0].stamp.when.date() == text.date()
    if same_day and strong[0].stamp.precision != "day" and about.fields["published_precision"] == "day":
        _note_stamp(about, "published", strong[0], stated, _as(AGREES, spans))
    elif strong and not same_day and not _text_wins(text, strong, stated):
        _note_stamp(about, "published", strong[0], stated, _as(DIFFERS, spans))
    else:
        _keep_text(about, "published", text, stated)


def _publish_change(about: About) -> None:
    """Takes the day of a page's change as the day of its publication, where the text states no other."""
    when: datetime = about.fields["modified"]
    precise = "second" if when.second else "minute" if when.hour or when.minute else "day"
    witnesses = [witness._replace(field="published") for witness in about.of("modified")]
    about.settle("published", when, witnesses)
    about.fields["published_precision"] = precise


def _differing(stated: Iterable[_Dated], when: datetime) -> Iterator[tuple[str, str]]:
    """The first statement of each other day."""
    days = {when.date()}
    for one in stated:
        if one.stamp.when.date() not in days:
            days.add(one.stamp.when.date())
            yield one.origin, one.value


def _note_stamp(about: About, field: str, best: _Dated, stated: Sequence[_Dated], text: list[Witness]) -> None:
    when = best.stamp.when
    same = [one.origin for one in stated if one.stamp.when.date() == when.date() and one.origin != best.origin]
    witnesses = [_witness(field, best.origin, WON, best.value), *text]
    about.settle(field, when, [*witnesses, *_others(field, same, _differing(stated, when))])
    if field == "published":
        about.fields["published_precision"] = best.stamp.precision


def _keep_text(about: About, field: str, text: datetime, stated: Sequence[_Dated]) -> None:
    """Keeps the date that the text states, with what the markup says of it."""
    same = [one.origin for one in stated if one.stamp.when.date() == text.date()]
    about.settle(field, text, [*about.of(field), *_others(field, same, _differing(stated, text))])


def _settle_modified(about: About, declared: Sequence[Declared], rules: tuple[Reading, Dates]) -> None:
    stated = _stamps(declared, "modified", rules)
    published: datetime | None = about.fields.get("published")
    text: datetime | None = about.fields.get("modified")
    later = [one for one in stated if published is None or one.stamp.when > published]
    if text is None and later:
        _note_stamp(about, "modified", later[0], later, [])
    elif text is not None:
        _keep_text(about, "modified", text, stated)
    when: datetime | None = about.fields.get("modified")
    if when is not None and published is not None and when.date() < published.date():
        about.settle("modified", None, [])


# --- authors ---------------------------------------------------------------------------------------------------------

_STRONG_AUTHORS: Final = ("json-ld: author", "json-ld: work author", "microdata: author", "json-ld: page author")
_TWITTER: Final = "meta: twitter:data"
_WEAK_AUTHORS: Final = re.compile(r"meta: |json-ld: |microdata: |a: ")
_NOT_NAMES: Final = re.compile(r"^\W*(?:https?:|www\.|/)|@|\[at\]|^[\W\d_]*$", re.IGNORECASE)
_HANDLE: Final = re.compile(r"\s*[(\[]?@\w{1,40}[)\]]?\s*$")
_NOBODY: Final = folded(
    """
    admin | administrator | author | none | null | undefined | editor | webmaster | user | by | unknown | guest
    root | default | test | n/a | anonymous author | wordpress | super user | superuser | autor | site admin
    """
)
_LEAD: Final = re.compile(
    r"\s*"
    + any_of(r"by | written by | posted by | von | par | por | door | autor(?:in)? | author | автор | текст")
    + r"\s*:?\s+(?=\S+\s+\S)",  # two words at least must be left: 'Von' begins surnames too
    re.IGNORECASE,
)
_LISTED: Final = re.compile(r"[;、]")
_JOINED: Final = re.compile(r"\s(?:and|und|et|y|och|og|e|en|i|и|та|&)\s|,", re.IGNORECASE)


class _Credit(NamedTuple):
    origin: str
    name: str
    group: bool


def split_names(value: str) -> list[str]:
    """The names in a value of markup that may join several: each part must be a name of two words or more.

    >>> split_names("By Jane Roe and Max Moor"), split_names("Roe, Jane"), split_names("Jane Roe, Staff Writer")
    (['Jane Roe', 'Max Moor'], ['Roe, Jane'], ['Jane Roe'])
    """
    return [name for part in _LISTED.split(value) for name in _split_part(part)]


def _split_part(value: str) -> list[str]:
    value = _HANDLE.sub("", _LEAD.sub("", value, count=1)).strip()
    if _JOINED.search(value) is None:
        return [value] if value else []
    names = [name.text for name in find_names("By " + value).names]
    return names if names and all(" " in name for name in names) else [value]


def _credits(declared: Sequence[Declared], sites: frozenset[str]) -> list[_Credit]:
    """Everyone whom the markup names as an author, in its order, each name split where several are joined."""
    said = [
        one for one in declared if one.field in ("authors", "organisations") and not one.origin.startswith("class:")
    ]
    return [
        _Credit(one.origin, name, one.field == "organisations" or letters(name) in sites)
        for one in said
        for name in split_names(one.value)
        if len(name) <= MAX_NAME and not _NOT_NAMES.search(name) and fold_word(name) not in _NOBODY
    ]


def _named(credits_: Iterable[_Credit], origin: str) -> list[str]:
    """The names of one origin, each once."""
    unique = {letters(one.name): one.name for one in reversed(list(credits_)) if one.origin == origin}
    return list(reversed(unique.values()))[:MAX_AUTHORS]


def _classed_names(declared: Iterable[Declared]) -> list[_Credit]:
    """The names in the first element whose class says that it holds one, and which does."""
    for one in declared:
        if one.field == "authors" and one.origin.startswith("class:"):
            names = [name.text for name in find_names(one.value).names]
            if names:
                return [_Credit(one.origin, name, group=False) for name in names]
    return []


def _choose_credits(persons: Sequence[_Credit], *, spoken: bool) -> str | None:
    """The origin to be believed among those that name persons; None where the text is to be believed."""
    origins = [one.origin for one in persons]
    for origin in _STRONG_AUTHORS:
        if origin in origins:
            return origin
    twitter = next((origin for origin in origins if origin.startswith(_TWITTER)), None)
    if twitter or spoken:
        return twitter
    return next((origin for origin in origins if _WEAK_AUTHORS.match(origin)), None)


def _settle_authors(about: About, declared: Sequence[Declared]) -> None:
    credited = _credits(declared, site_names(declared))
    persons = [one for one in credited if not one.group]
    text: list[str] = about.fields.get("authors") or []
    origin = _choose_credits(persons, spoken=bool(text))
    if origin is None and not text:
        persons = _classed_names(declared) or [one for one in credited if one.group]
        origin = persons[0].origin if persons else None
    spans = about.of("authors")
    if origin is None:
        same = [one.origin for one in credited if letters(one.name) in set(map(letters, text))]
        other = [(one.origin, one.name) for one in credited if letters(one.name) not in set(map(letters, text))]
        about.settle("authors", text, [*spans, *_others("authors", same, other)])
        return
    names = _named(persons, origin)
    verdict = AGREES if set(map(letters, text)) & set(map(letters, names)) else DIFFERS
    other = [(one.origin, one.name) for one in credited if letters(one.name) not in set(map(letters, names))]
    witnesses = [_witness("authors", origin, WON, name) for name in names]
    about.settle("authors", names, [*witnesses, *_as(verdict, spans), *_others("authors", (), other)])


# --- language, address and the rest ----------------------------------------------------------------------------------

_LANGUAGE: Final = re.compile(r"\s*([a-zA-Z]{2,3})(?:[-_;, ]|$)")


def declared_language(declared: Iterable[Declared]) -> Declared | None:
    """The first language that the markup declares, as its code; None where it declares none that is known.

    >>> declared_language([Declared("language", "html: lang", "pt-BR")]).value
    'pt'
    """
    for one in declared:
        m = _LANGUAGE.match(one.value) if one.field == "language" else None
        if m is not None and m[1].lower() in LANGUAGES:
            return one._replace(value=m[1].lower())
    return None


def _settle_language(about: About, declared: Sequence[Declared]) -> None:
    one = declared_language(declared)
    if one is None:
        return
    read = about.fields.get("language")
    if read is None:
        about.settle("language", one.value, [_witness("language", one.origin, WON, one.value)])
        about.fields["language_score"] = DECLARED_SCORE
    else:
        verdict = AGREES if read == one.value else DIFFERS
        about.settle("language", read, [_witness("language", one.origin, verdict, one.value)])


def _is_front(address: str) -> bool:
    """Whether an address is that of a whole site."""
    return address.count("/") < 4 and address.rstrip("/").count("/") < 3


def _settle_address(about: About, declared: Sequence[Declared]) -> None:
    said = [one for one in declared if one.field == "url" and is_address(one.value)]
    said.sort(key=lambda one: (_is_front(one.value), one.origin != "link: canonical"))
    if not said:
        return
    text = about.fields.get("url")
    verdict = AGREES if text == said[0].value else DIFFERS
    other = [(one.origin, one.value) for one in said[1:] if one.value != said[0].value]
    witnesses = [_witness("url", said[0].origin, WON, said[0].value), *_as(verdict, about.of("url"))]
    about.settle("url", said[0].value, [*witnesses, *_others("url", (), other)])
    about.fields["site"] = site_of(said[0].value)


_SUMMARIES: Final = (
    *("meta: og:description", "json-ld: description", "microdata: description", "meta: description"),
    *("meta: dcterms.abstract", "meta: dc.description", "meta: twitter:description"),
)
_PUBLISHERS: Final = ("json-ld: publisher", "meta: dc.publisher", "meta: dcterms.publisher", "meta: citation_publisher")
_SECTIONS: Final = ("meta: article:section", "json-ld: articleSection", "microdata: articlesection")
MAX_SUMMARY: Final = 2000
MAX_PUBLISHER: Final = 80
MAX_SECTION: Final = 60


def _ranked(declared: Iterable[Declared], field: str, origins: Sequence[str]) -> list[Declared]:
    """The statements about a field, those of the named origins first, in their order."""
    said = [one for one in declared if one.field == field]
    return sorted(said, key=lambda one: origins.index(one.origin) if one.origin in origins else len(origins))


def _settle_words(about: About, field: str, said: Sequence[Declared]) -> None:
    """The text's words for a field, the markup's where the text has none."""
    text: str | None = about.fields.get(field)
    winner = text or (said[0].value if said else None)
    if winner is None or not said:
        return
    same = [one.origin for one in said if letters(one.value) == letters(winner)]
    other = {letters(one.value): (one.origin, one.value) for one in reversed(said)}
    other.pop(letters(winner), None)
    if text is None:
        witnesses = [_witness(field, said[0].origin, WON, winner)]
        same = [origin for origin in same if origin != said[0].origin]
    else:
        witnesses = about.of(field)
    about.settle(field, winner, [*witnesses, *_others(field, same, reversed(other.values()))])


def _sections(about: About, declared: Sequence[Declared]) -> list[Declared]:
    """What may be the section: as the article says, else the last part of the breadcrumb that is not the page."""
    said = _ranked(declared, "section", _SECTIONS)
    title = letters(about.fields.get("title") or "")
    trail = [one for one in declared if one.field == "trail"][1:]  # the first is the site
    crumbs = [one for one in reversed(trail) if letters(one.value) not in title and title not in letters(one.value)]
    found = said + [one._replace(field="section") for one in crumbs[:1]]
    return [one for one in found if len(one.value) <= MAX_SECTION and letters(one.value)]


def _settle_rest(about: About, declared: Sequence[Declared]) -> None:
    title: str = about.fields.get("title") or ""
    said = [one for one in _ranked(declared, "summary", _SUMMARIES) if 20 <= len(one.value) <= MAX_SUMMARY]
    summaries = [one for one in said if not repeats(one.value, title)]
    _settle_words(about, "summary", summaries)
    _settle_words(about, "section", _sections(about, declared))
    publishers = _ranked(declared, "publisher", _PUBLISHERS) + _ranked(declared, "site_name", ())
    _settle_words(about, "publisher", [one for one in publishers if _is_publisher(one.value)])


def _is_publisher(value: str) -> bool:
    return 1 < len(value) <= MAX_PUBLISHER and not is_address(value) and letters(value) != ""


# --- licence and reservations -----------------------------------------------------------------------------------------

_LICENSES: Final = (
    "link: license",
    "a: license",
    "json-ld: license",
    "meta: dcterms.license",
    "meta: dc.rights.license",
)
_OPEN: Final = re.compile(r"creativecommons\.org/|\bCC[ -](?:BY|0)\b|public domain|\bcreative commons\b", re.IGNORECASE)
_DEED: Final = re.compile(r"/(?:deed|legalcode)(?:\.[\w-]{1,10})?/?$")


def _is_license(one: Declared) -> bool:
    """Whether a value is a licence: an address, or words that name an open licence; 'All rights reserved' is none."""
    return len(one.value) <= MAX_LICENSE and (
        _OPEN.search(one.value) is not None or (one.origin in _LICENSES and is_address(one.value))
    )


def _same_license(value: str) -> str:
    return re.sub(r"^https?:", "", _DEED.sub("", value.lower())).rstrip("/")


def _settle_license(about: About, declared: Iterable[Declared]) -> None:
    """The page's licence; none where links of one kind name several, as under pictures."""
    said = [one for one in _ranked(declared, "license", _LICENSES) if _is_license(one)]
    if not said:
        return
    best = said[0]
    rivals = {_same_license(one.value) for one in said if one.origin == best.origin}
    if len(rivals) > 1:
        return
    other = [(one.origin, one.value) for one in said if _same_license(one.value) != _same_license(best.value)]
    same = [one.origin for one in said[1:] if _same_license(one.value) == _same_license(best.value)]
    about.settle(
        "license", best.value, [_witness("license", best.origin, WON, best.value), *_others("license", same, other)]
    )


_DIRECTIVES: Final = {"none": "noindex"} | {name: name for name in RESERVATIONS}
_MAX_RESERVED: Final = 10


def _reserved(one: Declared) -> list[str]:
    """What a statement for robots reserves; what it says to one search engine alone is not of the page's use."""
    name = one.origin.removeprefix("meta: ")
    if name == "tdm-reservation":
        return ["tdm-reservation"] if one.value.strip() == "1" else []
    words = [_DIRECTIVES.get(word, "") for word in re.split(r"[\s,;]+", one.value.lower())]
    return [word for word in words if word and (name == "robots" or word in ("noai", "noimageai"))]


def _settle_reservations(about: About, declared: Iterable[Declared]) -> None:
    found: set[str] = set()
    witnesses: list[Witness] = []
    for one in declared:
        if one.field == "reservations":
            words = set(_reserved(one)) - found
            found |= words
            if (words or one.origin == "meta: tdm-policy") and len(witnesses) < _MAX_RESERVED:
                witnesses.append(_witness("reservations", one.origin, WON if words else AGREES, one.value))
    about.settle("reservations", [name for name in RESERVATIONS if name in found], witnesses if found else [])


def settle_rest(about: About, declared: Sequence[Declared], rules: tuple[Reading, Dates]) -> None:
    """Settles every field but the title, once the visible text is read.

    Args:
        about: what the visible text says; changed.
        declared: what the markup says.
        rules: how dates are to be read, and which to believe.
    """
    _settle_published(about, declared, rules)
    _settle_modified(about, declared, rules)
    _settle_authors(about, declared)
    _settle_language(about, declared)
    _settle_address(about, declared)
    _settle_rest(about, declared)
    _settle_license(about, declared)
    _settle_reservations(about, declared)
