"""Weights tuned to a few labelled pages say what a person said, and of other pages nearly what they said before."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from test_own import PAGE, RANGES

from dehusk.builders.cli import main, tune_command
from dehusk.builders.labelling.hand import NO_LABELS, LabelledPage
from dehusk.builders.labelling.model import stored_weights
from dehusk.builders.labelling.own import read_own
from dehusk.builders.recipe import Recipe
from dehusk.builders.reviewing.doubtful import find_doubtful
from dehusk.builders.unpacking.sources import list_sources
from dehusk.schema.errors import WRONG_USE, UsageError

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="the packages for training are not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ferry.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "ferry.labels").write_text(RANGES.replace("4 byline", "4 promotion"), encoding="utf-8")
    return tmp_path


def others(seeds: Path) -> list[LabelledPage]:
    return [one.page for one in find_doubtful(list_sources(str(seeds)), Recipe(), NO_LABELS, most=12).pages]


def test_what_is_restored_is_stored_again_as_it_was() -> None:
    from dehusk.builders.labelling.network import quantised, restored

    stored: dict[str, Any] = stored_weights()
    shape, parameters, steps = restored(stored)
    again = quantised(shape, parameters, steps, stored["names"])
    for name, values in again.items():
        if values.dtype == np.float32:
            assert np.allclose(values, stored[name], rtol=1e-6, atol=0), name
        else:
            assert np.array_equal(values, stored[name]), name


def test_weights_learn_what_a_person_says_and_stay_as_they_are_elsewhere(folder: Path, seeds: Path) -> None:
    from dehusk.builders.labelling.tune import Tuning, tune_model

    own, rest = list(read_own(folder)), others(seeds)
    free = tune_model(stored_weights(), own, [], Tuning(pull=0))
    held, again = (tune_model(stored_weights(), own, rest) for _ in range(2))

    assert held.told == 5
    assert held.right_before < held.right_after == 5
    assert held.others > 0
    assert held.changed < held.others / 20
    assert all(np.array_equal(again.arrays[name], values) for name, values in held.arrays.items())
    assert np.array_equal(held.arrays["words"], stored_weights()["words"])
    assert not np.array_equal(free.arrays["head.weight"], held.arrays["head.weight"])


def test_the_command_writes_weights_and_tells_what_changed(folder: Path, seeds: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["tune", str(folder), str(tmp_path / "out"), "--others", str(seeds)])
    assert done.exit_code == 0, done.output
    assert re.search(r"of 5 lines labelled by hand [0-4] were right and 5 are now", done.output)
    assert "lines of other pages" in done.output
    with np.load(tmp_path / "out" / "line_model.npz", allow_pickle=False) as stored:
        assert set(stored.files) == set(stored_weights())


def test_pages_without_labels_are_wrong_use(folder: Path, tmp_path: Path) -> None:

    (folder / "ferry.labels").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no label by hand") as told:
        CliRunner().invoke(tune_command, [str(folder), str(tmp_path / "out")], catch_exceptions=False)
    assert told.value.exit_code == WRONG_USE
    assert not (tmp_path / "out").exists()
