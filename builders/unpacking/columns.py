"""Tables in columns: Parquet and Arrow, of which only the columns that are needed are read, a few rows at a time.

A stretch that cannot be read (a row group, a batch, or what is left of it) is one reject, which says how many rows it
has.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from .box import Box, random_access
from .document import Item, Refused, Unread
from .roles import Roles, assign_roles, no_page_in, read_row
from .streams import MIN_UNPACKED

ROWS: Final = 64
"""Rows that are read at once, at most."""

_HELD: Final = 1 << 30
"""Bytes that they may take: fewer are read where each of them could be as large as all that its row group stores, as
equal cells are stored once."""

_BLOCK: Final = 1 << 20
_BROKEN: Final = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)


def unbox_parquet(box: Box) -> Iterator[Item]:
    """Reads Parquet: a document for each row, its offset the row's number from 0.

    A part of a file has the row groups that would begin in it if all had the same size.
    """
    with random_access(box) as file:
        yield from _read_parquet(file, box)


def _read_parquet(file: BinaryIO, box: Box) -> Iterator[Item]:
    try:
        table = pq.ParquetFile(file, pre_buffer=False, buffer_size=_BLOCK, page_checksum_verification=True)
        groups = [table.metadata.row_group(number).num_rows for number in range(table.num_row_groups)]
        roles = _roles(table.schema_arrow, box)
    except _BROKEN as error:
        if box.begins:
            yield Unread(box.place, _broken("its footer", error))
        return
    if not (roles.html or roles.text):
        if box.begins:
            yield Unread(box.place, no_page_in(table.schema_arrow.names))
        return
    first = 0
    for number, n_rows in enumerate(groups):
        if _is_meant(number, len(groups), box):
            yield from _read_group(table, number, first, roles, box)
        first += n_rows


def _is_meant(number: int, count: int, box: Box) -> bool:
    if box.span is None or box.size is None:
        return True
    return box.span[0] <= number * box.size // count < box.span[1]


def _read_group(table: pq.ParquetFile, number: int, first: int, roles: Roles, box: Box) -> Iterator[Item]:
    group = table.metadata.row_group(number)
    n_rows, at = group.num_rows, first
    chunks = [group.column(i) for i in range(group.num_columns)]
    chunks = [chunk for chunk in chunks if chunk.path_in_schema.partition(".")[0] in roles.columns]
    stored = sum(chunk.total_uncompressed_size for chunk in chunks)
    if stored > max(
        MIN_UNPACKED, box.recipe.bounds.max_unpacked * sum(chunk.total_compressed_size for chunk in chunks)
    ):
        yield Unread(box.at(at), Refused("bomb", f"row group {number} with {n_rows} rows says that it is much larger"))
        return
    try:
        rows = min(ROWS, max(1, _HELD // max(1, stored)))
        batches = table.iter_batches(rows, row_groups=[number], columns=roles.columns, use_threads=False)
        for batch in batches:
            yield from _read_batch(batch, at, roles, box, "parquet")
            at += batch.num_rows
    except _BROKEN as error:
        yield Unread(box.at(at), _broken(f"row group {number} with {first + n_rows - at} rows", error))


def unbox_arrow(box: Box) -> Iterator[Item]:
    """Reads an Arrow file or stream: a document for each row, its offset the row's number from 0.

    A file is not cut into parts: where its batches lie is not known before it is read.
    """
    if not box.begins:
        return
    head = box.file.peek(8) if isinstance(box.file, io.BufferedReader) else b""
    if head.startswith(b"ARROW1"):
        with random_access(box) as file:
            yield from _read_arrow(lambda: _file_batches(pa.ipc.open_file(file)), box)
    else:
        yield from _read_arrow(lambda: _stream_batches(pa.ipc.open_stream(pa.PythonFile(box.file, mode="r"))), box)


_Batches = tuple[pa.Schema, Iterable[pa.RecordBatch]]


def _file_batches(file: pa.RecordBatchFileReader) -> _Batches:
    return file.schema, (file.get_batch(number) for number in range(file.num_record_batches))


def _stream_batches(stream: pa.RecordBatchStreamReader) -> _Batches:
    return stream.schema, stream


def _read_arrow(open_batches: Callable[[], _Batches], box: Box) -> Iterator[Item]:
    at = 0
    try:
        schema, batches = open_batches()
        roles = _roles(schema, box)
        if not (roles.html or roles.text):
            yield Unread(box.place, no_page_in(schema.names))
            return
        for batch in batches:
            batch.validate(full=True)
            known = batch.select([name for name in roles.columns if name in schema.names])
            for start in range(0, batch.num_rows, ROWS):
                yield from _read_batch(known.slice(start, ROWS), at + start, roles, box, "arrow")
            at += batch.num_rows
    except _BROKEN as error:
        yield Unread(box.at(at), _broken("it, from this row on,", error))


def _read_batch(batch: pa.RecordBatch, first: int, roles: Roles, box: Box, kind: str) -> Iterator[Item]:
    rows: list[dict[str, Any]] = batch.to_pylist()
    for number, row in enumerate(rows, start=first):
        yield read_row(row, roles, box, number, kind)


def _roles(schema: pa.Schema, box: Box) -> Roles:
    texts = [field.name for field in schema if _is_text(field.type)]
    return assign_roles(schema.names, texts, box.recipe.sources)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _broken(what: str, error: BaseException) -> Refused:
    said = str(error).partition("\n")[0][:200]
    return Refused("damaged", f"{what} cannot be read: {said}")
