"""What twenty corrections on a site never seen are worth on its other pages: `python tests/quality/corrections.py`.

A small trial with the functions of `dehusk train`: the line model alone, without teacher and word vectors, learns from
the hand-labelled pages of the benchmark folder, but of none of a site with four or more of them. Then, as in a review,
the pages of each such site are put right, the most doubtful first, until twenty lines of the site were corrected (all
other lines before the twentieth are thereby confirmed), and the model learns again, with these. Counted are right
labels on the other pages of these sites: before; after; and of a model that learnt without them in another order, which
shows what chance does.
"""

import argparse
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dehusk.builders.labelling.examples import EXACT, PARTS, hand_labels, no_examples, read_texts
from dehusk.builders.labelling.hand import LabelledPage
from dehusk.builders.labelling.own import with_own
from dehusk.builders.labelling.train import STUDENT, Lessons, Trained, chances, load_phrases, train_network

CORRECTIONS = 20
LEAST_PAGES = 4
BENCH = Path(os.environ.get("DEHUSK_BENCH") or Path(__file__).parents[3] / "shared" / "bench")


class Guess(NamedTuple):
    """Of one text: the labels by their places in `LABELS`, int64[n], and the mean doubt of its lines."""

    label: NDArray[np.int64]
    doubt: float


def labelled_by_site() -> dict[str, list[LabelledPage]]:
    """The hand-labelled pages, by site; those of no known site each by itself."""
    labels = hand_labels(BENCH, Path(__file__).with_name("labels.jsonl"))
    site: dict[str, str] = {}
    for part in PARTS:
        rows = pq.read_table(BENCH / f"{part}pages.parquet", columns=["page_id", "site"]).to_pylist()
        site |= {row["page_id"]: row["site"] or row["page_id"] for row in rows}
    found = defaultdict(list)
    for text in read_texts(BENCH):
        read = labels.get(text["page_id"])
        if read and text["renderer"] == "innertext":
            start, end = (np.array([line[name] for line in text["lines"]], np.int64) for name in ("start", "end"))
            page = LabelledPage(text["page_id"], "", text["text"], start, end, tuple(read))
            found[site[page.id]].append(page)
    return found


def learn(pages: Sequence[LabelledPage], sites: Sequence[str], epochs: int, seed: int) -> Trained:
    """A line model of these pages."""
    examples = with_own(no_examples(), pages)
    examples = examples._replace(
        texts=[text._replace(site=site) for text, site in zip(examples.texts, sites, strict=True)]
    )
    plan = replace(STUDENT, epochs=epochs, rounded_epochs=0)
    lessons = Lessons(examples, None, load_phrases())
    return train_network(lessons, range(len(examples.texts)), plan, seed, say=lambda _: None)


def guess(trained: Trained, pages: Sequence[LabelledPage]) -> list[Guess]:
    """What a model says of pages."""
    examples = with_own(no_examples(), pages)
    found = []
    for _, logits, _, _ in chances(examples, range(len(pages)), trained):
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        sure = (raised / raised.sum(axis=1, keepdims=True)).max(axis=1)
        found.append(Guess(logits.argmax(axis=1), float(1 - sure.mean())))
    return found


def gold(page: LabelledPage) -> NDArray[np.int64]:
    """The labels of a page, by their places in `LABELS`."""
    return with_own(no_examples(), [page]).target.astype(np.int64) - EXACT


def corrected(pages: Sequence[LabelledPage], guesses: Sequence[Guess]) -> list[LabelledPage]:
    """Pages put right, the most doubtful first, until so many lines were corrected; what comes after is not known."""
    done, left = [], CORRECTIONS
    for number in sorted(range(len(pages)), key=lambda n: (-guesses[n].doubt, pages[n].id)):
        wrong = np.flatnonzero(guesses[number].label != gold(pages[number]))
        upto = len(pages[number].labels) if len(wrong) < left else int(wrong[left - 1]) + 1
        labels = tuple(label if n < upto else None for n, label in enumerate(pages[number].labels))
        done.append(pages[number]._replace(labels=labels))
        left -= min(left, len(wrong))
        if not left:
            break
    return done


def right(trained: Trained, pages: Sequence[LabelledPage]) -> int:
    """How many lines of pages a model labels right."""
    found = zip(guess(trained, pages), pages, strict=True)
    return sum(int(np.count_nonzero(one.label == gold(page))) for one, page in found)


def main() -> None:
    """Prints a table in Markdown, as far as it is known, after each training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=STUDENT.epochs)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    by_site = labelled_by_site()
    apart = sorted(site for site, pages in by_site.items() if len(pages) >= LEAST_PAGES and "." in site)
    known = [(page, site) for site, pages in by_site.items() if site not in apart for page in pages]
    pages, sites = [page for page, _ in known], [site for _, site in known]
    print(f"{len(pages)} pages learnt from, {asked.epochs} epochs, seed {asked.seed}\n")
    before = learn(pages, sites, asked.epochs, asked.seed)
    done = {site: corrected(by_site[site], guess(before, by_site[site])) for site in apart}
    others = {site: [page for page in by_site[site] if page.id not in {one.id for one in done[site]}] for site in apart}
    for site in apart:
        print(f"{site}: {CORRECTIONS} corrections took {len(done[site])} of {len(by_site[site])} pages")
    tell("before", before, others)
    more = [(page, site) for site in apart for page in done[site]]
    after = learn(
        [*pages, *[page for page, _ in more]], [*sites, *[site for _, site in more]], asked.epochs, asked.seed
    )
    tell("after", after, others)
    tell("before, another seed", learn(pages, sites, asked.epochs, asked.seed + 1), others)


def tell(name: str, trained: Trained, others: dict[str, list[LabelledPage]]) -> None:
    """Prints a row: the share of right labels on the pages of each site, and of all."""
    counts = {
        site: (right(trained, pages), sum(len(page.labels) for page in pages))
        for site, pages in others.items()
        if pages
    }
    if name == "before":
        print(f"\n| | {' | '.join(counts)} | all |\n|{'---|' * (len(counts) + 2)}")
        print(f"| other pages: lines | {' | '.join(str(n) for _, n in counts.values())} | {_sum(counts, 1)} |")
    shares = " | ".join(f"{part / whole:.3f}" for part, whole in counts.values())
    print(f"| right {name} | {shares} | {_sum(counts, 0) / _sum(counts, 1):.3f} |", flush=True)


def _sum(counts: dict[str, tuple[int, int]], place: int) -> int:
    return sum(each[place] for each in counts.values())


if __name__ == "__main__":
    main()
