"""What somebody wants out of a dataset leaves it, stays out, and leaves no word behind."""

import json
import shutil
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from same_dataset import main as same_dataset

from dehusk.builders.build import build_dataset
from dehusk.builders.check import check_dataset
from dehusk.builders.pack import MANIFEST, read_manifest
from dehusk.builders.recipe import Pack, Recipe, Split
from dehusk.builders.versioning.remove import remove_records
from dehusk.builders.versioning.takedown import (
    TAKEDOWN_NAME,
    Entry,
    Takedown,
    domains,
    make_entry,
    parse_takedown,
    read_takedown,
    url_key,
    write_takedown,
)
from dehusk.builders.versioning.withdraw import is_listed, without_match
from dehusk.schema import RECORDS
from dehusk.schema.errors import EmptyBuildError, RecipeError, UsageError

STORY = """Quarry Courier
Home
Steam winch number {n} lifts slate again
By Odo Fennel
{day} May 2021 06:30
After {n} years in a shed the winch with the number {n} lifted a block of slate this morning, and the valley came.
The rope is new, the quarry trust said, and the boiler was tested twice before anybody was let near the pit.
Permalink: https://www.{host}/winches/{n}
We use cookies to make this site better. Accept all
"""
HOSTS = ("quarry.org", "news.slate.org.uk", "shed.slate.org.uk")


def write_winches(folder: Path, numbers: range) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for n in numbers:
        text = STORY.format(n=n, day=1 + n % 28, host=HOSTS[n % len(HOSTS)])
        (folder / f"winch-{n:02}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """Twelve pages of three hosts: winch 0, 3, 6, 9 of the first, 1, 4, 7, 10 of the second …"""
    return write_winches(tmp_path / "seeds", range(12))


def records(dist: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(file) for file in sorted((dist / "data").iterdir())])


def numbers(dist: Path) -> list[int]:
    """Which winches a dataset holds."""
    paths = [source["path"] for source in records(dist)["source"].to_pylist()]
    return sorted(int(path.removesuffix(".txt")[-2:]) for path in paths)


def id_of(dist: Path, number: int) -> str:
    return next(
        row["id"] for row in records(dist).to_pylist() if row["source"]["path"].endswith(f"winch-{number:02}.txt")
    )


def everything(dist: Path) -> bytes:
    """All bytes of a dataset, Parquet values in plain."""
    parts = []
    for path in sorted(dist.rglob("*")):
        if path.suffix == ".parquet":
            parts.append(str(pq.read_table(path).to_pylist()).encode())
        elif path.is_file():
            parts.append(path.read_bytes())
    return b"\n".join(parts)


# -- builds --


@pytest.mark.parametrize(
    ("line", "left_out"),
    [
        ("url https://www.quarry.org/winches/3", [3]),
        ("url http://quarry.org/winches/3/#top", [3]),
        ("url https://quarry.org/winches", []),
        ("site quarry.org", [0, 3, 6, 9]),
        ("site slate.org.uk", [1, 2, 4, 5, 7, 8, 10, 11]),
        ("site news.slate.org.uk", [1, 4, 7, 10]),
        ("site org.uk", []),
        ("site Shed.Slate.ORG.uk", [2, 5, 8, 11]),
        ("path winch-05.txt", [5]),
        ("path winch-5.txt", []),
    ],
)
def test_a_build_leaves_out_what_the_list_names(seeds: Path, tmp_path: Path, line: str, left_out: list[int]) -> None:
    (seeds / TAKEDOWN_NAME).write_text(f"# asked for on the phone\n{line}\n", encoding="utf-8")
    summary = build_dataset(seeds, tmp_path / "dist")
    assert numbers(tmp_path / "dist") == [n for n in range(12) if n not in left_out]
    assert summary.rejected == ({"takedown": len(left_out)} if left_out else {})
    assert summary.came_in == 12
    assert check_dataset(tmp_path / "dist") == []


def test_a_build_leaves_out_an_id(seeds: Path, tmp_path: Path) -> None:
    build_dataset(seeds, tmp_path / "one")
    (seeds / TAKEDOWN_NAME).write_text(f"id {id_of(tmp_path / 'one', 7).upper()}\n", encoding="utf-8")
    build_dataset(seeds, tmp_path / "two")
    assert numbers(tmp_path / "two") == [n for n in range(12) if n != 7]


@pytest.mark.parametrize("shard_bytes", [1 << 20, 8_200])
@pytest.mark.parametrize(
    "line", ["url https://quarry.org/winches/3", "path winch-03.txt", "path zz.txt", "path aa.txt"]
)
def test_nothing_is_said_of_a_page_that_was_taken_out_or_of_its_copies(
    seeds: Path, tmp_path: Path, line: str, shard_bytes: int
) -> None:
    for copy in ("aa.txt", "zz.txt"):
        shutil.copy(seeds / "winch-03.txt", seeds / copy)
    takedown = parse_takedown(line, tmp_path)
    summary = build_dataset(seeds, tmp_path / "dist", Recipe(pack=Pack(shard_bytes=shard_bytes)), takedown=takedown)
    assert (summary.kept, summary.rejected) == (11, {"takedown": 3})
    rejects = pq.read_table(tmp_path / "dist" / "rejects.parquet").to_pylist()
    assert {(row["path"], row["excerpt"], row["stage"], row["detail"]) for row in rejects} == {
        (None, None, "takedown", "the takedown list names it")
    }
    (tmp_path / "dist" / TAKEDOWN_NAME).unlink()  # the list itself says what it says
    said = everything(tmp_path / "dist")
    for word in (b"winch number 3 ", b"winches/3\n", b"winch-03", b"aa.txt", b"zz.txt"):
        assert word not in said


def test_what_no_builder_could_read_is_not_named_either(seeds: Path, tmp_path: Path) -> None:
    (seeds / "odd.txt").write_bytes(b"Slate prices\xff\xfe\x00\x81 of last year\x00\x01\x02\x03" * 20)
    build_dataset(seeds, tmp_path / "one")
    (row,) = pq.read_table(tmp_path / "one" / "rejects.parquet").to_pylist()
    assert "Slate prices" in row["excerpt"]
    build_dataset(seeds, tmp_path / "two", takedown=parse_takedown("path odd.txt", tmp_path))
    (row,) = pq.read_table(tmp_path / "two" / "rejects.parquet").to_pylist()
    assert (row["path"], row["excerpt"], row["reason"]) == (None, None, "takedown")


def test_the_list_is_published_without_its_comments_and_is_no_seed(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    list_of = "\ufeff  # for Mx Hollow, 12 Pit Lane\r\n\r\nsite\tquarry.org\r\nsite quarry.org\r\n"
    (seeds / TAKEDOWN_NAME).write_text(list_of, encoding="utf-8", newline="")
    build_dataset(seeds, out)
    published = (out / TAKEDOWN_NAME).read_text(encoding="utf-8")
    assert "Hollow" not in published
    assert published.count("site quarry.org") == 1
    assert TAKEDOWN_NAME in {file.path for file in read_manifest(out).files}
    assert "unsupported_format" not in read_manifest(out).counts.rejected
    assert len(read_takedown(out / TAKEDOWN_NAME).ids) == 4
    datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))


def test_a_page_stays_out_when_its_address_is_no_longer_read(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    build_dataset(seeds, out, takedown=parse_takedown("site quarry.org", tmp_path))
    published = read_takedown(out / TAKEDOWN_NAME)
    unread = records_of(seeds, tmp_path).set_column(RECORDS.names.index("url"), "url", pa.nulls(12, pa.string()))
    assert is_listed(unread, published).sum() == 4
    assert is_listed(unread, parse_takedown("site quarry.org", tmp_path)).sum() == 0


def records_of(seeds: Path, tmp_path: Path) -> pa.Table:
    build_dataset(seeds, tmp_path / "whole")
    return records(tmp_path / "whole")


def test_a_later_build_honours_the_list_of_the_dataset_that_it_replaces(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    build_dataset(seeds, out)
    remove_records(out, [make_entry("url", "https://quarry.org/winches/6")])
    shutil.copy(seeds / "winch-06.txt", seeds / "moved.txt")
    (seeds / "winch-06.txt").write_text((seeds / "winch-06.txt").read_text() + "One more line of slate.\n")
    (seeds / TAKEDOWN_NAME).write_text("path winch-01.txt\n")
    assert build_dataset(seeds, out).rejected == {"takedown": 3}
    assert numbers(out) == [0, 2, 3, 4, 5, 7, 8, 9, 10, 11]
    (seeds / TAKEDOWN_NAME).unlink()
    build_dataset(seeds, out)
    assert numbers(out) == [0, 2, 3, 4, 5, 7, 8, 9, 10, 11]


def test_a_seed_that_is_built_alone_is_looked_up_in_the_list_of_its_folder(seeds: Path, tmp_path: Path) -> None:
    (seeds / TAKEDOWN_NAME).write_text("path winch-01.txt\n")
    with pytest.raises(EmptyBuildError, match="1 takedown"):
        build_dataset(seeds / "winch-01.txt", tmp_path / "dist")


def test_a_build_with_a_list_gives_the_same_bytes_again(seeds: Path, tmp_path: Path) -> None:
    (seeds / TAKEDOWN_NAME).write_text("site quarry.org\npath winch-01.txt\n")
    build_dataset(seeds, tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    build_dataset(seeds, tmp_path / "two")
    assert same_dataset(tmp_path / "one", tmp_path / "two").startswith("same bytes")


def test_check_finds_a_record_that_the_list_names(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    build_dataset(seeds, out)
    (out / TAKEDOWN_NAME).write_text("url quarry.org/winches/3\n")
    findings = {(finding.file, finding.row, finding.rule) for finding in check_dataset(out)}
    assert ("data/train-00000-of-00001.parquet", 3, "taken_down") in findings
    (out / TAKEDOWN_NAME).write_text("url\n")
    assert (TAKEDOWN_NAME, None, "takedown_line") in {(f.file, f.row, f.rule) for f in check_dataset(out)}


# -- bad lists --


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("https://quarry.org/winches/3", "`https://quarry.org/winches/3` is no kind of entry"),
        ("URL https://quarry.org", "`URL` is no kind of entry"),
        ("id 0f3c", "`0f3c` is no id"),
        ("id", "`` is no id"),
        ("site https://quarry.org", "is no site"),
        ("site org", "`org` is no site"),
        ("site quarry.org # why", "is no site"),
        ("url https://quarry.org/a b", "is no url"),
        ("url ftp://quarry.org/a", "is no url"),
        ("path /etc/passwd", "is no path"),
        ("path a/../b.txt", "is no path"),
        ("path folder/", "is no path"),
        ("path a\x1b[31m.txt", r"`a\x1b[31m.txt` is no path"),
    ],
)
def test_a_line_that_is_none_is_named_by_its_number(seeds: Path, tmp_path: Path, line: str, said: str) -> None:
    (seeds / TAKEDOWN_NAME).write_text(f"# one\n\n{line}\n", encoding="utf-8")
    with pytest.raises(RecipeError) as refused:
        build_dataset(seeds, tmp_path / "dist")
    assert f"{seeds / TAKEDOWN_NAME}, line 3: " in refused.value.message
    assert said in refused.value.message
    assert refused.value.tip
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize("kind", ["folder", "broken link", "latin-1"])
def test_a_list_that_cannot_be_read_stops_the_build(seeds: Path, tmp_path: Path, kind: str) -> None:
    path = seeds / TAKEDOWN_NAME
    if kind == "folder":
        path.mkdir()
    elif kind == "broken link":
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.write_bytes("path geröll.txt".encode("latin-1"))
    with pytest.raises(RecipeError, match=TAKEDOWN_NAME):
        build_dataset(seeds, tmp_path / "dist")


# -- addresses --


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("https://quarry.org", "HTTP://www.Quarry.org/"),
        ("https://quarry.org:443/a?b=1", "quarry.org/a?b=1#c"),
        ("https://quarry.org/gr%C3%BCn", "https://quarry.org/grün"),
        ("https://münchen.org/a", "https://xn--mnchen-3ya.org/a"),
    ],
)
def test_addresses_that_lead_to_the_same_page_are_the_same(one: str, two: str) -> None:
    assert url_key(one) == url_key(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("https://quarry.org/a", "https://quarry.org/A"),
        ("https://quarry.org/a", "https://quarry.org/a?b"),
        ("https://quarry.org/a", "https://news.quarry.org/a"),
        ("https://quarry.org/", "https://quarry.org.example.org/"),
    ],
)
def test_addresses_that_do_not_are_not(one: str, two: str) -> None:
    assert url_key(one) != url_key(two)


@given(st.text(), st.one_of(st.none(), st.text()))
def test_any_text_can_be_compared_as_an_address(url: str, site: str | None) -> None:
    assert isinstance(url_key(url), str)
    assert len(list(domains(url, site))) <= len(url) + 1


@given(st.lists(st.tuples(st.sampled_from(["id", "path", "site", "url", "word"]), st.text())))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str]]) -> None:
    entries: set[Entry] = set()
    for kind, value in lines:
        try:
            entries.add(make_entry(kind, value))
        except RecipeError:
            continue
    path = write_takedown(tmp_path_factory.mktemp("list"), Takedown(frozenset(entries)))
    assert read_takedown(path).entries == entries


def test_entries_that_name_nothing_are_told(seeds: Path, tmp_path: Path) -> None:
    takedown = parse_takedown("site quarry.org\nsite gone.org\nurl quarry.org/winches/99\npath winch-01.txt", tmp_path)
    assert without_match(records_of(seeds, tmp_path), takedown) == {
        Entry("site", "gone.org"),
        Entry("url", "quarry.org/winches/99"),
    }


# -- remove --

SPLITS = Recipe(split=Split(shares={"train": 0.7, "test": 0.3}), pack=Pack(shard_bytes=8_200, row_group_bytes=4_000))


@pytest.mark.parametrize("recipe", [Recipe(), SPLITS], ids=["one file", "many files"])
def test_removing_gives_the_dataset_that_a_build_with_the_list_gives(
    seeds: Path, tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dehusk.builders.summary.BATCH", 3)
    shutil.copy(seeds / "winch-03.txt", seeds / "copy.txt")
    build_dataset(seeds, tmp_path / "one", recipe)
    removal = remove_records(
        tmp_path / "one", [make_entry("url", "quarry.org/winches/3"), make_entry("site", "news.slate.org.uk")]
    )
    assert (len(removal.ids), removal.unmatched) == (5, ())
    assert numbers(tmp_path / "one") == [0, 2, 5, 6, 8, 9, 11]
    assert check_dataset(tmp_path / "one") == []
    (seeds / TAKEDOWN_NAME).write_text("url quarry.org/winches/3\nsite news.slate.org.uk\n")
    build_dataset(seeds, tmp_path / "two", recipe)
    assert same_dataset(tmp_path / "one", tmp_path / "two").startswith("same bytes")


def test_after_a_removal_the_rows_that_are_left_are_loaded(seeds: Path, tmp_path: Path) -> None:
    build_dataset(seeds, tmp_path / "dist")
    cache = str(tmp_path / "cache")
    assert datasets.load_dataset(str(tmp_path / "dist"), split="train", cache_dir=cache).num_rows == 12
    remove_records(tmp_path / "dist", [make_entry("path", "winch-01.txt")])
    assert datasets.load_dataset(str(tmp_path / "dist"), split="train", cache_dir=cache).num_rows == 11


def test_files_that_hold_no_listed_record_keep_their_bytes(seeds: Path, tmp_path: Path) -> None:
    """As long as their records say nothing of it: here it has lines with no page in common."""
    out = tmp_path / "dist"
    (seeds / "alone.txt").write_text("A knot that nobody else ties\n\nIt is made of two loops, one in the other.\n")
    build_dataset(seeds, out, Recipe(pack=Pack(shard_bytes=8_200)))
    before = {path.read_bytes() for path in (out / "data").iterdir()}
    remove_records(out, [make_entry("path", "alone.txt")])
    after = {path.read_bytes() for path in (out / "data").iterdir()}
    assert len(before) > 2
    assert len(before - after) == 1


def test_an_entry_without_a_record_is_put_on_the_list_all_the_same(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    build_dataset(seeds, out)
    removal = remove_records(out, [make_entry("site", "later.org")])
    assert removal.to_dict() == {"removed": 0, "ids": [], "unmatched": ["site later.org"], "kept": 12}
    assert read_takedown(out / TAKEDOWN_NAME).entries == {Entry("site", "later.org")}
    assert check_dataset(out) == []


def test_what_a_person_wrote_into_the_card_stays(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    build_dataset(seeds, out)
    card = out / "README.md"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace("<!-- yours: begin -->", "<!-- yours: begin -->\nAsk the trust."), encoding="utf-8")
    remove_records(out, [make_entry("path", "winch-01.txt")])
    assert "Ask the trust." in card.read_text(encoding="utf-8")
    assert check_dataset(out) == []


def test_the_versions_that_made_the_records_stay_named(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    build_dataset(seeds, out)
    text = (out / MANIFEST).read_text(encoding="utf-8")
    old = read_manifest(out)
    (out / MANIFEST).write_text(
        text.replace(f'"dehusk": "{old.dehusk}"', '"dehusk": "0.0.9"').replace(old.model, "e" * 64), encoding="utf-8"
    )
    remove_records(out, [make_entry("path", "winch-01.txt")])
    assert (read_manifest(out).dehusk, read_manifest(out).model) == ("0.0.9", "e" * 64)


def test_a_dataset_is_never_emptied(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    build_dataset(seeds, out)
    before = everything(out)
    with pytest.raises(EmptyBuildError, match="without a record"):
        remove_records(out, [make_entry("site", host) for host in ("quarry.org", "slate.org.uk")])
    assert everything(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "seeds"]


@pytest.mark.parametrize(
    "spoil", ["changed", "foreign file", "other columns", "no manifest", "other split", "no rejects"]
)
def test_what_is_not_a_dataset_of_ours_is_left_alone(seeds: Path, tmp_path: Path, spoil: str) -> None:
    out = tmp_path / "dist"
    build_dataset(seeds, out)
    data = out / "data" / "train-00000-of-00001.parquet"
    if spoil == "changed":
        data.write_bytes(data.read_bytes()[:-1] + b"2")
    elif spoil == "foreign file":
        (out / "notes.txt").write_text("mine")
    elif spoil == "other columns":
        old = read_manifest(out)
        pq.write_table(records(out).drop_columns("raw"), data)
        rewrite_digest(out, next(file.sha256 for file in old.files if file.path.startswith("data/")), data)
    elif spoil == "no manifest":
        (out / MANIFEST).unlink()
    elif spoil == "no rejects":
        plain = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        plain["files"] = [file for file in plain["files"] if file["path"] != "rejects.parquet"]
        (out / MANIFEST).write_text(json.dumps(plain), encoding="utf-8")
        (out / "rejects.parquet").unlink()
    else:
        text = (out / MANIFEST).read_text(encoding="utf-8")
        (out / MANIFEST).write_text(text.replace('"train": 1.0', '"x": 1.0'), encoding="utf-8")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(UsageError):
        remove_records(out, [make_entry("path", "winch-01.txt")])
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert {path.name for path in tmp_path.iterdir()} - {".dist.dehusk"} == {"dist", "seeds"}


def rewrite_digest(out: Path, old: str, path: Path) -> None:
    from dehusk.builders.pack import file_digest

    text = (out / MANIFEST).read_text(encoding="utf-8")
    (out / MANIFEST).write_text(text.replace(old, file_digest(path)), encoding="utf-8")


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a dataset of dehusk"):
        remove_records(tmp_path / "nowhere" / "dist", [make_entry("site", "quarry.org")])
    assert list(tmp_path.iterdir()) == []
