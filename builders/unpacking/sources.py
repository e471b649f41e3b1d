"""Sources: what a person names (files, folders, globs, addresses) → the seeds that lie there."""

from collections.abc import Sequence
from pathlib import Path

from .seeds import Seed, list_seeds

Source = str | Path
"""A file, a folder, a glob or the address of a file system that fsspec knows."""


def list_sources(sources: Source | Sequence[Source]) -> list[Seed]:
    """The seeds of all sources."""
    each = [sources] if isinstance(sources, str | Path) else list(sources)
    return [seed for source in each for seed in list_seeds(Path(source))]


def local_folders(sources: Source | Sequence[Source]) -> list[Path]:
    """The folders of this machine whose recipe and takedown list count: sources, or where those that are files lie."""
    each = [sources] if isinstance(sources, str | Path) else list(sources)
    return [path if path.is_dir() else path.parent for path in map(Path, each)]
