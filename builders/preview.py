"""Preview: what a build would read, file by file, without building."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from .reading.read import read_pages
from .recipe import Recipe
from .unpacking.document import Document, Item, Refused, Unread
from .unpacking.seeds import Seed
from .unpacking.streams import DamagedError
from .unpacking.unpack import open_each, unpack_seeds

LOOKED_AT: Final = 50
"""Items of a file that are looked at in search of a page."""

SHOWN: Final = 4_000
"""Characters of a page that are kept."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a build would make of one file.

    Attributes:
        path: as `source.path`.
        size: its bytes; 0 where they are not known.
        format: as `source.format`, of its first page; None if there is none among its first `LOOKED_AT` items.
        encoding: as `source.encoding`, of that page.
        records: how many pages it may hold, where that is known without reading it.
        refused: why its first item is no page, if none of them is.
        page: how its first page begins, as a build would read it.
    """

    path: str
    size: int
    format: str | None = None
    encoding: str | None = None
    records: int | None = None
    refused: Refused | None = None
    page: str = ""


def preview_seeds(seeds: Iterable[Seed], recipe: Recipe) -> Iterator[Seen]:
    """Looks into each file as far as its first page.

    Args:
        seeds: what `list_sources` gave.
        recipe: all options, as a build would have them.
    """
    return (_look(seed, recipe) for seed in seeds)


def _look(seed: Seed, recipe: Recipe) -> Seen:
    refused: Refused | None = None
    for item in islice(unpack_seeds([seed], recipe), LOOKED_AT):
        pages, rejects = _read(item)
        if len(pages):
            source = pages["source"][0].as_py()
            records = _count(seed, source["format"])
            page = pages["raw"][0].as_py()[:SHOWN]
            return Seen(seed.path, seed.size, source["format"], source["encoding"], records, page=page)
        if len(rejects):
            refused = refused or Refused(rejects["reason"][0].as_py(), rejects["detail"][0].as_py())
    return Seen(seed.path, seed.size, refused=refused or Refused("empty_file", "it holds no page"))


def _read(item: Item) -> tuple[pa.Table, pa.Table]:
    return read_pages([item] if isinstance(item, Document | Unread) else [])


def _count(seed: Seed, kind: str) -> int | None:
    """The number of pages, where a file is one, or says how many rows it has."""
    outer, *inner = kind.split("/")
    if not inner:
        return 1
    if outer != "parquet":
        return None
    try:
        return next(pq.read_metadata(file).num_rows for _, file in open_each([seed]) if not isinstance(file, Refused))
    except (StopIteration, OSError, pa.ArrowException, DamagedError):
        return None
