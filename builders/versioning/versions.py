"""Versions: opens a dataset for comparison and reads what is compared, a row group at a time."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.builders.pack import MANIFEST, PackedFile, split_name
from dehusk.schema.errors import TargetError, UsageError
from dehusk.schema.record import RECORDS

from .difference import Version
from .rows import Digests, digest_rows
from .takedown import TAKEDOWN_NAME

if TYPE_CHECKING:
    from dehusk.builders.publishing.targets import HubTarget

Ints = npt.NDArray[np.int64]

COMPARED: Final = (MANIFEST, TAKEDOWN_NAME, "data/*.parquet")
"""The files of a dataset that are compared, as patterns."""

_KEYS: Final = ("id", "url", "site", "source")
_SLICE: Final = 1_000  # records whose lines are looked at at once


class _Listing(msgspec.Struct):
    """What is needed of a manifest, of whatever version of dehusk."""

    files: list[PackedFile]
    fingerprint: str = ""
    dehusk: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    """A row group of a data file: its place, and the first of its rows in the whole dataset."""

    file: Path
    number: int
    first: int
    rows: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A dataset as it is compared: no text, but the digests of all.

    Attributes:
        folder: the dataset folder.
        version: what its manifest says of it.
        keys: `id`, `url`, `site` and `source` of each record.
        split: the split of each record.
        digests: the digests of each field, by its name in dots (`digest_rows`).
        groups: where the records are.
    """

    folder: Path
    version: Version
    keys: pa.Table
    split: npt.NDArray[np.str_]
    digests: Mapping[str, Digests]
    groups: Sequence[_Group]

    @property
    def paths(self) -> pa.Array:
        """The seed file of each record."""
        return pc.struct_field(self.keys["source"], "path").combine_chunks()

    def read(self, rows: Ints, columns: Sequence[str]) -> Iterator[tuple[Ints, pa.Table]]:
        """Reads some records, in pieces of a bounded size.

        Args:
            rows: which, in any order.
            columns: what of them.

        Yields:
            Rows of the dataset, ascending, `int64[n]`, and a table of n rows.
        """
        wanted = np.sort(rows)
        for group in self.groups:
            here = wanted[np.searchsorted(wanted, group.first) : np.searchsorted(wanted, group.first + group.rows)]
            if len(here):
                with pq.ParquetFile(group.file) as file:
                    table = file.read_row_group(group.number, columns=list(columns))
                for at in range(0, len(here), _SLICE):
                    part = here[at : at + _SLICE]
                    yield part, table.take(pa.array(part - group.first))

    def records(self, rows: Ints, columns: Sequence[str]) -> dict[int, dict[str, Any]]:
        """A few records as plain values, by row."""
        return {
            row: record
            for part, table in self.read(rows, columns)
            for row, record in zip(part.tolist(), table.to_pylist(), strict=True)
        }


def read_snapshot(folder: Path) -> Snapshot:
    """Reads a dataset once, whole, and keeps the digests of what its records say.

    Args:
        folder: a dataset of dehusk, of this version or an earlier one.

    Raises:
        UsageError: it is none, or cannot be read.
    """
    listing = _read_listing(folder)
    files = sorted((file for file in listing.files if file.content is not None), key=lambda file: file.path)
    keys, split, groups, digests = [], [], [], []
    n = 0
    for file in files:
        for number, (table, digested) in enumerate(_read_groups(folder / file.path)):
            keys.append(table)
            split.append(np.full(table.num_rows, split_name(file.path)))
            digests.append(digested)
            groups.append(_Group(folder / file.path, number, n, table.num_rows))
            n += table.num_rows
    if not groups:
        raise UsageError(f"{folder} holds no records", "name a folder that `dehusk build` wrote")
    if len({(part.schema, *digested) for part, digested in zip(keys, digests, strict=True)}) > 1:
        raise UsageError(f"the data files of {folder} differ in their columns", "`dehusk check` says more")
    joined = {name: np.concatenate([part[name] for part in digests]) for name in digests[0]}
    version = Version(n, listing.fingerprint, listing.dehusk)
    return Snapshot(folder, version, pa.concat_tables(keys), np.concatenate(split), joined, groups)


def _read_listing(folder: Path) -> _Listing:
    path = folder / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Listing)
    except (OSError, msgspec.MsgspecError) as error:
        tip = "name a folder that `dehusk build` wrote"
        raise UsageError(f"{folder} is not a dataset of dehusk: {MANIFEST}: {error}", tip) from error


def _read_groups(path: Path) -> Iterator[tuple[pa.Table, dict[str, Digests]]]:
    """The keys and digests of each row group, read column by column."""
    try:
        with pq.ParquetFile(path) as file:
            if not _has_keys(file.schema_arrow):
                raise UsageError(f"{path} has not the columns {', '.join(_KEYS)}", "it is not a data file of dehusk")
            for number in range(file.num_row_groups):
                digests: dict[str, Digests] = {}
                for name in file.schema_arrow.names:
                    digests |= digest_rows(file.read_row_group(number, columns=[name]))
                yield file.read_row_group(number, columns=list(_KEYS)), digests
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "`dehusk check` says more") from error


def _has_keys(schema: pa.Schema) -> bool:
    """Whether a file has the columns by which records are paired, with the types that they have here."""
    if not set(_KEYS) <= set(schema.names) or not pa.types.is_struct(schema.field("source").type):
        return False
    plain = all(schema.field(name).type == RECORDS.field(name).type for name in _KEYS if name != "source")
    place = {(field.name, field.type) for field in schema.field("source").type}
    return plain and place >= {("path", pa.string()), ("byte_start", pa.int64())}


# -- from a hub --

_HUB: Final = re.compile(r"(?P<target>hf://datasets/[^@\s]+)(?:@(?P<revision>[^@\s]+))?")


def open_dataset(spec: str, endpoint: str | None = None) -> Path:
    """The folder of a dataset: the one that is named, or a copy of a revision on a hub.

    Args:
        spec: a folder, or `hf://datasets/user/name@revision`. The revision is a tag, a branch or a commit; without one
            it is the main branch. The copy is kept in the cache of the hub's client.
        endpoint: address of the hub; by default what `HF_ENDPOINT` says, or the public hub.

    Raises:
        TargetError: it is no dataset of a hub, or there is no such revision.
        AccessError: the dataset is not there, or the token may not see it.
        PublishError: the hub did not answer, or not well.
    """
    if not spec.startswith("hf://"):
        return Path(spec)
    from dehusk.builders.publishing.targets import HubTarget, masked, parse_target

    named = _HUB.fullmatch(spec)
    target = parse_target(named["target"], endpoint) if named else None
    if named is None or not isinstance(target, HubTarget):
        raise TargetError(f"{masked(spec)} names no dataset of a hub", "write hf://datasets/user/name@revision")
    return _fetch(target, named["revision"])


def _fetch(target: "HubTarget", revision: str | None) -> Path:
    from dehusk.builders.publishing.hubclient import connect
    from dehusk.builders.publishing.publication import Patience, ignore

    with connect(target, Patience(), ignore, need_token=False) as hub:
        return hub.fetch(revision, COMPARED)
