"""Fits the tables by which `builders/describing/headline.py` finds a page's headline, and measures them out of fold.

    python tests/quality/headline.py LABELS.parquet [--write]

LABELS are out-of-fold labels of the line model (columns page_id, renderer, labels, scores), so that the tables learn
from labels as wrong as they will be. The right lines of a page are those that hold its gold title, letter for letter.
A multinomial model chooses among the lines of a page or none of them; it is fitted twice, on what stands around a
line for the shortlist, then on everything for the choice. Five folds by site give the figures; `--write` fits on all
pages and writes `builders/describing/headline_tables.py`.
"""

import argparse
import collections
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from dehusk.builders.describing.describe import read_title
from dehusk.builders.describing.headline import (
    MAX_TITLE,
    POINTS,
    READ,
    SHORTLIST,
    SHORTLIST_POINTS,
    body_of,
    place_features,
    rank_headlines,
    read_features,
)
from dehusk.builders.describing.sheet import About, Sheet, lay_out
from dehusk.builders.labelling.examples import Text, fold_of_sites

sys.path.insert(0, str(Path(__file__).parent))
from metadata import BENCH, as_tables, load_score, predicted_labels, read_texts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PLACED: Final = (
    *("label", "doubt", "previous", "next", "after next", "length", "place", "to body", "gap before", "texts before"),
    *("texts ahead", "menu before"),
)
SIZES: Final = dict(
    zip(
        (*PLACED, *READ),
        (*(17, 85, 18, 18, 18, 10, 7, 12, 4, 6, 7, 7), *(7, 5, 3, 3, 4, 4, 3, 5, 5, 13, 3, 3)),
        strict=True,
    )
)
"""Rows of each table."""

FIRST_ROW: Final = dict(zip(SIZES, np.cumsum([0, *SIZES.values()]).tolist(), strict=False))
ROWS: Final = sum(SIZES.values())
NONE: Final = ROWS
"""The weight of no line being right."""

PENALTY: Final = 5e-4
STEPS: Final = 120
OTHERS: Final = 40
"""Wrong lines of a page that the shortlist learns from, drawn at random."""
RENDERERS: Final = ("innertext", "soup")
FOLDS: Final = 5
SEED: Final = 1
SCALE: Final = 100
TARGET: Final = Path(__file__).parents[2] / "builders" / "describing" / "headline_tables.py"


@dataclass
class Example:
    """One page with a gold title: which of its lines hold it, and what is known of each line."""

    page_id: str
    group: str
    fold: int
    right: npt.NDArray[np.bool_]
    placed: Ints
    sheet: Sheet
    gold: str


def read_examples(labels_file: Path) -> list[Example]:
    """The pages that have labels and a gold title."""
    score = load_score(BENCH)
    pages = {
        row["page_id"]: row
        for part in ("", "wcxb_")
        for row in pq.ParquetFile(BENCH / f"{part}pages.parquet")
        .read(columns=["page_id", "site", "gold.title"])
        .to_pylist()
    }
    labels = predicted_labels(labels_file)
    texts = [text for renderer in RENDERERS for text in read_texts(BENCH, renderer)]
    texts = [t for t in texts if (t["page_id"], t["renderer"]) in labels and pages[t["page_id"]]["gold"]["title"]]
    sites = [pages[t["page_id"]]["site"] or t["page_id"] for t in texts]
    folds = fold_of_sites(
        [
            Text(t["page_id"], t["renderer"], t["source"], site, "", "", 0, 0)
            for t, site in zip(texts, sites, strict=True)
        ],
        FOLDS,
        SEED,
    )
    examples = []
    for text, sheet in zip(texts, lay_out(*as_tables(texts, labels)), strict=True):
        page = pages[text["page_id"]]
        title = page["gold"]["title"]
        if text["lines"]:
            features = place_features([sheet], [body_of(sheet)])
            placed = np.stack([features[name] + FIRST_ROW[name] for name in PLACED], axis=1)
            group = f"{text['renderer']:18} {text['source']}"
            fold = folds[page["site"] or text["page_id"]]
            gold = score.letters(title)
            examples.append(Example(text["page_id"], group, fold, right_lines(score, text, title), placed, sheet, gold))
    return examples


def right_lines(score: Any, text: dict[str, Any], title: str) -> npt.NDArray[np.bool_]:
    """Whether each line holds the gold title, letter for letter."""
    wanted, slack = score.letters(title), max(12, len(title) // 3)
    found = [
        abs(x["end"] - x["start"] - len(title)) <= slack
        and score.letters(text["text"][x["start"] : x["end"]]) == wanted
        for x in text["lines"]
    ]
    return np.array(found, dtype=np.bool_)


def fit(rows: list[Ints], right: list[npt.NDArray[np.bool_]], weight: Floats) -> Floats:
    """Weights of all table rows and of `NONE`: gradient descent (Adam) on the log-likelihood of the right lines."""
    x, y = np.concatenate(rows), np.concatenate(right)
    sizes = np.array([len(r) for r in rows])
    first, of = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(rows)), sizes)
    has = np.logical_or.reduceat(y, first)
    theta, mean, square = np.zeros(ROWS + 1), np.zeros(ROWS + 1), np.zeros(ROWS + 1)
    for step in range(1, STEPS + 1):
        raised = theta[x].sum(axis=1)
        top = np.maximum(np.maximum.reduceat(raised, first), theta[NONE])
        share, none = np.exp(raised - top[of]), np.exp(theta[NONE] - top)
        total = np.add.reduceat(share, first) + none
        rightly = np.add.reduceat(share * y, first)
        wanted = np.where(has[of], share * y / np.maximum(rightly, 1e-12)[of], 0)
        slope = weight[of] * (share / total[of] - wanted)
        gradient = np.zeros(ROWS + 1)
        for column in x.T:
            gradient[:ROWS] += np.bincount(column, weights=slope, minlength=ROWS)
        gradient[NONE] = (weight * (none / total - ~has)).sum()
        gradient = gradient / len(rows) + 2 * PENALTY * np.append(theta[:ROWS], 0)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient**2
        pace = 0.1 * min(1, 4 * (1 - step / (STEPS + 1)))
        theta -= pace * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return theta


def shortlist(example: Example, theta: Floats) -> tuple[Ints, Ints]:
    """The lines that are read, and the rows of all tables for each of them."""
    raised = theta[example.placed].sum(axis=1)
    raised[example.sheet.ends - example.sheet.starts > MAX_TITLE] -= 1e6
    best = np.argsort(-raised, kind="stable")[:SHORTLIST]
    read = read_features(example.sheet, body_of(example.sheet), best.tolist())
    told = read + np.array([FIRST_ROW[name] for name in READ])
    return best, np.concatenate([example.placed[best], told], axis=1)


def sampled(example: Example, seed: int) -> Ints:
    """Places of the right lines of a page and of some others."""
    order = np.random.default_rng(seed).permutation(len(example.right))
    others = order[~example.right[order]][:OTHERS]
    return np.sort(np.append(others, np.flatnonzero(example.right)))


def fit_both(examples: list[Example]) -> tuple[Floats, Floats]:
    """Weights for the shortlist and for the choice."""
    count = collections.Counter(example.page_id for example in examples)
    clear = [example for example in examples if example.right.any()]
    drawn = [sampled(example, i) for i, example in enumerate(clear)]
    first = fit(
        [e.placed[some] for e, some in zip(clear, drawn, strict=True)],
        [e.right[some] for e, some in zip(clear, drawn, strict=True)],
        np.array([3 / count[e.page_id] for e in clear]),
    )
    lists = [shortlist(example, first) for example in examples]
    second = fit(
        [rows for _, rows in lists],
        [example.right[best] for example, (best, _) in zip(examples, lists, strict=True)],
        np.array([3 / count[e.page_id] for e in examples]),
    )
    return first, second


def measure(examples: list[Example], folds: int) -> None:
    """Prints, out of fold, how often the best line is right, and the title that is made of it."""
    letters = load_score(BENCH).letters
    told: dict[str, list[tuple[bool, bool, bool, bool]]] = collections.defaultdict(list)
    for fold in range(folds):
        first, second = fit_both([e for e in examples if e.fold != fold])
        for points, tables in ((SHORTLIST_POINTS, as_tables_of(first, PLACED)), (POINTS, choice_tables(second))):
            points[:] = np.concatenate(list(tables.values()))
        for example in (e for e in examples if e.fold == fold):
            [best] = rank_headlines([example.sheet])
            about = About()
            read_title(example.sheet, best, about)
            title = about.fields.get("title")
            told[example.group].append(
                (
                    bool(best) and bool(example.right[best[0].place]),
                    bool(example.right.any()),
                    title is not None,
                    title is not None and letters(title) == example.gold,
                )
            )
    for group, rows_of in sorted(told.items()):
        line, there, given, right = (np.array(column) for column in zip(*rows_of, strict=True))
        print(
            f"{group:32} {len(line):5}  line {line.mean():.3f} of {there.mean():.3f} that have such a line  "
            f"title {right.mean():.3f}  given {given.mean():.3f}, right {right.sum() / max(given.sum(), 1):.3f}"
        )


def as_tables_of(theta: Floats, names: Sequence[str]) -> dict[str, list[int]]:
    """Weights as whole numbers, by table."""
    return {n: np.rint(SCALE * theta[FIRST_ROW[n] : FIRST_ROW[n] + SIZES[n]]).astype(int).tolist() for n in names}


def choice_tables(second: Floats) -> dict[str, list[int]]:
    """The tables of the choice; `NONE` is taken off a table of which every line has a row."""
    second = second.copy()
    second[FIRST_ROW["place"] : FIRST_ROW["place"] + SIZES["place"]] -= second[NONE]
    return as_tables_of(second, list(SIZES))


def write_tables(first: Floats, second: Floats) -> None:
    """Writes the weights as whole numbers."""
    parts = ['"""The tables of `headline.py`, in hundredths of a nat; written by `tests/quality/headline.py`."""\n']
    parts += ["from typing import Final\n", "import numpy as np\n"]
    for name, tables in (("SHORTLIST_TABLES", as_tables_of(first, PLACED)), ("TABLES", choice_tables(second))):
        body = "".join(f'    "{n}": np.array({values}),\n' for n, values in tables.items())
        parts.append(f"{name}: Final = {{\n{body}}}\n")
    TARGET.write_text("\n".join(parts), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="out-of-fold labels")
    parser.add_argument("--write", action="store_true", help="fit on all pages and write the tables")
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many of the five folds to measure")
    args = parser.parse_args()
    examples = read_examples(args.labels)
    print(f"{len(examples)} texts with a gold title, {sum(e.right.any() for e in examples)} with a line that holds it")
    if args.write:
        write_tables(*fit_both(examples))
    else:
        measure(examples, args.folds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
