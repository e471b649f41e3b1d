"""Recipes: every key has a default, and what no recipe may say is refused with a sentence."""

from datetime import date
from pathlib import Path

import pytest

from dehusk.builders.recipe import Recipe, read_recipe
from dehusk.schema.errors import RecipeError


def read(text: str, folder: Path) -> Recipe:
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return read_recipe(path)


def test_an_empty_recipe_is_the_default(tmp_path: Path) -> None:
    assert read("", tmp_path) == Recipe()


def test_what_a_recipe_says_is_read(tmp_path: Path) -> None:
    recipe = read(
        '[dataset]\nname = "tides"\nlanguages = ["en", "de"]\n[dates]\nlatest = 2021-05-04\n'
        '[split]\nby = "site"\nshares = { a = 0.5, b = 0.5 }',
        tmp_path,
    )
    assert recipe.dataset.name == "tides"
    assert recipe.dataset.languages == ("en", "de")
    assert recipe.dates.latest == date(2021, 5, 4)
    assert recipe.split.shares == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize(("text", "message", "tip"), [
    ("[datset]\n", "unknown key `datset`", "did you mean `dataset`?"),
    ("[dataset]\nlicence = 'x'", r"unknown key \[dataset\] `licence`", "did you mean `license`?"),
    ("[bounds]\nxyz = 1", "unknown key", "known keys: max_file_bytes, max_lines, max_line_chars"),
    ("[bounds]\nmax_lines = 0", "max_lines", "docs/recipe.md"),
    ("[bounds]\nmax_lines = 'many'", "Expected `int`", "docs/recipe.md"),
    ("bounds = 3", "Expected `object`", "docs/recipe.md"),
    ("[split]\nshares = { train = 0.9 }", "add up to 0.9", "add up to 1"),
    ("[split]\nshares = { 'my-split' = 1.0 }", "Expected `str` matching", "docs/recipe.md"),
    ("[dates]\nearliest = 1980-01-01", "earliest is 1980-01-01", "1990"),
    ("[dates]\nlatest = 1985-01-01", "lies before", ""),
    ("[dates", "is not TOML", ""),
])  # fmt: skip
def test_what_no_recipe_may_say_is_refused(tmp_path: Path, text: str, message: str, tip: str) -> None:
    with pytest.raises(RecipeError, match=message) as refused:
        read(text, tmp_path)
    assert tip in refused.value.tip
    assert refused.value.exit_code == 2


def test_a_recipe_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read"):
        read_recipe(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"[dataset]\nname = '\xff'")
    with pytest.raises(RecipeError, match="cannot read"):
        read_recipe(tmp_path / "latin.toml")


def test_a_recipe_as_plain_values_is_json(tmp_path: Path) -> None:
    assert read("[dates]\nlatest = 2021-05-04", tmp_path).to_dict()["dates"]["latest"] == "2021-05-04"
