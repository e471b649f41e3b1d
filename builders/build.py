"""Build: plan → shards → finish. Shards know nothing of each other; the finish joins them and puts them in place."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.schema.errors import EmptyBuildError
from dehusk.schema.record import RECORDS, REJECTS

from .cards.contents import Contents, carry_over
from .cards.papers import write_papers
from .duplicates import first_places, reject_copies
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
from .recipe import Recipe
from .road import build_batch
from .split import split_records
from .summary import Summary, summarise
from .unpacking.document import Item, ReadFile
from .unpacking.seeds import Seed
from .unpacking.sources import Source, local_folders
from .unpacking.unpack import unpack_seeds
from .versioning.takedown import NOTHING, TAKEDOWN_NAME, Takedown, read_takedown, write_takedown
from .versioning.withdraw import listed_ids, seeds_to_name, veil_rejects

Watch = Callable[[int, int], None]
"""Told how many of how many work units are done: seed files, and parts of large ones."""

BATCH_BYTES: Final = 4 << 20
"""Bytes of documents in one batch of tables: enough for columns to pay, and a build stays under 1 GB of memory."""

BATCH_ITEMS: Final = 4096
"""Items in one batch, rejects and all."""

HELD_BYTES: Final = 64 << 20
"""Bytes of documents whose records a shard holds before it writes them, at least; else `pack.shard_bytes`."""


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
        pages: places of its pages (`Place.key`), by id, but those that were withdrawn.
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
    sources: Source | Sequence[Source],
    out: Path,
    recipe: Recipe | None = None,
    *,
    takedown: Takedown = NOTHING,
    watch: Watch | None = None,
) -> Summary:
    """Builds a dataset from page dumps.

    What the takedown list of a source that is a folder, or of the dataset that is replaced, names stays out.

    Args:
        sources: files, folders, globs and addresses of other file systems, in which the pages lie.
        out: the dataset folder; made, or replaced if a manifest of ours lists all that it holds.
        recipe: all options; the defaults when None.
        takedown: what must stay out beside that: the list that lies beside the recipe.
        watch: called after every batch with the number of seeds done, and of all.

    Returns:
        What was counted.

    Raises:
        UsageError: a source is not there, or `out` may not be replaced.
        RecipeError: a takedown list cannot be read.
        EmptyBuildError: no page could be kept; nothing was written.
        StorageError: the system refused to write; what was there still is.
    """
    recipe = recipe or Recipe()
    plan = plan_build(sources, recipe.pack.shard_bytes)
    for folder in local_folders(sources):
        takedown |= read_takedown(folder / TAKEDOWN_NAME)
    done = 0

    def advance(units: int) -> None:
        nonlocal done
        done += units
        if watch is not None:
            watch(done, plan.n_seeds)

    with staging(out) as folder:
        carry_over(out, folder)
        plan = _withhold(plan, takedown | read_takedown(out / TAKEDOWN_NAME), recipe)
        built = [build_shard(shard, plan, recipe, folder, advance) for shard in plan.shards]
        return _finish(built, plan.takedown, recipe, folder)


def _withhold(plan: Plan, takedown: Takedown, recipe: Recipe) -> Plan:
    """The plan with what must stay out, the ids of what lies at the listed paths included."""
    seeds = [seed for shard in plan.shards for seed in shard.seeds]
    return replace(plan, takedown=takedown.with_ids(listed_ids(seeds, takedown, recipe)))


def build_shard(shard: Shard, plan: Plan, recipe: Recipe, folder: Path, advance: Callable[[int], None]) -> BuiltShard:
    """Builds one shard into files of its own, which are written as soon as they are large enough.

    Args:
        shard: a shard of `plan`.
        plan: all the work.
        recipe: all options.
        folder: where to write.
        advance: called after every batch with the number of seeds (or parts of seeds) that it ended.
    """
    seen: dict[str, str] = {}
    parts: list[_Part] = []
    records: list[pa.Table] = []
    held = 0
    digests: list[SeedDigest] = []
    withdrawn: list[str] = []
    rejects = [REJECTS.empty_table()]
    for items, n_done in read_batches(shard.seeds, recipe):
        batch = build_batch(items, recipe, seen, plan.takedown)
        records.append(batch.records)
        rejects.append(batch.rejects)
        digests += [SeedDigest(file.path, file.size, file.sha256) for file in batch.files]
        withdrawn += batch.withdrawn
        held += _count_bytes(items)
        if held >= max(HELD_BYTES, recipe.pack.shard_bytes):
            parts.append(_write_part(records, f"{shard.number}-{len(parts)}", recipe, folder))
            records, held = [], 0
        advance(n_done)
    parts.append(_write_part(records, f"{shard.number}-{len(parts)}", recipe, folder))
    refused = pa.concat_tables(rejects)
    pages = {key: path for key, path in seen.items() if key not in set(withdrawn)}
    summary = sum((part.summary for part in parts), summarise(RECORDS.empty_table(), refused))
    files = tuple(file for part in parts for file in part.files)
    return BuiltShard(files, refused, tuple(digests), pages, tuple(withdrawn), summary)


@dataclass(frozen=True, slots=True)
class _Part:
    """What was written of a shard at once."""

    files: tuple[SplitFile, ...]
    summary: Summary


def _write_part(records: list[pa.Table], name: str, recipe: Recipe, folder: Path) -> _Part:
    whole = pa.concat_tables([RECORDS.empty_table(), *records])
    return _Part(write_splits(whole, name, recipe, folder), summarise(whole, REJECTS.empty_table()))


def read_batches(seeds: Sequence[Seed], recipe: Recipe) -> Iterator[tuple[list[Item], int]]:
    """Reads seeds in batches of about `BATCH_BYTES`.

    Yields:
        What lies in them, and how many seeds ended since the batch before.
    """
    begun = 0

    def counted() -> Iterator[Seed]:
        nonlocal begun
        for seed in seeds:
            begun += 1
            yield seed

    batch: list[Item] = []
    held = told = 0
    for item in unpack_seeds(counted(), recipe):
        batch.append(item)
        held += _count_bytes([item])
        if held >= BATCH_BYTES or len(batch) >= BATCH_ITEMS:
            yield batch, max(0, begun - 1 - told)
            told = max(told, begun - 1)
            batch, held = [], 0
    yield batch, len(seeds) - told


def _count_bytes(items: Iterable[Item]) -> int:
    return sum(len(item.data or b"") for item in items if not isinstance(item, ReadFile))


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
    first = first_places(shard.pages for shard in built)
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
        raise EmptyBuildError(f"no page could be kept: {reasons}", "`dehusk sources` says what each file is taken for")
    files, num_bytes = _name_files(built, recipe, folder)
    rejects = rejects.sort_by([(name, "ascending") for name in ("path", "member", "offset", "byte_start", "sha256")])
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
    """The shard without the pages that an earlier place in another shard has too; what has none stays as it is."""
    copies = [key for key, at in shard.pages.items() if first.get(key, at) != at]
    if not copies or not shard.files:
        return shard
    files: list[SplitFile] = []
    rejects = [shard.rejects]
    summary = Summary()
    for file in shard.files:
        records = pq.read_table(file.path, schema=RECORDS)
        copied = pc.is_in(records["id"], value_set=pa.array(copies))
        kept = records.filter(pc.invert(copied))
        summary += summarise(kept, REJECTS.empty_table())
        if kept.num_rows == records.num_rows:
            files.append(file)
            continue
        rejects.append(reject_copies(records.filter(copied), first))
        file.path.unlink()
        files += write_splits(kept, file.path.name.split(".")[-2], recipe, folder)
    refused = pa.concat_tables(rejects)
    summary += summarise(RECORDS.empty_table(), refused)
    return replace(shard, files=tuple(files), rejects=refused, summary=summary)


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
