"""Archives as sources: what `zip` and `tar` wrote is read file by file, and nothing leads out of them or blows up."""

import io
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unpacked import read_rows

from dehusk.builders.recipe import Bounds, Recipe

FILES = {
    "news/a.txt": "The tram is back.\nIt rang twice.\n",
    "news/möwe.txt": "Zwölf Möwen\n",
    "rows.jsonl": "".join(json.dumps({"text": f"Row {n}"}) + "\n" for n in range(5)),
    "table.csv": "text\nCell 0\nCell 1\n",
    "z/last.text": "The last page.\n",
}
TEXTS = {
    *("The tram is back.\nIt rang twice.\n", "Zwölf Möwen\n", "The last page.\n", "Cell 0", "Cell 1"),
    *(f"Row {n}" for n in range(5)),
}


def shell(command: str, folder: Path) -> None:
    subprocess.run(command, shell=True, check=True, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S602


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of files that are to be packed."""
    folder = tmp_path / "tree"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    pl.DataFrame({"text": [f"Line {n}" for n in range(3)]}).write_parquet(folder / "t.parquet")
    (tmp_path / "in").mkdir()
    return folder


PACKERS = {
    "a.zip": "zip -q -r ../in/a.zip .",
    "stored.zip": "zip -q -0 -r ../in/stored.zip .",
    "a.tar": "tar cf ../in/a.tar .",
    "a.tar.gz": "tar czf ../in/a.tar.gz *",
    "a.tgz": "tar czf ../in/a.tgz *",
    "a.tar.zst": "tar cf - * | zstd -q -o ../in/a.tar.zst",
    "pax.tar": "tar --format=pax -cf ../in/pax.tar *",
    "misnamed.txt": "tar cjf ../in/misnamed.txt *",
}


@pytest.mark.parametrize("name", PACKERS)
def test_an_archive_gives_the_pages_of_its_files(name: str, tree: Path) -> None:
    shell(PACKERS[name], tree)

    pages, rejects = read_rows(tree.parent / "in")

    assert rejects == []
    assert len(pages) == len(TEXTS) + 3
    assert {page["raw"] for page in pages} == TEXTS | {f"Line {n}" for n in range(3)}
    members = {page["raw"]: page["source"]["member"] for page in pages}
    assert members["Zwölf Möwen\n"] == "news/möwe.txt"
    assert members["Row 4"] == "rows.jsonl"
    kind = {"stored.zip": "zip", "a.tgz": "tar.gz", "pax.tar": "tar", "misnamed.txt": "tar.bz2"}.get(name, name[2:])
    formats = {page["source"]["format"] for page in pages}
    assert formats == {f"{kind}/text", f"{kind}/jsonl/text", f"{kind}/csv/text", f"{kind}/parquet/text"}
    assert {page["source"]["path"] for page in pages} == {name}


def test_files_in_files_are_read_through_their_compression(tree: Path) -> None:
    shell("gzip rows.jsonl && gzip news/a.txt && zip -q -r ../in/a.zip rows.jsonl.gz news", tree)

    pages, rejects = read_rows(tree.parent / "in")

    assert rejects == []
    assert {page["source"]["format"] for page in pages} == {"zip/jsonl.gz/text", "zip/text.gz", "zip/text"}


# -- what is refused --


def write_tar(path: Path, members: list[tarfile.TarInfo], data: bytes = b"Page") -> None:
    with tarfile.open(path, "w") as archive:
        for info in members:
            info.size = len(data) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)


def typed(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_what_leads_out_of_a_tar_is_refused(tmp_path: Path) -> None:
    names = ["/etc/passwd.txt", "../up.txt", "a/../../up.txt", "a.txt", "a.txt", ".hidden.txt", "C:\\windows.txt"]
    kinds = [
        typed("link.txt", tarfile.SYMTYPE, "/etc/passwd"),
        typed("hard.txt", tarfile.LNKTYPE, "a.txt"),
        typed("pipe.txt", tarfile.FIFOTYPE),
        typed("disk.txt", tarfile.BLKTYPE),
        typed("tty.txt", tarfile.CHRTYPE),
        typed("folder", tarfile.DIRTYPE),
    ]
    write_tar(tmp_path / "a.tar", [*map(typed, names), *kinds, typed("z.txt")])

    pages, rejects = read_rows(tmp_path)

    assert [page["source"]["member"] for page in pages] == ["a.txt", "z.txt"]
    assert [row["reason"] for row in rejects] == [
        *(["unsafe_name"] * 4),
        *("hidden_file", "unsafe_name", "symlink", "symlink", "not_a_file", "not_a_file", "not_a_file"),
    ]
    assert all(not row["member"].startswith("/") and ".." not in row["member"] for row in rejects)


def test_what_leads_out_of_a_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("/abs.txt", "../up.txt", "a/./../../up.txt", "in\\..\\..\\up.txt", "a.txt", "__MACOSX/a.txt"):
            archive.writestr(name, "Page")
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        device = zipfile.ZipInfo("disk.txt")
        device.external_attr = 0o060666 << 16
        archive.writestr(device, "")

    pages, rejects = read_rows(tmp_path)

    assert [page["source"]["member"] for page in pages] == ["a.txt"]
    assert [row["reason"] for row in rejects] == [*["unsafe_name"] * 4, "hidden_file", "symlink", "not_a_file"]


def test_encrypted_files_and_archives_in_archives_are_refused(tree: Path) -> None:
    shell("zip -q -P secret ../in/a.zip news/a.txt && zip -q inner.zip rows.jsonl", tree)
    shell("tar cf inner.tar z && zip -q ../in/a.zip inner.zip inner.tar z/last.text", tree)

    pages, rejects = read_rows(tree.parent / "in")

    assert [page["raw"] for page in pages] == ["The last page.\n"]
    assert {row["member"]: row["reason"] for row in rejects} == dict.fromkeys(
        ["news/a.txt", "inner.zip", "inner.tar"], "unsupported_format"
    )


@pytest.mark.parametrize(
    "pack", ["zip -q a.zip *.txt", "tar czf a.tar.gz *.txt", "tar cf - *.txt | zstd -q -o a.tar.zst"]
)
def test_a_bomb_is_read_no_further_than_it_may_go(pack: str, tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.txt").write_text(f"{number} " + "x" * 9_000_000)
    shell(f"{pack} && rm *.txt", tmp_path)

    pages, rejects = read_rows(tmp_path, Recipe(bounds=Bounds(max_unpacked=10)))

    assert 5 <= len(pages) <= 7  # of 9 MB each, within 64 MiB
    assert {row["reason"] for row in rejects} == {"bomb"}


def test_a_list_of_files_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "Page")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    at = data.rindex(b"PK\x05\x06")
    data[at + 12 : at + 16] = (1 << 30).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(data)

    pages, [reject] = read_rows(tmp_path)

    assert pages == []
    assert reject["reason"] == "damaged"
    assert "larger than" in reject["detail"]


def test_heads_that_claim_much_are_not_believed(tmp_path: Path) -> None:
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    with tarfile.open(tmp_path / "good.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    good = (tmp_path / "good.tar").read_bytes()
    (tmp_path / "good.tar").unlink()
    (tmp_path / "a.tar").write_bytes(long_name.tobuf(tarfile.GNU_FORMAT) + good)

    pages, rejects = read_rows(tmp_path)

    assert pages == []
    assert [row["reason"] for row in rejects] == ["damaged", "empty_file"]


def test_each_of_many_small_files_is_read(tmp_path: Path) -> None:
    names = [f"{number}.txt" for number in range(4_000)]
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        for name in names:
            packed.writestr(name, name)

    pages, rejects = read_rows(tmp_path)

    assert [page["raw"] for page in pages] == names * 2
    assert rejects == []


# -- damage --


def damaged(path: Path, change: Callable[[bytearray], object]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def test_a_broken_file_in_a_zip_costs_no_other(tree: Path) -> None:
    shell(PACKERS["stored.zip"], tree)

    def change(data: bytearray) -> None:
        at = data.index(b"The tram")
        data[at : at + 3] = b"\0\0\0"

    damaged(tree.parent / "in" / "stored.zip", change)
    pages, rejects = read_rows(tree.parent / "in")

    assert len(pages) == len(TEXTS) + 3 - 1
    assert [(row["reason"], row["member"]) for row in rejects] == [("damaged", "news/a.txt")]


def test_a_broken_head_in_a_tar_costs_no_other_file(tree: Path) -> None:
    shell("tar cf ../in/a.tar news/a.txt news/möwe.txt rows.jsonl z/last.text", tree)

    def change(data: bytearray) -> None:
        at = data.index("news/möwe.txt".encode())
        data[at : at + 200] = bytes([255]) * 200

    damaged(tree.parent / "in" / "a.tar", change)
    pages, rejects = read_rows(tree.parent / "in")

    assert {page["source"]["member"] for page in pages} == {"news/a.txt", "rows.jsonl", "z/last.text"}
    assert [row["reason"] for row in rejects] == ["damaged"]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.zst"])
def test_an_archive_that_was_cut_off_is_told(name: str, tree: Path) -> None:
    (tree / "a.txt").write_text("".join(f"{n * n * 7919 % 100003} " for n in range(60_000)))
    shell(PACKERS[name], tree)
    damaged(tree.parent / "in" / name, lambda data: data.__delitem__(slice(len(data) // 2, None)))

    pages, rejects = read_rows(tree.parent / "in")

    assert {page["raw"] for page in pages} <= TEXTS | {f"Line {n}" for n in range(3)}
    assert {row["reason"] for row in rejects} == {"damaged"}


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=30)), min_size=1, max_size=4), st.booleans()
)
def test_whatever_breaks_is_a_reject(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[float, bytes]], zipped: bool
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = folder / "a.box"
    if zipped:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(5):
                archive.writestr(f"{number}.txt", f"Page {number}" * 20)
    else:
        write_tar(path, [typed(f"{number}.txt") for number in range(5)])

    def change(data: bytearray) -> None:
        for where, new in damages:
            at = int(where * len(data))
            data[at : at + len(new)] = new

    damaged(path, change)
    pages, rejects = read_rows(folder)

    assert len(pages) + len(rejects) >= 1
