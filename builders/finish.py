"""Finish: what was built apart is joined: copies over shards are dropped, files get their names, papers are written."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Final, Self

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.schema.errors import EmptyBuildError, StorageError
from dehusk.schema.record import RECORDS

from .cards.contents import Contents
from .cards.papers import write_papers
from .duplicates import PLACES, find_copies, reject_copies
from .joining.settle import Applied, is_default, settle, with_settled
from .joining.trace import TRACE, map_table, write_table
from .keep import BuiltShard, SplitFile, is_sound, load_shard, note_digest, store_shard, trace_paths
from .pack import (
    REJECTS_FILE,
    Maker,
    PackedFile,
    SeedDigest,
    content_digest,
    data_name,
    describe_file,
    write_manifest,
    write_rejects,
)
from .recipe import Recipe
from .running.task import Tell
from .shard import DEADLY, Setting, settle_in, write_parts
from .split import split_records
from .summary import Summary, count_records, summarise, total
from .versioning.takedown import Takedown, write_takedown
from .versioning.withdraw import seeds_to_name, veil_rejects

_NO_LINK: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS)


# -- what other shards have to say of one --


@dataclass(frozen=True, slots=True)
class SettleTask:
    """A built shard of which something is to be changed, since other shards are as they are.

    Attributes:
        folder: where it lies.
        copies: the first place of its pages that lie in another shard too, by id.
        settled: what the others say of its records: a table of `SETTLED` (`map_table`).
        findings: digest of all that the settled shard is made from.
        deaths: how many workers ended at it.
    """

    folder: Path
    copies: Mapping[str, str]
    settled: Path
    findings: str
    deaths: int = 0

    def run(self, setting: Setting, tell: Tell) -> Path:
        """Gives the folder of the shard as it is to be packed; it is kept if the shard itself is."""
        tell(range(0), 0)
        name = f"{self.folder.name}-{self.findings}"
        home = setting.kept / name
        if not setting.fresh and is_sound(home):
            return home
        folder = setting.making / f"{name}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        store_shard(_settled(load_shard(self.folder), self, setting.recipe, folder))
        return settle_in(folder, home) if self.folder.parent == setting.kept else folder

    def suspects(self, at: range) -> range:
        """As `Task.suspects`."""
        return at

    def roots(self) -> list[Path]:
        """As `Task.roots`."""
        return []

    def after_death(self, at: range, cause: str) -> Self:  # noqa: ARG002 - it has no units
        """The same again, a few times."""
        if self.deaths + 1 >= DEADLY:
            raise StorageError(
                f"a built shard cannot be read: {DEADLY} workers ended at it, the last by {cause}",
                "see that there is enough memory, or use fewer --workers, then build again: what is built is kept",
            )
        return replace(self, deaths=self.deaths + 1)


def _settled(shard: BuiltShard, task: SettleTask, recipe: Recipe, folder: Path) -> BuiltShard:
    """The shard, in another folder, without the pages that others have too, and with what these say of the rest."""
    said = map_table(task.settled)
    at = [0, *accumulate(file.rows for file in shard.files)]
    parts: dict[str, list[Applied]] = {}
    rejects = [shard.rejects]
    for file, start in zip(shard.files, at, strict=False):
        records = pq.read_table(file.path, schema=RECORDS)
        copied = is_among(records["id"], task.copies)
        rejects.append(reject_copies(records.filter(copied), task.copies))
        kept = pc.invert(copied)
        applied = with_settled(records.filter(kept), said.slice(start, file.rows).filter(kept), recipe)
        rejects.append(applied.rejects)
        parts.setdefault(Path(file.path).name.split(".")[-2], []).append(applied)
    files: list[SplitFile] = []
    summary = Summary()
    for name, pieces in parts.items():
        records = pa.concat_tables([piece.records for piece in pieces])
        keys = pa.chunked_array([chunk for piece in pieces for chunk in piece.split_keys.chunks], pa.string())
        files += write_parts(split_records(records, keys, recipe.split), name, recipe, folder)
        summary += count_records(records)
    link(shard.folder / PLACES, folder / PLACES)
    return replace(shard, folder=folder, files=tuple(files), rejects=pa.concat_tables(rejects), summary=summary)


def settle_shards(folders: Sequence[Path], setting: Setting) -> list[SettleTask]:
    """Works out which shards other shards change, and how.

    Args:
        folders: all shards, built.
        setting: what all tasks of the build share.
    """
    copies = find_copies(folders)
    traces = [_traces(folder) for folder in folders]
    dropped = [_mask(is_among(trace["id"], held)) for trace, held in zip(traces, copies, strict=True)]
    setting.making.mkdir(parents=True, exist_ok=True)
    tasks = []
    for number, said in enumerate(settle(traces, setting.recipe, dropped)):
        if copies[number] or not is_default(said):
            path = setting.making / f"settled-{number}.arrow"
            write_table(said, path)
            drop = setting.recipe.duplicates.drop
            made_from = [note_digest(folders[number]), content_digest(said), sorted(copies[number].items()), drop]
            findings = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
            tasks.append(SettleTask(folders[number], copies[number], path, findings))
    return tasks


def _traces(folder: Path) -> pa.Table:
    """The traces of a shard's records, in the order of its files."""
    return pa.concat_tables([TRACE.empty_table(), *map(map_table, trace_paths(folder))])


def is_among(ids: pa.ChunkedArray, some: Iterable[str]) -> pa.ChunkedArray:
    """Whether each id is one of these."""
    return pc.is_in(ids, value_set=pa.array(sorted(some), pa.string()))


def _mask(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(column.to_numpy(), dtype=np.bool_)


def link(path: Path, other: Path) -> None:
    """Gives a file a second name, which takes no room; where the file system cannot, it is copied."""
    try:
        os.link(path, other)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copyfile(path, other)


# -- the dataset --


@dataclass(frozen=True, slots=True)
class Whole:
    """All that a dataset is made of.

    Attributes:
        files: its records.
        rejects: table of `REJECTS`.
        seeds: the seed files that were read.
        summary: counts of its records.
    """

    files: tuple[SplitFile, ...]
    rejects: pa.Table
    seeds: tuple[SeedDigest, ...]
    summary: Summary


def join_shards(built: Sequence[BuiltShard]) -> Whole:
    """Puts shards together that have no page in common."""
    return Whole(
        files=tuple(file for shard in built for file in shard.files),
        rejects=pa.concat_tables([shard.rejects for shard in built]),
        seeds=tuple(seed for shard in built for seed in shard.seeds),
        summary=total(shard.summary for shard in built),
    )


def finish_dataset(whole: Whole, takedown: Takedown, recipe: Recipe, folder: Path, maker: Maker) -> Summary:
    """Makes a dataset: data files get their names, the other files are written.

    Args:
        whole: what it is made of; its files stay where they are.
        takedown: what was taken out, by id too.
        recipe: all options.
        folder: where the dataset is made.
        maker: what made the records.

    Returns:
        What is in the dataset, counted.

    Raises:
        EmptyBuildError: there is no record.
    """
    rejects = veil_rejects(whole.rejects, takedown)
    counted = summarise(RECORDS.empty_table(), rejects).rejected
    summary = msgspec.structs.replace(whole.summary, rejected=counted)
    if not summary.kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in summary.rejected.items()) or "the folder is empty"
        raise EmptyBuildError(f"no page could be kept: {reasons}", "`dehusk sources` says what each file is taken for")
    files, num_bytes = _name_files(whole.files, recipe, folder)
    rejects = rejects.sort_by([(name, "ascending") for name in ("path", "member", "offset", "byte_start", "sha256")])
    write_rejects(rejects, folder / REJECTS_FILE)
    files.append(describe_file(folder, folder / REJECTS_FILE, rows=rejects.num_rows))
    if takedown:
        files.append(describe_file(folder, write_takedown(folder, takedown)))
    seeds = seeds_to_name(sorted(whole.seeds, key=lambda seed: seed.path), takedown)
    files += write_papers(folder, Contents(recipe, summary, tuple(files), num_bytes, seeds, maker))
    write_manifest(folder, maker=maker, recipe=recipe, counts=summary, seeds=seeds, files=files)
    return summary


def _name_files(parts: Sequence[SplitFile], recipe: Recipe, folder: Path) -> tuple[list[PackedFile], dict[str, int]]:
    """Gives the data files their names in `data/`; returns them and the bytes in memory of each split."""
    (folder / "data").mkdir()
    files: list[PackedFile] = []
    num_bytes: dict[str, int] = {}
    for split in recipe.split.shares:
        held = [part for part in parts if part.split == split]
        for number, part in enumerate(held):
            path = f"data/{data_name(split, number, len(held))}"
            link(Path(part.path), folder / path)
            files.append(PackedFile(path, part.bytes, part.sha256, part.rows, part.content))
            num_bytes[split] = num_bytes.get(split, 0) + part.num_bytes
    return files, num_bytes
