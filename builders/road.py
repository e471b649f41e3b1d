"""The main road: read → cut → label → describe → compose → check. `build.py` packs what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from .check import split_by_contract
from .compose import compose_records
from .cut import bound_pages, cut_lines
from .describe import describe_pages
from .duplicates import drop_copies
from .label import label_lines
from .read import Seed, read_pages
from .recipe import Recipe


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch of seeds became: every page is in one of the two tables.

    Attributes:
        records: table of `RECORDS`.
        rejects: table of `REJECTS`.
        digests: path, size and SHA-256 of every seed file that was read.
    """

    records: pa.Table
    rejects: pa.Table
    digests: tuple[tuple[str, int, str], ...]


def build_batch(seeds: Sequence[Seed], folder: Path, recipe: Recipe, seen: dict[str, str]) -> Batch:
    """Takes one batch of seeds down the road.

    Args:
        seeds: seeds of `folder`, in order.
        folder: the seeds folder, or the one seed file.
        recipe: all options.
        seen: paths of the pages that came before, by id; those of this batch are added.
    """
    pages, unread = read_pages(seeds, folder, recipe.bounds)
    digests = _digests(pages, unread)
    pages, copies = drop_copies(pages, seen)
    pages, lines, unbounded = bound_pages(pages, cut_lines(pages), recipe.bounds)
    lines = label_lines(pages, lines)
    pages = describe_pages(pages, lines, recipe.dates)
    records, broken = split_by_contract(compose_records(pages, lines), latest=recipe.dates.latest)
    return Batch(records, pa.concat_tables([unread, copies, unbounded, broken]), digests)


def _digests(pages: pa.Table, rejects: pa.Table) -> tuple[tuple[str, int, str], ...]:
    read = pages["source"].to_pylist() + [row for row in rejects.to_pylist() if row["sha256"] is not None]
    return tuple((row["path"], row["byte_end"], row["sha256"]) for row in read)
