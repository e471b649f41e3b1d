"""Duplicates: of pages with the same bytes the first, by path and by place in the file, is kept; the others go."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.unpacking.document import Place, place_name
from dehusk.schema.record import REJECT_PLACE, REJECTS, reject_source


def drop_copies(pages: pa.Table, seen: dict[str, str]) -> tuple[pa.Table, pa.Table]:
    """Parts pages that are new from copies of earlier ones.

    Args:
        pages: a batch of pages.
        seen: places of the pages seen so far (`Place.key`), by id; the new ones are added.

    Returns:
        The new pages, and a table of `REJECTS` of the others.
    """
    ids = pages["id"].to_pylist()
    places = place_keys(pages["source"])
    new = np.array([seen.setdefault(key, at) == at for key, at in zip(ids, places, strict=True)], dtype=np.bool_)
    if new.all():
        return pages, REJECTS.empty_table()
    return pages.filter(pa.array(new)), reject_copies(pages.filter(pa.array(~new)), seen)


def place_keys(sources: pa.ChunkedArray) -> list[str]:
    """The key of each page's place (`Place.key`), from the column `source`."""
    columns = (pc.struct_field(sources, name).to_pylist() for name in REJECT_PLACE)
    return [Place(*parts).key for parts in zip(*columns, strict=True)]


def reject_copies(copies: pa.Table, first: dict[str, str]) -> pa.Table:
    """Rejects of pages (or records), each naming the place of the page it repeats, whose key `first` gives by id."""
    rows = [
        {
            **reject_source(source),
            "stage": "read",
            "reason": "duplicate",
            "detail": f"the same bytes as {place_name(first[key])}",
            "excerpt": None,
        }
        for key, source in zip(copies["id"].to_pylist(), copies["source"].to_pylist(), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=REJECTS)


def first_places(shards: Iterable[dict[str, str]]) -> dict[str, str]:
    """Of every id that more than one shard has, the first place.

    Args:
        shards: the places of each shard's pages, by id.
    """
    first: dict[str, str] = {}
    repeated: set[str] = set()
    for seen in shards:
        repeated |= first.keys() & seen.keys()
        first.update({key: min(at, first.get(key, at)) for key, at in seen.items()})
    return {key: first[key] for key in repeated}
