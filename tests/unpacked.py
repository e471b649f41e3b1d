"""What tests share to read files as a build does."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from dehusk.builders.reading.read import read_pages
from dehusk.builders.recipe import Bounds, Recipe
from dehusk.builders.unpacking.seeds import Seed, list_seeds
from dehusk.builders.unpacking.unpack import unpack_seeds


def read_seeds(seeds: Iterable[Seed], bounds: Bounds | None = None) -> tuple[pa.Table, pa.Table]:
    """Pages and rejects of seeds."""
    return read_pages(unpack_seeds(seeds, Recipe(bounds=bounds or Bounds())))


def read_rows(path: Path, recipe: Recipe | None = None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Pages and rejects of a folder or file, as dicts; every reason is one that is documented."""
    from dehusk.schema.record import REASONS

    pages, rejects = read_pages(unpack_seeds(list_seeds(path), recipe or Recipe()))
    pages.validate(full=True)
    rejects.validate(full=True)
    assert set(rejects["reason"].to_pylist()) <= set(REASONS)
    return pages.to_pylist(), rejects.to_pylist()
