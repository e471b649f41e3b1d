"""How fast a build is, in ratios measured in one run: `python tests/benchmark.py [--html] [--pages N]`.

The pages of the benchmark folder are written as .txt files, one renderer each, or with `--html` as .html files. On one
core, in CPU time, are measured

- `dehusk build` of those files, end to end, in a process of its own, less the start-up of an empty build;
- merely copying the same files into Parquet with the same codec (path and text, nothing else);
- `trafilatura.extract` on the HTML of the same pages, in the same process, one after the other; and the same with the
  metadata that a record has too.

`--warc MEGABYTES ...` instead builds from one web archive of each size, made by warcio of the same pages, each copy
with a number of its own, and measures the peak memory of the whole build.

Needs `pip install trafilatura`. With `--scale` it is measured instead what more pages cost (1, 4 ... 64 times as many,
mixed from the same lines), what a build costs after one that was the same or differed in one of many seeds; and how
much faster two workers are than one, in seconds, for which the machine must have nothing else to do.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

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


def extract_all(pages: list[dict[str, Any]], *, metadata: bool) -> None:
    """`trafilatura.extract`: the text alone, or what one would need to make the same records."""
    import trafilatura

    for page in pages:
        trafilatura.extract(page["html"], with_metadata=metadata)


def write_files(pages: list[dict[str, Any]], folder: Path, *, html: bool) -> None:
    """The pages as a folder of .txt or .html files."""
    folder.mkdir()
    name, ending = ("html", "html") if html else ("text", "txt")
    for number, page in enumerate(pages):
        (folder / f"{number:05}.{ending}").write_bytes(page[name].encode("utf-8", "replace"))


def measure(pages: list[dict[str, Any]], *, html: bool) -> dict[str, float]:
    """CPU milliseconds per page of each contestant, and the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        seeds, one = Path(folder) / "seeds", Path(folder) / "one"
        write_files(pages, seeds, html=html)
        write_files([{"html": "<p>One page.</p>", "text": "One page.\n"}], one, html=html)
        start_up = cpu_of([DEHUSK, "build", one, "--out", Path(folder) / "dist-one", "--quiet"])
        build = cpu_of([DEHUSK, "build", seeds, "--out", Path(folder) / "dist", "--quiet"]) - start_up
        copy = cpu_in(lambda: copy_texts(seeds, Path(folder) / "copy.parquet"))
        extract = cpu_in(lambda: extract_all(pages, metadata=False))
        described = cpu_in(lambda: extract_all(pages, metadata=True))
    each = 1000 / len(pages)
    return {
        "pages": len(pages),
        "characters": sum(len(page["html" if html else "text"]) for page in pages) / len(pages),
        "start-up s": start_up,
        "build ms": build * each,
        "copy ms": copy * each,
        "trafilatura ms": extract * each,
        "with metadata ms": described * each,
        "build / copy": build / copy,
        "trafilatura / build": extract / build,
        "with metadata / build": described / build,
    }


def write_archive(pages: list[dict[str, Any]], path: Path, size: int) -> int:
    """A web archive of at least so many bytes, each page in it with a number of its own; returns how many."""
    head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=path.suffix == ".gz")
        for number, page in enumerate(cycle(pages)):
            if file.tell() >= size:
                break
            body = BytesIO(page["html"].encode("utf-8", "replace") + b"<p>Copy %d of this page.</p>" % number)
            url = f"https://example.org/{number}"
            writer.write_record(writer.create_warc_record(url, "response", payload=body, http_headers=head))
    return number


WATCHED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
"""


def peak_of(command: list[str | Path]) -> tuple[float, float]:
    """The largest memory in MB that a process of a command held at any time, and its CPU seconds.

    It is started by a small process: to Linux, one that is started by this one has held all that this one holds.
    """
    done = subprocess.run([sys.executable, "-c", WATCHED, *command], check=True, capture_output=True, text=True)
    peak, cpu = done.stdout.split()
    return int(peak) / (1024 if sys.platform != "darwin" else 2**20), float(cpu)


def measure_archives(pages: list[dict[str, Any]], sizes: list[int], folder: Path) -> dict[str, float]:
    """Peak memory of builds from one web archive of each size in MB, and the growth from the first to the last."""
    found: dict[str, float] = {}
    peaks = []
    for size in sizes:
        archive = folder / f"{size}.warc"
        n_pages = write_archive(pages, archive, size * 10**6)
        peak, cpu = peak_of([DEHUSK, "build", archive, "--out", folder / f"dist-{size}", "--quiet"])
        archive.unlink()
        peaks.append(peak)
        found |= {
            f"{size} MB: pages": n_pages,
            f"{size} MB: peak MB": peak,
            f"{size} MB: ms a page": 1000 * cpu / n_pages,
        }
    return found | {"last / first": peaks[-1] / peaks[0]}


def vary_pages(pages: list[dict[str, Any]], n: int, lines: int = 0) -> Iterator[str]:
    """So many texts: of the lines of a page, about half stand in each, the others come from another page.

    So each is about as long and as mixed as a page is, and hardly any two are copies of each other.

    Args:
        pages: to take them from.
        n: how many.
        lines: of each text, at most; 0 for as many as the page has.
    """
    draw = random.Random(0)  # noqa: S311 - the same texts in every run
    texts = [page["text"].split("\n") for page in pages]
    for number in range(n):
        one, other = texts[number % len(texts)], draw.choice(texts)
        first = draw.randrange(max(1, len(one) - lines)) if lines else 0
        held = one[first : first + lines] if lines else one
        mixed = [line if draw.random() < 0.5 else other[(first + at) % len(other)] for at, line in enumerate(held)]
        yield "\n".join([*mixed, f"Copy {number}", ""])


def write_seeds(texts: Iterable[str], seeds: Path) -> int:
    """Writes texts as .txt files, a thousand in a folder, and gives their bytes."""
    size = 0
    for number, text in enumerate(texts):
        path = seeds / f"{number // 1000:04}" / f"{number % 1000:03}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_bytes(text.encode("utf-8", "replace"))
    return size


@dataclass(frozen=True)
class Cost:
    """What a build cost: CPU seconds, workers and all; seconds; the largest memory in MB that one process held."""

    cpu: float
    seconds: float
    peak: float


def cost_of(seeds: Path, out: Path, shard_bytes: int, workers: int) -> Cost:
    """Builds."""
    recipe = seeds.with_name("recipe.toml")
    recipe.write_text(f"[pack]\nshard_bytes = {shard_bytes}\n", encoding="utf-8")
    build: list[str | Path] = [DEHUSK, "build", seeds, "--out", out, "--quiet", "--recipe", recipe]
    began = time.monotonic()
    peak, cpu = peak_of([*build, "--workers", str(workers)])
    return Cost(cpu, time.monotonic() - began, peak)


def measure_start(folder: Path, workers: int) -> Cost:
    """What a build of one short page costs for each worker."""
    write_seeds((f"Page {number}.\n" for number in range(workers)), folder / "one" / "seeds")
    return cost_of(folder / "one" / "seeds", folder / f"start-{workers}", 4096, workers)


def measure_scale(pages: list[dict[str, Any]], most: int, shard_bytes: int) -> Iterator[dict[str, float]]:
    """What 1, 4, 16 ... times the pages cost, start-up apart: a row each, the last with two workers."""
    for times in (1, 4, 16, 64):
        if times > most:
            break
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            n = times * len(pages)
            write_seeds(vary_pages(pages, n), home / "seeds")
            start = measure_start(home, 1)
            one = cost_of(home / "seeds", home / "dist", shard_bytes, 1)
            same = cost_of(home / "seeds", home / "dist", shard_bytes, 1)
            cpu = one.cpu - start.cpu
            row = {
                "pages": n,
                "start-up, CPU s": start.cpu,
                "CPU ms a page": 1000 * cpu / n,
                "peak MB": one.peak,
                "plan, looks and finish, % of CPU time": 100 * max(0.0, same.cpu - start.cpu) / cpu,
                "bytes a page": sum(path.stat().st_size for path in (home / "dist" / "data").iterdir()) / n,
            }
            if times * 4 > most or times == 64:
                two = cost_of(home / "seeds", home / "two", shard_bytes, 2)
                row |= {"s, one worker": one.seconds, "s, two": two.seconds, "times": one.seconds / two.seconds}
            yield row


def measure_change(pages: list[dict[str, Any]], n: int, shard_bytes: int) -> dict[str, float]:
    """What a build costs after one of so many small seeds was changed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        size = write_seeds(vary_pages(pages, n, lines=12), home / "seeds")
        full = cost_of(home / "seeds", home / "dist", shard_bytes, 2)
        before = {path.name for path in (home / ".dist.dehusk" / "shards").iterdir()}
        with (home / "seeds" / "0000" / "000.txt").open("a", encoding="utf-8") as seed:
            seed.write("One line more.\n")
        changed = cost_of(home / "seeds", home / "dist", shard_bytes, 2)
        after = {path.name for path in (home / ".dist.dehusk" / "shards").iterdir()}
    return {
        "seeds": n,
        "bytes a seed": size / n,
        "folders of shards": len(after),
        "of them new": len(after - before),
        "full build, s": full.seconds,
        "full build, CPU s": full.cpu,
        "after one change, s": changed.seconds,
        "after one change, CPU s": changed.cpu,
        "% of CPU time": 100 * changed.cpu / full.cpu,
        "% of seconds": 100 * changed.seconds / full.seconds,
        "peak MB": max(full.peak, changed.peak),
    }


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("DEHUSK_BENCH", ROOT.parent / "shared" / "bench"))
    parser.add_argument("--bench", type=Path, default=default, help="the benchmark folder")
    parser.add_argument("--pages", type=int, default=400, help="pages to measure")
    parser.add_argument("--renderer", default="innertext")
    parser.add_argument("--html", action="store_true", help="build from the HTML of the pages")
    parser.add_argument("--warc", type=int, nargs="+", metavar="MEGABYTES", help="build from web archives so large")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scale", action="store_true", help="measure growth, increments and workers")
    parser.add_argument("--shard-bytes", type=int, default=4 << 20, help="of seeds, in a shard, to measure scale")
    parser.add_argument("--seeds", type=int, default=100_000, help="small seeds of which one is changed")
    parser.add_argument("--most", type=int, default=64, help="how many times the pages, at most")
    asked = parser.parse_args()
    if asked.scale:
        pages = pages_of(asked.bench, asked.renderer, asked.pages)
        for row in measure_scale(pages, asked.most, asked.shard_bytes):
            print(json.dumps({name: round(value, 2) for name, value in row.items()}), flush=True)
        row = measure_change(pages, asked.seeds, asked.shard_bytes)
        print(json.dumps({name: round(value, 2) for name, value in row.items()}))
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    pages = pages_of(asked.bench, asked.renderer, asked.pages)
    if asked.warc:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure_archives(pages, asked.warc, Path(folder))
    else:
        figures = measure(pages, html=asked.html)
    print(
        json.dumps(figures) if asked.json else "\n".join(f"{name:<20}{value:10.3f}" for name, value in figures.items())
    )


if __name__ == "__main__":
    main()
