"""Tables as sources: files of other tools give the pages that went into them, and damage costs what it hit alone."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unpacked import read_rows, read_seeds

from dehusk.builders.plan import cut_large
from dehusk.builders.recipe import Bounds, Recipe, Sources
from dehusk.builders.unpacking.roles import assign_roles
from dehusk.builders.unpacking.seeds import list_seeds

PAGES = pl.DataFrame({
    "url": [f"https://harbour.example/{n}" for n in range(300)],
    "doc_id": [f"page-{n}" for n in range(300)],
    "crawl_date": ["2021-05-14T08:00:00Z"] * 300,
    "text": [f'Ferry {n}, "Möwe"\n\nIt sails at noon;\tbring a coat.\n' + "Wait. " * (n % 7) for n in range(300)],
    "views": range(300),
})  # fmt: skip
TEXTS = PAGES["text"].to_list()


def shell(command: str, folder: Path) -> object:
    return subprocess.run(command, shell=True, check=True, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S602


def duck(statement: str, folder: Path) -> None:
    frame = PAGES  # noqa: F841 - duckdb finds it by its name
    duckdb.sql(f"COPY frame TO '{folder}/{statement}")


WRITERS: dict[str, Callable[[Path], object]] = {
    "pages.jsonl": lambda to: PAGES.write_ndjson(to / "pages.jsonl"),
    "pages.jsonl.gz": lambda to: duck("pages.jsonl.gz' (FORMAT json, COMPRESSION gzip)", to),
    "pages.ndjson.zst": lambda to: (PAGES.write_ndjson(to / "pages.ndjson"), shell("zstd -q --rm pages.ndjson", to)),
    "pages.jsonl.bz2": lambda to: (PAGES.write_ndjson(to / "pages.jsonl"), shell("bzip2 pages.jsonl", to)),
    "pages.csv": lambda to: PAGES.write_csv(to / "pages.csv"),
    "pages.tsv": lambda to: PAGES.write_csv(to / "pages.tsv", separator="\t"),
    "semicolons.csv": lambda to: duck("semicolons.csv' (FORMAT csv, HEADER, DELIMITER ';')", to),
    "pages.csv.gz": lambda to: duck("pages.csv.gz' (FORMAT csv, HEADER, COMPRESSION gzip)", to),
    "pages.parquet": lambda to: PAGES.write_parquet(to / "pages.parquet", row_group_size=70),
    "duck.parquet": lambda to: duck("duck.parquet' (FORMAT parquet, ROW_GROUP_SIZE 100)", to),
    "pages.arrow": lambda to: PAGES.write_ipc(to / "pages.arrow"),
    "stream.arrow": lambda to: PAGES.write_ipc_stream(to / "stream.arrow"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_gives_the_pages_that_went_into_it(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)

    pages, rejects = read_rows(tmp_path)

    assert rejects == []
    assert [page["raw"] for page in pages] == TEXTS
    source = [page["source"] for page in pages]
    assert [at["record"] for at in source] == PAGES["doc_id"].to_list()
    assert [at["url"] for at in source] == PAGES["url"].to_list()
    assert {at["date"].replace("T", " ")[:19] for at in source} == {"2021-05-14 08:00:00"}
    assert [at["sha256"] for at in source] == [hashlib.sha256(text.encode()).hexdigest() for text in TEXTS]
    assert [page["id"] for page in pages] == [at["sha256"][:24] for at in source]
    assert {at["path"] for at in source} == {name}
    kind, _, packing = name.partition(".")[2].replace("ndjson", "jsonl").partition(".")
    assert {at["format"] for at in source} == {f"{kind}{'.' if packing else ''}{packing}/text"}
    assert [at["offset"] for at in source] == sorted({at["offset"] for at in source})
    if not name.startswith(("pages.jsonl", "pages.ndjson")):
        assert [at["offset"] for at in source] == list(range(300))


@pytest.mark.parametrize("name", ["pages.jsonl", "pages.parquet", "duck.parquet", "pages.csv", "pages.arrow"])
@pytest.mark.parametrize("part_bytes", [1_000, 4_444, 10_000_000])
def test_parts_of_a_file_have_each_record_once(name: str, part_bytes: int, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    parts = list(cut_large(list_seeds(tmp_path), part_bytes))

    each = [read_seeds([part]) for part in parts]

    assert len(parts) == -(-(tmp_path / name).stat().st_size // part_bytes)
    assert pa.concat_tables([pages for pages, _ in each])["raw"].to_pylist() == TEXTS
    assert sum(len(rejects) for _, rejects in each) == 0


def test_a_line_of_json_leads_back_to_its_bytes(tmp_path: Path) -> None:
    PAGES.write_ndjson(tmp_path / "pages.jsonl")
    data = (tmp_path / "pages.jsonl").read_bytes()

    pages, _ = read_rows(tmp_path)

    for page in pages:
        line = data[page["source"]["offset"] :].partition(b"\n")[0]
        assert json.loads(line)["text"] == page["raw"]


# -- damage --


def test_broken_lines_of_json_are_rejected_one_by_one(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"Page {n}", "id": n}).encode() for n in range(9)]
    lines[2] = lines[2][:-5]
    lines[3] = b'["a list"]'
    lines[5] = b'{"text": "\xff\xfe not UTF-8"}'
    lines[6] = b'{"text": null, "id": 6}'
    lines[7] = b'{"other": 7}'
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([*lines, b"", b"  "]))

    pages, rejects = read_rows(tmp_path)

    assert [page["raw"] for page in pages] == ["Page 0", "Page 1", "Page 4", "Page 8"]
    assert [page["source"]["record"] for page in pages] == ["0", "1", "4", "8"]
    assert [row["reason"] for row in rejects] == ["damaged", "damaged", "damaged", "empty_file", "no_text_column"]
    assert len(pages) + len(rejects) == len(lines)
    assert rejects[0]["offset"] == len(lines[0]) + len(lines[1]) + 2


@pytest.mark.parametrize("name", ["pages.jsonl.gz", "pages.ndjson.zst", "pages.jsonl.bz2", "pages.csv.gz"])
def test_of_a_file_that_was_cut_off_what_is_there_is_read(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 2 // 3])

    pages, rejects = read_rows(tmp_path)

    texts = [page["raw"] for page in pages]
    assert texts == TEXTS[: len(texts)]
    assert (len(texts) > 100) or name.endswith((".zst", ".bz2"))  # which are one block
    assert [row["reason"] for row in rejects] == ["damaged"]


def test_broken_rows_of_csv_are_rejected_one_by_one(tmp_path: Path) -> None:
    rows = ["url,text", "u0,Page 0", 'u1,"Page "1"', "u2,Page 2,more", "u3", 'u4,"Page\n4"', "u5,", "", "u6,Page 6"]
    (tmp_path / "a.csv").write_text("\n".join(rows))

    pages, rejects = read_rows(tmp_path)

    assert [page["raw"] for page in pages] == ["Page 0", "Page\n4", "Page 6"]
    assert [row["reason"] for row in rejects] == ["damaged", "damaged", "damaged", "empty_file"]
    assert [row["offset"] for row in rejects] == [1, 2, 3, 5]


def test_cells_keep_the_bytes_of_their_encoding(tmp_path: Path) -> None:
    old = "Zwölf Boxkämpfer jagen Viktor quer über den großen Deich.\nFähre, Möwe, Süd, Öl, Äste.\n".encode("cp1252")
    (tmp_path / "a.csv").write_bytes(b'text\n"' + old + b'"\n"M\xc3\xb6we"\n')
    (tmp_path / "b.csv").write_bytes('text\n"Möwe"\n'.encode("utf-16"))

    pages, rejects = read_rows(tmp_path)

    assert rejects == []
    assert [page["raw"] for page in pages] == [old.decode("cp1252"), "Möwe", "Möwe"]
    assert [page["source"]["encoding"] for page in pages] == ["cp1252", "utf-8", "utf-8"]
    assert pages[0]["source"]["sha256"] == hashlib.sha256(old).hexdigest()


def test_of_a_damaged_parquet_file_the_sound_row_groups_are_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(33, 127, (300, 200))
    texts = [bytes(row.astype(np.uint8)).decode() for row in noise]
    pl.DataFrame({"text": texts}).write_parquet(tmp_path / "a.parquet", row_group_size=50, compression="zstd")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    at = len(data) * 5 // 12  # in the middle of the third of six groups of one size
    data[at : at + 40] = bytes(40)
    (tmp_path / "a.parquet").write_bytes(data)

    pages, rejects = read_rows(tmp_path)

    assert [page["raw"] for page in pages] == texts[:100] + texts[150:]
    assert [(row["reason"], row["offset"]) for row in rejects] == [("damaged", 100)]
    assert "row group 2 with 50 rows" in rejects[0]["detail"]


@pytest.mark.parametrize("name", ["pages.parquet", "pages.arrow"])
def test_a_table_without_its_end_is_one_reject(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[:-100])

    pages, rejects = read_rows(tmp_path)

    assert pages == []
    assert [row["reason"] for row in rejects] == ["damaged"]


def test_of_an_arrow_stream_that_was_cut_off_what_is_there_is_read(tmp_path: Path) -> None:
    table = pa.table({"text": TEXTS})
    with pa.ipc.new_stream(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    data = (tmp_path / "a.arrow").read_bytes()
    (tmp_path / "a.arrow").write_bytes(data[:-2000])

    pages, rejects = read_rows(tmp_path)

    assert [page["raw"] for page in pages] == TEXTS[:200]
    assert [(row["reason"], row["offset"]) for row in rejects] == [("damaged", 200)]


@settings(max_examples=40)
@given(st.binary(max_size=300), st.sampled_from(["a.jsonl", "a.csv", "a.parquet", "a.arrow", "a", "a.jsonl.gz"]))
def test_any_bytes_are_read_or_rejected(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    for number, mark in enumerate([b"", b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0", b"\x1f\x8b\x08\0"]):
        (folder / f"{number}-{name}").write_bytes(mark + data)

    pages, rejects = read_rows(folder)

    assert len(pages) + len(rejects) >= 5


# -- columns --


def test_the_page_is_in_the_column_of_a_known_name(tmp_path: Path) -> None:
    rows = [
        {"Body": "Page 0", "title": "One", "URI": "https://harbour.example/0"},
        {"html": None, "content": "Page 1"},
        {"html": "", "text": " \n", "content": "Page 2"},
        {"only": "Page 3", "n": 3},
        {"one": "two", "columns": "of text"},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))

    pages, rejects = read_rows(tmp_path)

    assert [page["raw"] for page in pages] == ["Page 0", "Page 1", "Page 2", "Page 3"]
    assert pages[0]["source"]["url"] == "https://harbour.example/0"
    assert [row["reason"] for row in rejects] == ["no_text_column"]
    assert "(one, columns)" in rejects[0]["detail"]


def test_named_columns_count_alone() -> None:
    names = ["text", "html", "shown", "id", "key", "n"]

    roles = assign_roles(names, names, Sources(text_column="shown", id_column="key", extra_columns=("*",)))

    assert (roles.html, roles.text, roles.id) == ((), ("shown",), ("key",))
    assert roles.extra == ("text", "html", "id", "n")
    assert assign_roles(names, names, Sources(text_column="missing")).text == ()


@pytest.mark.parametrize("name", ["pages.jsonl", "pages.csv", "pages.parquet", "pages.arrow"])
def test_other_columns_are_carried_along(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    recipe = Recipe(sources=Sources(text_column="text", url_column="url", extra_columns=("views", "doc_id", "none")))

    pages, _ = read_rows(tmp_path, recipe)

    extra = [json.loads(page["extra"]) for page in pages]
    assert [row["doc_id"] for row in extra] == PAGES["doc_id"].to_list()
    assert [int(row["views"]) for row in extra] == list(range(300))
    assert [page["source"]["url"] for page in pages] == PAGES["url"].to_list()


def test_a_table_whose_named_column_is_missing_is_one_reject(tmp_path: Path) -> None:
    for name in ("pages.csv", "pages.parquet", "pages.arrow"):
        WRITERS[name](tmp_path)

    pages, rejects = read_rows(tmp_path, Recipe(sources=Sources(text_column="page")))

    assert pages == []
    assert [row["reason"] for row in rejects] == ["no_text_column"] * 3


def test_a_dataset_folder_of_hugging_face_is_a_source(tmp_path: Path) -> None:
    import datasets

    datasets.Dataset.from_dict({"text": TEXTS, "url": PAGES["url"].to_list()}).save_to_disk(tmp_path / "saved")

    pages, rejects = read_rows(tmp_path / "saved")

    assert [page["raw"] for page in pages] == TEXTS
    assert {row["path"] for row in rejects} == {"dataset_info.json", "state.json"}


# -- bounds --


def test_a_page_beyond_the_bound_is_rejected_and_the_next_is_read(tmp_path: Path) -> None:
    texts = ["Page 0", "x" * 101, "y" * 10_000, "Page 3"]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    pl.DataFrame({"text": texts}).write_parquet(tmp_path / "b.parquet")

    pages, rejects = read_rows(tmp_path, Recipe(bounds=Bounds(max_file_bytes=100)))

    assert [page["raw"] for page in pages] == ["Page 0", "Page 3"] * 2
    assert [row["reason"] for row in rejects] == ["too_large"] * 4


def test_a_bomb_is_read_no_further_than_it_may_go(tmp_path: Path) -> None:
    line = json.dumps({"text": "x" * 1000})
    shell(f"(echo '{{\"text\": \"Page\"}}'; yes '{line}' | head -c 200000000) | zstd -q -o bomb.jsonl.zst", tmp_path)

    pages, rejects = read_rows(tmp_path, Recipe(bounds=Bounds(max_unpacked=10)))

    assert [row["reason"] for row in rejects] == ["bomb"]
    assert 60_000 < len(pages) < 70_000


def test_a_line_of_a_hundred_megabytes_costs_no_other(tmp_path: Path) -> None:
    long = "x" * 100_000_000
    (tmp_path / "a.jsonl").write_text(f'{{"text": "Page 0"}}\n{{"text": "{long}"}}\n{{"text": "Page 1"}}\n')
    (tmp_path / "b.csv").write_text(f"text\nPage 2\n{long}\nPage 3\n")
    (tmp_path / "c.txt").write_text(long)

    pages, rejects = read_rows(tmp_path)

    assert [page["raw"] for page in pages] == ["Page 0", "Page 1", "Page 2", "Page 3"]
    assert [row["reason"] for row in rejects] == ["too_large"] * 3


def test_a_row_of_csv_is_read_no_further_than_a_page_may_go(tmp_path: Path) -> None:
    full = '"' + 100 * '""' + '"'
    cells = ",".join(["y"] * 500)
    never_closed = '"' + "z\n" * 1_000
    (tmp_path / "a.csv").write_text(f"n,text\n0,Page 0\n1,{full}\n{cells}\n3,Page 3\n4,{never_closed}5,Page 5\n")

    pages, rejects = read_rows(tmp_path, Recipe(bounds=Bounds(max_file_bytes=110)))

    assert [page["raw"] for page in pages] == ["Page 0", 100 * '"', "Page 3", "Page 5"]
    assert [row["reason"] for row in rejects][:2] == ["too_large", "too_large"]  # the second where the quote begins
    assert {row["reason"] for row in rejects[2:]} == {"damaged"}  # its lines are rows of one cell then


def test_a_row_group_that_says_it_is_much_larger_is_not_read(tmp_path: Path) -> None:
    pl.DataFrame({"text": [f"{n}" + "x" * 1_000_000 for n in range(80)]}).write_parquet(tmp_path / "a.parquet")
    PAGES.write_parquet(tmp_path / "b.parquet")

    pages, rejects = read_rows(tmp_path, Recipe(bounds=Bounds(max_unpacked=10)))

    assert [page["raw"] for page in pages] == TEXTS
    assert [(row["reason"], row["path"]) for row in rejects] == [("bomb", "a.parquet")]


def test_data_before_the_text_of_a_page_does_not_make_it_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text('{"@type": "NewsArticle"}\nThe tram is back\nIt rang twice.\n')
    (tmp_path / "b.txt").write_text('{"text": "Page 0"}\n{"text": "Page 1"}\n')
    (tmp_path / "c").write_text('{"text": "Page 2"}\n')

    pages, rejects = read_rows(tmp_path)

    assert [page["source"]["format"] for page in pages] == ["text", "jsonl/text", "jsonl/text", "jsonl/text"]
    assert rejects == []
