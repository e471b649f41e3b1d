"""Reads the names of authors out of a byline, as the page spells them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from .dates import Reading, days_ago, find_dates
from .months import MONTHS, fold_word

MAX_CHARS: Final = 300
"""Characters of a line that are looked at; what is longer is prose about an author."""

MAX_BARE: Final = 90
"""Characters that a line without 'By' may have: a longer one is prose. The longest bare byline of the benchmark has 77."""


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
    """

    names: tuple[Name, ...] = ()
    led: bool = False


# --- the words of bylines --------------------------------------------------------------------------------------------

_BY: Final = (
    r"by|von|vom|par|por|di|de|door|av|af|przez|napisał[a]?|od|autor(?:a|as|es|in|innen|en|zy|ka|ul|i|s)?|author(?:s|\(s\))?|auteure?s?|autore|autori|auctor"
    r"|text[eo]?s?|tekst|testo|teksti|words|story|escrito por|scritto da|skrevet av|skriven av|skrivet av|redakcja|redaktion|redaktor|opracowa[łl]a?|kirjoittanut|skribent"
    r"|автор(?:ы|и|ка)?|текст|беседовал[аи]?|подготовил[аи]?|от|yazan|yazar|haber|muhabir|oleh|penulis|tác giả|συντάκτης|του|της|από"
    r"|كتب[ت]?|بقلم|إعداد|الكاتب|تحریر|نویسنده|מאת|द्वारा|लेखक|ผู้เขียน|โดย"
    r"|文／|文/|文|記者|记者|作者|責任編輯|责任编辑|责编|編集|編輯|编辑|執筆|著者|投稿者|撰文|取材・文|글|기자"
)
_NOUN: Final = (
    r"about the author|about|written|posted|published|reported|created|submitted|story|article|words|text|report|opinion|analysis|review|commentary|interview|guest post|uploaded|contributed"
    r"|author of the article|thread starter|original poster|started|asked|kolumne|beitrag|artikel|ein(?:e)?|erstellt|geschrieben|veröffentlicht|verfasst|kommentar|analyse|gastbeitrag|bericht|essay|gepostet"
    r"|eingestellt|reportage|glosse|eine? \w+|text|übersetzung und adaptierung|un[ea]?(?: \w+)?|écrit|publié|rédigé|propos recueillis|publicado|escrito|redactado|scritto|pubblicato|a cura|geschreven|geplaatst|skrevet|skrivet|publicerad"
    r"|publisert|tekst|zdroj|napsal|opublikowane|dodane|опубликовано|написано|автор"
)
_SEPARATED: Final = r"(?:[ \u00a0]*[:：／][ \u00a0]*|[ \u00a0]+|(?<=[／文者輯辑])(?=[^\W\d_])|(?<=by)(?=[A-Z])|(?<=By)(?=[A-Z])|$)"
_LED: Final = re.compile(
    rf"[\s\"“*(（【«]*(?:(?:{_NOUN})[ \u00a0]+(?:von|by|par|por|di|da|de|door|av|af|am|on|от)(?:{_SEPARATED})"
    rf"|(?:about the author|thread starter|original poster|author of the article){_SEPARATED}(?:by{_SEPARATED})?|(?:{_BY}){_SEPARATED})",
    re.IGNORECASE,
)
# 'De' and 'Di' begin surnames, 'Von' begins German ones: followed by a single word they say nothing.
_WEAK_LEADS: Final = frozenset(("di", "de", "od", "от", "av", "af", "text", "haber", "του", "της", "redaktion", "redakcja"))

_OTHER_WORK: Final = re.compile(
    r"[\s\"“*(（]*(?:photo|picture|image|illustration|video|graphic|art by|cover|edited|editing|translat|fact.?check|foto|bild(?!t)|grafik|illustra|übersetz|redaktion:|faktencheck"
    r"|sprecher|kamera|lektorat|crédit|traduit|traduc|traduzione|fotograf|vertaal|zdjęci|фото|перевод|иллюстрац|写真|撮影|翻訳|사진|reviewed|medically|mitarbeit|quelle|source|fuente|fonte|forrás|zdroj|źródło|источник|来源|來源|출처|via)",
    re.IGNORECASE,
)

# Roles by how they begin, in every form and language that shares the stem; and short ones that must stand whole.
_ROLE_STEMS: Final = tuple(
    map(
        fold_word,
        "redakteur redaktor redactor rédact redatt redaktör reporter korrespond correspond corresponsal editor éditeur journalist giornalist"
        " periodist dziennikarz publizist writer volont columnist kolumnist chroniqu contributor contributing producer author autor auteur"
        " freelance fotograf photograph specialist researcher professor manager director directeur blogger mitglied moderator administrator"
        " praktikant strategist consultant skribent toimittaja muhabir yazar редактор корреспондент журналист обозреватель автор колумнист"
        " twitter facebook instagram linkedin rechtsanwalt analyst veröffentlicht published updated lesezeit lesedauer utgivare sprecher".split(),
    )
)  # fmt: skip
_ROLE_WORDS: Final = frozenset(
    map(
        fold_word,
        "chef leiter leiterin leitung expert expertin ceo cto cfo coo founder co-founder gründer gründerin member user intern follow email e-mail mail"
        " profile profil posts beiträge beitrag articles artikel artículos view views more mehr subscribe bio biography level points reputation replies"
        " topics offline online verified enviado especial critic kritiker presenter host anchor spokesperson spokesman adviser advisor president"
        " secretary minister associate assistant ansvarig posted gepostet comments comment kommentare kommentar min read minutes minuten minuti share"
        " teilen print drucken lecturer fellow scholar historian ökonom economist lawyer attorney physician reviewer tester copywriter marketer"
        " marketing content developer engineer designer architect wizard senior критик dr. prof. last first".split(),
    )
)  # fmt: skip
_ROLE: Final = re.compile("|".join(sorted(map(re.escape, _ROLE_STEMS), key=lambda stem: (-len(stem), stem))))
# Words before a role that belong to it, not to the name.
_ROLE_QUALIFIERS: Final = frozenset(
    "senior junior chief deputy managing political parliamentary news sports sport travel business technology tech science health culture foreign national local staff associate assistant executive"
    " legal crime education environment environmental money finance financial features special investigations investigative world europe asia royal entertainment lifestyle food fashion music film tv"
    " and the & data video digital online-redakteur white house white-house diplomatic defence defense security international us uk middle east political energy climate art arts media social".split()
)
_PARTICLES: Final = frozenset(
    "von van vom zu zum zur der den de del della di da dal do dos das du des d' la le les lo el al ul ibn bin bint ben abu y i e ter ten te af av und st. st san santa mac mc o' 't".split()
)
_ENDERS: Final = frozenset(
    "for in on at am um aus im from für pour para per dalla desde fra från is ist was has est of who writes berichtet reports über about as als auf bei zum to".split()
)
_CONJUNCTION: Final = re.compile(
    r"[,，、;&＆+]|\s(?:and|und|et|y|och|og|ja|en|with|mit|avec|con|e|a|i|и|та|і|و|ve|dan|và|και|и|as well as|sowie)\s", re.IGNORECASE
)
# Desks that name nobody.
_NOBODY: Final = frozenset("agenturen agencies agencias agences agenzie redaktion redakcja redacción redazione rédaction editorial staff team newsroom news red onlineredaktion".split())
_AGENCIES: Final = frozenset(
    "dpa afp ap reuters apa sda epd kna sid efe ansa lusa pap čtk ctk tass тасс риа ria xinhua 新华社 kyodo jiji yonhap 연합뉴스 ntb tt stt ritzau anp belga agi adnkronos aa dha iha mti tasr"
    " keystone-sda afp-sda bloomberg dpa-afx dts pti ani ians pa upi".split()
) | frozenset(
    (
        *("associated press", "the associated press", "deutsche presse-agentur", "press association", "europa press", "agence france-presse"),
        *("canadian press", "the canadian press", "australian associated press", "austria presse agentur", "thomson reuters", "ritzaus bureau"),
        *("news agencies", "press trust of india", "rt", "cbc news", "news desk", "web desk", "staff reporter", "editorial team", "editorial board"),
    )
)
_SPLIT: Final = re.compile(r"[|•·∙●;/／｜\t\n\r»«>–—]|\s-\s?|(?<![:：])\s{2,}|\s-$|^-\s|…|\.\s(?=[^\W\d_]{3,}\s[^\W\d_]+\s)")
_ADDRESS: Final = re.compile(r"\S{1,80}@\S{1,80}|https?://\S{1,200}|www\.\S{1,200}|(?<!\w)@\w{1,40}")
_ASIDE: Final = re.compile(r"[(（\[][^()（）\[\]]{0,80}[)）\]]")
_WHOLE_ASIDE: Final = re.compile(r"\s*[(（【\[]([^()（）\[\]【】]{2,120})[)）】\]]\s*$")
_GLUED: Final = re.compile(r"(?<=[^\W\dA-Z_])(?=[^\W\da-z_])")
_EDGES: Final = "《》 \t\u00a0\u3000\"'“”„‘’*,.:;：，。·-–—_#!?|/«»<>[](){}（）【】"
_CLOCK: Final = re.compile(r"(?<!\d)\d{1,2}[:.]\d{2}(?: ?(?:Uhr|h|am|pm|a\.m\.|p\.m\.))?(?!\d)", re.IGNORECASE)
_ASIAN_TITLE: Final = re.compile(r"(?:[ \u00a0]?(?:기자|특파원|선임기자|記者|记者|特派員|編集委員|論説委員|氏|さん))(?:[ \u00a0]외 \d+명)?$")
_LETTER: Final = re.compile(r"[^\W\d_]")
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
    return _blank(text, [m.span() for rule in (_ADDRESS, _CLOCK) for m in rule.finditer(text)])


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
    return folded in _ROLE_WORDS or _ROLE.match(folded) is not None


def _tokens(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [m.span() for m in re.compile(r"\S+").finditer(text, start, end)]


def _unglued(text: str, tokens: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Tokens, those of a name and a role glued together ('FosterTravel', 'ExnerKorrespondent') taken apart."""
    apart: list[tuple[int, int]] = []
    for i, (start, end) in enumerate(tokens):
        cut = [m.start() + start for m in _GLUED.finditer(text[start:end])]
        later = any(_is_role(text[a:b]) for a, b in tokens[i + 1 :])
        at = next((at for at in cut if at - start > 2 and _opens_role(text[at:end], later=later)), None)
        apart += [(start, end)] if at is None else [(start, at), (at, end)]
    return apart


def _opens_role(tail: str, *, later: bool) -> bool:
    return _is_role(tail) or (later and fold_word(tail) in _ROLE_QUALIFIERS)


def _name_tokens(text: str, tokens: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], bool]:
    """The tokens up to a role, a preposition or an agency that follows the name, and whether a role was cut off."""
    while len(tokens) > 2 and _is_role(text[slice(*tokens[0])]):
        tokens = tokens[1:]
    kept: list[tuple[int, int]] = []
    for start, end in tokens:
        word = text[start:end]
        if kept and (word == "For" or (word == word.lower() and fold_word(word) in _ENDERS)):
            return kept, False
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
    if not (1 <= len(words) <= _MAX_TOKENS and 2 <= len(text) <= _MAX_NAME and _LETTER.search(text)):
        return False
    if fold_word(text) in _NOBODY:
        return False
    if any(char in "@=<>{}©%€$\\^~" for char in text) or fold_word(text) in MONTHS:
        return False
    digits = any(char.isdigit() for char in text)
    if len(words) == 1:
        return (sure and text[0].isalpha()) or (not _cased(text) and not digits and len(text) <= 12) or fold_word(text) in _AGENCIES
    if digits or not all(map(_is_name_word, words)):
        return False
    return not text[0].islower() or (sure and len(words) <= 3)


def _read_part(text: str, start: int, end: int, *, led: bool, alone: bool) -> Name | None:
    """The name in one part of a byline."""
    start, end = _trimmed(text, start, end)
    if fold_word(text[start:end]) in _AGENCIES:
        return Name(start, end, text[start:end])
    if (m := _ASIAN_TITLE.search(text[start:end])) is not None:
        end = start + m.start()
        start = max(start, text.rfind(" ", start, end) + 1) if text[start:end].count(" ") > 1 else start
    tokens, cut = _name_tokens(text, _unglued(text, _tokens(text, start, end)))
    if not tokens or (cut and len(tokens) == 1 and not led):
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


def _chunk_names(text: str, start: int, end: int, *, led: bool) -> tuple[list[Name], bool]:
    """The names in one chunk of a line, and whether it says that they are authors (or the chunk before it did)."""
    if _OTHER_WORK.match(text, start, end):
        return [], False
    at, said = _lead(text, start, end)
    led = led or said
    parts = list(_pieces(text, at, end, _CONJUNCTION))
    alone = len(parts) == 1 and not _LETTER.search(text, 0, start) and not _LETTER.search(text, end)
    names = [_read_part(text, a, b, led=led and i == 0, alone=alone) for i, (a, b) in enumerate(parts)]
    return [name for name in names if name is not None], led


def _is_agency(name: Name) -> bool:
    return fold_word(name.text) in _AGENCIES


def only_persons(names: Iterable[Name]) -> tuple[Name, ...]:
    """Each name once, in order; agencies and desks only when nobody else is named.

    On the benchmark's bylines that name both, the publisher gives persons alone more often than not.
    """
    unique = {fold_word(name.text): name for name in reversed(list(names))}
    ordered = sorted(unique.values(), key=lambda name: name.start)
    persons = tuple(name for name in ordered if not _is_agency(name))
    return (persons or tuple(ordered))[:_MAX_NAMES]


@lru_cache(maxsize=4096)
def find_names(line: str, reading: Reading = Reading()) -> Byline:
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
    if (whole := _WHOLE_ASIDE.match(text)) is not None:
        text = _blank(text, [(0, whole.start(1)), (whole.end(1), len(text))])
    text = _blank(text, [m.span() for m in _ASIDE.finditer(text)])
    bare: list[Name] = []
    led = False
    for start, end in _pieces(text, 0, len(text), _SPLIT):
        names, led = _chunk_names(text, start, end, led=led)
        if led and names:
            return Byline(only_persons(names), led=True)
        bare += names
    return Byline((), led) if len(line) > MAX_BARE else Byline(only_persons(bare), led)
