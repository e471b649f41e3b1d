"""The readers under a fuzzer led by coverage: `python tests/fuzz_readers.py -max_total_time=300`; see `.ci/fuzz`.

The first byte chooses the file's name, the rest is its content. Whatever it is must become documents and refusals, and
pages and rejects of these; any exception is a fault.
"""

import io
import sys
from typing import Final

import atheris

with atheris.instrument_imports(include=["dehusk.builders.unpacking", "dehusk.builders.reading"]):
    from dehusk.builders.reading.cut import cut_lines
    from dehusk.builders.reading.read import read_pages
    from dehusk.builders.recipe import Recipe
    from dehusk.builders.unpacking.box import Box
    from dehusk.builders.unpacking.document import Place
    from dehusk.builders.unpacking.unpack import unpack_box

NAMES: Final = (
    "a.txt", "a.html", "a.jsonl", "a.jsonl.gz", "a.csv", "a.tsv.bz2", "a.parquet", "a.arrow", "a.warc", "a.warc.gz",
    "a.wet.gz", "a.zip", "a.tar", "a.tar.gz", "a.tar.zst", "a",
)  # fmt: skip


def read(data: bytes) -> None:
    """Reads one file as a build does, up to its lines."""
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    recipe = Recipe()
    pages, rejects = read_pages(unpack_box(Box(io.BytesIO(data[1:]), Place(name), name, recipe, len(data[1:]))))
    cut_lines(pages).validate(full=True)
    rejects.validate(full=True)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
