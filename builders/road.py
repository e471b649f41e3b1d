"""The main road: read → cut → label → describe → redact → compose → withdraw → check. What is left is packed."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from .check import split_by_contract
from .compose import compose_records
from .describing.address import site_of
from .describing.describe import describe_pages
from .duplicates import drop_copies
from .labelling.hand import NO_LABELS, HandLabels
from .labelling.label import label_lines
from .reading.cut import bound_pages, cut_lines
from .reading.read import read_pages
from .recipe import Recipe
from .redact import redact_pages, redact_strings
from .unpacking.document import Item, ReadFile
from .versioning.takedown import NOTHING, Takedown
from .versioning.withdraw import part_listed, reject_listed


def with_addresses(pages: pa.Table) -> pa.Table:
    """Described pages with the address that their box gives, where their text states none, and its site."""
    stated, given = pages["url"], pc.struct_field(pages["source"], "url")
    if given.null_count == len(given):
        return pages
    usable = pc.match_substring_regex(given, r"^https?://[!-~\p{L}\p{N}\p{M}]+$")
    taken = pc.and_(pc.is_null(stated), pc.fill_null(usable, False))
    urls = pc.if_else(taken, given, stated)
    known = zip(taken.to_pylist(), urls.to_pylist(), pages["site"].to_pylist(), strict=True)
    sites = pa.array([site_of(url) if new else site for new, url, site in known], pa.string())
    pages = pages.set_column(pages.schema.get_field_index("url"), "url", urls)
    return pages.set_column(pages.schema.get_field_index("site"), "site", sites)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch of documents became: every page is in one of the two tables.

    Attributes:
        records: table of `RECORDS`.
        rejects: table of `REJECTS`.
        files: every seed file that was read to its end.
        withdrawn: ids of the pages that the takedown list names.
    """

    records: pa.Table
    rejects: pa.Table
    files: tuple[ReadFile, ...]
    withdrawn: tuple[str, ...]


def build_batch(
    items: Sequence[Item],
    recipe: Recipe,
    seen: dict[str, str],
    takedown: Takedown = NOTHING,
    hand: HandLabels = NO_LABELS,
) -> Batch:
    """Takes one batch of documents down the road.

    Args:
        items: what `unpack_seeds` gave, or a part of it.
        recipe: all options.
        seen: places of the pages that came before, by id; those of this batch are added.
        takedown: what must stay out.
        hand: labels that a person gave.
    """
    pages, lines, unread = read_labelled(items, recipe, seen, hand)
    pages = with_addresses(describe_pages(pages, lines, recipe.dates))
    pages, lines = redact_pages(pages, lines, recipe.personal.redact)
    records, withdrawn = part_listed(compose_records(pages, lines), takedown)
    records, broken = split_by_contract(records, latest=recipe.dates.latest)
    rejects = pa.concat_tables([unread, reject_listed(withdrawn), broken])
    if recipe.personal.redact:
        at = rejects.schema.get_field_index("excerpt")
        rejects = rejects.set_column(at, "excerpt", redact_strings(rejects["excerpt"], recipe.personal.redact))
    files = tuple(item for item in items if isinstance(item, ReadFile))
    return Batch(records, rejects, files, tuple(withdrawn["id"].to_pylist()))


def read_labelled(
    items: Sequence[Item], recipe: Recipe, seen: dict[str, str], hand: HandLabels = NO_LABELS
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The first half of the road: pages that are read, cut and labelled, and nothing more.

    Args:
        items: as in `build_batch`.
        recipe: as in `build_batch`.
        seen: as in `build_batch`.
        hand: as in `build_batch`.

    Returns:
        The pages, their lines, and a table of `REJECTS`.
    """
    pages, unread = read_pages(items)
    pages, copies = drop_copies(pages, seen)
    pages, lines, unbounded = bound_pages(pages, cut_lines(pages), recipe.bounds)
    return pages, label_lines(pages, lines, hand), pa.concat_tables([unread, copies, unbounded])
