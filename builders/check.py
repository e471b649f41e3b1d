"""Check: records against the contract, before they are packed and whenever a packed dataset is looked at again."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.schema.contract import check_records
from dehusk.schema.errors import RecipeError
from dehusk.schema.findings import Finding, shorten
from dehusk.schema.record import RECORDS, REJECTS, reject_source

from .cards.frontmatter import read_front_matter
from .joining.proof import COLUMNS, check_clusters
from .pack import CARD, Manifest, PackedFile, content_digest, file_digest, fingerprint, listed_paths, read_manifest
from .reading.read import excerpt
from .versioning.takedown import TAKEDOWN_NAME, Takedown, read_takedown
from .versioning.withdraw import is_listed

ANEW = "build the dataset anew"


def split_by_contract(records: pa.Table, *, latest: date | None = None) -> tuple[pa.Table, pa.Table]:
    """Parts records that keep the contract from those that do not.

    Args:
        records: a table of `RECORDS`.
        latest: no date may lie after this day.

    Returns:
        The records that may be packed, and a table of `REJECTS` with one row, findings in `detail`, for each other.
    """
    findings = check_records(records, latest=latest)
    if not findings:
        return records, REJECTS.empty_table()
    by_row: dict[int, list[Finding]] = {}
    for finding in findings:
        by_row.setdefault(-1 if finding.row is None else finding.row, []).append(finding)
    bad = np.zeros(records.num_rows, dtype=np.bool_)
    bad[list(by_row)] = True
    rejects = [_reject(records.slice(row, 1).to_pylist()[0], found) for row, found in sorted(by_row.items())]
    return records.filter(pa.array(~bad)), pa.Table.from_pylist(rejects, schema=REJECTS)


def _reject(record: dict[str, object], findings: list[Finding]) -> dict[str, object]:
    source = record["source"]
    known = source if isinstance(source, dict) else {}
    return {
        **reject_source(known),
        "stage": "check",
        "reason": "broken_contract",
        "detail": "; ".join(f"{finding.field}: {finding.rule} ({finding.value})" for finding in findings),
        "excerpt": excerpt(str(record["raw"])),
    }


# -- a packed dataset --


def check_dataset(folder: Path, *, today: date | None = None) -> list[Finding]:
    """Validates a built folder anew: its manifest, its files, every record, its card.

    Args:
        folder: a folder that `dehusk build` wrote.
        today: dates after this day give a warning; None for no such warning.

    Returns:
        All findings at once; none when the dataset is as the contract says.

    Raises:
        UsageError: the folder is not a dataset of ours.
    """
    manifest = read_manifest(folder)
    findings = list(_check_files(folder, manifest))
    missing = {finding.file for finding in findings if finding.rule in ("file_missing", "file_unknown")}
    whole: dict[str, pa.Table] = {}
    for entry in manifest.files:
        if entry.path.endswith(".parquet") and entry.path not in missing:
            findings += _check_parquet(folder, entry, manifest, today, whole)
    findings += [*_repeated_ids(whole), *check_clusters(whole, manifest.recipe)]
    if CARD not in missing:
        findings += _check_card(folder, manifest)
    return [*findings, *_check_takedown(folder, manifest)]


def _check_files(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    listed = {path.as_posix() for path in listed_paths(folder)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if (path.is_symlink() or not path.is_dir()) and name.as_posix() not in listed:
            yield _of_file(name.as_posix(), "file_unknown", "", "move it away: the manifest does not list it")
    for entry in manifest.files:
        path = folder / entry.path
        if path.is_symlink() or not path.is_file():
            yield _of_file(entry.path, "file_missing", "", ANEW)
        elif path.stat().st_size != entry.bytes or file_digest(path) != entry.sha256:
            yield _of_file(
                entry.path, "file_digest", f"{path.stat().st_size} bytes", f"it was changed after it was built: {ANEW}"
            )


def _of_file(file: str, rule: str, value: str, remedy: str, *, field: str = "") -> Finding:
    return Finding(file, None, None, field, rule, value, remedy)


def _check_parquet(
    folder: Path, entry: PackedFile, manifest: Manifest, today: date | None, whole: dict[str, pa.Table]
) -> Iterator[Finding]:
    try:
        table = pq.read_table(folder / entry.path)
    except (OSError, pa.ArrowException) as error:
        yield _of_file(entry.path, "parquet", shorten(error), f"it cannot be read as Parquet: {ANEW}")
        return
    if table.num_rows != entry.rows:
        yield _of_file(entry.path, "rows", str(table.num_rows), f"the manifest says {entry.rows}: {ANEW}")
    if entry.content is None:
        if not table.schema.equals(REJECTS, check_metadata=False):
            yield _of_file(entry.path, "columns", shorten(table.schema.names), ANEW)
        return
    ours = table.schema.equals(RECORDS, check_metadata=False)  # of other columns the contract says what is wrong
    if ours and content_digest(table) != entry.content:
        yield _of_file(entry.path, "content_digest", "", f"its records were changed after it was built: {ANEW}")
    yield from check_records(table, entry.path, latest=manifest.recipe.dates.latest)
    if ours:
        whole[entry.path] = table.select(COLUMNS)
        yield from _after_today(table, entry.path, today)


def _repeated_ids(files: dict[str, pa.Table]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for file, table in files.items():
        for row, key in enumerate(table["id"].to_pylist()):
            if key is not None and seen.setdefault(key, file) != file:
                yield Finding(file, row, key, "id", "id_unique", key, f"{seen[key]} has it too: {ANEW}")


def _after_today(table: pa.Table, file: str, today: date | None) -> Iterator[Finding]:
    if today is None:
        return
    bound = pa.scalar(datetime.combine(today, time.max), pa.timestamp("us"))
    for name in ("published", "modified"):
        late = pc.fill_null(pc.greater(table[name], bound), False).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(late).tolist():
            value = shorten(table[name][row].as_py())
            remedy = "look at the page: a date to come is seldom its own; `[dates] latest` of the recipe bars them"
            yield Finding(file, row, table["id"][row].as_py(), name, "after_today", value, remedy, severity="warning")


def _check_takedown(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Records that the list of the dataset names, and that must not be there."""
    try:
        takedown = read_takedown(folder / TAKEDOWN_NAME)
    except RecipeError as error:
        yield _of_file(TAKEDOWN_NAME, "takedown_line", shorten(error), error.tip)
        return
    for entry in manifest.files if takedown else ():
        if entry.content is not None:
            yield from _listed_records(folder, entry.path, takedown)


def _listed_records(folder: Path, file: str, takedown: Takedown) -> Iterator[Finding]:
    try:
        table = pq.read_table(folder / file, columns=["id", "url", "site", "source"])
        listed = np.flatnonzero(is_listed(table, takedown)).tolist()
    except (OSError, pa.ArrowException, KeyError):  # which is a finding already
        return
    for row in listed:
        key = table["id"][row].as_py()
        remedy = f"{TAKEDOWN_NAME} names it: `dehusk remove` takes it out"
        yield Finding(file, row, key, "", "taken_down", "", remedy)


def _check_card(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    text = (folder / CARD).read_text(encoding="utf-8", errors="replace")
    try:
        description = read_front_matter(text)["configs"][0]["description"]
    except (ValueError, LookupError, TypeError):
        yield _of_file(CARD, "front_matter", "", f"its front matter cannot be read: {ANEW}")
        return
    if fingerprint(manifest.files) != manifest.fingerprint or manifest.fingerprint not in str(description):
        remedy = f"`datasets` would serve an older build from its cache: {ANEW}"
        yield _of_file(CARD, "fingerprint", shorten(description), remedy, field="configs.description")
