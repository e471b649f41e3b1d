"""Labelled articles in another site's frame: what dumps without lists look like, written for training.

Some tools drop every list of a page, so that what is left around the article is glued: icon names, a breadcrumb
without separators, a row of languages, teasers whose headline stands twice, players' times. Few labelled pages look so.
Here the article of a page keeps its lines and their labels, and a frame is made around it from the page's own teasers
and from the words below.
"""

import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dehusk.schema.labels import LABELS

from .alter import ALTERED, KNOWN_OF_LINES, RUNNING_TEXT, computed
from .examples import EXACT, Examples, Text, appended, read_texts

_ICONS: Final = """
arrow down|arrow left|arrow right|arrow up|bell|bookmark|burger|calendar|camera|cart|check|chevron down|chevron left|
chevron right|chevron up|clock|close|cloud|comment|copy|cross|download|edit|email|expand|eye|facebook|fb|file|filter|flag|
gallery|gear|globe|heart|home|image|info|instagram|language|link|linkedin|list|lock|login|logo|mail|map|menu|microphone|
minus|more|music|mute|next|ok|pause|pencil|phone|photo|pin|play|plus|previous|print|profile|rss|search|settings|share|
sign in|sign up|sound|star|step back|stop|swipe|tag|telegram|tg|trash|twitter|user|video|vk|volume|warning|whatsapp|
youtube|yt|zoom
""".replace("\n", "").split("|")

_LANGUAGES: Final = """
English|Deutsch|Français|Español|Русский|العربية|中文|日本語|Português|Italiano|Türkçe|Polski|Українська|한국어|فارسی|עברית|
हिन्दी|en|de|fr|es|esp|rus|ru|ar|zh|pt|it|tr|pl|uk|EN|DE|FR|ES|RU
""".replace("\n", "").split("|")

_WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "home": "Home|Home|Homepage|Start",
        "section": "World|World News|Asia & Pacific|Middle East|UK & Ireland|Sport|Business|Tech & Science|Culture|Health|"
        "Opinion|Politics|Local|Arts & Books|Money|Travel|US|Africa|Environment|Style",
        "more": "Read more|READ MORE|Read more:|More on this|See also|Continue reading",
        "top": "Top stories|Most read|Latest|Trending|Editor's picks|Features|More stories|Recommended|You may like|Live",
        "badge": "FEATURE|OPINION|VIDEO|INTERVIEW|ANALYSIS|EXCLUSIVE|LIVE",
        "shows": "Podcasts|All podcasts|Videos|All videos|Shows|Watch|Listen|Episodes",
        "app": "{} News App|Get the {} app|{} on your phone|Download our app",
        "legal": "All rights reserved.|All Rights Reserved|Registered in England",
        "consent": "We keep cookies to make this site better; our {} tells which.|Cookies help us run these pages. See our {}.",
        "policy": "Privacy policy|Cookie policy|privacy notice",
        "accept": "Accept cookies|Accept|I agree|OK|Accept all",
        "picture": "FILE PHOTO.|Archive picture.|A picture from the archive.|File photo:",
    },
    "de": {
        "home": "Startseite|Home|Start",
        "section": "Politik|Ausland|Wirtschaft|Panorama|Sport|Kultur|Wissen|Regional|Meinung|Gesundheit|Digital|Leben",
        "more": "Weiterlesen|Mehr dazu|Lesen Sie auch|Mehr zum Thema|Mehr lesen",
        "top": "Meistgelesen|Top-Themen|Aktuelles|Das könnte Sie auch interessieren|Empfohlen|Neueste Artikel|Mehr aus Politik",
        "badge": "VIDEO|KOMMENTAR|ANALYSE|PLUS|INTERVIEW",
        "shows": "Podcasts|Alle Podcasts|Videos|Alle Videos|Sendungen",
        "app": "{} App|Die {} App laden|{} auf dem Handy",
        "legal": "Alle Rechte vorbehalten.|Alle Rechte vorbehalten",
        "consent": "Diese Website verwendet Cookies. Mehr dazu in der {}.|Wir nutzen Cookies. Näheres in unserer {}.",
        "policy": "Datenschutzerklärung|Cookie-Richtlinie",
        "accept": "Akzeptieren|Alle akzeptieren|Zustimmen|OK",
        "picture": "Archivbild.|Symbolbild.|Archivfoto:",
    },
    "es": {
        "home": "Inicio|Portada",
        "section": "Internacional|Economía|Deportes|Cultura|Sociedad|Ciencia y Salud|Opinión|América Latina|España",
        "more": "Leer más|Lee también|Ver más|Sigue leyendo",
        "top": "Lo más leído|Últimas noticias|Te puede interesar|Destacados|Más noticias",
        "badge": "VIDEO|OPINIÓN|ENTREVISTA|EN VIVO",
        "shows": "Pódcast|Todos los pódcast|Vídeos|Programas",
        "app": "Descarga la app de {}|{} en tu móvil",
        "legal": "Todos los derechos reservados.|Reservados todos los derechos",
        "consent": "Este sitio usa cookies. Lea nuestra {} para saber más.|Usamos cookies propias y de terceros. Vea la {}.",
        "policy": "política de privacidad|política de cookies",
        "accept": "Aceptar|Aceptar todo|De acuerdo",
        "picture": "Imagen de archivo.|Foto de archivo:",
    },
    "fr": {
        "home": "Accueil|À la une",
        "section": "Monde|Politique|Économie|Sports|Culture|Société|Santé|Sciences & Tech|Europe|Opinions",
        "more": "Lire la suite|Lire aussi|En savoir plus|À lire aussi",
        "top": "Les plus lus|À la une|Dernières nouvelles|Sur le même thème|Nos sélections",
        "badge": "VIDÉO|ANALYSE|DIRECT|ENTRETIEN",
        "shows": "Podcasts|Tous les podcasts|Vidéos|Émissions",
        "app": "Téléchargez l'application {}|L'appli {}",
        "legal": "Tous droits réservés.|Tous droits réservés",
        "consent": "Ce site utilise des cookies. Consultez notre {} pour en savoir plus.",
        "policy": "politique de confidentialité|politique de cookies",
        "accept": "Accepter|Tout accepter|J'accepte",
        "picture": "Photo d'archives.|Image d'illustration.",
    },
    "ja": {
        "home": "ホーム|トップ",
        "section": "国際|政治|経済|社会|スポーツ|文化|科学・健康|地域",
        "more": "続きを読む|もっと見る|関連記事",
        "top": "人気記事|新着記事|おすすめ|ランキング|関連ニュース",
        "badge": "動画|解説|特集",
        "shows": "ポッドキャスト|動画一覧|番組",
        "app": "{}アプリ|アプリをダウンロード",
        "legal": "無断転載を禁じます。|All rights reserved.",
        "consent": "当サイトはクッキーを使用しています。詳しくは{}をご覧ください。",
        "policy": "プライバシーポリシー|クッキーポリシー",
        "accept": "同意する|閉じる|OK",
        "picture": "資料写真。|イメージ写真。",
    },
    "zh": {
        "home": "首页|主页",
        "section": "国际|时政|财经|社会|体育|文化|科技|健康",
        "more": "阅读全文|更多|相关阅读",
        "top": "热门文章|最新消息|推荐阅读|排行榜|编辑精选",
        "badge": "视频|专题|评论",
        "shows": "播客|全部视频|节目",
        "app": "{}客户端|下载应用",
        "legal": "版权所有|保留所有权利。",
        "consent": "本网站使用 Cookie。更多信息请见{}。",
        "policy": "隐私政策|Cookie 政策",
        "accept": "接受|同意|知道了",
        "picture": "资料图片。|图为资料照片。",
    },
}  # fmt: skip

_NAMES: Final = (
    "Aurora|Meridian|Harbour|Polaris|Vesta|Kestrel|Lumen|Orbis|Zenit|Novum|Tribuna|Delta|Argus|Globus".split("|")
)
_KINDS: Final = "Media|News|Press|TV|Verlag|Editorial|Group|Radio|Online|Post|Publishing House|Broadcasting".split("|")
_AGENCIES: Final = (
    "Getty Images|Reuters|AFP|dpa|picture alliance|EPA|Sputnik|NurPhoto|Global Look Press|AP Photo".split("|")
)
_PEOPLE: Final = "Ada Quill|Jan Maarten|Olga Sidorova|Tomás Rivas|Lena Brandt|Paul Okoye|Mina Sato|Igor Petrov".split(
    "|"
)
_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec".split("|")

_ARTICLE: Final = frozenset(EXACT + LABELS.index(label) for label in ("title", "summary", "byline", "date", "caption"))


class _Page:
    """A page that is being written: lines, the white space before them, their labels and where they come from."""

    def __init__(self, random: np.random.Generator, language: str) -> None:
        self.random = random
        self.words = _WORDS.get(language, _WORDS["en"])
        self.gaps: list[str] = []
        self.texts: list[str] = []
        self.labels: list[str | None] = []
        self.rows: list[int] = []

    def one(self, options: str | list[str]) -> str:
        """One of some words."""
        listed = self.words[options].split("|") if isinstance(options, str) else options
        return listed[int(self.random.integers(len(listed)))]

    def some(self, options: list[str], low: int, high: int) -> list[str]:
        """Some words, none twice."""
        number = min(len(options), int(self.random.integers(low, high)))
        return [options[i] for i in self.random.permutation(len(options))[:number]]

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return bool(self.random.random() < share)

    def add(self, text: str, label: str | None, row: int = -1, *, gap: str = "\n") -> None:
        """One more line, of the frame or (label None) of the article."""
        self.gaps.append(gap if self.texts else "")
        self.texts.append(text)
        self.labels.append(label)
        self.rows.append(row)


def with_frames(folder: Path, examples: Examples, seed: int) -> Examples:
    """Examples with framed copies of articles behind them, one for each page whose headline is known.

    Args:
        folder: the benchmark folder that the examples were read from.
        examples: its examples, altered ones included.
        seed: the same seed gives the same frames.
    """
    random = np.random.default_rng([seed, 7])
    place = {(text.page_id, text.renderer): text for text in examples.texts if text.renderer != ALTERED}
    texts = list(examples.texts)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in ("dense", "single", "words", "steps", "size")}
    rows: list[int] = []
    labels: list[str | None] = []
    for row in read_texts(folder):
        text = place.get((row["page_id"], row["renderer"]))
        if row["renderer"] != "innertext" or text is None or text.page_type not in ("", "article"):
            continue
        made = _framed(row, text, examples, random)
        if made is None:
            continue
        first = texts[-1].last
        texts.append(text._replace(renderer=ALTERED, first=first, last=first + len(made.texts)))
        rows += [at if at >= 0 else text.first for at in made.rows]
        labels += made.labels
        for name, value in computed(made.gaps, made.texts).items():
            parts[name].append(value)
    return _joined(examples, texts, {name: np.concatenate(value) for name, value in parts.items()}, rows, labels)


def _joined(
    examples: Examples, texts: list[Text], made: dict[str, NDArray[Any]], rows: list[int], labels: list[str | None]
) -> Examples:
    origin = np.array(rows)
    framed = np.array([label is not None for label in labels])
    code = np.array([0 if label is None else EXACT + LABELS.index(label) for label in labels], np.uint8)
    of_article = {name: getattr(examples, name)[origin] for name in KNOWN_OF_LINES}
    known = {
        "target": np.where(framed, code, of_article["target"]),
        "content": np.where(framed, 0, of_article["content"]).astype(np.int8),
        "hand": of_article["hand"] & ~framed,
        "marks": np.where(framed[:, None], 0, of_article["marks"]).astype(np.uint8),
        "found": of_article["found"] & ~framed,
        "origin": origin,
    }
    return appended(examples, texts, made | known)


def _framed(row: dict[str, Any], text: Text, examples: Examples, random: np.random.Generator) -> _Page | None:
    """The article of a page in a frame; None where its headline is not known or it has too little text."""
    own = slice(text.first, text.last)
    target, content = examples.target[own], examples.content[own]
    said = [row["text"][line["start"] : line["end"]] for line in row["lines"]]
    titles = np.flatnonzero(target == EXACT + LABELS.index("title"))
    body = np.flatnonzero(
        ((content == 1) | np.isin(target, list(_ARTICLE))) & (np.arange(len(said)) >= min(titles, default=0))
    )
    if not len(titles) or np.count_nonzero(content[body] == 1) < 4:
        return None
    teasers = _teasers(said, target, content, text.lang, said[titles[0]])
    page = _Page(random, text.lang)
    _head(page)
    for number, i in enumerate(body.tolist()):
        long = len(said[i]) >= RUNNING_TEXT
        page.add(said[i], None, text.first + i, gap="\n\n" if long or page.chance(0.3) else "\n")
        if i == titles[0] and page.chance(0.5):
            _picture(page, said[i])
        elif number > 3 and long and teasers and page.chance(0.12):
            _teaser(page, page.one(teasers))
    _foot(page, teasers)
    return page


def _teasers(
    said: list[str], target: NDArray[np.uint8], content: NDArray[np.int8], language: str, title: str
) -> list[str]:
    """Lines of a page that read like headlines of other pieces."""
    exact = (target >= EXACT) & (target < EXACT + len(LABELS)) & (target != EXACT + LABELS.index("related"))
    likely = [
        line
        for line in np.array(said, dtype=object)[(content == 0) & ~exact].tolist()
        if 25 <= len(line) <= 120 and (line.count(" ") >= 3 or language in ("ja", "zh")) and line != title
    ]
    return [line for line in dict.fromkeys(likely) if not re.search(r"\d{4}|[©@]|https?:", line)]


def _head(page: _Page) -> None:
    if page.chance(0.5):
        lead = page.one(["icon ", "", "ico-", "icon-"])
        glue = page.one(["icon ", "icon ", "-icon", " icon ", " ", ""])
        page.add(lead + glue.join(page.some(_ICONS, 5, 60)), "interface")
    if page.chance(0.3):
        page.add(page.one(["", " ", " / "]).join(page.some(page.words["section"].split("|"), 4, 12)), "navigation")
    if page.chance(0.4):
        day, year, clock = (page.random.integers(*bounds) for bounds in ((1, 29), (2004, 2026), (0, 1440)))
        page.add(f"{day} {page.one(_MONTHS)}, {year} {clock // 60:02}:{clock % 60:02}", "date")
    if page.chance(0.6):
        glue = page.one(["", "", " / ", " > ", " "])
        sections = page.some(page.words["section"].split("|"), 1, 3)
        page.add(glue.join([page.one("home"), *sections]), "section")


def _picture(page: _Page, title: str) -> None:
    page.add(title, "caption", gap="\n")
    if page.chance(0.6):
        picture = page.one("picture") if page.chance(0.6) else title
        page.add(f"{picture} © {page.one(_PEOPLE)} / {page.one(_AGENCIES)}", "caption")


def _teaser(page: _Page, headline: str) -> None:
    page.add(headline, "related", gap="\n\n")
    page.add(page.one("more"), "related")
    page.add(headline, "related")


def _foot(page: _Page, teasers: list[str]) -> None:
    _lists(page, teasers)
    _end(page)


def _lists(page: _Page, teasers: list[str]) -> None:
    for heading in page.some(page.words["top"].split("|"), 1, 4):
        for _ in range(1 + page.chance(0.3)):
            page.add(heading, "related", gap="\n\n")
        for headline in page.some(teasers, 1, 5):
            page.add(headline, "related")
            if page.chance(0.6):
                page.add(headline + (f" {page.one('badge')}" if page.chance(0.5) else ""), "related")
    if teasers and page.chance(0.6):
        for heading in page.some(page.words["shows"].split("|"), 1, 3):
            page.add(heading, "related")
        for headline in page.some(teasers, 1, 4):
            page.add(headline, "related")
            page.add(page.one(["0:00", "00:00"]), "interface")
            page.add(f"{page.random.integers(1, 60)}:{page.random.integers(60):02}", "interface")


def _end(page: _Page) -> None:
    if page.chance(0.6):
        page.add(page.one(["", "", " ", " | "]).join(page.some(_LANGUAGES, 3, 9)), "navigation")
    name = f"{page.one(_NAMES)} {page.one(_KINDS)}"
    if page.chance(0.5):
        page.add(page.one("app").format(page.one(_NAMES)), "promotion", gap="\n\n")
    if page.chance(0.8):
        first, last = sorted(page.random.integers(1995, 2026, 2).tolist())
        quoted = page.one([name, f"“{name}”", f"{name} GmbH", f"Foundation “{name}”"])
        page.add(f"© {quoted}, {first}–{last}. {page.one('legal')}", "legal", gap="\n\n")
    if page.chance(0.7):
        page.add(page.one("consent").format(page.one("policy")), "consent", gap="\n\n")
        page.add(page.one("accept"), "consent", gap="\n\n")
