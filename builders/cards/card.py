"""The dataset card: README.md, with the front matter that hubs and `datasets` read and sections of measured counts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from dehusk.builders.pack import CARD, fingerprint
from dehusk.schema.derive import card_features

from .contents import Contents, read_yours
from .excerpts import Excerpt
from .sections import card_body

_SIZES: Final = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")]
_LARGER: Final = [(10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B")]


def front_matter(contents: Contents) -> dict[str, Any]:
    """The front matter of a card."""
    info, data, num_bytes = contents.recipe.dataset, contents.data, contents.num_bytes
    languages = contents.languages
    licence = {"license": info.license, "license_name": info.license_name, "license_link": info.license_link}
    splits = {split: [file for file in data if file.path.startswith(f"data/{split}-")] for split in num_bytes}
    return {
        "pretty_name": info.pretty_name,
        **({"language": languages} if languages else {}),
        **{key: value for key, value in licence.items() if value},
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found"],
        "source_datasets": ["original"],
        "multilinguality": ["multilingual" if len(languages) > 1 else "monolingual"],
        "size_categories": [size_category(contents.summary.kept)],
        "task_categories": ["text-generation", "token-classification"],
        "tags": ["web", "boilerplate", "dehusk", *info.tags],
        "configs": [
            {
                "config_name": "default",
                **({"version": info.version} if info.version else {}),
                # `datasets` keys its cache by this text, not by the files: without the fingerprint it would go on
                # serving the previous build of a local folder.
                "description": f"dehusk build {fingerprint(data)}",
                "data_files": [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits],
            }
        ],
        "dataset_info": {
            "features": card_features(),
            "splits": [
                {"name": split, "num_bytes": num_bytes[split], "num_examples": sum(file.rows or 0 for file in of_split)}
                for split, of_split in splits.items()
            ],
            "download_size": sum(file.bytes for file in data),
            "dataset_size": sum(num_bytes.values()),
        },
    }


def size_category(rows: int) -> str:
    """The hub's word for how many rows there are.

    >>> size_category(999), size_category(1000)
    ('n<1K', '1K<n<10K')
    """
    return next((name for limit, name in _SIZES + _LARGER if rows < limit), "n>1T" if rows >= 10**12 else "10B<n<100B")


def write_card(folder: Path, contents: Contents, excerpts: Iterable[Excerpt]) -> Path:
    """Writes the card of a dataset.

    Args:
        folder: the dataset folder, with the plots in it, and where it has one, an older card of which a part stays.
        contents: what it holds.
        excerpts: the records to show.

    Returns:
        The file.
    """
    matter = yaml.safe_dump(front_matter(contents), sort_keys=False, allow_unicode=True, width=120)
    path = folder / CARD
    path.write_text(f"---\n{matter}---\n\n{card_body(contents, list(excerpts), read_yours(folder))}", encoding="utf-8")
    return path
