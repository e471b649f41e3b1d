"""Web archives as sources: what warcio writes is read record by record, and a broken record costs no other."""

import gzip
import io
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import brotli
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unpacked import read_rows, read_seeds
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from dehusk.builders.plan import cut_large
from dehusk.builders.recipe import Bounds, Recipe
from dehusk.builders.unpacking.document import Document, Unread
from dehusk.builders.unpacking.payload import decode_payload
from dehusk.builders.unpacking.seeds import list_seeds
from dehusk.builders.unpacking.unpack import unpack_seeds

pytestmark = [  # warcio leaves its temporary files to the garbage collector
    pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PLAIN = ("Content-Type", "text/plain; charset=utf-8")
TEXTS = [f"Ferry {n}\n\nMöwe: it sails at noon; bring a coat.\n" + "Wait. " * (5 * n) for n in range(40)]


class Answer(NamedTuple):
    """What a server answered."""

    body: bytes
    headers: Sequence[tuple[str, str]] = (PLAIN,)
    status: str = "200 OK"
    kind: str = "response"


def write_warc(path: Path, answers: Sequence[Answer], *, gzipped: bool) -> list[int]:
    """Writes an archive as warcio does; returns where each record begins."""
    offsets = []
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=gzipped)
        writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "warcio"}))
        for number, answer in enumerate(answers):
            http = StatusAndHeaders(answer.status, list(answer.headers), protocol="HTTP/1.1")
            request = StatusAndHeaders("GET / HTTP/1.1", [("Host", "harbour.example")], is_http_request=True)
            url = f"https://harbour.example/{number}"
            writer.write_record(writer.create_warc_record(url, "request", http_headers=request))
            offsets.append(file.tell())
            writer.write_record(
                writer.create_warc_record(
                    url,
                    answer.kind,
                    payload=io.BytesIO(answer.body),
                    http_headers=http if answer.kind in ("response", "revisit") else None,
                    warc_content_type="text/plain" if answer.kind in ("conversion", "resource") else "",
                    warc_headers_dict={"WARC-Date": f"2021-05-14T08:00:{number:02}Z"},
                )
            )
    return offsets


def answers(texts: Sequence[str] = TEXTS, kind: str = "response") -> list[Answer]:
    return [Answer(text.encode(), kind=kind) for text in texts]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.warc.zst", "a.warc.bz2", "misnamed.txt"])
def test_an_archive_gives_the_pages_that_went_into_it(name: str, tmp_path: Path) -> None:
    offsets = write_warc(tmp_path / name, answers(), gzipped=name in ("a.warc.gz", "misnamed.txt"))
    for tool, end in (("zstd -q --rm", ".zst"), ("bzip2", ".bz2")):
        if name.endswith(end):
            (tmp_path / name).rename(tmp_path / "a.warc")
            subprocess.run(f"{tool} a.warc", shell=True, check=True, cwd=tmp_path)  # noqa: S602

    pages, rejects = read_rows(tmp_path)

    assert rejects == []
    assert [page["raw"] for page in pages] == TEXTS
    source = [page["source"] for page in pages]
    assert [at["url"] for at in source] == [f"https://harbour.example/{n}" for n in range(40)]
    assert [at["date"] for at in source] == [f"2021-05-14T08:00:{n:02}Z" for n in range(40)]
    assert all(at["record"].startswith("urn:uuid:") for at in source)
    assert len({at["record"] for at in source}) == 40
    packing = {"misnamed.txt": ".gz"}.get(name, name.removeprefix("a.warc"))
    assert {at["format"] for at in source} == {f"warc{packing}/text"}
    if packing in ("", ".gz"):
        assert [at["offset"] for at in source] == offsets


@pytest.mark.parametrize("gzipped", [True, False])
def test_texts_of_wet_and_stored_files_are_pages(gzipped: bool, tmp_path: Path) -> None:
    write_warc(tmp_path / "a.wet.gz", answers(kind="conversion"), gzipped=gzipped)
    write_warc(tmp_path / "b.warc", answers(kind="resource"), gzipped=gzipped)

    pages, rejects = read_rows(tmp_path)

    assert rejects == []
    assert [page["raw"] for page in pages] == TEXTS * 2


@pytest.mark.parametrize("part_bytes", [997, 3_000, 1_000_000])
@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc"])
def test_parts_of_an_archive_have_each_record_once(name: str, part_bytes: int, tmp_path: Path) -> None:
    write_warc(tmp_path / name, answers(), gzipped=name.endswith("gz"))
    parts = list(cut_large(list_seeds(tmp_path), part_bytes))

    each = [read_seeds([part]) for part in parts]

    assert pa.concat_tables([pages for pages, _ in each])["raw"].to_pylist() == TEXTS
    assert sum(len(rejects) for _, rejects in each) == 0
    filled = sum(len(pages) > 0 for pages, _ in each)
    assert filled > 3 if name.endswith("gz") and part_bytes < 4_000 else filled == 1


# -- codings --

PAGE = TEXTS[30].encode()
PIECES = [PAGE[at : at + 70] for at in range(0, len(PAGE), 70)]
CHUNKED = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece) for piece in PIECES)
ZSTD = pa.compress(PAGE, "zstd", asbytes=True)
CODED: dict[str, tuple[bytes, str]] = {
    "chunked": (CHUNKED + b"0\r\n\r\n", "Transfer-Encoding: chunked"),
    "gzip": (gzip.compress(PAGE), "Content-Encoding: gzip"),
    "x-gzip": (gzip.compress(PAGE), "Content-Encoding: x-gzip"),
    "two gzips": (gzip.compress(gzip.compress(PAGE)), "Content-Encoding: gzip, gzip"),
    "zlib": (zlib.compress(PAGE), "Content-Encoding: deflate"),
    "deflate": (zlib.compress(PAGE)[2:-4], "Content-Encoding: deflate"),
    "brotli": (brotli.compress(PAGE), "Content-Encoding: br"),
    "zstd": (ZSTD, "Content-Encoding: zstd"),
    "identity": (PAGE, "Content-Encoding: identity"),
    "stored without its chunks": (PAGE, "Transfer-Encoding: chunked"),
    "stored unpacked, gzip": (PAGE, "Content-Encoding: gzip"),
    "stored unpacked, brotli": (PAGE, "Content-Encoding: br"),
    "stored unpacked, deflate": (PAGE, "Content-Encoding: deflate"),
}


@pytest.mark.parametrize("coding", CODED)
def test_codings_are_undone(coding: str, tmp_path: Path) -> None:
    body, header = CODED[coding]
    name, _, value = header.partition(": ")
    write_warc(tmp_path / "a.warc.gz", [Answer(body, [PLAIN, (name, value)]), *answers(["Next"])], gzipped=True)

    pages, rejects = read_rows(tmp_path)

    assert rejects == []
    assert [page["raw"] for page in pages] == [PAGE.decode(), "Next"]
    assert pages[0]["source"]["byte_end"] == len(PAGE)


def test_chunks_within_gzip_are_undone() -> None:
    packed = gzip.compress(PAGE)
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (50, packed[:50], len(packed) - 50, packed[50:])
    headers = {"transfer-encoding": "chunked", "content-encoding": "gzip"}

    assert decode_payload(chunks, headers, cut_off=False, limit=10_000) == PAGE


@pytest.mark.parametrize(
    ("coding", "reason"),
    [("gzip", "damaged"), ("brotli", "damaged"), ("zlib", "damaged"), ("zstd", "damaged")],
)
def test_a_coding_that_breaks_is_rejected_and_the_next_is_read(coding: str, reason: str, tmp_path: Path) -> None:
    body, header = CODED[coding]
    name, _, value = header.partition(": ")
    cut = Answer(body[:-10], [PLAIN, (name, value)])
    write_warc(tmp_path / "a.warc.gz", [cut, *answers(["Next"])], gzipped=True)

    pages, rejects = read_rows(tmp_path)

    assert [row["reason"] for row in rejects] == [reason]
    assert [page["raw"] for page in pages] == ["Next"]


def test_a_body_that_unpacks_beyond_the_bound_is_rejected(tmp_path: Path) -> None:
    huge = b"x" * 10_000_000
    bombs = [
        Answer(gzip.compress(huge), [PLAIN, ("Content-Encoding", "gzip")]),
        Answer(brotli.compress(huge, quality=5), [PLAIN, ("Content-Encoding", "br")]),
        Answer(huge),
    ]
    write_warc(tmp_path / "a.warc.gz", [*bombs, *answers(["Next"])], gzipped=True)

    pages, rejects = read_rows(tmp_path, Recipe(bounds=Bounds(max_file_bytes=100_000)))

    assert [row["reason"] for row in rejects] == ["too_large"] * 3
    assert [page["raw"] for page in pages] == ["Next"]


# -- what is no page --


def test_what_is_no_page_is_rejected_with_its_reason(tmp_path: Path) -> None:
    bad = [
        Answer(b"Not found", status="404 Not Found"),
        Answer(b"Moved", status="301 Moved"),
        Answer(b"\x89PNG\r\n\x1a\n", [("Content-Type", "image/png")]),
        Answer(b"{}", [("Content-Type", "application/json")]),
        Answer(b"", kind="revisit"),
        Answer(b" \n"),
        Answer(b"of no type", []),
    ]
    write_warc(tmp_path / "a.warc.gz", [*bad, *answers(["Page"])], gzipped=True)

    pages, rejects = read_rows(tmp_path)

    assert [page["raw"] for page in pages] == ["Page"]
    assert [row["reason"] for row in rejects] == [
        *("http_error", "http_error", "unsupported_format", "unsupported_format", "revisit", "empty_file"),
        "unsupported_format",
    ]
    assert "404 Not Found" in rejects[0]["detail"]
    assert "image/png" in rejects[2]["detail"]


def test_html_is_handed_on_with_what_the_archive_says_of_it(tmp_path: Path) -> None:
    html = b"<!doctype html><title>Tides</title><p>M\xf6we"
    typed = Answer(html, [("content-type", 'Text/HTML; Charset="ISO-8859-1"')])
    guessed = [Answer(html, [PLAIN]), Answer(html, [])]
    offsets = write_warc(tmp_path / "a.warc.gz", [typed, *guessed], gzipped=True)

    found = [item for item in unpack_seeds(list_seeds(tmp_path), Recipe()) if isinstance(item, Document)]

    assert [document.data for document in found] == [html] * 3
    assert {(document.media, document.format) for document in found} == {("html", "warc.gz/html")}
    assert found[0].charset == "ISO-8859-1"
    assert [document.place.offset for document in found] == offsets


# -- damage --


def read_damaged(path: Path, damage: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(data)
    return read_rows(path)


@pytest.mark.parametrize("gzipped", [True, False])
def test_a_broken_record_is_skipped_and_counted(gzipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    offsets = write_warc(path, answers(), gzipped=gzipped)

    def damage(data: bytearray) -> None:
        data[offsets[7] : offsets[7] + 12] = b"\xff" * 12  # the head of one
        middle = (offsets[20] + offsets[21]) // 2
        data[middle : middle + 9] = b"\xff" * 9  # and the body of another, or the request behind it

    pages, rejects = read_damaged(path, damage)

    texts = [page["raw"] for page in pages]
    assert set(texts) < set(TEXTS)
    assert texts == [text for text in TEXTS if text in texts]
    assert len(texts) >= 38
    assert TEXTS[7] not in texts
    assert {row["reason"] for row in rejects} == {"damaged"}
    assert len(pages) + len(rejects) >= 40


def test_bytes_that_changed_are_known_by_their_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    write_warc(path, answers(), gzipped=False)

    def damage(data: bytearray) -> None:
        at = data.index(b"Ferry 9")
        data[at : at + 5] = b"Fairy"

    pages, rejects = read_damaged(path, damage)

    assert [page["raw"] for page in pages] == TEXTS[:9] + TEXTS[10:]
    assert [(row["reason"], row["detail"]) for row in rejects] == [("damaged", "its bytes are not those of its digest")]


@pytest.mark.parametrize("gzipped", [True, False])
def test_of_an_archive_that_was_cut_off_what_is_there_is_read(gzipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    offsets = write_warc(path, answers(), gzipped=gzipped)

    pages, rejects = read_damaged(path, lambda data: data.__delitem__(slice(offsets[30] + 150, None)))

    assert [page["raw"] for page in pages] == TEXTS[:30]
    assert [row["reason"] for row in rejects] == ["damaged"]
    assert rejects[0]["offset"] == offsets[30]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=20)), min_size=1, max_size=4), st.booleans()
)
def test_whatever_breaks_nothing_is_made_up(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[float, bytes]], gzipped: bool
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.warc"
    write_warc(path, answers(TEXTS[:10]), gzipped=gzipped)

    def damage(data: bytearray) -> None:
        for where, new in damages:
            at = int(where * len(data))
            data[at : at + len(new)] = new

    pages, _ = read_damaged(path, damage)

    assert {page["raw"] for page in pages} <= set(TEXTS)
    assert len({page["source"]["offset"] for page in pages}) == len(pages)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "br", "deflate", "zstd", "gzip, br"]), st.booleans())
def test_any_body_is_decoded_or_refused(body: bytes, coding: str, chunked: bool) -> None:
    headers = {"content-encoding": coding} | ({"transfer-encoding": "chunked"} if chunked else {})

    decoded = decode_payload(body, headers, cut_off=False, limit=1000)

    assert not isinstance(decoded, bytes) or len(decoded) <= 1000


def test_a_record_in_a_compressed_file_is_named_by_its_place(tmp_path: Path) -> None:
    write_warc(tmp_path / "a.warc.gz", [Answer(b"No", status="500 Error")], gzipped=True)

    [reject] = [item for item in unpack_seeds(list_seeds(tmp_path), Recipe()) if isinstance(item, Unread)]

    assert reject.place.path == "a.warc.gz"
    assert reject.place.offset is not None
