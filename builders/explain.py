"""Explain: why a line of a packed page has its label, told by what the model says when something is hidden from it.

Hidden are the line's own words, the line's whole text, what HTML says of it, each line near it, and all before or after
it (occlusion: Zeiler and Fergus 2014, arXiv:1311.2901). All these variants of the page are pages of one batch to the
model. An effect is how much of the line's lead over its runner-up, in logits, is gone when that is hidden; effects need
not add up to the lead.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dehusk.schema.errors import UsageError
from dehusk.schema.labels import LABELS
from dehusk.schema.view import CodePoints, Offsets, codepoints

from .labelling.label import model_digest
from .labelling.markup import MARK_BYTES
from .labelling.model import F32, LineModel, Marked, Predictions, label_chances
from .pack import Manifest, read_manifest
from .reading.cut import cut_lines
from .reading.read import read_pages
from .recipe import Recipe
from .reporting.survey import data_paths, open_data
from .terminal import numbers_of
from .unpacking.document import SEPARATOR, Document
from .unpacking.sources import list_sources
from .unpacking.unpack import unpack_seeds

NEAR: Final = 5
"""So many lines before and after a line are hidden one by one."""

SHORTEST: Final = 6
"""Characters of an id that must be given."""

BEGINNING: Final = 80
"""Characters of a line that are told."""

_LETTERS: Final = {"lower": "q", "upper": "Q", "digit": "0", "ideograph": "〇", "letter": "ـ"}


@dataclass(frozen=True, slots=True)
class Effect:
    """What hiding something does to the label of a line.

    Attributes:
        hidden: `words` (its letters and digits, its form left), `text` (all of it), `marks` (what HTML says of it),
            `all_marks` (of any line), `line` (one near it), `before` or `after` (all lines there).
        n: the number of the line near it, in the file, from 1.
        text: how that begins.
        lead: how much of the lead over the runner-up is gone, in logits; below zero where hiding it helps.
        label: the label that the line would have then.
        score: how sure the model would be of that.
    """

    hidden: str
    n: int | None
    text: str | None
    lead: float
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the model says of a line, with the label that comes next.

    Attributes:
        n: its number in the file, from 1.
        text: how it begins.
        label: the label that the model gives.
        score: how sure it is of it.
        runner_up: of the other labels the likeliest, and
        runner_up_score: how sure the model would be of that.
        lead: the label's logit less that of the runner-up; below zero where text or not was decided apart.
        content: the chance that the line is clean text, 0 to 1.
        packed: the label that the dataset has.
        byte_start: where it begins in the page's bytes (`source`); None if that is not known.
        byte_end: where it ends.
    """

    n: int
    text: str
    label: str
    score: float
    runner_up: str
    runner_up_score: float
    lead: float
    content: float
    packed: str
    byte_start: int | None
    byte_end: int | None


@dataclass(frozen=True, slots=True)
class Explained:
    """Why some lines of a page have their labels.

    Attributes:
        id: the page.
        source: where it came from, as in the record.
        same_model: whether the dataset was labelled by the model that is asked now.
        unseen_html: whether the page was HTML and its seed was not found, so that only its text could be shown to the
            model.
        threshold: from which chance on a line is clean text.
        lines: what the model says of them, and the effects on each, the greatest first; no effects were asked for
            where there are none.
    """

    id: str
    source: dict[str, Any]
    same_model: bool
    unseen_html: bool
    threshold: float
    lines: tuple[tuple[Weighed, tuple[Effect, ...]], ...]


class _Variant(NamedTuple):
    """A page with something hidden: its characters and lines, where the line in question is, and what is hidden.

    What HTML says of each line is in `marks`, uint8[n, MARK_BYTES], and of which lines it says anything in `is_html`.
    """

    points: CodePoints
    start: Offsets
    end: Offsets
    marks: npt.NDArray[np.uint8]
    is_html: npt.NDArray[np.bool_]
    target: int = 0
    hidden: str = ""
    near: int | None = None


class _Lines(NamedTuple):
    """Some lines as the model sees them: `float32[n, 19]`, its decisions, and the place of each runner-up, int64[n]."""

    logits: F32
    decided: Predictions
    runner_up: Offsets


def explain_page(dist: Path, key: str, line: int | None = None, sources: Sequence[str] = ()) -> Explained:
    """Asks the model again about a page of a dataset.

    Args:
        dist: a folder that `dehusk build` wrote.
        key: the id of the page, or how it begins, at least `SHORTEST` characters.
        line: the number of a line in the file, from 1; its pieces, where it was cut into several. None for all lines,
            without effects.
        sources: where the seeds are, as for a build; what HTML says of lines is not in the record.

    Raises:
        UsageError: there is no such dataset, page or line, or more than one page.
    """
    manifest = read_manifest(dist)
    record = _find_record(dist, manifest, key)
    is_html = record["source"]["format"].rpartition(SEPARATOR)[2] == "html"
    marks = _read_marks(record, sources, manifest.recipe) if is_html and sources else None
    page = _page_of(record, marks)
    numbers = numbers_of(record["raw"], page.start.tolist())
    told: tuple[tuple[Weighed, tuple[Effect, ...]], ...]
    if line is None:
        told = tuple((one, ()) for one in _weigh_all(record, page, numbers))
    else:
        targets = [at for at, number in enumerate(numbers) if number == line]
        if not targets:
            raise UsageError(f"page {record['id']} has no line {line} that is not blank", _lines_there(numbers))
        told = tuple(_explain(record, page, numbers, target) for target in targets)
    return Explained(
        id=record["id"],
        source=record["source"],
        same_model=manifest.model == model_digest(),
        unseen_html=is_html and marks is None,
        threshold=LineModel.load().tables.threshold,
        lines=told,
    )


def _lines_there(numbers: list[int]) -> str:
    return f"its lines are numbered from {numbers[0]} to {numbers[-1]}" if numbers else "it has no lines"


def _find_record(dist: Path, manifest: Manifest, key: str) -> dict[str, Any]:
    """The record with an id that begins so."""
    if len(key) < SHORTEST:
        raise UsageError(f"{key!r} is too short for an id", f"give at least its first {SHORTEST} characters")
    found: list[tuple[str, Path, int, int]] = []
    for path in data_paths(dist, manifest):
        with open_data(path) as file:
            for group in range(file.num_row_groups):
                ids = file.read_row_group(group, columns=["id"])["id"].to_pylist()
                found += [(one, path, group, row) for row, one in enumerate(ids) if one and one.startswith(key)]
    if not found:
        raise UsageError(f"{dist} has no page with the id {key}", "`dehusk report` lists the pages with their ids")
    if len(found) > 1:
        raise UsageError(f"{len(found)} ids begin with {key}", f"give more of it, such as {found[0][0]}")
    _, path, group, row = found[0]
    with open_data(path) as file:
        record: dict[str, Any] = file.read_row_group(group).slice(row, 1).to_pylist()[0]
    return record


def _read_marks(record: dict[str, Any], sources: Sequence[str], recipe: Recipe) -> pa.Array | None:
    """What HTML says of each line of a page, read again from its seed; None if that is not there or no longer the same.

    Returns:
        Binary of `MARK_BYTES`, one a line.
    """
    seeds = [seed for seed in list_sources(sources) if seed.path == record["source"]["path"]]
    for item in unpack_seeds(seeds, recipe):
        if isinstance(item, Document) and hashlib.sha256(item.data).hexdigest() == record["source"]["sha256"]:
            lines = cut_lines(read_pages([item])[0])
            return lines["marks"].combine_chunks() if len(lines) == len(record["lines"]) else None
    return None


def _page_of(record: dict[str, Any], marks: pa.Array | None = None) -> _Variant:
    points, _ = codepoints(pa.array([record["raw"]]))
    start, end = (np.array([line[name] for line in record["lines"]], np.int64) for name in ("start", "end"))
    rows = np.zeros((len(start), MARK_BYTES), np.uint8)
    is_html = np.zeros(len(start), np.bool_)
    if marks is not None:
        is_html = marks.is_valid().to_numpy(zero_copy_only=False)
        rows[is_html] = np.frombuffer(b"".join(marks.drop_null().to_pylist()), np.uint8).reshape(-1, MARK_BYTES)
    return _Variant(points, start, end, rows, is_html)


# -- what the model says -----------------------------------------------------------------------------------------------


def _weigh_all(record: dict[str, Any], page: _Variant, numbers: list[int]) -> Iterator[Weighed]:
    if not numbers:
        return
    marked = _marked(page.marks, page.is_html)
    one_page = np.zeros(len(numbers), np.int32)
    lines = _with_runners_up(*LineModel.load().weigh(page.points, page.start, page.end, one_page, marked))
    yield from (_weighed(record, numbers, at, lines, at) for at in range(len(numbers)))


def _marked(marks: npt.NDArray[np.uint8], is_html: npt.NDArray[np.bool_]) -> Marked | None:
    rows = np.flatnonzero(is_html)
    return Marked(rows, marks[rows]) if len(rows) else None


def _with_runners_up(logits: F32, decided: Predictions) -> _Lines:
    others = logits[:, : len(LABELS)].copy()
    others[np.arange(len(others)), decided.label] = -np.inf
    return _Lines(logits, decided, others.argmax(axis=1).astype(np.int64))


def _weighed(record: dict[str, Any], numbers: list[int], at: int, lines: _Lines, row: int) -> Weighed:
    """What the model says in `row` about the line `at` of the page."""
    line = record["lines"][at]
    label, other = int(lines.decided.label[row]), int(lines.runner_up[row])
    chances = label_chances(lines.logits[row : row + 1, : len(LABELS)], LineModel.load().tables)[0]
    return Weighed(
        n=numbers[at],
        text=_beginning(record, at),
        label=LABELS[label],
        score=round(float(lines.decided.score[row]), 3),
        runner_up=LABELS[other],
        runner_up_score=round(int(chances[other]) / int(chances.sum()), 3),
        lead=_lead(lines.logits[row], label, other),
        content=round(float(lines.decided.content[row]), 3),
        packed=line["label"],
        byte_start=line["byte_start"],
        byte_end=line["byte_end"],
    )


def _lead(logits: F32, label: int, other: int) -> float:
    return round(float(logits[label]) - float(logits[other]), 2)


def _beginning(record: dict[str, Any], at: int) -> str:
    line = record["lines"][at]
    text = " ".join(record["raw"][line["start"] : line["end"]].split())
    return text if len(text) <= BEGINNING else f"{text[: BEGINNING - 1]}…"


# -- what it owes to ---------------------------------------------------------------------------------------------------


def _explain(
    record: dict[str, Any], page: _Variant, numbers: list[int], target: int
) -> tuple[Weighed, tuple[Effect, ...]]:
    variants = [page._replace(target=target), *_hide(record["raw"], page, target)]
    lines = _weigh_targets(variants)
    whole = _weighed(record, numbers, target, lines, 0)
    label, other = int(lines.decided.label[0]), int(lines.runner_up[0])
    effects = [
        Effect(
            hidden=variant.hidden,
            n=None if variant.near is None else numbers[variant.near],
            text=None if variant.near is None else _beginning(record, variant.near),
            lead=round(whole.lead - _lead(lines.logits[row], label, other), 2),
            label=LABELS[int(lines.decided.label[row])],
            score=round(float(lines.decided.score[row]), 3),
        )
        for row, variant in enumerate(variants[1:], 1)
    ]
    return whole, tuple(sorted(effects, key=lambda effect: -abs(effect.lead)))


def _weigh_targets(variants: list[_Variant]) -> _Lines:
    """What the model says of the line in question in each variant: all of them in one batch."""
    sizes = [len(variant.start) for variant in variants]
    first = np.cumsum([0, *(len(variant.points) for variant in variants)])
    points, start, end, marks, is_html = (
        np.concatenate(parts) for parts in zip(*(variant[:5] for variant in variants), strict=True)
    )
    begins = np.repeat(first[:-1], sizes)
    page = np.repeat(np.arange(len(variants), dtype=np.int32), sizes)
    marked = _marked(marks, is_html)
    logits, decided = LineModel.load().weigh(points, start + begins, end + begins, page, marked)
    rows = np.cumsum([0, *sizes[:-1]]) + [variant.target for variant in variants]
    return _with_runners_up(logits[rows], Predictions(*(column[rows] for column in decided)))


def _hide(raw: str, page: _Variant, target: int) -> Iterator[_Variant]:
    """Every variant of a page that tells something about one of its lines."""
    start, end, n = int(page.start[target]), int(page.end[target]), len(page.start)
    words = page.points.copy()
    words[start:end] = [ord(_masked(char)) for char in raw[start:end]]
    yield page._replace(points=words, target=target, hidden="words")
    text = page.points.copy()
    text[start:end] = ord(" ")
    text[start] = ord(_LETTERS["lower"])
    ends = page.end.copy()
    ends[target] = start + 1
    yield page._replace(points=text, end=ends, target=target, hidden="text")
    lines = np.arange(n)
    if page.is_html.any():
        yield page._replace(is_html=page.is_html & (lines != target), target=target, hidden="marks")
        yield page._replace(is_html=page.is_html & False, target=target, hidden="all_marks")
    for near in range(max(0, target - NEAR), min(n, target + NEAR + 1)):
        if near != target:
            yield _without(page, target, lines == near)._replace(hidden="line", near=near)
    if target > 0:
        yield _without(page, target, lines < target)._replace(hidden="before")
    if target < n - 1:
        yield _without(page, target, lines > target)._replace(hidden="after")


def _without(page: _Variant, target: int, gone: npt.NDArray[np.bool_]) -> _Variant:
    """The page without some of its lines, which become blank."""
    points = page.points.copy()
    for start, end in zip(page.start[gone].tolist(), page.end[gone].tolist(), strict=True):
        points[start:end] = ord(" ")
    kept = target - int(np.count_nonzero(gone[:target]))
    left = {name: getattr(page, name)[~gone] for name in ("start", "end", "marks", "is_html")}
    return page._replace(points=points, target=kept, **left)


def _masked(char: str) -> str:
    """A letter or digit of the same class that says nothing; any other character as it is."""
    if char.islower():
        return _LETTERS["lower"]
    if char.isupper():
        return _LETTERS["upper"]
    if char.isdecimal():
        return _LETTERS["digit"]
    if char.isalpha():
        return _LETTERS["ideograph" if "\u2e80" <= char < "\ua000" or char >= "\U00020000" else "letter"]
    return char
