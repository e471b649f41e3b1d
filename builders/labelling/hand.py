"""Labels that a person gave: a file with a page a line, as JSON, which training learns from and a build honours.

    {"id": "0f3c…", "path": "news/tram.txt", "raw": "Menu …", "lines": [{"start": 0, "end": 4, "label": "section"}, …]}

`id` is that of the record, a digest of the page's bytes, so that a page that was changed takes no label of the old one.
`raw` and `lines` are those of the record; a line whose `label` is null was not labelled by a person. So each line of
the file is also a page as `dehusk show --json` prints it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.schema.errors import UsageError
from dehusk.schema.labels import LABELS

MOST_BYTES: Final = 1 << 30
"""A file may be so long."""

Ints = npt.NDArray[np.int64]
_Offset = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class LabelledPage(NamedTuple):
    """A page, where its lines begin and end in its text, int64[n] each, and a label or None for each.

    `id` and `path` are empty where they are not known.
    """

    id: str
    path: str
    text: str
    start: Ints
    end: Ints
    labels: tuple[str | None, ...]


HandLabels = Mapping[str, LabelledPage]
"""Labelled pages by their ids."""

NO_LABELS: Final[HandLabels] = {}


class _Line(msgspec.Struct):
    start: _Offset
    end: _Offset
    label: str | None


class _Page(msgspec.Struct):
    raw: str
    lines: list[_Line]
    id: str = ""
    path: str = ""


def read_labels(file: Path) -> HandLabels:
    """The labels of a file, by page; none where there is no such file.

    Raises:
        UsageError: it cannot be read, or does not say what it must; the message has file and line.
    """
    try:
        return {page.id: page for page in _told_once(file)}
    except FileNotFoundError:
        return NO_LABELS


def labelled_pages(file: Path) -> list[LabelledPage]:
    """The pages of such a file, in their order.

    Raises:
        FileNotFoundError: it is not there.
        UsageError: it cannot be read otherwise, or does not say what it must; the message has file and line.
    """
    rows = enumerate(file_bytes(file, MOST_BYTES).splitlines(), 1)
    return [labelled_page(row, f"{file}: line {number}") for number, row in rows if row.strip()]


def _told_once(file: Path) -> list[LabelledPage]:
    pages = labelled_pages(file)
    seen: set[str] = set()
    for page in pages:
        if not page.id or page.id in seen:
            what = f"page {page.id} twice" if page.id else "a page without `id`"
            raise UsageError(f"{file} has {what}", "leave one line for each page, as `dehusk review` wrote it")
        seen.add(page.id)
    return pages


def file_bytes(file: Path, most: int) -> bytes:
    """The bytes of a file, if they are not too many.

    Raises:
        FileNotFoundError: it is not there.
        UsageError: it cannot be read otherwise, or is longer.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "see that the file may be read") from None
    if len(data) > most:
        raise UsageError(f"{file}: longer than {most:,} bytes", "leave it out")
    return data


def labelled_page(data: bytes, place: str) -> LabelledPage:
    """Reads a page in the form of `dehusk show --json`.

    Args:
        data: its JSON.
        place: what an error calls it.

    Raises:
        UsageError: it is not in that form, its lines do not follow one another, or a label is none of ours.
    """
    try:
        page = msgspec.json.decode(data, type=_Page)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise UsageError(f"{place}: not a page as `dehusk show --json` prints it", "keep all but the labels") from None
    flat = np.array([(line.start, line.end) for line in page.lines], np.int64).reshape(-1)
    start, end = flat[::2], flat[1::2]
    if (np.diff(flat) < 0).any() or (start >= end).any() or (flat > len(page.raw)).any():
        raise UsageError(f"{place}: `lines` do not follow one another in `raw`", "keep all but the labels")
    for number, line in enumerate(page.lines):
        check_label(line.label, f"{place}: entry {number} of `lines`")
    return LabelledPage(page.id, page.path, page.raw, start, end, tuple(line.label for line in page.lines))


def check_label(label: str | None, place: str) -> None:
    """Raises `UsageError` if it is neither None nor one of the labels."""
    if label is not None and label not in LABELS:
        raise UsageError(f"{place}: {label[:40]!r} is no label", f"the labels are {', '.join(LABELS)}")


def labels_document(pages: Iterable[LabelledPage]) -> bytes:
    """Pages as such a file holds them, in the order of their paths, then ids."""
    ordered = sorted(pages, key=lambda page: (page.path, page.id))
    return b"".join(msgspec.json.encode(_plain(page)) + b"\n" for page in ordered)


def _plain(page: LabelledPage) -> dict[str, object]:
    spans = zip(page.start.tolist(), page.end.tolist(), page.labels, strict=True)
    lines = [_Line(start, end, label) for start, end, label in spans]
    return {"id": page.id, "path": page.path, "raw": page.text, "lines": lines}


def labels_digest(hand: HandLabels, ids: Iterable[str]) -> str:
    """SHA-256 of what a person said of some pages, empty if that is nothing; the order of the ids does not count."""
    told = [hand[key] for key in set(ids) & hand.keys()]
    return hashlib.sha256(labels_document(told)).hexdigest() if told else ""


def with_hand(pages: pa.Table, lines: pa.Table, hand: HandLabels) -> pa.Table:
    """Labelled lines with the labels that a person gave in the place of the model's.

    Args:
        pages: n pages, of which `id` and `raw` are used.
        lines: their lines with `label` and `score`, sorted by page and start.
        hand: the labels. A page counts that has the same id and text, of it the lines that begin and end as before.

    Returns:
        The lines with a column `by_hand` (bool) more; where it is true, `score` is 1.
    """
    code = _hand_codes(pages, lines, hand)
    by_hand = pa.array(code >= 0)
    if (code >= 0).any():
        label = pa.array(LABELS).take(pa.array(np.maximum(code, 0)))
        label = pc.if_else(by_hand, label, lines["label"])
        score = np.where(code >= 0, np.float32(1), lines["score"].to_numpy())
        lines = lines.set_column(lines.schema.get_field_index("label"), "label", label)
        lines = lines.set_column(lines.schema.get_field_index("score"), "score", pa.array(score, pa.float32()))
    return lines.append_column("by_hand", by_hand)


def _hand_codes(pages: pa.Table, lines: pa.Table, hand: HandLabels) -> Ints:
    """The place in `LABELS` of the label that a person gave each line; -1 where none did."""
    codes = np.full(lines.num_rows, -1, np.int64)
    if not hand:
        return codes
    at = np.searchsorted(lines["page"].to_numpy(), np.arange(pages.num_rows + 1))
    start, end = lines["start"].to_numpy(), lines["end"].to_numpy()
    for row, key in enumerate(pages["id"].to_pylist()):
        page = hand.get(key)
        if page is not None and len(page.start) and page.text == pages["raw"][row].as_py():
            here = slice(at[row], at[row + 1])
            found = np.minimum(np.searchsorted(page.start, start[here]), len(page.start) - 1)
            same = (page.start[found] == start[here]) & (page.end[found] == end[here])
            told = np.array([-1 if label is None else LABELS.index(label) for label in page.labels])
            codes[here] = np.where(same, told[found], -1)
    return codes
