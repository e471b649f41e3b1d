"""What two versions of a dataset differ in, as values, as text for a terminal and as Markdown for release notes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from dehusk.builders.cards.excerpts import show_text

SHOWN: Final = 120
"""Characters of a path, a title or a line that are shown."""


@dataclass(frozen=True, slots=True)
class Version:
    """One of the two.

    Attributes:
        records: how many it holds.
        fingerprint: digest of what they say, as its manifest has it.
        dehusk: version of the tool that made it.
    """

    records: int
    fingerprint: str
    dehusk: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field (in dots) and in how many records it says something else."""

    field: str
    records: int


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Lines that have another label than before.

    Attributes:
        old: their label before.
        new: their label now.
        lines: how many they are.
        path: seed file of the first of them; empty where no example is given.
        text: what it says.
    """

    old: str
    new: str
    lines: int
    path: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SplitMove:
    """How many records moved from one split to another."""

    old: str
    new: str
    records: int


@dataclass(frozen=True, slots=True)
class Value:
    """A field of one record, before and after; both None for one that is too long to show."""

    field: str
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One record.

    Attributes:
        id: its id, in the newer version that has it.
        path: its seed file there.
        title: its title; empty when not known.
        values: the fields that changed.
    """

    id: str
    path: str
    title: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """What became of the lines of records that both versions have.

    Attributes:
        relabelled: lines with another label.
        added: lines that are new.
        removed: lines that are gone.
        labels: which label became which, the most frequent first.
    """

    relabelled: int = 0
    added: int = 0
    removed: int = 0
    labels: tuple[LabelChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What two versions of a dataset differ in.

    Attributes:
        old: the older one.
        new: the newer one.
        added: records that only the newer one has.
        removed: records that only the older one has.
        taken_down: those of them that the newer one's takedown list names; nothing else is said of them.
        changed: records of both in which some field says something else, but for those that tell of other records.
        moved: those of them that come from another place: another seed file, or elsewhere in it.
        unchanged: records of both that say the same.
        fields: in how many records each field changed, the most frequent first; also those that tell of other records.
        new_fields: fields that only the newer one has.
        gone_fields: fields that only the older one has.
        lines: what became of lines.
        splits: records that moved between splits.
        examples_added: some of the records added, the first by path.
        examples_removed: some of those removed, without those taken down.
        examples_changed: some of those changed.
    """

    old: Version
    new: Version
    added: int
    removed: int
    taken_down: int
    changed: int
    moved: int
    unchanged: int
    fields: tuple[FieldChange, ...]
    new_fields: tuple[str, ...]
    gone_fields: tuple[str, ...]
    lines: Lines
    splits: tuple[SplitMove, ...]
    examples_added: tuple[Example, ...] = ()
    examples_removed: tuple[Example, ...] = ()
    examples_changed: tuple[Example, ...] = ()

    @property
    def same(self) -> bool:
        """Whether both hold the same records, in the same splits."""
        counted = (self.added, self.removed, *self.fields, *self.new_fields, *self.gone_fields, *self.splits)
        return not any(counted)

    @property
    def head(self) -> str:
        """How many records came, went and changed, in a sentence."""
        return _head(self)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"same": self.same, **asdict(self)}

    def to_text(self) -> str:
        """As plain text for a terminal: nothing of a page can command it."""
        return "\n".join(_text(self)) + "\n"

    def to_markdown(self, *, examples: bool = False) -> str:
        """As a Markdown list for a card, a commit message or release notes.

        Args:
            examples: show records too. A card outlives the records that it shows, so that what is taken down later
                would stay in it: counts alone are what belongs there.
        """
        return "\n".join(_markdown(self, examples=examples)) + "\n"


# -- words --


def _head(difference: Difference) -> str:
    old, new = difference.old.records, difference.new.records
    if difference.same:
        return f"The same {_count(new, 'record')}."
    parts = [
        f"{difference.added:,} added",
        f"{difference.removed:,} removed{_of_these(difference.taken_down, 'at the wish of someone whom they concern')}",
        f"{difference.changed:,} changed{_of_these(difference.moved, 'moved to another place')}",
        f"{difference.unchanged:,} unchanged",
    ]
    return f"{_count(old, 'record')} became {new:,}: {', '.join(parts)}."


def _of_these(number: int, words: str) -> str:
    return f" ({number:,} of them {words})" if number else ""


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _lines_head(lines: Lines) -> str:
    return f"{_count(lines.relabelled, 'line')} got another label, {lines.added:,} came, {lines.removed:,} went"


def _parts(difference: Difference) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """The lists that both forms show: what they are of, and names with their numbers."""
    yield "Fields that changed, by records", [(change.field, change.records) for change in difference.fields]
    yield "New fields", [(name, 0) for name in difference.new_fields]
    yield "Fields that are gone", [(name, 0) for name in difference.gone_fields]
    yield (
        "Records that moved to another split",
        [(f"{move.old} → {move.new}", move.records) for move in difference.splits],
    )


def _examples(difference: Difference) -> Iterator[tuple[str, tuple[Example, ...]]]:
    yield "Added", difference.examples_added
    yield "Removed", difference.examples_removed
    yield "Changed", difference.examples_changed


# -- text --


def _text(difference: Difference) -> Iterator[str]:
    yield _head(difference)
    for head, rows in _parts(difference):
        yield from _listed(head, rows)
    lines = difference.lines
    if lines != Lines():
        yield from _listed(_lines_head(lines), [(f"{c.old} → {c.new}", c.lines) for c in lines.labels])
        yield from (f"    {c.old} → {c.new}: {_shown(c.path)}: {_shown(c.text)}" for c in lines.labels if c.path)
    for head, examples in _examples(difference):
        if examples:
            yield from ("", f"{head}, for example")
        for example in examples:
            yield f"  {_shown(example.path)}  {_shown(example.title)}".rstrip()
            yield from (f"    {_shown(value.field)}{_from_to(value)}" for value in example.values if _is_shown(value))
            yield from (f"    {_shown(', '.join(names))}" for names in [_unshown(example)] if names)


def _listed(head: str, rows: list[tuple[str, int]]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", head)
    shown = [(_shown(name), number) for name, number in rows]
    width = max(len(name) for name, _ in shown)
    yield from (f"  {name:{width}}  {number:>9,}" if number else f"  {name}" for name, number in shown)


def _is_shown(value: Value) -> bool:
    return value.old is not None or value.new is not None


def _unshown(example: Example) -> list[str]:
    """The fields that changed and whose values are not shown, each with what is in it as one."""
    return list(dict.fromkeys(value.field.partition(".")[0] for value in example.values if not _is_shown(value)))


def _from_to(value: Value) -> str:
    return f": {_shown(value.old or '–')} → {_shown(value.new or '–')}"


def _shown(text: str) -> str:
    return show_text(text, SHOWN)


# -- Markdown --


def code_span(text: str) -> str:
    r"""Text as inline code, whatever it holds: no markup, link, mention or command comes out of it.

    >>> code_span("a `b` <i>")
    '``a `b` <i>``'
    """
    shown = show_text(text, SHOWN) or "–"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _markdown(difference: Difference, *, examples: bool) -> Iterator[str]:
    yield _head(difference)
    for head, rows in _parts(difference):
        yield from _bullets(head, [f"{code_span(name)}{f': {number:,}' if number else ''}" for name, number in rows])
    if difference.lines != Lines():
        yield from ("", f"{_lines_head(difference.lines)}.")
        yield from _bullets("Labels that changed, by lines", map(_label_bullet, difference.lines.labels))
    for head, shown in _examples(difference) if examples else ():
        yield from _bullets(f"{head}, for example", map(_example_bullet, shown))


def _bullets(head: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    yield from ["", f"{head}:", "", *lines] if lines else []


def _label_bullet(change: LabelChange) -> str:
    return f"{code_span(change.old)} → {code_span(change.new)}: {change.lines:,}"


def _example_bullet(example: Example) -> str:
    title = f" {code_span(example.title)}" if example.title else ""
    names = [*(value.field for value in example.values if _is_shown(value)), *_unshown(example)]
    fields = ", ".join(map(code_span, names))
    return f"{code_span(example.path)}{title}{f' ({fields})' if fields else ''}"
