"""What twenty corrections on a site never seen are worth on its other pages, by the weights of each fold of a training:

    python tests/quality/corrections.py 'trained/fold{}.npz'

Of each site of the benchmark folder with enough hand-labelled pages: its pages are put right as in a review, the most
doubtful first, until twenty lines were corrected (all other lines before the twentieth are thereby confirmed); then the
weights of the fold that holds the site, which had not seen it, are tuned as `dehusk tune` does, held back by pages of
other sites. Counted are right labels and word F1 of the text on the other pages of the site, and on yet other pages of
other sites. Tables are taken from the weights that come with the package.
"""

import argparse
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dehusk.builders.labelling.examples import (
    EXACT,
    PARTS,
    Examples,
    Text,
    fold_of_sites,
    hand_labels,
    no_examples,
    read_texts,
)
from dehusk.builders.labelling.hand import LabelledPage
from dehusk.builders.labelling.model import LineModel, stored_weights
from dehusk.builders.labelling.own import with_own
from dehusk.builders.labelling.trial import decided_lines
from dehusk.builders.labelling.tune import TABLES, tune_model
from dehusk.schema.labels import LABELS, TEXT_LABELS

CORRECTIONS = 20
HELD = 60
"""Pages of other sites that hold the weights back; the other ones of the fold, at most `GUARDED`, are measured."""
GUARDED = 100
FOLDS = 5
TEXT = np.array([label in TEXT_LABELS for label in LABELS])
BENCH = Path(os.environ.get("DEHUSK_BENCH") or Path(__file__).parents[3] / "shared" / "bench")

Weights = dict[str, NDArray[Any]]


class Found(NamedTuple):
    """What is known of the benchmark: hand-labelled pages by site, and the fold of each site."""

    pages: dict[str, list[LabelledPage]]
    fold: dict[str, int]


def read_bench() -> Found:
    """The hand-labelled pages, by site; those of no known site each by itself."""
    labels = hand_labels(BENCH, Path(__file__).with_name("labels.jsonl"))
    site: dict[str, str] = {}
    for part in PARTS:
        rows = pq.read_table(BENCH / f"{part}pages.parquet", columns=["page_id", "site"]).to_pylist()
        site |= {row["page_id"]: row["site"] or row["page_id"] for row in rows}
    pages, texts = defaultdict(list), []
    for text in read_texts(BENCH):
        key = text["page_id"]
        if text["lines"]:
            texts.append(Text(key, text["renderer"], "", site[key], "", "", 0, 0))
        if key in labels and text["renderer"] == "innertext":
            start, end = (np.array([line[name] for line in text["lines"]], np.int64) for name in ("start", "end"))
            pages[site[key]].append(LabelledPage(key, "", text["text"], start, end, tuple(labels[key])))
    return Found(dict(pages), fold_of_sites(texts, FOLDS, 1))


def right(weights: Weights, pages: Sequence[LabelledPage]) -> NDArray[np.int64]:
    """int64[5]: right lines, lines; words of text that are kept and should be, are kept, should be."""
    examples = with_own(no_examples(), pages)
    model = LineModel.from_arrays(weights)
    label = np.concatenate([each.label for each in decided_lines(model, examples)]).astype(np.int64)
    gold = examples.target.astype(np.int64) - EXACT
    kept, text = TEXT[label], TEXT[gold]
    return np.array([(label == gold).sum(), len(gold), *(examples.size @ part for part in (kept & text, kept, text))])


def corrected(weights: Weights, pages: Sequence[LabelledPage]) -> list[LabelledPage]:
    """Pages put right, the most doubtful first, until so many lines were corrected; what comes after is not known."""
    examples = with_own(no_examples(), pages)
    guesses = decided_lines(LineModel.from_arrays(weights), examples)
    doubt = [float(1 - guess.score.mean()) for guess in guesses]
    done, left = [], CORRECTIONS
    for number in sorted(range(len(pages)), key=lambda n: (-doubt[n], pages[n].id)):
        wrong = np.flatnonzero(guesses[number].label != _gold(examples, number))
        upto = len(pages[number].labels) if len(wrong) < left else int(wrong[left - 1]) + 1
        labels = tuple(label if n < upto else None for n, label in enumerate(pages[number].labels))
        done.append(pages[number]._replace(labels=labels))
        left -= min(left, len(wrong))
        if not left:
            break
    return done


def _gold(examples: Examples, number: int) -> NDArray[np.int64]:
    text = examples.texts[number]
    return examples.target[text.first : text.last].astype(np.int64) - EXACT


def told(before: NDArray[np.int64], after: NDArray[np.int64]) -> str:
    """Shares of right labels and word F1, before and after, as cells of a table."""
    shares = [each[0] / each[1] for each in (before, after)]
    f1 = [2 * each[2] / max(1, each[3] + each[4]) for each in (before, after)]
    return " | ".join(f"{value:.3f}" for value in (*shares, *f1))


def main() -> None:
    """Prints a table in Markdown: a row a site, and one of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", help="path of the weights of a fold, {} being its number from 0")
    parser.add_argument("--pages", type=int, default=4, help="sites with so many pages are taken")
    asked = parser.parse_args()
    pages, fold = read_bench()
    tables = {name: stored_weights()[name] for name in TABLES}
    sites = [site for site, own in sorted(pages.items()) if len(own) >= asked.pages and "." in site]
    print("| site | pages read, others | lines | right before | after | F1 before | after |")
    print("|" + "---|" * 7)
    total = np.zeros((4, 5), np.int64)
    for site in sites:
        with np.load(asked.weights.format(fold[site]), allow_pickle=False) as stored:
            weights: Weights = {name: stored[name] for name in stored.files} | tables
        read = corrected(weights, pages[site])
        rest = [page for page in pages[site] if page.id not in {one.id for one in read}]
        if not rest:
            continue
        away = [
            page for one, own in sorted(pages.items()) if fold[one] == fold[site] and one not in sites for page in own
        ]
        away = [away[n] for n in np.random.default_rng(1).permutation(len(away))]
        tuned = tune_model(weights, read, away[:HELD]).arrays
        guarded = away[HELD : HELD + GUARDED]
        counts = np.array([right(each, group) for group in (rest, guarded) for each in (weights, tuned)])
        total += counts
        print(f"| {site} | {len(read)}, {len(rest)} | {counts[0, 1]} | {told(*counts[:2])} |", flush=True)
    print(f"| all of them | | {total[0, 1]} | {told(*total[:2])} |")
    print(f"| pages of other sites | | {total[2, 1]} | {told(*total[2:])} |")


if __name__ == "__main__":
    main()
