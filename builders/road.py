"""The main road: read → cut → label → describe → compose → withdraw → check. `build.py` packs what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from .check import split_by_contract
from .compose import compose_records
from .describing.describe import describe_pages
from .duplicates import drop_copies
from .labelling.label import label_lines
from .reading.cut import bound_pages, cut_lines
from .reading.read import Seed, read_pages
from .recipe import Recipe
from .versioning.takedown import NOTHING, Takedown
from .versioning.withdraw import part_listed, reject_listed


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch of seeds became: every page is in one of the two tables.

    Attributes:
        records: table of `RECORDS`.
        rejects: table of `REJECTS`.
        digests: path, size and SHA-256 of every seed file that was read.
        withdrawn: ids of the pages that the takedown list names.
    """

    records: pa.Table
    rejects: pa.Table
    digests: tuple[tuple[str, int, str], ...]
    withdrawn: tuple[str, ...]


def build_batch(
    seeds: Sequence[Seed], folder: Path, recipe: Recipe, seen: dict[str, str], takedown: Takedown = NOTHING
) -> Batch:
    """Takes one batch of seeds down the road.

    Args:
        seeds: seeds of `folder`, in order.
        folder: the seeds folder, or the one seed file.
        recipe: all options.
        seen: paths of the pages that came before, by id; those of this batch are added.
        takedown: what must stay out.
    """
    pages, unread = read_pages(seeds, folder, recipe.bounds)
    digests = _digests(pages, unread)
    pages, copies = drop_copies(pages, seen)
    pages, lines, unbounded = bound_pages(pages, cut_lines(pages), recipe.bounds)
    lines = label_lines(pages, lines)
    pages = describe_pages(pages, lines, recipe.dates)
    records, withdrawn = part_listed(compose_records(pages, lines), takedown)
    records, broken = split_by_contract(records, latest=recipe.dates.latest)
    rejects = pa.concat_tables([unread, copies, unbounded, reject_listed(withdrawn), broken])
    return Batch(records, rejects, digests, tuple(withdrawn["id"].to_pylist()))


def _digests(pages: pa.Table, rejects: pa.Table) -> tuple[tuple[str, int, str], ...]:
    read = pages["source"].to_pylist() + [row for row in rejects.to_pylist() if row["sha256"] is not None]
    return tuple((row["path"], row["byte_end"], row["sha256"]) for row in read)
