"""What is installed is what is here."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import dehusk.builders
import dehusk.schema

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_packages_listed_are_the_folders_with_code() -> None:
    found = {f"dehusk.{path.parent.relative_to(ROOT).as_posix().replace('/', '.')}"
             for room in ("schema", "builders") for path in (ROOT / room).rglob("__init__.py")}  # fmt: skip
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found


def test_every_file_of_a_room_is_packaged() -> None:
    listed = PROJECT["tool"]["setuptools"]["package-data"]
    files = {path for room in ("schema", "builders") for path in (ROOT / room).rglob("*") if path.is_file()}
    packaged = {
        path
        for package, patterns in listed.items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")[1:]).glob(pattern)
    }
    left = {path for path in files - packaged if path.suffix != ".py" and "__pycache__" not in path.parts}
    assert {path.relative_to(ROOT).as_posix() for path in left} == set()


@pytest.mark.parametrize("room", [dehusk.schema, dehusk.builders])
def test_public_names_are_listed_in_order_and_exist(room: object) -> None:
    names: list[str] = room.__all__  # type: ignore[attr-defined]
    assert len(names) == len(set(names))
    assert all(hasattr(room, name) for name in names)


def test_the_version_is_that_of_the_project() -> None:
    assert version("dehusk") == PROJECT["project"]["version"]


def test_no_name_of_ours_leaks_into_other_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from importlib.util import find_spec as f; print(f('schema'), f('builders'))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["None", "None"]
