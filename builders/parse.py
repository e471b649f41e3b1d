"""Parse: one page, from memory or from a file, down the same road as a build."""

from dataclasses import fields
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from dehusk.schema.errors import UsageError
from dehusk.schema.page import Line, Page
from dehusk.schema.view import codepoints, text_view

from .compose import compose_records
from .describing.describe import describe_pages
from .labelling.label import label_lines
from .reading.cut import cut_lines
from .reading.read import page_from_text
from .recipe import Recipe
from .road import build_batch
from .unpacking.document import Refused
from .unpacking.seeds import list_seeds
from .unpacking.unpack import unpack_seeds


def parse_page(text: str, *, recipe: Recipe | None = None) -> Page:
    r"""Labels every line of a page, cleans its text and reads out what it says about itself.

    >>> page = parse_page("How to splice a rope\n\nUnlay the strands of both ends and marry them, one by one.")
    >>> len(page.lines)
    2

    Args:
        text: any text, as a page was dumped; at most 2 GiB. The recipe's bounds are for seed files and do not count.
        recipe: all options, of which `[dates]` counts here; the defaults when None.

    Returns:
        The page. One of blank text has no lines.
    """
    pages = page_from_text(text)
    lines = label_lines(pages, cut_lines(pages))
    return _page(compose_records(describe_pages(pages, lines, (recipe or Recipe()).dates), lines))


def parse_file(file: Path, recipe: Recipe | None = None) -> Page | Refused:
    """Reads one seed file as a build would; of a box of pages the first.

    Args:
        file: a text dump, or a box.
        recipe: all options; the defaults when None.

    Returns:
        The page, or why a build would reject it.

    Raises:
        UsageError: there is no such file, or it is a folder.
    """
    if file.is_dir():
        raise UsageError(f"{file} is a folder", "name one page; `dehusk build` reads whole folders")
    recipe = recipe or Recipe()
    batch = build_batch(list(islice(unpack_seeds(list_seeds(file), recipe), 1)), recipe, {})
    if batch.records.num_rows:
        return _page(batch.records)
    reject = batch.rejects.to_pylist()[0]
    return Refused(reject["reason"], reject["detail"])


def parse_bytes(data: bytes, recipe: Recipe | None = None) -> Page | Refused:
    """Reads the bytes of one seed as a build would, through a temporary file.

    Args:
        data: what a seed file could hold.
        recipe: all options; the defaults when None.

    Returns:
        The page, or why a build would reject it.

    Raises:
        OSError: there is no room for the file.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder, "page.txt")
        file.write_bytes(data)
        return parse_file(file, recipe)


def _page(records: pa.Table) -> Page:
    """A table of `RECORDS` of one row as a `Page`."""
    row: dict[str, Any] = records.to_pylist()[0]
    values = {field.name: row[field.name] for field in fields(Page)}
    return Page(
        **values
        | {
            "authors": tuple(row["authors"]),
            "reservations": tuple(row["reservations"]),
            "flags": tuple(row["flags"]),
            "language_score": None if row["language_score"] is None else _decimal(row["language_score"]),
            "boilerplate_share": _decimal(row["boilerplate_share"]),
            "lines": _lines(row["raw"], row["lines"]),
        }
    )


def _lines(raw: str, rows: list[dict[str, Any]]) -> tuple[Line, ...]:
    points, _ = codepoints(pa.array([raw]))
    start, end = (np.array([row[name] for row in rows], dtype=np.int64) for name in ("start", "end"))
    texts = text_view(points, start, end, np.arange(len(rows)), len(rows)).to_pylist()
    return tuple(
        Line(text, row["label"], row["boilerplate"], _decimal(row["score"]), row["start"], row["end"])
        for text, row in zip(texts, rows, strict=True)
    )


def _decimal(single: float) -> float:
    """A float32 of three decimals as the float of the same decimals."""
    return round(single, 3)
