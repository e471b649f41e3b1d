"""Rows: what every row of a table says, field by field, as numbers that can be compared.

A field is named in dots down to a value: `source.path`, `lines.label`. Its number for a row is a digest of all that it
says there, lists included, so that two datasets are compared without holding the text of either.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Digests = npt.NDArray[np.uint64]

_NULL: Final = np.uint64(0x8000_0000_0000_0001)  # no count, offset or date comes near it


def digest_rows(table: pa.Table) -> dict[str, Digests]:
    """The digests of each field, `uint64[n_rows]`, by its name in dots.

    Texts and lists are digested by BLAKE2b to 64 bits; two values that differ have the same with a chance of 2^-64.
    Numbers and dates stand for themselves.
    """
    return dict(digests for name in table.column_names for digests in _fields(name, table[name].combine_chunks()))


def _fields(name: str, array: pa.Array) -> Iterator[tuple[str, Digests]]:
    if pa.types.is_struct(array.type):
        for field, child in zip(array.type, array.flatten(), strict=True):
            yield from _fields(f"{name}.{field.name}", child)
    elif pa.types.is_list(array.type):
        at = np.concatenate(([0], np.cumsum(pc.fill_null(pc.list_value_length(array), 0).to_numpy()))).tolist()
        inner = array.flatten()
        fields = _fields(name, inner) if pa.types.is_struct(inner.type) else [(name, _values(inner))]
        for field, elements in fields:
            yield field, _with_nulls(_fold(elements, at), array)
    else:
        yield name, _values(array)


def _values(array: pa.Array) -> Digests:
    if pa.types.is_floating(array.type):
        bits = {16: np.uint16, 32: np.uint32, 64: np.uint64}[array.type.bit_width]
        numbers = pc.fill_null(array, 0).to_numpy(zero_copy_only=False).view(bits).astype(np.uint64)
    elif pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        zero = pa.scalar(0).cast(array.type)
        numbers = pc.fill_null(array, zero).to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64)
    elif pa.types.is_timestamp(array.type):
        return _values(array.cast(pa.int64()))
    else:
        encoded = array.dictionary_encode()
        known = _hash(str(value).encode("utf-8", "surrogatepass") for value in encoded.dictionary.to_pylist())
        where = pc.fill_null(encoded.indices, len(known)).to_numpy(zero_copy_only=False)
        numbers = np.append(known, _NULL)[where]
    return _with_nulls(numbers, array)


def _with_nulls(numbers: Digests, array: pa.Array) -> Digests:
    return np.where(array.is_null().to_numpy(zero_copy_only=False), _NULL, numbers) if array.null_count else numbers


def _fold(elements: Digests, at: list[int]) -> Digests:
    """One digest a row, of the digests of its elements, which end at `at`."""
    data = memoryview(elements.tobytes())
    return _hash(data[8 * start : 8 * end] for start, end in pairwise(at))


def _hash(values: Iterable[bytes | memoryview]) -> Digests:
    whole = b"".join(hashlib.blake2b(value, digest_size=8).digest() for value in values)
    return np.frombuffer(whole, dtype="<u8").astype(np.uint64)
