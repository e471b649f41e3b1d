"""Draws the pictures of the documents: `python tests/draw_pictures.py`; the report needs Chromium."""

import io
import re
import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from dehusk.builders.parse import parse_file
from dehusk.builders.recipe import Recipe
from dehusk.builders.reporting.report import write_report
from dehusk.builders.terminal import page_view
from dehusk.schema.page import Page

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
PAGE = "news/walled-orchards.en.txt"
COLUMNS = 110
LINES = 34


def draw_terminal(seed: Path, picture: Path) -> None:
    """What `dehusk show` prints of a page, its first lines, as SVG that loads nothing."""
    page = parse_file(seed, Recipe())
    if not isinstance(page, Page):
        raise SystemExit(f"{seed} is no page")
    console = Console(
        file=io.StringIO(), record=True, width=COLUMNS, height=LINES, force_terminal=True, color_system="truecolor",
        markup=False, emoji=False, highlight=False,
    )  # fmt: skip
    printed = io.StringIO()
    shown = Console(
        file=printed, width=COLUMNS, force_terminal=True, color_system="truecolor", markup=False, highlight=False
    )
    for item in page_view(page, shown):
        shown.print(item, no_wrap=True, overflow="ellipsis", crop=True)
    for line in Text.from_ansi(printed.getvalue()).split("\n")[:LINES]:
        console.print(line, no_wrap=True, overflow="ellipsis")
    svg = console.export_svg(title=f"dehusk show seeds/{seed.relative_to(ROOT / 'seeds').as_posix()}", unique_id="show")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    picture.write_text(
        svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace"), encoding="utf-8"
    )


def draw_report(dist: Path, path: str, folder: Path) -> None:
    """The top of `dehusk report`, and one page in it, as a browser shows them."""
    records = pq.read_table(dist / "data", columns=["id", "source"]).to_pylist()
    key = next(record["id"] for record in records if record["source"]["path"] == path)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as play:
        report = Path(made) / "report.html"
        write_report(dist, report)
        browser = play.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
        page.goto(report.as_uri())
        page.screenshot(path=folder / "report.png")
        page.goto(f"{report.as_uri()}#page={key}")
        page.get_by_text("The raw page").evaluate("it => it.scrollIntoView()")
        page.mouse.wheel(0, -70)
        page.wait_for_timeout(500)
        page.screenshot(path=folder / "page.png")
        browser.close()


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_report(ROOT / "dist", PAGE, PICTURES)
    draw_terminal(ROOT / "seeds" / PAGE, PICTURES / "show.svg")
