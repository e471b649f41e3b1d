"""What a record is. Nothing here is about how one is made, and nothing of `dehusk.builders` is imported.

The names are loaded when they are first asked for: errors and labels are at hand at once, tables take a moment.
"""

from typing import TYPE_CHECKING, Final

from .lazy import loaded_late

if TYPE_CHECKING:
    from .errors import DehuskError
    from .findings import Finding
    from .labels import BOILERPLATE, CONTENT, LABELS, METADATA, TEXT_LABELS
    from .page import Line, Page
    from .record import RECORD, RECORDS, REJECT, REJECTS, Field

__all__ = [
    "BOILERPLATE",
    "CONTENT",
    "LABELS",
    "METADATA",
    "RECORD",
    "RECORDS",
    "REJECT",
    "REJECTS",
    "TEXT_LABELS",
    "DehuskError",
    "Field",
    "Finding",
    "Line",
    "Page",
]

_HOME: Final = {
    **dict.fromkeys(("BOILERPLATE", "CONTENT", "LABELS", "METADATA", "TEXT_LABELS"), "labels"),
    **dict.fromkeys(("RECORD", "RECORDS", "REJECT", "REJECTS", "Field"), "record"),
    **dict.fromkeys(("Line", "Page"), "page"),
    "DehuskError": "errors",
    "Finding": "findings",
}

if not TYPE_CHECKING:  # pragma: no branch - a type checker must not believe that every name is here
    __getattr__, __dir__ = loaded_late(__name__, _HOME)
