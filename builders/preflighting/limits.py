"""Limits: what a hub and its viewer can take, measured in the files before they are sent.

The figures are those of huggingface.co/docs/hub/storage-limits and of the dataset viewer's configuration
(`max_scan_size` and `rows_max_bytes`, which its error messages name too).
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dehusk.builders.pack import MANIFEST, Manifest, PackedFile, split_name
from dehusk.schema.findings import Finding, shorten

MAX_SCAN_BYTES: Final = 300_000_000
"""Bytes of a row group, before compression, that the viewer still scans."""

FIRST_ROWS: Final = 100
"""Rows of the viewer's first page."""

FIRST_ROWS_BYTES: Final = 200_000
"""Bytes of JSON from which on the viewer cuts cells and rows of its first page."""

MAX_FILES: Final = 100_000
MAX_FILES_OF_FOLDER: Final = 10_000
MAX_FILE_BYTES: Final = 200_000_000_000
MAX_COLUMNS: Final = 1_000

KEYS: Final = {b"huggingface", b"ARROW:schema", b"content_defined_chunking"}
"""Keys that a footer of ours has."""

_RESERVED: Final = ("all",)  # `datasets` takes it for every split together


def check_limits(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """What a hub would refuse, or show badly, of a dataset whose files are there and can be read."""
    yield from _check_files(manifest)
    yield from _check_splits(manifest)
    first: set[str] = set()
    for entry in manifest.files:
        if entry.path.endswith(".parquet"):
            yield from _check_parquet(folder, entry)
            split = split_name(entry.path)
            if entry.content is not None and split not in first:
                first.add(split)
                yield from _check_first_rows(folder, entry)


def _check_files(manifest: Manifest) -> Iterator[Finding]:
    paths = [PurePosixPath(file.path) for file in manifest.files]
    if len(paths) >= MAX_FILES:
        remedy = "raise `[pack] shard_bytes` of the recipe: a repository may have 100,000 files"
        yield Finding(MANIFEST, None, None, "files", "too_many_files", f"{len(paths):,}", remedy)
    for parent, count in Counter(str(path.parent) for path in paths).items():
        if count >= MAX_FILES_OF_FOLDER:
            remedy = "raise `[pack] shard_bytes` of the recipe: a folder of a repository may have 10,000 files"
            yield Finding(parent, None, None, "", "too_many_files", f"{count:,}", remedy)
    for file in manifest.files:
        if file.bytes >= MAX_FILE_BYTES:
            remedy = "lower `[pack] shard_bytes` of the recipe: a file may have 200 GB"
            yield Finding(file.path, None, None, "", "file_too_large", f"{file.bytes:,} bytes", remedy)


def _check_splits(manifest: Manifest) -> Iterator[Finding]:
    rows: Counter[str] = Counter()
    for file in manifest.files:
        if file.content is not None:
            rows[split_name(file.path)] += file.rows or 0
    for split, count in rows.items():
        if not all(part.isidentifier() or part.isalnum() for part in split.split(".")) or split in _RESERVED:
            remedy = "name it by letters, digits, `_` and `.`; not `all`"
            yield Finding(MANIFEST, None, None, "recipe.split.shares", "split_name", shorten(split), remedy)
        if not count:
            remedy = "`datasets` cannot load a split without rows: give it a larger share, or leave it out"
            yield Finding(MANIFEST, None, None, "recipe.split.shares", "empty_split", shorten(split), remedy)
    for split in manifest.recipe.split.shares:
        if split not in rows:
            remedy = "its share is too small for so few pages: enlarge it, or leave it out"
            yield Finding(
                MANIFEST, None, None, "recipe.split.shares", "split_without_rows", split, remedy, severity="warning"
            )


def _check_parquet(folder: Path, entry: PackedFile) -> Iterator[Finding]:
    file = pq.ParquetFile(folder / entry.path)
    metadata = file.metadata
    largest = max((metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)), default=0)
    if largest > MAX_SCAN_BYTES:
        remedy = "lower `[pack] row_group_bytes` of the recipe: the hub's viewer scans at most 300 MB at once"
        yield Finding(entry.path, None, None, "", "row_group_too_large", f"{largest:,} bytes", remedy)
    if metadata.num_columns > MAX_COLUMNS:
        remedy = "the hub's viewer shows at most 1,000 columns"
        yield Finding(entry.path, None, None, "", "too_many_columns", str(metadata.num_columns), remedy)
    for field in file.schema_arrow:
        for name, kind, remedy in _refused_types(field.name, field.type):
            yield Finding(entry.path, None, None, name, "unsupported_type", shorten(kind), remedy)
    for key in sorted(set(metadata.metadata or {}) - KEYS):
        remedy = "dehusk writes no such key; see that it says nothing that must not be published"
        value = shorten(key.decode("utf-8", "replace"))
        yield Finding(entry.path, None, None, "footer", "footer_key", value, remedy, severity="warning")


def _refused_types(name: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType, str]]:
    """Fields of a type that `datasets` cannot load, or that the hub's Croissant file leaves out, however deep."""
    if pa.types.is_map(kind) or isinstance(kind, pa.UuidType):
        yield name, kind, "`datasets` cannot load this type: use a list of structs, or a string"
    elif pa.types.is_null(kind):
        yield name, kind, "a column without a type breaks the loading of several files: give it one"
    elif pa.types.is_timestamp(kind) and kind.tz is not None:
        yield name, kind, "the hub's Croissant file leaves times with a zone out: use a time without one"
    elif pa.types.is_struct(kind):
        for i in range(kind.num_fields):
            yield from _refused_types(f"{name}.{kind.field(i).name}", kind.field(i).type)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _refused_types(name, kind.value_type)


def _check_first_rows(folder: Path, entry: PackedFile) -> Iterator[Finding]:
    size = 0
    for at, row in enumerate(_first_rows(folder / entry.path)):
        size += len(json.dumps(row, default=str, ensure_ascii=False).encode("utf-8", "replace"))
        if size > FIRST_ROWS_BYTES:
            remedy = "nothing is wrong: the viewer's first page will show fewer rows and cut long cells"
            value = f"{FIRST_ROWS_BYTES // 1000} kB are full after {at} rows"
            yield Finding(entry.path, None, None, "", "first_rows_cut", value, remedy, severity="warning")
            return


def _first_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of the viewer's first page, a few at a time since they may be large."""
    for batch in islice(pq.ParquetFile(path).iter_batches(batch_size=10), FIRST_ROWS // 10):
        yield from batch.to_pylist()
