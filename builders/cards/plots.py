"""Plots: bar charts as small SVG files, written by hand so that the same counts give the same bytes.

Every coordinate is a whole number. The colours follow the reader's light or dark theme. The same bars are drawn into
the report of a dataset, whose style sheet colours them.
"""

from collections.abc import Sequence
from html import escape
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final, NamedTuple

from dehusk.builders.summary import LENGTHS, Summary
from dehusk.schema.labels import GROUPS, LABELS

PLOTS: Final = "plots"
"""The folder for them, inside the dataset folder."""

MAX_BARS: Final = 40
"""A longer list of bars is cut, and says so."""

_STYLE: Final = """\
text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600}.n{fill:#59636e}
.a{fill:#2f6fd0}.b{fill:#b8860b}.c{fill:#8a929c}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#9198a1}.a{fill:#6ea8fe}.b{fill:#d9a521}.c{fill:#757d87}}"""
_ROW: Final = 20

Bar = tuple[str, int, str]
"""Its name, its length and its class: `a`, `b` or `c`; in a drawing also a label, which has a colour of its own."""


class Measures(NamedTuple):
    """What is how wide, in pixels: the names before the bars, the longest bar, and the whole."""

    left: int
    bar: int
    width: int


CARD: Final = Measures(130, 360, 640)
"""In a file beside the card."""

COLUMN: Final = Measures(122, 144, 372)
"""In a column that a phone can show."""


def bar_chart(title: str, note: str, bars: Sequence[Bar]) -> str:
    """A chart of horizontal bars as an SVG document.

    Args:
        title: what it shows.
        note: what is counted, for the line below the title.
        bars: the bars from top to bottom; of more than `MAX_BARS` the first are drawn.
    """
    drawn = bars[:MAX_BARS]
    more = f", the first {len(drawn)} of {len(bars)}" if len(bars) > len(drawn) else ""
    height = 56 + _ROW * len(drawn)
    size = f'width="{CARD.width}" height="{height}"'
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {CARD.width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(_said(drawn))}</desc>",
        f"<style>{_STYLE}</style>",
        f'<text class="t" x="0" y="16">{escape(title)}</text>',
        f'<text class="n" x="0" y="36">{escape(note + more)}</text>',
        *_rows(drawn, sum(count for _, count, _ in bars), CARD, 56),
        "</svg>\n",
    ])  # fmt: skip


def bar_drawing(title: str, bars: Sequence[Bar], total: int) -> str:
    """The same bars as an SVG element of `COLUMN` for a page that has a heading and a style of its own.

    Args:
        title: what it shows, for who cannot see it.
        bars: the bars from top to bottom, all of them.
        total: what is a hundred per cent.
    """
    height = _ROW * len(bars)
    return "".join([
        f'<svg viewBox="0 0 {COLUMN.width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(_said(bars))}</desc>",
        *_rows(bars, total, COLUMN, 4),
        "</svg>",
    ])  # fmt: skip


def stacked_drawing(title: str, bars: Sequence[Bar], total: int) -> str:
    """Parts of a whole as one bar, an SVG element to be stretched as wide as wanted."""
    ends = [0, *(1000 * end // max(1, total) for end in accumulate(count for _, count, _ in bars))]
    parts = [
        f'<rect {_ink(kind)} x="{low}" y="0" width="{high - low}" height="10"><title>{escape(name)}</title></rect>'
        for (low, high), (name, _, kind) in zip(pairwise(ends), bars, strict=True)
    ]
    return "".join([
        '<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(_said(bars))}</desc>",
        *parts,
        "</svg>",
    ])  # fmt: skip


def _said(bars: Sequence[Bar]) -> str:
    return "; ".join(f"{name} {count:,}" for name, count, _ in bars)


def _ink(kind: str) -> str:
    return f'data-label="{kind}"' if kind in LABELS else f'class="{kind}"'


def _rows(bars: Sequence[Bar], total: int, measures: Measures, top: int) -> list[str]:
    longest = max((count for _, count, _ in bars), default=0) or 1
    return [_bar(top + _ROW * row, bar, longest, total, measures) for row, bar in enumerate(bars)]


def _bar(y: int, bar: Bar, longest: int, total: int, measures: Measures) -> str:
    name, count, kind = bar
    left = measures.left
    width = max(1, count * measures.bar // longest) if count else 0
    tenths = (2000 * count + total) // (2 * total) if total else 0  # of a per cent, half up, in integers
    label = f"{count:,} ({tenths // 10}.{tenths % 10} %)"
    return (
        f'<text x="{left - 8}" y="{y + 9}" text-anchor="end">{escape(name)}</text>'
        f'<rect {_ink(kind)} x="{left}" y="{y - 2}" width="{width}" height="14"/>'
        f'<text class="n" x="{left + width + 6}" y="{y + 9}">{label}</text>'
    )


def charts_of(summary: Summary) -> dict[str, str]:
    """The charts of a dataset, by file name: labels, languages, years and lengths; one without a bar is left out."""
    pages = "pages"
    charts = {
        "labels.svg": (
            "Lines by label",
            "lines; blue: content, gold: metadata, grey: boilerplate",
            label_bars(summary),
        ),
        "languages.svg": ("Languages", pages, [(code, count, "a") for code, count in summary.languages.items()]),
        "years.svg": ("Year of publication", "pages whose date is known", year_bars(summary)),
        "lengths.svg": ("Length of the clean text", "pages, by characters", length_bars(summary)),
    }
    return {name: bar_chart(*chart) for name, chart in charts.items() if chart[2]}


def label_bars(summary: Summary) -> list[Bar]:
    """Lines by label, a colour for each group."""
    kinds = {label: kind for labels, kind in zip(GROUPS.values(), "abc", strict=True) for label in labels}
    return [(label, summary.lines[label], kinds[label]) for label in LABELS if summary.lines.get(label)]


def year_bars(summary: Summary) -> list[Bar]:
    """Records by year of publication, from the newest; a year without pages between two that have some is drawn too."""
    if not summary.years:
        return []
    first, last = min(map(int, summary.years)), max(map(int, summary.years))
    return [(str(year), summary.years.get(str(year), 0), "a") for year in range(last, first - 1, -1)]


def length_bars(summary: Summary) -> list[Bar]:
    """Records by the characters of their clean text."""
    ends = [f"{low:,}-{high - 1:,}" for low, high in pairwise(LENGTHS)] + [f"{LENGTHS[-1]:,} on"]
    return inner_bars([(name, summary.lengths.get(str(low), 0), "a") for low, name in zip(LENGTHS, ends, strict=True)])


def inner_bars(bars: Sequence[Bar]) -> list[Bar]:
    """Bars without the empty ones at both ends."""
    held = [at for at, (_, count, _) in enumerate(bars) if count]
    return list(bars[held[0] : held[-1] + 1]) if held else []


def write_plots(folder: Path, summary: Summary) -> list[Path]:
    """Writes the charts of a dataset into `plots/` of its folder; returns the files."""
    (folder / PLOTS).mkdir(exist_ok=True)
    written = []
    for name, chart in charts_of(summary).items():
        path = folder / PLOTS / name
        path.write_text(chart, encoding="utf-8")
        written.append(path)
    return written
