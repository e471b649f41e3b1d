"""Compose: described pages and labelled lines → records, with everything that is derived from the two."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.schema.contract import boilerplate_share
from dehusk.schema.labels import BOILERPLATE, TEXT_LABELS
from dehusk.schema.record import FLAGS, LINE, LINES, RECORDS, VERY_SHORT
from dehusk.schema.view import codepoints, count_visible, text_view, white_places

from .personal import flag_personal

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def compose_records(pages: pa.Table, lines: pa.Table) -> pa.Table:
    """Joins each page with its lines, as if there were no other pages; `settle` says what these change.

    Args:
        pages: one row a page, described: the columns of `RECORDS` but those made here.
        lines: one row a line, labelled (`LINES`), sorted by page, then start.

    Returns:
        A table of `RECORDS`, one row a page, in the order of `pages`.
    """
    n = pages.num_rows
    page = lines["page"].to_numpy().astype(np.int64)
    offsets = np.searchsorted(page, np.arange(n + 1))
    label = lines["label"].combine_chunks()
    in_text = _is_in(label, TEXT_LABELS)
    husk = _is_in(label, BOILERPLATE)
    text, share = _views(pages, lines, page, in_text, husk)
    n_content = np.bincount(page[in_text], minlength=n)
    n_chars = pc.utf8_length(text)
    made = {
        "text": text,
        "n_lines": pa.array(np.diff(offsets), pa.int32()),
        "n_content_lines": pa.array(n_content, pa.int32()),
        "n_chars": n_chars,
        "boilerplate_share": pa.array(share),
        "flags": _flags(pages, text, lines, n_content, n_chars.to_numpy()),
        "lines": _nest(lines, offsets, husk, _alone(pages["site"], page)),
        "duplicate_of": pa.nulls(n, pa.string()),
        "cluster_size": pa.array(np.ones(n, dtype=np.int32)),
    }
    return pa.table([made[name] if name in made else pages[name] for name in RECORDS.names], schema=RECORDS)


def _is_in(label: pa.Array, labels: tuple[str, ...]) -> Mask:
    return np.asarray(pc.is_in(label, value_set=pa.array(labels)).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _views(
    pages: pa.Table, lines: pa.Table, page: Ints, in_text: Mask, husk: Mask
) -> tuple[pa.StringArray, npt.NDArray[np.float32]]:
    """The clean texts, and the share of boilerplate among the visible characters of each page."""
    points, at = codepoints(pages["raw"])
    start = lines["start"].to_numpy() + at[page]
    end = lines["end"].to_numpy() + at[page]
    white = white_places(points)
    text = text_view(points, start[in_text], end[in_text], page[in_text], pages.num_rows)
    visible = np.where(husk, count_visible(white, start, end), 0)
    by_page = np.bincount(page, weights=visible, minlength=pages.num_rows).astype(np.int64)  # exact below 2**53
    return text, boilerplate_share(by_page, count_visible(white, at[:-1], at[1:]))


def _flags(pages: pa.Table, text: pa.StringArray, lines: pa.Table, n_content: Ints, n_chars: Ints) -> pa.ListArray:
    """Flags of each page, in the order of `FLAGS`.

    What reading and redaction found, what boilerplate and personal data is there, how little text.
    """
    found = pages["flags"].combine_chunks()
    present = np.zeros((len(found), len(FLAGS)), dtype=np.bool_)
    row = pc.list_parent_indices(found).to_numpy(zero_copy_only=False)
    present[row, pc.index_in(found.flatten(), value_set=pa.array(FLAGS)).to_numpy(zero_copy_only=False)] = True
    kind = pc.fill_null(pc.index_in(lines["label"], value_set=pa.array(BOILERPLATE)), -1).to_numpy()
    page = lines["page"].to_numpy()
    present[page[kind >= 0], kind[kind >= 0]] = True  # FLAGS begins with BOILERPLATE
    for name, mask in flag_personal(pages["raw"], text).items():
        present[mask, FLAGS.index(name)] = True
    present[page[lines["by_hand"].to_numpy()], FLAGS.index("by_hand")] = True
    present[:, FLAGS.index("no_content")] = n_content == 0
    present[:, FLAGS.index("very_short")] = n_chars < VERY_SHORT
    at = np.concatenate(([0], np.cumsum(present.sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(at, pa.array(FLAGS).take(pa.array(np.nonzero(present)[1])))


def _alone(site: pa.ChunkedArray, page: Ints) -> pa.Array:
    """On how many pages of its site each line stands, as long as only its own is known."""
    return pa.array(np.ones(len(page), dtype=np.int32), mask=site.is_null().to_numpy()[page])


def _nest(lines: pa.Table, offsets: Ints, husk: Mask, site_pages: pa.Array) -> pa.ListArray:
    columns = {name: lines[name].combine_chunks() for name in LINES.names}
    columns |= {"boilerplate": pa.array(husk), "site_pages": site_pages}
    fields = [pa.field(field.name, field.type) for field in LINE]
    structs = pa.StructArray.from_arrays([columns[field.name].cast(field.type) for field in fields], fields=fields)
    return pa.ListArray.from_arrays(offsets.astype(np.int32), structs)
