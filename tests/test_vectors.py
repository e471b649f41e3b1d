"""Word vectors are read from the text files that hold them, and bear the names that features give words."""

from pathlib import Path

import numpy as np
import pytest

from dehusk.builders.labelling.vectors import read_vectors, seen_apart


def written(folder: Path, text: str) -> Path:
    file = folder / "vectors.txt"
    file.write_text(text, encoding="utf-8")
    return file


def test_words_have_the_names_that_lines_give_them(tmp_path: Path) -> None:
    found = read_vectors(written(tmp_path, "tide 1 2\nferry 3 4\n"))
    lines = seen_apart(["Tide", "Ferry"])
    names = lines.words[lines.offsets[:-1]]
    assert sorted(found.names.tolist()) == sorted(names.tolist())
    tide, ferry = (found.values[found.names.tolist().index(name)] for name in names)
    assert np.allclose(ferry - tide, [2.0, 2.0])  # centred at 0; two words, one apart from it each way, deviation 1


def test_a_count_in_front_and_parts_of_words_are_left_out(tmp_path: Path) -> None:
    found = read_vectors(written(tmp_path, "3 2\ntide 1 2\nhalf-tide 5 6\nferry 3 4\n"))
    assert len(found.names) == 2


def test_no_more_are_read_than_asked_for(tmp_path: Path) -> None:
    assert len(read_vectors(written(tmp_path, "tide 1 2\nferry 3 4\nquay 5 6\n"), most=2).names) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tide 1 2\nferry 3\n", "line 2: 1 numbers, the first line has 2"),
        ("tide 1 2\nferry 3 four\n", "line 2: not a word and its numbers"),
        ("tide\n", "line 1: 0 numbers"),
        ("", "holds no word vectors"),
    ],
)
def test_a_file_that_is_something_else_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_vectors(written(tmp_path, text))
