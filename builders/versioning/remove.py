"""Remove: listed records leave a dataset at once, without its seeds, and stay out of every later build of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from dehusk.builders.cards.contents import carry_over
from dehusk.builders.finish import Whole, finish_dataset
from dehusk.builders.joining.settle import as_said, settle, with_settled
from dehusk.builders.joining.trace import map_table, trace_records, write_table
from dehusk.builders.keep import SplitFile
from dehusk.builders.pack import (
    REJECTS_FILE,
    Maker,
    Manifest,
    PackedFile,
    count_bytes,
    file_digest,
    library_versions,
    read_manifest,
    split_name,
)
from dehusk.builders.place import staging
from dehusk.builders.shard import write_parts
from dehusk.builders.summary import Summary, count_records, total
from dehusk.schema.errors import EmptyBuildError, UsageError
from dehusk.schema.record import RECORDS, REJECTS

from .takedown import TAKEDOWN_NAME, Entry, Takedown, read_takedown
from .withdraw import part_listed, reject_listed, without_match


@dataclass(frozen=True, slots=True)
class Removal:
    """What left a dataset.

    Attributes:
        ids: ids of the records that left, in the order of the dataset.
        unmatched: entries that named no record of the dataset, sorted; they are on its list all the same.
        summary: what the dataset holds now, counted.
    """

    ids: tuple[str, ...]
    unmatched: tuple[Entry, ...]
    summary: Summary

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "removed": len(self.ids),
            "ids": list(self.ids),
            "unmatched": [f"{entry.kind} {entry.value}" for entry in self.unmatched],
            "kept": self.summary.kept,
        }


@dataclass(frozen=True, slots=True)
class _Work:
    """A dataset that is thinned out, the folder where its files are made anew, and what must leave it."""

    dist: Path
    folder: Path
    manifest: Manifest
    takedown: Takedown


@dataclass(frozen=True, slots=True)
class _Thinned:
    """A data file without its listed records.

    Attributes:
        file: the data file.
        name: what its files are named by.
        trace: where the traces of the records that stay lie (`map_table`).
        taken: `id` and `source` of the records that left.
        unmatched: entries that named none of its records.
    """

    file: PackedFile
    name: str
    trace: Path
    taken: pa.Table
    unmatched: set[Entry]


def remove_records(dist: Path, entries: Iterable[Entry]) -> Removal:
    """Takes listed records out of a dataset and puts the entries on its takedown list.

    Data files that hold none of them, and whose records say nothing of them, stay as they are; the rest is written
    anew. What comes out is, to the byte, what a build with that list would give, but that no record moves to another
    split and that no dropped copy takes the place of a page that leaves. The dataset is replaced whole, or stays as it
    was.

    Args:
        dist: a folder that `dehusk build` wrote.
        entries: what must leave it, beside what its list names already.

    Returns:
        What left it.

    Raises:
        UsageError: the folder is not a dataset of this version of dehusk, or not as its manifest says.
        RecipeError: its takedown list cannot be read.
        EmptyBuildError: no record would be left; nothing was changed.
        StorageError: the system refused to write; the dataset stands as it was.
    """
    read_manifest(dist)  # before anything is made beside it
    with staging(dist) as folder:
        manifest = read_manifest(dist)
        _refuse_changed(dist, manifest)
        carry_over(dist, folder)
        asked = Takedown(frozenset(entries))
        takedown = asked | read_takedown(dist / TAKEDOWN_NAME)
        data = [file for file in manifest.files if file.content is not None]
        parts = folder.parent / "parts"
        parts.mkdir()
        work = _Work(dist, parts, manifest, takedown)
        thinned = [_thin_out(work, file, f"{number:05}") for number, file in enumerate(data)]
        taken = pa.concat_tables([part.taken for part in thinned])
        ids = tuple(taken["id"].to_pylist())
        left = list(_settle(work, thinned))
        files = tuple(file for held, _ in left for file in held)
        if not files:
            raise EmptyBuildError(f"{dist} would be left without a record", "delete the folder; nothing was changed")
        rejects = pa.concat_tables([pq.read_table(dist / REJECTS_FILE, schema=REJECTS), reject_listed(taken)])
        whole = Whole(files, rejects, tuple(manifest.seeds), total(summary for _, summary in left))
        summary = finish_dataset(whole, takedown.with_ids(ids), manifest.recipe, folder, _maker(manifest))
    unmatched = asked.entries.intersection(*(part.unmatched for part in thinned))
    return Removal(ids, tuple(sorted(unmatched)), summary)


def _refuse_changed(dist: Path, manifest: Manifest) -> None:
    """Makes sure that records and rejects are those that were built; card and takedown list may have been edited."""
    if REJECTS_FILE not in {file.path for file in manifest.files}:
        raise UsageError(f"the manifest of {dist} does not list {REJECTS_FILE}", "build the dataset anew")
    for file in manifest.files:
        path = dist / file.path
        if file.rows is not None and (path.is_symlink() or not path.is_file() or file_digest(path) != file.sha256):
            raise UsageError(f"{path} is not as the manifest says", "`dehusk check` says more; build the dataset anew")
        if file.content is not None and split_name(file.path) not in manifest.recipe.split.shares:
            raise UsageError(f"{path} belongs to no split of the recipe", "build the dataset anew")


def _thin_out(work: _Work, file: PackedFile, name: str) -> _Thinned:
    if not pq.read_schema(work.dist / file.path).equals(RECORDS, check_metadata=False):
        raise UsageError(
            f"{work.dist / file.path} has other columns than this version writes", "build the dataset anew"
        )
    table = pq.read_table(work.dist / file.path, schema=RECORDS)
    kept, taken = part_listed(table, work.takedown)
    trace = work.folder / f"{name}.arrow"
    write_table(trace_records(kept), trace)
    return _Thinned(file, name, trace, taken.select(["id", "source"]), without_match(table, work.takedown))


def _settle(work: _Work, thinned: Sequence[_Thinned]) -> Iterator[tuple[Sequence[SplitFile], Summary]]:
    """What is left of each data file, now that what its records say of those that left has changed too."""
    recipe = work.manifest.recipe
    for part, said in zip(thinned, settle([map_table(part.trace) for part in thinned], recipe), strict=True):
        split, path = split_name(part.file.path), work.dist / part.file.path
        table = pq.read_table(path, schema=RECORDS)
        kept, _ = part_listed(table, work.takedown)
        dropped = recipe.duplicates.drop  # then they count copies that are not here
        records = with_settled(kept, as_said(said, kept) if dropped else said, recipe).records
        if records.equals(table):
            stored = (part.file.content or "", count_bytes(table), part.file.bytes, part.file.sha256)
            yield [SplitFile(split, str(path), table.num_rows, *stored)], count_records(table)
        else:  # a record stays in its split
            parts = {split: records} if records.num_rows else {}
            yield write_parts(parts, part.name, recipe, work.folder), count_records(records)


def _maker(manifest: Manifest) -> Maker:
    """The records are still those of the versions that made them; Arrow has written their files."""
    written_by = {"pyarrow": library_versions()["pyarrow"]}
    return msgspec.structs.replace(manifest.maker, libraries=manifest.libraries | written_by)
