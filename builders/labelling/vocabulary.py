"""Which names of words, word pairs and whole lines a model knows, and the row that each has in its table."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .features import NAME_BITS

SLOT_BITS: Final = 20
"""The leading bits of a name say where to look it up; no two known names share them."""

MOST_ROWS: Final = (1 << 16) - 1
"""Rows are numbers of 16 bits."""


class Vocabulary(NamedTuple):
    """Known names uint32[r], ascending, without the 0 of row 0, which stands for all that are not known.

    `slots` uint16[2**SLOT_BITS] is the row of the name with these leading bits, or 0.
    """

    names: NDArray[np.uint32]
    slots: NDArray[np.uint16]

    @classmethod
    def of(cls, names: NDArray[np.uint32]) -> "Vocabulary":
        """The vocabulary of names, row 1 being the first of them.

        Raises:
            ValueError: they are not ascending, or two of them share their leading bits.
        """
        slot = names >> np.uint32(NAME_BITS - SLOT_BITS)
        if len(names) > MOST_ROWS or not (np.diff(slot.astype(np.int64)) > 0).all():
            raise ValueError(
                f"a vocabulary has at most {MOST_ROWS} names, ascending, each with leading bits of its own"
            )
        slots = np.zeros(1 << SLOT_BITS, np.uint16)
        slots[slot] = np.arange(1, len(names) + 1)
        return cls(np.append(np.uint32(0), names), slots)

    def rows(self, names: NDArray[np.uint32]) -> NDArray[np.uint16]:
        """uint16 of the shape of `names`: the row of each, 0 where it is not known."""
        row = self.slots.take(names >> np.uint32(NAME_BITS - SLOT_BITS))
        row *= self.names.take(row) == names
        return row


def choose_names(names: NDArray[np.uint32], worth: NDArray[np.int64], most: int = MOST_ROWS) -> NDArray[np.uint32]:
    """The names that a vocabulary can hold, ascending: those of most worth, of two that share a slot the worthier.

    Args:
        names: uint32[n]; one that stands there again counts once, for its greatest worth.
        worth: int64[n], how much each is wanted.
        most: how many are taken.
    """
    order = np.lexsort((names, -worth))
    slot = names[order] >> np.uint32(NAME_BITS - SLOT_BITS)
    _, first = np.unique(slot, return_index=True)
    chosen: NDArray[np.uint32] = names[order[np.sort(first)[:most]]]
    return np.sort(chosen)
