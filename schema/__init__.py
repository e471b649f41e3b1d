"""What a record is. Nothing here is about how one is made, and nothing of `dehusk.builders` is imported."""

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
