"""The words that a model knows: every known name has its row, and nothing else has one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.labelling.features import NAME_BITS
from dehusk.builders.labelling.model import LANE_BIAS, LineModel
from dehusk.builders.labelling.vocabulary import SLOT_BITS, Vocabulary, choose_names

NAMES = st.integers(0, (1 << NAME_BITS) - 1)
SLOT = 1 << (NAME_BITS - SLOT_BITS)


@given(st.lists(st.tuples(NAMES, st.integers(0, 9)), unique_by=lambda pair: pair[0]), st.lists(NAMES))
def test_known_names_have_rows_and_others_have_none(worth: list[tuple[int, int]], others: list[int]) -> None:
    names = np.array([name for name, _ in worth], np.uint32)
    chosen = choose_names(names, np.array([value for _, value in worth], np.int64))
    rows = Vocabulary.of(chosen).rows(np.array([*chosen.tolist(), *others], np.uint32)).tolist()
    known = {name: row for row, name in enumerate(chosen.tolist(), 1)}
    assert rows == [known.get(name, 0) for name in [*chosen.tolist(), *others]]


def test_of_two_names_for_one_slot_the_worthier_is_taken() -> None:
    names = np.array([5 * SLOT, 5 * SLOT + 1, 9 * SLOT], np.uint32)
    assert choose_names(names, np.array([1, 2, 1])).tolist() == [5 * SLOT + 1, 9 * SLOT]
    assert choose_names(names, np.array([2, 2, 1])).tolist() == [5 * SLOT, 9 * SLOT]


def test_the_worthiest_are_taken_when_there_are_too_many() -> None:
    names = np.arange(1, 6, dtype=np.uint32) * np.uint32(SLOT)
    assert choose_names(names, np.array([3, 1, 5, 2, 4]), most=2).tolist() == [3 * SLOT, 5 * SLOT]


@pytest.mark.parametrize("names", [[2 * SLOT, SLOT], [SLOT, SLOT], [SLOT, SLOT + 1]])
def test_a_vocabulary_that_cannot_be_looked_up_is_refused(names: list[int]) -> None:
    with pytest.raises(ValueError, match="leading bits"):
        Vocabulary.of(np.array(names, np.uint32))


def test_the_shipped_model_knows_nothing_in_row_0() -> None:
    model = LineModel.load()
    assert len(model.words) == len(model.vocabulary.names)
    assert (model.words[0].view(np.uint16) == LANE_BIAS).all()  # a weight of 0 in each lane
