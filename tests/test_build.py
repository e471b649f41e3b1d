"""A folder of dumps becomes a dataset that loads: whole or not at all, the same bytes every time, nothing lost."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from same_dataset import main as same_dataset

from dehusk.builders.build import How, build_dataset
from dehusk.builders.check import check_dataset
from dehusk.builders.pack import MANIFEST, listed_paths, read_manifest
from dehusk.builders.place import staging
from dehusk.builders.recipe import Duplicates, Pack, Recipe, Split
from dehusk.schema import RECORDS, REJECTS
from dehusk.schema.derive import record_features
from dehusk.schema.errors import EmptyBuildError, OutputError, StorageError, UsageError

DEHUSK = Path(sys.executable).with_name("dehusk")

STORY = """Harbour Gazette
Home
News
Ferry number {n} returns to the old harbour
By Ada Quill
4 May 2021 06:30
After nine years on land the ferry with the number {n} sailed again this morning, and the whole town came to see.
The crossing takes eleven minutes, the port authority said, and the boat will run every half hour until October.
Tickets cost the same as in the year the ferry was taken out of the water, which surprised even its captain.
We use cookies to make this site better. Accept all
"""


def write_stories(folder: Path, numbers: range) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"ferry-{number:03}.txt").write_text(STORY.format(n=number), encoding="utf-8")
    return folder


def rows(dist: Path) -> list[dict[str, object]]:
    files = sorted((dist / "data").glob("*.parquet"))
    return sorted(pa.concat_tables([pq.read_table(file) for file in files]).to_pylist(), key=lambda row: str(row["id"]))


def left_beside(dist: Path) -> list[str]:
    return sorted(path.name for path in (dist.parent / f".{dist.name}.dehusk").iterdir())


# -- what comes out --


def test_everything_that_came_in_is_kept_or_rejected(dist: Path, seeds: Path) -> None:
    counts = read_manifest(dist).counts
    came_in = {path.relative_to(seeds).as_posix() for path in seeds.rglob("*") if path.is_file()} - {"dehusk.toml"}
    kept = {row["source"]["path"] for row in pq.read_table(dist / "data").to_pylist()}
    rejected = {row["path"] for row in pq.read_table(dist / "rejects.parquet").to_pylist()}
    assert kept | rejected == came_in
    assert not kept & rejected
    assert (counts.kept, counts.came_in) == (len(kept), len(came_in))


def test_a_built_dataset_is_clean(dist: Path) -> None:
    assert check_dataset(dist) == []


def test_load_dataset_gives_exactly_the_declared_features(dist: Path, tmp_path: Path) -> None:
    features = record_features()
    local = datasets.load_dataset(str(dist), cache_dir=str(tmp_path))["train"]
    streamed = datasets.load_dataset(str(dist), streaming=True)["train"]
    assert local.features == features
    assert streamed.features == features
    assert [row["id"] for row in streamed] == local["id"][:]
    assert local.num_rows == read_manifest(dist).counts.kept


def test_after_a_rebuild_the_new_rows_are_loaded(tmp_path: Path) -> None:
    out, cache = tmp_path / "dist", str(tmp_path / "cache")
    for last in (3, 5, 2):
        shutil.rmtree(tmp_path / "seeds", ignore_errors=True)
        build_dataset(write_stories(tmp_path / "seeds", range(last)), out)
        loaded = datasets.load_dataset(str(out), split="train", cache_dir=cache)
        assert max(source["path"] for source in loaded["source"]) == f"ferry-{last - 1:03}.txt"
        assert loaded.num_rows == last


def test_parquet_is_written_as_hubs_like_it(dist: Path) -> None:
    file = pq.ParquetFile(dist / "data" / "train-00000-of-00001.parquet")
    column = file.metadata.row_group(0).column(RECORDS.names.index("text"))
    assert column.compression == "ZSTD"
    assert column.has_column_index
    assert column.has_offset_index
    assert b"huggingface" in file.schema_arrow.metadata
    assert file.schema_arrow.remove_metadata() == RECORDS
    assert pq.read_schema(dist / "rejects.parquet").remove_metadata() == REJECTS


def test_row_groups_are_cut_by_bytes(tmp_path: Path) -> None:
    seeds = write_stories(tmp_path / "seeds", range(12))
    build_dataset(seeds, tmp_path / "dist", Recipe(pack=Pack(row_group_bytes=10_000)))
    file = pq.ParquetFile(tmp_path / "dist" / "data" / "train-00000-of-00001.parquet")
    assert 2 <= file.num_row_groups <= 12


def test_the_manifest_lists_every_file_and_names_no_place_or_time(dist: Path, seeds: Path) -> None:
    manifest = read_manifest(dist)
    held = {path.relative_to(dist).as_posix() for path in dist.rglob("*") if path.is_file()}
    assert held == {str(path) for path in listed_paths(dist)}
    text = (dist / MANIFEST).read_text(encoding="utf-8")
    for secret in (str(seeds), str(dist), str(Path.home()), os.uname().nodename, "/tmp"):  # noqa: S108
        assert secret not in text
    assert {seed.path for seed in manifest.seeds} >= {
        row["source"]["path"] for row in pq.read_table(dist / "data").to_pylist()
    }


def test_the_card_tells_what_was_measured(dist: Path) -> None:
    card = (dist / "README.md").read_text(encoding="utf-8")
    counts = read_manifest(dist).counts
    assert f"{counts.kept:,} pages" in card
    for label, count in counts.lines.items():
        assert f"| `{label}` |" in card
        assert f"| {count:,} |" in card
    for reason in counts.rejected:
        assert f"| `{reason}` |" in card


# -- the same bytes --


def test_the_same_seeds_give_the_same_bytes(dist: Path, seeds: Path, tmp_path: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    shutil.copytree(seeds, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "dehusk.toml").unlink()
    subprocess.run(
        [DEHUSK, "build", "elsewhere", "--quiet"], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    assert same_dataset(dist, tmp_path / "dist").startswith("same bytes")


def test_records_do_not_depend_on_shards_or_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = write_stories(tmp_path / "seeds", range(20))
    build_dataset(seeds, tmp_path / "one")
    monkeypatch.setattr("dehusk.builders.batches.BATCH_BYTES", 2_000)
    build_dataset(seeds, tmp_path / "many", Recipe(pack=Pack(shard_bytes=16_400)))
    assert rows(tmp_path / "one") == rows(tmp_path / "many")
    names = sorted(path.name for path in (tmp_path / "many" / "data").iterdir())
    assert len(names) > 1
    assert names == [f"train-{number:05}-of-{len(names):05}.parquet" for number in range(len(names))]
    assert check_dataset(tmp_path / "many") == []


def test_a_file_larger_than_a_shard_is_built_in_parts(tmp_path: Path) -> None:
    rows_of = (json.dumps({"text": f"Ferry {n} sails at noon.\nBring a coat."}) for n in range(400))
    (tmp_path / "seeds.jsonl").write_text("\n".join(rows_of))
    build_dataset(tmp_path / "seeds.jsonl", tmp_path / "one")
    build_dataset(tmp_path / "seeds.jsonl", tmp_path / "parts", Recipe(pack=Pack(shard_bytes=6_000)))
    assert len(list((tmp_path / "parts" / "data").iterdir())) > 2
    assert rows(tmp_path / "one") == rows(tmp_path / "parts")
    assert len(rows(tmp_path / "one")) == 400
    assert [seed.sha256 for seed in read_manifest(tmp_path / "parts").seeds] == [
        hashlib.sha256((tmp_path / "seeds.jsonl").read_bytes()).hexdigest()
    ]


def test_splits_are_cut_by_a_hash_and_loaded_by_name(tmp_path: Path) -> None:
    seeds = write_stories(tmp_path / "seeds", range(40))
    apart = Duplicates(threshold=1)  # these stories have much in common, and copies go together
    recipe = Recipe(split=Split(shares={"train": 0.75, "test": 0.25}), duplicates=apart)
    build_dataset(seeds, tmp_path / "dist", recipe)
    loaded = datasets.load_dataset(str(tmp_path / "dist"), cache_dir=str(tmp_path / "cache"))
    first = {split: set(loaded[split]["id"]) for split in ("train", "test")}
    assert sum(map(len, first.values())) == 40
    assert 3 <= len(first["test"]) <= 20
    write_stories(seeds, range(40, 60))
    build_dataset(seeds, tmp_path / "dist", recipe)
    loaded = datasets.load_dataset(str(tmp_path / "dist"), cache_dir=str(tmp_path / "cache"))
    for split, ids in first.items():
        assert ids < set(loaded[split]["id"])


def test_a_split_that_gets_no_page_has_no_file(tmp_path: Path) -> None:
    seeds = write_stories(tmp_path / "seeds", range(1))
    build_dataset(seeds, tmp_path / "dist", Recipe(split=Split(shares={"train": 0.5, "test": 0.5})))
    assert len(list((tmp_path / "dist" / "data").iterdir())) == 1
    assert len(datasets.load_dataset(str(tmp_path / "dist"), cache_dir=str(tmp_path / "cache"))) == 1


@pytest.mark.parametrize("shard_bytes", [1 << 20, 16_400])
def test_of_pages_with_the_same_bytes_the_first_is_kept(tmp_path: Path, shard_bytes: int) -> None:
    seeds = write_stories(tmp_path / "seeds", range(6))
    for copy in ("b/copy.txt", "zz.txt", "a.txt"):
        (seeds / copy).parent.mkdir(exist_ok=True)
        shutil.copy(seeds / "ferry-003.txt", seeds / copy)
    summary = build_dataset(seeds, tmp_path / "dist", Recipe(pack=Pack(shard_bytes=shard_bytes)))
    assert (summary.kept, summary.rejected) == (6, {"duplicate": 3})
    rejects = pq.read_table(tmp_path / "dist" / "rejects.parquet").to_pylist()
    assert [row["path"] for row in rejects] == ["b/copy.txt", "ferry-003.txt", "zz.txt"]
    assert {row["detail"] for row in rejects} == {"the same bytes as a.txt"}
    assert check_dataset(tmp_path / "dist") == []


def test_progress_counts_every_seed(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    build_dataset(
        write_stories(tmp_path / "seeds", range(5)), tmp_path / "dist", how=How(watch=lambda *done: told.append(done))
    )
    assert told[-1] == (5, 5)


# -- whole or not at all --


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    seeds, out = write_stories(tmp_path / "seeds", range(2)), tmp_path / "dist"
    build_dataset(seeds, out)
    (out / "data" / "notes.md").write_text("mine")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match=r"holds data/notes\.md, which dehusk did not write"):
        build_dataset(seeds, out)
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert left_beside(out) == ["lock", "shards"]


@pytest.mark.parametrize("kind", ["file", "link", "foreign folder"])
def test_what_is_not_a_dataset_is_never_replaced(tmp_path: Path, kind: str) -> None:
    seeds, out = write_stories(tmp_path / "seeds", range(2)), tmp_path / "dist"
    if kind == "file":
        out.write_text("mine")
    elif kind == "link":
        out.symlink_to(tmp_path / "seeds")
    else:
        out.mkdir()
        (out / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError):
        build_dataset(seeds, out)
    assert sorted(path.name for path in (tmp_path / "seeds").iterdir()) == ["ferry-000.txt", "ferry-001.txt"]


def test_a_dataset_of_another_version_can_be_built_anew(tmp_path: Path) -> None:
    seeds, out = write_stories(tmp_path / "seeds", range(2)), tmp_path / "dist"
    build_dataset(seeds, out)
    files = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["files"]
    (out / MANIFEST).write_text(json.dumps({"dehusk": "9.0", "format": 7, "files": files}))
    with pytest.raises(UsageError, match="not a manifest of this version"):
        check_dataset(out)
    assert build_dataset(seeds, out).kept == 2
    assert check_dataset(out) == []


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    assert build_dataset(write_stories(tmp_path / "seeds", range(2)), tmp_path / "dist").kept == 2


def test_a_build_without_pages_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "page.html").write_text("<html>")
    with pytest.raises(EmptyBuildError, match="1 empty_file"):
        build_dataset(tmp_path / "seeds", tmp_path / "dist")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seeds"]


def test_seeds_that_are_not_there_are_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        build_dataset(tmp_path / "nowhere", tmp_path / "dist")
    assert list(tmp_path.iterdir()) == []


def test_only_one_build_writes_a_folder_at_a_time(tmp_path: Path) -> None:
    seeds = write_stories(tmp_path / "seeds", range(2))
    with staging(tmp_path / "dist") as folder:
        with pytest.raises(UsageError, match="another build is writing"):
            build_dataset(seeds, tmp_path / "dist")
        (folder / MANIFEST).write_text("{}")
    assert (tmp_path / "dist" / MANIFEST).read_text() == "{}"


def test_what_the_system_refuses_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Not a directory") as refused:
        build_dataset(write_stories(tmp_path / "seeds", range(2)), tmp_path / "file" / "dist")
    assert refused.value.exit_code == 3


def test_a_dataset_moved_aside_by_a_killed_build_comes_back(tmp_path: Path) -> None:
    seeds, out = write_stories(tmp_path / "seeds", range(2)), tmp_path / "dist"
    build_dataset(seeds, out)
    out.rename(tmp_path / ".dist.dehusk" / "old")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(EmptyBuildError):
        build_dataset(tmp_path / "nothing", out)
    assert check_dataset(out) == []


def test_where_folders_cannot_be_exchanged_two_renames_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dehusk.builders.place._exchange", lambda *_: False)
    seeds, out = write_stories(tmp_path / "seeds", range(2)), tmp_path / "dist"
    build_dataset(seeds, out)
    write_stories(seeds, range(3))
    assert build_dataset(seeds, out).kept == 3
    assert check_dataset(out) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [".dist.dehusk", "dist", "seeds"]
    assert left_beside(out) == ["lock", "shards"]


def test_a_build_killed_at_any_moment_leaves_the_old_dataset_or_the_new_one(tmp_path: Path) -> None:
    seeds, out = write_stories(tmp_path / "seeds", range(3)), tmp_path / "dist"
    began = time.monotonic()
    subprocess.run([DEHUSK, "build", seeds, "--out", out, "--quiet"], check=True, capture_output=True)
    takes = time.monotonic() - began
    chance = random.Random(7)  # noqa: S311
    for number in range(8):
        write_stories(seeds, range(3, 4 + number))
        process = subprocess.Popen([DEHUSK, "build", seeds, "--out", out, "--quiet"], stdout=subprocess.DEVNULL)
        time.sleep(takes * chance.uniform(0.3, 1.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert check_dataset(out) == []
    subprocess.run([DEHUSK, "build", seeds, "--out", out, "--quiet"], check=True, capture_output=True)
    assert read_manifest(out).counts.kept == 11
    assert sorted(path.name for path in tmp_path.iterdir()) == [".dist.dehusk", "dist", "seeds"]
    assert left_beside(out) == ["lock", "shards"]


# -- check --


@pytest.fixture
def copy(dist: Path, tmp_path: Path) -> Path:
    """A dataset that a test may spoil."""
    return Path(shutil.copytree(dist, tmp_path / "dist"))


def rules(folder: Path) -> set[tuple[str, str]]:
    return {(finding.file, finding.rule) for finding in check_dataset(folder)}


DATA = "data/train-00000-of-00001.parquet"


def test_check_finds_files_that_are_missing_unknown_or_changed(copy: Path) -> None:
    (copy / "rejects.parquet").unlink()
    (copy / "extra.txt").write_text("x")
    with (copy / "README.md").open("a") as card:
        card.write("\nmore")
    assert rules(copy) == {
        ("rejects.parquet", "file_missing"),
        ("extra.txt", "file_unknown"),
        ("README.md", "file_digest"),
    }


def test_check_finds_a_changed_record_by_row_and_rule(copy: Path) -> None:
    table = pq.read_table(copy / DATA)
    text = table["text"].to_pylist()
    text[1] += "!"
    changed = table.set_column(table.schema.get_field_index("text"), "text", pa.array(text))
    pq.write_table(changed, copy / DATA)
    found = {(finding.row, finding.field, finding.rule) for finding in check_dataset(copy)}
    assert {(1, "text", "text_is_view"), (1, "n_chars", "n_chars"), (None, "", "content_digest")} <= found


def test_check_finds_what_is_no_parquet(copy: Path) -> None:
    (copy / DATA).write_bytes(b"PAR1 no more")
    assert rules(copy) == {(DATA, "file_digest"), (DATA, "parquet")}


def test_check_finds_rows_that_are_gone(copy: Path) -> None:
    pq.write_table(pq.read_table(copy / DATA).slice(1), copy / DATA)
    assert (DATA, "rows") in rules(copy)


def test_check_finds_other_columns(copy: Path) -> None:
    pq.write_table(pq.read_table(copy / DATA).drop_columns("raw"), copy / DATA)
    pq.write_table(pa.table({"x": [1]}), copy / "rejects.parquet")
    assert {(DATA, "column_missing"), ("rejects.parquet", "columns")} <= rules(copy)


@pytest.mark.parametrize(("old", "new", "rule"), [
    ("dehusk build ", "some build ", "file_digest"),
    ("description: dehusk build", "summary: dehusk build", "front_matter"),
    ("---\n", "", "front_matter"),
])  # fmt: skip
def test_check_finds_a_card_that_would_serve_an_older_build(copy: Path, old: str, new: str, rule: str) -> None:
    card = copy / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert ("README.md", rule) in rules(copy)


def test_check_finds_a_card_of_another_build(copy: Path) -> None:
    card = copy / "README.md"
    fingerprint = read_manifest(copy).fingerprint
    card.write_text(card.read_text(encoding="utf-8").replace(fingerprint, "0" * 64), encoding="utf-8")
    assert ("README.md", "fingerprint") in rules(copy)


def test_check_finds_an_id_that_two_files_have(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    build_dataset(write_stories(tmp_path / "seeds", range(8)), out, Recipe(pack=Pack(shard_bytes=16_400)))
    one, two, *_ = sorted((out / "data").iterdir())
    pq.write_table(pa.concat_tables([pq.read_table(two), pq.read_table(one).slice(0, 1)]), two)
    assert (f"data/{two.name}", "id_unique") in rules(out)


def test_dates_after_today_are_a_warning(dist: Path) -> None:
    findings = check_dataset(dist, today=date(2000, 1, 1))
    assert findings
    assert {(finding.rule, finding.severity) for finding in findings} == {("after_today", "warning")}


@pytest.mark.parametrize("text", [None, "{", "[]", '{"format": 1}'])
def test_what_has_no_manifest_of_ours_is_not_checked(copy: Path, text: str | None) -> None:
    (copy / MANIFEST).unlink()
    if text is not None:
        (copy / MANIFEST).write_text(text)
    with pytest.raises(UsageError):
        check_dataset(copy)


def test_the_manifest_is_json_that_people_can_read(dist: Path) -> None:
    plain = json.loads((dist / MANIFEST).read_text(encoding="utf-8"))
    assert list(plain) == [
        "format",
        "dehusk",
        "model",
        "libraries",
        "fingerprint",
        "recipe",
        "counts",
        "seeds",
        "files",
    ]
