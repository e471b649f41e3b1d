"""Measures on pages of the benchmark what joins them: near copies, and the lines that pages of a site share.

    python tests/quality/joining.py [--labels LABELS.parquet]

Near copies: 600 texts, several renderings of a page each, are compared pair by pair by the five-word shingles that they
really have in common, and with what `find_clusters` joins. With `--labels` (columns page_id, renderer, labels, scores;
out of fold): F1 of content over the labelled lines of sites with at least three pages, and what would become of it if
lines of content with a low score that stand on several pages of their site were taken for boilerplate.
The benchmark folder is named by DEHUSK_BENCH, or lies at shared/bench beside the repository.
"""

import argparse
import collections
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dehusk.builders.joining.copies import find_clusters
from dehusk.builders.joining.sketch import SHINGLE
from dehusk.builders.joining.trace import trace_records
from dehusk.schema.labels import TEXT_LABELS
from dehusk.schema.record import RECORDS

sys.path.insert(0, str(Path(__file__).parent))
from metadata import BENCH

CONTENT: Final = frozenset({"content", *TEXT_LABELS})
BOILERPLATE: Final = frozenset({"boilerplate", "other"})


def shingles(text: str) -> set[str]:
    """The five-word shingles of a text whose words are parted by spaces."""
    words = text.split()
    return {"".join(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))} if words else set()


def as_records(texts: list[str]) -> pa.Table:
    """Records that hold nothing but a text."""
    empty = dict.fromkeys(RECORDS.names) | {"lines": [], "n_lines": 0, "raw": ""}
    rows = [
        empty | {"id": f"{n:024x}", "text": text, "n_chars": len(text), "source": {"path": str(n)}}
        for n, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows, schema=RECORDS)


def measure_copies(n: int = 600, threshold: float = 0.8) -> None:
    """Prints how many pairs of near copies are joined."""
    texts = pq.ParquetFile(BENCH / "texts.parquet").read_row_group(0, columns=["text", "page_id"]).slice(0, n)
    words = [" ".join(text.split()) for text in texts["text"].to_pylist()]
    cluster = find_clusters([trace_records(as_records(words))], np.ones(len(words), dtype=np.bool_), threshold)
    sets = [shingles(text) for text in words]
    counts: collections.Counter[str] = collections.Counter()
    for one, two in combinations(range(len(words)), 2):
        share = len(sets[one] & sets[two]) / max(1, len(sets[one] | sets[two]))
        band = next((f"{low:.2f} to {low + 0.1:.2f}" for low in (0.9, 0.8, 0.7, 0.6) if share >= low), "below 0.60")
        counts[f"{band} in common: {'joined' if cluster[one] == cluster[two] else 'apart'}"] += 1
    for name, count in sorted(counts.items()):
        print(f"{name:<40}{count:>8}")


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled line: what it is, what it was taken for, how surely, on how many pages it and its neighbours stand."""

    content: bool
    taken: bool
    score: float
    pages: int
    beside: int
    words: int


Pages = list[tuple[list[str], list[str], str]]  # lines, their gold labels, the page


def read_sites() -> dict[tuple[str, str], Pages]:
    """The pages of each renderer and site."""
    sites: dict[str, str] = {}
    groups: dict[tuple[str, str], Pages] = collections.defaultdict(list)
    for name in ("pages", "wcxb_pages"):
        table = pq.read_table(BENCH / f"{name}.parquet", columns=["page_id", "site"])
        sites.update(zip(table["page_id"].to_pylist(), table["site"].to_pylist(), strict=True))
    columns = ["page_id", "renderer", "text", "lines"]
    for name in ("texts", "wcxb_texts"):
        for batch in pq.ParquetFile(BENCH / f"{name}.parquet").iter_batches(200, columns=columns):
            for row in batch.to_pylist():
                lines = [row["text"][line["start"] : line["end"]] for line in row["lines"]]
                gold = [line["label"] for line in row["lines"]]
                if sites.get(row["page_id"]):
                    groups[row["renderer"], sites[row["page_id"]]].append((lines, gold, row["page_id"]))
    return groups


def read_lines(labels: Path) -> Iterator[tuple[str, Line]]:
    """The renderer and each labelled line of sites with three pages or more."""
    predicted = {(row["page_id"], row["renderer"]): row for row in pq.read_table(labels).to_pylist()}
    for (renderer, _), all_pages in read_sites().items():
        pages = [page for page in all_pages if (page[2], renderer) in predicted]
        if len(pages) < 3:
            continue
        stands = collections.Counter(line for lines, _, _ in pages for line in set(lines))
        for lines, gold, page in pages:
            row = predicted[page, renderer]
            on = [0, *(stands[line] for line in lines), 0]
            for at in (at for at, label in enumerate(gold) if label in CONTENT | BOILERPLATE):
                taken, beside = row["labels"][at] in TEXT_LABELS, min(on[at], on[at + 2])
                words = len(lines[at].split())
                yield renderer, Line(gold[at] in CONTENT, taken, row["scores"][at], on[at + 1], beside, words)


RULES: Final[dict[str, Callable[[Line], bool]]] = {
    "as labelled": lambda _: False,
    "on 2 pages, score < 0.6": lambda line: line.pages >= 2 and line.score < 0.6,
    "on 3 pages, score < 0.7, 3 words": lambda line: line.pages >= 3 and line.score < 0.7 and line.words >= 3,
    "on 3 pages as its neighbours, score < 0.8, 2 words": lambda line: (
        line.pages >= 3 and line.beside >= 3 and line.score < 0.8 and line.words >= 2
    ),
}


def measure_template(labels: Path) -> None:
    """Prints the F1 of content with and without the site's own lines taken out."""
    of: dict[str, list[Line]] = collections.defaultdict(list)
    for renderer, line in read_lines(labels):
        of[renderer].append(line)
    for renderer in ("innertext", "soup", "resiliparse"):
        for name, rule in RULES.items():
            kept = [line.taken and not rule(line) for line in of[renderer]]
            right = sum(line.content and kept[at] for at, line in enumerate(of[renderer]))
            f1 = 2 * right / max(1, sum(kept) + sum(line.content for line in of[renderer]))
            print(f"{renderer:<12}{name:<52}{f1:.4f}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path)
    asked = parser.parse_args()
    measure_copies()
    if asked.labels:
        measure_template(asked.labels)


if __name__ == "__main__":
    main()
