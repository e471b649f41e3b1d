"""croissant.json: mlcroissant finds nothing wrong in it and loads from it what the files hold."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_card import write_stories

from dehusk.builders.build import build_dataset
from dehusk.builders.cards.croissant import CONFORMS_TO
from dehusk.builders.cards.licences import LICENCES, licence_url
from dehusk.builders.pack import read_manifest
from dehusk.builders.recipe import Dataset, Duplicates, Pack, Recipe, Split
from dehusk.schema.record import RECORD

pytestmark = pytest.mark.filterwarnings("ignore")  # those of mlcroissant and pandas


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two splits, several files."""
    folder = tmp_path_factory.mktemp("croissant")
    told = Dataset(
        name="cranes",
        license="cc-by-4.0",
        version="1.0.0",
        creators=("Ada Larsen",),
        publisher="Quay",
        homepage="https://q.example",
    )
    apart = Duplicates(threshold=1)  # these stories have much in common, and copies go together
    recipe = Recipe(
        told, duplicates=apart, split=Split(shares={"train": 0.7, "test": 0.3}), pack=Pack(shard_bytes=32_800)
    )
    build_dataset(write_stories(folder / "seeds", 30), folder / "dist", recipe)
    return folder / "dist"


def described(dist: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((dist / "croissant.json").read_text(encoding="utf-8"))
    return said


def load(dist: Path) -> Any:
    import mlcroissant

    return mlcroissant.Dataset(str(dist / "croissant.json"))


def plain(value: Any) -> Any:
    """What mlcroissant gives, as Arrow does: text as text, numbers as numbers, short names for sub-fields."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value.item() if hasattr(value, "item") else value


def rows(dist: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((dist / "data").iterdir()):
        for row in pq.read_table(path).to_pylist():
            yield {"split": path.name.partition("-")[0], **row}


def test_nothing_is_wrong_with_it(built: Path, dist: Path) -> None:
    issues = load(built).metadata.ctx.issues
    assert issues.errors == set()
    # A date would be one of the clock: whoever publishes adds it.
    assert [warning for warning in issues.warnings if "datePublished" not in warning] == []
    assert load(dist).metadata.ctx.issues.errors == set()


def test_every_record_is_loaded_whole(built: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(list((built / "data").iterdir())) > 2
    with caplog.at_level(logging.WARNING):
        loaded = [plain(record) for record in load(built).records("records")]
    assert not [record for record in caplog.records if "Could not match" in record.message]
    expected = {row["id"]: row for row in rows(built)}
    assert len(loaded) == len(expected) == 30
    for record in loaded:
        row = expected[record["id"]]
        assert record.keys() == row.keys()
        for name, value in row.items():
            found = record[name] if record[name] is not None else ([] if value == [] else None)
            assert found == (pytest.approx(value, abs=1e-6) if isinstance(value, float) else value), name


def test_a_split_is_loaded_by_its_name(built: Path) -> None:
    for split in ("train", "test"):
        ids = {plain(record)["id"] for record in load(built).records("records", filters={"records/split": split})}
        assert ids == {row["id"] for row in rows(built) if row["split"] == split}
    assert [plain(row)["name"] for row in load(built).records("splits")] == ["train", "test"]


def test_pages_of_all_scripts_are_loaded(dist: Path) -> None:
    loaded = {plain(record)["id"]: plain(record)["raw"] for record in load(dist).records("records")}
    assert loaded == {row["id"]: row["raw"] for row in rows(dist)}


def test_every_data_file_is_listed_with_its_digest(built: Path) -> None:
    files = {part["contentUrl"]: part for part in described(built)["distribution"] if "contentUrl" in part}
    packed = [file for file in read_manifest(built).files if file.rows is not None]
    assert {path: (part["sha256"], part["contentSize"]) for path, part in files.items()} == {
        file.path: (file.sha256, f"{file.bytes} B") for file in packed
    }


def test_fields_are_the_declared_ones_nested_too(built: Path) -> None:
    records = next(part for part in described(built)["recordSet"] if part["@id"] == "records")
    fields = {field["name"]: field for field in records["field"]}
    assert list(fields) == ["split", *(field.name for field in RECORD)]
    for field in RECORD:
        said = fields[field.name]
        assert said["description"] == field.description
        assert said.get("isArray", False) == pa.types.is_list(field.type)
        assert [inner["name"] for inner in said.get("subField", [])] == [inner.name for inner in field.inner]
    assert fields["published"]["dataType"] == "sc:DateTime"
    labels = next(inner for inner in fields["lines"]["subField"] if inner["name"] == "label")
    assert labels["prov:wasGeneratedBy"] == {"@id": "line-model"}


def test_it_says_who_what_and_from_where_but_not_when(built: Path) -> None:
    said = described(built)
    assert said["conformsTo"] == list(CONFORMS_TO)
    assert said["license"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert said["citeAs"].startswith("@misc{cranes,")
    assert said["creator"] == [{"@type": "sc:Person", "name": "Ada Larsen"}]
    assert "30 files with pages" in said["prov:wasDerivedFrom"]["prov:label"]
    assert {"rai:dataCollection", "rai:personalSensitiveInformation", "rai:dataLimitations"} <= said.keys()
    assert all(said[key] for key in said if key.startswith("rai:"))
    assert not [key for key in said if re.search("date[A-Z]|[tT]ime", key)]


def test_the_context_is_that_of_mlcroissant(built: Path) -> None:
    from mlcroissant._src.core.context import Context, CroissantVersion
    from mlcroissant._src.core.rdf import make_context

    context: dict[str, Any] = make_context(Context(conforms_to=CroissantVersion.V_1_1))
    ours = described(built)["@context"]
    assert {key: ours.get(key) for key in context} == context


@pytest.mark.parametrize("licence", sorted(LICENCES))
def test_every_licence_of_the_hub_has_an_address_or_its_id(licence: str) -> None:
    url = licence_url(licence)
    assert url == licence or re.fullmatch(r"https://spdx\.org/licenses/[A-Za-z0-9.\-]+\.html", url)
    assert licence_url("other", "https://quay.example/l") == "https://quay.example/l"
