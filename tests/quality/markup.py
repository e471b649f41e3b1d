"""Measures the metadata that is read from HTML pages of the benchmark, beside trafilatura's on the same pages.

    python tests/quality/markup.py [--labels LABELS.parquet] [--trafilatura] [--wrong FIELD] [--fit]

The visible text is the benchmark's innertext rendering, labelled by a file of predictions with the columns page_id,
renderer, labels, scores (out of fold); without `--labels` no visible line has a label, and what is measured is the
markup beside unlabelled text. `--fit` fits the points of `builders/describing/titles.py` on the titles of the
benchmark, prints how often they are right on sites held out, and writes `builders/describing/title_points.py`.
The benchmark folder is named by DEHUSK_BENCH, or lies at shared/bench beside the repository.
"""

import argparse
import collections
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import turbohtml

from dehusk.builders.describing.declared import DECLARED, Declared, read_declared
from dehusk.builders.describing.describe import describe_pages
from dehusk.builders.describing.jsonld import letters
from dehusk.builders.describing.titles import rank_titles

sys.path.insert(0, str(Path(__file__).parent))
from metadata import BENCH, as_tables, load_score, predicted_labels, read_texts

TARGET: Final = Path(__file__).parents[2] / "builders" / "describing" / "title_points.py"
FIELDS: Final = ("title", "published", "authors")
FOLDS: Final = 5
STEPS: Final = 300
PENALTY: Final = 1.0
LEAST: Final = 8
"""Titles of the benchmark that must have a mark, for it to get points."""
WEIGHTS: Final = {"fundus": 4.0}
"""News counts fourfold, so that the 153 pages of fundus weigh about as much against the 1,226 of WCXB."""
NOT_FITTED: Final = ("readability", "newspaper4k")
"""Sources whose gold titles are the output of an extractor."""

Floats = npt.NDArray[np.float64]
Made = dict[str, dict[str, Any]]


@dataclass
class Read:
    """One page: its gold, what its markup declares, and what trafilatura reads, if asked."""

    page_id: str
    source: str
    site: str
    gold: dict[str, Any]
    declared: list[Declared]
    other: dict[str, Any]


def theirs(html: str) -> dict[str, Any]:
    """Title, date and authors as `trafilatura.extract_metadata` reads them."""
    from trafilatura import extract_metadata

    found: Any = extract_metadata(html)
    made: dict[str, Any] = found.as_dict() if found is not None else {}
    authors = [name for name in (made.get("author") or "").split("; ") if name]
    return {"title": made.get("title"), "published": made.get("date"), "authors": authors}


def read_pages(*, trafilatura: bool) -> Iterator[Read]:
    """The pages of the benchmark, read one after the other; prints what each step costs."""
    spent: dict[str, list[float]] = collections.defaultdict(list)

    def timed(name: str, step: Callable[[Any], Any], given: Any) -> Any:
        began = time.process_time()
        value = step(given)
        spent[name].append(time.process_time() - began)
        return value

    for part in ("", "wcxb_"):
        file = pq.ParquetFile(BENCH / f"{part}pages.parquet")
        for batch in file.iter_batches(batch_size=64, columns=["page_id", "source", "site", "html", "gold"]):
            for row in batch.to_pylist():
                html = row["html"]
                tree = timed("parse", turbohtml.parse, html)
                declared = timed("read_declared", read_declared, tree)
                other = timed("trafilatura", theirs, html) if trafilatura else {}
                yield Read(row["page_id"], row["source"], row["site"] or row["page_id"], row["gold"], declared, other)
    for name, times in spent.items():
        times.sort()
        mean, median, p99 = sum(times) / len(times), times[len(times) // 2], times[len(times) * 99 // 100]
        print(f"{name:14} ms CPU a page: median {median * 1e3:.3f}  mean {mean * 1e3:.3f}  p99 {p99 * 1e3:.3f}")


def ours(reads: list[Read], labels: Path | None, *, markup: bool) -> Made:
    """What dehusk describes, by page, from the innertext rendering, with the markup or without."""
    known = predicted_labels(labels) if labels else {}
    texts = {row["page_id"]: row for row in read_texts(BENCH, "innertext")}
    rows, of = [], {}
    for read in reads:
        row = texts.get(read.page_id, {"page_id": read.page_id, "text": "", "lines": []})
        row |= {"renderer": "innertext"}
        key = read.page_id, "innertext"
        of[key] = known.get(key, (["interface"] * len(row["lines"]), [0.5] * len(row["lines"])))
        rows.append(row)
    pages, lines = as_tables(rows, of)
    if markup:
        values = [[one._asdict() for one in read.declared] for read in reads]
        pages = pages.append_column("declared", pa.array(values, DECLARED))
    began = time.process_time()
    described = describe_pages(pages, lines).drop_columns(["raw"])
    name = "with markup" if markup else "text alone"
    print(f"describe, {name:12} ms CPU a page: {(time.process_time() - began) / pages.num_rows * 1e3:.3f}")
    rows = described.to_pylist()
    for row in rows:
        row["published"] = row["published"] and row["published"].isoformat()
    return {read.page_id: row for read, row in zip(reads, rows, strict=True)}


def mean(values: list[Any]) -> float:
    return float(np.mean(values)) if values else float("nan")


def figures(score: ModuleType, rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, float]:
    """Of all pages with a gold value: titles exact, days right, mean F1 of authors; and days right of those given."""
    titles = [score.letters(made["title"]) == score.letters(gold["title"]) for gold, made in rows if gold["title"]]
    days = [(made["published"], gold["published"]) for gold, made in rows if gold["published"]]
    right = [score.same_day(made, gold) for made, gold in days]
    authors = [score.author_f1(gold["authors"], made["authors"]) for gold, made in rows if gold["authors"]]
    given = sum(made is not None for made, _ in days)
    return {
        "title": mean(titles),
        "date day": mean(right),
        "of given": sum(right) / given if given else float("nan"),
        "authors F1": mean(authors),
    }


def how_right(score: ModuleType, name: str, gold: Any, value: Any) -> float:
    """How right a value of a field is: 0 or 1, for authors their F1."""
    if name == "title":
        return float(score.letters(value) == score.letters(gold))
    return float(score.same_day(value, gold)) if name == "published" else float(score.author_f1(gold, value))


def by_origin(score: ModuleType, reads: list[Read], made: Made) -> None:
    """How often each origin won, and was right, by field."""
    counts: dict[tuple[str, str], list[float]] = collections.defaultdict(list)
    for read in reads:
        row = made[read.page_id]
        for name in FIELDS:
            won = [x["origin"] for x in row["evidence"] if x["field"] == name and x["verdict"] == "won"]
            if read.gold[name]:
                counts[name, won[0] if won else "(nothing)"].append(how_right(score, name, read.gold[name], row[name]))
    print("\nfield      won by                                   pages  right")
    for (name, origin), values in sorted(counts.items(), key=lambda x: (x[0][0], -len(x[1]))):
        if len(values) >= LEAST:
            print(f"{name:10} {origin:40} {len(values):5}  {np.mean(values):.3f}")


def show_wrong(score: ModuleType, reads: list[Read], made: Made, name: str) -> None:
    for read in reads:
        gold, value = read.gold[name], made[read.page_id][name]
        if gold and how_right(score, name, gold, value) < 1:
            print(f"{read.page_id}\n    gold {gold!r}\n    made {value!r}")
            for one in made[read.page_id]["evidence"]:
                if one["field"] == name:
                    print(f"      {one['verdict']:8} {one['origin']}: {one['value']!r}")


# --- the points of titles --------------------------------------------------------------------------------------------


@dataclass
class Choice:
    """The titles of one page: their marks, and which of them is right."""

    source: str
    site: str
    marks: list[set[str]]
    right: list[bool]


def choices(reads: list[Read], labels: Path | None) -> list[Choice]:
    """What there is to choose among on each page whose gold title is known and is among its titles, or is not."""
    texts = {row["page_id"]: row for row in read_texts(BENCH, "innertext")}
    flat = ours(reads, labels, markup=False)
    found = []
    for read in reads:
        gold = letters(read.gold["title"] or "")
        if not gold or read.source in NOT_FITTED:
            continue
        said = flat[read.page_id]["title"]
        groups = rank_titles(read.declared, said, texts.get(read.page_id, {"text": ""})["text"])
        found.append(
            Choice(read.source, read.site, [g.marks for g in groups], [letters(g.value) == gold for g in groups])
        )
    return found


def fit(pages: list[Choice], names: list[str]) -> Floats:
    """Weights of the marks: a multinomial choice among the titles of a page, by Adam, with an L2 penalty."""
    place = {name: i for i, name in enumerate(names)}
    usable = [page for page in pages if any(page.right)]
    rows = [
        (p, marks, right) for p, page in enumerate(usable) for marks, right in zip(page.marks, page.right, strict=True)
    ]
    x = np.zeros((len(rows), len(names)))
    for i, (_, marks, _right) in enumerate(rows):
        x[i, [place[mark] for mark in marks if mark in place]] = 1
    of = np.array([p for p, _, _ in rows])
    y = np.array([right for _, _, right in rows], dtype=np.float64)
    weight = np.array([WEIGHTS.get(usable[p].source, 1.0) for p in of])
    w, m, v = (np.zeros(len(names)) for _ in range(3))
    for step in range(1, STEPS + 1):
        z = x @ w
        top = np.full(len(usable), -np.inf)
        np.maximum.at(top, of, z)
        e = np.exp(z - top[of])
        chance = e / np.bincount(of, e)[of]
        slope = x.T @ ((chance - y) * weight) + PENALTY * w
        m, v = 0.9 * m + 0.1 * slope, 0.99 * v + 0.01 * slope**2
        w -= 0.1 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
    return w


def points_of(pages: list[Choice]) -> dict[str, int]:
    """Fitted points, in tenths of a natural logarithm of odds; marks that few titles have get none."""
    counts = collections.Counter(mark for page in pages for marks in page.marks for mark in marks)
    names = sorted(name for name, n in counts.items() if n >= LEAST)
    weights = fit(pages, names)
    return {name: round(10 * value) for name, value in zip(names, weights.tolist(), strict=True) if round(10 * value)}


def picks_right(page: Choice, points: dict[str, int]) -> bool:
    sums = [sum(points.get(mark, 0) for mark in marks) for marks in page.marks]
    return bool(sums) and page.right[max(range(len(sums)), key=lambda i: (sums[i], -i))]


def fit_titles(reads: list[Read], labels: Path | None) -> None:
    """Fits, prints how often sites held out come out right, and writes the points."""
    pages = choices(reads, labels)
    held: dict[str, list[bool]] = collections.defaultdict(list)
    for k in range(FOLDS):
        fold = [page for page in pages if zlib.crc32(page.site.encode()) % FOLDS == k]
        points = points_of([page for page in pages if zlib.crc32(page.site.encode()) % FOLDS != k])
        for page in fold:
            held[page.source].append(picks_right(page, points))
    for source, values in sorted(held.items()):
        print(f"titles, sites held out: {source:12} {np.mean(values):.3f} of {len(values)}")
    lines = "\n".join(
        f'    "{name}": {value},' for name, value in sorted(points_of(pages).items(), key=lambda x: -x[1])
    )
    TARGET.write_text(
        '"""The points by which `titles` chooses; written by `tests/quality/markup.py --fit`."""\n\n'
        "from typing import Final\n\n"
        f"POINTS: Final[dict[str, int]] = {{\n{lines}\n}}\n"
        '"""What each mark of a title counts, in tenths of a natural logarithm of odds."""\n',
        encoding="utf-8",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, help="predicted labels of the innertext rendering; default: none")
    parser.add_argument("--trafilatura", action="store_true", help="measure trafilatura too (pip install trafilatura)")
    parser.add_argument("--wrong", choices=FIELDS, help="print every wrong value of a field")
    parser.add_argument("--fit", action="store_true", help="fit the points of titles")
    args = parser.parse_args()
    if not BENCH.is_dir():
        print(f"no benchmark folder at {BENCH}: set DEHUSK_BENCH", file=sys.stderr)
        return 0
    score = load_score(BENCH)
    reads = list(read_pages(trafilatura=args.trafilatura))
    if args.fit:
        fit_titles(reads, args.labels)
        return 0
    made = ours(reads, args.labels, markup=True)
    if args.wrong:
        show_wrong(score, reads, made, args.wrong)
    by_origin(score, reads, made)
    print("\nsource       system        title  date day  of given  authors F1")
    for source in sorted({read.source for read in reads}):
        part = [read for read in reads if read.source == source]
        systems = {"dehusk": [(read.gold, made[read.page_id]) for read in part]}
        if args.trafilatura:
            systems["trafilatura"] = [(read.gold, read.other) for read in part]
        for name, rows in systems.items():
            f = figures(score, rows)
            print(f"{source:12} {name:12} " + "  ".join(f"{value:8.3f}" for value in f.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
