"""Shard: one is built from its seeds alone, into a folder of its own that says by its name what it was made from.

What a shard is made from is its key: a digest of its seeds' paths and bytes, of the code, the libraries and the recipe,
and of what must stay out. A folder of that name that is whole is what building would give, so that it is not built.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from dehusk.schema.errors import StorageError
from dehusk.schema.record import RECORDS, REJECTS

from .batches import read_batches
from .duplicates import write_places
from .inputs import LargeFile, digest_units, is_as_digested, shard_key
from .joining.trace import trace_records, write_table
from .keep import BuiltShard, SplitFile, is_whole, store_shard, trace_path
from .labelling.hand import HandLabels, labels_digest
from .pack import SeedDigest, content_digest, count_bytes, file_digest, write_records
from .plan import Shard
from .recipe import Recipe
from .road import build_batch
from .running.task import Tell
from .split import own_keys, split_records
from .summary import Summary, summarise
from .unpacking.document import Refused
from .unpacking.seeds import Seed
from .versioning.takedown import Takedown

DEADLY: Final = 3
"""How many workers a unit may end before it is rejected."""

DOUBTFUL: Final = ("crashed", "unreadable")
"""Reasons of rejects that may not be there the next time: a shard that has one is not kept."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all tasks of a build share.

    Attributes:
        recipe: all options.
        takedown: what must stay out.
        hand: labels that a person gave.
        ground: digest of what all shards are made with.
        kept: the folder of the shards, by key.
        making: the folder in which shards are made.
        fresh: whether kept shards are left alone.
    """

    recipe: Recipe
    takedown: Takedown
    hand: HandLabels
    ground: str
    kept: Path
    making: Path
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class ShardTask:
    """One shard to be built, or found among those that are kept.

    Attributes:
        shard: which.
        large: the files of which it has parts, as they were before the build, by path.
        deaths: how many workers each unit was being read by when they ended, by number; -1 for none.
        last_cause: of what the last of them died.
    """

    shard: Shard
    large: Mapping[str, LargeFile]
    deaths: Mapping[int, int] = field(default_factory=dict)
    last_cause: str = ""

    def run(self, setting: Setting, tell: Tell) -> Path:
        """Gives the shard's folder, of `setting.kept`; of `setting.making` where its inputs are not sure."""
        seeds = self.shard.seeds
        tell(range(0), 0)
        inputs = digest_units(seeds, self.large)
        key = shard_key(setting.ground, seeds, inputs)
        home = setting.kept / key
        if not setting.fresh and is_whole(home, setting.takedown, setting.hand):
            tell(range(0), len(seeds))
            return home
        folder = setting.making / f"{key}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        built = _build(self, setting, folder, tell)
        store_shard(built)
        doubtful = pc.any(pc.is_in(built.rejects["reason"], value_set=pa.array(DOUBTFUL))).as_py()
        read = {seed.path: seed.sha256 for seed in built.seeds}
        sure = not doubtful and is_as_digested(seeds, inputs, self.large, read)
        return settle_in(folder, home) if sure else folder

    def suspects(self, at: range) -> range:
        """As `Task.suspects`: those that may share a batch with the first of them."""
        if not at or at.start in self.alone:
            return at
        return range(at.start, min((number for number in self.alone if number > at.start), default=len(self.seeds)))

    def roots(self) -> list[Path]:
        """As `Task.roots`."""
        return [Path(os.fsdecode(root)) for root in {seed.root for seed in self.shard.seeds if not seed.remote}]

    def after_death(self, at: range, cause: str) -> Self:
        """The shard as it is to be built next: units that were under way are read alone, deadly ones not at all."""
        deaths = dict(self.deaths)
        for number in at or (-1,):
            deaths[number] = deaths.get(number, 0) + 1
        if deaths.get(-1, 0) >= DEADLY:
            raise StorageError(
                f"shard {self.shard.number} cannot be built: {DEADLY} workers ended while they read no page ({cause})",
                "see that there is enough memory, or use fewer --workers, then build again: what is built is kept",
            )
        return replace(self, deaths=deaths, last_cause=cause)

    @property
    def alone(self) -> frozenset[int]:
        """Numbers of the units that share no batch with others."""
        return frozenset(number for number in self.deaths if number >= 0)

    @property
    def seeds(self) -> tuple[Seed, ...]:
        """The units, those refused that ended too many workers."""
        why = Refused("crashed", f"{DEADLY} workers ended while they read it, the last by {self.last_cause}")
        return tuple(
            replace(seed, refused=why) if self.deaths.get(number, 0) >= DEADLY else seed
            for number, seed in enumerate(self.shard.seeds)
        )


def settle_in(folder: Path, home: Path) -> Path:
    """Gives a whole shard the place of its name."""
    home.parent.mkdir(exist_ok=True)
    shutil.rmtree(home, ignore_errors=True)
    return folder.rename(home)


def _build(task: ShardTask, setting: Setting, folder: Path, tell: Tell) -> BuiltShard:
    """Builds a shard into its folder."""
    recipe = setting.recipe
    seen: dict[str, str] = {}
    files: list[SplitFile] = []
    records: list[pa.Table] = []
    seeds: list[SeedDigest] = []
    withdrawn: list[str] = []
    rejects = [REJECTS.empty_table()]
    summary = Summary()
    for load in read_batches(task.seeds, recipe, task.alone, lambda at: tell(at, 0)):
        tell(load.at, 0)
        batch = build_batch(load.items, recipe, seen, setting.takedown, setting.hand)
        summary += summarise(batch.records, REJECTS.empty_table())
        records.append(batch.records)
        rejects.append(batch.rejects)
        seeds += [SeedDigest(file.path, file.size, file.sha256) for file in batch.files]
        withdrawn += batch.withdrawn
        if load.ends_part:
            files += write_splits(pa.concat_tables(records), f"{len(files)}", recipe, folder)
            records = []
        tell(load.at[load.n_done :], load.n_done)
    files += write_splits(pa.concat_tables([RECORDS.empty_table(), *records]), f"{len(files)}", recipe, folder)
    refused = pa.concat_tables(rejects)
    gone = set(withdrawn)
    places = {key: place for key, place in seen.items() if key not in gone}
    write_places(places, folder)
    listed = tuple(setting.takedown.ids & {*seen, *withdrawn})
    told = labels_digest(setting.hand, places)
    return BuiltShard(folder, tuple(files), refused, tuple(seeds), tuple(withdrawn), listed, told, summary)


def write_splits(records: pa.Table, name: str, recipe: Recipe, folder: Path) -> Sequence[SplitFile]:
    """Writes records into a file for each split that has any, `SPLIT.NAME.parquet`, and their traces beside it.

    The split of each is that of its own key, as if no record had copies.
    """
    parts = split_records(records, own_keys(records, recipe.split), recipe.split)
    files = write_parts(parts, name, recipe, folder)
    for file in files:
        write_table(trace_records(parts[file.split]), trace_path(file))
    return files


def write_parts(parts: Mapping[str, pa.Table], name: str, recipe: Recipe, folder: Path) -> Sequence[SplitFile]:
    """Writes the records of each split into a file `SPLIT.NAME.parquet`."""
    files = []
    for split, part in parts.items():
        path = folder / f"{split}.{name}.parquet"
        write_records(part, path, row_group_bytes=recipe.pack.row_group_bytes)
        stored = (path.stat().st_size, file_digest(path))
        files.append(SplitFile(split, str(path), part.num_rows, content_digest(part), count_bytes(part), *stored))
    return files
