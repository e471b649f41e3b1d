"""Damaged and hostile files of every format, down the whole road: `python tests/fuzz.py --files 200000 --seed 1`.

Each file must end as valid records or as rejects with a documented reason, and be accounted for. No exception, no batch
that takes longer than its bound, no more memory than the bound, nothing opened for writing outside the folder. What
fails is written down with the seed and number that make it again.
"""

import argparse
import gzip
import io
import json
import random
import resource
import signal
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

from dehusk.builders.batches import read_batches
from dehusk.builders.recipe import Recipe
from dehusk.builders.road import build_batch
from dehusk.builders.unpacking.seeds import list_seeds
from dehusk.schema.contract import check_records
from dehusk.schema.record import REASONS

ROOT: Final = Path(__file__).parents[1]

BATCH: Final = 250
"""Files that are made and read at once."""

SECONDS: Final = 120
"""Bound on one such batch: half a second a file, all formats and sizes together."""

MEMORY: Final = 1_500_000_000
"""Bound on the memory of the process, in bytes."""

HOSTILE: Final = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # a lone surrogate, as UTF-8 would write it
    "\u202e\u2066\u200f\u061c".encode(),
    "\ufeff".encode(),
    b"\x1b[2J\x1b]0;x\x07",
    b"\r",
    b"\x85\xa0\x0b\x0c",
    b"<div>" * 300,
    b"<script>alert(1)</script>",
    b"<b id=i>" * 80,
    b'<script type="application/ld+json">{"@graph":[' + b"[" * 200,
    b"&#xD800;&#x110000;&NotEqualTilde;",
    b"{" * 400,
    b'"' * 101,
    b"," * 500,
    b"a" * 5000,
    b"\n" * 3000,
    b"(a+)+$ " * 100,
    b"../../etc/passwd",
    b"99999999999999999999",
    b"-1",
    "\U000e0001\u0300".encode() * 200,
    "ﷺ".encode() * 500,
)
"""What breaks readers, to be put anywhere."""


def whole_files() -> dict[str, bytes]:
    """Sound files, one of every format, by name."""
    pages = [path.read_bytes() for path in sorted((ROOT / "seeds").rglob("*.txt"))[:6]]
    html = [path.read_bytes() for path in sorted((ROOT / "tests" / "pages").glob("*.html"))]
    texts = [page.decode("utf-8", "replace") for page in pages]
    rows = [{"id": str(n), "url": f"https://a.example/{n}", "text": text} for n, text in enumerate(texts)]
    table = pa.Table.from_pylist(rows)
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    fields = "\r\n".join(["id,text", *(f'{n},"{text.replace(chr(34), chr(34) * 2)}"' for n, text in enumerate(texts))])
    return {
        **{f"page{n}.txt": page for n, page in enumerate(pages)},
        **{f"page{n}.html": page for n, page in enumerate(html)},
        "rows.jsonl": lines,
        "rows.jsonl.gz": gzip.compress(lines, mtime=0),
        "rows.csv": fields.encode(),
        "rows.parquet": _written(lambda file: pq.write_table(table, file)),
        "rows.arrow": _written(lambda file: feather.write_feather(table, file)),
        "crawl.warc": _warc(html),
        "crawl.warc.gz": gzip.compress(_warc(html), mtime=0),
        "box.zip": _zip({"a.txt": pages[0], "b/c.html": html[0], "../d.txt": pages[1]}),
        "box.tar": _tar({"a.txt": pages[0], "b.jsonl": lines, "/e.txt": pages[2]}),
    }


def _written(write: Callable[[io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def _warc(pages: list[bytes]) -> bytes:
    records = []
    for number, page in enumerate(pages):
        body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/{number}\r\n"
            f"WARC-Date: 2024-05-04T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:{number:032x}>\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        records.append(head.encode() + body + b"\r\n\r\n")
    return b"".join(records)


def _zip(members: dict[str, bytes]) -> bytes:
    def write(file: io.BytesIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as box:
            for name, data in members.items():
                box.writestr(zipfile.ZipInfo(name), data)

    return _written(write)


def _tar(members: dict[str, bytes]) -> bytes:
    def write(file: io.BytesIO) -> None:
        with tarfile.open(fileobj=file, mode="w") as box:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                box.addfile(info, io.BytesIO(data))

    return _written(write)


def damage(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """A file with one to four things done to it."""
    held = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(held) + 1)
        to = min(len(held), at + rng.choice((1, 8, 64, 1024)))
        match rng.randrange(8):
            case 0:
                held[at:to] = rng.randbytes(to - at)
            case 1:
                del held[at:to]
            case 2:
                held[at:at] = held[at:to] * rng.randint(1, 20)
            case 3:
                held[at:at] = rng.choice(HOSTILE)
            case 4:
                del held[at:]
            case 5:
                other = rng.choice(others)
                held[at:] = other[rng.randrange(len(other)) :]
            case 6:
                held[at:to] = bytes(byte ^ (1 << rng.randrange(8)) for byte in held[at:to])
            case _:
                held[at:at] = "".join(chr(rng.randrange(0xD800)) for _ in range(rng.randrange(40))).encode()
    return bytes(held[: 1 << 20])


def make_files(folder: Path, numbers: range, seed: int) -> None:
    """Writes damaged files, each of which its number and the seed make again."""
    whole = whole_files()
    names, others = sorted(whole), list(whole.values())
    for number in numbers:
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - no secret is made with it
        name = rng.choice(names)
        ending = rng.choice(names).partition(".")[2] if rng.random() < 0.1 else name.partition(".")[2]
        (folder / f"{number}.{ending}").write_bytes(damage(whole[name], others, rng))


def read_files(folder: Path) -> Counter[str]:
    """Takes a folder down the road and proves that each of its files is accounted for.

    Returns:
        How many records were kept, and how many rejected for each reason.

    Raises:
        AssertionError: a file is not accounted for, a record breaks the contract, or a reason is not documented.
    """
    recipe = Recipe()
    seeds = list_seeds(folder)
    counted: Counter[str] = Counter()
    left = {seed.path for seed in seeds}
    seen: dict[str, str] = {}
    for load in read_batches(seeds, recipe):
        batch = build_batch(load.items, recipe, seen)
        batch.records.validate(full=True)
        findings = check_records(batch.records)
        assert not findings, findings[:3]
        reasons = batch.rejects["reason"].to_pylist()
        assert set(reasons) <= set(REASONS) - {"broken_contract", "crashed"}, batch.rejects.to_pylist()[:3]
        left -= {source["path"] for source in batch.records["source"].to_pylist()}
        left -= set(batch.rejects["path"].to_pylist())
        counted.update({"kept": batch.records.num_rows, **Counter(reasons)})
    assert not left, sorted(left)[:5]
    return counted


def outside(folder: Path) -> Iterator[str]:
    """Paths outside a folder that this process opens for writing, as they come; stays watching."""
    found: list[str] = []

    def watch(event: str, args: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & 0b11
        if writes and isinstance(args[0], str) and not args[0].startswith((str(folder), "/dev/null")):
            found.append(args[0])

    sys.addaudithook(watch)
    while True:
        yield from found
        found.clear()
        yield ""


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"a batch took more than {SECONDS} seconds")


def main(n_files: int, seed: int) -> Counter[str]:
    """Makes and reads files; exits with what failed."""
    counted: Counter[str] = Counter()
    signal.signal(signal.SIGALRM, _too_long)
    with tempfile.TemporaryDirectory() as name:
        written = outside(Path(name))
        next(written)
        for start in range(0, n_files, BATCH):
            numbers = range(start, min(start + BATCH, n_files))
            folder = Path(name) / str(start)
            folder.mkdir()
            make_files(folder, numbers, seed)
            signal.alarm(SECONDS)
            try:
                counted += read_files(folder)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not happen
                sys.exit(f"files {numbers.start} to {numbers.stop - 1} of seed {seed}: {error!r}")
            signal.alarm(0)
            if path := next(written):
                sys.exit(f"files {numbers.start} to {numbers.stop - 1} of seed {seed}: {path} was opened for writing")
            for made in folder.iterdir():
                made.unlink()
    peak = peak_memory()
    if peak > MEMORY:
        sys.exit(f"{peak:,} bytes of memory, more than {MEMORY:,}")
    print(f"{n_files:,} files; {peak / 1e6:,.0f} MB at most")
    return counted


def peak_memory() -> int:
    """Bytes that this process held at most; to Linux, `ru_maxrss` is also what the one that started it had held."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text(encoding="ascii", errors="replace").split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="what they are made from")
    options = parser.parse_args()
    for what, count in main(options.files, options.seed).most_common():
        print(f"{count:>9,} {what}")
