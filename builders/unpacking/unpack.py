"""Unpack: seeds → documents. Every file that is found is looked into by what it is, boxes in boxes included."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from itertools import groupby
from typing import BinaryIO, Final, cast

from dehusk.builders.recipe import Recipe

from .box import Box, Unbox, read_page
from .document import Document, Item, Place, ReadFile, Refused, Unread
from .recognise import COMPRESSIONS, begins_compressed, inner_name, recognise_format
from .remote import RangedFile, StreamedFile, open_remote
from .seeds import BUFFER, Seed, open_seeds
from .streams import DamagedError, unpack_stream

_READERS: Final = {
    "jsonl": ("tables", "unbox_json_lines"),
    "csv": ("tables", "unbox_csv"),
    "tsv": ("tables", "unbox_csv"),
    "parquet": ("columns", "unbox_parquet"),
    "arrow": ("columns", "unbox_arrow"),
    "warc": ("warc", "unbox_warc"),
    "zip": ("archives", "unbox_zip"),
    "tar": ("archives", "unbox_tar"),
}
"""Module and function of each box's reader; loaded when first met."""

_BLOCK: Final = 1 << 20

_NESTED: Final = 4
"""Compressions in each other that are undone."""

_NOT_KNOWN: Final = Refused(
    "unsupported_format", "it is no page and no box of pages, neither by how it begins nor by its name"
)


def unpack_seeds(seeds: Iterable[Seed], recipe: Recipe) -> Iterator[Item]:
    """Reads seeds, one after the other, as the documents that lie in them.

    Args:
        seeds: files of this machine or of other file systems, or parts of them.
        recipe: all options, of which `[sources]` and `[bounds]` count here.

    Yields:
        For each seed its documents, and what is none, in their order; then the file itself, if it could be read.
    """
    for seed, file in open_each(seeds):
        if isinstance(file, Refused):
            yield Unread(Place(seed.path), file)
        else:
            yield from _unpack_seed(seed, file, recipe)


def open_each(seeds: Iterable[Seed]) -> Iterator[tuple[Seed, BinaryIO | Refused]]:
    """Opens seeds, wherever they lie, one after the other.

    Yields:
        Each seed and its file, to be read before the next is asked for, or why there is none.
    """
    for remote, group in groupby(seeds, key=lambda seed: seed.remote):
        if remote:
            yield from (opened for seed in group for opened in open_remote(seed))
        else:
            yield from open_seeds(group)


def _unpack_seed(seed: Seed, file: BinaryIO, recipe: Recipe) -> Iterator[Item]:
    name = seed.path.rpartition("/")[2]
    size = _size_of(file)
    first: Item | None = None
    n_items = 0
    for item in unpack_box(Box(file, Place(seed.path), name, recipe, size, seed.span)):
        first = first or item
        n_items += 1
        yield item
    if first is None and seed.span is None:
        yield Unread(Place(seed.path), Refused("empty_file", "it holds no page"))
    if not seed.begins or (n_items == 1 and isinstance(first, Unread)):
        return
    if isinstance(first, Document) and first.format == first.media:  # the file is one page, and was read whole
        yield ReadFile(seed.path, len(first.data), hashlib.sha256(first.data).hexdigest())
        return
    try:
        n_bytes, digest = _digest(file)
    except (OSError, DamagedError):
        return  # which is a reject by now
    yield ReadFile(seed.path, n_bytes, digest)


def _digest(file: BinaryIO) -> tuple[int, str]:
    """Bytes and SHA-256 of a file, read once more unless they are known."""
    raw = getattr(file, "raw", None)
    if isinstance(raw, RangedFile | StreamedFile):
        while file.read(_BLOCK):  # what its reader left over
            pass
        if (known := raw.digest()) is not None:
            return known
    file.seek(0)
    digest = hashlib.sha256()
    size = 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def _size_of(file: BinaryIO) -> int | None:
    raw = getattr(file, "raw", None)
    if isinstance(raw, RangedFile | StreamedFile):
        return raw.size
    try:
        size = file.seek(0, io.SEEK_END)
    except OSError:  # a file of the system that does not say
        size = 0
    file.seek(0)
    return size


def unpack_box(box: Box) -> Iterator[Item]:
    """Reads one file by what it is; where it breaks, the rest of it is one item more.

    Args:
        box: the open file.

    Yields:
        What is in it.
    """
    try:
        yield from _unbox(box)
    except DamagedError as error:
        yield Unread(box.place, error.refused)
    except OSError as error:
        yield Unread(box.place, Refused("unreadable", f"the system refused to read it: {error.strerror or error}"))


def _unbox(box: Box) -> Iterator[Item]:
    box = _buffered(box)
    head = cast("io.BufferedReader", box.file).peek(BUFFER)
    kind = recognise_format(head, box.name)
    if kind in COMPRESSIONS:
        yield from _unbox_compressed(box, kind, head)
    elif kind in ("zip", "tar") and box.place.member is not None:
        yield Unread(box.place, Refused("unsupported_format", "it is an archive in an archive; unpack the outer one"))
    elif kind in _READERS:
        yield from _reader(kind)(box)
    elif not box.begins:  # its first part has all of it
        return
    elif kind in ("text", "html"):
        yield from read_page(box, "html" if kind == "html" else "text")
    else:
        yield Unread(box.place, _NOT_KNOWN)


def _buffered(box: Box) -> Box:
    if isinstance(box.file, io.BufferedReader):
        return box
    return replace(box, file=io.BufferedReader(cast("io.RawIOBase", box.file), BUFFER))


def _unbox_compressed(box: Box, kind: str, head: bytes) -> Iterator[Item]:
    name = inner_name(box.name, kind)
    inside = recognise_format(begins_compressed(head, kind), name)
    if inside == "warc" and kind != "bz2":
        yield from _reader("warc")(replace(box, packing=f".{kind}{box.packing}"))
    elif not box.begins:
        return
    elif box.packing.count(".") >= _NESTED:
        yield Unread(box.place, Refused("bomb", f"it is compressed more than {_NESTED} times over"))
    else:
        stream = unpack_stream(box.file, kind, box.recipe.bounds.max_unpacked)
        yield from _unbox(box.inside(stream, name, kind))


def _reader(kind: str) -> Unbox:
    module, name = _READERS[kind]
    reader: Unbox = getattr(import_module(f".{module}", __package__), name)
    return reader
