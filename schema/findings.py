"""What checking returns: values, never exceptions."""

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the contract says.

    Attributes:
        file: path inside the dataset folder, or inside the seeds folder for a record that is not yet packed.
        row: row of the file, counted from 0; None where the finding is about the whole file.
        record: id of the record, where it has one.
        field: the field, in dots for a nested one (`lines.start`); empty for the whole record or file.
        rule: name of the rule that does not hold.
        value: what was found, cut short, control characters escaped.
        remedy: what to do about it.
        severity: an `error` breaks the contract; a `warning` is worth a look.
    """

    file: str
    row: int | None
    record: str | None
    field: str
    rule: str
    value: str
    remedy: str
    severity: Severity = "error"

    def to_dict(self) -> dict[str, str | int | None]:
        """The finding as plain values, in the order above."""
        return asdict(self)


def shorten(value: object, limit: int = 80) -> str:
    r"""A value as one short line: control characters escaped, the middle of a long one left out.

    >>> shorten("a\nb")
    'a\\nb'
    >>> shorten("x" * 100, limit=9)
    'xxxx…xxxx'
    """
    text = str(value)
    if len(text) > limit:
        half = (limit - 1) // 2
        text = f"{text[:half]}…{text[-half:]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
