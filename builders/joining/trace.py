"""Trace: of each record what is needed to compare it with all others, a few numbers instead of its text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.duplicates import place_keys
from dehusk.schema.view import codepoints

from .sketch import BANDS, HASHES, band_keys, sketch_texts
from .spans import hash_spans, scramble

TRACE: Final = pa.schema(
    [
        ("id", pa.string()),
        ("site", pa.string()),
        ("place", pa.string()),  # `Place.key`, which sorts as places are read
        ("text", pa.uint64()),  # hash of the clean text, white space left out
        ("sketch", pa.binary(HASHES)),  # the low bytes of its MinHashes; null where there is no text
        ("bands", pa.list_(pa.uint64(), BANDS)),
        ("lines", pa.list_(pa.uint64())),  # hash of each line's text and its site; null where the site is not known
        ("n_lines", pa.int32()),
    ]
)
"""One row a record: about 500 bytes, and 8 bytes a line."""

AT_ONCE: Final = 3 << 18
"""Bytes of `raw` that are traced at once, about: few enough for a processor's cache."""


def trace_records(records: pa.Table) -> pa.Table:
    """The traces of records, in their order.

    Args:
        records: a table of `RECORDS`, of any size.

    Returns:
        A table of `TRACE`.
    """
    return pa.concat_tables([TRACE.empty_table(), *(_trace(part) for part in _slices(records))])


def _slices(records: pa.Table) -> Iterator[pa.Table]:
    size = np.cumsum(pc.binary_length(records["raw"]).to_numpy().astype(np.int64)) // AT_ONCE
    bounds = np.flatnonzero(np.diff(size, prepend=-1, append=-1) if len(size) else size)
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        yield records.slice(first, last - first)


def _trace(records: pa.Table) -> pa.Table:
    sketch, text = sketch_texts(records["text"])
    has_text = pc.greater(records["n_chars"], 0).to_numpy()
    low = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(HASHES), len(sketch), [_bits(has_text), pa.py_buffer((sketch & 0xFF).astype(np.uint8).tobytes())]
    )
    bands = pa.FixedSizeListArray.from_arrays(pa.array(band_keys(sketch).ravel()), BANDS)
    made = [
        *(records["id"], records["site"], pa.array(place_keys(records["source"]), pa.string())),
        *(pa.array(text), low, bands, _line_keys(records), records["n_lines"]),
    ]
    return pa.table(made, schema=TRACE)


def _bits(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(mask, bitorder="little").tobytes())


def _line_keys(records: pa.Table) -> pa.ListArray:
    """A key for each line of the records whose site is known: lines of one site with the same text have the same."""
    known = records["site"].is_valid()
    sited = records.filter(known)
    lists = sited["lines"].combine_chunks()
    length = pc.list_value_length(lists).to_numpy().astype(np.int64)
    row = np.repeat(np.arange(len(length)), length)
    elements = lists.flatten()
    points, at = codepoints(sited["raw"])
    start, end = (pc.struct_field(elements, name).to_numpy() + at[row] for name in ("start", "end"))
    names, name_at = codepoints(sited["site"])
    site = hash_spans(names, name_at[:-1], name_at[1:])
    keys = scramble(hash_spans(points, start, end) ^ site[row])
    all_lengths = np.zeros(records.num_rows, dtype=np.int64)
    all_lengths[known.to_numpy()] = length
    offsets = np.concatenate(([0], np.cumsum(all_lengths))).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.array(keys), mask=pc.invert(known).combine_chunks())


def write_table(table: pa.Table, path: Path) -> None:
    """Writes a table so that `map_table` reads it."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def map_table(path: Path) -> pa.Table:
    """A table as it lies in its file: only what is looked at is read."""
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()
