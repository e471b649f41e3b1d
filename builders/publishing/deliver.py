"""Deliver: a dataset is built on this machine and then put where it belongs, in a bucket or on another file system."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from dehusk.builders.build import How, build_dataset
from dehusk.builders.labelling.hand import NO_LABELS, HandLabels
from dehusk.builders.pack import CARD, MANIFEST
from dehusk.builders.recipe import Recipe
from dehusk.builders.summary import Summary
from dehusk.builders.unpacking.sources import Source
from dehusk.builders.versioning.takedown import NOTHING, TAKEDOWN_NAME, Takedown
from dehusk.schema.errors import PublishError, TargetError

from .publish import plan_publication, publish_dataset
from .store import open_store
from .targets import StoreTarget, masked, parse_target

KEPT = (MANIFEST, CARD, TAKEDOWN_NAME)
"""What a build looks at of the dataset that it replaces."""


def build_elsewhere(
    sources: Source | Sequence[Source],
    url: str,
    recipe: Recipe | None = None,
    *,
    takedown: Takedown = NOTHING,
    hand: HandLabels = NO_LABELS,
    how: How | None = None,
) -> Summary:
    """Builds a dataset and puts it into a store, as `build_dataset` and `publish_dataset` do.

    The store is asked before anything is built. The dataset takes its room on this machine until it is there,
    and is kept if it cannot be brought.

    Args:
        sources: as in `build_dataset`.
        url: any address that fsspec can write to.
        recipe: as in `build_dataset`.
        takedown: as in `build_dataset`.
        hand: as in `build_dataset`.
        how: as in `build_dataset`.

    Returns:
        What was counted.

    Raises:
        TargetError: it is no such address.
        AccessError: the store does not let us in.
        PublishError: it does not answer, or what arrived is not what was sent.
        DehuskError: as in `build_dataset`.
    """
    target = parse_target(url)
    if not isinstance(target, StoreTarget):
        raise TargetError(f"{masked(url)} is a hub", "build into a folder, then `dehusk publish` it")
    folder = Path(mkdtemp(prefix="dehusk-"))
    dist = folder / "dist"
    try:
        _fetch(target, dist)
        summary = build_dataset(sources, dist, recipe, takedown=takedown, hand=hand, how=how)
    except BaseException:
        shutil.rmtree(folder)
        raise
    try:
        publish_dataset(plan_publication(dist, url, preflight=False), load=False)
    except PublishError as error:
        where = f"what was built is in {dist}: dehusk publish {dist} {masked(url)}"
        error.tip = f"{error.tip}; {where}" if error.tip else where
        raise
    shutil.rmtree(folder)
    return summary


def _fetch(target: StoreTarget, dist: Path) -> None:
    """Copies what a build looks at, if a dataset of ours is there."""
    with open_store(target) as store:
        names = store.files().keys() & set(KEPT)
        if MANIFEST in names:
            dist.mkdir()
            for name in names:
                (dist / name).write_bytes(store.read(name))
