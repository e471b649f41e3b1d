"""Papers: what is written beside the data: the card with its plots, and the Croissant file."""

from pathlib import Path

from dehusk.builders.pack import PackedFile, describe_file

from .card import write_card
from .contents import Contents
from .croissant import write_croissant
from .excerpts import draw_excerpts
from .plots import write_plots


def write_papers(folder: Path, contents: Contents) -> list[PackedFile]:
    """Writes card, plots and Croissant file of a dataset whose data files are in place.

    Args:
        folder: the dataset folder; an older card in it gives what a person wrote.
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
