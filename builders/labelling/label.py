"""Step 3, label: the lines table gets a label and a score on every line."""

import hashlib
from importlib.resources import files
from typing import Final

import numpy as np
import pyarrow as pa

from dehusk.schema.labels import LABELS
from dehusk.schema.view import codepoints

from .hand import NO_LABELS, HandLabels, with_hand
from .markup import MARK_BYTES
from .model import LineModel, Marked, weights_file

_NAMES: Final = pa.array(LABELS)


def label_lines(pages: pa.Table, lines: pa.Table, hand: HandLabels = NO_LABELS) -> pa.Table:
    """Labels the lines of a batch of pages; each page is read by itself.

    Args:
        pages: n pages, of which `raw` is used, and `id` where there are labels by hand.
        lines: their lines (`page`, `start`, `end`), sorted by page and start, none of them empty; and `marks`, where
            a page was HTML, null where not.
        hand: labels that a person gave, which count instead of the model's.

    Returns:
        The lines with the columns `label` (string, one of `LABELS`), `score` (float32, 0 to 1 in steps of 0.001) and
        `by_hand` (bool).
    """
    points, offsets = codepoints(pages["raw"])
    page = lines["page"].to_numpy().astype(np.int32)
    first = offsets[page]
    start, end = (lines[name].to_numpy() + first for name in ("start", "end"))
    found = LineModel.load().predict(points, start, end, page, _marked(lines))
    lines = lines.append_column("label", _NAMES.take(pa.array(found.label)))
    return with_hand(pages, lines.append_column("score", pa.array(found.score)), hand)


def _marked(lines: pa.Table) -> Marked | None:
    """What HTML says of lines; None if it says nothing of any."""
    if "marks" not in lines.column_names or lines["marks"].null_count == len(lines):
        return None
    known = lines["marks"].combine_chunks().drop_null()
    marks = np.frombuffer(b"".join(known.to_pylist()), np.uint8).reshape(-1, MARK_BYTES)
    return Marked(np.flatnonzero(lines["marks"].is_valid().to_numpy()), marks)


def model_digest() -> str:
    """SHA-256, in hex, of the files that labels depend on; it tells two models apart.

    Raises:
        UsageError: weights were named that cannot be read.
    """
    characters = files("dehusk.builders.labelling").joinpath("characters.npz").read_bytes()
    return hashlib.sha256(characters + weights_file()).hexdigest()
