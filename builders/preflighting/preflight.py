"""Preflight: everything that would fail or look bad once a dataset is published, found before and offline.

    findings = preflight_dataset(Path("dist"))

Errors must be put right first; warnings are for whoever publishes to weigh. `docs/preflight.md` lists all rules.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.builders.cards.croissant import CROISSANT
from dehusk.builders.check import check_dataset
from dehusk.builders.pack import CARD, MANIFEST, REJECTS_FILE, Manifest, listed_paths, read_manifest
from dehusk.builders.personal import PATTERNS, PERSONAL, Mask, find_patterns
from dehusk.schema.findings import Finding

from .cardlint import lint_card
from .croissantlint import lint_croissant
from .leaks import find_leaks, find_secrets, footer_text
from .limits import check_limits

BATCH_ROWS: Final = 512
"""Rows that are read at once, or those of a row group where it has fewer: with pages of 100 kB 100 MB of text."""

MAX_SECRETS: Final = 20
"""Secrets of one kind in one field that are listed one by one."""

_NO_TEXT: Final = frozenset({
    *("id", "language", "published_precision", "flags", "lines", "evidence", "sha256", "stage", "reason"),
    *("source.sha256", "source.format", "source.encoding"),
})  # fmt: skip
"""Fields of digests and fixed words, which the contract checks; all other strings are searched."""


def preflight_dataset(folder: Path) -> list[Finding]:
    """Finds what would fail or look bad once a dataset is published.

    Args:
        folder: a folder that `build_dataset` wrote.

    Returns:
        All findings, errors first.

    Raises:
        UsageError: the folder is not a dataset of ours.
    """
    manifest = read_manifest(folder)
    findings = check_dataset(folder)
    unread = {finding.file for finding in findings if finding.rule in ("file_missing", "parquet")}
    readable = msgspec.structs.replace(manifest, files=[file for file in manifest.files if file.path not in unread])
    findings += _refuse_links(folder)
    if CARD not in unread:
        findings += lint_card(folder, manifest)
    if CROISSANT not in unread:
        findings += lint_croissant(folder, manifest)
    findings += check_limits(folder, readable)
    findings += _search_papers(folder, readable)
    findings += _search_data(folder, readable)
    return sorted(findings, key=lambda finding: finding.severity)


def _refuse_links(folder: Path) -> Iterator[Finding]:
    """Symbolic links would be sent as the file they lead to, wherever that is."""
    for path in sorted(listed_paths(folder)):
        if any((folder / part).is_symlink() for part in (path, *path.parents)):
            yield Finding(str(path), None, None, "", "symlink", "", "put the file itself there, or build anew")


# -- secrets, machines, people --


def _search_papers(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Secrets and machine traces in all that is about the data: manifest, card, plots ..., and Parquet footers."""
    for path in [MANIFEST, *(file.path for file in manifest.files)]:
        if path.endswith(".parquet"):
            yield from find_leaks(path, footer_text(folder / path), "footer entry")
        else:
            text = (folder / path).read_text(encoding="utf-8", errors="replace")
            yield from find_leaks(path, text.splitlines(), "line")


def _search_data(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Secrets and personal data in records and rejects, a batch of rows at a time."""
    people = _People()
    secrets: Counter[tuple[str, str]] = Counter()
    for entry in manifest.files:
        if not entry.path.endswith(".parquet"):
            continue
        for batch in _batches(folder / entry.path, entry.path):
            for field, strings in batch.strings():
                people.count(batch, field, strings)
                for finding in _secrets_in(batch, field, strings):
                    secrets[field, finding.value] += 1
                    if secrets[field, finding.value] <= MAX_SECRETS:
                        yield finding
    for (field, kind), count in secrets.items():
        if count > MAX_SECRETS:
            remedy = f"the first {MAX_SECRETS} are listed: take those out, then look again"
            yield Finding("data", None, None, field, "secrets", f"{kind}: {count:,} records", remedy)
    yield from people.findings()


@dataclass(frozen=True, slots=True)
class _Strings:
    """All strings of one field of a batch, end to end.

    Attributes:
        values: n strings.
        row: row of the batch that each belongs to, `int64[n]`; None where each row has one.
    """

    values: pa.Array
    row: npt.NDArray[np.int64] | None = None

    def rows(self, mask: Mask) -> list[int]:
        """Rows of the batch for which the mask over the strings is set, each once."""
        places = mask.nonzero()[0]
        return np.unique(places if self.row is None else self.row[places]).tolist()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some rows of a file: their table, where they begin, and the file's path."""

    table: pa.Table
    start: int
    file: str

    def strings(self) -> Iterator[tuple[str, _Strings]]:
        """Every field of text, by name."""
        for name in self.table.column_names:
            if name not in _NO_TEXT:
                yield from _strings_of(name, self.table[name].combine_chunks())

    def place(self, row: int) -> tuple[str, int, str | None]:
        """File, row in it, and id of a row."""
        ids = self.table["id"] if "id" in self.table.column_names else None
        return self.file, self.start + row, ids[row].as_py() if ids is not None else None


def _batches(path: Path, file: str) -> Iterator[_Batch]:
    parquet, start = pq.ParquetFile(path), 0
    columns = [name for name in parquet.schema_arrow.names if name not in _NO_TEXT or name == "id"]
    for group in range(parquet.num_row_groups):  # one by one, since a batch may hold rows of several
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, row_groups=[group], columns=columns):
            yield _Batch(pa.Table.from_batches([batch]), start, file)
            start += batch.num_rows


def _strings_of(name: str, array: pa.Array) -> Iterator[tuple[str, _Strings]]:
    if name in _NO_TEXT:
        return
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        yield name, _Strings(array)
    elif pa.types.is_struct(array.type):
        for field, child in zip(array.type, array.flatten(), strict=True):
            yield from _strings_of(f"{name}.{field.name}", child)
    elif pa.types.is_list(array.type) and pa.types.is_string(array.type.value_type):
        row = pc.list_parent_indices(array).to_numpy(zero_copy_only=False).astype(np.int64)
        yield name, _Strings(array.flatten(), row)


def _secrets_in(batch: _Batch, field: str, strings: _Strings) -> Iterator[Finding]:
    for kind, mask in find_secrets(strings.values).items():
        for row in strings.rows(mask):
            file, at, key = batch.place(row)
            remedy = f"take the record out: `dehusk remove DIST --id {key}`" if key else "take the row out: build anew"
            yield Finding(file, at, key, field, "secret", kind, remedy)


class _People:
    """Counts personal data by field and kind, and remembers where each was first."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.hits: Counter[tuple[str, str]] = Counter()
        self.first: dict[tuple[str, str], tuple[str, int, str | None]] = {}

    def count(self, batch: _Batch, field: str, strings: _Strings) -> None:
        """Counts the rows of a batch in which a field holds personal data."""
        whole = field if batch.file != REJECTS_FILE else f"{REJECTS_FILE}: {field}"
        self.rows[whole] += batch.table.num_rows
        for kind, mask in find_patterns(strings.values, PATTERNS).items():
            rows = strings.rows(mask)
            self.hits[whole, kind] += len(rows)
            self.first.setdefault((whole, kind), batch.place(rows[0]))

    def findings(self) -> Iterator[Finding]:
        """One warning for each field and kind, with where the first one is."""
        for (field, kind), count in self.hits.items():
            file, row, key = self.first[field, kind]
            value = f"{PERSONAL[kind]} in {count:,} of {self.rows[field]:,} rows"
            remedy = "see that the law lets you publish them; `dehusk remove` takes records out"
            name = field.rpartition(" ")[2]
            yield Finding(file, row, key, name, kind, value, remedy, severity="warning")
