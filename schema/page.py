"""One page in memory: what `parse_page` gives."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page.

    Attributes:
        text: the line, white space normalised.
        label: one of the 17 labels.
        boilerplate: whether the label is one of boilerplate.
        score: how sure the model is of the label, 0 to 1.
        start: where the line begins in `Page.raw`, in characters.
        end: where it ends.
    """

    text: str
    label: str
    boilerplate: bool
    score: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read. The fields are those of a record; None is 'not known'."""

    id: str
    title: str | None
    summary: str | None
    text: str
    authors: tuple[str, ...]
    published: datetime | None
    published_precision: str | None
    modified: datetime | None
    section: str | None
    publisher: str | None
    site: str | None
    url: str | None
    language: str | None
    language_score: float | None
    license: str | None
    reservations: tuple[str, ...]
    flags: tuple[str, ...]
    boilerplate_share: float
    lines: tuple[Line, ...]
    raw: str
