"""Datasets spoiled on purpose: one thing is wrong, and the manifest agrees with the files again."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dehusk.builders.cards.contents import Contents
from dehusk.builders.cards.papers import write_papers
from dehusk.builders.pack import (
    Manifest,
    PackedFile,
    content_digest,
    describe_file,
    read_manifest,
    split_name,
    write_manifest,
    write_records,
)
from dehusk.builders.summary import summarise


def seal(folder: Path, manifest: Manifest | None = None) -> None:
    """Makes the manifest list the files as they are."""
    manifest = manifest or read_manifest(folder)
    files = [
        describe_file(folder, folder / file.path, rows=file.rows, content=file.content)
        for file in manifest.files
        if (folder / file.path).exists()
    ]
    write_manifest(
        folder,
        maker=manifest.maker,
        recipe=manifest.recipe,
        counts=manifest.counts,
        seeds=manifest.seeds,
        files=files,
    )


def change_text(folder: Path, name: str, change: Callable[[str], str]) -> None:
    """Changes a text file of a dataset."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text, "nothing was changed: the spoiler does not fit the file"
    path.write_text(changed, encoding="utf-8")
    seal(folder)


def change_records(folder: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Changes the records of every data file; card and Croissant file are made anew from them."""
    manifest = read_manifest(folder)
    files: list[PackedFile] = []
    num_bytes: dict[str, int] = {}
    for file in manifest.files:
        if file.content is not None:
            table = change(pq.read_table(folder / file.path))
            write_records(table, folder / file.path, row_group_bytes=1 << 20)
            files.append(describe_file(folder, folder / file.path, rows=table.num_rows, content=content_digest(table)))
            num_bytes[split_name(file.path)] = table.nbytes
        elif file.rows is not None:
            files.append(file)
    records = pa.concat_tables([pq.read_table(folder / file.path) for file in files if file.content is not None])
    counts = summarise(records, pq.read_table(folder / "rejects.parquet"))
    contents = Contents(manifest.recipe, counts, tuple(files), num_bytes, manifest.seeds, manifest.maker)
    files += write_papers(folder, contents)
    write_manifest(
        folder, maker=manifest.maker, recipe=manifest.recipe, counts=counts, seeds=manifest.seeds, files=files
    )


def with_value(column: str, value: object, row: int = 0) -> Callable[[pa.Table], pa.Table]:
    """A change that sets one value."""

    def change(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        values[row] = value
        field = table.schema.field(column)
        return table.set_column(table.schema.get_field_index(column), field, pa.array(values, field.type))

    return change
