"""Holds the shipped line model to the figures it once had: `python tests/quality/floors.py [--update]`.

Labels the innertext rendering of every page of the benchmark folder, and the page as it is read from its HTML
(environment variable DEHUSK_BENCH, else `shared/bench` beside the repository) with the weights of the package, and
scores them as the folder's `score.py` does. These pages were trained on: the figures show that the code still does
what it did, and how well the model does on pages of other sites stands in docs/quality.md. Where `../seeds` beside the
folder holds pages with hand-read labels that were never trained on, those are checked too.

Exits with 1 when a figure is below its floor in `tests/quality_floor.json`, with 2 when the folder's files are not
those the floors were taken on. `--update` writes the floors anew, and refuses to lower one without --allow-regression.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dehusk.builders.labelling.label import label_lines, model_digest
from dehusk.builders.labelling.markup import MARK_BYTES
from dehusk.builders.labelling.rendered import RENDERED, pages_of, read_rendered
from dehusk.builders.labelling.trial import Decided, figures
from dehusk.builders.reading.cut import cut_lines
from dehusk.schema.labels import GROUPS

ROOT = Path(__file__).parents[2]
FLOORS = ROOT / "tests" / "quality_floor.json"
TOLERANCE = 0.0005
"""What a floor may be missed by: rounding of the figures, no more."""


def digests(bench: Path) -> dict[str, str]:
    """SHA-256 of the files that the figures depend on."""
    names = sorted(path for path in bench.iterdir() if path.suffix in (".parquet", ".jsonl", ".py"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in names}


def decisions(bench: Path, renderer: str = "innertext") -> dict[tuple[str, str], Decided]:
    """Labels of one rendering of all pages, at the benchmark's own lines."""
    found = {}
    for name in ("texts.parquet", "wcxb_texts.parquet"):
        for batch in pq.ParquetFile(bench / name).iter_batches(batch_size=64):
            rows = [row for row in batch.to_pylist() if row["renderer"] == renderer and row["lines"]]
            spans = [(i, line["start"], line["end"]) for i, row in enumerate(rows) for line in row["lines"]]
            if not spans:
                continue
            page, start, end = (np.array(column, np.int32) for column in zip(*spans, strict=True))
            pages = pa.table({"raw": [row["text"] for row in rows]})
            lines = label_lines(pages, pa.table({"page": page, "start": start, "end": end}))
            labels, scores = lines["label"].to_pylist(), lines["score"].to_pylist()
            bounds = np.searchsorted(page, np.arange(len(rows) + 1)).tolist()
            for i, row in enumerate(rows):
                part = slice(bounds[i], bounds[i + 1])
                found[renderer, row["page_id"]] = Decided(labels[part], scores[part])
    return found


def rendered_decisions(bench: Path) -> dict[tuple[str, str], Decided]:
    """Labels of all pages read from their HTML."""
    found = {}
    for page_id, html in pages_of(bench):
        read = read_rendered(html)
        if read is not None:
            of = read.lines
            columns = {"page": np.zeros(len(of.start), np.int32), "start": of.start, "end": of.end}
            marks = pa.array([row.tobytes() for row in of.marks], pa.binary(MARK_BYTES))
            lines = label_lines(pa.table({"raw": [read.text]}), pa.table(columns | {"marks": marks}))
            found[RENDERED, page_id] = Decided(lines["label"].to_pylist(), lines["score"].to_pylist())
    return found


def seed_figures(seeds: Path) -> dict[str, float]:
    """Of hand-read pages: the shares of lines in the right group and with the right label."""
    group_of = {label: name for name, labels in GROUPS.items() for label in labels}
    groups, labels, lines = 0, 0, 0
    for gold in sorted(seeds.glob("*.labels")):
        raw = gold.with_suffix(".txt").read_text(encoding="utf-8")
        wanted = dict(ranges(gold.read_text(encoding="utf-8")))
        cut = cut_lines(one_page(raw))
        found = label_lines(one_page(raw), cut)
        for start, label in zip(found["start"].to_pylist(), found["label"].to_pylist(), strict=True):
            number = len(raw[:start].splitlines()) + raw[:start].endswith("\n") if start else 1
            lines += 1
            labels += wanted[number] == label
            groups += group_of[wanted[number]] == group_of[label]
            if wanted[number] != label:
                print(f"{gold.stem} line {number}: {wanted[number]}, labelled {label}")
    return {"seed groups": groups / lines, "seed labels": labels / lines} if lines else {}


def one_page(raw: str) -> pa.Table:
    """A pages table of one page, as far as cutting and labelling need it."""
    source = {"encoding": "utf-8", "byte_start": 0, "byte_end": len(raw.encode())}
    return pa.table({"raw": [raw], "source": [source]})


def ranges(gold: str) -> list[tuple[int, str]]:
    """Line numbers and labels of a file of ranges."""
    pairs = []
    for line in gold.splitlines():
        if line and not line.startswith("#"):
            numbers, label = line.split()
            first, _, last = numbers.partition("-")
            pairs += [(number, label) for number in range(int(first), int(last or first) + 1)]
    return pairs


def flat(found: dict[str, Any]) -> dict[str, float]:
    """The figures that have a floor."""
    sources, rendered = found["sources"]["innertext"], found["sources"][RENDERED]
    named = {f"wcxb words {kind}": value for kind, value in sources["wcxb"]["words"].items()}
    named |= {f"html wcxb words {kind}": rendered["wcxb"]["words"][kind] for kind in ("all", "article")}
    return named | {
        "html fundus shingles": rendered["fundus"]["shingles"]["f1"],
        "html trafilatura snippets": rendered["trafilatura"]["snippets"]["f1"],
        "html kinds macro-F1": found["kinds_html"]["macro_f1"],
        "fundus shingles": sources["fundus"]["shingles"]["f1"],
        "fundus lines": sources["fundus"]["lines"]["f1"],
        "readability shingles": sources["readability"]["shingles"]["f1"],
        "trafilatura snippets": sources["trafilatura"]["snippets"]["f1"],
        "kinds macro-F1": found["kinds"]["macro_f1"],
        "kinds accuracy": found["kinds"]["accuracy"],
    }


def below(now: dict[str, float], floors: dict[str, float]) -> list[str]:
    """A sentence for each figure that is missing or lower than its floor."""
    return [
        f"{name}: {now.get(name, float('nan')):.4f} is below the floor of {floor:.4f}"
        for name, floor in floors.items()
        if not now.get(name, -1.0) >= floor - TOLERANCE
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--allow-regression", action="store_true")
    options = parser.parse_args()
    bench = Path(os.environ.get("DEHUSK_BENCH", ROOT.parent / "shared" / "bench"))
    if not (bench / "score.py").exists():
        print(f"skipped: no benchmark folder at {bench}; set DEHUSK_BENCH to where it is")
        return 0
    kept = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {"floors": {}, "benchmark": {}}
    files = digests(bench)
    if not options.update and files != kept["benchmark"]:
        print(f"{bench}: its files are not those that the floors in {FLOORS} were taken on; see --update")
        return 2
    now = {
        name: round(value, 4)
        for name, value in (
            flat(figures(bench, decisions(bench) | rendered_decisions(bench))) | seed_figures(bench.parent / "seeds")
        ).items()
    }
    for name, value in now.items():
        print(f"{name:28}{value:.4f}  floor {kept['floors'].get(name, 0.0):.4f}")
    low = below(now, kept["floors"])
    print(*low, sep="\n")
    if options.update and (options.allow_regression or not low):
        new = {"model": model_digest(), "floors": now, "benchmark": files}
        FLOORS.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
        return 0
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
