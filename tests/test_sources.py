"""Sources: folders, globs, several at once, and other file systems, as files of one dataset."""

import gzip
import hashlib
import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import polars as pl
import pytest
from click.testing import CliRunner
from fsspec.implementations.memory import MemoryFileSystem

from dehusk.builders.build import build_dataset
from dehusk.builders.check import check_dataset
from dehusk.builders.cli import main
from dehusk.builders.pack import read_manifest
from dehusk.builders.reading.read import read_pages
from dehusk.builders.recipe import Recipe
from dehusk.builders.unpacking import remote
from dehusk.builders.unpacking.document import Document, Item, ReadFile, Unread
from dehusk.builders.unpacking.sources import list_sources
from dehusk.builders.unpacking.unpack import unpack_seeds
from dehusk.schema.errors import UsageError

ROWS = "".join(json.dumps({"text": f"Row {n}\n" + "Wait. " * (n % 9)}) + "\n" for n in range(2_000))
FILES = {"a.txt": "Page a", "in/b.txt": "Page b", "in/deep/c.txt": "Page c", "rows.jsonl.gz": ROWS}


def fill(folder: Path) -> Path:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode())
    pl.DataFrame({"text": [f"Cell {n}" for n in range(500)]}).write_parquet(folder / "t.parquet", row_group_size=100)
    return folder


def items_of(*sources: str | Path) -> list[Item]:
    return list(unpack_seeds(list_sources(sources), Recipe()))


def contents(items: list[Item]) -> list[tuple[str, bytes]]:
    return [(item.place.key, item.data) for item in items if isinstance(item, Document)]


def paths(*sources: str | Path) -> list[str]:
    return [seed.path for seed in list_sources(sources)]


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PAUSE", 0.001)


# -- this machine --


def test_paths_are_relative_to_what_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)

    assert paths("seeds") == ["a.txt", "in/b.txt", "in/deep/c.txt", "rows.jsonl.gz", "t.parquet"]
    assert paths("seeds/in/b.txt") == ["b.txt"]
    assert paths(tmp_path / "seeds" / "in") == paths(f"file://{tmp_path}/seeds/in") == ["b.txt", "deep/c.txt"]
    assert paths("seeds/in", "seeds/a.txt") == ["a.txt", "in/b.txt", "in/deep/c.txt"]
    assert paths("seeds/in/b.txt", tmp_path / "seeds" / "in" / "deep", "seeds/in") == ["b.txt", "deep/c.txt"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("seeds/*.txt", ["a.txt"]),
        ("seeds/*/*.txt", ["in/b.txt"]),
        ("seeds/**/*.txt", ["a.txt", "in/b.txt", "in/deep/c.txt"]),
        ("seeds/i*", ["in/b.txt", "in/deep/c.txt"]),
        ("se*/in/[bc].txt", ["seeds/in/b.txt"]),
        ("./seeds/?.txt", ["a.txt"]),
    ],
)
def test_globs_name_files_and_folders(
    pattern: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)

    assert paths(pattern) == expected
    assert paths(str(tmp_path / pattern.removeprefix("./"))) == expected


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text("Page")
    (tmp_path / "a1.txt").write_text("Other")

    assert contents(items_of(tmp_path / "a[1].txt")) == [("a[1].txt", b"Page")]


def test_links_are_not_followed_by_globs(tmp_path: Path) -> None:
    fill(tmp_path / "outside")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "link").symlink_to(tmp_path / "outside")

    items = items_of(f"{tmp_path}/seeds/*")

    assert contents(items) == []
    assert [item.refused.reason for item in items if isinstance(item, Unread)] == ["symlink"]


@pytest.mark.parametrize("source", ["missing", "seeds/*.nothing", "missing/*.txt", "nosuchscheme://a/b", "s3://a::b"])
def test_what_names_nothing_is_wrong_use(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError):
        list_sources(source)


def test_several_sources_make_one_dataset(tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one"), tmp_path / "two"
    two.mkdir()
    (two / "d.txt").write_text("Page d")
    (two / "a.txt").write_text("Page a")
    (two / "takedown.txt").write_text("path two/d.txt\n")

    summary = build_dataset([one, two], tmp_path / "dist")

    assert (summary.kept, summary.rejected) == (2_503, {"takedown": 1, "duplicate": 1})
    assert check_dataset(tmp_path / "dist") == []
    seeds = {seed.path: seed for seed in read_manifest(tmp_path / "dist").seeds}
    assert list(seeds) == [f"one/{name}" for name in paths(one)] + ["two/a.txt"]
    data = (one / "rows.jsonl.gz").read_bytes()
    assert seeds["one/rows.jsonl.gz"].bytes == len(data)
    assert seeds["one/rows.jsonl.gz"].sha256 == hashlib.sha256(data).hexdigest()


def test_two_recipes_are_one_too_many(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dehusk.toml").write_text("")

    done = CliRunner().invoke(main, ["build", f"{tmp_path}/one", f"{tmp_path}/two", "--out", f"{tmp_path}/dist"])

    assert done.exit_code == 2
    assert "two recipes" in done.stderr


# -- dehusk sources --


def test_what_would_be_read_is_told_without_building(tmp_path: Path) -> None:
    folder = fill(tmp_path / "seeds")
    (folder / "broken.jsonl").write_text('{"text": "cut o')
    (folder / "old.txt").write_bytes("Zwölf Möwen über dem großen Süßsee.\n".encode("cp1252") * 3)

    shown = CliRunner().invoke(main, ["sources", str(folder)])
    told = CliRunner().invoke(main, ["sources", str(folder), "--json"])

    assert shown.exit_code == told.exit_code == 0, shown.stderr
    files = {row["path"]: row for row in map(json.loads, told.stdout.splitlines())}
    assert list(files) == sorted(files)
    assert {name: (row["format"], row["encoding"], row["records"]) for name, row in files.items()} == {
        "a.txt": ("text", "utf-8", 1),
        "broken.jsonl": (None, None, None),
        "in/b.txt": ("text", "utf-8", 1),
        "in/deep/c.txt": ("text", "utf-8", 1),
        "old.txt": ("text", "cp1252", 1),
        "rows.jsonl.gz": ("jsonl.gz/text", "utf-8", None),
        "t.parquet": ("parquet/text", "utf-8", 500),
    }
    assert files["broken.jsonl"]["refused"]["reason"] == "damaged"
    assert files["t.parquet"]["size"] == (folder / "t.parquet").stat().st_size
    assert files["old.txt"]["page"].startswith("Zwölf Möwen")
    assert "The first page, of a.txt:\n\n  Page a\n" in shown.stdout
    assert "7 files of" in shown.stdout
    assert not (tmp_path / "dist").exists()


def test_the_columns_that_are_named_count_in_a_preview(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "One", "story": "Two"}\n')

    told = CliRunner().invoke(main, ["sources", str(tmp_path), "--json", "--text-column", "story"])

    assert json.loads(told.stdout)["page"] == "Two"


# -- the web --


class Web(http.server.SimpleHTTPRequestHandler):
    """A server that gives ranges or not, breaks off now and then, and says what it was asked."""

    ranges = True
    break_every = 0
    calls = 0

    def do_GET(self) -> None:
        """Gives a file, or a part of one, or less than it promised."""
        kind = type(self)
        kind.calls += 1
        data = Path(self.translate_path(self.path)).read_bytes()
        start, end, status = 0, len(data), 200
        if self.ranges and (asked := self.headers.get("Range")):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end, status = int(first), int(last or len(data) - 1) + 1, 206
        part = data[start:end]
        self.send_response(status)
        self.send_header("Content-Length", str(len(part)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(data)}")
        self.end_headers()
        broken = kind.break_every and kind.calls % kind.break_every == 0
        self.wfile.write(part[: len(part) // 2] if broken else part)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def serve(folder: Path, **options: Any) -> Iterator[str]:
    handler = type("Handler", (Web,), options)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("break_every", [0, 3])
@pytest.mark.parametrize("ranges", [True, False])
def test_files_of_a_web_server_are_read(ranges: bool, break_every: int, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(remote, "BLOCK", 1_000)
    folder = fill(tmp_path / "seeds")
    with serve(folder, ranges=ranges, break_every=break_every) as url:
        for name in ("a.txt", "rows.jsonl.gz", "t.parquet"):
            there, here = items_of(f"{url}/{name}?signature=secret"), items_of(folder / name)

            assert contents(there) == contents(here)
            assert there == here  # the digest of the file too


def test_a_server_that_gives_nothing_more_costs_what_follows(tmp_path: Path) -> None:
    folder = fill(tmp_path / "seeds")
    with serve(folder, break_every=1) as url:
        items = items_of(f"{url}/rows.jsonl.gz?token=hf_secretsecret")

    assert [item.refused.reason for item in items if isinstance(item, Unread)] == ["unreadable"]
    assert "secret" not in str(items)


def test_a_missing_page_of_the_web_is_wrong_use(tmp_path: Path) -> None:
    with serve(tmp_path) as url, pytest.raises(UsageError, match="nothing at") as refused:
        list_sources(f"{url}/missing.txt?signature=secret")

    assert "secret" not in refused.value.message


@pytest.mark.parametrize("url", ["https://ada:secret@example.org/a.txt", "s3://key:secret@bucket/a"])
def test_passwords_in_addresses_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="password") as refused:
        list_sources(url)

    assert "secret" not in refused.value.message


# -- stores --


def put(folder: Path, url: str) -> None:
    system, root = fsspec.core.url_to_fs(url)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            system.pipe_file(f"{root}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def test_a_store_in_memory_is_a_source(tmp_path: Path) -> None:
    folder = fill(tmp_path / "seeds")
    (folder / ".hidden.txt").write_text("No page")
    put(folder, "memory://box/pages")

    assert items_of("memory://box/pages") == items_of(folder)
    assert paths("memory://box/pages/in/*.txt") == ["b.txt"]
    assert paths("memory://box/pages/a.txt", "memory://box/pages/in") == ["a.txt", "in/b.txt", "in/deep/c.txt"]
    assert paths("memory://box/pages/a.txt", folder / "a.txt") == ["local/a.txt", "memory/a.txt"]


def test_a_bucket_is_a_source(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BLOCK", 5_000)
    folder = fill(tmp_path / "seeds")
    put(folder, f"{bucket}/crawl")

    assert items_of(f"{bucket}/crawl") == items_of(folder)
    assert contents(items_of(f"{bucket}/crawl/*.parquet")) == contents(items_of(folder / "t.parquet"))
    done = CliRunner().invoke(main, ["build", f"{bucket}/crawl", "--out", str(tmp_path / "dist"), "--quiet"])
    assert done.exit_code == 0, done.stderr
    assert read_manifest(tmp_path / "dist").counts.kept == 2_503
    assert check_dataset(tmp_path / "dist") == []
    written = b"".join(path.read_bytes() for path in (tmp_path / "dist").rglob("*") if path.is_file())
    for word in ("bucket-secret", "tester", os.environ["AWS_ENDPOINT_URL"], "s3://"):
        assert word.encode() not in written


def test_a_dataset_is_built_into_a_bucket(bucket: str, tmp_path: Path) -> None:
    folder = fill(tmp_path / "seeds")
    (folder / "rows.jsonl.gz").unlink()
    build_dataset(folder, tmp_path / "dist")
    url = f"{bucket}/datasets/one"
    system = fsspec.filesystem("s3", skip_instance_cache=True)

    def built() -> dict[str, bytes]:
        done = CliRunner().invoke(main, ["build", str(folder), "--out", url, "--quiet"])
        assert done.exit_code == 0, done.stderr
        assert f"load_dataset('{url}')" in done.stdout
        system.invalidate_cache()
        return {name.removeprefix("pages/datasets/one/"): system.cat_file(name) for name in system.find(url)}

    assert built() == {
        path.relative_to(tmp_path / "dist").as_posix(): path.read_bytes()
        for path in (tmp_path / "dist").rglob("*")
        if path.is_file()
    }
    (folder / "takedown.txt").write_text("path a.txt\n")
    built()
    (folder / "takedown.txt").unlink()
    listed = built()["takedown.txt"]  # what was taken out once stays out

    assert b"path a.txt" in listed


class FullDisk(MemoryFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """A file system that can be read, and that has no room."""

    protocol = "full"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(MemoryFileSystem._strip_protocol(path.removeprefix("full://")))

    def pipe_file(self, *_: Any, **__: Any) -> None:
        raise OSError("no room")

    put_file = pipe_file


def test_what_cannot_be_brought_to_its_place_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.register_implementation("full", FullDisk, clobber=True)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "a.txt").write_text("Page a")

    done = CliRunner().invoke(main, ["build", str(tmp_path / "a.txt"), "--out", "full://there/pages", "--quiet"])

    [built] = (tmp_path / "tmp").glob("dehusk-*/dist")
    assert done.exit_code == 3
    assert f"dehusk publish {built} full://there/pages" in " ".join(done.stderr.split())
    assert check_dataset(built) == []


def test_a_hub_is_no_place_to_build_into(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["build", str(fill(tmp_path)), "--out", "hf://datasets/ada/pages", "--quiet"])

    assert done.exit_code == 2
    assert "dehusk publish" in done.stderr


def test_parts_of_files_in_a_bucket_have_each_record_once(bucket: str, tmp_path: Path) -> None:
    from dehusk.builders.plan import cut_large

    (tmp_path / "rows.jsonl").write_text(ROWS)
    put(tmp_path, f"{bucket}/parts")
    parts = list(cut_large(list_sources(f"{bucket}/parts/rows.jsonl"), 10_000))

    pages, rejects = read_pages(item for part in parts for item in unpack_seeds([part], Recipe()))

    assert len(parts) > 5
    assert pages["raw"].to_pylist() == [json.loads(line)["text"] for line in ROWS.splitlines()]
    assert len(rejects) == 0
    assert [item for part in parts[1:] for item in unpack_seeds([part], Recipe()) if isinstance(item, ReadFile)] == []


def test_a_wrong_secret_is_said_and_not_shown(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(UsageError, match="cannot read s3://pages/crawl") as refused:
        list_sources(f"{bucket}/crawl")
    assert "a-wrong-secret" not in refused.value.message
    fsspec.filesystem("s3").clear_instance_cache()
