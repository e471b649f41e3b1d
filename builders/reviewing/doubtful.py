"""Doubtful: the pages of some sources on which the line model is least sure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from dehusk.builders.batches import read_batches
from dehusk.builders.build import Watch
from dehusk.builders.labelling.doubt import page_doubt
from dehusk.builders.labelling.hand import HandLabels, LabelledPage, with_hand
from dehusk.builders.recipe import Recipe
from dehusk.builders.road import read_labelled
from dehusk.builders.unpacking.document import Place, place_name
from dehusk.builders.unpacking.seeds import Seed
from dehusk.builders.unused import unused_labels
from dehusk.schema.findings import Finding
from dehusk.schema.record import REJECT_PLACE

MOST: Final = 1000
"""Pages that are kept in memory, the most doubtful ones; nobody reads more at a time."""


@dataclass(frozen=True, slots=True)
class DoubtfulPage:
    """A page to be looked at.

    Attributes:
        page: the page, with the labels that a person gave so far.
        model: the labels that the model gives its lines.
        score: how sure it is of each, 0 to 1.
        doubt: share of its lines that are likely to be wrong, in thousandths (`page_doubt`); a person's are right.
    """

    page: LabelledPage
    model: tuple[str, ...]
    score: tuple[float, ...]
    doubt: int


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What was found.

    Attributes:
        pages: the most doubtful pages, those first.
        n_pages: how many pages there are in all.
        unused: labels of a person for which there is no page, or no line.
    """

    pages: tuple[DoubtfulPage, ...]
    n_pages: int
    unused: tuple[Finding, ...]


def find_doubtful(
    seeds: Sequence[Seed],
    recipe: Recipe,
    hand: HandLabels,
    *,
    most: int = MOST,
    watch: Watch = lambda done, n_seeds: None,  # noqa: ARG005
) -> Doubtful:
    """Reads and labels all pages and keeps the most doubtful ones.

    Args:
        seeds: what `list_sources` gave.
        recipe: all options, as a build would have them.
        hand: labels that a person gave before.
        most: how many pages to keep at most.
        watch: called after every batch with the number of seeds done, and of all.
    """
    kept: list[DoubtfulPage] = []
    named = {page.path for page in hand.values()}
    seen: dict[str, str] = {}
    rows: list[tuple[str, str, int]] = []
    done = n_pages = 0
    for load in read_batches(seeds, recipe):
        pages, lines, _ = read_labelled(load.items, recipe, seen)
        found = _pages(pages, lines, hand)
        rows += [_row(one.page) for one in found if one.page.id in hand or one.page.path in named]
        kept = sorted(kept + found, key=lambda one: (-one.doubt, one.page.path))[:most]
        done += load.n_done
        n_pages += pages.num_rows
        watch(done, len(seeds))
    return Doubtful(tuple(kept), n_pages, tuple(unused_labels(hand, rows)))


def _row(page: LabelledPage) -> tuple[str, str, int]:
    return page.id, page.path, sum(label is not None for label in page.labels)


def _pages(pages: pa.Table, lines: pa.Table, hand: HandLabels) -> list[DoubtfulPage]:
    told = with_hand(pages, lines.drop(["by_hand"]), hand)
    page = lines["page"].to_numpy()
    doubt = page_doubt(page, told["score"].to_numpy(), pages.num_rows).tolist()
    at = np.searchsorted(page, np.arange(pages.num_rows + 1)).tolist()
    return [
        _page(row, lines.slice(a, b - a), told.slice(a, b - a), doubt[number])
        for number, (row, a, b) in enumerate(
            zip(pages.select(["id", "raw", "source"]).to_pylist(), at, at[1:], strict=False)
        )
    ]


def _page(row: dict[str, object], lines: pa.Table, told: pa.Table, doubt: int) -> DoubtfulPage:
    source = row["source"]
    assert isinstance(source, dict)  # noqa: S101 (for the type checker)
    path = place_name(Place(*(source[name] for name in REJECT_PLACE)).key)
    start, end = (lines[name].to_numpy().astype(np.int64) for name in ("start", "end"))
    labels = (
        label if by_hand else None
        for label, by_hand in zip(told["label"].to_pylist(), told["by_hand"].to_pylist(), strict=True)
    )
    page = LabelledPage(str(row["id"]), path, str(row["raw"]), start, end, tuple(labels))
    score = tuple(round(score, 3) for score in lines["score"].to_pylist())
    return DoubtfulPage(page, tuple(lines["label"].to_pylist()), score, doubt)
