"""The docs do what they say: snippets run, reference pages are the code's, links lead somewhere, doctests hold."""

import doctest
import importlib
import json
import os
import pkgutil
import re
import runpy
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from terminals import clean_environment

import dehusk.builders
import dehusk.schema
from dehusk.builders.cli import build_command
from dehusk.builders.recipe import Sources
from dehusk.builders.unpacking.recognise import HTMLS, JSON_LINES, TEXTS
from dehusk.builders.unpacking.roles import DATE_NAMES, HTML_NAMES, ID_NAMES, TEXT_NAMES, URL_NAMES

ROLE_NAMES = (HTML_NAMES, TEXT_NAMES, ID_NAMES, URL_NAMES, DATE_NAMES)
ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = runpy.run_path(str(ROOT / "tests" / "write_docs.py"))["PAGES"]
SNIPPETS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
MODULES = [
    module.name
    for room in (dehusk.schema, dehusk.builders)
    for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
]


@pytest.mark.parametrize("name", PAGES)
def test_reference_pages_are_those_of_the_code(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "run `python tests/write_docs.py`"


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_snippets_of_the_readme_run(number: int, dist: Path, tmp_path: Path) -> None:
    shutil.copytree(dist, tmp_path / "dist")
    done = subprocess.run(
        [sys.executable, "-c", SNIPPETS[number]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_readme_shows_both_ways_into_python() -> None:
    whole = "\n".join(SNIPPETS)
    assert "load_dataset(" in whole
    assert "parse_page(" in whole


def test_the_figures_of_the_readme_are_those_that_were_measured() -> None:
    figures = json.loads((ROOT / "docs" / "quality_figures.json").read_text(encoding="utf-8"))["figures"]
    flat, html = (figures["sources"][rendering] for rendering in ("innertext", "html"))
    rows = [
        [source["wcxb"]["words"]["all"] for source in (flat, html)],
        [source["wcxb"]["words"]["article"] for source in (flat, html)],
        [source["fundus"]["shingles"]["f1"] for source in (flat, html)],
        [source["trafilatura"]["snippets"]["f1"] for source in (flat, html)],
        [figures[kinds]["accuracy"] for kinds in ("kinds", "kinds_html")],
    ]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    written = re.findall(r"^\| [^|]+ \| (0\.\d{3}) \| (0\.\d{3}) \|", readme, flags=re.MULTILINE)
    assert written == [tuple(f"{figure:.3f}" for figure in row) for row in rows]


def test_the_tutorial_can_be_typed(tmp_path: Path) -> None:
    tutorial = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(sh|python|toml)\n(.*?)```", tutorial, flags=re.DOTALL)
    recipe = next(text for kind, text in blocks if kind == "toml")
    shell = "\n".join(text for kind, text in blocks if kind == "sh")
    python = next(text for kind, text in blocks if kind == "python")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "dehusk.toml").write_text(recipe, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run = partial(
        subprocess.run, cwd=tmp_path, env=clean_environment() | {"PATH": path}, capture_output=True, text=True
    )
    typed = run(["bash", "-euc", shell], check=False)
    assert typed.returncode == 0, typed.stderr
    loaded = run([sys.executable, "-c", python], check=False)
    assert loaded.stdout.startswith("Old weir to be rebuilt in oak 2024-06-03"), loaded.stderr
    assert "cookies" not in loaded.stdout


def test_every_document_stands_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^([a-z]+)$", index, flags=re.MULTILINE))
    assert listed == {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}


def test_every_package_that_comes_in_has_its_licence_listed() -> None:
    pinned = re.findall(r"^([\w.-]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE)
    told = re.findall(
        r"^\| ([\w.-]+) \|", (ROOT / "docs" / "licences.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    missing = {name.replace("_", "-") for name in pinned} - set(told)
    # what is pinned for other systems or Pythons is not installed where the page is written
    assert missing <= {"colorama", "httpx2-jsfetch", "tzdata", "fasttext-predict-v2"}, "run .ci/audit"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if not link.startswith("http")]
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_sources_are_documented_whole() -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    names = {name for known in ROLE_NAMES for name in known}
    options = [option for parameter in build_command.params for option in parameter.opts if "-column" in option]
    ends = (*TEXTS, *HTMLS, *JSON_LINES)
    missing = [word for word in (*names, *Sources.__struct_fields__, *ends) if f"`{word}`" not in text]
    assert missing + [option for option in options if f"`{option} NAME" not in text] == []
    assert len(options) == len(Sources.__struct_fields__)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        pytest.skip(f"{name} needs {missing.name}")
    assert doctest.testmod(module).failed == 0


def test_tests_that_documents_name_are_there() -> None:
    told = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    named = set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", told))
    assert len(named) > 10
    assert {
        (file, name) for file, name in named if f"\ndef {name}(" not in (ROOT / "tests" / file).read_text()
    } == set()
