"""Contents: what a dataset holds, as its card and Croissant file tell it, and the parts of a card that stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dehusk.builders.pack import CARD, Maker, PackedFile, SeedDigest
from dehusk.builders.recipe import Recipe
from dehusk.builders.summary import Summary
from dehusk.schema.errors import UsageError

YOURS: Final = "yours"
"""What a person wrote: it is part of a build's input."""
CHANGES: Final = "changes"
"""What changed from version to version: it is kept where the versions are, and publishing writes it."""
MAX_CARD_BYTES: Final = 8 << 20
"""Size of an old card of which parts are still kept."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a dataset holds, as its card and Croissant tell it.

    Attributes:
        recipe: what the maker says of it.
        summary: what the build counted.
        files: the data files and all others that were written before the card.
        num_bytes: bytes in memory of each split, in the order of the splits.
        seeds: every seed file that was read.
        maker: what made the records.
    """

    recipe: Recipe
    summary: Summary
    files: Sequence[PackedFile]
    num_bytes: Mapping[str, int]
    seeds: Sequence[SeedDigest]
    maker: Maker

    @property
    def data(self) -> list[PackedFile]:
        """The files that hold records."""
        return [file for file in self.files if file.content is not None]

    @property
    def languages(self) -> list[str]:
        """The languages for the card: those of the recipe, else those that were found."""
        found = sorted(code for code in self.summary.languages if code != "unknown")
        return list(self.recipe.dataset.languages) or found


# -- the parts that stay --


def markers(name: str) -> tuple[str, str]:
    """The two lines between which a part of the card stays.

    >>> markers("yours")
    ('<!-- yours: begin -->', '<!-- yours: end -->')
    """
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def kept_part(name: str, text: str) -> str:
    """A part of the card with its markers around it."""
    begin, end = markers(name)
    return f"{begin}\n{text}\n{end}" if text else f"{begin}\n{end}"


def without_markers(text: str) -> str:
    """A text without any line that is a marker, so that it cannot be taken for the end of a part."""
    lines = {line for name in (YOURS, CHANGES) for line in markers(name)}
    return "\n".join(line for line in text.splitlines() if line.strip() not in lines)


def read_yours(dataset: Path) -> str:
    """Reads what a person wrote into a dataset's card.

    Args:
        dataset: the dataset folder, which need not exist.

    Raises:
        UsageError: the markers are not in pairs, so that it cannot be told what a person wrote.
    """
    path = dataset / CARD
    if path.is_symlink() or not path.is_file():
        return ""
    if path.stat().st_size > MAX_CARD_BYTES:
        raise UsageError(f"{path} is larger than {MAX_CARD_BYTES >> 20} MB", "shorten what stands between its markers")
    return part_of(path.read_text(encoding="utf-8", errors="replace"), YOURS, str(path))


def part_of(card: str, name: str, where: str) -> str:
    """What stands between two markers of a card; nothing where there are none.

    Args:
        card: its text.
        name: that of the markers.
        where: what it is called in an error.

    Raises:
        UsageError: the markers are not in pairs, so that it cannot be told what stands between them.
    """
    begin, end = markers(name)
    lines = card.splitlines()
    at = [[number for number, line in enumerate(lines) if line.strip() == marker] for marker in (begin, end)]
    if at == [[], []]:
        return ""
    if [len(found) for found in at] != [1, 1] or at[0] > at[1]:
        said = f"{len(at[0])} lines `{begin}` and {len(at[1])} lines `{end}`"
        raise UsageError(
            f"{where} has {said}, or in the wrong order", "leave one of each, with what shall stay between them"
        )
    return "\n".join(lines[at[0][0] + 1 : at[1][0]]).strip("\n")


def carry_over(dataset: Path, folder: Path) -> None:
    """Puts what a person wrote into an older card into the folder where the dataset is made anew, for `write_papers`.

    Args:
        dataset: the old dataset folder, which need not exist.
        folder: where the new one is made.

    Raises:
        UsageError: it cannot be told what a person wrote.
    """
    yours = read_yours(dataset)
    if yours:
        (folder / CARD).write_text(kept_part(YOURS, yours) + "\n", encoding="utf-8")
