"""Papers: what is written beside the data: the card with its plots, and the Croissant file."""

import os
import shutil
from pathlib import Path

from dehusk.builders.pack import CARD, MANIFEST, PackedFile, describe_file, listed_paths, read_manifest, write_manifest
from dehusk.builders.place import staging

from .card import write_card
from .contents import CHANGES, Contents, kept_part, markers, read_kept, without_markers
from .croissant import write_croissant
from .excerpts import draw_excerpts
from .plots import write_plots
from .sections import CONTACT


def write_papers(folder: Path, contents: Contents) -> list[PackedFile]:
    """Writes card, plots and Croissant file of a dataset whose data files are in place.

    Args:
        folder: the dataset folder; an older card in it gives the parts that stay.
        contents: what it holds.

    Returns:
        What was written, for the manifest.
    """
    excerpts = draw_excerpts([folder / file.path for file in contents.data], contents.summary.languages)
    written = [
        *write_plots(folder, contents.summary),
        write_card(folder, contents, excerpts),
        write_croissant(folder, contents),
    ]
    return [describe_file(folder, path) for path in written]


def tell_changes(dataset: Path, changes: str) -> None:
    """Puts what changed since the last version into the card, before earlier changes; later builds keep it.

    Args:
        dataset: a dataset folder; it is replaced whole, its data files as they are.
        changes: Markdown, in which text of pages is escaped.

    Raises:
        UsageError: the folder is not a dataset of ours, or its card's markers are not in pairs.
        StorageError: the system refused to write; what was there still is.
    """
    manifest, kept = read_manifest(dataset), read_kept(dataset)
    told = "\n\n".join(part for part in (without_markers(changes).strip(), kept.changes) if part)
    with staging(dataset) as folder:
        for path in listed_paths(dataset):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            if str(path) not in (CARD, MANIFEST):
                _link(dataset / path, folder / path)
        card = (dataset / CARD).read_text(encoding="utf-8")
        (folder / CARD).write_text(_with_changes(card, kept_part(CHANGES, told)), encoding="utf-8")
        files = [file for file in manifest.files if file.path != CARD] + [describe_file(folder, folder / CARD)]
        recipe, counts, seeds = manifest.recipe, manifest.counts, manifest.seeds
        write_manifest(folder, maker=manifest.maker, recipe=recipe, counts=counts, seeds=seeds, files=files)


def _link(source: Path, target: Path) -> None:
    """The same file under a second name; a copy where the file system has no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _with_changes(card: str, part: str) -> str:
    begin, end = markers(CHANGES)
    before, found, rest = card.partition(f"{begin}\n")
    if found:
        return before + part + rest.partition(end)[2]
    before, contact, rest = card.rpartition(f"\n## {CONTACT}\n")
    return f"{before}\n## Changes\n\n{part}\n{contact}{rest}"
