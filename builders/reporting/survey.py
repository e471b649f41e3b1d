"""Survey: a packed dataset is counted whole and its pages are chosen, a few hundred records at a time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.builders.labelling.doubt import page_doubt
from dehusk.builders.pack import Manifest
from dehusk.builders.summary import line_chars
from dehusk.schema.errors import UsageError
from dehusk.schema.labels import CONTENT
from dehusk.schema.record import RECORDS
from dehusk.schema.view import codepoints

Ints = npt.NDArray[np.int64]

MOST_PAGES: Final = 20_000
"""Pages in the table; a browser sorts and searches so many at once in a few hundredths of a second."""

MOST_READ: Final = 400
"""Pages that can be read in the report."""

DOUBTED: Final = 100
"""So many of either are the most doubtful, the others are drawn by id."""

MOST_BYTES: Final = 12_000_000
"""Bytes of the pages that can be read, about; a file of that size opens at once."""

LONGEST: Final = 1_000_000
"""A page of more bytes cannot be read in the report."""

TITLE_CHARS: Final = 200

TENTHS: Final = 10

_COLUMNS: Final = (
    *("id", "title", "site", "language", "published", "url", "flags", "n_lines", "n_chars", "duplicate_of"),
)
_READ: Final = (*_COLUMNS, "lines", "raw", "source")
_ROWS: Final = 256
_LINE_BYTES: Final = 40  # what a line costs in the report beyond its text
_PAGE_BYTES: Final = 2_000  # and a page


@dataclass(slots=True)
class Survey:
    """What all pages of a dataset come to.

    Attributes:
        pages: those that the table shows: `_COLUMNS` and `path`, the split's `file` and `row`, `content` and `doubt` in
            thousandths, and `size`, about how many bytes the page takes in the report.
        n_pages: how many there are in all.
        content: pages by the share of their visible characters in content lines, int64[10], by tenths.
        scores: lines by score, int64[10], by tenths.
        doubt: the sum of the doubts of all pages, in thousandths.
        sites: pages by site, as far as it is known.
    """

    pages: pa.Table
    n_pages: int = 0
    content: Ints = field(default_factory=lambda: np.zeros(TENTHS, np.int64))
    scores: Ints = field(default_factory=lambda: np.zeros(TENTHS, np.int64))
    doubt: int = 0
    sites: Counter[str] = field(default_factory=Counter)


def survey_dataset(folder: Path, manifest: Manifest) -> Survey:
    """Reads a dataset once.

    Raises:
        UsageError: a data file is not there, or not of this version.
    """
    survey = Survey(pa.table({}))
    _count_in(survey, RECORDS.empty_table().select(_READ), 0, 0)  # the columns of a dataset that was emptied
    for number, path in enumerate(data_paths(folder, manifest)):
        first = 0
        for batch in _read_batches(path):
            _count_in(survey, batch, number, first)
            first += batch.num_rows
    order = [("file", "ascending"), ("row", "ascending")]
    survey.pages = choose(survey.pages, DOUBTED, MOST_PAGES).sort_by(order)
    return survey


def data_paths(folder: Path, manifest: Manifest) -> list[Path]:
    """The files that hold the records, in the order of their names."""
    return [folder / path for path in sorted(file.path for file in manifest.files if file.content is not None)]


def open_data(path: Path) -> pq.ParquetFile:
    """Opens a file of records.

    Raises:
        UsageError: it is not there, not Parquet, or its columns are not those of this version.
    """
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} cannot be read: {error}", "`dehusk check` says more") from error
    if not file.schema_arrow.equals(RECORDS, check_metadata=False):
        file.close()
        raise UsageError(f"{path} has not the columns of this version of dehusk", "build the dataset anew")
    return file


def _read_batches(path: Path) -> Iterator[pa.Table]:
    with open_data(path) as file:
        try:
            for batch in file.iter_batches(_ROWS, columns=list(_READ)):
                yield pa.Table.from_batches([batch])
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"{path} cannot be read: {error}", "`dehusk check` says more") from error


def _count_in(survey: Survey, batch: pa.Table, file: int, first: int) -> None:
    """Adds a batch of records, whose first is the row `first` of this file."""
    n = batch.num_rows
    lines = batch["lines"].combine_chunks()
    page = pc.list_parent_indices(lines).to_numpy(zero_copy_only=False).astype(np.int32)
    score = lines.flatten().field("score").to_numpy(zero_copy_only=False)
    doubt = page_doubt(page, score, n)
    content = _content_share(batch, lines, page)
    survey.n_pages += n
    survey.doubt += int(doubt.sum())
    survey.content += np.bincount(np.minimum(content // 100, TENTHS - 1), minlength=TENTHS)
    thousandths = np.rint(score * np.float32(1000)).astype(np.int64)
    survey.scores += np.bincount(np.minimum(thousandths // 100, TENTHS - 1), minlength=TENTHS)
    survey.sites.update(batch["site"].drop_null().to_pylist())
    size = pc.binary_length(batch["raw"]).to_numpy() + batch["n_chars"].to_numpy().astype(np.int64)
    shown = batch.select(_COLUMNS).set_column(1, "title", pc.utf8_slice_codeunits(batch["title"], 0, TITLE_CHARS))
    columns: dict[str, Any] = {name: shown[name] for name in _COLUMNS} | {
        "path": pc.struct_field(batch["source"], "path"),
        "file": np.full(n, file, np.int32),
        "row": np.arange(first, first + n, dtype=np.int64),
        "content": content,
        "doubt": doubt,
        "size": size + batch["n_lines"].to_numpy() * _LINE_BYTES + _PAGE_BYTES,
    }
    pages = pa.table(columns)
    survey.pages = pa.concat_tables([survey.pages, pages]) if survey.pages.num_columns else pages
    if len(survey.pages) > 2 * MOST_PAGES:
        survey.pages = choose(survey.pages, DOUBTED, MOST_PAGES)


def _content_share(batch: pa.Table, lines: pa.ListArray, page: npt.NDArray[np.int32]) -> Ints:
    """Of the visible characters of each page, those in content lines, in thousandths."""
    chars = line_chars(codepoints(batch["raw"]), lines)
    is_content = pc.is_in(lines.flatten().field("label"), value_set=pa.array(CONTENT)).to_numpy(zero_copy_only=False)
    whole = np.bincount(page, weights=chars, minlength=batch.num_rows).astype(np.int64)
    part = np.bincount(page, weights=chars * is_content, minlength=batch.num_rows).astype(np.int64)
    return 1000 * part // np.maximum(whole, 1)


def choose(pages: pa.Table, doubted: int, most: int) -> pa.Table:
    """The most doubtful pages, then those with the least ids until there are enough.

    An id is a part of a digest, so that the pages with the least are drawn as by lot, and the same each time.

    Args:
        pages: columns `id` and `doubt`, and any others.
        doubted: how many are chosen by doubt.
        most: how many in all.
    """
    order = pc.sort_indices(pages, [("doubt", "descending"), ("id", "ascending")]).to_numpy()[:doubted].astype(np.int64)
    rest = np.setdiff1d(np.arange(len(pages)), order)
    by_id = pc.sort_indices(pages["id"].take(pa.array(rest))).to_numpy()[: max(0, most - len(order))]
    return pages.take(pa.array(np.concatenate([order, rest[by_id]])))


def choose_read(pages: pa.Table) -> pa.Table:
    """The pages that can be read in the report, of those in its table: chosen as those, and bounded in bytes."""
    short = pages.filter(pc.less_equal(pages["size"], LONGEST))
    chosen = choose(short, DOUBTED, MOST_READ)
    return chosen.filter(pa.array(np.cumsum(chosen["size"].to_numpy()) <= MOST_BYTES))


def read_records(paths: Sequence[Path], pages: pa.Table) -> Iterator[dict[str, Any]]:
    """The records of some pages as plain values, in the order of the dataset, a row group at a time.

    Args:
        paths: what `data_paths` gave.
        pages: columns `file` and `row`.
    """
    files, rows = pages["file"].to_numpy(), pages["row"].to_numpy()
    for number in np.unique(files).tolist():
        wanted = np.sort(rows[files == number])
        with open_data(paths[number]) as file:
            first = 0
            for group in range(file.num_row_groups):
                n = file.metadata.row_group(group).num_rows
                here = wanted[(wanted >= first) & (wanted < first + n)] - first
                if len(here):
                    yield from file.read_row_group(group).take(pa.array(here)).to_pylist()
                first += n
