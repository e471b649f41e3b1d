"""Withdraw: what the takedown list names leaves the records; its rows among the rejects say nothing of it.

Such a row has no path, excerpt, title or address: the SHA-256 of the file, by which whoever has a copy can find it, the
place in that file, and the reason.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.describing.address import site_of
from dehusk.builders.pack import SeedDigest
from dehusk.builders.reading.read import ID_DIGITS
from dehusk.builders.recipe import Recipe
from dehusk.builders.unpacking.document import ReadFile
from dehusk.builders.unpacking.seeds import Seed
from dehusk.builders.unpacking.unpack import unpack_seeds
from dehusk.schema.record import REJECTS

from .takedown import Entry, Takedown, domains, host_key, url_key

Mask = npt.NDArray[np.bool_]

REASON = "takedown"


def part_listed(records: pa.Table, takedown: Takedown) -> tuple[pa.Table, pa.Table]:
    """Parts records that may stay from those that the list names.

    Args:
        records: a table with the columns `id`, `url`, `site` and `source` of `RECORDS`.
        takedown: the list.

    Returns:
        Those that stay, and those that do not.
    """
    if not takedown:
        return records, records.slice(0, 0)
    listed = is_listed(records, takedown)
    return records.filter(pa.array(~listed)), records.filter(pa.array(listed))


def is_listed(records: pa.Table, takedown: Takedown) -> Mask:
    """Whether the list names each record, `bool[n_rows]`."""
    listed = _is_in(records["id"], takedown.ids) | _is_in(_paths(records), takedown.paths)
    if takedown.urls or takedown.sites:
        for row, url, site in _addresses(records):
            if url_key(url) in takedown.urls or not takedown.sites.isdisjoint(domains(url, site)):
                listed[row] = True
    return listed


def without_match(records: pa.Table, takedown: Takedown) -> set[Entry]:
    """The entries of the list that name none of the records."""
    addresses = list(_addresses(records))
    found = {
        "id": set(records["id"].to_pylist()),
        "path": set(_paths(records).to_pylist()),
        "url": {url_key(url) for _, url, _ in addresses},
        "site": {domain for _, url, site in addresses for domain in domains(url, site)},
    }
    key = {"url": url_key, "site": host_key}
    return {entry for entry in takedown.entries if key.get(entry.kind, str)(entry.value) not in found[entry.kind]}


def _paths(records: pa.Table) -> pa.ChunkedArray:
    return pc.struct_field(records["source"], "path")


def _addresses(records: pa.Table) -> list[tuple[int, str, str | None]]:
    """Row, address and site of the records whose address is known: what their text states, and what their box does."""
    urls, sites = records["url"].to_pylist(), records["site"].to_pylist()
    known = [(row, url, site) for row, (url, site) in enumerate(zip(urls, sites, strict=True)) if url is not None]
    if records.schema.field("source").type.get_field_index("url") < 0:  # a dataset of an earlier version
        return known
    given = enumerate(pc.struct_field(records["source"], "url").to_pylist())
    return known + [(row, url, site_of(url)) for row, url in given if url is not None and url != urls[row]]


def _is_in(values: pa.ChunkedArray, wanted: frozenset[str]) -> Mask:
    found = pc.is_in(values, value_set=pa.array(sorted(wanted), pa.string()))
    return np.array(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


# -- what lies at a listed path --


def listed_ids(seeds: Iterable[Seed], takedown: Takedown, recipe: Recipe) -> set[str]:
    """The ids of what lies at the listed paths: a page that is listed by its path leaves with all its copies.

    Args:
        seeds: all seeds.
        takedown: the list.
        recipe: all options.
    """
    listed = [seed for seed in seeds if seed.path in takedown.paths]
    return {
        hashlib.sha256(item.data).hexdigest()[:ID_DIGITS]
        for item in unpack_seeds(listed, recipe)
        if not isinstance(item, ReadFile) and item.data is not None
    }


# -- rejects --


def reject_listed(records: pa.Table) -> pa.Table:
    """Rejects (`REJECTS`) of records that the list names; they say nothing of them."""
    source = {name: pc.struct_field(records["source"], name) for name in ("sha256", "byte_start", "byte_end")}
    return _say_nothing(pa.table(source))


def veil_rejects(rejects: pa.Table, takedown: Takedown) -> pa.Table:
    """Rejects in which the rows of what the list names by id or path say nothing of it either.

    Such are copies of a page that was taken out, and what was rejected before its address was read.
    """
    ids = pc.utf8_slice_codeunits(rejects["sha256"], 0, ID_DIGITS)
    listed = _is_in(ids, takedown.ids) | _is_in(rejects["path"], takedown.paths)
    if not listed.any():
        return rejects
    veiled = _say_nothing(rejects.filter(pa.array(listed)))
    return pa.concat_tables([rejects.filter(pa.array(~listed)), veiled])


def _say_nothing(rows: pa.Table) -> pa.Table:
    columns = {name: rows[name] for name in ("sha256", "byte_start", "byte_end")}
    said = {"stage": REASON, "reason": REASON, "detail": "the takedown list names it"}
    made = [
        columns[name] if name in columns else pa.array([said.get(name)] * rows.num_rows, pa.string())
        for name in REJECTS.names
    ]
    return pa.table(made, schema=REJECTS)


def seeds_to_name(seeds: Sequence[SeedDigest], takedown: Takedown) -> list[SeedDigest]:
    """The seed files that the manifest may name: those that the list does not, neither by id nor by path."""
    return [seed for seed in seeds if seed.sha256[:ID_DIGITS] not in takedown.ids and seed.path not in takedown.paths]
