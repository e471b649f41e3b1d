"""Seed files to the pages table: what is found, in which order, and what is refused, with its reason."""

import hashlib
import os
import random
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unpacked import read_seeds

from dehusk.builders.reading.decode import decode_span
from dehusk.builders.reading.read import PAGES, page_from_text
from dehusk.builders.recipe import Bounds
from dehusk.builders.unpacking.seeds import Seed, list_seeds, readable_path
from dehusk.schema.errors import UsageError
from dehusk.schema.record import REASONS, REJECTS

TEXT = "The ferry sails at noon.\nBring a coat.\n"


def write(folder: Path, files: Mapping[str, bytes | str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def everything(folder: Path, bounds: Bounds | None = None) -> tuple[list[dict[str, object]], dict[str, str]]:
    """The pages as dicts, and the reason of each reject by its path."""
    pages, rejects = read_seeds(list_seeds(folder), bounds or Bounds())
    assert pages.schema == PAGES
    assert rejects.schema == REJECTS
    pages.validate(full=True)
    rejects.validate(full=True)
    assert set(rejects["reason"].to_pylist()) <= set(REASONS)
    return pages.to_pylist(), dict(zip(rejects["path"].to_pylist(), rejects["reason"].to_pylist(), strict=True))


def test_a_page_carries_where_it_came_from(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": b"\xef\xbb\xbfZw\xc3\xb6lf\r\n"})

    [page], rejects = everything(tmp_path)

    sha256 = hashlib.sha256(b"\xef\xbb\xbfZw\xc3\xb6lf\r\n").hexdigest()
    assert rejects == {}
    assert page == {
        "id": sha256[:24],
        "raw": "Zwölf\r\n",
        "flags": ["bom", "crlf"],
        "source": {
            "path": "a.txt",
            "member": None,
            "offset": None,
            "record": None,
            "url": None,
            "date": None,
            "sha256": sha256,
            "format": "text",
            "encoding": "utf-8",
            "byte_start": 0,
            "byte_end": 11,
        },
        "extra": None,
        "declared": None,
        "cut": None,
    }


def test_folders_are_walked_in_the_order_of_code_points(tmp_path: Path) -> None:
    names = ["B.txt", "a.TXT", "a/z.text", "a/b/c/d.txt", "a-.txt", "ä.txt", "z.txt", "\U0001f6a2.txt", "\uff5a.txt"]
    shuffled = random.Random(1).sample(names, len(names))  # noqa: S311
    write(tmp_path, dict.fromkeys(shuffled, TEXT))

    pages, rejects = everything(tmp_path)

    assert rejects == {}
    assert [page["source"]["path"] for page in pages] == sorted(names)  # type: ignore[index]


def test_pages_do_not_depend_on_how_seeds_are_batched(tmp_path: Path) -> None:
    write(tmp_path, {f"{n % 3}/{n}.txt": f"Page {n}" if n % 4 else "" for n in range(12)})
    seeds = list_seeds(tmp_path)

    whole = read_seeds(seeds)
    parts = [read_seeds(seeds[n : n + 5]) for n in range(0, 12, 5)]

    for at in (0, 1):
        assert pa.concat_tables([part[at] for part in parts]).combine_chunks() == whole[at].combine_chunks()


def test_a_single_file_is_a_seed(tmp_path: Path) -> None:
    write(tmp_path, {"in/a.txt": TEXT, "in/b.txt": TEXT, "in/c.rtf": TEXT})

    pages, rejects = read_seeds(list_seeds(tmp_path / "in/a.txt"), Bounds())

    assert pages["source"].to_pylist()[0]["path"] == "a.txt"
    assert (len(pages), len(rejects)) == (1, 0)
    assert everything(tmp_path / "in/c.rtf") == ([], {"c.rtf": "unsupported_format"})


@pytest.mark.skipif(sys.platform == "darwin", reason="the file system of macOS takes UTF-8 names only")
def test_a_single_file_may_have_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"m\xfcd.txt")
    path.write_text(TEXT)

    pages, _ = everything(path)

    assert pages[0]["source"]["path"] == r"m\xfcd.txt"  # type: ignore[index]


def test_an_empty_folder_has_no_pages(tmp_path: Path) -> None:
    assert everything(tmp_path) == ([], {})


def test_no_folder_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder or file .*missing"):
        list_seeds(tmp_path / "missing")


def test_the_recipe_at_the_root_is_no_seed(tmp_path: Path) -> None:
    write(tmp_path, {"dehusk.toml": "", "a/dehusk.toml": ""})

    assert everything(tmp_path) == ([], {"a/dehusk.toml": "unsupported_format"})


def test_what_is_no_page_is_rejected_with_its_reason(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "good.txt": TEXT,
            "notes.md": TEXT,
            "noextension": TEXT,
            "empty.txt": "",
            "blank.txt": " \t\r\n\u3000\u2028\x1f\n",
            "mark.txt": b"\xff\xfe",
            "picture.txt": b"\x89PNG\r\n\x1a\n\x00\x00",
            "page.txt": "<?xml version='1.0'?><feed>The ferry</feed>",
            "empty.html": "<!doctype html><title>The ferry</title><body><br>",
            "broken.txt": TEXT.encode() + "Fährmann, Gäste, Brücke".encode() + b"\xc3",
            ".hidden.txt": TEXT,
            ".git/config.txt": TEXT,
            "a/.cache/b.txt": TEXT,
            "large.txt": TEXT * 10,
        },
    )

    pages, rejects = everything(tmp_path, Bounds(max_file_bytes=100))

    assert [page["source"]["path"] for page in pages] == ["good.txt"]  # type: ignore[index]
    assert rejects == {
        ".git": "hidden_file",
        ".hidden.txt": "hidden_file",
        "a/.cache": "hidden_file",
        "blank.txt": "empty_file",
        "broken.txt": "undecodable",
        "empty.html": "empty_file",
        "empty.txt": "empty_file",
        "large.txt": "too_large",
        "mark.txt": "empty_file",
        "noextension": "unsupported_format",
        "notes.md": "unsupported_format",
        "page.txt": "unsupported_format",
        "picture.txt": "unsupported_format",
    }


def test_a_reject_shows_how_it_begins_if_it_was_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": b"<?xml \x1b[2J\n\xe9" + b"x" * 1000, "b.md": "never read"})

    _, rejects = read_seeds(list_seeds(tmp_path), Bounds())

    first, second = rejects.to_pylist()
    data = (tmp_path / "a.txt").read_bytes()
    assert first["excerpt"].startswith(r"<?xml \x1b[2J\x0a\xe9xxx")
    assert len(first["excerpt"]) < 220
    assert (first["sha256"], first["byte_start"], first["byte_end"]) == (hashlib.sha256(data).hexdigest(), 0, len(data))
    assert first["stage"] == second["stage"] == "read"
    assert [second[name] for name in ("sha256", "byte_start", "byte_end", "excerpt")] == [None] * 4


def test_a_file_as_large_as_allowed_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": b"x" * 100, "b.txt": b"x" * 101})

    pages, rejects = everything(tmp_path, Bounds(max_file_bytes=100))

    assert len(pages) == 1
    assert rejects == {"b.txt": "too_large"}


def test_a_file_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "sparse.txt").open("wb") as file:
        file.truncate(1 << 40)

    assert everything(tmp_path) == ([], {"sparse.txt": "too_large"})


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a file larger than it says")
def test_a_file_larger_than_it_says_is_read_to_its_end_or_bound() -> None:
    status = [
        Seed("status.txt", b"status", b"/proc/self")
    ]  # its size is said to be 0, as that of a file that grows meanwhile

    pages, _ = read_seeds(status)
    _, rejects = read_seeds(status, Bounds(max_file_bytes=100))

    assert pages["raw"][0].as_py().startswith("Name:")
    assert rejects["reason"].to_pylist() == ["too_large"]


def test_symbolic_links_are_never_followed(tmp_path: Path) -> None:
    seeds, outside = tmp_path / "seeds", tmp_path / "outside"
    write(tmp_path, {"outside/secret.txt": TEXT, "seeds/a.txt": TEXT})
    (seeds / "out.txt").symlink_to(outside / "secret.txt")
    (seeds / "in.txt").symlink_to("a.txt")
    (seeds / "folder").symlink_to(outside)
    (seeds / "loop").symlink_to(".")
    (seeds / "self.txt").symlink_to("self.txt")
    (seeds / "broken.txt").symlink_to("nothing")
    (seeds / ".hidden").symlink_to(outside)

    pages, rejects = everything(seeds)

    assert [page["source"]["path"] for page in pages] == ["a.txt"]  # type: ignore[index]
    names = [".hidden", "broken.txt", "folder", "in.txt", "loop", "out.txt", "self.txt"]
    assert rejects == dict.fromkeys(names, "symlink")
    assert everything(seeds / "broken.txt")[1] == {"broken.txt": "symlink"}


def test_the_seeds_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path, {"seeds/a.txt": TEXT})
    (tmp_path / "link").symlink_to("seeds")

    assert len(everything(tmp_path / "link")[0]) == 1


def test_links_that_take_a_place_after_listing_are_not_followed(tmp_path: Path) -> None:
    seeds, outside = tmp_path / "seeds", tmp_path / "outside"
    write(
        tmp_path,
        {"outside/a.txt": TEXT, "seeds/in/a.txt": TEXT, "seeds/b.txt": TEXT, "seeds/in/deep/a.txt": TEXT},
    )
    listed = list_seeds(seeds)
    (seeds / "b.txt").unlink()
    (seeds / "b.txt").symlink_to(outside / "a.txt")
    (seeds / "in").rename(tmp_path / "moved")
    (seeds / "in").symlink_to(outside)

    pages, rejects = read_seeds(listed)

    assert len(pages) == 0
    reasons = dict(zip(rejects["path"].to_pylist(), rejects["reason"].to_pylist(), strict=True))
    assert reasons["b.txt"] == "symlink"
    assert reasons["in/a.txt"] == reasons["in/deep/a.txt"] == "unreadable"  # it is no folder to the system


def test_what_is_gone_or_changed_after_listing_is_rejected(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": TEXT, "b.txt": TEXT, "c.txt": TEXT, "d/a.txt": TEXT})
    listed = list_seeds(tmp_path)
    for name in ("a.txt", "b.txt", "c.txt", "d/a.txt"):
        (tmp_path / name).unlink()
    os.mkfifo(tmp_path / "b.txt")
    (tmp_path / "c.txt").mkdir()
    (tmp_path / "d").rmdir()

    _, rejects = read_seeds(listed)

    assert rejects["reason"].to_pylist() == ["unreadable", "not_a_file", "not_a_file", "unreadable"]
    assert "No such file" in rejects["detail"][0].as_py()


def test_pipes_sockets_and_devices_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short}/socket.txt")  # a socket's path has to be short

        assert everything(Path(short)) == ([], {"socket.txt": "not_a_file"})
    assert everything(tmp_path) == ([], {"pipe.txt": "not_a_file"})
    assert everything(Path("/dev/null")) == ([], {"null": "not_a_file"})


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path, {"a.txt": TEXT, "in/b.txt": TEXT, "in/deep/c.txt": TEXT})
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "in").chmod(0)
    if os.access(tmp_path / "a.txt", os.R_OK):
        pytest.skip("this user may read everything")
    yield tmp_path
    (tmp_path / "in").chmod(0o700)


def test_what_may_not_be_read_is_rejected(locked: Path) -> None:
    assert everything(locked) == ([], {"a.txt": "unreadable", "in": "unreadable"})


def test_a_root_that_may_not_be_read_is_wrong_use(locked: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        list_seeds(locked / "in")


def test_a_root_that_is_gone_rejects_its_seeds(tmp_path: Path) -> None:
    _, rejects = read_seeds([Seed("a.txt", b"a.txt", bytes(tmp_path / "gone/deep"))])

    assert rejects["reason"].to_pylist() == ["unreadable"]


def test_a_folder_that_cannot_be_listed_is_one_reject(tmp_path: Path) -> None:
    deep = b"d" * 200
    folder = os.open(tmp_path, os.O_DIRECTORY)
    for _ in range(25):  # deeper than the system takes a path
        os.mkdir(deep, dir_fd=folder)
        inner = os.open(deep, os.O_DIRECTORY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)

    pages, rejects = everything(tmp_path)

    assert pages == []
    assert list(rejects.values()) == ["unreadable"]


@pytest.mark.skipif(sys.platform == "darwin", reason="the file system of macOS takes UTF-8 names only")
def test_odd_names_are_read_and_shown_in_one_line(tmp_path: Path) -> None:
    names = [
        b"new\nline.txt",
        b"\xff\xfe.txt",
        b"esc\x1b[2J.txt",
        rb"a\x0a.txt",
        b" .txt",
        "h\u202etxt.txt".encode(),
        b"$(x);'.txt",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text(TEXT)

    pages, rejects = everything(tmp_path)

    shown = {page["source"]["path"] for page in pages}  # type: ignore[index]
    assert rejects == {}
    assert shown == {
        *(
            r"new\x0aline.txt",
            r"\xff\xfe.txt",
            r"esc\x1b[2J.txt",
            r"a\x5cx0a.txt",
            " .txt",
            r"h\u202etxt.txt",
            "$(x);'.txt",
        ),
    }


@given(st.binary(), st.binary())
def test_different_names_stay_different(one: bytes, other: bytes) -> None:
    assert (readable_path(one) == readable_path(other)) == (one == other)
    assert readable_path(one).isprintable() or not one.isascii()


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode(errors="replace"))))
)
def test_any_files_are_pages_or_rejects(contents: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, {f"{n:03}.txt": content for n, content in enumerate(contents)})

        pages, rejects = everything(folder)

        assert len(pages) + len(rejects) == len(contents)
        for page in pages:
            source: dict[str, str] = page["source"]  # type: ignore[assignment]
            data = (folder / source["path"]).read_bytes()
            body = data.removeprefix(b"\xef\xbb\xbf") if source["encoding"].endswith("utf-8") else None
            assert body is None or decode_span(body, source["encoding"]) == page["raw"]


def test_text_becomes_a_page_as_its_file_would(tmp_path: Path) -> None:
    text = "\ufeffZwölf\r\n\x0b"
    write(tmp_path, {"a.txt": text})

    table = page_from_text(text, "a.txt")

    assert table.schema == PAGES
    assert table.to_pylist() == everything(tmp_path)[0]


@given(st.text())
def test_any_text_becomes_a_page(text: str) -> None:
    table = page_from_text(text, text)

    table.validate(full=True)
    assert len(table) == 1
