"""Finish: what was built apart is joined: copies over shards are dropped, files get their names, papers are written."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.schema.errors import EmptyBuildError, StorageError
from dehusk.schema.record import RECORDS, REJECTS

from .cards.contents import Contents
from .cards.papers import write_papers
from .duplicates import PLACES, reject_copies
from .keep import BuiltShard, SplitFile, is_sound, load_shard, note_digest, store_shard
from .pack import REJECTS_FILE, Maker, PackedFile, SeedDigest, data_name, describe_file, write_manifest, write_rejects
from .recipe import Recipe
from .running.task import Tell
from .shard import DEADLY, Setting, settle_in, write_splits
from .summary import Summary, summarise, total
from .versioning.takedown import Takedown, write_takedown
from .versioning.withdraw import seeds_to_name, veil_rejects

_NO_LINK: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS)


# -- what other shards have to say of one --


@dataclass(frozen=True, slots=True)
class SettleTask:
    """A built shard of which something is to be changed, since other shards are as they are.

    Attributes:
        folder: where it lies.
        copies: the first place of its pages that are copies, by id.
        deaths: how many workers ended at it.
    """

    folder: Path
    copies: Mapping[str, str]
    deaths: int = 0

    def run(self, setting: Setting, tell: Tell) -> Path:
        """Gives the folder of the shard as it is to be packed; it is kept if the shard itself is."""
        tell(range(0), 0)
        made_from = [note_digest(self.folder), sorted(self.copies.items())]
        findings = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
        name = f"{self.folder.name}-{findings}"
        home = setting.kept / name
        if not setting.fresh and is_sound(home):
            return home
        folder = setting.making / f"{name}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        store_shard(_without_copies(load_shard(self.folder), self.copies, setting.recipe, folder))
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


def _without_copies(shard: BuiltShard, first: Mapping[str, str], recipe: Recipe, folder: Path) -> BuiltShard:
    """The shard, in another folder, without the pages that `first` names."""
    files: list[SplitFile] = []
    rejects = [shard.rejects]
    summary = Summary()
    for file in shard.files:
        records = pq.read_table(file.path, schema=RECORDS)
        copied = pc.is_in(records["id"], value_set=pa.array(sorted(first)))
        kept = records.filter(pc.invert(copied))
        summary += summarise(kept, REJECTS.empty_table())
        if kept.num_rows == records.num_rows:
            files.append(_linked(file, folder))
        else:
            rejects.append(reject_copies(records.filter(copied), first))
            files += write_splits(kept, Path(file.path).name.split(".")[-2], recipe, folder)
    link(shard.folder / PLACES, folder / PLACES)
    return replace(shard, folder=folder, files=tuple(files), rejects=pa.concat_tables(rejects), summary=summary)


def _linked(file: SplitFile, folder: Path) -> SplitFile:
    path = folder / Path(file.path).name
    link(Path(file.path), path)
    return msgspec.structs.replace(file, path=str(path))


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
