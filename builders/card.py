"""The dataset card: README.md, with the front matter that hubs and `datasets` read and a body of measured counts."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import yaml

from dehusk.schema.derive import card_features, fields_table
from dehusk.schema.labels import DESCRIPTIONS, GROUPS, LABELS
from dehusk.schema.record import PAGE_FLAGS, REASONS

from .pack import CARD, REJECTS_FILE, PackedFile, fingerprint
from .recipe import Recipe
from .summary import OPTIONAL, Summary

_SIZES: Final = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")]
_LARGER: Final = [(10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B")]


def write_card(
    folder: Path, recipe: Recipe, summary: Summary, files: Iterable[PackedFile], num_bytes: Mapping[str, int]
) -> Path:
    """Writes the card of a dataset.

    Args:
        folder: the dataset folder.
        recipe: what the maker says of it.
        summary: what the build counted.
        files: the files written so far.
        num_bytes: bytes in memory of each split, in the order of the splits.

    Returns:
        The file.
    """
    data = [file for file in files if file.content is not None]
    matter = yaml.safe_dump(
        _front_matter(recipe, summary, data, num_bytes), sort_keys=False, allow_unicode=True, width=120
    )
    path = folder / CARD
    path.write_text(f"---\n{matter}---\n\n{_body(recipe, summary)}", encoding="utf-8")
    return path


def size_category(rows: int) -> str:
    """The hub's word for how many rows there are.

    >>> size_category(999), size_category(1000)
    ('n<1K', '1K<n<10K')
    """
    return next((name for limit, name in _SIZES + _LARGER if rows < limit), "n>1T" if rows >= 10**12 else "10B<n<100B")


def _front_matter(
    recipe: Recipe, summary: Summary, files: list[PackedFile], num_bytes: Mapping[str, int]
) -> dict[str, Any]:
    info = recipe.dataset
    languages = list(info.languages) or sorted(code for code in summary.languages if code != "unknown")
    licence = {"license": info.license, "license_name": info.license_name, "license_link": info.license_link}
    splits = {split: [file for file in files if file.path.startswith(f"data/{split}-")] for split in num_bytes}
    return {
        "pretty_name": info.pretty_name,
        **({"language": languages} if languages else {}),
        **{key: value for key, value in licence.items() if value},
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found"],
        "source_datasets": ["original"],
        "multilinguality": ["multilingual" if len(languages) > 1 else "monolingual"],
        "size_categories": [size_category(summary.kept)],
        "task_categories": ["text-generation", "token-classification"],
        "tags": ["web", "boilerplate", "dehusk", *info.tags],
        "configs": [
            {
                "config_name": "default",
                # `datasets` keys its cache by this text, not by the files: without the fingerprint it would go on
                # serving the previous build of a local folder.
                "description": f"dehusk build {fingerprint(files)}",
                "data_files": [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits],
            }
        ],
        "dataset_info": {
            "features": card_features(),
            "splits": [
                {"name": split, "num_bytes": num_bytes[split], "num_examples": sum(file.rows or 0 for file in of_split)}
                for split, of_split in splits.items()
            ],
            "download_size": sum(file.bytes for file in files),
            "dataset_size": sum(num_bytes.values()),
        },
    }


def _body(recipe: Recipe, summary: Summary) -> str:
    info = recipe.dataset
    parts = [
        f"# {info.pretty_name}",
        info.description.strip() or "Pages of the web, cleaned and described from flat text dumps.",
        _whats_in_it(recipe, summary),
        _labels(summary),
        _languages(summary),
        _rejects(summary),
        _structure(),
        _how(recipe),
        _limits(summary),
        _rights(recipe),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """A Markdown table; the cells are shown as they are."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f} %"


def _whats_in_it(recipe: Recipe, summary: Summary) -> str:
    kept = summary.kept
    known = [
        (f"`{name}`", summary.known.get(name, 0), _share(summary.known.get(name, 0), kept))
        for name in (*OPTIONAL, "authors")
    ]
    dates = f" Dates of publication run from {summary.earliest} to {summary.latest}." if summary.earliest else ""
    return f"""## What is in it

{kept:,} pages with {sum(summary.lines.values()):,} lines and {summary.text_chars:,} characters of clean text.\
 {100 * summary.boilerplate_share:.1f} % of what the pages show is boilerplate, which is flagged, not removed.{dates}
Splits: {", ".join(f"`{name}`" for name in recipe.split.shares)}, by a hash of the {recipe.split.by}.

A field is null where the page does not say, or not clearly enough. Known are:

{table(("field", "pages", "share"), known)}"""


def _labels(summary: Summary) -> str:
    lines, chars = sum(summary.lines.values()), sum(summary.chars.values())
    group = {label: name for name, labels in GROUPS.items() for label in labels}
    rows = [
        (
            f"`{label}`",
            group[label],
            DESCRIPTIONS[label],
            f"{summary.lines.get(label, 0):,}",
            _share(summary.lines.get(label, 0), lines),
            _share(summary.chars.get(label, 0), chars),
        )
        for label in LABELS
    ]
    head = ("label", "group", "what it is", "lines", "of lines", "of characters")
    return f"## Labels\n\nEvery line of every page has one.\n\n{table(head, rows)}"


def _languages(summary: Summary) -> str:
    rows = [
        (f"`{code}`", f"{count:,}", _share(count, summary.kept)) for code, count in list(summary.languages.items())[:30]
    ]
    more = len(summary.languages) - len(rows)
    return f"## Languages\n\n{table(('language', 'pages', 'share'), rows)}" + (
        f"\n\nand {more} more." if more > 0 else ""
    )


def _rejects(summary: Summary) -> str:
    head = f"## What was left out\n\n{summary.came_in:,} files and pages came in: {summary.kept:,} were kept"
    if not summary.rejected:
        return f"{head}, none was rejected."
    rows = [(f"`{reason}`", REASONS[reason], f"{count:,}") for reason, count in summary.rejected.items()]
    total = sum(summary.rejected.values())
    listed = table(("reason", "what it means", "count"), rows)
    return f"{head}, {total:,} rejected. `{REJECTS_FILE}` lists each with its reason.\n\n{listed}"


def _structure() -> str:
    return f"""## Structure

One row a page. `text` is a view of `lines`: the lines labelled `summary`, `heading`, `paragraph` and `list_item`, white
space inside them normalised, joined by a line feed. Every visible character of `raw` is in exactly one line. Dates are
as the page states them, without a time zone.

{fields_table()}

Flags beside the kinds of boilerplate:

{table(("flag", "what it means"), ((f"`{flag}`", text) for flag, text in PAGE_FLAGS.items()))}"""


def _how(recipe: Recipe) -> str:
    source = f" The pages: {recipe.dataset.source}" if recipe.dataset.source else ""
    return f"""## How it was made

By dehusk {version("dehusk")} from flat text dumps, without their HTML.{source}
A line model, trained on public collections of annotated pages, labels each line; title, authors, dates and the rest are
read out of the labelled lines, and `evidence` says where. No person has checked the records. `manifest.json` lists the
digest of every input and output file and the versions that made them: the same input gives the same bytes."""


def _limits(summary: Summary) -> str:
    doubtful = {flag: summary.flags.get(flag, 0) for flag in PAGE_FLAGS if summary.flags.get(flag, 0)}
    rows = table(("flag", "pages"), ((f"`{flag}`", f"{count:,}") for flag, count in doubtful.items()))
    return f"""## Known limits

Labels and fields are read by machine and some are wrong; `score` says how sure the model is of a label. On pages whose
kinds it has not met (forums, product and listing pages more than articles) it errs more. A date without a year, or one
that could be read two ways, is left unknown.{chr(10) * 2 + rows if doubtful else ""}"""


def _rights(recipe: Recipe) -> str:
    info = recipe.dataset
    licence = f"`{info.license_name or info.license}`" if info.license else "not stated by whoever built this dataset"
    link = f" ({info.license_link})" if info.license_link else ""
    contact = f" Contact: {info.contact}." if info.contact else ""
    return f"""## Licence

{licence}{link}. The texts belong to their authors.

## Personal and sensitive information

The pages may name people and hold addresses, telephone numbers and opinions, as the web does; nothing was removed or
masked. Whoever uses them is bound by the law that protects those people.{contact}"""
