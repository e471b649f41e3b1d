"""Changes: the section of a published card that tells what changed from version to version, the newest first.

A build knows nothing of it: it is kept where the versions are, and publishing carries it from card to card.
"""

from .contents import CHANGES, kept_part, markers, part_of, without_markers
from .sections import CONTACT


def read_changes(card: str, where: str) -> str:
    """What a card tells of changes; nothing where it has no such section.

    Args:
        card: its text.
        where: what it is called in an error.

    Raises:
        UsageError: the markers around it are not in pairs.
    """
    return part_of(card, CHANGES, where)


def with_changes(card: str, changes: str) -> str:
    """A card that tells of changes, in a section before the last or in the place of what it told before.

    Args:
        card: its text, as a build writes it.
        changes: Markdown, in which text of pages is escaped.
    """
    begin, end = markers(CHANGES)
    part = kept_part(CHANGES, without_markers(changes).strip())
    before, found, rest = card.partition(f"{begin}\n")
    if found:
        return before + part + rest.partition(end)[2]
    before, contact, rest = card.rpartition(f"\n## {CONTACT}\n")
    return f"{before}\n## Changes\n\n{part}\n{contact}{rest}"
