"""How many bytes one changed page costs: `python tests/bytes_sent.py [PAGES]`, from the root of the repository.

Builds pages of random words, publishes them to the test hub by xet, publishes them again with one page in the middle of
the first data file edited or removed, and counts what the storage received: with Parquet cut by content, as dehusk
writes it, and without.
The figures of a run stand in `docs/publishing.md`.
"""

import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hub import WRITE_TOKEN, Hub

from dehusk.builders.build import build_dataset
from dehusk.builders.pack import MANIFEST, file_digest, read_manifest, write_records
from dehusk.builders.publishing.publish import plan_publication, publish_dataset
from dehusk.builders.recipe import Pack

ADDED = "One sentence more stands here now, and nothing else has changed.\n"


def write_pages(folder: Path, count: int) -> None:
    """Pages of about 1,300 characters, in words as long and as often used as those of a language."""
    chance = random.Random(5)  # noqa: S311
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(chance.choices(letters[:18], k=chance.randint(2, 9))) for _ in range(20_000)]
    ranks = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    folder.mkdir()
    for number in range(count):
        lines = [" ".join(chance.choices(words, cum_weights=ranks, k=24)).capitalize() + "." for _ in range(9)]
        (folder / f"page-{number:06}.txt").write_text("\n".join([f"Page {number}", "Home", *lines, "Menu", ""]))


def edited_record(folder: Path, page: Path) -> pa.Table:
    """What becomes of a page once a sentence was added to it."""
    (folder / "edited").mkdir()
    (folder / "edited" / page.name).write_text(page.read_text() + ADDED)
    build_dataset(folder / "edited", folder / "edited-dist")
    return pq.read_table(next((folder / "edited-dist" / "data").iterdir()))


def variant(dist: Path, copy: Path, change: Callable[[pa.Table], pa.Table], *, by_content: bool) -> Path:
    """A dataset with other records in its first data file; all are cut by content or not."""
    shutil.copytree(dist, copy)
    manifest = json.loads((copy / MANIFEST).read_text())
    data = [entry for entry in manifest["files"] if "content" in entry]
    for entry in data:
        path = copy / entry["path"]
        if entry is data[0] or not by_content:
            table = pq.read_table(path)
            write_records(change(table) if entry is data[0] else table, path, row_group_bytes=Pack().row_group_bytes)
            if not by_content:
                rows = pq.ParquetFile(path).metadata.row_group(0).num_rows
                settings = {"compression": "zstd", "write_page_index": True, "write_page_checksum": True}
                pq.write_table(pq.read_table(path), path, row_group_size=rows, **settings)
            entry |= {"bytes": path.stat().st_size, "sha256": file_digest(path)}
    (copy / MANIFEST).write_text(json.dumps(manifest))
    return copy


def received(hub: Hub, since: int) -> int:
    return sum(call.body_bytes for call in hub.calls[since:] if call.origin == "storage")


def measure(folder: Path, name: str, old: Path, new: Path) -> None:
    with Hub(folder / f"hub-{name}") as hub:
        publish = partial(plan_publication, target="ada/pages", endpoint=hub.endpoint, preflight=False)
        publish_dataset(publish(old), load=False)
        first, since = received(hub, 0), len(hub.calls)
        publish_dataset(publish(new), load=False)
        data = sum(file.bytes for file in read_manifest(new).files if file.content is not None)
        second = received(hub, since)
    print(f"{name:22} data files {data:>11,}  first {first:>11,}  then {second:>11,}  {second / data:.1%}", flush=True)


def main(count: int) -> None:
    os.environ.update(HF_TOKEN=WRITE_TOKEN, HF_HUB_DISABLE_TELEMETRY="1")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["HF_HOME"] = str(folder / "home")
        write_pages(folder / "seeds", count)
        build_dataset(folder / "seeds", folder / "dist")
        files = [file.path for file in read_manifest(folder / "dist").files if file.content is not None]
        first = pq.read_table(folder / "dist" / files[0], columns=["source"])
        middle = first.num_rows // 2
        record = edited_record(folder, folder / "seeds" / first["source"][middle]["path"].as_py())
        print(
            f"{count:,} pages in {len(files)} data files, changed: page {middle:,} of {first.num_rows:,} in the first"
        )
        changes: dict[str, Callable[[pa.Table], pa.Table]] = {
            "edited": lambda table: pa.concat_tables([table[:middle], record, table[middle + 1 :]]),
            "removed": lambda table: pa.concat_tables([table[:middle], table[middle + 1 :]]),
        }
        for by_content in (True, False):
            how = "by content" if by_content else "plain"
            old = variant(folder / "dist", folder / how, lambda table: table, by_content=by_content)
            for kind, change in changes.items():
                new = variant(folder / "dist", folder / f"{kind} {how}", change, by_content=by_content)
                measure(folder, f"{kind}, {how}", old, new)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
