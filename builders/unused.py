"""Labels by hand that a dataset did not take: of pages that changed, are gone, or are cut otherwise now."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.schema.findings import Finding
from dehusk.schema.record import REJECT_PLACE

from .labelling.hand import HandLabels, LabelledPage
from .unpacking.document import Place, place_name

RULES: Final = {
    "labels_page_changed": "the page was changed after it was labelled: label it anew with `dehusk review`",
    "labels_page_missing": "no page of this build has that id: take the line out of the labels file, or add the page",
    "labels_lines_moved": "this version reads or cuts the page otherwise: label it anew with `dehusk review`",
}
"""What can keep labels from being taken, and what to do about it."""

_COLUMNS: Final = ["id", *(f"source.{name}" for name in REJECT_PLACE), "lines.list.element.by_hand"]


def unused_labels(hand: HandLabels, rows: Iterable[tuple[str, str, int]]) -> list[Finding]:
    """Finds the pages whose labels by hand were not, or not all, taken.

    Args:
        hand: the labels.
        rows: of each page that there is its id, its place for people, and how many of its lines took a label by hand.

    Returns:
        A warning for each such page, in the order of their paths and ids.
    """
    pages = sorted(hand.values(), key=lambda page: (page.path, page.id))
    named = {page.path for page in pages}
    taken: dict[str, int] = {}
    now: dict[str, str] = {}
    for key, place, count in rows:
        if key in hand:
            taken[key] = count
        if place in named:
            now[place] = key
    found = (_finding(page, taken.get(page.id), now.get(page.path)) for page in pages)
    return [finding for finding in found if finding is not None]


def packed_rows(files: Iterable[Path]) -> Iterator[tuple[str, str, int]]:
    """What `unused_labels` takes, of the records in the data files of a dataset."""
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(columns=_COLUMNS):
            yield from _rows_of(batch)


def _rows_of(batch: pa.RecordBatch) -> Iterator[tuple[str, str, int]]:
    """Of each record its id, its place for people, and how many of its lines are labelled by hand."""
    lines, source = batch["lines"], batch["source"]
    by_hand = pc.struct_field(lines.flatten(), "by_hand").to_numpy(zero_copy_only=False)
    counts = np.bincount(pc.list_parent_indices(lines).to_numpy()[by_hand], minlength=len(batch)).tolist()
    places = zip(*(pc.struct_field(source, name).to_pylist() for name in REJECT_PLACE), strict=True)
    return zip(batch["id"].to_pylist(), (place_name(Place(*place).key) for place in places), counts, strict=True)


def _finding(page: LabelledPage, taken: int | None, now: str | None) -> Finding | None:
    """What there is to say of a page, of which so many labels are in the dataset, where its place holds this id."""
    given = sum(label is not None for label in page.labels)
    if taken == given or not given:
        return None
    if taken is not None:
        rule, value = "labels_lines_moved", f"{taken:,} of {given:,} labels"
    elif now is not None:
        rule, value = "labels_page_changed", f"its id is {now} now"
    else:
        rule, value = "labels_page_missing", f"{given:,} labels"
    return Finding(page.path, None, page.id, "lines.label", rule, value, RULES[rule], severity="warning")
