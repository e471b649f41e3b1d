"""The contract: every form of it agrees, a sound record passes, and each rule catches what it is for."""

import copy
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import datasets
import pyarrow as pa
import pytest
from pandera.errors import SchemaErrors

from dehusk.schema import RECORD, RECORDS, REJECTS
from dehusk.schema.contract import RULES, check_records
from dehusk.schema.derive import card_features, fields_table, footer_metadata, record_features
from dehusk.schema.labels import CONTENT, DESCRIPTIONS, GROUPS, LABELS
from dehusk.schema.languages import LANGUAGES
from dehusk.schema.pandera_contract import CONTRACT
from dehusk.schema.record import FLAGS, REASONS

RAW = "  Harbour menu \n\nThe tram\tis back.\nÉvery day at six.\n"


def sound(number: int = 1) -> dict[str, Any]:
    """A record that keeps the contract."""
    spans = [(2, 14, 2, 14, "navigation"), (17, 34, 17, 34, "paragraph"), (35, 52, 35, 53, "paragraph")]
    return {
        "id": f"{number:024x}",
        "title": "The tram is back",
        "summary": None,
        "text": "The tram is back.\nÉvery day at six.",
        "authors": ["Ada Quill"],
        "published": datetime(2021, 5, 4, 6, 30),  # noqa: DTZ001
        "published_precision": "minute",
        "modified": None,
        "section": None,
        "publisher": None,
        "site": None,
        "url": None,
        "language": "en",
        "language_score": 0.93,
        "license": None,
        "duplicate_of": None,
        "cluster_size": 1,
        "reservations": ["noarchive", "noai"],
        "flags": ["navigation", "very_short"],
        "n_lines": 3,
        "n_content_lines": 2,
        "n_chars": 35,
        "boilerplate_share": 0.282,  # 11 of the 39 visible characters
        "lines": [
            {
                "start": a,
                "end": b,
                "byte_start": c,
                "byte_end": d,
                "label": label,
                "boilerplate": label == "navigation",
                "score": 0.9,
                "by_hand": False,
                "site_pages": None,
            }
            for a, b, c, d, label in spans
        ],
        "evidence": [
            {
                "field": "title",
                "origin": "text",
                "verdict": "won",
                "value": None,
                "line": 1,
                "start": 17,
                "end": 33,
            },
            {
                "field": "title",
                "origin": "meta: og:title",
                "verdict": "differs",
                "value": "Trams are back",
                "line": None,
                "start": None,
                "end": None,
            },
        ],
        "source": {
            "path": "a/tram.txt",
            "member": None,
            "offset": None,
            "record": None,
            "url": None,
            "date": None,
            "sha256": "0" * 64,
            "format": "text",
            "encoding": "utf-8",
            "byte_start": 0,
            "byte_end": 54,
        },
        "raw": RAW,
        "extra": None,
    }


def findings_of(*records: dict[str, Any], latest: date | None = None) -> list[tuple[int | None, str, str]]:
    table = pa.Table.from_pylist(list(records), schema=RECORDS)
    return [(finding.row, finding.field, finding.rule) for finding in check_records(table, latest=latest)]


def test_a_sound_record_passes() -> None:
    assert findings_of(sound(1), sound(2)) == []


def test_no_records_pass() -> None:
    assert check_records(RECORDS.empty_table()) == []


Change = Callable[[dict[str, Any]], Any]
BREAKS: list[tuple[str, str, Change]] = [
    ("id", "id_form", lambda r: r.update(id="XYZ")),
    ("title", "one_line", lambda r: r.update(title="two\nlines")),
    ("title", "one_line", lambda r: r.update(title="rim ")),
    ("summary", "one_line", lambda r: r.update(summary="")),
    ("section", "one_line", lambda r: r.update(section="\x1b[31m")),
    ("publisher", "one_line", lambda r: r.update(publisher="\u00a0x")),
    ("site", "one_line", lambda r: r.update(site="")),
    ("url", "one_line", lambda r: r.update(url=" ")),
    ("text", "text_is_clean", lambda r: r.update(text="The tram\tis back.\nÉvery day at six.")),
    ("text", "text_is_view", lambda r: r.update(text="The tram is gone.\nÉvery day at six.")),
    ("authors", "one_line_each", lambda r: r.update(authors=["Ada", " "])),
    ("published", "since_1990", lambda r: r.update(published=datetime(1989, 12, 31))),  # noqa: DTZ001
    ("modified", "since_1990", lambda r: r.update(modified=datetime(1970, 1, 1))),  # noqa: DTZ001
    ("published_precision", "precision", lambda r: r.update(published_precision=None)),
    ("published_precision", "precision", lambda r: r.update(published_precision="day")),
    ("published_precision", "precision", lambda r: r.update(published_precision="hour")),
    ("published_precision", "precision", lambda r: r.update(published=None)),
    ("language", "language_code", lambda r: r.update(language="qq")),
    ("language_score", "language_score", lambda r: r.update(language_score=1.5)),
    ("language_score", "language_score", lambda r: r.update(language=None)),
    ("flags", "flags_agree", lambda r: r.update(flags=["very_short"])),
    ("flags", "flags_agree", lambda r: r.update(flags=["navigation", "consent", "very_short"])),
    ("flags", "flags_agree", lambda r: r.update(flags=["very_short", "navigation"])),
    ("flags", "flags_agree", lambda r: r.update(flags=["navigation", "very_short", "wonderful"])),
    ("n_lines", "n_lines", lambda r: r.update(n_lines=4)),
    ("n_content_lines", "n_content_lines", lambda r: r.update(n_content_lines=3)),
    ("n_chars", "n_chars", lambda r: r.update(n_chars=36)),
    ("boilerplate_share", "boilerplate_share", lambda r: r.update(boilerplate_share=0.5)),
    ("lines", "no_nulls", lambda r: r["lines"][0].update(label=None)),
    ("lines.byte_start", "bytes_in_order", lambda r: r["lines"][0].update(byte_start=None, byte_end=None)),
    ("lines.start", "in_order", lambda r: r["lines"][1].update(start=13)),
    ("lines.start", "in_order", lambda r: r["lines"][0].update(start=-3)),
    ("lines.start", "in_order", lambda r: r["lines"][2].update(end=999)),
    ("lines.start", "in_order", lambda r: r["lines"][1].update(end=17)),
    ("lines.start", "trimmed", lambda r: r["lines"][0].update(start=1)),
    ("lines", "cover_raw", lambda r: r.update(raw=RAW + "more")),
    ("lines.byte_start", "bytes_in_order", lambda r: r["lines"][2].update(byte_start=30)),
    ("lines.byte_start", "bytes_in_order", lambda r: r["lines"][2].update(byte_end=99)),
    ("lines.label", "label", lambda r: r["lines"][1].update(label="content")),
    ("lines.boilerplate", "boilerplate", lambda r: r["lines"][1].update(boilerplate=True)),
    ("lines.score", "score", lambda r: r["lines"][1].update(score=-0.1)),
    ("lines.by_hand", "by_hand", lambda r: (r["lines"][1].update(by_hand=True), r["flags"].insert(1, "by_hand"))),
    ("lines.score", "score", lambda r: r["lines"][1].update(score=float("nan"))),
    ("lines.site_pages", "site_pages", lambda r: r["lines"][1].update(site_pages=2)),
    ("lines.site_pages", "site_pages", lambda r: r.update(site="tram.example")),
    ("duplicate_of", "names_another", lambda r: r.update(duplicate_of=r["id"], cluster_size=2)),
    ("duplicate_of", "names_another", lambda r: r.update(duplicate_of="1", cluster_size=2)),
    ("duplicate_of", "names_another", lambda r: r.update(duplicate_of=f"{1:024x}", cluster_size=1)),
    ("cluster_size", "cluster_size", lambda r: r.update(cluster_size=0)),
    ("license", "one_line", lambda r: r.update(license="CC BY\n4.0")),
    ("reservations", "reservations", lambda r: r.update(reservations=["nofollow"])),
    ("reservations", "reservations", lambda r: r.update(reservations=["noai", "noarchive"])),
    ("reservations", "reservations", lambda r: r.update(reservations=["noai", "noai"])),
    ("evidence", "no_nulls", lambda r: r["evidence"][1].update(verdict=None)),
    ("evidence.origin", "origin", lambda r: r["evidence"][1].update(origin="meta:\nog:title")),
    ("evidence.verdict", "verdict", lambda r: r["evidence"][1].update(verdict="lost")),
    ("evidence.value", "value", lambda r: r["evidence"][1].update(value="Trams\tare back")),
    ("evidence.value", "value", lambda r: r["evidence"][0].update(value="The tram is back")),
    ("evidence.start", "in_line", lambda r: r["evidence"][0].update(end=None)),
    ("evidence.start", "in_line", lambda r: r["evidence"][0].update(line=None, start=None, end=None)),
    ("evidence.start", "in_line", lambda r: r["evidence"][1].update(line=1, start=17, end=33)),
    ("evidence.field", "field", lambda r: r["evidence"][0].update(field="headline")),
    ("evidence.start", "in_line", lambda r: r["evidence"][0].update(line=3)),
    ("evidence.start", "in_line", lambda r: r["evidence"][0].update(start=2)),
    ("source.path", "relative_path", lambda r: r["source"].update(path="/etc/passwd")),
    ("source.path", "relative_path", lambda r: r["source"].update(path="a/../../b")),
    ("source.member", "relative_path", lambda r: r["source"].update(member="../b.txt")),
    ("extra", "json_object", lambda r: r.update(extra="[1]")),
    ("extra", "json_object", lambda r: r.update(extra='{"a": ')),
    ("source.sha256", "sha256", lambda r: r["source"].update(sha256="ABC")),
    ("source.byte_start", "byte_span", lambda r: r["source"].update(byte_start=60)),
]


@pytest.mark.parametrize(("field", "rule", "change"), BREAKS)
def test_a_broken_record_is_found_in_its_row(field: str, rule: str, change: Change) -> None:
    broken = sound(2)
    change(broken)
    found = findings_of(sound(1), broken, sound(3))
    assert (1, field, rule) in found
    assert {row for row, _, _ in found} == {1}


def test_every_rule_is_shown_to_catch_something() -> None:
    shown = {(field, rule) for field, rule, _ in BREAKS} | {("id", "id_unique")}
    shown |= {(field.name, "not_null") for field in RECORD if not field.nullable}
    assert {(rule.field, rule.name) for rule in RULES} == shown


def test_a_repeated_id_is_found_at_its_second_place() -> None:
    assert findings_of(sound(1), sound(2), sound(1)) == [(2, "id", "id_unique")]


@pytest.mark.parametrize("name", [field.name for field in RECORD if not field.nullable])
def test_a_null_is_found_where_none_may_be(name: str) -> None:
    assert (0, name, "not_null") in findings_of(sound() | {name: None})


def test_a_date_after_the_latest_is_found() -> None:
    assert findings_of(sound(), latest=date(2021, 5, 3)) == [(0, "published", "latest_date")]
    assert findings_of(sound(), latest=date(2021, 5, 4)) == []


def test_a_page_without_lines_passes() -> None:
    blank = sound() | {
        "text": "", "flags": ["no_content", "very_short"], "n_lines": 0, "n_content_lines": 0, "n_chars": 0,
        "boilerplate_share": 0.0, "lines": [], "evidence": [], "raw": " \n",
    }  # fmt: skip
    assert findings_of(blank, sound(2)) == []


def test_a_table_of_another_shape_gives_findings_about_its_columns_alone() -> None:
    table = pa.Table.from_pylist([sound()], schema=RECORDS)
    changed = table.drop_columns("raw").set_column(0, "id", pa.array([7])).append_column("other", pa.array(["x"]))
    found = [(finding.field, finding.rule) for finding in check_records(changed)]
    assert found == [("id", "column_type"), ("raw", "column_missing"), ("other", "column_unknown")]
    turned = table.select(RECORDS.names[::-1])
    assert [(finding.field, finding.rule) for finding in check_records(turned)] == [("", "column_order")]


def test_findings_name_the_record_the_value_and_what_to_do() -> None:
    broken = copy.deepcopy(sound(7))
    broken["lines"][1]["label"] = "\x1b[31mcontent"
    table = pa.Table.from_pylist([broken], schema=RECORDS)
    finding = next(finding for finding in check_records(table, "data/train.parquet") if finding.rule == "label")
    assert (finding.file, finding.row, finding.record) == ("data/train.parquet", 0, f"{7:024x}")
    assert finding.value == r"lines[1]: \x1b[31mcontent"
    assert finding.remedy == "use one of the 17 labels"


# -- all forms of the contract agree --


def test_datasets_finds_the_same_features_in_schema_footer_and_card() -> None:
    features = record_features()
    assert features.arrow_schema.remove_metadata() == RECORDS
    assert features.arrow_schema.metadata == footer_metadata()
    assert features._to_yaml_list() == card_features()
    assert datasets.Features._from_yaml_list(card_features()) == features


def test_pandera_has_every_field_with_its_nullability() -> None:
    assert list(CONTRACT.columns) == RECORDS.names
    assert {name for name, column in CONTRACT.columns.items() if column.nullable} == {
        f.name for f in RECORD if f.nullable
    }


def test_pandera_finds_what_we_find() -> None:
    table = pa.Table.from_pylist([sound(), sound(2) | {"n_lines": 99, "language": "english"}], schema=RECORDS)
    with pytest.raises(SchemaErrors) as errors:
        CONTRACT.validate(table, lazy=True)
    failures = errors.value.failure_cases.to_pylist()
    ours = {(finding.row, f"{finding.field}:{finding.rule}") for finding in check_records(table)}
    assert {(int(failure["index"]), failure["check"]) for failure in failures} == ours
    assert len(ours) == 2
    CONTRACT.validate(table.slice(0, 1), lazy=True)


def test_the_fields_table_names_every_field() -> None:
    table = fields_table()
    for field in RECORD:
        assert f"| `{field.name}` |" in table
        for inner in field.inner:
            assert f"| `{field.name}.{inner.name}` |" in table


def test_labels_stand_in_one_group_each_and_are_described() -> None:
    assert len(LABELS) == len(set(LABELS)) == 17
    assert sorted(LABELS) == sorted(label for labels in GROUPS.values() for label in labels) == sorted(DESCRIPTIONS)
    assert CONTENT[0] == "title"


def test_vocabularies_hold_no_word_twice() -> None:
    assert len(FLAGS) == len(set(FLAGS))
    assert {"stage", "reason"} < set(REJECTS.names)
    assert all(reason.islower() for reason in REASONS)
    assert {"en", "ar", "zh", "und"} - LANGUAGES == {"und"}
