"""Reads the names of authors out of a byline, as the page spells them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from .ago import days_ago
from .dates import ANY_READING, Reading, find_dates, says_when
from .months import MONTHS
from .words import any_of, fold_word, folded

MAX_CHARS: Final = 300
"""Characters of a line that are looked at; what is longer is prose about an author."""

MAX_BARE: Final = 90
"""Characters that a line without 'By' may have, the longest such byline of the benchmark 77: a longer one is prose."""

MAX_OTHER: Final = 24
"""Characters of a line that can be a 'Fact checked by' whose name stands on the next."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name in a line: where it stands, in characters, and how it is spelled."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Byline:
    """What a line says about who wrote the page.

    Attributes:
        names: persons, or the agencies and desks where no person is named.
        led: whether the line says so itself ('By', 'Von', 'Автор:' ...).
        other: whether it only leads to who did something else ('Edited by', 'Photo:').
    """

    names: tuple[Name, ...] = ()
    led: bool = False
    other: bool = False


# --- the words of bylines --------------------------------------------------------------------------------------------

_BY: Final = any_of(
    r"""
    by | von | vom | par | por | di | de | door | av | af | przez | napisał[a]? | od
    autor(?:a|as|es|in|innen|en|zy|ka|ul|i|s)? | author(?:s|\(s\))? | auteure?s? | autore | autori | auctor
    text[eo]?s? | tekst | testo | teksti | words | story | escrito por | scritto da | skrevet av | skriven av
    skrivet av | redakcja | redaktion | redaktor | opracowa[łl]a? | kirjoittanut | skribent | автор(?:ы|и|ка)?
    текст | беседовал[аи]? | подготовил[аи]? | от | yazan | yazar | haber | muhabir | oleh | penulis | tác giả
    συντάκτης | του | της | από | post autor | επιμέλεια | ρεπορτάζ | κείμενο | लेखिका | रिपोर्ट | كتب[ت]? | بقلم
    إعداد | الكاتب | تحریر | نویسنده | מאת | द्वारा | लेखक | ผู้เขียน | โดย | 文／ | 文/ | 文 | 記者 | 记者 | 作者
    責任編輯
    责任编辑 | 责编 | 編集 | 編輯 | 编辑 | 執筆 | 著者 | 投稿者 | 書いた人 | 書き手 | ライター | 通讯员 | 通訊員
    撰文 | 取材・文 | 글 | 기자
    """
)
_NOUN: Final = any_of(
    r"""
    about the author | about | written | posted | published | reported | created | submitted | story | article
    words | text | report | opinion | analysis | review | commentary | interview | guest post | uploaded
    contributed | author of the article | thread starter | original poster | started | asked | kolumne | beitrag
    recipe | guide | column | feature | essay | blog | tutorial | news | artikel | ein(?:e)? | erstellt
    geschrieben | veröffentlicht | verfasst | kommentar | analyse | gastbeitrag | bericht | gepostet | eingestellt
    reportage | glosse | eine? \w+ | übersetzung und adaptierung | un[ea]?(?: \w+)?
    écrit | publié | rédigé | propos recueillis | publicado | escrito | redactado | scritto | pubblicato
    a cura | geschreven | geplaatst | skrevet | skrivet | publicerad | publisert | tekst | zdroj
    napsal | opublikowane | dodane | опубликовано | написано | автор
    """
)
_SEPARATED: Final = (
    r"(?:[ \u00a0]*[:：／][ \u00a0]*|[ \u00a0]+|(?<=[／文者輯辑])(?=[^\W\d_])|(?<=by)(?=[A-Z])|(?<=By)(?=[A-Z])|$)"
)
_OPENING: Final = r"[\s\"“*(（【«]*"
_BOX: Final = any_of("about the author | thread starter | original poster | author of the article")
_LED: Final = re.compile(
    rf"{_OPENING}(?:{_NOUN}[ \u00a0]+(?:von|by|par|por|di|da|de|door|av|af|am|on|от){_SEPARATED}"
    rf"|{_BOX}{_SEPARATED}(?:by{_SEPARATED})?|{_BY}{_SEPARATED})",
    re.IGNORECASE,
)
# 'De' and 'Di' begin surnames, 'Von' begins German ones: followed by a single word they say nothing.
_WEAK_LEADS: Final = folded("di | de | od | от | av | af | text | haber | του | της | redaktion | redakcja")

_OTHER_WORK: Final = re.compile(
    _OPENING
    + any_of(
        r"""
    photo | picture | image | illustration | video | graphic | art by | cover | edited | editing | translat
    fact.?check | foto | bild(?!t) | grafik | illustra | übersetz | redaktion: | faktencheck | sprecher | kamera
    lektorat | crédit | traduit | traduc | traduzione | fotograf | vertaal | zdjęci | фото | перевод | иллюстрац
    写真 | 撮影 | 翻訳 | 사진 | reviewed | medically | mitarbeit | quelle | source | fuente | fonte | forrás | zdroj
    źródło | источник | 来源 | 來源 | 출처 | via
    """
    ),
    re.IGNORECASE,
)
# Roles by how they begin, in every form and language that shares the stem; and short ones that must stand whole.
_ROLE_STEMS: Final = folded(
    """
    redakteur | redaktor | redactor | rédact | redatt | redaktör | reporter | korrespond | correspond | corresponsal
    editor | éditeur | journalist | giornalist | periodist | dziennikarz | publizist | writer | volont | columnist
    kolumnist | chroniqu | contributor | contributing | producer | author | autor | auteur | freelance | fotograf
    photograph | specialist | researcher | professor | manager | director | directeur | blogger | mitglied
    moderator | administrator | praktikant | strategist | consultant | skribent | toimittaja | muhabir | yazar
    редактор | корреспондент | журналист | обозреватель | автор | колумнист | twitter | facebook | instagram
    linkedin | rechtsanwalt | analyst | veröffentlicht | published | updated | lesezeit | lesedauer | utgivare
    sprecher
    """
)
_ROLE_WORDS: Final = folded(
    """
    chef | leiter | leiterin | leitung | expert | expertin | ceo | cto | cfo | coo | founder | co-founder | gründer
    gründerin | member | user | intern | follow | email | e-mail | mail | profile | profil | posts | beiträge
    beitrag | articles | artikel | artículos | view | views | more | mehr | subscribe | bio | biography | level
    points | reputation | replies | topics | offline | online | verified | enviado | especial | critic | kritiker
    presenter | host | anchor | spokesperson | spokesman | adviser | advisor | president | secretary | minister
    associate | assistant | ansvarig | posted | gepostet | comments | comment | kommentare | kommentar | min | read
    minutes | minuten | minuti | share | teilen | print | drucken | lecturer | fellow | scholar | historian | ökonom
    economist | lawyer | attorney | physician | reviewer | tester | copywriter | marketer | marketing | content
    developer | engineer | designer | architect | wizard | senior | критик | last | first | discussion | starter
    members | admin | premium | greenhorn | newbie | veteran
    """
)
_ROLE: Final = re.compile("|".join(sorted(map(re.escape, _ROLE_STEMS), key=lambda stem: (-len(stem), stem))))
_ROLE_COMPOUND: Final = re.compile(r"\w(?:redakteur|redaktor|reporter|korrespondent|journalist|leiter|autor)(?:in|s)?$")
# Words before a role that belong to it, not to the name.
_ROLE_QUALIFIERS: Final = folded(
    """
    senior | junior | chief | deputy | managing | political | parliamentary | news | sports | sport | travel
    business | technology | tech | science | health | culture | foreign | national | local | staff | associate
    assistant | executive | legal | crime | education | environment | environmental | money | finance | financial
    features | special | investigations | investigative | world | europe | asia | royal | entertainment | lifestyle
    food | fashion | music | film | tv | and | the | & | data | video | digital | online-redakteur | white | house
    white-house | diplomatic | defence | defense | security | international | us | uk | middle | east | energy
    climate | art | arts | media | social
    """
)
_PARTICLES: Final = folded(
    """
    von | van | vom | zu | zum | zur | der | den | de | del | della | di | da | dal | do | dos | das | du | des | d'
    la | le | les | lo | el | al | ul | ibn | bin | bint | ben | abu | y | i | e | ter | ten | te | af | av | und
    st. | st | san | santa | mac | mc | o' | 't
    """
)
_ENDERS: Final = folded(
    """
    for | in | on | at | am | um | aus | im | from | für | pour | para | per | dalla | desde | fra | från | is | ist
    was | has | est | of | who | writes | berichtet | reports | über | about | as | als | auf | bei | zum | to
    """
)
# After a name that no 'By' announces, words that are neither of a date nor of a biography make prose of it.
_BARE_ENDERS: Final = folded(
    """
    on | am | um | is | ist | for | för | für | was | has | est | es | è | jest | writes | covers | reports | schreibt
    berichtet | arbeitet | lives
    """
)
_CAPITAL_ENDERS: Final = ("For", "In", "On")
_CONJUNCTION: Final = re.compile(
    r"[,，、;&＆+]|\s(?:and|und|et|y|och|og|ja|en|with|mit|avec|con|e|a|i|и|та|і|و|ve|dan|và|και|и|as well as|sowie)\s",
    re.IGNORECASE,
)
# How the names of outlets and desks end.
_OUTLETS: Final = folded(
    "news | media | tv | radio | online | newspaper | magazine | zeitung | redaktion | staff | team | desk | agency"
)
# How the names of those end that are many: 'Harbour Desk Editorial Team'.
_DESKS: Final = folded("team | staff | desk | redaktion | editors | newsroom")
# How lines of controls begin that are capitalised as names are.
_CONTROLS: Final = folded(
    """
    our | your | contact | log | sign | topic | submit | link | join | joined | share | subscribe | add | get | see
    all | read | more | leave | related | previous | next | back | advertiser | affiliate | discussion | home | set
    zu | zum | zur
    best | customer | privacy | cookie | terms | start | view | follow | click | show | buy | try | learn | skip
    """
)
# Desks that name nobody.
_NOBODY: Final = folded(
    """
    agenturen | agencies | agencias | agences | agenzie | redaktion | redakcja | redacción | redazione | rédaction
    editorial | staff | team | newsroom | news | red | onlineredaktion | and | on | in | asked | answered | edited
    vor | hace | går | igår | ieri | ayer | ontem | gestern | dün | вчера | сегодня
    modified | replied | wrote | said | started | today | yesterday | anonymous | guest | unknown
    """
)
_AGENCIES: Final = folded(
    """
    aa | adnkronos | afp | afp-sda | agence france-presse | agi | ani | anp | ansa | ap | apa | associated press
    australian associated press | austria presse agentur | belga | bloomberg | canadian press | cbc news | ctk
    deutsche presse-agentur | dha | dpa | dpa-afx | dts | editorial board | editorial team | efe | epd
    europa press | haber merkezi | ians | iha | jiji | keystone-sda | kna | kyodo | lusa | mti | news agencies
    news desk | newsroom | ntb | online-redaktion | pa | pap | press association | press trust of india | pti
    reuters | ria | ritzau | ritzaus bureau | sda | sid | staff reporter | stt | tasr | tass | the associated press
    the canadian press | thomson reuters | tt | upi | web desk | web team | xinhua | yonhap | čtk | риа | тасс
    新华社
    연합뉴스
    """
)
_SPLIT: Final = re.compile(
    r"[|•·∙●;/／｜\t\n\r»«>–—]+|\s-\s?|(?<![:：])\s{2,}|\s-$|^-\s|…|\u3000(?=[^\s：:]{1,6}[：:])|(?<!Dr)(?<!Prof)\.\s(?=[^\W\d_]{3,}\s[^\W\d_]+\s)"
)
_ADDRESS: Final = re.compile(r"\S{1,80}@\S{1,80}|https?://\S{1,200}|www\.\S{1,200}|(?<!\w)@\w{1,40}")
# What stands in brackets, but not a name among names: 'Jane (Ada) Roe'.
_ASIDE: Final = re.compile(r"(?!\([A-Z][\w’'.-]{1,20}\) [A-Z])[(（\[][^()（）\[\]]{0,80}[)）\]]")
_WHOLE_ASIDE: Final = re.compile(r"\s*[(（【\[]([^()（）\[\]【】]{2,120})[)）】\]]\s*$")
_GLUED: Final = re.compile(r"(?<=[^\W\dA-Z_])(?=[^\W\da-z_])")
_EDGES: Final = "《》 \t\u00a0\u3000\"'“”„‘’*,.:;：，。·-–—_#!?|/«»<>[](){}（）【】"
_CLOCK: Final = re.compile(r"(?<!\d)\d{1,2}[:.]\d{2}(?: ?(?:Uhr|h|am|pm|a\.m\.|p\.m\.))?(?!\d)", re.IGNORECASE)
# A Korean byline names its reporter before his title, and places and addresses around that.
_KOREAN: Final = re.compile(r"([가-힣]{2,4}) ?(?:선임|수습|인턴|전문)?(?:기자|특파원)")
_CHINESE_TITLE: Final = re.compile(r"[ \u00a0]?(?:記者|记者|特派員|編集委員|論説委員|氏|さん)$")
_LETTER: Final = re.compile(r"[^\W\d_]")
_TOKEN: Final = re.compile(r"\S+")
_MAX_TOKENS: Final = 6
_MAX_NAME: Final = 60
_MAX_NAMES: Final = 20


def _blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with some spans made separators, so that offsets stay true."""
    for start, end in spans:
        text = text[:start] + "|" * (end - start) + text[end:]
    return text


def _without_dates(text: str, reading: Reading) -> str:
    dates = [(found.start, found.end) for found in find_dates(text, reading)]
    ago = days_ago(text)
    text = _blank(text, dates if ago is None else [*dates, ago[1:]])
    found = [m.span() for m in _CLOCK.finditer(text)]
    if "@" in text or "http" in text or "www." in text:
        found = [m.span() for m in _ADDRESS.finditer(text)] + found
    return _blank(text, found)


def _pieces(text: str, start: int, end: int, rule: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Spans between the matches of a rule."""
    at = start
    for m in rule.finditer(text, start, end):
        yield at, m.start()
        at = m.end()
    yield at, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip(_EDGES))
    # A full stop stays with an initial ('Joan R.') and with 'Jr.'.
    right = len(piece.rstrip(_EDGES))
    if piece[right : right + 1] == "." and re.search(r"(?:\b[^\W\d_]|\b[JS]r|Dr)$", piece[:right]):
        right += 1
    return start + left, start + max(left, right)


def _is_role(word: str) -> bool:
    folded = fold_word(word.strip(_EDGES))
    return folded in _ROLE_WORDS or _ROLE.match(folded) is not None or _ROLE_COMPOUND.search(folded) is not None


def _tokens(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [m.span() for m in _TOKEN.finditer(text, start, end)]


# 'By Jane RoeIn Travel': where the next part of a line begins that was glued to a name.
_GLUED_ENDERS: Final = ("In", "On")


def _unglued(text: str, tokens: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Tokens, those of a name and a role glued together ('FosterTravel', 'ExnerKorrespondent') taken apart."""
    apart: list[tuple[int, int]] = []
    for i, (start, end) in enumerate(tokens):
        cuts = [m.start() for m in _GLUED.finditer(text, start, end) if m.start() - start > 2]
        at = next((at for at in cuts if _ends_name(text, tokens[i + 1 :], at, end)), None)
        apart += [(start, end)] if at is None else [(start, at), (at, end)]
    return apart


def _ends_name(text: str, following: Sequence[tuple[int, int]], at: int, end: int) -> bool:
    """Whether the end of a word is a role, or another word that follows a name, glued to it."""
    tail = text[at:end]
    if _is_role(tail) or (following and tail in _GLUED_ENDERS):
        return True
    return fold_word(tail) in _ROLE_QUALIFIERS and any(_is_role(text[slice(*token)]) for token in following)


def _name_tokens(text: str, tokens: list[tuple[int, int]], *, led: bool) -> tuple[list[tuple[int, int]], bool]:
    """The tokens up to a role, a preposition or an agency that follows the name, and whether a role was cut off."""
    if 1 < len(tokens) <= _MAX_TOKENS and fold_word(text[slice(*tokens[-1])].strip(_EDGES)) in _DESKS:
        return tokens, False
    while len(tokens) > 2 and _is_role(text[slice(*tokens[0])]):
        tokens = tokens[1:]
    kept: list[tuple[int, int]] = []
    for start, end in tokens:
        word = text[start:end]
        plain = fold_word(word)
        ends = word in _CAPITAL_ENDERS and (end < tokens[-1][1] or word != "On")
        if kept and (ends or (word == word.lower() and (plain in _ENDERS or plain in _BARE_ENDERS))):
            return (kept, False) if led or plain in _BARE_ENDERS else ([], False)
        if _is_role(word):
            while kept and fold_word(text[slice(*kept[-1])].strip(_EDGES)) in _ROLE_QUALIFIERS:
                kept.pop()
            return kept, True
        kept.append((start, end))
    for size in (3, 2):
        if len(kept) > size + 1 and fold_word(text[kept[-size][0] : kept[-1][1]]) in _AGENCIES:
            return kept[:-size], False
    return kept, False


def _cased(word: str) -> bool:
    return word.upper() != word.lower()


def _is_name_word(word: str) -> bool:
    bare = word.strip(_EDGES)
    if not bare:
        return word in "&-"
    return not bare[0].islower() or fold_word(bare) in _PARTICLES or "'" in bare[:3] or "’" in bare[:3]


def _is_name(text: str, *, sure: bool) -> bool:
    """Whether a text can be the name of an author.

    Args:
        text: without outer punctuation.
        sure: whether the line says that a name follows, or holds nothing else: then one word will do, in any case.
    """
    words = text.split()
    if not (1 <= len(words) <= _MAX_TOKENS and 2 <= len(text) <= _MAX_NAME and any(map(str.isalpha, text))):
        return False
    if fold_word(text) in _NOBODY or says_when(words[0]) or says_when(words[-1]) or fold_word(words[0]) in _CONTROLS:
        return False
    if any(char in "@=<>{}:©%€$\\^~" for char in text) or fold_word(text) in MONTHS:
        return False
    digits = any(char.isdigit() for char in text)
    if len(words) == 1:
        return (
            (sure and text[0].isalpha())
            or (not _cased(text) and not digits and len(text) <= 12)
            or fold_word(text) in _AGENCIES
        )
    signed = sure and all(word[0].isupper() and not word.isdigit() for word in words)  # 'Tram62 Fan'
    if (digits and not signed) or not all(map(_is_name_word, words)):
        return False
    return (not text[0].islower() or (sure and len(words) <= 3)) and fold_word(words[-1]) not in _PARTICLES


def _read_part(text: str, start: int, end: int, *, led: bool, alone: bool) -> Name | None:
    """The name in one part of a byline."""
    start, end = _trimmed(text, start, end)
    if fold_word(text[start:end]) in _AGENCIES:
        return Name(start, end, text[start:end])
    if (m := _CHINESE_TITLE.search(text[start:end])) is not None:
        end = start + m.start()
    tokens, cut = _name_tokens(text, _unglued(text, _tokens(text, start, end)), led=led)
    if not tokens or (cut and len(tokens) == 1 and not led and not looks_like_alias(text[slice(*tokens[0])])):
        return None
    half = len(tokens) // 2
    words = [text[slice(*token)] for token in tokens]
    if half and len(tokens) % 2 == 0 and words[:half] == words[half:]:
        tokens = tokens[:half]
    start, end = _trimmed(text, tokens[0][0], tokens[-1][1])
    while len(tokens) > 1 and end > start and text[end - 1].isdigit():  # the mark of a footnote
        end -= 1
    return Name(start, end, " ".join(text[start:end].split())) if _is_name(text[start:end], sure=led or alone) else None


def _lead(text: str, start: int, end: int) -> tuple[int, bool]:
    """Where the names begin in a chunk, and whether words before them say that names follow."""
    m = _LED.match(text, start, end)
    if m is None:
        return start, False
    word = fold_word(m[0].strip(_EDGES))
    if word in _WEAK_LEADS and ":" not in m[0] and len(text[m.end() : end].split()) < 2:
        return start, False
    again = _LED.match(text, m.end(), end)  # 'Author: By Jane Roe'
    return (again.end() if again and again.end() < end else m.end()), True


def _chunk_names(text: str, start: int, end: int, *, led: bool) -> list[Name]:
    """The names in one chunk of a line; `led` when the line says before it that names follow."""
    parts = list(_pieces(text, start, end, _CONJUNCTION))[:_MAX_NAMES]
    alone = len(parts) == 1 and not _LETTER.search(text, 0, start) and not _LETTER.search(text, end)
    names: list[Name] = []
    for i, (a, b) in enumerate(parts):
        # 'By Ada and Grace': where the first goes by one name, the others may
        one = bool(names) and " " not in names[0].text and len(parts) == 2
        name = _read_part(text, a, b, led=led and (i == 0 or one), alone=alone)
        names += [] if name is None else [name]
    return names


def is_agency(name: Name) -> bool:
    """Whether a name is one of a news agency, an outlet or a desk, not of a person."""
    plain = fold_word(name.text)
    return plain in _AGENCIES or plain.rpartition(" ")[2] in _OUTLETS


_ALIAS: Final = re.compile(r"(?=[\w.-]*[\d_])[^\W\d_][\w.-]+|[a-z][\w.-]{2,}|[A-Z][a-z\d]+[A-Z][\w.-]*")


def looks_like_alias(text: str) -> bool:
    """Whether a word is spelled as users of forums spell their names, and neither names nor words of prose are.

    >>> [looks_like_alias(word) for word in ("Ada_L", "tram62", "QuayRat", "quayrat", "Berlin", "BERLIN")]
    [True, True, True, True, False, False]
    """
    known = text in _ENDERS or text in _PARTICLES or fold_word(text) in _NOBODY
    return _ALIAS.fullmatch(text) is not None and not known and not says_when(text)


def only_persons(names: Iterable[Name]) -> tuple[Name, ...]:
    """Each name once, in the order given; agencies and desks only when nobody else is named.

    Of six bylines of the benchmark that name both, three publishers state the agency as an author too.
    """
    unique: dict[str, Name] = {}
    for name in names:
        unique.setdefault(fold_word(name.text), name)
    persons = tuple(name for name in unique.values() if not is_agency(name))
    return (persons or tuple(unique.values()))[:_MAX_NAMES]


@lru_cache(maxsize=4096)
def find_names(line: str, reading: Reading = ANY_READING) -> Byline:
    """The authors that a line names.

    Roles, places, e-mail addresses, dates and reading times are left out; so are photographers, translators and
    sources. Prose about an author names nobody.

    Args:
        line: one line; longer ones than `MAX_CHARS` are prose.
        reading: how its dates are to be read.

    >>> [name.text for name in find_names("Von Robin Amberg und Eva Klee, Volontärin (Sport)").names]
    ['Robin Amberg', 'Eva Klee']
    >>> find_names("Photo: Jane Roe").names
    ()
    """
    if len(line) > MAX_CHARS:
        return Byline()
    text = _without_dates(line, reading)
    if _LETTER.search(text) is None:
        return Byline()
    if (whole := _WHOLE_ASIDE.match(text)) is not None:
        text = _blank(text, [(0, whole.start(1)), (whole.end(1), len(text))])
    if "(" in text or "（" in text or "[" in text:
        text = _blank(text, [m.span() for m in _ASIDE.finditer(text)])
    if (korean := [Name(*m.span(1), m[1]) for m in _KOREAN.finditer(text)]) != []:
        return Byline(only_persons(korean), led=True)
    said: list[Name] = []
    bare: list[Name] = []
    led = other = False
    for start, end in _pieces(text, 0, len(text), _SPLIT):
        if _OTHER_WORK.match(text, start, end):
            led, other = False, len(line) <= MAX_OTHER
            continue
        at, leads = _lead(text, start, end)
        led = led or leads
        if not led and (said or len(line) > MAX_BARE):
            continue
        names = _chunk_names(text, at, end, led=led)
        (said if led else bare).extend(names)
        led = led and not names
    return Byline(only_persons(said), led=True) if said else Byline(only_persons(bare), led, other)
