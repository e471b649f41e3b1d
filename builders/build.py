"""Build: plan → shards → finish. Shards know nothing of each other; the finish joins them and puts them in place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.schema.errors import EmptyBuildError
from dehusk.schema.record import RECORDS, REJECTS

from .card import write_card
from .duplicates import first_paths, reject_copies
from .label import model_digest
from .pack import (
    REJECTS_FILE,
    PackedFile,
    SeedDigest,
    content_digest,
    data_name,
    describe_file,
    write_manifest,
    write_records,
    write_rejects,
)
from .place import staging
from .plan import Plan, Shard, plan_build
from .read import Seed
from .recipe import Recipe
from .road import build_batch
from .split import split_records
from .summary import Summary, summarise

Watch = Callable[[int, int], None]
"""Told how many of how many seeds are done."""


@dataclass(frozen=True, slots=True)
class SplitFile:
    """The records of one shard that belong to one split, as written.

    Attributes:
        split: name of the split.
        path: the file.
        rows: its records.
        content: digest of what they say.
        num_bytes: their size in memory.
    """

    split: str
    path: Path
    rows: int
    content: str
    num_bytes: int


@dataclass(frozen=True, slots=True)
class BuiltShard:
    """One shard, built.

    Attributes:
        files: what was written, a file for each split that has records.
        rejects: table of `REJECTS`.
        seeds: the seed files that were read.
        pages: paths of its pages, by id.
        summary: its counts.
    """

    files: tuple[SplitFile, ...]
    rejects: pa.Table
    seeds: tuple[SeedDigest, ...]
    pages: dict[str, str]
    summary: Summary


def build_dataset(seeds: Path, out: Path, recipe: Recipe | None = None, *, watch: Watch | None = None) -> Summary:
    """Builds a dataset from a folder of page dumps.

    Args:
        seeds: folder of text dumps, or one of them.
        out: the dataset folder; made, or replaced if a manifest of ours lists all that it holds.
        recipe: all options; the defaults when None.
        watch: called after every batch with the number of seeds done, and of all.

    Returns:
        What was counted.

    Raises:
        UsageError: the seeds are not there, or `out` may not be replaced.
        EmptyBuildError: no page could be kept; nothing was written.
        StorageError: the system refused to write; what was there still is.
    """
    recipe = recipe or Recipe()
    plan = plan_build(seeds, recipe.pack.shard_bytes)
    done = 0

    def advance(batch: Sequence[Seed]) -> None:
        nonlocal done
        done += len(batch)
        if watch is not None:
            watch(done, plan.n_seeds)

    with staging(out) as folder:
        built = [build_shard(shard, plan, recipe, folder, advance) for shard in plan.shards]
        return _finish(built, recipe, folder)


def build_shard(
    shard: Shard, plan: Plan, recipe: Recipe, folder: Path, advance: Callable[[Sequence[Seed]], None]
) -> BuiltShard:
    """Builds one shard into files of its own.

    Args:
        shard: a shard of `plan`.
        plan: all the work.
        recipe: all options.
        folder: where to write.
        advance: called after every batch with its seeds.
    """
    seen: dict[str, str] = {}
    records, rejects = [RECORDS.empty_table()], [REJECTS.empty_table()]
    digests: list[SeedDigest] = []
    for seeds in shard.batches:
        batch = build_batch(seeds, plan.folder, recipe, seen)
        records.append(batch.records)
        rejects.append(batch.rejects)
        digests += [SeedDigest(*digest) for digest in batch.digests]
        advance(seeds)
    whole, refused = pa.concat_tables(records), pa.concat_tables(rejects)
    files = _write_splits(whole, f"{shard.number}", recipe, folder)
    return BuiltShard(files, refused, tuple(digests), seen, summarise(whole, refused))


def _write_splits(records: pa.Table, name: str, recipe: Recipe, folder: Path) -> tuple[SplitFile, ...]:
    files = []
    for split, part in split_records(records, recipe.split).items():
        path = folder / f"{split}.{name}.parquet"
        write_records(part, path, row_group_bytes=recipe.pack.row_group_bytes)
        files.append(SplitFile(split, path, part.num_rows, content_digest(part), part.nbytes))
    return tuple(files)


# -- finish --


def _finish(built: list[BuiltShard], recipe: Recipe, folder: Path) -> Summary:
    """Joins the shards: copies over shards are dropped, files get their names, card and manifest are written."""
    first = first_paths(shard.pages for shard in built)
    if first:
        built = [_without_copies(shard, first, recipe, folder) for shard in built]
    summary = sum((shard.summary for shard in built), Summary())
    if not summary.kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in summary.rejected.items()) or "the folder is empty"
        raise EmptyBuildError(f"no page could be kept: {reasons}", "text dumps are files whose names end in .txt")
    files, num_bytes = _name_files(built, recipe, folder)
    rejects = pa.concat_tables([shard.rejects for shard in built])
    rejects = rejects.sort_by([("path", "ascending"), ("byte_start", "ascending")])
    write_rejects(rejects, folder / REJECTS_FILE)
    files.append(describe_file(folder, folder / REJECTS_FILE, rows=rejects.num_rows))
    card = write_card(folder, recipe, summary, files, num_bytes)
    files.append(describe_file(folder, card))
    seeds = sorted((seed for shard in built for seed in shard.seeds), key=lambda seed: seed.path)
    write_manifest(folder, recipe=recipe, counts=summary, seeds=seeds, files=files, model=model_digest())
    return summary


def _without_copies(shard: BuiltShard, first: dict[str, str], recipe: Recipe, folder: Path) -> BuiltShard:
    """The shard without the pages that an earlier path of another shard has too; rewritten only if it has such."""
    copies = [key for key, path in shard.pages.items() if first.get(key, path) != path]
    if not copies:
        return shard
    records = pa.concat_tables([pq.read_table(file.path, schema=RECORDS) for file in shard.files])
    copied = pc.is_in(records["id"], value_set=pa.array(copies))
    kept = records.filter(pc.invert(copied))
    rejects = pa.concat_tables([shard.rejects, reject_copies(records.filter(copied), first)])
    number = shard.files[0].path.name.split(".")[-2]
    for file in shard.files:
        file.path.unlink()
    files = _write_splits(kept, number, recipe, folder)
    return BuiltShard(files, rejects, shard.seeds, shard.pages, summarise(kept, rejects))


def _name_files(built: list[BuiltShard], recipe: Recipe, folder: Path) -> tuple[list[PackedFile], dict[str, int]]:
    """Gives the shards' files their names in `data/`; returns them and the bytes in memory of each split."""
    (folder / "data").mkdir()
    files: list[PackedFile] = []
    num_bytes: dict[str, int] = {}
    for split in recipe.split.shares:
        parts = [file for shard in built for file in shard.files if file.split == split]
        for number, part in enumerate(parts):
            path = part.path.rename(folder / "data" / data_name(split, number, len(parts)))
            files.append(describe_file(folder, path, rows=part.rows, content=part.content))
            num_bytes[split] = num_bytes.get(split, 0) + part.num_bytes
    return files, num_bytes
