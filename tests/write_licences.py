"""Writes `docs/licences.md` from a bill of materials: `python tests/write_licences.py SBOM`, as `.ci/audit` does."""

import json
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "licences.md"

SAID = {"mlcroissant": "Apache-2.0", "ply": "BSD-3-Clause"}
"""Licences of packages whose metadata leaves them out: read in the licence files of their sources."""


def licence_of(component: dict[str, Any], name: str) -> str:
    """What a package says of its licence: an SPDX expression before a classifier."""
    found: list[str] = []
    for entry in component.get("licenses", []):
        licence = entry.get("license", {})
        text = entry.get("expression") or (
            licence.get("id") or licence.get("name") if isinstance(licence, dict) else ""
        )
        found.append(str(text or "").removeprefix("License :: OSI Approved :: "))
    return next((text for text in found if text), SAID.get(name, "not said"))


def main(sbom: Path) -> None:
    """Writes the page; versions are left out, the lock file has them."""
    components = json.loads(sbom.read_text(encoding="utf-8"))["components"]
    rows = sorted({(part["name"].lower().replace("_", "-"), licence_of(part, part["name"])) for part in components})
    listed = "\n".join(f"| {name} | {licence} |" for name, licence in rows if name != "dehusk")
    PAGE.write_text(
        f"""# Licences

dehusk is licensed under Apache-2.0. [NOTICE](../NOTICE) names the licences of what the line model learnt from, of facts
that were carried over, and of the language model.

What `requirements.lock` installs, by what each package says of itself (`.ci/audit` writes this page):

| package | licence |
|---|---|
{listed}
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
