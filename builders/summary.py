"""What a build counted: the numbers of its report, its card and its manifest."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.schema.labels import BOILERPLATE, LABELS
from dehusk.schema.record import FLAGS, REJECTS
from dehusk.schema.view import CodePoints, Offsets, codepoints, count_visible, white_places

from .cards.rights import DECLARED, SIGNALS, count_declared, count_rights
from .personal import PERSONAL, count_personal
from .redact import count_marks

OPTIONAL = ("title", "summary", "published", "modified", "section", "publisher", "site", "url", "language", "license")
"""Fields that a page may leave unknown; how often each is known is counted."""

LENGTHS = (0, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""From how many characters of clean text on a record is counted with the longer ones."""


class Summary(msgspec.Struct, frozen=True):
    """Counts over all pages of a build; two can be added.

    Attributes:
        kept: records packed.
        rejected: files and pages that were not, by reason.
        lines: lines by label.
        chars: visible characters by label.
        languages: records by language; `unknown` where none is known.
        flags: records by flag.
        known: records in which each optional field is known (for `authors`: at least one).
        text_chars: characters of clean text.
        earliest: first date of publication, ISO.
        latest: last one.
        years: records by year of publication.
        lengths: records by characters of clean text: the largest of `LENGTHS` that they have.
        personal: records that hold personal data, by `FIELD.KIND` (`personal.py`).
        redacted: marks in `raw` that took the place of personal data, by kind.
        by_hand: lines that a person labelled.
        rights: records by what their legal lines say (`rights.py`).
        declared: records by the licence that their markup states, and by what it reserves (`rights.py`).
        formats: records by `source.format`.
        copies: records that say the same as an earlier one of the dataset.
        originals: records that have copies, in the dataset or among the rejects.
    """

    kept: int = 0
    rejected: dict[str, int] = {}
    lines: dict[str, int] = {}
    chars: dict[str, int] = {}
    languages: dict[str, int] = {}
    flags: dict[str, int] = {}
    known: dict[str, int] = {}
    text_chars: int = 0
    earliest: str | None = None
    latest: str | None = None
    years: dict[str, int] = {}
    lengths: dict[str, int] = {}
    personal: dict[str, int] = {}
    redacted: dict[str, int] = {}
    by_hand: int = 0
    rights: dict[str, int] = {}
    declared: dict[str, int] = {}
    formats: dict[str, int] = {}
    copies: int = 0
    originals: int = 0

    @property
    def came_in(self) -> int:
        """All that came in: kept + rejected."""
        return self.kept + sum(self.rejected.values())

    @property
    def boilerplate_share(self) -> float:
        """Share of boilerplate among all visible characters, 0 to 1."""
        husk = sum(self.chars.get(label, 0) for label in BOILERPLATE)
        return husk / max(1, sum(self.chars.values()))

    def __add__(self, other: "Summary") -> "Summary":
        dates = [day for day in (self.earliest, other.earliest, self.latest, other.latest) if day is not None]
        return Summary(
            kept=self.kept + other.kept,
            rejected=_add(self.rejected, other.rejected),
            lines=_add(self.lines, other.lines, LABELS),
            chars=_add(self.chars, other.chars, LABELS),
            languages=_add(self.languages, other.languages),
            flags=_add(self.flags, other.flags, FLAGS),
            known=_add(self.known, other.known, (*OPTIONAL, "authors")),
            text_chars=self.text_chars + other.text_chars,
            earliest=min(dates, default=None),
            latest=max(dates, default=None),
            years=dict(sorted(_add(self.years, other.years).items())),
            lengths=_add(self.lengths, other.lengths, tuple(map(str, LENGTHS))),
            personal=_add(self.personal, other.personal, _PERSONAL),
            redacted=_add(self.redacted, other.redacted, tuple(PERSONAL)),
            by_hand=self.by_hand + other.by_hand,
            rights=_add(self.rights, other.rights, (*SIGNALS, "none")),
            declared=_add(self.declared, other.declared, tuple(DECLARED)),
            formats=_add(self.formats, other.formats),
            copies=self.copies + other.copies,
            originals=self.originals + other.originals,
        )


_PERSONAL = tuple(f"{field}.{kind}" for field in ("raw", "text") for kind in PERSONAL)


def _add(one: dict[str, int], two: dict[str, int], order: tuple[str, ...] = ()) -> dict[str, int]:
    """Sums by key, in the given order, else the largest first, then by name."""
    total = Counter(one) + Counter(two)
    if order:
        return {key: total[key] for key in order if key in total}
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def summarise(records: pa.Table, rejects: pa.Table) -> Summary:
    """Counts one batch of records (`RECORDS`) and rejects (`REJECTS`)."""
    lines = records["lines"].combine_chunks()
    label = lines.flatten().field("label")
    raw = codepoints(records["raw"])
    dates = [value for value in pc.min_max(records["published"]).as_py().values() if isinstance(value, datetime)]
    known = {name: records.num_rows - records[name].null_count for name in OPTIONAL}
    known["authors"] = int(pc.sum(pc.greater(pc.list_value_length(records["authors"]), 0)).as_py() or 0)
    copies = records.num_rows - records["duplicate_of"].null_count
    counted = Summary(
        kept=records.num_rows,
        rejected=_count(rejects["reason"]),
        lines=_count(label),
        chars=_chars(raw, lines),
        languages=_count(pc.fill_null(records["language"], "unknown")),
        flags=_count(records["flags"].combine_chunks().flatten()),
        known={name: count for name, count in known.items() if count},
        text_chars=int(pc.sum(records["n_chars"]).as_py() or 0),
        earliest=min(dates).date().isoformat() if dates else None,
        latest=max(dates).date().isoformat() if dates else None,
        years=_count(pc.year(records["published"].drop_null()).cast(pa.string())),
        lengths=_lengths(records["n_chars"].to_numpy()),
        personal=count_personal(records),
        redacted=count_marks(records),
        by_hand=int(pc.sum(lines.flatten().field("by_hand")).as_py() or 0),
        rights=count_rights(records, raw),
        declared=count_declared(records),
        formats=_count(pc.struct_field(records["source"], "format")),
        copies=copies,
        originals=int(pc.sum(pc.greater(records["cluster_size"], 1)).as_py() or 0) - copies,
    )
    return Summary() + counted


def _count(values: pa.Array | pa.ChunkedArray) -> dict[str, int]:
    return {row["values"]: row["counts"] for row in pc.value_counts(values).to_pylist()}


def _lengths(n_chars: npt.NDArray[np.int32]) -> dict[str, int]:
    place = np.searchsorted(LENGTHS, n_chars, side="right") - 1
    return {str(LENGTHS[at]): int(count) for at, count in enumerate(np.bincount(place)) if count}


def _chars(raw: tuple[CodePoints, Offsets], lines: pa.ListArray) -> dict[str, int]:
    """Visible characters by label."""
    kind = pc.index_in(lines.flatten().field("label"), value_set=pa.array(LABELS)).to_numpy(zero_copy_only=False)
    sums = np.bincount(kind, weights=line_chars(raw, lines), minlength=len(LABELS)).astype(np.int64)
    return {label: int(count) for label, count in zip(LABELS, sums, strict=True) if count}


def line_chars(raw: tuple[CodePoints, Offsets], lines: pa.ListArray) -> Offsets:
    """How many characters of each line are not white space, `int64[n_lines]`.

    Args:
        raw: what `codepoints` gives for the column `raw` of n records.
        lines: their column `lines`.
    """
    points, at = raw
    base = at[pc.list_parent_indices(lines).to_numpy(zero_copy_only=False)]
    elements = lines.flatten()
    start, end = (base + elements.field(name).to_numpy() for name in ("start", "end"))
    return count_visible(white_places(points), start, end)


def total(summaries: Iterable[Summary]) -> Summary:
    """The sum of many."""
    return sum(summaries, Summary())


BATCH: Final = 1_000
"""Records that are counted at once."""


def count_records(records: pa.Table) -> Summary:
    """Counts records a batch at a time: what is counted by character takes many times the memory of the text."""
    batches = (records.slice(at, BATCH) for at in range(0, records.num_rows, BATCH))
    return total(summarise(batch, REJECTS.empty_table()) for batch in batches)
