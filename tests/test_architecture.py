"""The diagram in docs/architecture.md is what the code imports, and the contract knows nothing of who fills it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, by their full names."""
    package = ["dehusk", *path.parent.relative_to(ROOT).parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*base, *filter(None, [node.module])])


def arrows() -> set[tuple[str, str]]:
    """Which folder of `builders/` imports from which other."""
    found = set()
    for path in (ROOT / "builders").glob("*/*.py"):
        for module in imported(path):
            room, _, rest = module.removeprefix("dehusk.").partition(".")
            folder = rest.partition(".")[0]
            if room == "builders" and (ROOT / "builders" / folder).is_dir() and folder not in ("", path.parent.name):
                found.add((path.parent.name, folder))
    return found


def test_the_diagram_is_what_is_imported() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^ {4}(\w+) --> (\w+)$", text, flags=re.MULTILINE)) == arrows()


def test_the_contract_knows_nothing_of_its_builders() -> None:
    modules = {module for path in (ROOT / "schema").glob("*.py") for module in imported(path)}
    assert not {module for module in modules if module.startswith("dehusk.builders")}
