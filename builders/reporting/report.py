"""Report: one HTML file that shows a packed dataset whole, opens from disk and asks nothing of a network.

What pages say reaches the file in two ways: escaped by the template, or as JSON in a data block that the script puts
into the page as text. A Content-Security-Policy in the file allows its own style and script, by their digests, and
nothing else. The same dataset gives the same bytes.
"""

import base64
import hashlib
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from dehusk.builders.cards.plots import (
    Bar,
    bar_drawing,
    inner_bars,
    label_bars,
    length_bars,
    stacked_drawing,
    year_bars,
)
from dehusk.builders.check import check_dataset
from dehusk.builders.pack import REJECTS_FILE, Manifest, read_manifest
from dehusk.builders.summary import Summary
from dehusk.builders.terminal import HIDDEN, errors_first, json_line, visible
from dehusk.schema.errors import OutputError, UsageError
from dehusk.schema.labels import DESCRIPTIONS, GROUPS, LABELS
from dehusk.schema.record import REASONS, REJECTS

from .reading import reading_of
from .survey import DOUBTED, Survey, choose_read, data_paths, read_records, survey_dataset

MOST_BARS: Final = 14
"""Bars of a chart."""

MOST_LISTED: Final = 200
"""Rejects, copies and findings in a list."""

MOST_DOUBTFUL: Final = 12
"""Pages in the list of the most doubtful."""

COPIES: Final = ("duplicate", "same_text", "near_duplicate")
"""The reasons of rejects that are copies of a page that was kept."""

_BEGINS: Final = '<!doctype html>\n<html lang="en">\n<meta name="generator" content="dehusk report">\n'


class Reported(NamedTuple):
    """What a report shows: pages of the dataset, of them in the table, and of those such as can be read."""

    pages: int
    listed: int
    read: int


class Chart(NamedTuple):
    """A drawing under a heading, with what is counted."""

    title: str
    note: str
    drawing: Markup


class Share(NamedTuple):
    """A label in a legend: its group, meaning, and share of the visible characters in tenths of a per cent."""

    label: str
    group: str
    meaning: str
    share: int


def write_report(dist: Path, out: Path) -> Reported:
    """Writes the report of a dataset.

    Args:
        dist: a folder that `dehusk build` wrote.
        out: the file; made, or replaced if it is a report.

    Raises:
        OutputError: `out` is something else, or lies in the dataset.
        UsageError: `dist` is no dataset of this version.
    """
    manifest = read_manifest(dist)
    _refuse(out, dist)
    survey = survey_dataset(dist, manifest)
    read = choose_read(survey.pages)
    html = _render(dist, manifest, survey, read)
    part = out.with_name(f".{out.name}.part")
    part.write_text(html, encoding="utf-8", newline="\n")
    part.replace(out)
    return Reported(survey.n_pages, len(survey.pages), len(read))


def _refuse(out: Path, dist: Path) -> None:
    """Makes sure that nothing but a report is written over, and that the dataset stays as its manifest says."""
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(dist)):
        raise OutputError(f"{out} lies in the dataset, which would not keep its contract", "name another --out")
    if not os.path.lexists(out):
        return
    if out.is_symlink() or not out.is_file():
        raise OutputError(f"{out} is not a file", "name another --out")
    with out.open("rb") as file:
        if file.read(len(_BEGINS)) != _BEGINS.encode():
            raise OutputError(f"{out} is no report", "move it away, or name another --out; it was not touched")


# -- the file ----------------------------------------------------------------------------------------------------------


def _render(dist: Path, manifest: Manifest, survey: Survey, read: pa.Table) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"visible": visible, "number": "{:,}".format, "tenths": _tenths}
    style, script = _own("labels.css") + _own("report.css"), _own("report.js")
    rejects = _rejects(dist)
    findings = errors_first(check_dataset(dist))
    readings = map(reading_of, read_records(data_paths(dist, manifest), read))
    return (
        _BEGINS
        + environment.from_string(_own("report.html")).render(
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704 - a file of ours
            script=Markup(script),  # noqa: S704 - the same
            index=_data(_index(survey, read)),
            readings=[(record["id"], _data(record)) for record in readings],
            manifest=manifest,
            counts=manifest.counts,
            figures=_figures(manifest.counts, survey),
            shares=_shares(manifest.counts),
            whole=Markup(stacked_drawing("Visible characters by label", *_char_bars(manifest.counts))),  # noqa: S704
            charts=_charts(manifest.counts, survey),
            doubtful=_doubtful(survey.pages, read),
            reasons=[(reason, count, REASONS[reason]) for reason, count in manifest.counts.rejected.items()],
            rejects=[row for row in rejects if row["reason"] not in COPIES],
            copies=[row for row in rejects if row["reason"] in COPIES],
            n_copies=sum(manifest.counts.rejected.get(reason, 0) for reason in COPIES),
            kept_copies=_kept_copies(survey.pages),
            findings=findings[:MOST_LISTED],
            n_findings=len(findings),
            n_errors=sum(finding.severity == "error" for finding in findings),
            most=MOST_LISTED,
            doubted=DOUBTED,
            n_pages=survey.n_pages,
            n_listed=len(survey.pages),
            n_read=len(read),
        )
    )


def _own(name: str) -> str:
    return files("dehusk.builders.reporting").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """What the file allows: its own style and script by digest; nothing is fetched, sent, framed or parsed as HTML."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _data(value: dict[str, Any]) -> Markup:
    """JSON that can stand in a script element: nothing in it ends the element, and hidden characters are escapes."""
    text = json_line(value)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 - escaped above


def _tenths(tenths: int) -> str:
    """Tenths of a per cent in words."""
    return f"{tenths // 10}.{tenths % 10} %"


# -- what it shows -----------------------------------------------------------------------------------------------------


def _index(survey: Survey, read: pa.Table) -> dict[str, Any]:
    """The table of pages, column by column, and what the script must know beside."""
    pages = survey.pages
    plain = ("id", "title", "site", "language", "path", "url", "flags", "n_lines", "n_chars", "content", "doubt")
    columns = {name: pages[name].to_pylist() for name in plain}
    columns["published"] = pages["published"].cast(pa.date32()).cast(pa.string()).to_pylist()
    columns["read"] = pc.is_in(pages["id"], value_set=read["id"].combine_chunks()).cast(pa.int8()).to_pylist()
    groups = {label: group for group, labels in GROUPS.items() for label in labels}
    labels = [[label, groups[label], DESCRIPTIONS[label]] for label in LABELS]
    return {"hidden": HIDDEN.pattern, "labels": labels, "pages": columns}


def _figures(counts: Summary, survey: Survey) -> list[tuple[str, str, str]]:
    """The great numbers: each with its name and what is to be known of it."""
    n_lines = sum(counts.lines.values())
    doubt = (2 * survey.doubt + survey.n_pages) // max(1, 2 * survey.n_pages)
    husk = round(counts.boilerplate_share * 1000)
    return [
        (f"{counts.kept:,}", "pages", f"of {counts.came_in:,} that came in"),
        (f"{sum(counts.rejected.values()):,}", "rejects", "each with its reason"),
        (f"{n_lines:,}", "lines", "each with a label"),
        (f"{counts.text_chars:,}", "characters", "of clean text"),
        (_tenths(husk), "boilerplate", "of what the pages show"),
        (f"{len(counts.languages):,}", "languages", "as far as they are known"),
        (_tenths(doubt), "doubt", "lines to expect wrong on a page, by the scores"),
    ]


def _shares(counts: Summary) -> list[Share]:
    total = max(1, sum(counts.chars.values()))
    return [
        Share(label, group, DESCRIPTIONS[label], (2000 * counts.chars[label] + total) // (2 * total))
        for group, labels in GROUPS.items()
        for label in labels
        if counts.chars.get(label)
    ]


def _char_bars(counts: Summary) -> tuple[list[Bar], int]:
    bars = [(label, counts.chars[label], label) for label in LABELS if counts.chars.get(label)]
    return bars, sum(counts.chars.values())


def _charts(counts: Summary, survey: Survey) -> list[Chart]:
    """Every chart that has a bar."""
    share = [f"{low} to {low + 10} %" for low in range(0, 100, 10)]
    score = [f"0.{low} to {(low + 1) / 10:.1f}" for low in range(10)]
    sites = sorted(survey.sites.items(), key=lambda item: (-item[1], item[0]))
    drawn = [
        ("Labels", "lines", [(label, count, label) for label, count, _ in label_bars(counts)]),
        (
            "Content",
            "pages, by share of visible characters in content lines",
            _tenth_bars(share, survey.content.tolist()),
        ),
        ("Length", "pages, by characters of clean text", length_bars(counts)),
        ("Languages", "pages", [(code, count, "a") for code, count in counts.languages.items()]),
        ("Sites", "pages whose address is known", [(name, count, "a") for name, count in sites]),
        ("Published", "pages whose date is known, by year", year_bars(counts)),
        ("Scores", "lines, by how sure the model is", inner_bars(_tenth_bars(score, survey.scores.tolist()))),
        ("Flags", "pages; one can have many", [(name, count, "c") for name, count in counts.flags.items()]),
        ("Rejects", "all that came in and was not kept", [(name, n, "c") for name, n in counts.rejected.items()]),
    ]
    return [_chart(title, note, bars, counts.kept if title == "Flags" else 0) for title, note, bars in drawn if bars]


def _tenth_bars(names: Sequence[str], values: Sequence[int]) -> list[Bar]:
    return [(name, value, "a") for name, value in zip(names, values, strict=True)]


def _chart(title: str, note: str, bars: Sequence[Bar], total: int) -> Chart:
    """The first bars of a chart; shares are of `total`, or of all bars where that is 0."""
    most = len(LABELS) if title == "Labels" else MOST_BARS
    more = f"; the first {most} of {len(bars):,}" if len(bars) > most else ""
    shown = [(_short(name), count, kind) for name, count, kind in bars[:most]]
    whole = total or sum(count for _, count, _ in bars)
    return Chart(title, note + more, Markup(bar_drawing(title, shown, whole)))  # noqa: S704 - names are escaped there


def _short(name: str) -> str:
    """A name that fits beside its bar."""
    name = visible(name)
    return name if len(name) <= 16 else f"{name[:14]}…"


def _doubtful(pages: pa.Table, read: pa.Table) -> list[dict[str, Any]]:
    at = pc.sort_indices(pages, [("doubt", "descending"), ("id", "ascending")])[:MOST_DOUBTFUL]
    rows: list[dict[str, Any]] = pages.select(["id", "title", "site", "path", "doubt"]).take(at).to_pylist()
    readable = set(read["id"].to_pylist())
    return [row | {"read": row["id"] in readable} for row in rows]


def _kept_copies(pages: pa.Table) -> list[dict[str, Any]]:
    """Pages of the table that say what another record says."""
    copies = pages.filter(pc.is_valid(pages["duplicate_of"])).select(["title", "path", "duplicate_of"])
    rows: list[dict[str, Any]] = copies.slice(0, MOST_LISTED).to_pylist()
    return rows


def _rejects(dist: Path) -> list[dict[str, Any]]:
    """The first rejects and the first copies, at most `MOST_LISTED` of either."""
    path = dist / REJECTS_FILE
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} cannot be read: {error}", "`dehusk check` says more") from error
    if not table.schema.equals(REJECTS, check_metadata=False):
        raise UsageError(f"{path} has not the columns of this version of dehusk", "build the dataset anew")
    is_copy = pc.is_in(table["reason"], value_set=pa.array(COPIES))
    shown = [table.filter(mask).slice(0, MOST_LISTED) for mask in (pc.invert(is_copy), is_copy)]
    rows: list[dict[str, Any]] = pa.concat_tables(shown).to_pylist()
    return rows
