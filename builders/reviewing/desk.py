"""Desk: the pages under review and the labels file, which is written anew after every correction."""

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

import numpy as np

from dehusk.builders.labelling.hand import HandLabels, LabelledPage, labels_document, read_labels
from dehusk.builders.terminal import visible
from dehusk.schema.errors import StorageError, UsageError
from dehusk.schema.labels import LABELS

from .doubtful import DoubtfulPage

SHOWN: Final = 3000
"""Characters of a line that are shown."""


class Desk:
    """Pages, and what a person says of them. Every method may be called from any thread.

    Raises:
        UsageError: the labels file does not say what it must, or cannot be written.
    """

    def __init__(self, pages: Sequence[DoubtfulPage], file: Path) -> None:
        self._pages = pages
        self._file = file
        self._lock = threading.Lock()
        self._told: dict[str, LabelledPage] = dict(read_labels(file))
        self._written = _bytes_of(file)
        if not os.access(file.resolve().parent, os.W_OK):
            raise UsageError(f"{file} cannot be written", "name a file in a folder that can: --labels")

    def listing(self) -> list[dict[str, Any]]:
        """Each page in a few plain values, in the order of the review."""
        with self._lock:
            return [
                {
                    "path": visible(one.page.path),
                    "doubt": one.doubt,
                    "lines": len(one.model),
                    "told": _count_told(self._labels(one)),
                }
                for one in self._pages
            ]

    def page(self, number: int) -> dict[str, Any]:
        """A page as plain values: of each line its text, the model's label and score, and a person's label or None.

        Hidden characters are spelt out, and of a line at most `SHOWN` characters are there.

        Raises:
            UsageError: there is no such page.
        """
        one = self._page(number)
        with self._lock:
            labels = self._labels(one)
        spans = zip(one.page.start.tolist(), one.page.end.tolist(), strict=True)
        texts = (_shown(one.page.text, start, end) for start, end in spans)
        lines = [
            {"text": text, "model": model, "score": score, "label": label}
            for text, model, score, label in zip(texts, one.model, one.score, labels, strict=True)
        ]
        return {"path": visible(one.page.path), "id": one.page.id, "lines": lines}

    def tell(self, number: int, given: Mapping[int, str | None]) -> int:
        """Takes what a person says of some lines, and has it in the file before it answers.

        Args:
            number: the page.
            given: by line of the page, from 0, its label, or None to leave it to the model again.

        Returns:
            How many lines of the page a person labelled.

        Raises:
            UsageError: there is no such page, line or label; nothing was taken.
            StorageError: the file could not be written, or something else wrote it meanwhile; nothing was taken.
        """
        one = self._page(number)
        if not all(0 <= line < len(one.model) for line in given):
            raise UsageError("there is no such line")
        if not all(label is None or label in LABELS for label in given.values()):
            raise UsageError("there is no such label")
        with self._lock:
            labels = list(self._labels(one))
            for line, label in given.items():
                labels[line] = label
            told = {**self._told, one.page.id: one.page._replace(labels=tuple(labels))}
            if not _count_told(labels):
                del told[one.page.id]
            self._write(told)
        return _count_told(labels)

    def counted(self) -> tuple[int, int]:
        """How many lines a person labelled, of how many pages; once no correction is being written."""
        with self._lock:
            counts = [_count_told(page.labels) for page in self._told.values()]
        return sum(counts), sum(count > 0 for count in counts)

    def _page(self, number: int) -> DoubtfulPage:
        if not 0 <= number < len(self._pages):
            raise UsageError("there is no such page")
        return self._pages[number]

    def _labels(self, one: DoubtfulPage) -> Sequence[str | None]:
        """The labels of a page's lines as they are now; those in the file may be of lines that were cut otherwise."""
        told = self._told.get(one.page.id)
        if told is None:
            return (None,) * len(one.model)
        same = told.text == one.page.text and np.array_equal([told.start, told.end], [one.page.start, one.page.end])
        return told.labels if same else one.page.labels

    def _write(self, told: HandLabels) -> None:
        """Puts the file in the place of the old one, whole."""
        if _bytes_of(self._file) != self._written:
            raise StorageError(f"{self._file} was changed by something else", "stop the review and begin it anew")
        document = labels_document(told.values())
        try:
            _replace(self._file, document)
        except OSError as error:
            raise StorageError(f"cannot write {self._file}: {error.strerror}", "the file stands as it was") from error
        self._told, self._written = dict(told), document


def _count_told(labels: Sequence[str | None]) -> int:
    return sum(label is not None for label in labels)


def _shown(text: str, start: int, end: int) -> str:
    words = " ".join(visible(text[start : min(end, start + SHOWN)].replace("\t", " ")).split())
    return words if end - start <= SHOWN else f"{words} … ({end - start:,} characters)"


def _bytes_of(file: Path) -> bytes | None:
    return file.read_bytes() if os.path.lexists(file) else None


def _replace(file: Path, data: bytes) -> None:
    """Writes a file beside the old one, brings it to the disk and renames it: one of the two is always there, whole."""
    target = file.resolve()  # of a link the file that it leads to, not the link
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as fresh:
        beside = Path(fresh.name)
        try:
            fresh.write(data)
            fresh.flush()
            os.fsync(fresh.fileno())
            beside.chmod(target.stat().st_mode if target.exists() else 0o600)  # the text of pages: for its owner alone
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
