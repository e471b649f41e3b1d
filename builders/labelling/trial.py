"""Out-of-fold predictions of the line model, what is chosen by them, and the figures they give."""

import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dehusk.schema.labels import LABELS, TEXT_LABELS

from .examples import EXACT, Examples
from .features import SINGLE, LineFeatures
from .model import LineModel, Marked, Predictions, Tables, decide
from .rendered import NEAREST, RENDERED, lines_of, pages_of, read_rendered, same_lines

Logits = dict[int, NDArray[np.float32]]
"""float32[n, 19] by the number of the text, as `LineModel.logits` gives them."""

THRESHOLDS: Final = tuple(i / 100 for i in range(16, 71, 2))
TEMPERATURES: Final = tuple(i / 10 for i in range(6, 31))
TITLE_LOGITS: Final = tuple(i / 4 for i in range(-20, 9))
FULL_SOURCES: Final = ("wcxb", "fundus")
"""Sources whose pages are labelled throughout."""

LOST: Final = "noise"

TITLE: Final = EXACT + LABELS.index("title")


class Choice(NamedTuple):
    """From which chance on a line is text, the temperature that makes scores honest, and the least logit of titles."""

    threshold: float
    temperature: float
    title: float


def logits_of(model: LineModel, examples: Examples, ids: Iterable[int]) -> Logits:
    """What a model, run as at run time, says of some texts; each by itself."""
    out = {}
    for i in ids:
        text = examples.texts[i]
        offsets = examples.offsets[text.first : text.last + 1]
        words, single = examples.words[offsets[0] : offsets[-1]], examples.single[text.first : text.last]
        seen = LineFeatures(examples.dense[text.first : text.last], single, words, offsets - offsets[0])
        rows = np.arange(text.last - text.first)
        marked = Marked(rows, examples.marks[text.first : text.last]) if text.renderer == RENDERED else None
        out[i] = model.logits(seen, np.zeros(len(rows), np.int32), marked)
    return out


def choose(examples: Examples, logits: Logits) -> Choice:
    """Chooses by the predictions of models that had not seen the texts.

    The threshold: that with the best share of words in common, in all renderings; the mean over WCXB's pages and that
    over fundus' pages count the same, since what is right for one source costs the other.
    The temperature: that under which the hand labels are likeliest.
    """
    full = {source: _full(examples, logits, source) for source in FULL_SOURCES}
    means = [np.mean([_common(examples, i, logits[i]) for i in ids], axis=0) for ids in full.values() if ids]
    shares = np.sum(means, axis=0) if means else np.zeros(len(THRESHOLDS))
    best = max(range(len(THRESHOLDS)), key=lambda k: (round(float(shares[k]), 6), -abs(THRESHOLDS[k] - 0.5)))
    threshold = THRESHOLDS[best]
    lines = [
        (logits[i][:, : len(LABELS)], i)
        for i in logits
        if examples.hand[examples.texts[i].first : examples.texts[i].last].any()
    ]
    found = {t: sum(_surprise(examples, i, labels / t) for labels, i in lines) for t in TEMPERATURES}
    return Choice(threshold, min(TEMPERATURES, key=lambda t: found[t]), _title_logit(examples, logits))


def _title_logit(examples: Examples, logits: Logits) -> float:
    """The least logit with the best F1 of the best line of each page: is it the title, and is there one?"""
    pairs = []
    for i, values in logits.items():
        text = examples.texts[i]
        gold = examples.target[text.first : text.last]
        full = text.source in FULL_SOURCES or examples.hand[text.first : text.last].any()
        best = int(values[:, -1].argmax())
        if full and gold[best]:
            pairs.append((float(values[best, -1]), gold[best] == TITLE, bool((gold == TITLE).any())))
    there = sum(known for _, _, known in pairs)

    def f1(least: float) -> float:
        taken = [right for logit, right, _ in pairs if logit >= least]
        return 2 * sum(taken) / max(1, len(taken) + there)

    return max(TITLE_LOGITS, key=lambda least: (round(f1(least), 6), -abs(least)))


def _full(examples: Examples, logits: Logits, source: str) -> list[int]:
    """Texts of a source with lines that are known to be text."""
    texts = [(i, examples.texts[i]) for i in logits if examples.texts[i].source == source]
    return [i for i, text in texts if (examples.content[text.first : text.last] == 1).any()]


def _common(examples: Examples, i: int, logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64[thresholds]: the share of words that the kept and the gold lines of a text have in common."""
    text = examples.texts[i]
    gold, size = examples.content[text.first : text.last], examples.size[text.first : text.last].astype(np.int64)
    least = np.array([np.log(x / (1 - x)) for x in THRESHOLDS])
    kept = (logits[:, len(LABELS)] >= least[:, None]) & (gold >= 0)
    both = (kept & (gold == 1)) @ size
    return 2 * both / np.maximum(1, kept @ size + size[gold == 1].sum())


def _surprise(examples: Examples, i: int, logits: NDArray[np.float32]) -> float:
    text = examples.texts[i]
    hand = examples.hand[text.first : text.last]
    label = examples.target[text.first : text.last][hand].astype(np.int64) - EXACT
    found = logits[hand] - logits[hand].max(axis=1, keepdims=True)
    return float((np.log(np.exp(found).sum(axis=1)) - found[np.arange(len(label)), label]).sum())


class Decided(NamedTuple):
    """Labels and scores of the lines of one text."""

    labels: list[str]
    scores: list[float]


def choice_arrays(choice: Choice) -> dict[str, Any]:
    """The stored form of `model.Tables`; with them no exp is needed at run time."""
    places = np.arange(256)
    return {
        "chances": np.rint(np.exp(-places / 16 / choice.temperature) * (1 << 20)).astype(np.int64),
        "content": np.round(1 / (1 + np.exp(-(places - 128) / 16)), 3).astype(np.float32),
        "threshold": np.float64(choice.threshold),
        "title": np.float64(choice.title),
    }


def decided(examples: Examples, i: int, logits: NDArray[np.float32], choice: Choice) -> Decided:
    """What a model with this choice says of a text, given its logits."""
    text = examples.texts[i]
    line = examples.single[text.first : text.last, SINGLE.index("line")]
    tables = Tables(**choice_arrays(choice))
    found = decide(logits, line, np.zeros(1, np.int64), tables)
    return Decided([LABELS[code] for code in found.label], found.score.tolist())


def decided_lines(model: LineModel, examples: Examples) -> list[Predictions]:
    """What a model, run as at run time, says of the lines of each text."""
    logits = logits_of(model, examples, range(len(examples.texts)))
    lines = examples.single[:, SINGLE.index("line")]
    return [
        decide(logits[i], lines[text.first : text.last], np.zeros(1, np.int64), model.tables)
        for i, text in enumerate(examples.texts)
    ]


def scorer(folder: Path) -> ModuleType:
    """The benchmark folder's own `score.py`."""
    spec = importlib.util.spec_from_file_location("dehusk_benchmark_score", folder / "score.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{folder / 'score.py'}: not found; it belongs to the benchmark folder")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(folder: Path, found: Mapping[tuple[str, str], Decided]) -> dict[str, Any]:
    """Scores of decided texts, by (renderer, page id): the benchmark's own, by language, and how honest scores are."""
    score = scorer(folder)
    pages, texts, kinds = score.load(folder)
    pages = {page: pages[page] for page in sorted({page for _, page in found})}
    rows = {key: _row(_lines_of(texts[key]), d.labels) for key, d in found.items() if key[0] != RENDERED}
    rows |= _rendered_rows(folder, found, texts)
    of_rendered = {(NEAREST, page): row for (renderer, page), row in rows.items() if renderer == RENDERED}
    return {
        "sources": score.score(rows, pages, texts),
        "kinds": score.kind_scores(rows, kinds),
        "kinds_html": score.kind_scores(of_rendered, kinds),
        "languages": _by_language(score, rows, pages),
        "calibration": _calibration(found, kinds),
    }


def _lines_of(text: Mapping[str, Any]) -> list[str]:
    return [text["text"][line["start"] : line["end"]] for line in text["lines"]]


def _row(lines: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    kept = [line for line, label in zip(lines, labels, strict=True) if label in TEXT_LABELS]
    return {"text": "\n".join(kept), "labels": labels}


def _rendered_rows(
    folder: Path, found: Mapping[tuple[str, str], Decided], texts: Mapping[tuple[str, str], Any]
) -> dict[tuple[str, str], Any]:
    """The text kept of pages of HTML; their labels are told of the lines of the nearest rendering, which are measured.

    A line of that rendering which ours has not is `LOST`, as one that was left out.
    """
    rows = {}
    for page_id, html in pages_of(folder):
        decision = found.get((RENDERED, page_id))
        read = None if decision is None else read_rendered(html)
        if decision is None or read is None:
            continue
        lines = lines_of(read)
        place = same_lines(_lines_of(texts[NEAREST, page_id]), lines).tolist()
        labels = [decision.labels[i] if i >= 0 else LOST for i in place]
        rows[RENDERED, page_id] = _row(lines, decision.labels) | {"labels": labels}
    return rows


def _by_language(score: ModuleType, rows: dict[tuple[str, str], Any], pages: dict[str, Any]) -> dict[str, Any]:
    """Mean word F1 against the gold body on innertext, for languages with three pages or more."""
    found = defaultdict(list)
    for (renderer, page), row in rows.items():
        if renderer == "innertext" and pages[page]["gold"]["body"]:
            found[pages[page]["lang"]].append(score.word_f1(pages[page]["gold"]["body"], row["text"]))
    return {
        lang: {"pages": len(values), "words": float(np.mean(values))}
        for lang, values in sorted(found.items())
        if len(values) > 2
    }


def _calibration(found: Mapping[tuple[str, str], Decided], kinds: dict[str, list[str]]) -> dict[str, Any]:
    """Expected calibration error over ten bins, on the hand labels."""
    pairs = [
        (score, label == gold)
        for page, labels in kinds.items()
        if ("innertext", page) in found
        for label, score, gold in zip(*found["innertext", page], labels, strict=True)
    ]
    if not pairs:
        return {}
    score, right = (np.array(values, np.float64) for values in zip(*pairs, strict=True))
    place = np.minimum((score * 10).astype(np.int64), 9)
    bins = [
        (int((place == b).sum()), float(score[place == b].mean()), float(right[place == b].mean()))
        for b in range(10)
        if (place == b).any()
    ]
    error = sum(n * abs(said - true) for n, said, true in bins) / len(pairs)
    return {"ece": error, "bins": bins}
