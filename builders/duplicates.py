"""Duplicates: of pages with the same bytes the first, in the order of paths, is kept; the others are rejected."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.schema.record import REJECTS


def drop_copies(pages: pa.Table, seen: dict[str, str]) -> tuple[pa.Table, pa.Table]:
    """Parts pages that are new from copies of earlier ones.

    Args:
        pages: a batch of pages.
        seen: paths of the pages seen so far, by id; the new ones are added.

    Returns:
        The new pages, and a table of `REJECTS` of the others.
    """
    ids = pages["id"].to_pylist()
    paths = pc.struct_field(pages["source"], "path").to_pylist()
    new = np.array([seen.setdefault(key, path) == path for key, path in zip(ids, paths, strict=True)], dtype=np.bool_)
    if new.all():
        return pages, REJECTS.empty_table()
    return pages.filter(pa.array(new)), reject_copies(pages.filter(pa.array(~new)), seen)


def reject_copies(copies: pa.Table, first: dict[str, str]) -> pa.Table:
    """Rejects of pages (or records), each naming the path of the page it repeats, which `first` gives by id."""
    rows = [
        {
            **{name: source[name] for name in ("path", "sha256", "byte_start", "byte_end")},
            "stage": "read",
            "reason": "duplicate",
            "detail": f"the same bytes as {first[key]}",
            "excerpt": None,
        }
        for key, source in zip(copies["id"].to_pylist(), copies["source"].to_pylist(), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=REJECTS)


def first_paths(shards: Iterable[dict[str, str]]) -> dict[str, str]:
    """Of every id that more than one shard has, the first path.

    Args:
        shards: the paths of each shard's pages, by id.
    """
    first: dict[str, str] = {}
    repeated: set[str] = set()
    for seen in shards:
        repeated |= first.keys() & seen.keys()
        first.update({key: min(path, first.get(key, path)) for key, path in seen.items()})
    return {key: first[key] for key in repeated}
