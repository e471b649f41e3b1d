"""The line labels: one vocabulary, in three groups, for code, files, reports and docs."""

from typing import Final

CONTENT: Final = ("title", "summary", "heading", "paragraph", "list_item")
"""What the page is about."""

METADATA: Final = ("byline", "date", "section", "caption")
"""About the page; read out into fields."""

BOILERPLATE: Final = ("navigation", "interface", "related", "promotion", "comment", "consent", "legal", "noise")
"""What belongs to the site, not to this page."""

LABELS: Final = CONTENT + METADATA + BOILERPLATE
"""All 17 labels, in the order that breaks ties and sorts reports."""

TEXT_LABELS: Final = CONTENT[1:]
"""The labels whose lines make the clean text: content without the title, which has a field of its own."""

GROUPS: Final = {"content": CONTENT, "metadata": METADATA, "boilerplate": BOILERPLATE}

DESCRIPTIONS: Final = {
    "title": "the headline of this page, its main occurrence",
    "summary": "standfirst, deck, abstract or key-point box that sums the body up",
    "heading": "a headline inside the body",
    "paragraph": "body prose: sentences, quotes, forum posts, product description, code, body tables",
    "list_item": "one item of a list inside the body",
    "byline": "who wrote, reported, edited or photographed the whole piece; author bio",
    "date": "when it was published or changed; reading time",
    "section": "kicker, category, tags, breadcrumb of this page",
    "caption": "caption, alternative text or credit of one picture, video or chart in the body",
    "navigation": "menus, site map, pagination, skip links, language switcher",
    "interface": "controls and their debris: buttons, icon names, counters, form labels, player times",
    "related": "other pieces: teasers, 'Read more', most read, recommended, other products",
    "promotion": "advertising, newsletter and subscription offers, paywall text, app download",
    "comment": "readers' comments below an article, with their names, times and controls",
    "consent": "cookie, tracking and privacy-consent banners",
    "legal": "copyright, terms, imprint, licence, disclaimer, publisher's address",
    "noise": "no reading at all: placeholders, code residue, broken encoding, lone symbols",
}
"""Each label in one line."""
