"""Other forms of the contract, derived from the declared fields: `datasets` features and Markdown tables."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .record import RECORD, RECORDS, Field

if TYPE_CHECKING:
    from datasets import Features


def record_features() -> "Features":
    """The features of a record for `datasets`, which is imported only here since it takes a second."""
    from datasets import Features

    return Features.from_arrow_schema(RECORDS)


def _rows(fields: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    for field in fields:
        kind = ("list of structs" if field.type.num_fields == 1 else "struct") if field.inner else str(field.type)
        yield f"{prefix}{field.name}", kind, "yes" if field.nullable else "", field.description
        yield from _rows(field.inner, f"{prefix}{field.name}.")


def fields_table(fields: tuple[Field, ...] = RECORD) -> str:
    """The fields as a Markdown table, nested ones in dots."""
    rows = [f"| `{name}` | {kind} | {null} | {text} |" for name, kind, null, text in _rows(fields)]
    return "\n".join(["| field | type | may be null | what it holds |", "|---|---|---|---|", *rows])
