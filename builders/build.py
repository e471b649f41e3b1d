"""Build: plan → shards → finish. Shards know nothing of each other; the finish joins them and puts them in place."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from dehusk.schema.errors import EmptyBuildError
from dehusk.schema.findings import Finding

from .cards.contents import carry_over
from .finish import finish_dataset, join_shards, settle_shards
from .inputs import LargeFile, digest_large, ground_digest, make_ground
from .keep import load_shard, note_ground
from .labelling.hand import NO_LABELS, HandLabels, read_labels
from .labelling.label import model_digest
from .labelling.model import MODEL_VARIABLE
from .pack import current_maker
from .place import staging
from .plan import Plan, Shard, plan_build
from .recipe import LABELS_NAME, Recipe
from .running.local import Processes, count_cores
from .running.task import InThisProcess, Runner
from .shard import Setting, ShardTask
from .summary import Summary
from .unpacking.extras import needs
from .unpacking.sources import Source, local_folders
from .unused import packed_rows, unused_labels
from .versioning.takedown import NOTHING, TAKEDOWN_NAME, Takedown, read_takedown
from .versioning.withdraw import listed_ids

Watch = Callable[[int, int], None]
"""Told how many of how many work units are done: seed files, and parts of large ones."""

KEPT: Final = "shards"
"""In the folder beside the dataset: the shards that a later build can use."""

MAKING: Final = "making"
"""There: what is being built."""

SMALL_BYTES: Final = 16 << 20
"""Bytes of seeds up to which no process is started: one takes longer to begin than such a build to end."""


@dataclass(frozen=True, slots=True)
class How:
    """How a build is done; nothing of it changes what comes out.

    Attributes:
        workers: processes to build with; 0 for as many as there are cores, or none where that would not pay.
        engine: `local`, or `ray` for a Ray cluster.
        ray_address: address of the cluster; empty for the one that `RAY_ADDRESS` names, else one on this machine.
        fresh: whether nothing of earlier builds is used.
        watch: called as seeds are done, with their number and that of all.
        tell: called with what a person should know: what changed since the last build, and what of it was used.
        find: called with each finding about labels by hand that no page took.
    """

    workers: int = 0
    engine: Literal["local", "ray"] = "local"
    ray_address: str = ""
    fresh: bool = False
    watch: Watch = lambda done, n_seeds: None  # noqa: ARG005
    tell: Callable[[str], None] = lambda text: None  # noqa: ARG005
    find: Callable[[Finding], None] = lambda finding: None  # noqa: ARG005


def build_dataset(
    sources: Source | Sequence[Source],
    out: Path,
    recipe: Recipe | None = None,
    *,
    takedown: Takedown = NOTHING,
    hand: HandLabels = NO_LABELS,
    how: How | None = None,
) -> Summary:
    """Builds a dataset from page dumps.

    What the takedown list of a source that is a folder, or of the dataset that is replaced, names stays out. Labels
    that a person gave (`LABELS_NAME` in a source that is a folder) count instead of the model's. Shards are kept beside
    the dataset, in `.NAME.dehusk`; those whose seeds and labels are as they were are not built again.

    Args:
        sources: files, folders, globs and addresses of other file systems, in which the pages lie.
        out: the dataset folder; made, or replaced if a manifest of ours lists all that it holds.
        recipe: all options; the defaults when None.
        takedown: what must stay out beside that: the list that lies beside the recipe.
        hand: labels that a person gave, which count before those of the sources.
        how: by how many, where, and who is told; the defaults when None.

    Returns:
        What was counted.

    Raises:
        UsageError: a source is not there, or `out` may not be replaced.
        UsageError: a labels file does not say what it must.
        RecipeError: a takedown list cannot be read.
        EmptyBuildError: no page could be kept; nothing was written.
        StorageError: the system refused to write; what was there still is.
    """
    recipe, how = recipe or Recipe(), how or How()
    plan = plan_build(sources, recipe.pack.shard_bytes)
    for folder in local_folders(sources):
        takedown |= read_takedown(folder / TAKEDOWN_NAME)
        hand = {**read_labels(folder / LABELS_NAME), **hand}
    with staging(out, keep=(KEPT,)) as folder:
        carry_over(out, folder)
        takedown |= read_takedown(out / TAKEDOWN_NAME)
        takedown = takedown.with_ids(listed_ids(plan.seeds, takedown, recipe))
        setting = _prepare(folder.parent, recipe, takedown, hand, how)
        try:
            return _build(plan, setting, folder, how)
        except EmptyBuildError:
            shutil.rmtree(setting.kept)
            raise


def _prepare(beside: Path, recipe: Recipe, takedown: Takedown, hand: HandLabels, how: How) -> Setting:
    """Makes the folders in which shards lie, and says what changed since some were put there."""
    kept = beside / KEPT
    ground = make_ground(recipe, takedown)
    if how.fresh:
        shutil.rmtree(kept, ignore_errors=True)
    changed = note_ground(kept, ground)
    if changed:
        how.tell(f"changed since the last build: {', '.join(changed)}; so every page is read anew")
    return Setting(recipe, takedown, hand, ground_digest(ground), kept, beside / MAKING)


def _build(plan: Plan, setting: Setting, folder: Path, how: How) -> Summary:
    done = 0

    def advance(units: int) -> None:
        nonlocal done
        done += units
        if units:
            how.watch(done, plan.n_seeds)

    runner = _runner(plan, setting, how)
    large = digest_large(plan, count_cores())
    before = {(path.name, path.stat().st_ino) for path in setting.kept.iterdir()}
    folders = runner.run(setting, [ShardTask(shard, _of(large, shard)) for shard in plan.shards], advance)
    n_used = len(before & {(each.name, each.stat().st_ino) for each in folders})
    if n_used:
        how.tell(f"{n_used} of {len(folders)} shards are as they were")
    settled = _settle(folders, runner, setting)
    built = [load_shard(each) for each in settled]
    gone = (key for shard in built for key in shard.withdrawn)
    maker = current_maker(model_digest())
    summary = finish_dataset(join_shards(built), setting.takedown.with_ids(gone), setting.recipe, folder, maker)
    _prune(setting.kept, {*folders, *settled})
    if setting.hand:
        for finding in unused_labels(setting.hand, packed_rows(sorted(folder.glob("data/*.parquet")))):
            how.find(finding)
    return summary


def _runner(plan: Plan, setting: Setting, how: How) -> Runner:
    """Who runs the tasks. A build that was killed is gone on with in processes: it may have been a page that did it."""
    killed = setting.making.exists()
    shutil.rmtree(setting.making, ignore_errors=True)
    if how.engine == "ray":
        with needs("ray", "building on Ray"):
            from .running.cluster import RayCluster
        return RayCluster(how.ray_address, {name: os.environ[name] for name in (MODEL_VARIABLE,) if name in os.environ})
    worth = len(plan.shards) > 1 and plan.weight > SMALL_BYTES
    if not (how.workers or killed or worth):
        return InThisProcess()
    return Processes(min(how.workers or count_cores(), len(plan.shards)))


def _of(large: Mapping[str, LargeFile], shard: Shard) -> dict[str, LargeFile]:
    return {seed.path: large[seed.path] for seed in shard.seeds if seed.path in large}


def _settle(folders: Sequence[Path], runner: Runner, setting: Setting) -> list[Path]:
    """The folders of the shards as they are to be packed, now that all are there."""
    tasks = settle_shards(folders, setting)
    settled = dict(zip((task.folder for task in tasks), runner.run(setting, tasks, lambda _: None), strict=True))
    return [settled.get(folder, folder) for folder in folders]


def _prune(kept: Path, used: Iterable[Path]) -> None:
    """Removes the shards that this build did not use."""
    names = {folder.name for folder in used}
    for path in kept.iterdir():
        if path.is_dir() and path.name not in names:
            shutil.rmtree(path)
