"""`dehusk review`: from doubt to a corrected dataset in a real browser, and who is not let in."""

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from dehusk.builders.build import build_dataset
from dehusk.builders.labelling.hand import labelled_pages, read_labels
from dehusk.builders.recipe import LABELS_NAME, Recipe
from dehusk.builders.reviewing.desk import SHOWN, Desk
from dehusk.builders.reviewing.doubtful import find_doubtful
from dehusk.builders.reviewing.serve import KEYS, MOST_BYTES, ReviewServer
from dehusk.builders.unpacking.sources import list_sources
from dehusk.schema.errors import StorageError, UsageError
from dehusk.schema.labels import LABELS

DEHUSK = Path(sys.executable).with_name("dehusk")

expect.set_options(timeout=60_000)  # milliseconds: a machine may have much else to do

TRAM = """Menu

The tram is back
By Ada Quill

It came in with the tide, an hour late, and nobody on the quay minded very much.
The next one is due on Friday, the harbour company said in the afternoon.

Imprint
"""
HOSTILE = """The tram
<script>document.title = "broken"</script>
<img src=x onerror="document.title='broken'">
javascript:document.title='broken'
\u202egnp.exe \x1b[31mred\x07 \u2066hidden
"><svg onload=alert(1)> ' onmouseover='alert(1)
</div></main><iframe src="http://127.0.0.1/"></iframe> {{7*7}} ${7*7}
"""


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "tram.txt").write_text(TRAM, encoding="utf-8")
    (folder / "hostile.txt").write_text(HOSTILE, encoding="utf-8")
    return folder


def desk_of(seeds: Path) -> Desk:
    file = seeds / LABELS_NAME
    return Desk(find_doubtful(list_sources(seeds), Recipe(), read_labels(file)).pages, file)


# -- the pages ---------------------------------------------------------------------------------------------------------


def test_the_most_doubtful_pages_come_first_and_no_more_than_asked_for(seeds: Path) -> None:
    found = find_doubtful(list_sources(seeds), Recipe(), {})
    assert found.n_pages == 2
    assert [one.doubt for one in found.pages] == sorted((one.doubt for one in found.pages), reverse=True)
    for one in found.pages:
        assert one.doubt == pytest.approx(1000 * (1 - sum(one.score) / len(one.score)), abs=0.51)
    first = find_doubtful(list_sources(seeds), Recipe(), {}, most=1)
    assert [one.page.path for one in first.pages] == [found.pages[0].page.path]
    assert first.n_pages == 2


def test_what_a_person_said_is_not_doubtful_and_comes_last(seeds: Path) -> None:
    desk = desk_of(seeds)
    first = desk.listing()[0]
    desk.tell(0, dict.fromkeys(range(first["lines"]), "noise"))
    again = desk_of(seeds).listing()
    assert again[-1] == {"path": first["path"], "doubt": 0, "lines": first["lines"], "told": first["lines"]}


def test_corrections_are_in_the_file_at_once_and_can_be_taken_back(seeds: Path) -> None:
    desk = desk_of(seeds)
    number = next(n for n, page in enumerate(desk.listing()) if page["path"] == "tram.txt")
    assert desk.tell(number, {1: "heading", 4: "caption"}) == 2
    (page,) = labelled_pages(seeds / LABELS_NAME)
    assert (page.path, page.text) == ("tram.txt", TRAM)
    assert page.labels == (None, "heading", None, None, "caption", None)
    assert (seeds / LABELS_NAME).stat().st_mode & 0o077 == 0  # the text of pages is not for all
    assert desk.tell(number, {1: None}) == 1
    assert desk.counted() == (1, 1)
    assert desk.tell(number, {4: None}) == 0
    assert (seeds / LABELS_NAME).read_bytes() == b""
    assert sorted(path.name for path in seeds.iterdir()) == [LABELS_NAME, "hostile.txt", "tram.txt"]


@pytest.mark.parametrize(
    ("number", "given"), [(2, {}), (-1, {}), (0, {99: "title"}), (0, {-1: "title"}), (0, {0: "menu"})]
)
def test_what_cannot_be_is_refused_whole(seeds: Path, number: int, given: dict[int, str | None]) -> None:
    desk = desk_of(seeds)
    with pytest.raises(UsageError, match="there is no such"):
        desk.tell(number, {0: "title", **given} if given else given)
    assert not (seeds / LABELS_NAME).exists()


def test_a_file_that_something_else_wrote_meanwhile_is_left_alone(seeds: Path) -> None:
    desk = desk_of(seeds)
    desk.tell(0, {0: "noise"})
    (seeds / LABELS_NAME).write_bytes(b"")
    with pytest.raises(StorageError, match="changed by something else"):
        desk.tell(0, {1: "noise"})
    assert (seeds / LABELS_NAME).read_bytes() == b""
    assert desk.counted() == (1, 1)


def test_a_file_that_cannot_be_written_is_told_before_anything_is_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        Desk((), tmp_path / "nowhere" / "labels.jsonl")


def test_a_long_line_is_cut_for_the_eye_and_hidden_characters_are_spelt_out(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(f"\u202eabc\n{'word ' * 5000}\n", encoding="utf-8")
    desk = desk_of(tmp_path)
    texts = [line["text"] for line in desk.page(0)["lines"]]
    assert texts[0] == "<U+202E>abc"
    assert all(len(text) <= SHOWN + 40 for text in texts)


# -- the door ----------------------------------------------------------------------------------------------------------


@contextmanager
def serving(desk: Desk) -> Iterator[ReviewServer]:
    with ReviewServer(desk) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server(seeds: Path) -> Iterator[ReviewServer]:
    with serving(desk_of(seeds)) as server:
        yield server


def ask(
    server: ReviewServer, path: str, headers: dict[str, str], *, body: bytes | None = None, method: str = ""
) -> http.client.HTTPResponse:
    """One request, with exactly these headers."""
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=60)  # type: ignore[arg-type]
    connection.putrequest(
        method or ("GET" if body is None else "POST"), path, skip_host=True, skip_accept_encoding=True
    )
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    return connection.getresponse()


def here(server: ReviewServer) -> dict[str, str]:
    return {"Host": server.door.authority}


def entered(server: ReviewServer) -> dict[str, str]:
    """The headers of who came in with the token."""
    answer = ask(server, f"/?token={server.door.token}", here(server))
    assert answer.status == 303
    assert answer.headers["Location"] == "/"
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    return here(server) | {"Cookie": cookie}


def correction(server: ReviewServer, labels: Any = None) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"page": 0, "labels": {"0": "noise"} if labels is None else labels}).encode()
    return body, {
        "Origin": f"http://{server.door.authority}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }


def test_only_this_machine_can_reach_it(server: ReviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


PATHS = ("/", "/pages", "/pages/0", "/review.js", "/labels.css", "/?token=", "/?token=guess")


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_nothing_is_shown(server: ReviewServer, path: str) -> None:
    answer = ask(server, path, here(server))
    assert answer.status == 403
    assert "tram" not in answer.read().decode()
    assert ask(server, path, here(server) | {"Cookie": f"dehusk-{server.server_port}=guess"}).status == 403


def test_the_token_is_good_once(server: ReviewServer) -> None:
    known = entered(server)
    assert ask(server, f"/?token={server.door.token}", here(server)).status == 403
    assert ask(server, "/pages", known).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "evil.example:{port}", "localhost:{port}"])
def test_another_host_is_refused_even_with_the_token_and_the_cookie(server: ReviewServer, host: str) -> None:
    named = host.format(port=server.server_port)
    assert ask(server, f"/?token={server.door.token}", {"Host": named}).status == 421
    assert ask(server, "/pages", entered(server) | {"Host": named}).status == 421
    body, headers = correction(server)
    assert ask(server, "/labels", headers | {"Host": named}, body=body).status == 421


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://{host}", "http://localhost:{port}"])
def test_a_page_from_elsewhere_can_correct_nothing(server: ReviewServer, seeds: Path, origin: str | None) -> None:
    body, headers = correction(server)
    del headers["Origin"]
    if origin is not None:
        headers["Origin"] = origin.format(host=server.door.authority, port=server.server_port)
    assert ask(server, "/labels", headers | entered(server), body=body).status == 403
    assert not (seeds / LABELS_NAME).exists()


def test_a_correction_needs_the_cookie(server: ReviewServer, seeds: Path) -> None:
    body, headers = correction(server)
    assert ask(server, "/labels", headers | here(server), body=body).status == 403
    assert not (seeds / LABELS_NAME).exists()
    assert ask(server, "/labels", headers | entered(server), body=body).status == 200
    assert (seeds / LABELS_NAME).exists()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),  # which a form of another site could send without being asked
        ({"Content-Length": "no"}, 411),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": str(MOST_BYTES + 1)}, 413),
        ({"Content-Length": "9" * 5000}, 413),
    ],
)
def test_a_strange_correction_is_refused(server: ReviewServer, changed: dict[str, str], status: int) -> None:
    body, headers = correction(server)
    assert ask(server, "/labels", headers | changed | entered(server), body=body).status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"page": 0}',
        b'{"page": "0", "labels": {}}',
        b'{"page": 0, "labels": {"x": null}}',
        b'{"page": 0, "labels": {"0": 3}}',
        b'{"page": 0, "labels": {}, "more": 1}',
        b'{"page": 99, "labels": {"0": "title"}}',
        b'{"page": 0, "labels": {"0": "menu"}}',
        b'{"page": 0, "labels": {"9999999999999999999999": "title"}}',
    ],
)
def test_what_is_no_correction_is_told(server: ReviewServer, seeds: Path, body: bytes) -> None:
    _, headers = correction(server)
    headers["Content-Length"] = str(len(body))
    answer = ask(server, "/labels", headers | entered(server), body=body)
    assert answer.status == 400
    assert json.loads(answer.read())["error"]
    assert not (seeds / LABELS_NAME).exists()


def test_every_answer_forbids_what_the_page_does_not_need(server: ReviewServer) -> None:
    known = entered(server)
    for path, status in (("/", 200), ("/pages", 200), ("/nothing", 404), ("/pages/77", 400), ("/pages/-1", 404)):
        answer = ask(server, path, known)
        assert answer.status == status
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert ask(server, "/labels", known, method="PUT").status == 501
    assert ask(server, "/../../etc/passwd", known).status == 404


def test_every_label_has_a_key_of_its_own() -> None:
    assert tuple(KEYS) == LABELS
    assert len(set(KEYS.values())) == len(LABELS)
    assert not set(KEYS.values()) & set("fu?")  # which mean something else


# -- in a browser ------------------------------------------------------------------------------------------------------


@contextmanager
def reviewing(seeds: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A `dehusk review` that runs, and its address."""
    command = [str(DEHUSK), "review", str(seeds), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = next((found[1] for line in process.stdout if (found := re.search(r"Open (\S+)", line))), None)
            assert url, process.stderr.read() if process.stderr else ""
            yield process, url
        finally:
            process.kill()


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[tuple[Page, list[str]]]:
    """A page of the browser, and what went wrong on it."""
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(url)
        expect(page.locator(".line.cursor")).to_have_count(1)
        yield page, wrong


def to_page(page: Page, path: str) -> None:
    page.locator("#pages button", has_text=path).click()
    expect(page.locator("#path")).to_have_text(path)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_from_doubt_to_a_corrected_dataset(browser: Browser, seeds: Path, tmp_path: Path) -> None:
    file = seeds / LABELS_NAME
    with reviewing(seeds) as (process, url):
        with opened(browser, url) as (page, wrong):
            assert "token" not in page.url
            paths = page.locator("#pages .name").all_inner_texts()
            doubts = [int(text.split()[0]) for text in page.locator("#pages .doubt").all_inner_texts()]
            assert sorted(paths) == ["hostile.txt", "tram.txt"]
            assert doubts == sorted(doubts, reverse=True)

            to_page(page, "tram.txt")
            press(page, "n", "Shift+ArrowDown", "b", "Home", "ArrowDown", "t")  # navigation, two bylines, a title
            expect(page.locator("#state")).to_have_text("saved")
            (told,) = labelled_pages(file)
            assert told.labels[:3] == ("navigation", "title", "byline")
            press(page, "Home", "c")
            expect(page.locator("#line-0 .label")).to_have_text("caption")
            press(page, "u")  # which takes back the caption
            expect(page.locator("#line-0 .label")).to_have_text("navigation")
            press(page, "End", "x", "Backspace", "g")  # it is the last line, so that the cursor stays
            expect(page.locator("#line-5 .label")).to_have_text("legal")
            press(page, "Enter")  # the others are right
            expect(page.locator("#progress")).to_contain_text("1 of 2 pages whole")
            (told,) = labelled_pages(file)
            assert told.labels[0] == "navigation"
            assert told.labels[5] == "legal"
            assert None not in told.labels
            assert wrong == []
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "holds 6 labels by hand on 1 page" in out
        assert "Traceback" not in err
    built = subprocess.run(
        [DEHUSK, "build", seeds, "--out", tmp_path / "dist", "--quiet"], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    records = {row["source"]["path"]: row for row in pq.read_table(tmp_path / "dist" / "data").to_pylist()}
    assert [line["label"] for line in records["tram.txt"]["lines"]] == list(told.labels)
    assert all(line["by_hand"] for line in records["tram.txt"]["lines"])
    assert records["tram.txt"]["title"] == "The tram is back"
    assert set(records) == {"hostile.txt", "tram.txt"}  # the labels file is no seed


def test_the_text_of_a_page_runs_nothing(browser: Browser, server: ReviewServer) -> None:
    asked: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.door.url)
        to_page(page, "hostile.txt")
        assert page.title() == "Review · dehusk"
        texts = page.locator(".text").all_inner_texts()
        assert texts[1] == HOSTILE.splitlines()[1]
        assert texts[4] == "<U+202E>gnp.exe <U+001B>[31mred<U+0007> <U+2066>hidden"
        assert page.locator("main script, main img, main iframe, main svg").count() == 0
        assert wrong == []
    assert {url.split("/")[2] for url in asked} == {server.door.authority}


def test_another_site_in_the_same_browser_can_correct_nothing(
    browser: Browser, server: ReviewServer, seeds: Path
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(server.door.url)
        expect(page.locator(".line.cursor")).to_have_count(1)
        context.route("http://evil.example/*", lambda route: route.fulfill(body="<p>evil", content_type="text/html"))
        evil = context.new_page()
        evil.goto("http://evil.example/")
        body = json.dumps({"page": 0, "labels": {"0": "noise"}})
        for options in (
            {"method": "POST", "body": body, "mode": "no-cors", "credentials": "include"},
            {"method": "POST", "body": body, "headers": {"Content-Type": "application/json"}, "credentials": "include"},
            {"mode": "no-cors", "credentials": "include"},
        ):
            evil.evaluate(
                "([url, options]) => fetch(url, options).then(() => 0, () => 1)",
                [f"http://{server.door.authority}/labels", options],
            )
        assert not (seeds / LABELS_NAME).exists()
        page.keyboard.press("x")
        expect(page.locator("#state")).to_have_text("saved")
    assert (seeds / LABELS_NAME).exists()


def test_what_is_not_saved_is_shown_and_taken_back(browser: Browser, server: ReviewServer, seeds: Path) -> None:
    with opened(browser, server.door.url) as (page, _):
        before = page.locator("#line-0 .label").inner_text()
        (seeds / LABELS_NAME).write_bytes(b"\n")
        press(page, "x" if before != "noise" else "t")
        expect(page.locator("#state")).to_contain_text("not saved: ")
        expect(page.locator("#state")).to_contain_text("changed by something else")
        expect(page.locator("#line-0 .label")).to_have_text(before)


def test_the_command_says_what_is_wrong(seeds: Path) -> None:
    away = subprocess.run([DEHUSK, "review", seeds / "none"], capture_output=True, text=True, check=False)
    assert away.returncode == 2
    assert "there is no folder or file" in away.stderr
    (seeds / LABELS_NAME).write_text("{}\n", encoding="utf-8")
    broken = subprocess.run([DEHUSK, "review", seeds], capture_output=True, text=True, check=False)
    assert broken.returncode == 2
    assert f"{LABELS_NAME}: line 1" in broken.stderr


def test_labels_of_a_page_that_changed_are_told_and_kept(seeds: Path) -> None:
    desk = desk_of(seeds)
    number = next(n for n, page in enumerate(desk.listing()) if page["path"] == "tram.txt")
    desk.tell(number, {0: "noise"})
    (seeds / "tram.txt").write_text(TRAM.upper(), encoding="utf-8")
    found = find_doubtful(list_sources(seeds), Recipe(), read_labels(seeds / LABELS_NAME))
    assert [(finding.file, finding.rule) for finding in found.unused] == [("tram.txt", "labels_page_changed")]
    again = Desk(found.pages, seeds / LABELS_NAME)
    again.tell(0, {0: "title"})
    assert len(labelled_pages(seeds / LABELS_NAME)) == 2
    build_dataset(seeds, seeds.parent / "dist")
