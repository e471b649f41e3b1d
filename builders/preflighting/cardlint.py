"""Card lint: what a hub, `datasets` or a careful reader would find wrong in README.md, found offline."""

import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dehusk.builders.cards.card import size_category
from dehusk.builders.cards.frontmatter import read_front_matter
from dehusk.builders.cards.licences import LICENCES
from dehusk.builders.cards.sections import REQUIRED
from dehusk.builders.pack import CARD, Manifest, split_name
from dehusk.schema.derive import card_features
from dehusk.schema.findings import Finding, Severity, shorten
from dehusk.schema.languages import LANGUAGES

ANEW: Final = "build the dataset anew"

_VOCABULARY: Final = {
    # huggingface.co/docs/hub: datasetcard.md
    "annotations_creators": {
        "crowdsourced",
        "expert-generated",
        "found",
        "machine-generated",
        "no-annotation",
        "other",
    },
    "language_creators": {"crowdsourced", "expert-generated", "found", "machine-generated", "other"},
    "multilinguality": {"monolingual", "multilingual", "translation", "other"},
}
_LICENCE_MISSING: Final = "set `[dataset] license` of the recipe: without one nobody may use the dataset"
_HEADING: Final = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)
_TARGET: Final = re.compile(r"\]\(([^()\s]{1,500})\)")
_FENCE: Final = re.compile(r"^(`{3,})[^\n`]*\n.*?^\1`*$", re.MULTILINE | re.DOTALL)


def lint_card(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Everything that is wrong in the card of a dataset.

    Args:
        folder: the dataset folder, whose card can be read.
        manifest: its manifest.
    """
    text = (folder / CARD).read_text(encoding="utf-8", errors="replace")
    try:
        matter = read_front_matter(text)
    except ValueError as error:
        yield _finding("front_matter", "", error, f"make it one plain YAML mapping between two lines `---`, or {ANEW}")
        return
    yield from _lint_licence(matter, manifest)
    yield from _lint_words(matter)
    yield from _lint_size(matter, manifest)
    yield from _lint_configs(matter, manifest)
    yield from _lint_counts(matter, folder, manifest)
    yield from _lint_body(text, manifest)


def _finding(rule: str, field: str, value: object, remedy: str, severity: Severity = "error") -> Finding:
    return Finding(CARD, None, None, field, rule, shorten(value), remedy, severity)


# -- front matter --


def _lint_licence(matter: dict[str, Any], manifest: Manifest) -> Iterator[Finding]:
    licences = _listed(matter.get("license"))
    if not licences:
        yield _finding("license_missing", "license", "", _LICENCE_MISSING, "warning")
    for licence in licences:
        if licence not in LICENCES:
            near = licence.lower() if licence.lower() in LICENCES else "other"
            remedy = f"use an id of the hub's list, such as `{near}`; its validation refuses others"
            yield _finding("license", "license", licence, remedy)
    if "other" in licences and not matter.get("license_name"):
        yield _finding(
            "license_name", "license_name", "", "name the licence: set `[dataset] license_name` of the recipe"
        )
    link = str(matter.get("license_link") or "")
    if "other" in licences and not link:
        remedy = "say where its text is: set `[dataset] license_link` of the recipe"
        yield _finding("license_link", "license_link", "", remedy, "warning")
    elif link and "://" not in link and link not in _paths(manifest):
        remedy = "give an address; the dataset has no such file"
        yield _finding("license_link", "license_link", link, remedy)


def _lint_words(matter: dict[str, Any]) -> Iterator[Finding]:
    if not str(matter.get("pretty_name") or "").strip():
        yield _finding("pretty_name", "pretty_name", "", "set `[dataset] pretty_name` of the recipe")
    for code in _listed(matter.get("language")):
        # A code of three letters is not looked up: ISO 639-3 has eight thousand.
        if code not in LANGUAGES and not re.fullmatch("[a-z]{3}|code|multilingual", code):
            remedy = (
                "use a code of ISO 639-1, or of ISO 639-3 where it has none: set `[dataset] languages` of the recipe"
            )
            yield _finding("language", "language", code, remedy)
    if not matter.get("language"):
        remedy = "set `[dataset] languages` of the recipe: no language was found, or none is stated"
        yield _finding("language_missing", "language", "", remedy, "warning")
    for key, allowed in _VOCABULARY.items():
        for word in _listed(matter.get(key)):
            if word not in allowed:
                yield _finding("vocabulary", key, word, f"the hub knows: {', '.join(sorted(allowed))}")
    for tag in _listed(matter.get("tags")):
        if not tag.strip() or len(tag) > 128:
            yield _finding("tag", "tags", tag, "a tag is a word or a few: see `[dataset] tags` of the recipe")


def _lint_size(matter: dict[str, Any], manifest: Manifest) -> Iterator[Finding]:
    rows = sum(file.rows or 0 for file in manifest.files if file.content is not None)
    right = size_category(rows)
    if _listed(matter.get("size_categories")) != [right]:
        said = matter.get("size_categories")
        yield _finding("size_category", "size_categories", said, f"{rows:,} rows are `{right}`: {ANEW}")


def _lint_configs(matter: dict[str, Any], manifest: Manifest) -> Iterator[Finding]:
    """That every record file is in exactly one split of a config, and that each pattern of a config finds files."""
    configs = matter.get("configs")
    if not isinstance(configs, list) or not configs:
        yield _finding("configs", "configs", configs, f"without it the hub guesses which files are data: {ANEW}")
        return
    data = [path for path in _paths(manifest) if path.startswith("data/")]
    claimed: Counter[str] = Counter()
    for config in configs:
        if not isinstance(config, dict) or not config.get("config_name"):
            yield _finding(
                "config_name", "configs", config, "each config needs a `config_name`: `datasets` asks for it"
            )
            continue
        for split, pattern in _patterns(config):
            found = [path for path in data if fnmatchcase(path, pattern)]
            claimed.update(found)
            if not found:
                yield _finding("config_without_files", "configs.data_files", pattern, f"it finds no file: {ANEW}")
            wrong = next((path for path in found if split_name(path) != split), None)
            if wrong:
                yield _finding("config_split", "configs.data_files", wrong, f"it is not of split {split!r}: {ANEW}")
    for path in data:
        if claimed[path] != 1:
            remedy = f"{claimed[path]} of the configs' patterns find it, it should be one: {ANEW}"
            yield _finding("config_files", "configs.data_files", path, remedy)


def _patterns(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Split and pattern of each entry of a config's `data_files`."""
    files = config.get("data_files")
    for entry in files if isinstance(files, list) else []:
        if isinstance(entry, dict):
            for pattern in _listed(entry.get("path")):
                yield str(entry.get("split")), pattern


def _lint_counts(matter: dict[str, Any], folder: Path, manifest: Manifest) -> Iterator[Finding]:
    info = matter.get("dataset_info")
    if not isinstance(info, dict):
        yield _finding("dataset_info", "dataset_info", info, f"sizes and features are missing: {ANEW}")
        return
    if info.get("features") != card_features():
        remedy = f"it wins over what the files say, so that loading would fail or convert: {ANEW}"
        yield _finding("features", "dataset_info.features", "", remedy)
    rows, size = _measured(folder, manifest)
    said = {
        str(split.get("name")): split.get("num_examples")
        for split in info.get("splits") or []
        if isinstance(split, dict)
    }
    if said != rows:
        remedy = f"the files hold {dict(rows)}, and `datasets` refuses to load other numbers: {ANEW}"
        yield _finding("split_counts", "dataset_info.splits", said, remedy)
    if info.get("download_size") != size:
        remedy = f"the files have {size} bytes: {ANEW}"
        yield _finding("download_size", "dataset_info.download_size", info.get("download_size"), remedy)


def _measured(folder: Path, manifest: Manifest) -> tuple[Counter[str], int]:
    """Rows of each split by the footers of its files, and the bytes of all."""
    rows: Counter[str] = Counter()
    size = 0
    for file in manifest.files:
        path = folder / file.path
        if file.content is not None and path.is_file():
            size += path.stat().st_size
            try:
                rows[split_name(file.path)] += pq.read_metadata(path).num_rows
            except (OSError, pa.ArrowException):  # which the contract check reports
                continue
    return rows, size


# -- body --


def _lint_body(text: str, manifest: Manifest) -> Iterator[Finding]:
    body = _FENCE.sub("", text)
    headings = {heading.casefold() for heading in _HEADING.findall(body)}
    for name in REQUIRED:
        if name.casefold() not in headings:
            yield _finding("section_missing", name, "", f"a reader looks for this section: {ANEW}")
    if "[More Information Needed]" in body:
        yield _finding("unfinished", "", "[More Information Needed]", "say it, or take the line out", "warning")
    paths = _paths(manifest)
    for target in sorted(set(_TARGET.findall(body))):
        if "://" not in target and not target.startswith(("#", "mailto:")) and target.partition("#")[0] not in paths:
            yield _finding("dead_link", "", target, "the dataset has no such file: change the link")
    said = manifest.recipe.dataset
    for key, remedy in {
        "contact": "say whom to ask, for a takedown too",
        "source": "say where the pages were taken from",
    }.items():
        if not getattr(said, key):
            yield _finding(f"{key}_missing", key, "", f"{remedy}: set `[dataset] {key}` of the recipe", "warning")


def _paths(manifest: Manifest) -> set[str]:
    return {file.path for file in manifest.files} | {"manifest.json"}


def _listed(value: object) -> list[str]:
    """A value of the front matter that may be one thing or a list of them."""
    if value is None or value == "":
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
