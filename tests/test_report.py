"""The report of a dataset: what it says, that it is one file of the same bytes, and that it works in a browser."""

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, Page

from dehusk.builders.build import build_dataset
from dehusk.builders.cli import main
from dehusk.builders.reporting import survey
from dehusk.builders.reporting.reading import reading_of
from dehusk.builders.reporting.report import write_report
from dehusk.builders.terminal import HIDDEN, visible
from dehusk.schema.errors import CLEAN, WRONG_USE, OutputError, UsageError
from dehusk.schema.labels import LABELS

ATTACKS = {
    "script": "<script>window.hacked = 1</script>",
    "end": "</script><script>window.hacked = 2</script><!--<script>",
    "handler": '<img src=x onerror="window.hacked = 3"><svg onload=window.hacked=4>',
    "quote": '"\'><a href="javascript:window.hacked=5">click</a>',
    "template": "{{ 7 * 7 }}{% raw %} ${window.hacked=6} &lt;b&gt;",
}
SPOOF = "Lamp \u202eetihw\u202c and \u2066door\u2069 with\u200fmarks \U0001f3ee beyond"
BODY = (
    "Nobody has lit the lamp since the keeper left, and the door that he painted stands open to all who come by.\n" * 3
)
MARKED = re.compile(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', re.DOTALL)


def report_on(dist: Path, out: Path) -> str:
    write_report(dist, out)
    return out.read_text(encoding="utf-8")


def data_in(html: str) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in MARKED.findall(html)}


def records_of(dist: Path) -> list[dict[str, Any]]:
    return pq.read_table(dist / "data").to_pylist()


@pytest.fixture(scope="module")
def hostile(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of the seed pages and of pages that would like to run something; fields forged past the contract."""
    pages = tmp_path_factory.mktemp("hostile")
    shutil.copytree(seeds / "news", pages / "news")
    for name, attack in ATTACKS.items():
        (pages / f"{name}.txt").write_text(f"{attack}\n\n{BODY}\n{attack}\n{SPOOF}\n", encoding="utf-8")
    (pages / "broken.txt").write_bytes(
        b"A page of \xff\xfe\x80 bytes \xe2\x28\xa1 that is no UTF-8\n\n" + BODY.encode()
    )
    (pages / "empty.txt").write_text("\n")
    shutil.copyfile(pages / "script.txt", pages / "script-again.txt")
    out = pages.parent / f"{pages.name}-dist"
    build_dataset(pages, out)
    (data,) = (out / "data").glob("*.parquet")
    table = pq.read_table(data)
    for name, forged in {
        "title": f"{ATTACKS['end']} {SPOOF}",
        "url": "javascript:window.hacked=7",
        "site": "<b onclick=window.hacked=8>x</b>",
        "section": ATTACKS["handler"],
    }.items():
        values = table[name].to_pylist()
        at = next(n for n, source in enumerate(table["source"].to_pylist()) if source["path"] == "quote.txt")
        values[at] = forged
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.string()))
    pq.write_table(table, data)
    return out


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_same_dataset_gives_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    assert report_on(dist, tmp_path / "one.html") == report_on(dist, tmp_path / "two.html")


def test_the_policy_allows_its_own_style_and_script_alone(dist: Path, tmp_path: Path) -> None:
    html = report_on(dist, tmp_path / "report.html")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in unescape(policy)
    assert unescape(policy).startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_script_never_makes_html_of_text() -> None:
    script = files("dehusk.builders.reporting").joinpath("report.js").read_text(encoding="utf-8")
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function\(|DOMParser|setHTML|createContextual"
    assert not re.findall(f"{ways}|fetch|import|XMLHttp|WebSocket|sendBeacon", script)


def test_nothing_hidden_stands_in_the_file(hostile: Path, tmp_path: Path) -> None:
    html = report_on(hostile, tmp_path / "report.html")
    assert not [found for found in HIDDEN.findall(html) if found != "\n"]


def test_every_page_is_in_the_table_and_can_be_read(dist: Path, tmp_path: Path) -> None:
    data = data_in(report_on(dist, tmp_path / "report.html"))
    records = records_of(dist)
    assert data["index"]["pages"]["id"] == [record["id"] for record in records]
    assert data["index"]["pages"]["n_chars"] == [record["n_chars"] for record in records]
    for record in records:
        read = data[f"page-{record['id']}"]
        assert (read["raw"], read["text"], read["title"]) == (record["raw"], record["text"], record["title"])
        assert [LABELS[code] for code in read["lines"][3::6]] == [line["label"] for line in record["lines"]]


def test_numbers_of_the_index_are_those_of_the_records(dist: Path, tmp_path: Path) -> None:
    pages = data_in(report_on(dist, tmp_path / "report.html"))["index"]["pages"]
    content = ("title", "summary", "heading", "paragraph", "list_item")
    for at, record in enumerate(records_of(dist)):
        sizes = [
            (line["label"] in content, sum(not c.isspace() for c in record["raw"][line["start"] : line["end"]]))
            for line in record["lines"]
        ]
        whole = sum(size for _, size in sizes)
        assert pages["content"][at] == 1000 * sum(size for kept, size in sizes if kept) // whole
        wrong = [1 - line["score"] for line in record["lines"]]
        assert pages["doubt"][at] == pytest.approx(1000 * sum(wrong) / len(wrong), abs=0.51)


def test_places_count_in_the_units_of_javascript(dist: Path) -> None:
    record = max(records_of(dist), key=lambda record: len(record["evidence"]))
    cut = record["lines"][0]["start"]
    wide = record | {"raw": record["raw"][:cut] + "\U0001f3ee" + record["raw"][cut:]}
    wide["lines"] = [line | {"start": line["start"] + 1, "end": line["end"] + 1} for line in record["lines"]]
    wide["evidence"] = [
        one if one["start"] is None else one | {"start": one["start"] + 1, "end": one["end"] + 1}
        for one in record["evidence"]
    ]
    narrow, told = reading_of(record), reading_of(wide)
    units = wide["raw"].encode("utf-16-le")
    for one, line in enumerate(wide["lines"]):
        start, end = told["lines"][6 * one + 1 : 6 * one + 3]
        assert units[2 * start : 2 * end].decode("utf-16-le") == wide["raw"][line["start"] : line["end"]]
    assert [one["start"] for one in told["evidence"]] == [
        None if one["start"] is None else one["start"] + 2 for one in narrow["evidence"]
    ]


def test_copies_are_told_whether_they_were_kept_or_not(hostile: Path, tmp_path: Path) -> None:
    (data,) = (hostile / "data").glob("*.parquet")
    html = report_on(hostile, tmp_path / "report.html")
    assert "1 left out" in html
    assert "script.txt" in html[html.index('id="h-copies"') : html.index('id="h-rejects"')]
    originals = set(pq.read_table(data)["duplicate_of"].drop_null().to_pylist())
    assert originals
    assert set(re.findall(r"copy of ([0-9a-f]{24})", html)) == originals


# -- large datasets ----------------------------------------------------------------------------------------------------


def test_pages_are_chosen_by_doubt_and_then_by_id() -> None:
    pages = pa.table({"id": ["f", "a", "c", "b", "e"], "doubt": [10, 0, 30, 20, 30]})
    assert survey.choose(pages, 2, 4)["id"].to_pylist() == ["c", "e", "a", "b"]
    assert survey.choose(pages, 100, 4)["id"].to_pylist() == ["c", "e", "b", "f", "a"]
    assert sorted(survey.choose(pages, 2, 100)["id"].to_pylist()) == ["a", "b", "c", "e", "f"]


def test_a_sample_is_the_same_however_it_is_read(dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MOST_PAGES", 6)
    monkeypatch.setattr(survey, "DOUBTED", 2)
    monkeypatch.setattr(survey, "MOST_READ", 3)
    whole = report_on(dist, tmp_path / "one.html")
    monkeypatch.setattr(survey, "_ROWS", 4)
    parts = report_on(dist, tmp_path / "two.html")
    assert whole == parts
    index = data_in(whole)["index"]["pages"]
    assert (len(index["id"]), sum(index["read"])) == (6, 3)
    assert len(data_in(whole)) == 1 + 3
    n = len(records_of(dist))
    assert f"A sample: 6 of {n} pages, the 2 most doubtful" in whole.replace("100 most", "2 most")
    assert f"<strong>{n}</strong>" in whole


def test_what_can_be_read_is_bounded_in_bytes(dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MOST_BYTES", 30_000)
    some = data_in(report_on(dist, tmp_path / "some.html"))
    monkeypatch.setattr(survey, "LONGEST", 0)
    none = data_in(report_on(dist, tmp_path / "none.html"))
    assert 1 < len(some) < len(some["index"]["pages"]["id"])
    assert set(none) == {"index"}


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_shows(dist: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = CliRunner().invoke(main, ["report", str(dist), "--out", str(out)])
    n = len(records_of(dist))
    assert (done.exit_code, done.stdout) == (CLEAN, f"{out} shows {n} pages: all can be read in it\n")
    assert CliRunner().invoke(main, ["report", str(dist), "--out", str(out)]).exit_code == CLEAN  # over its own


def test_nothing_but_a_report_is_written_over(dist: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.html"
    letter.write_text("<!doctype html>\nDear Ada")
    with pytest.raises(OutputError, match="is no report"):
        write_report(dist, letter)
    assert letter.read_text().endswith("Dear Ada")
    with pytest.raises(OutputError, match="is not a file"):
        write_report(dist, tmp_path)
    (tmp_path / "link.html").symlink_to(letter)
    with pytest.raises(OutputError, match="is not a file"):
        write_report(dist, tmp_path / "link.html")


def test_a_dataset_is_left_as_its_manifest_says(dist: Path) -> None:
    before = sorted(path.name for path in dist.iterdir())
    done = CliRunner().invoke(main, ["report", str(dist), "--out", str(dist / "report.html")])
    assert done.exit_code == WRONG_USE
    assert "lies in the dataset" in done.stderr
    assert sorted(path.name for path in dist.iterdir()) == before


@pytest.mark.parametrize("name", ["rejects.parquet", "data/*.parquet"])
def test_a_damaged_dataset_is_told_in_a_sentence(name: str, dist: Path, tmp_path: Path) -> None:
    shutil.copytree(dist, tmp_path / "dist")
    (victim,) = (tmp_path / "dist").glob(name)
    pq.write_table(pa.table({"id": ["a"]}), victim)
    with pytest.raises(UsageError, match="has not the columns"):
        write_report(tmp_path / "dist", tmp_path / "report.html")
    victim.write_bytes(b"no Parquet")
    with pytest.raises(UsageError, match="cannot be read"):
        write_report(tmp_path / "dist", tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


# -- in a browser ------------------------------------------------------------------------------------------------------


class Opened:
    """A report in a browser, and all that it did beyond being looked at."""

    def __init__(self, context: BrowserContext, file: Path) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(120_000)
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = file.as_uri()
        self.page.goto(self.url)

    def rows(self) -> list[str]:
        return self.page.locator("#table td.title").all_text_contents()

    def read(self, record: dict[str, Any]) -> None:
        self.page.evaluate("id => { location.hash = `#page=${id}`; }", record["id"])
        self.page.wait_for_function(
            "id => document.querySelector('.facts .id dd')?.textContent === id", arg=record["id"]
        )


@pytest.fixture(scope="module")
def opened(hostile: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    file = tmp_path_factory.mktemp("opened") / "report.html"
    write_report(hostile, file)
    with browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light") as context:
        yield Opened(context, file)


@pytest.fixture
def report(opened: Opened) -> Iterator[Opened]:
    """The report as it is opened; whatever a test does in it, it stays quiet and runs nothing of a page."""
    opened.page.goto("about:blank")
    opened.said.clear()
    opened.asked.clear()
    opened.page.goto(opened.url)
    yield opened
    assert opened.said == []
    assert set(opened.asked) == {opened.url}
    assert opened.page.evaluate("window.hacked") is None


def shown(text: str) -> str:
    """Text as the script shows it: what `visible` puts in brackets has a frame."""
    return re.sub(r"<(U\+[0-9A-F]{4,6})>", r"\1", visible(text))


def test_every_hostile_page_opens_and_shows_its_text(report: Opened, hostile: Path) -> None:
    for record in records_of(hostile):
        report.read(record)
        lines = report.page.locator(".lines .text").all_text_contents()
        spelt = [shown(record["raw"][one["start"] : one["end"]].replace("\t", " ")) for one in record["lines"]]
        assert [" ".join(line.split()) for line in lines] == [" ".join(line.split()) for line in spelt]
        clean = report.page.locator(".clean p, .clean h3").all_text_contents()
        assert clean == ([shown(line) for line in record["text"].split("\n")] if record["text"] else ["–"])
        assert report.page.locator("#reading script, #reading img, #reading svg, #reading b").count() == 0


def test_no_address_but_of_the_web_is_a_link(report: Opened, hostile: Path) -> None:
    forged = next(record for record in records_of(hostile) if record["url"] and record["url"].startswith("javascript"))
    report.read(forged)
    assert report.page.locator(".facts .url dd").text_content() == "javascript:window.hacked=7"
    links = report.page.locator("a").evaluate_all("all => all.map(a => a.protocol)")
    assert set(links) <= {"file:", ":", ""}


def test_the_policy_stops_what_would_get_through(report: Opened) -> None:
    ways = (
        """document.body.innerHTML = '<img src=x onerror="window.hacked = 9">'""",
        "document.querySelector('h1').setAttribute('onclick', 'window.hacked = 10')",
        "document.head.append(Object.assign(document.createElement('script'), { text: 'window.hacked = 11' }))",
        "setTimeout('window.hacked = 12')",
    )
    for way in ways:
        tried = f"() => {{ try {{ {way}; return 'done'; }} catch (error) {{ return error.name; }} }}"
        assert report.page.evaluate(tried) == "TypeError"
    assert all("This document requires 'Trusted" in line for line in report.said)
    report.said.clear()


def test_search_filter_and_order(report: Opened, hostile: Path) -> None:
    records, page = records_of(hostile), report.page
    assert len(report.rows()) == len(records)
    page.fill("#search", "HARBOUR tram")
    assert len(report.rows()) == 1
    assert "Harbour tram" in report.rows()[0]
    page.fill("#search", "no such page at all")
    assert report.rows() == []
    assert page.text_content("#where") == "no page"
    page.fill("#search", "")
    page.select_option("#language", "de")
    assert len(report.rows()) == sum(record["language"] == "de" for record in records)
    page.select_option("#language", "")
    page.select_option("#flag", "legal")
    assert len(report.rows()) == sum("legal" in record["flags"] for record in records)
    page.select_option("#flag", "")
    page.click("th button[data-sort=n_lines]")
    lines = [int(text) for text in page.locator("#table tbody tr td:nth-child(5)").all_text_contents()]
    assert lines == sorted((record["n_lines"] for record in records), reverse=True)
    assert page.get_attribute("#table th:nth-child(5)", "aria-sort") == "descending"
    page.click("th button[data-sort=n_lines]")
    assert [int(text) for text in page.locator("#table tbody tr td:nth-child(5)").all_text_contents()] == lines[::-1]


def test_it_can_be_used_by_keyboard(report: Opened) -> None:
    page = report.page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("harbour")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#reading .lines")
    assert "Harbour" in (page.text_content("#reading h1") or "")
    n_shown = page.locator(".lines li:visible").count()
    page.keyboard.press("b")
    assert page.locator(".lines li[data-group=boilerplate]:visible").count() == 0
    assert 0 < page.locator(".lines li:visible").count() < n_shown
    page.keyboard.press("Escape")
    page.wait_for_selector("#table", state="visible")
    page.fill("#search", "")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#reading .lines")
    first = page.text_content("#reading .facts .id dd")
    page.keyboard.press("j")
    page.wait_for_function("id => document.querySelector('.facts .id dd').textContent !== id", arg=first)
    page.keyboard.press("k")
    page.wait_for_function("id => document.querySelector('.facts .id dd').textContent === id", arg=first)


def test_evidence_is_marked_where_it_was_read(report: Opened, hostile: Path) -> None:
    record = next(record for record in records_of(hostile) if record["source"]["path"] == "news/harbour-tram.en.txt")
    report.read(record)
    for one in record["evidence"]:
        found = report.page.locator(f"mark[data-field~={one['field']}]").all_text_contents()
        assert "".join(found) == record["raw"][one["start"] : one["end"]]
    report.page.click(".facts .published button")
    assert report.page.locator("mark[data-field~=published]").first.is_visible()


def test_scores_come_by_hovering_and_doubtful_ones_stay(report: Opened, hostile: Path) -> None:
    record = next(record for record in records_of(hostile) if record["source"]["path"] == "news/harbour-tram.en.txt")
    report.read(record)
    sure = next(at for at, line in enumerate(record["lines"]) if line["score"] > 0.9)
    line = report.page.locator(".lines li").nth(sure)
    opacity = "item => getComputedStyle(item.querySelector('.score')).opacity"
    assert line.evaluate(opacity) == "0"
    line.hover()
    assert line.evaluate(opacity) == "1"
    assert line.locator(".score").text_content() == f"{record['lines'][sure]['score']:.3f}"


def test_writing_from_the_right_is_right(report: Opened, hostile: Path) -> None:
    record = next(record for record in records_of(hostile) if record["language"] == "ar")
    report.read(record)
    longest = max(range(len(record["lines"])), key=lambda at: record["lines"][at]["end"] - record["lines"][at]["start"])
    text = report.page.locator(".lines .text").nth(longest)
    assert text.evaluate("item => getComputedStyle(item).direction") == "rtl"
    assert report.page.locator("#reading h1").evaluate("item => getComputedStyle(item).direction") == "rtl"


def test_phones_and_both_themes(report: Opened, hostile: Path) -> None:
    page = report.page
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    page.click("#theme")
    assert (page.text_content("#theme"), page.evaluate(ground)) == ("Theme: light", light)
    page.click("#theme")
    assert (page.text_content("#theme"), page.evaluate(ground)) == ("Theme: dark", dark)
    assert light != dark
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert page.evaluate(too_wide) is False
    report.read(records_of(hostile)[0])
    assert page.evaluate(too_wide) is False
    page.set_viewport_size({"width": 1280, "height": 900})
