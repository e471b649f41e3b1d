"""How fast a build is, in ratios measured in one run: `python tests/benchmark.py [--bench FOLDER] [--pages N]`.

The pages of the benchmark folder are written as .txt files, one renderer each. On one core, in CPU time, are measured

- `dehusk build` of those files, end to end, in a process of its own, less the start-up of an empty build;
- merely copying the same files into Parquet with the same codec (path and text, nothing else);
- `trafilatura.extract` on the HTML of the same pages, in the same process, one after the other.

Needs `pip install trafilatura`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
DEHUSK = Path(sys.executable).with_name("dehusk")


def pages_of(bench: Path, renderer: str, limit: int) -> list[dict[str, Any]]:
    """Text and HTML of up to `limit` pages, spread evenly over all sources."""
    found = []
    for part in ("", "wcxb_"):
        html = {
            row["page_id"]: row["html"]
            for row in pq.read_table(bench / f"{part}pages.parquet", columns=["page_id", "html"]).to_pylist()
        }
        texts = pq.read_table(bench / f"{part}texts.parquet", columns=["page_id", "renderer", "text"])
        found += [row | {"html": html[row["page_id"]]} for row in texts.to_pylist() if row["renderer"] == renderer]
    return found[:: max(1, len(found) // limit)][:limit]


def cpu_of(command: list[str | Path]) -> float:
    """CPU seconds, user and system, of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cpu_in(work: Callable[[], object]) -> float:
    """CPU seconds of a call in this process."""
    before = time.process_time()
    work()
    return time.process_time() - before


def copy_texts(seeds: Path, out: Path) -> None:
    """What any packer must do: read every file, write its text as compressed Parquet."""
    files = sorted(seeds.iterdir())
    table = pa.table(
        {"path": [file.name for file in files], "text": [file.read_text(encoding="utf-8") for file in files]}
    )
    pq.write_table(table, out, compression="zstd", use_content_defined_chunking=True, write_page_index=True)


def extract_all(pages: list[dict[str, Any]]) -> None:
    """`trafilatura.extract` with its metadata, as one would use it to make the same records."""
    import trafilatura

    for page in pages:
        trafilatura.bare_extraction(page["html"], include_comments=False, with_metadata=True)


def measure(bench: Path, renderer: str, limit: int) -> dict[str, float]:
    """CPU milliseconds per page of each contestant, and the ratios."""
    pages = pages_of(bench, renderer, limit)
    with tempfile.TemporaryDirectory() as folder:
        seeds, one = Path(folder) / "seeds", Path(folder) / "one"
        for place in (seeds, one):
            place.mkdir()
        for number, page in enumerate(pages):
            (seeds / f"{number:05}.txt").write_text(page["text"], encoding="utf-8")
        (one / "page.txt").write_text("One page.\n", encoding="utf-8")
        start_up = cpu_of([DEHUSK, "build", one, "--out", Path(folder) / "dist-one", "--quiet"])
        build = cpu_of([DEHUSK, "build", seeds, "--out", Path(folder) / "dist", "--quiet"]) - start_up
        copy = cpu_in(lambda: copy_texts(seeds, Path(folder) / "copy.parquet"))
        extract = cpu_in(lambda: extract_all(pages))
    each = 1000 / len(pages)
    return {
        "pages": len(pages),
        "characters": sum(len(page["text"]) for page in pages) / len(pages),
        "start-up s": start_up,
        "build ms": build * each,
        "copy ms": copy * each,
        "trafilatura ms": extract * each,
        "build / copy": build / copy,
        "trafilatura / build": extract / build,
    }


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("DEHUSK_BENCH", ROOT.parent / "shared" / "bench"))
    parser.add_argument("--bench", type=Path, default=default, help="the benchmark folder")
    parser.add_argument("--pages", type=int, default=400, help="pages to measure")
    parser.add_argument("--renderer", default="innertext")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    figures = measure(asked.bench, asked.renderer, asked.pages)
    print(
        json.dumps(figures) if asked.json else "\n".join(f"{name:<20}{value:10.3f}" for name, value in figures.items())
    )


if __name__ == "__main__":
    main()
