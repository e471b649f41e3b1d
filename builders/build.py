"""Build: plan → shards → finish. Shards know nothing of each other; the finish joins them and puts them in place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.schema.errors import EmptyBuildError
from dehusk.schema.record import RECORDS, REJECTS

from .cards.contents import Contents, carry_over
from .cards.papers import write_papers
from .duplicates import first_paths, reject_copies
from .labelling.label import model_digest
from .pack import (
    REJECTS_FILE,
    Maker,
    PackedFile,
    SeedDigest,
    content_digest,
    count_bytes,
    current_maker,
    data_name,
    describe_file,
    write_manifest,
    write_records,
    write_rejects,
)
from .place import staging
from .plan import Plan, Shard, plan_build
from .reading.read import Seed
from .recipe import Recipe
from .road import build_batch
from .split import split_records
from .summary import Summary, summarise
from .versioning.takedown import NOTHING, TAKEDOWN_NAME, Takedown, read_takedown, write_takedown
from .versioning.withdraw import listed_ids, seeds_to_name, veil_rejects

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
        pages: paths of its pages, by id, but those that were withdrawn.
        withdrawn: ids of the pages that the takedown list names.
        summary: its counts.
    """

    files: tuple[SplitFile, ...]
    rejects: pa.Table
    seeds: tuple[SeedDigest, ...]
    pages: dict[str, str]
    withdrawn: tuple[str, ...]
    summary: Summary


def build_dataset(
    seeds: Path,
    out: Path,
    recipe: Recipe | None = None,
    *,
    takedown: Takedown = NOTHING,
    watch: Watch | None = None,
) -> Summary:
    """Builds a dataset from a folder of page dumps.

    What the takedown list of the seeds folder or of the dataset that is replaced names, stays out.

    Args:
        seeds: folder of text dumps, or one of them.
        out: the dataset folder; made, or replaced if a manifest of ours lists all that it holds.
        recipe: all options; the defaults when None.
        takedown: what must stay out beside that: the list that lies beside the recipe.
        watch: called after every batch with the number of seeds done, and of all.

    Returns:
        What was counted.

    Raises:
        UsageError: the seeds are not there, or `out` may not be replaced.
        RecipeError: a takedown list cannot be read.
        EmptyBuildError: no page could be kept; nothing was written.
        StorageError: the system refused to write; what was there still is.
    """
    recipe = recipe or Recipe()
    plan = plan_build(seeds, recipe.pack.shard_bytes)
    takedown |= read_takedown((seeds if seeds.is_dir() else seeds.parent) / TAKEDOWN_NAME)
    done = 0

    def advance(batch: Sequence[Seed]) -> None:
        nonlocal done
        done += len(batch)
        if watch is not None:
            watch(done, plan.n_seeds)

    with staging(out) as folder:
        carry_over(out, folder)
        plan = _withhold(plan, takedown | read_takedown(out / TAKEDOWN_NAME), recipe)
        built = [build_shard(shard, plan, recipe, folder, advance) for shard in plan.shards]
        return _finish(built, plan.takedown, recipe, folder)


def _withhold(plan: Plan, takedown: Takedown, recipe: Recipe) -> Plan:
    """The plan with what must stay out, the ids of what lies at the listed paths included."""
    batches = [batch for shard in plan.shards for batch in shard.batches]
    return replace(plan, takedown=takedown.with_ids(listed_ids(batches, plan.folder, takedown, recipe.bounds)))


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
    withdrawn: list[str] = []
    for seeds in shard.batches:
        batch = build_batch(seeds, plan.folder, recipe, seen, plan.takedown)
        records.append(batch.records)
        rejects.append(batch.rejects)
        digests += [SeedDigest(*digest) for digest in batch.digests]
        withdrawn += batch.withdrawn
        advance(seeds)
    whole, refused = pa.concat_tables(records), pa.concat_tables(rejects)
    files = write_splits(whole, f"{shard.number}", recipe, folder)
    pages = {key: path for key, path in seen.items() if key not in set(withdrawn)}
    return BuiltShard(files, refused, tuple(digests), pages, tuple(withdrawn), summarise(whole, refused))


def write_splits(records: pa.Table, name: str, recipe: Recipe, folder: Path) -> tuple[SplitFile, ...]:
    """Writes records into a file for each split that has any, `SPLIT.NAME.parquet`."""
    files = []
    for split, part in split_records(records, recipe.split).items():
        path = folder / f"{split}.{name}.parquet"
        write_records(part, path, row_group_bytes=recipe.pack.row_group_bytes)
        files.append(SplitFile(split, path, part.num_rows, content_digest(part), count_bytes(part)))
    return tuple(files)


# -- finish --


def _finish(built: list[BuiltShard], takedown: Takedown, recipe: Recipe, folder: Path) -> Summary:
    """Joins the shards: copies over shards are dropped, what was withdrawn is noted, and the rest is written."""
    first = first_paths(shard.pages for shard in built)
    if first:
        built = [_without_copies(shard, first, recipe, folder) for shard in built]
    takedown = takedown.with_ids(key for shard in built for key in shard.withdrawn)
    return finish_dataset(built, takedown, recipe, folder, current_maker(model_digest()))


def finish_dataset(
    built: Sequence[BuiltShard], takedown: Takedown, recipe: Recipe, folder: Path, maker: Maker
) -> Summary:
    """Makes a dataset of shards that have no page in common: data files get their names, the other files are written.

    Args:
        built: the shards, their files in `folder`.
        takedown: what was taken out, by id too.
        recipe: all options.
        folder: where the dataset is made.
        maker: what made the records.

    Returns:
        What is in the dataset, counted.

    Raises:
        EmptyBuildError: there is no record.
    """
    rejects = veil_rejects(pa.concat_tables([shard.rejects for shard in built]), takedown)
    summary = sum((shard.summary for shard in built), Summary())
    summary = msgspec.structs.replace(summary, rejected=summarise(RECORDS.empty_table(), rejects).rejected)
    if not summary.kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in summary.rejected.items()) or "the folder is empty"
        raise EmptyBuildError(f"no page could be kept: {reasons}", "text dumps are files whose names end in .txt")
    files, num_bytes = _name_files(built, recipe, folder)
    rejects = rejects.sort_by([(name, "ascending") for name in ("path", "byte_start", "sha256")])
    write_rejects(rejects, folder / REJECTS_FILE)
    files.append(describe_file(folder, folder / REJECTS_FILE, rows=rejects.num_rows))
    if takedown:
        files.append(describe_file(folder, write_takedown(folder, takedown)))
    seeds = seeds_to_name(
        sorted((seed for shard in built for seed in shard.seeds), key=lambda seed: seed.path), takedown
    )
    files += write_papers(folder, Contents(recipe, summary, tuple(files), num_bytes, seeds, maker))
    write_manifest(folder, maker=maker, recipe=recipe, counts=summary, seeds=seeds, files=files)
    return summary


def _without_copies(shard: BuiltShard, first: dict[str, str], recipe: Recipe, folder: Path) -> BuiltShard:
    """The shard without the pages that an earlier path of another shard has too; rewritten only if it has such."""
    copies = [key for key, path in shard.pages.items() if first.get(key, path) != path]
    if not copies or not shard.files:
        return shard
    records = pa.concat_tables([pq.read_table(file.path, schema=RECORDS) for file in shard.files])
    copied = pc.is_in(records["id"], value_set=pa.array(copies))
    kept = records.filter(pc.invert(copied))
    rejects = pa.concat_tables([shard.rejects, reject_copies(records.filter(copied), first)])
    number = shard.files[0].path.name.split(".")[-2]
    for file in shard.files:
        file.path.unlink()
    files = write_splits(kept, number, recipe, folder)
    return replace(shard, files=files, rejects=rejects, summary=summarise(kept, rejects))


def _name_files(built: Sequence[BuiltShard], recipe: Recipe, folder: Path) -> tuple[list[PackedFile], dict[str, int]]:
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
