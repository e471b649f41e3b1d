"""Keep: built shards lie in folders of their own beside the dataset, so that no later build makes them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from dehusk.schema.record import REJECTS

from .duplicates import PLACES, read_ids
from .labelling.hand import HandLabels, labels_digest
from .pack import REJECTS_FILE, SeedDigest, file_digest, write_rejects
from .summary import Summary
from .versioning.takedown import Takedown

_SHARD: Final = "shard.json"
_GROUND: Final = "ground.json"
_TABLES: Final = (REJECTS_FILE, PLACES)


class SplitFile(msgspec.Struct, frozen=True):
    """The records of one shard that belong to one split, as written.

    Attributes:
        split: name of the split.
        path: the file; where it is noted, its name alone.
        rows: its records.
        content: digest of what they say.
        num_bytes: their size in memory.
        bytes: size of the file.
        sha256: digest of the file.
    """

    split: str
    path: str
    rows: int
    content: str
    num_bytes: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BuiltShard:
    """One shard, built.

    Attributes:
        folder: where it lies, and the places of its pages with it (`PLACES`), but of those that were withdrawn.
        files: its records, a file for each split that has any, or several.
        rejects: table of `REJECTS`.
        seeds: the seed files that were read.
        withdrawn: ids of the pages that the takedown list names.
        listed: ids of its pages that stand on the takedown list as ids.
        hand: digest of the labels that a person gave its pages (`labels_digest`).
        summary: counts of its records.
    """

    folder: Path
    files: tuple[SplitFile, ...]
    rejects: pa.Table
    seeds: tuple[SeedDigest, ...]
    withdrawn: tuple[str, ...]
    listed: tuple[str, ...]
    hand: str
    summary: Summary


class _Note(msgspec.Struct, frozen=True):
    """What is noted of a shard. Its digests tell whether its files are those that were written."""

    files: list[SplitFile]
    seeds: list[SeedDigest]
    withdrawn: list[str]
    listed: list[str]
    hand: str
    summary: Summary
    tables: dict[str, str]


def store_shard(built: BuiltShard) -> None:
    """Notes what was built into its folder, where its data files and places lie already."""
    write_rejects(built.rejects, built.folder / REJECTS_FILE)
    note = _Note(
        files=[msgspec.structs.replace(file, path=Path(file.path).name) for file in built.files],
        seeds=list(built.seeds),
        withdrawn=list(built.withdrawn),
        listed=sorted(built.listed),
        hand=built.hand,
        summary=built.summary,
        tables={name: file_digest(built.folder / name) for name in (*_TABLES, *_traces(built))},
    )
    (built.folder / _SHARD).write_bytes(msgspec.json.encode(note))


def trace_path(file: SplitFile) -> Path:
    """Where the traces of the records of a file lie."""
    return Path(file.path).with_suffix(".arrow")


def _traces(built: BuiltShard) -> list[str]:
    """The names of the traces that are there: a shard that is settled has none."""
    return [path.name for path in map(trace_path, built.files) if path.exists()]


def load_shard(folder: Path) -> BuiltShard:
    """Reads a shard that was stored."""
    note = _read_note(folder)
    return BuiltShard(
        folder=folder,
        files=_files_in(note, folder),
        rejects=pq.read_table(folder / REJECTS_FILE, schema=REJECTS),
        seeds=tuple(note.seeds),
        withdrawn=tuple(note.withdrawn),
        listed=tuple(note.listed),
        hand=note.hand,
        summary=note.summary,
    )


def trace_paths(folder: Path) -> list[Path]:
    """Where the traces of a stored shard lie, in the order of its files."""
    return [trace_path(file) for file in _files_in(_read_note(folder), folder)]


def _read_note(folder: Path) -> _Note:
    return msgspec.json.decode((folder / _SHARD).read_bytes(), type=_Note)


def _files_in(note: _Note, folder: Path) -> tuple[SplitFile, ...]:
    return tuple(msgspec.structs.replace(file, path=str(folder / file.path)) for file in note.files)


def is_whole(folder: Path, takedown: Takedown, hand: HandLabels) -> bool:
    """Whether a shard is there, as it was written, and would be the same with this takedown list and these labels.

    Of the list only ids are looked at: the rest of it is part of the shard's key.
    """
    note = _sound_note(folder)
    if note is None:
        return False
    if not (takedown.ids or note.listed or hand or note.hand):
        return True
    ids = {*read_ids(folder), *note.withdrawn}
    then = set(note.listed)
    as_listed = then <= takedown.ids and set(note.withdrawn) >= (takedown.ids & ids) - then
    return as_listed and labels_digest(hand, ids - {*note.withdrawn}) == note.hand


def is_sound(folder: Path) -> bool:
    """Whether a shard is there, as it was written."""
    return _sound_note(folder) is not None


def note_digest(folder: Path) -> str:
    """Digest of all that is noted of a stored shard, and so of all that it holds."""
    return file_digest(folder / _SHARD)


def _sound_note(folder: Path) -> _Note | None:
    try:
        note = _read_note(folder)
        stored = {file.path: file.sha256 for file in note.files} | note.tables
        sound = all(file_digest(folder / name) == sha256 for name, sha256 in stored.items())
    except (OSError, msgspec.MsgspecError):
        return None
    return note if sound else None


def note_ground(kept: Path, ground: Mapping[str, str]) -> list[str]:
    """Notes what shards are made with from now on.

    Returns:
        What is not as it was when the shards that are kept were made; nothing where there are none.
    """
    kept.mkdir(parents=True, exist_ok=True)
    try:
        before = msgspec.json.decode((kept / _GROUND).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError):
        before = dict(ground)
    (kept / _GROUND).write_bytes(msgspec.json.encode(dict(ground)))
    return [name for name in {**before, **ground} if before.get(name) != ground.get(name)]
