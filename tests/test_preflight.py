"""Preflight: every rule catches a dataset that was spoiled for it, a sound one passes, and nothing found is shown."""

import ast
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from spoiling import change_records, change_text, seal, with_value
from test_card import write_stories
from test_personal import KEYS

from dehusk.builders.build import build_dataset
from dehusk.builders.pack import describe_file, read_manifest, write_records
from dehusk.builders.personal import PERSONAL
from dehusk.builders.preflighting.cardlint import lint_card
from dehusk.builders.preflighting.croissantlint import lint_croissant
from dehusk.builders.preflighting.leaks import find_leaks
from dehusk.builders.preflighting.preflight import preflight_dataset
from dehusk.builders.recipe import Dataset, Recipe, Split
from dehusk.schema.errors import UsageError
from dehusk.schema.findings import Finding

ROOT = Path(__file__).parents[1]
DATA = "data/train-00000-of-00001.parquet"

TOLD = Dataset(
    name="cranes",
    pretty_name="Cranes",
    license="cc-by-4.0",
    source="Written for a test.",
    contact="Ask the harbour office.",
    languages=("en",),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset that may be published as it is."""
    folder = tmp_path_factory.mktemp("sound")
    build_dataset(write_stories(folder / "seeds", 5), folder / "dist", Recipe(dataset=TOLD))
    return folder / "dist"


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    """The same, for a test to spoil."""
    return Path(shutil.copytree(sound, tmp_path / "dist"))


def found(folder: Path) -> dict[str, Finding]:
    """The findings by rule; one of each is enough."""
    return {finding.rule: finding for finding in preflight_dataset(folder)}


def errors(folder: Path) -> set[str]:
    return {finding.rule for finding in preflight_dataset(folder) if finding.severity == "error"}


# -- what is sound --


def test_a_sound_dataset_passes(sound: Path) -> None:
    assert preflight_dataset(sound) == []


def test_the_sample_dataset_may_be_published(seeds: Path, tmp_path: Path) -> None:
    from dehusk.builders.recipe import read_recipe

    build_dataset(seeds, tmp_path / "dist", read_recipe(seeds / "dehusk.toml"))
    assert errors(tmp_path / "dist") == set()


def test_a_dataset_of_which_little_is_said_is_warned_of(dist: Path) -> None:
    rules = {rule: finding.severity for rule, finding in found(dist).items()}
    assert {"license_missing", "contact_missing", "source_missing"} <= rules.keys()
    assert set(rules.values()) == {"warning"}


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        preflight_dataset(tmp_path)


def test_every_finding_says_what_to_do_and_errors_come_first(copy: Path) -> None:
    change_text(copy, "README.md", lambda text: text.replace("cc-by-4.0", "CC-BY-4.0", 1) + "/home/ada/pages")
    findings = preflight_dataset(copy)
    assert [finding.severity for finding in findings] == ["error", "warning"]
    assert all(finding.remedy and finding.file for finding in findings)


# -- contract and manifest --


def test_a_broken_contract_is_found(copy: Path) -> None:
    change_records(copy, with_value("text", "another text"))
    assert "text_is_view" in errors(copy)


def test_files_that_are_missing_or_unlisted_are_found_and_the_rest_is_looked_at(copy: Path) -> None:
    for name in (DATA, "README.md", "croissant.json"):
        (copy / name).unlink()
    (copy / "notes.txt").write_text("mine")
    assert {"file_missing", "file_unknown"} <= errors(copy)


def test_parquet_that_cannot_be_read_is_found(copy: Path) -> None:
    (copy / DATA).write_bytes(b"PAR1 no more PAR1")
    assert "parquet" in errors(copy)


def test_a_link_is_no_file(copy: Path, tmp_path: Path) -> None:
    shutil.move(copy / "plots" / "labels.svg", tmp_path / "labels.svg")
    (copy / "plots" / "labels.svg").symlink_to(tmp_path / "labels.svg")
    assert "symlink" in errors(copy)


# -- card --


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(("rule", "spoil"), [
    ("license", replaced("license: cc-by-4.0", "license: CC-BY-4.0")),
    ("license", replaced("license: cc-by-4.0", "license: [cc-by-4.0, mine]")),
    ("license_missing", replaced("license: cc-by-4.0\n", "")),
    ("license_name", replaced("license: cc-by-4.0", "license: other\nlicense_link: https://quay.example/l")),
    ("license_link", replaced("license: cc-by-4.0", "license: other\nlicense_name: mine")),
    ("license_link", replaced("license: cc-by-4.0", "license: other\nlicense_name: mine\nlicense_link: LICENSE")),
    ("language", replaced("- en\n", "- english\n")),
    ("language", replaced("- en\n", "- xx\n")),
    ("language_missing", replaced("language:\n- en\n", "")),
    ("pretty_name", replaced("pretty_name: Cranes", "pretty_name: ''")),
    ("vocabulary", replaced("- machine-generated", "- by-machine")),
    ("tag", replaced("- boilerplate", "- ''")),
    ("size_category", replaced("- n<1K", "- 1K<n<10K")),
    ("configs", replaced("configs:", "config:")),
    ("config_name", replaced("- config_name: default\n  description", "- description")),
    ("config_without_files", replaced("path: data/train-*", "path: data/dev-*")),
    ("config_files", replaced("path: data/train-*", "path: data/dev-*")),
    ("config_files", replaced("  - split: train", "  - split: train\n    path: '*.parquet'\n  - split: train")),
    ("config_split", replaced("  - split: train", "  - split: validation")),
    ("dataset_info", replaced("dataset_info:", "dataset_information:")),
    ("features", replaced("dtype: timestamp[us]", "dtype: string")),
    ("split_counts", lambda text: re.sub(r"num_examples: \d+", "num_examples: 9", text)),
    ("download_size", lambda text: re.sub(r"download_size: \d+", "download_size: 1", text)),
    ("section_missing", replaced("## Uses\n", "## Usage\n")),
    ("unfinished", replaced("## Uses\n", "## Uses\n\n[More Information Needed]\n")),
    ("dead_link", replaced("](plots/labels.svg)", "](plots/label.svg)")),
    ("front_matter", replaced("pretty_name: Cranes", "pretty_name: [")),
    ("front_matter", replaced("---\n", "")),
    ("front_matter", lambda text: "---\njust words\n---\n" + text),
    ("front_matter", lambda text: "---\n" + "[" * 100_000 + "\n---\n" + text),
    ("front_matter", lambda text: f"---\n{LAUGHS}---\n" + text),
])  # fmt: skip
def test_card_lint(rule: str, spoil: Callable[[str], str], copy: Path) -> None:
    assert list(lint_card(copy, read_manifest(copy))) == []
    change_text(copy, "README.md", spoil)
    findings = {finding.rule: finding for finding in lint_card(copy, read_manifest(copy))}
    assert rule in findings
    assert findings[rule].file == "README.md"
    assert findings[rule].remedy


def test_headings_and_links_in_fenced_blocks_are_no_part_of_the_card(copy: Path) -> None:
    change_text(copy, "README.md", lambda text: text + "\n````text\n```\n[x](nowhere.md)\n````\n")
    assert list(lint_card(copy, read_manifest(copy))) == []
    change_text(copy, "README.md", lambda text: text.replace("\n## Uses\n", "\n````text\n## Uses\n````\n"))
    assert [finding.rule for finding in lint_card(copy, read_manifest(copy))] == ["section_missing"]


# -- Croissant --


@pytest.mark.parametrize(("rule", "spoil"), [
    ("croissant", lambda text: text[:-20]),
    ("croissant", lambda _: "[]"),
    ("croissant", lambda _: "[" * 100_000),
    ("croissant_version", replaced("croissant/1.1", "croissant/1.0")),
    ("croissant_file", replaced('"sha256": "', '"sha256": "0')),
    ("croissant_fields", replaced('"name": "title"', '"name": "headline"')),
])  # fmt: skip
def test_croissant_lint(rule: str, spoil: Callable[[str], str], copy: Path) -> None:
    change_text(copy, "croissant.json", spoil)
    findings = {finding.rule: finding for finding in lint_croissant(copy, read_manifest(copy))}
    assert findings[rule].file == "croissant.json"


def test_card_and_croissant_file_are_linted_in_a_preflight(copy: Path) -> None:
    change_text(copy, "README.md", replaced("license: cc-by-4.0", "license: free"))
    change_text(copy, "croissant.json", replaced("croissant/1.1", "croissant/1.0"))
    assert errors(copy) == {"license", "croissant_version"}


def test_a_dataset_without_a_croissant_file_is_warned_of(copy: Path) -> None:
    (copy / "croissant.json").unlink()
    seal(copy)
    assert {rule: finding.severity for rule, finding in found(copy).items()} == {"croissant_missing": "warning"}


# -- limits --


@pytest.mark.parametrize(("rule", "limit", "value"), [
    ("row_group_too_large", "MAX_SCAN_BYTES", 1_000),
    ("first_rows_cut", "FIRST_ROWS_BYTES", 1_000),
    ("too_many_columns", "MAX_COLUMNS", 3),
    ("too_many_files", "MAX_FILES", 2),
    ("too_many_files", "MAX_FILES_OF_FOLDER", 2),
    ("file_too_large", "MAX_FILE_BYTES", 500),
])  # fmt: skip
def test_limits_are_measured(rule: str, limit: str, value: int, sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"dehusk.builders.preflighting.limits.{limit}", value)
    assert rule in found(sound)


def test_limits_are_those_that_the_hub_states() -> None:
    from dehusk.builders.preflighting import limits

    assert (limits.MAX_SCAN_BYTES, limits.FIRST_ROWS_BYTES) == (300_000_000, 200_000)


@pytest.mark.parametrize("values", [
    pa.array([[("a", 1)]] * 5, pa.map_(pa.string(), pa.int32())),
    pa.array([0] * 5, pa.timestamp("us", "UTC")),
    pa.nulls(5),
    pa.array([[{"at": 0}]] * 5, pa.list_(pa.struct([("at", pa.timestamp("us", "UTC"))]))),
    pa.array([b"0" * 16] * 5, pa.uuid()),
])  # fmt: skip
def test_types_that_do_not_load_are_found(values: pa.Array, copy: Path) -> None:
    table = pq.read_table(copy / DATA).append_column("other", values)
    pq.write_table(table, copy / DATA)
    seal(copy)
    assert found(copy)["unsupported_type"].field.startswith("other")


@pytest.mark.parametrize(("split", "rule"), [("my-split", "split_name"), ("all", "split_name")])
def test_split_names_that_do_not_load_are_found(split: str, rule: str, copy: Path) -> None:
    manifest = read_manifest(copy)
    path = DATA.replace("train", split)
    (copy / DATA).rename(copy / path)
    files = [msgspec.structs.replace(file, path=path) if file.path == DATA else file for file in manifest.files]
    seal(copy, msgspec.structs.replace(manifest, files=files))
    assert rule in errors(copy)


def test_splits_without_rows_are_found(copy: Path, tmp_path: Path) -> None:
    manifest = read_manifest(copy)
    path = copy / "data" / "test-00000-of-00001.parquet"
    write_records(pq.read_table(copy / DATA).slice(0, 0), path, row_group_bytes=1 << 20)
    empty = describe_file(copy, path, rows=0, content="0" * 64)
    seal(copy, msgspec.structs.replace(manifest, files=[*manifest.files, empty]))
    assert "empty_split" in errors(copy)
    recipe = Recipe(dataset=TOLD, split=Split(shares={"train": 0.9999, "test": 0.0001}))
    build_dataset(write_stories(tmp_path / "seeds", 3), tmp_path / "few", recipe)
    assert {rule: finding.severity for rule, finding in found(tmp_path / "few").items()} == {
        "split_without_rows": "warning"
    }


def test_keys_of_a_footer_that_are_not_ours_are_shown(copy: Path) -> None:
    table = pq.read_table(copy / DATA)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"pandas": b"{}"}), copy / DATA)
    seal(copy)
    assert found(copy)["footer_key"].value == "pandas"


# -- people --


def test_personal_data_is_counted_by_field_and_never_shown(tmp_path: Path) -> None:
    seeds = write_stories(tmp_path / "seeds", 6)
    for number in (1, 3, 4):
        with (seeds / f"crane-{number:02}.txt").open("a") as page:
            page.write(
                f"Whoever saw it may write to rope{number}@quay.example or call +47 23 00 12 3{number} at night.\n"
            )
    build_dataset(seeds, tmp_path / "dist", Recipe(dataset=TOLD))
    findings = {(finding.field, finding.rule): finding for finding in preflight_dataset(tmp_path / "dist")}
    found = findings["raw", "email_address"]
    assert (found.value, found.severity) == ("e-mail addresses in 3 of 6 rows", "warning")
    first = pq.read_table(tmp_path / "dist" / DATA)["raw"].to_pylist()
    assert found.row == next(row for row, raw in enumerate(first) if "@" in raw)
    assert found.record == pq.read_table(tmp_path / "dist" / DATA)["id"][found.row].as_py()
    assert findings["raw", "phone_number"].value == "telephone numbers in 3 of 6 rows"
    shown = json.dumps([finding.to_dict() for finding in findings.values()])
    assert "quay.example" not in shown
    assert "23 00" not in shown


def test_lists_structs_and_rejects_are_searched_too(copy: Path) -> None:
    change_records(copy, with_value("authors", ["Ada", "ada@quay.example"], row=2))
    table = pq.read_table(copy / DATA)
    source = table["source"].to_pylist()
    source[1]["path"] = "mail/bo@quay.example.txt"
    change_records(copy, lambda whole: whole.set_column(
        whole.schema.get_field_index("source"), "source", pa.array(source, whole.schema.field("source").type)
    ))  # fmt: skip
    rejects = pq.read_table(copy / "rejects.parquet")
    row = {"path": "x.txt", "stage": "read", "reason": "too_large", "detail": "", "excerpt": "cy@quay.example"}
    pq.write_table(pa.concat_tables([rejects, pa.Table.from_pylist([row], rejects.schema)]), copy / "rejects.parquet")
    seal(copy)
    emails = {
        (finding.file, finding.field, finding.row)
        for finding in preflight_dataset(copy)
        if finding.rule == "email_address"
    }
    assert emails == {(DATA, "authors", 2), (DATA, "source.path", 1), ("rejects.parquet", "excerpt", 0)}


def test_findings_do_not_depend_on_the_size_of_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = "Tel. 030 24344 121\n" + KEYS["GitHub token"] + "\n"
    build_dataset(write_stories(tmp_path / "seeds", 9, more), tmp_path / "dist", Recipe(dataset=TOLD))
    whole = preflight_dataset(tmp_path / "dist")
    monkeypatch.setattr("dehusk.builders.preflighting.preflight.BATCH_ROWS", 2)
    assert preflight_dataset(tmp_path / "dist") == whole
    assert {"secret", "phone_number"} <= {finding.rule for finding in whole}


# -- secrets and machines --


def hide_in_card(copy: Path, secret: str) -> None:
    change_text(copy, "README.md", lambda text: f"{text}\n{secret}\n")


def hide_in_plot(copy: Path, secret: str) -> None:
    change_text(copy, "plots/labels.svg", lambda text: text.replace("</svg>", f"<!-- {secret} --></svg>"))


def hide_in_manifest(copy: Path, secret: str) -> None:
    manifest = read_manifest(copy)
    dataset = msgspec.structs.replace(manifest.recipe.dataset, homepage=secret)
    seal(copy, msgspec.structs.replace(manifest, recipe=msgspec.structs.replace(manifest.recipe, dataset=dataset)))


def hide_in_footer(copy: Path, secret: str) -> None:
    table = pq.read_table(copy / DATA)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"huggingface": secret}), copy / DATA)
    seal(copy)


def hide_in_field_metadata(copy: Path, secret: str) -> None:
    table = pq.read_table(copy / DATA)
    field = table.schema.field("title").with_metadata({"by": secret})
    pq.write_table(table.cast(table.schema.set(table.schema.get_field_index("title"), field)), copy / DATA)
    seal(copy)


def hide_in_record(copy: Path, secret: str) -> None:
    change_records(copy, with_value("section", secret, row=1))


@pytest.mark.parametrize(("hide", "file"), [
    (hide_in_card, "README.md"),
    (hide_in_plot, "plots/labels.svg"),
    (hide_in_manifest, "manifest.json"),
    (hide_in_footer, DATA),
    (hide_in_field_metadata, DATA),
    (hide_in_record, DATA),
])  # fmt: skip
def test_a_secret_is_found_wherever_it_is_and_never_shown(
    hide: Callable[[Path, str], None], file: str, copy: Path
) -> None:
    secret = KEYS["Hugging Face token"]
    hide(copy, secret)
    finding = found(copy)["secret"]
    assert (finding.file, finding.value, finding.severity) == (file, "Hugging Face token", "error")
    assert secret not in json.dumps([one.to_dict() for one in preflight_dataset(copy)])


def test_a_secret_in_a_record_is_found_with_its_id_and_many_are_summed_up(tmp_path: Path) -> None:
    seeds = write_stories(tmp_path / "seeds", 25, KEYS["AWS access key"] + "\n")
    build_dataset(seeds, tmp_path / "dist", Recipe(dataset=TOLD))
    findings = [finding for finding in preflight_dataset(tmp_path / "dist") if finding.field == "raw"]
    ids = pq.read_table(tmp_path / "dist" / DATA)["id"].to_pylist()
    assert [(finding.row, finding.record) for finding in findings if finding.rule == "secret"] == list(
        enumerate(ids[:20])
    )
    assert f"--id {ids[0]}" in findings[0].remedy
    assert [finding.value for finding in findings if finding.rule == "secrets"] == ["AWS access key: 25 records"]


@pytest.mark.parametrize("path", [
    "/home/ada/pages", "see /Users/Ada/x", r"C:\Users\ada", r"c:\\users\\ada", "at /tmp/x1", "/private/var/folders/ab",
    "file:///srv/pages",
])  # fmt: skip
def test_paths_of_a_machine_are_warned_of(path: str) -> None:
    found = [(finding.rule, finding.field, finding.severity) for finding in find_leaks("README.md", ["", path], "line")]
    assert found == [("machine_path", "line 2", "warning")]


@pytest.mark.parametrize("text", [
    "https://quay.example/home/ada", "/homepage", "a/home/b", "Users/ada", "temp", "a/tmp/x",
])  # fmt: skip
def test_what_is_no_path_of_a_machine_is_left_alone(text: str) -> None:
    assert list(find_leaks("README.md", [text], "line")) == []


def test_the_home_of_whoever_runs_it_is_an_error(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/people/quaymaster")
    hide_in_manifest(copy, "from /srv/people/quaymaster/pages")
    assert errors(copy) == {"machine_name"}
    assert found(copy)["machine_name"].file == "manifest.json"


def test_the_name_of_the_machine_is_an_error(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "quay-press-07")
    hide_in_card(copy, "built on quay-press-07")
    assert errors(copy) == {"machine_name"}


# -- docs --


def test_every_rule_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "preflight.md").read_text(encoding="utf-8")
    assert {rule for rule in RULES if f"`{rule}`" not in page} == set()


RULES = (
    # cardlint.py
    *("front_matter", "license", "license_missing", "license_name", "license_link", "pretty_name", "language"),
    *("language_missing", "vocabulary", "tag", "size_category", "configs", "config_name", "config_without_files"),
    *("config_split", "config_files", "dataset_info", "features", "split_counts", "download_size", "section_missing"),
    *("unfinished", "dead_link", "contact_missing", "source_missing"),
    # croissantlint.py
    *("croissant", "croissant_missing", "croissant_version", "croissant_file", "croissant_fields"),
    # limits.py
    *("too_many_files", "file_too_large", "split_name", "empty_split", "split_without_rows", "row_group_too_large"),
    *("too_many_columns", "unsupported_type", "footer_key", "first_rows_cut"),
    # preflight.py, leaks.py
    *("symlink", "secret", "secrets", "machine_path", "machine_name", *PERSONAL),
)


def test_the_list_of_rules_is_whole() -> None:
    names = set()
    for module in ("cardlint", "croissantlint", "limits", "preflight", "leaks"):
        tree = ast.parse((ROOT / "builders" / "preflighting" / f"{module}.py").read_text(encoding="utf-8"))
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                place = {"Finding": 4, "_finding": 0}.get(call.func.id, len(call.args))
                names |= {arg.value for arg in call.args[place : place + 1] if isinstance(arg, ast.Constant)}
    assert len(names) > 30
    assert names <= set(RULES)
