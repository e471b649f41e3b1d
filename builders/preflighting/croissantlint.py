"""Croissant lint: that croissant.json says of the files and fields what they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dehusk.builders.cards.croissant import CONFORMS_TO, CROISSANT
from dehusk.builders.pack import Manifest
from dehusk.schema.findings import Finding, shorten
from dehusk.schema.record import RECORD


def lint_croissant(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Everything in the Croissant file of a dataset that is not as the manifest and the record have it."""
    if CROISSANT not in {file.path for file in manifest.files}:
        yield _finding("croissant_missing", "", "", severity="warning")
        return
    try:
        said = json.loads((folder / CROISSANT).read_text(encoding="utf-8"))
        files = {part["contentUrl"]: part for part in _parts(said, "distribution") if "contentUrl" in part}
        fields = [
            field["name"] for part in _parts(said, "recordSet") if part["@id"] == "records" for field in part["field"]
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        yield _finding("croissant", "", error)
        return
    if said.get("conformsTo") != list(CONFORMS_TO):
        yield _finding("croissant_version", "conformsTo", said.get("conformsTo"))
    packed = {file.path: file for file in manifest.files if file.rows is not None}
    for path in sorted(packed.keys() | files.keys()):
        digest = packed[path].sha256 if path in packed else "no such file"
        if files.get(path, {}).get("sha256") != digest:
            yield _finding("croissant_file", "distribution", path)
    if fields != ["split", *(field.name for field in RECORD)]:
        yield _finding("croissant_fields", "recordSet", fields)


def _parts(said: Any, key: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = said[key]
    return parts


def _finding(rule: str, field: str, value: object, severity: Any = "error") -> Finding:
    return Finding(CROISSANT, None, None, field, rule, shorten(value), "build the dataset anew", severity)
