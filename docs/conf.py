"""How `sphinx-build docs build/docs` makes a site of these pages; every warning is a fault: add `-W`."""  # noqa: INP001 - Sphinx reads it by its path

project = "dehusk"
author = "the dehusk authors"
copyright = "2026, the dehusk authors"  # noqa: A001 - the name that Sphinx reads
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "dehusk"
html_show_sphinx = False
myst_heading_anchors = 3
suppress_warnings = [
    "misc.highlighting_failure",  # mermaid: the repository's host draws it
    "myst.xref_missing",  # links out of docs/ (to code, the README, the licence): tests/test_docs.py holds them
]
