"""Measures the metadata that `describe` reads on the benchmark pages, by source, renderer and language.

    python tests/quality/metadata.py [--labels LABELS.parquet] [--renderer NAME] [--wrong FIELD] [--write]

Without `--labels`, the benchmark's own labels are taken: what describe can reach when no label is wrong. With it, the
labels of a file with the columns page_id, renderer, labels, scores, as out-of-fold predictions have them. The
benchmark folder is named by DEHUSK_BENCH, or lies at shared/bench beside the repository. `--write` keeps the figures by
source in `docs/metadata_figures.json`, from which `write_quality.py` makes a table.
"""

import argparse
import collections
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.builders.describing.dates import find_dates
from dehusk.builders.describing.describe import describe_pages
from dehusk.builders.recipe import Dates

BENCH = Path(os.environ.get("DEHUSK_BENCH", Path(__file__).parents[3] / "shared" / "bench"))

FIGURES = Path(__file__).parents[2] / "docs" / "metadata_figures.json"

MAX_DATED = 300
"""Characters of a line in which a gold day is looked for."""

# The coarse labels of the benchmark's texts, as labels of the project.
COARSE = {"other": "navigation", "content": "paragraph", "boilerplate": "navigation", None: "interface"}

Rows = dict[tuple[str, str], dict[str, Any]]


def load_score(bench: Path) -> ModuleType:
    """The benchmark's own scoring, as a module."""
    spec = importlib.util.spec_from_file_location("bench_score", bench / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_texts(bench: Path, renderer: str | None) -> list[dict[str, Any]]:
    """The benchmark's texts with their lines, of one renderer or all."""
    only = None if renderer is None else [("renderer", "=", renderer)]
    tables = [pq.read_table(bench / f"{part}texts.parquet", filters=only) for part in ("", "wcxb_")]
    return [row for table in tables for row in table.to_pylist()]


def read_gold(bench: Path) -> dict[str, dict[str, Any]]:
    """What is measured against, by page: title, date and authors, with the page's source and language."""
    columns = ["page_id", "source", "lang", "gold.title", "gold.published", "gold.authors"]
    tables = [pq.ParquetFile(bench / f"{part}pages.parquet").read(columns=columns) for part in ("", "wcxb_")]
    return {row["page_id"]: row for table in tables for row in table.to_pylist()}


def gold_labels(bench: Path, texts: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[list[str], list[float]]]:
    """The labels of the benchmark: by hand where there are any, else those of the sources with fine labels."""
    by_hand = {row["page_id"]: row["labels"] for row in map(json.loads, (bench / "kinds.jsonl").open(encoding="utf-8"))}
    found = {}
    for row in texts:
        key = row["page_id"], row["renderer"]
        if row["renderer"] == "innertext" and row["page_id"] in by_hand:
            found[key] = by_hand[row["page_id"]], [1.0] * len(row["lines"])
        elif row["source"] == "fundus":
            found[key] = [COARSE.get(x["label"], x["label"]) for x in row["lines"]], [1.0] * len(row["lines"])
    return found


def predicted_labels(path: Path) -> dict[tuple[str, str], tuple[list[str], list[float]]]:
    table = pq.read_table(path)
    columns = [table[name].to_pylist() for name in ("page_id", "renderer", "labels", "scores")]
    return {(page, renderer): (labels, scores) for page, renderer, labels, scores in zip(*columns, strict=True)}


def as_tables(
    texts: list[dict[str, Any]], labels: dict[tuple[str, str], tuple[list[str], list[float]]]
) -> tuple[pa.Table, pa.Table]:
    """Pages and lines as the road has them."""
    line: dict[str, list[Any]] = collections.defaultdict(list)
    for i, row in enumerate(texts):
        kinds, scores = labels[row["page_id"], row["renderer"]]
        for x, label, score in zip(row["lines"], kinds, scores, strict=True):
            for name, value in (
                ("page", i),
                ("start", x["start"]),
                ("end", x["end"]),
                ("label", label),
                ("score", score),
            ):
                line[name].append(value)
    kinds_of = {"page": pa.int32(), "start": pa.int32(), "end": pa.int32(), "label": pa.string(), "score": pa.float32()}
    lines = pa.table({name: pa.array(line[name], kind) for name, kind in kinds_of.items()})
    return pa.table({"raw": [row["text"] for row in texts]}), lines


def describe_texts(texts: list[dict[str, Any]], labels: dict[tuple[str, str], tuple[list[str], list[float]]]) -> Rows:
    """Predictions as the benchmark's scoring wants them, by renderer and page."""
    pages, lines = as_tables(texts, labels)
    describe_pages(pages.slice(0, 1), lines.filter(pc.equal(lines["page"], 0)))  # load the models first
    began = time.process_time()
    described = describe_pages(pages, lines, Dates()).drop_columns(["raw"]).to_pylist()
    spent = (time.process_time() - began) / max(1, len(texts))
    print(f"{len(texts)} pages, {spent * 1000:.3f} ms CPU each")
    rows = {}
    for row, made in zip(texts, described, strict=True):
        when = made["published"]
        rows[row["renderer"], row["page_id"]] = made | {"published": when and when.isoformat(), "lines": None}
    return rows


def is_there(score: ModuleType, text: dict[str, Any], gold: dict[str, Any]) -> tuple[bool, bool]:
    """Whether any line of a text is nothing but the gold title, and whether any states the gold day."""
    lines = [text["text"][x["start"] : x["end"]] for x in text["lines"]]
    wanted, day = score.letters(gold["title"]), gold["published"]
    size = 2 * len(gold["title"] or "") + 8
    titled = any(wanted == score.letters(line) for line in lines if len(line) <= size)
    dated = any(
        score.same_day(found.when.isoformat(), day)
        for line in lines
        if day and len(line) <= MAX_DATED
        for found in find_dates(line)
    )
    return titled, dated


def measure(
    score: ModuleType, rows: Rows, pages: dict[str, dict[str, Any]], texts: dict[tuple[str, str], dict[str, Any]]
) -> dict[str, Any]:
    """Title, date and author figures of some predictions against their pages' gold, and what the pages hold of it."""
    title, days, authors = [], [], []
    for key, row in rows.items():
        gold = pages[key[1]]["gold"]
        titled = bool(gold["title"]) and score.letters(row["title"]) == score.letters(gold["title"])
        dated = bool(gold["published"]) and score.same_day(row["published"], gold["published"])
        title_there, day_there = (True, True) if titled and dated else is_there(score, texts[key], gold)
        if gold["title"]:
            title.append((titled, titled or title_there))
        if gold["published"]:
            days.append((dated, bool(row["published"]), dated or day_there))
        if gold["authors"]:
            authors.append((score.author_f1(gold["authors"], row["authors"]), bool(row["authors"])))

    def share(values: list[Any]) -> float | None:
        return round(sum(values) / len(values), 4) if values else None

    return {
        "pages": len(rows),
        "title": share([ok for ok, _ in title]),
        "title there": share([there for _, there in title]),
        "date of all": share([ok for ok, _, _ in days]),
        "date there": share([there for _, _, there in days]),
        "date of given": share([ok for ok, given, _ in days if given]),
        "date of given and there": share([ok for ok, given, there in days if given and there]),
        "authors F1": share([f1 for f1, _ in authors]),
        "authors F1 of given": share([f1 for f1, given in authors if given]),
    }


def show(name: str, figures: dict[str, Any]) -> None:
    cells = "  ".join(
        f"{k} {'  -  ' if v is None else v if isinstance(v, int) else f'{v:.3f}'}" for k, v in figures.items()
    )
    print(f"{name:34} {cells}")


def show_wrong(score: ModuleType, rows: Rows, pages: dict[str, dict[str, Any]], field: str) -> None:
    """Every prediction of a field that is not its page's gold."""
    for (renderer, page_id), row in sorted(rows.items()):
        gold, made = pages[page_id]["gold"][field], row[field]
        if not gold:
            continue
        right = {
            "title": score.letters(gold) == score.letters(made) if field == "title" else False,
            "published": score.same_day(made, gold),
            "authors": score.author_f1(gold, made) == 1 if field == "authors" else False,
        }[field]
        if not right:
            print(f"{renderer} {page_id} [{row['language']}]\n    gold {gold!r}\n    made {made!r}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, help="predicted labels; default: the benchmark's own")
    parser.add_argument("--renderer", help="innertext, soup, ...; default: all")
    parser.add_argument("--source", help="fundus, wcxb, ...; default: all")
    parser.add_argument("--wrong", choices=("title", "published", "authors"), help="print every wrong value of a field")
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {FIGURES.name}")
    args = parser.parse_args()
    if not BENCH.is_dir():
        print(f"no benchmark folder at {BENCH}: set DEHUSK_BENCH", file=sys.stderr)
        return 0
    score = load_score(BENCH)
    pages = read_gold(BENCH)
    texts = [row for row in read_texts(BENCH, args.renderer) if args.source in (None, row["source"])]
    labels = predicted_labels(args.labels) if args.labels else gold_labels(BENCH, texts)
    rows = describe_texts([row for row in texts if (row["page_id"], row["renderer"]) in labels], labels)
    if args.wrong:
        show_wrong(score, rows, pages, args.wrong)
    by_key = {(row["renderer"], row["page_id"]): row for row in texts}
    kept: dict[str, dict[str, Any]] = collections.defaultdict(dict)
    for what in ("source", "lang"):
        groups: dict[tuple[str, str], Rows] = collections.defaultdict(dict)
        for (renderer, page_id), row in rows.items():
            groups[renderer, pages[page_id][what]][renderer, page_id] = row
        for (renderer, name), group in sorted(groups.items()):
            if what == "source" or (len(group) >= 5 and not args.write):
                figures = measure(score, group, pages, by_key)
                show(f"{renderer:18} {name}", figures)
                if what == "source":
                    kept[renderer][name] = figures
    if args.write:
        FIGURES.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
