"""Plots: bar charts as small SVG files, written by hand so that the same counts give the same bytes.

Every coordinate is a whole number. The colours follow the reader's light or dark theme.
"""

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Final

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
_LEFT: Final = 130
_BAR: Final = 360
_WIDTH: Final = 640

Bar = tuple[str, int, str]
"""Its name, its length and its class: `a`, `b` or `c`."""


def bar_chart(title: str, note: str, bars: Sequence[Bar]) -> str:
    """A chart of horizontal bars as an SVG document.

    Args:
        title: what it shows.
        note: what is counted, for the line below the title.
        bars: the bars from top to bottom; of more than `MAX_BARS` the first are drawn.
    """
    drawn, total = bars[:MAX_BARS], sum(count for _, count, _ in bars)
    longest = max((count for _, count, _ in drawn), default=0) or 1
    more = f", the first {len(drawn)} of {len(bars)}" if len(bars) > len(drawn) else ""
    height = 56 + _ROW * len(drawn)
    body = [_bar(56 + _ROW * row, bar, longest, total) for row, bar in enumerate(drawn)]
    size = f'width="{_WIDTH}" height="{height}"'
    said = "; ".join(f"{name} {count:,}" for name, count, _ in drawn)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(said)}</desc>",
        f"<style>{_STYLE}</style>",
        f'<text class="t" x="0" y="16">{escape(title)}</text>',
        f'<text class="n" x="0" y="36">{escape(note + more)}</text>',
        *body,
        "</svg>\n",
    ])  # fmt: skip


def _bar(y: int, bar: Bar, longest: int, total: int) -> str:
    name, count, kind = bar
    width = max(1, count * _BAR // longest) if count else 0
    tenths = (2000 * count + total) // (2 * total) if total else 0  # of a per cent, half up, in integers
    label = f"{count:,} ({tenths // 10}.{tenths % 10} %)"
    return (
        f'<text x="{_LEFT - 8}" y="{y + 9}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="{kind}" x="{_LEFT}" y="{y - 2}" width="{width}" height="14"/>'
        f'<text class="n" x="{_LEFT + width + 6}" y="{y + 9}">{label}</text>'
    )


def charts_of(summary: Summary) -> dict[str, str]:
    """The charts of a dataset, by file name: labels, languages, years and lengths; one without a bar is left out."""
    pages = "pages"
    charts = {
        "labels.svg": ("Lines by label", "lines; blue: content, gold: metadata, grey: boilerplate", _labels(summary)),
        "languages.svg": ("Languages", pages, [(code, count, "a") for code, count in summary.languages.items()]),
        "years.svg": ("Year of publication", "pages whose date is known", _years(summary)),
        "lengths.svg": ("Length of the clean text", "pages, by characters", _lengths(summary)),
    }
    return {name: bar_chart(*chart) for name, chart in charts.items() if chart[2]}


def _labels(summary: Summary) -> list[Bar]:
    kinds = {label: kind for labels, kind in zip(GROUPS.values(), "abc", strict=True) for label in labels}
    return [(label, summary.lines[label], kinds[label]) for label in LABELS if summary.lines.get(label)]


def _years(summary: Summary) -> list[Bar]:
    """From the newest; a year without pages between two that have some is drawn too."""
    if not summary.years:
        return []
    first, last = min(map(int, summary.years)), max(map(int, summary.years))
    return [(str(year), summary.years.get(str(year), 0), "a") for year in range(last, first - 1, -1)]


def _lengths(summary: Summary) -> list[Bar]:
    ends = [f"{low:,}-{high - 1:,}" for low, high in pairwise(LENGTHS)] + [f"{LENGTHS[-1]:,} on"]
    bars = [(name, summary.lengths.get(str(low), 0), "a") for low, name in zip(LENGTHS, ends, strict=True)]
    held = [at for at, (_, count, _) in enumerate(bars) if count]
    return bars[held[0] : held[-1] + 1] if held else []


def write_plots(folder: Path, summary: Summary) -> list[Path]:
    """Writes the charts of a dataset into `plots/` of its folder; returns the files."""
    (folder / PLOTS).mkdir(exist_ok=True)
    written = []
    for name, chart in charts_of(summary).items():
        path = folder / PLOTS / name
        path.write_text(chart, encoding="utf-8")
        written.append(path)
    return written
