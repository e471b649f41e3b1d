"""The contract as a pandera schema, for whoever works with one; dehusk itself does not import it."""

from typing import Final

import pandera.pyarrow as pap
import pyarrow as pa

from .contract import RULES, Reading, Rule
from .record import RECORD, Field

_last: list[Reading] = []


def _reading(table: pa.Table) -> Reading:
    """The reading of this table; the last one is kept, for all rules to share."""
    if not _last or _last[0].table is not table:
        _last[:] = [Reading(table)]
    return _last[0]


def _check(rule: Rule) -> pap.Check:
    return pap.Check(lambda data: pa.array(rule.by_row(_reading(data.table))), name=f"{rule.field}:{rule.name}")


def _column(field: Field) -> pap.Column:
    checks = [_check(rule) for rule in RULES if rule.column == field.name]
    dtype = field.type
    if field.inner:  # pandera 0.35 has no type for a struct of given fields: compare it ourselves
        dtype, kind = None, field.type
        checks.insert(0, pap.Check(lambda data: data.table[data.key].type == kind, name="dtype"))
    return pap.Column(dtype, checks, nullable=field.nullable, description=field.description)


CONTRACT: Final = pap.DataFrameSchema(
    {field.name: _column(field) for field in RECORD}, name="dehusk record", strict=True, ordered=True
)
"""The contract as a pandera schema over an Arrow table of records: `CONTRACT.validate(table, lazy=True)`."""
