"""Other forms of the contract, derived from the declared fields: `datasets` features and Markdown tables.

`datasets` itself takes a second to import and is needed by readers only, so what it wants to find in a Parquet
footer and in a card's front matter is written here in its own form; a test holds both against the real thing.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .record import RECORD, RECORDS, Field

if TYPE_CHECKING:
    from datasets import Features

_DTYPES = {pa.bool_(): "bool", pa.float32(): "float32"}  # where Arrow's own word differs


def record_features() -> "Features":
    """The features of a record for `datasets`, which is imported only here since it takes a second."""
    from datasets import Features

    return Features.from_arrow_schema(RECORDS)


def _dtype(kind: pa.DataType) -> str:
    return _DTYPES.get(kind) or str(kind)


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {kind.field(i).name: _feature(kind.field(i).type) for i in range(kind.num_fields)}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "List"}
    return {"dtype": _dtype(kind), "_type": "Value"}


def footer_metadata(schema: pa.Schema = RECORDS) -> dict[bytes, bytes]:
    """The key by which `datasets` finds the features in a Parquet footer, as it writes it."""
    features = {field.name: _feature(field.type) for field in schema}
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()}


def _card_feature(name: str, kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {
            "name": name,
            "struct": [_card_feature(kind.field(i).name, kind.field(i).type) for i in range(kind.num_fields)],
        }
    if pa.types.is_list(kind):
        inner = _card_feature(name, kind.value_type)
        return {"name": name, "list": inner.get("struct") or inner["dtype"]}
    return {"name": name, "dtype": _dtype(kind)}


def card_features(schema: pa.Schema = RECORDS) -> list[dict[str, Any]]:
    """The features as `dataset_info.features` of a card's front matter states them."""
    return [_card_feature(field.name, field.type) for field in schema]


def _spoken(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_spoken(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else _dtype(kind)


def _rows(fields: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    for field in fields:
        yield f"{prefix}{field.name}", _spoken(field.type), "yes" if field.nullable else "", field.description
        yield from _rows(field.inner, f"{prefix}{field.name}.")


def fields_table(fields: tuple[Field, ...] = RECORD) -> str:
    """The fields as a Markdown table, nested ones in dots."""
    rows = [f"| `{name}` | {kind} | {null} | {text} |" for name, kind, null, text in _rows(fields)]
    return "\n".join(["| field | type | may be null | what it holds |", "|---|---|---|---|", *rows])
