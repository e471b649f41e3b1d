"""Duplicates: of pages with the same bytes the first, by path and by place in the file, is kept; the others go."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.unpacking.document import Place, place_name
from dehusk.schema.record import REJECT_PLACE, REJECTS, reject_source

PLACES: Final = "places.arrow"
"""A file that notes where each page of a shard lies, sorted by id."""

_PLACES: Final = pa.schema([("prefix", pa.uint64()), ("id", pa.string()), ("place", pa.string())])
_PREFIX: Final = 16  # hex digits of an id that are compared first
_AT_ONCE: Final = 1 << 23  # pages whose ids are compared at once: 64 MB
_NO_PREFIX: Final = np.zeros(0, np.uint64)


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


def reject_copies(copies: pa.Table, first: Mapping[str, str]) -> pa.Table:
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


# -- over shards --


def write_places(seen: Mapping[str, str], folder: Path) -> None:
    """Notes the places of a shard's pages (`Place.key`), by id, in its folder."""
    ids = sorted(seen)
    prefix = pa.array([int(key[:_PREFIX], 16) for key in ids], pa.uint64())
    table = pa.table({"prefix": prefix, "id": ids, "place": [seen[key] for key in ids]}, schema=_PLACES)
    with pa.OSFile(str(folder / PLACES), "wb") as file, pa.ipc.new_file(file, _PLACES) as writer:
        writer.write_table(table.combine_chunks())


def read_ids(folder: Path) -> list[str]:
    """The ids of the pages whose places are noted in a folder."""
    with pa.memory_map(str(folder / PLACES)) as file:
        ids: list[str] = pa.ipc.open_file(file).read_all()["id"].to_pylist()
    return ids


def find_copies(folders: Sequence[Path]) -> list[dict[str, str]]:
    """Of each shard the pages that have an earlier place in another one.

    Ids are compared in ranges of their first digits, so that memory is bounded whatever the number of pages.

    Args:
        folders: where the places of each shard are noted.

    Returns:
        For each folder the first place of its copies, by id.
    """
    found: list[dict[str, str]] = [{} for _ in folders]
    with ExitStack() as files:
        tables = [_open_places(folder, files) for folder in folders]
        steps = max(1, sum(len(prefix) for prefix, _ in tables) // _AT_ONCE)
        bounds = [(1 << 64) * step // steps for step in range(1, steps)]
        cuts = [[0, *np.searchsorted(prefix, np.array(bounds, np.uint64)), len(prefix)] for prefix, _ in tables]
        for step in range(steps):
            _compare(tables, [slice(cut[step], cut[step + 1]) for cut in cuts], found)
    return found


_Places = tuple[npt.NDArray[np.uint64], pa.Table]


def _open_places(folder: Path, files: ExitStack) -> _Places:
    table = pa.ipc.open_file(files.enter_context(pa.memory_map(str(folder / PLACES)))).read_all()
    return table["prefix"].to_numpy(), table


def _compare(tables: list[_Places], parts: list[slice], found: list[dict[str, str]]) -> None:
    prefix = np.concatenate([each[part] for (each, _), part in zip(tables, parts, strict=True)] or [_NO_PREFIX])
    prefix.sort()
    repeated = np.unique(prefix[1:][prefix[1:] == prefix[:-1]])
    if not len(repeated):
        return
    first: dict[str, str] = {}
    held: list[dict[str, str]] = []
    for (each, table), part in zip(tables, parts, strict=True):
        rows = np.nonzero(np.isin(each[part], repeated))[0] + part.start
        some = table.take(pa.array(rows))
        held.append(dict(zip(some["id"].to_pylist(), some["place"].to_pylist(), strict=True)))
        first.update({key: min(at, first.get(key, at)) for key, at in held[-1].items()})
    for copies, places in zip(found, held, strict=True):
        copies.update({key: first[key] for key, at in places.items() if first[key] != at})
