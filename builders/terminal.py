"""What the command line shows, as plain strings and rich texts. Nothing is printed here.

Words of a page, a path or a recipe are never markup, and what a terminal would obey instead of show is made visible.
"""

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from dehusk.schema.findings import Finding
from dehusk.schema.labels import GROUPS, LABELS, TEXT_LABELS
from dehusk.schema.page import Line, Page

if TYPE_CHECKING:
    from .explain import Effect, Explained, Weighed
    from .preview import Seen
    from .publishing.publication import Plan, Progress, Published
    from .reporting.report import Reported
    from .summary import Summary
    from .versioning.remove import Removal

HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
"""What never reaches a terminal as it is.

Control characters, which can hold escape sequences; the marks, embeddings and isolates of the bidirectional algorithm
(UAX #9) and its deprecated kin, line and paragraph separators, and tags, all of which can make a line look like
another; and lone surrogates, which cannot be sent.
"""

MARKS: Final = {"content": "┃", "metadata": "┆", "boilerplate": "·"}
"""What stands before a label, so that its group is seen without colour too."""

STYLES: Final = {"content": "green", "metadata": "cyan", "boilerplate": "bright_black"}

MOST_SHOWN: Final = 200
"""Findings in a table on a terminal, which is laid out whole, and files in a plan; nobody reads more."""

WIDE: Final = 160
"""Columns from which a table of findings has a column for each part: a file's name and an id in one piece take 60."""

NARROWEST: Final = 20
"""Columns that the text of a line always gets; on a terminal narrower than that the terminal itself breaks lines."""

_GROUP: Final = {label: group for group, labels in GROUPS.items() for label in labels}
_LABEL_WIDTH: Final = max(map(len, LABELS))
_COLUMNS: Final = ("severity", "file", "row", "record", "field", "rule", "value", "remedy")


# -- characters --------------------------------------------------------------------------------------------------------


def visible(text: str) -> str:
    r"""Text that can be shown in one line: what a terminal would obey (`HIDDEN`) is spelt out.

    >>> visible("\x1b[31mred")
    '<U+001B>[31mred'
    """
    return HIDDEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)


def visible_lines(text: str) -> str:
    """The same for text of many lines: line feeds stay."""
    return "\n".join(map(visible, text.split("\n")))


def json_document(value: Mapping[str, Any]) -> str:
    r"""One JSON document, indented, one key a line, in which hidden characters are `\u` escapes: nothing is lost."""
    text = json.dumps(value, indent=1, ensure_ascii=False, default=_iso)
    # Outside of strings JSON holds no hidden character but the line feeds of the indent.
    return "\n".join(HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], line) for line in text.split("\n"))


def json_line(value: Mapping[str, Any]) -> str:
    """The same in one line."""
    text = json.dumps(value, ensure_ascii=False, default=_iso)
    return HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _share(part: float, whole: float) -> str:
    return f"{100 * part / max(1, whole):.1f} %"


# -- build -------------------------------------------------------------------------------------------------------------


def progress_line(done: int, n_seeds: int) -> str:
    """How far a build is, for a log."""
    return f"{done:,} of {n_seeds:,} seeds ({100 * done // n_seeds} %)"


def summary_view(summary: "Summary", out: Path | str, seconds: float) -> Iterator[Text]:
    """What a build counted, where it is and how to load it, line by line.

    Args:
        summary: its counts; at least one page was kept.
        out: the dataset folder or address, as the person named it.
        seconds: how long it took.
    """
    rejected = sum(summary.rejected.values())
    kept = _counted(summary.kept, "page")
    yield Text(f"{summary.came_in:,} came in: {kept} kept, {rejected:,} rejected", style="bold")
    yield from _rejected_view(summary)
    yield from _labels_view(summary)
    yield Text()
    yield Text(f"boilerplate  {_share(summary.boilerplate_share, 1)} of what the pages show")
    yield Text(f"clean text   {summary.text_chars:,} characters")
    yield Text(f"languages    {', '.join(f'{code} {count:,}' for code, count in summary.languages.items())}")
    yield Text(f"speed        {summary.came_in / seconds:,.0f} pages/s")
    yield Text()
    yield Text(f"The dataset is in {visible(str(out))}. To load it in Python:")
    yield Text()
    yield Text("    from datasets import load_dataset")
    yield Text(f"    pages = load_dataset({str(out)!r})")


def _rejected_view(summary: "Summary") -> Iterator[Text]:
    from dehusk.schema.record import (
        REASONS,
    )  # here, since it brings Arrow, and a message about a wrong option needs none

    if not summary.rejected:
        return
    yield Text()
    width = max(map(len, summary.rejected))
    for reason, count in summary.rejected.items():
        yield Text(f"  {reason:{width}}  {count:>9,}  {REASONS[reason]}")
    yield Text(f"  {'':{width}}  {'':9}  rejects.parquet in the dataset says which and why", style="bright_black")


def _labels_view(summary: "Summary") -> Iterator[Text]:
    n_lines, n_chars = sum(summary.lines.values()), sum(summary.chars.values())
    yield Text()
    yield Text(f"{n_lines:,} lines by label{'share of lines':>33}{'of characters':>15}")
    for label, count in summary.lines.items():
        shares = f"{_share(count, n_lines):>16}{_share(summary.chars.get(label, 0), n_chars):>15}"
        yield Text.assemble("  ", _marked(label), f"{count:>14,}{shares}")


def _marked(label: str) -> tuple[str, str]:
    """A label behind the mark of its group, as wide as the longest, and its style."""
    group = _GROUP[label]
    return f"{MARKS[group]} {label:{_LABEL_WIDTH}}", STYLES[group]


# -- sources -----------------------------------------------------------------------------------------------------------

FIRST_LINES: Final = 12
"""Lines of the first page that are shown."""

_SEEN: Final = "{:22} {:14} {:>11} {:>10}  {}"


def seen_document(seen: "Seen") -> dict[str, Any]:
    """What a build would make of one file, as plain values."""
    return asdict(seen)


def sources_view(each: "Iterable[Seen]") -> Iterator[Text]:
    """What a build would read, a line a file, then the first page."""
    yield Text(_SEEN.format("format", "encoding", "pages", "size", "path"), style="bold")
    first: Seen | None = None
    n_files = n_refused = size = 0
    for seen in each:
        n_files += 1
        size += seen.size
        n_refused += seen.refused is not None
        first = first or (seen if seen.page else None)
        yield _seen_line(seen)
    yield Text(f"\n{_counted(n_files, 'file')} of {decimal(size)}, {n_refused:,} rejected whole or from the beginning")
    if first is not None:
        yield Text(f"\nThe first page, of {visible(first.path)}:\n")
        lines = [line for line in first.page.splitlines() if line.strip()]
        yield from (Text("  " + visible(line.strip())) for line in lines[:FIRST_LINES])


def _seen_line(seen: "Seen") -> Text:
    size = decimal(seen.size) if seen.size else "?"
    if seen.refused is not None:
        about = f"{seen.path}: {seen.refused.detail}"
        return Text(visible(_SEEN.format("rejected", seen.refused.reason, "", size, about)), style="yellow")
    pages = "?" if seen.records is None else f"{seen.records:,}"
    return Text(visible(_SEEN.format(seen.format, seen.encoding, pages, size, seen.path)))


# -- check, preflight --------------------------------------------------------------------------------------------------


def errors_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with the errors before the warnings, otherwise in their order."""
    return sorted(findings, key=lambda finding: finding.severity)


def verdict(findings: list[Finding], folder: Path, n_records: int) -> str:
    """What checking a dataset came to, in a sentence."""
    held = "breaks" if _errors(findings) else "keeps"
    return f"{folder} {held} the contract: {_counted(n_records, 'record')}, {_numbers(findings)}"


def publishable(findings: list[Finding], folder: Path) -> str:
    """What preflight came to, in a sentence."""
    can = "cannot be published" if _errors(findings) else "can be published"
    return f"{folder} {can}: {_numbers(findings)}"


def _numbers(findings: list[Finding]) -> str:
    errors = _errors(findings)
    return f"{_counted(errors, 'error')}, {_counted(len(findings) - errors, 'warning')}"


def _errors(findings: list[Finding]) -> int:
    return sum(finding.severity == "error" for finding in findings)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def findings_rows(findings: Iterable[Finding]) -> Iterator[str]:
    """Findings as tab-separated values under a heading, one a line, nothing left out."""
    yield "\t".join(_COLUMNS)
    for finding in findings:
        values = finding.to_dict()
        yield "\t".join("" if values[name] is None else visible(str(values[name])) for name in _COLUMNS)


def findings_table(findings: list[Finding], width: int) -> Iterator[RenderableType]:
    """Findings as a table for a terminal, cut after `MOST_SHOWN`.

    Args:
        findings: in the order in which to show them.
        width: columns of the terminal.
    """
    shown = findings[:MOST_SHOWN]
    yield _wide_table(shown) if width >= WIDE else _stacked(shown)
    if len(findings) > MOST_SHOWN:
        yield Text(f"and {len(findings) - MOST_SHOWN:,} more; send the output to a file, or use --json, for all")


def _wide_table(findings: list[Finding]) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    for name in ("", "file", "row", "record", "field", "rule", "value", "remedy"):
        whole = name in ("row", "record", "rule")
        table.add_column(name, overflow="fold", no_wrap=whole, justify="right" if name == "row" else "left")
    for finding in findings:
        row = "" if finding.row is None else f"{finding.row}"
        cells = (finding.file, row, finding.record or "", finding.field, finding.rule, finding.value, finding.remedy)
        table.add_row(_severity(finding), *(Text(visible(cell)) for cell in cells))
    return table


def _stacked(findings: list[Finding]) -> Table:
    """The same for a narrow terminal: the place over what was found and what to do."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        where = finding.file if finding.row is None else f"{finding.file} row {finding.row}"
        table.add_row(_severity(finding), Text(visible(f"{where} {finding.record or ''}".rstrip()), style="bold"))
        table.add_row("", Text(visible(f"{finding.field} {finding.rule}: {finding.value}".lstrip())))
        table.add_row("", Text(visible(finding.remedy), style="bright_black"))
    return table


def _severity(finding: Finding) -> Text:
    return Text(finding.severity, style="red" if finding.severity == "error" else "yellow")


def findings_document(findings: list[Finding], folder: Path, n_records: int) -> dict[str, Any]:
    """What checking or preflight came to, as plain values for `json_document`."""
    errors = _errors(findings)
    return {
        "dataset": str(folder),
        "records": n_records,
        "errors": errors,
        "warnings": len(findings) - errors,
        "findings": [finding.to_dict() for finding in findings],
    }


# -- show --------------------------------------------------------------------------------------------------------------


def page_document(page: Page) -> dict[str, Any]:
    """A page as plain values for `json_document`; each line with its number `n` in the file, from 1."""
    lines = [{"n": n, **asdict(line)} for n, line in zip(line_numbers(page), page.lines, strict=True)]
    return asdict(page) | {"lines": lines}


def line_numbers(page: Page) -> list[int]:
    """The number of each line in the file, from 1, blank lines counted: where an editor finds it."""
    return numbers_of(page.raw, (line.start for line in page.lines))


def numbers_of(raw: str, starts: Iterable[int]) -> list[int]:
    """The same for lines that start at these characters of `raw`."""
    begins = list(accumulate(map(len, raw.splitlines(keepends=True)), initial=0))
    return [bisect_right(begins, start) for start in starts]


def page_view(page: Page, console: Console) -> Iterator[RenderableType]:
    """A page for a person: what it says about itself, then every line with its number, label and score.

    Args:
        page: the page.
        console: where it will be shown; lines are wrapped to its width only if it is a terminal.
    """
    yield from _about_view(page)
    yield Text()
    yield from _lines_view(page, console)
    yield Text()
    marks = [(f"{MARKS[group]} {group}   ", STYLES[group]) for group in GROUPS]
    yield Text.assemble(*marks)


def _about_view(page: Page) -> Iterator[Text]:
    language = f"{page.language} ({page.language_score:.3f})" if page.language else None
    n_text = sum(line.label in TEXT_LABELS for line in page.lines)
    about = {
        "title": page.title,
        "published": _date(page.published, page.published_precision),
        "modified": _date(page.modified, None),
        "authors": ", ".join(page.authors),
        "section": page.section,
        "publisher": page.publisher,
        "url": page.url,
        "language": language,
        "flags": ", ".join(page.flags),
        "text": f"{len(page.text):,} characters in {n_text:,} of {len(page.lines):,} lines",
        "boilerplate": f"{_share(page.boilerplate_share, 1)} of what the page shows",
        "id": page.id,
    }
    for name, value in about.items():
        shown = Text(visible(value)) if value else Text("–", style="bright_black")
        yield Text.assemble((f"{name:12} ", "bold"), shown)


def _date(date: datetime | None, precision: str | None) -> str | None:
    if date is None:
        return None
    form = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M"}.get(precision or "", "%Y-%m-%d %H:%M:%S")
    return date.strftime(form) + (f" (to the {precision})" if precision else "")


def _lines_view(page: Page, console: Console) -> Iterator[Text]:
    numbers = line_numbers(page)
    width = len(str(max(numbers, default=0)))
    hang = width + _LABEL_WIDTH + 13
    room = max(NARROWEST, console.width - hang)
    for n, line in zip(numbers, page.lines, strict=True):
        shown = Text(shown_text(page, line), style="bright_black" if line.boilerplate else "")
        first, *others = shown.wrap(console, room, overflow="fold") if console.is_terminal else [shown]
        yield Text.assemble(f"{n:>{width}}  ", _marked(line.label), f"  {line.score:.3f}  ", first)
        yield from (Text.assemble(" " * hang, other) for other in others)


def shown_text(page: Page, line: Line) -> str:
    """A line as it stands in the page, hidden characters spelt out, then white space normalised."""
    raw = page.raw[line.start : line.end].replace("\t", " ")
    return " ".join(visible(raw).split())


# -- report ------------------------------------------------------------------------------------------------------------


def reported(out: Path, shown: "Reported") -> str:
    """Where a report is and how much of the dataset it shows, in a sentence."""
    listed = "" if shown.listed == shown.pages else f" {shown.listed:,} in its table,"
    read = "all can be read in it" if shown.read == shown.pages else f"{shown.read:,} can be read in it"
    return visible(f"{out} shows {_counted(shown.pages, 'page')}:{listed} {read}")


# -- explain -----------------------------------------------------------------------------------------------------------

LEAST_SURE: Final = 20
"""Lines of a page that are told without being asked for."""

_HIDDEN_THINGS: Final = {
    "words": "its words",
    "text": "its text",
    "marks": "what HTML says of it",
    "all_marks": "what HTML says of any line",
    "before": "all lines before it",
    "after": "all lines after it",
}


def explained_document(explained: "Explained") -> dict[str, Any]:
    """Why lines have their labels, as plain values for `json_document`."""
    lines = [asdict(line) | {"effects": [asdict(effect) for effect in effects]} for line, effects in explained.lines]
    return asdict(explained) | {"lines": lines}


def explained_view(explained: "Explained") -> Iterator[Text]:
    """Why lines have their labels, for a person: one after the other, or the least sure ones in a table."""
    yield Text.assemble(("page  ", "bold"), explained.id)
    yield Text.assemble(("seed  ", "bold"), visible(_seed_of(explained.source)))
    if not explained.same_model:
        yield Text("The dataset was labelled by another line model; told is what this one says.", style="yellow")
    if explained.unseen_html:
        yield Text("What HTML says of the lines is not known; --source names where the seeds are.", style="yellow")
    told = [(line, effects) for line, effects in explained.lines if effects]
    for line, effects in told:
        yield Text()
        yield from _line_view(line, explained)
        yield from _effects_view(line, effects)
    if not told:
        yield from _least_sure_view([line for line, _ in explained.lines])


def _seed_of(source: Mapping[str, Any]) -> str:
    member = f" › {source['member']}" if source["member"] else ""
    offset = "" if source["offset"] is None else f" at {source['offset']:,}"
    return f"{source['path']}{member}{offset}, {source['encoding']}"


def _line_view(line: "Weighed", explained: "Explained") -> Iterator[Text]:
    yield Text.assemble((f"line {line.n}  ", "bold"), visible(line.text))
    packed = "" if line.packed == line.label else f"  in the dataset it is {line.packed}"
    yield Text.assemble("  label      ", _marked(line.label), f"  {line.score:.3f}{packed}")
    next_one = f"  {line.runner_up_score:.3f}  behind by {line.lead:.2f}"
    yield Text.assemble("  runner-up  ", _marked(line.runner_up), next_one)
    yield Text(f"  clean text {line.content:.3f}, wants {explained.threshold:.3f}")
    if line.byte_start is not None:
        yield Text(f"  bytes      {line.byte_start:,} to {line.byte_end:,} of the page's file")


def _effects_view(line: "Weighed", effects: "Iterable[Effect]") -> Iterator[Text]:
    yield Text(f"  What is gone of its lead over {line.runner_up} when this is hidden from the model:")
    for effect in effects:
        what = _HIDDEN_THINGS.get(effect.hidden, f"line {effect.n}  {effect.text}")
        then = f"  then {effect.label} {effect.score:.3f}" if effect.label != line.label else ""
        style = "" if effect.lead > 0 else "bright_black"
        yield Text(visible(f"  {effect.lead:>+7.2f}  {what}{then}"), style=style)


def _least_sure_view(lines: "list[Weighed]") -> Iterator[Text]:
    shown = sorted(lines, key=lambda line: (line.score, line.n))[:LEAST_SURE]
    yield Text(
        f"\nThe {len(shown)} of {_counted(len(lines), 'line')} of which the model is least sure; --line N says why"
    )
    for line in shown:
        names = (
            _marked(line.label),
            f" {line.score:.3f}  before {line.runner_up:{_LABEL_WIDTH}} {line.runner_up_score:.3f}",
        )
        yield Text.assemble(f"{line.n:>6}  ", *names, "  ", visible(line.text))


# -- review ------------------------------------------------------------------------------------------------------------


def reviewing_view(url: str, n_shown: int, n_pages: int, file: Path) -> Iterator[Text]:
    """Where a review is, what it shows and where it saves, line by line."""
    most = f", the most doubtful of {n_pages:,}" if n_shown < n_pages else ""
    yield Text(f"{_counted(n_shown, 'page')}{most}; labels are saved in {visible(str(file))}")
    yield Text(f"Open {url}")
    yield Text("Ctrl-C ends the review.")


def reviewed_line(n_lines: int, n_pages: int, file: Path) -> str:
    """What a labels file holds after a review."""
    return f"{visible(str(file))} holds {_counted(n_lines, 'label')} by hand on {_counted(n_pages, 'page')}"


# -- publish -----------------------------------------------------------------------------------------------------------

_STEPS: Final = {
    "compare": "comparing with the earlier version",
    "upload": "sending",
    "commit": "committing",
    "verify": "comparing what arrived",
    "load": "loading what arrived",
    "tag": "tagging",
}
_ACTIONS: Final = {"add": "green", "replace": "yellow", "delete": "red", "same": "bright_black"}


def plan_view(plan: "Plan") -> Iterator[Text]:
    """What publishing would do: where to, every file with its size, what of others is left alone."""
    yield Text(visible(f"to {plan.target.url}{_manner(plan)}"), style="bold")
    changed = [(str(one.action), one.path, one.bytes, one.old_bytes) for one in plan.changes]
    rows = changed + [("same", path, plan.files[path].bytes, 0) for path in plan.unchanged]
    width = max((len(path) for _, path, *_ in rows[:MOST_SHOWN]), default=0)
    for action, path, size, old_size in rows[:MOST_SHOWN]:
        sizes = "" if action == "delete" else size_of(size)
        was = f"  was {size_of(old_size)}" if action in ("replace", "delete") else ""
        name = visible(f"{path:{width}}")
        yield Text.assemble("  ", (f"{action:7}", _ACTIONS[action]), f"  {name}  {sizes:>9}{was}".rstrip())
    if len(rows) > MOST_SHOWN:
        yield Text(f"  and {len(rows) - MOST_SHOWN:,} files more")
    if plan.kept:
        others = f" and {len(plan.kept) - 5:,} more" if len(plan.kept) > 5 else ""
        yield Text(visible(f"not dehusk's, left alone: {', '.join(plan.kept[:5])}{others}"))
    if plan.difference:
        yield Text(f"to be told: {plan.difference.head}")
    yield Text(plan_sum(plan))


def _manner(plan: "Plan") -> str:
    """How it is published, as far as that can be chosen."""
    from .publishing.targets import HubTarget

    manner = []
    if isinstance(plan.target, HubTarget):
        manner.append("private" if plan.asked.hidden else "public")
    if not plan.exists:
        manner.append("new")
    if plan.asked.tag:
        manner.append(f"tag {plan.asked.tag}")
    if plan.resumes:
        manner.append("completing an upload that was cut off")
    return f" ({', '.join(manner)})" if manner else ""


def plan_sum(plan: "Plan") -> str:
    """The plan in numbers."""
    if plan.nothing_to_do:
        return f"nothing to do: all {_counted(len(plan.files), 'file')} are there"
    actions = Counter[str](change.action for change in plan.changes)
    counted = {"added": "add", "replaced": "replace", "deleted": "delete"}
    parts = [f"{actions[action]:,} {word}" for word, action in counted.items()]
    return f"{', '.join(parts)}, {len(plan.unchanged):,} unchanged; {size_of(plan.bytes_to_send)} to send at most"


def size_of(n_bytes: int) -> str:
    """A number of bytes for a person, in powers of a thousand.

    >>> size_of(12_345)
    '12.3 kB'
    """
    return decimal(n_bytes)


def step_line(progress: "Progress") -> str:
    """How far publishing is, in a line."""
    if progress.note:
        return visible(progress.note)
    counted = f" {size_of(progress.done)} of {size_of(progress.total)}" if progress.total else ""
    return f"{_STEPS.get(progress.step, progress.step)}{counted}"


def published_view(published: "Published") -> Iterator[Text]:
    """Where a dataset is now and how to load it, line by line."""
    tagged = f", tag {published.tag}" if published.tag else ""
    at = f" at {published.commit[:12]}{tagged}" if published.commit else ""
    yield Text(visible(f"published: {published.url}{at}"), style="bold")
    yield Text()
    yield Text("To load it in Python:")
    yield Text()
    for line in published.example.splitlines():
        yield Text(visible(f"    {line}".rstrip()))


# -- remove ------------------------------------------------------------------------------------------------------------


def removal_view(removal: "Removal", dist: Path) -> Iterator[Text]:
    """What left a dataset, line by line."""
    kept = _counted(removal.summary.kept, "page")
    yield Text(visible(f"{_counted(len(removal.ids), 'record')} left {dist}, which keeps {kept}"), style="bold")
    for key in removal.ids[:MOST_SHOWN]:
        yield Text(f"  {key}")
    if len(removal.ids) > MOST_SHOWN:
        yield Text(f"  and {len(removal.ids) - MOST_SHOWN:,} more; takedown.txt in the dataset lists all")
    if removal.unmatched:
        yield Text("These name no record here; they are on the list all the same:")
    for entry in removal.unmatched[:MOST_SHOWN]:
        yield Text(visible(f"  {entry.kind} {entry.value}"))
    if len(removal.unmatched) > MOST_SHOWN:
        yield Text(f"  and {len(removal.unmatched) - MOST_SHOWN:,} more")
