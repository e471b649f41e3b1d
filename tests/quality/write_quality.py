"""Writes docs/quality.md from the figures of a training run: `python tests/quality/write_quality.py FIGURES.json`."""

import argparse
import json
from pathlib import Path
from typing import Any

from dehusk.builders.cards.sections import table

ROOT = Path(__file__).parents[2]

HEAD = """# How well lines are labelled

Every figure on this page is out of fold: the sites of the benchmark folder were split into five parts, and each page
was labelled by a model that had seen no page of its site, with thresholds chosen on the other parts. The shipped
weights learnt from all pages. The figures are those of the folder's `score.py`, from the labels alone: the text of a
page is its lines with the labels {text}. The rendering
`html` is the page as dehusk reads it from its HTML, with what that says of each line; the others are flat text, of
which the model sees nothing else. Labels of `html` are compared on the lines of innertext, and one that the reading
lost counts as left out.

    dehusk train FOLDER OUT --labels tests/quality/labels.jsonl --vectors glove.6B.100d.txt
    python tests/quality/write_quality.py OUT/figures.json         # writes this page
    python tests/quality/floors.py                                 # holds the shipped weights to their floors

`tests/quality/labels.jsonl` holds hand labels of 1,078 pages of the folder beside those of its `kinds.jsonl`, which
alone measures the 17 labels here. The shipped weights and these figures are from a run of the command's steps fold by
fold, with the hand labels of 867 of these pages, of 161 put into examples that had been made before; the other 211
pages were labelled since. The command was not run whole.
[Training](training.md) tells how to add pages of your own.

A line is text from a chance of {threshold:.2f} on; scores are softmax chances at temperature {temperature}.
"""


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def words_table(sources: dict[str, Any]) -> str:
    """WCXB by rendering and page type."""
    kinds = sorted({kind for found in sources.values() for kind in found.get("wcxb", {}).get("words", {})})
    rows = [
        [renderer, *(number(found["wcxb"]["words"].get(kind)) for kind in kinds)]
        for renderer, found in sources.items()
        if "wcxb" in found
    ]
    return table(["rendering", *kinds], rows)


def sources_table(sources: dict[str, Any]) -> str:
    """The other sources by rendering."""
    rows = []
    for renderer, found in sources.items():
        for source, values in found.items():
            if source != "wcxb":
                parts = [values.get("shingles", {}), values.get("lines", {}), values.get("snippets", {})]
                cells = [number(part.get("f1")) for part in parts]
                rows.append([renderer, source, str(values["pages"]), *cells])
    return table(["rendering", "source", "pages", "shingles F1", "lines F1", "snippets F1"], rows)


def fine_table(sources: dict[str, Any]) -> str:
    """The fine labels of fundus by rendering: F1."""
    given = {renderer: found["fundus"]["fine"] for renderer, found in sources.items() if "fundus" in found}
    labels = list(next(iter(given.values())))
    return table(
        ["rendering", *labels], [[name, *(number(fine[x]["f1"]) for x in labels)] for name, fine in given.items()]
    )


METADATA = """## Title, date and authors from flat text

From out-of-fold labels too. A title is right where its letters and digits are those of the gold one; a date where
its day is; authors count by the F1 of their names. *There* says what the text holds at all: of pages with a gold title,
the share where some line is nothing but it; of those with a gold day, the share where some line states it. What is not
there is out of reach of flat text: the gold title of many pages is the one of `<title>` or `og:title`, worded otherwise
than every line, and the text of a quarter of WCXB's pages does not state the gold day. *Of given* counts the pages that
get a date; most of the wrong ones lack the gold day too, as the next column shows, which leaves such pages out.

    python tests/quality/metadata.py --labels OUT_OF_FOLD.parquet --write

A page that says only when it was updated gets `modified` and no `published`. On WCXB (innertext) that day is the gold
one on 41 of 72 such pages: taking it would make 6 points more of all days right and 5 points fewer of those given.

The tables that choose the headline were fitted on these pages, with labels of an earlier run, so that the titles above
are somewhat too good. Fitted anew with the labels of this table and without a page's own site (five folds), they make
titles right on 0.654 of fundus, 0.576 of WCXB and 0.709 of trafilatura's (innertext), and of soup on 0.654, 0.676 and
0.809 (`python tests/quality/headline.py OUT_OF_FOLD.parquet`); since that is no better, the tables stand as they were.

Where no line is the gold title (innertext, 153 pages of fundus, 1,226 of WCXB), it is a part of a line that is at most
40 letters longer on 7 and 5 of 100 pages, and two or three lines joined on 1 and 1; on 7 and 12 no line has most of it.
"""


def metadata_table(sources: dict[str, Any]) -> str:
    """Title, date and authors by rendering and source."""
    names = ("title", "title there", "date of all", "date there", "date of given", "date of given and there")
    columns = (*names, "authors F1", "authors F1 of given")
    rows = [
        [renderer, source, str(values["pages"]), *(number(values[name]) for name in columns)]
        for renderer, found in sources.items()
        for source, values in found.items()
    ]
    return table(["rendering", "source", "pages", *columns], rows)


def _sentence(name: str, kinds: dict[str, Any]) -> str:
    return f"{name}: macro-F1 {kinds['macro_f1']:.3f}, lines right {kinds['accuracy']:.3f}"


def page(kept: dict[str, Any], metadata: dict[str, Any], where_it_fails: str) -> str:
    found = kept["figures"]
    kinds, rendered, calibration = found["kinds"], found["kinds_html"], found["calibration"]
    by_label = sorted(kinds["f1"].items(), key=lambda pair: -pair[1])
    languages = [[lang, str(row["pages"]), number(row["words"])] for lang, row in found["languages"].items()]
    bins = [[str(n), f"{said:.2f}", f"{true:.2f}"] for n, said, true in calibration["bins"]]
    files = "\n".join(f"- `{name}` sha256 `{digest}`" for name, digest in kept["benchmark"].items())
    parts = (
        HEAD.format(text="`summary`, `heading`, `paragraph`, `list_item`", **kept["choice"]),
        "## WCXB: mean word F1, by rendering and page type\n",
        words_table(found["sources"]),
        "A tenth of these pages do not hold their gold body in the rendering at all; they count as they are.\n",
        "## Other sources\n",
        sources_table(found["sources"]),
        "## The fine labels of fundus: F1\n",
        fine_table(found["sources"]),
        f"## The 17 labels, by hand ({kinds['lines']} lines)\n",
        f"{_sentence('innertext', kinds)}; {_sentence('html', rendered)}.\n",
        table(
            ["label", "innertext: F1", "html: F1"],
            [[label, number(value), number(rendered["f1"].get(label))] for label, value in by_label],
        ),
        f"## Scores\n\nExpected calibration error on the hand labels: {calibration['ece']:.3f}.\n",
        table(["lines", "mean score", "share right"], bins),
        "## Languages: mean word F1 of pages with a gold body, innertext\n",
        table(["language", "pages", "word F1"], languages),
        METADATA,
        metadata_table(metadata),
        where_it_fails,
        f"## The files measured on\n\n{files}\n",
    )
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    options = parser.parse_args()
    kept = json.loads(options.figures.read_text(encoding="utf-8"))
    notes = (Path(__file__).parent / "where_it_fails.md").read_text(encoding="utf-8")
    metadata = json.loads((ROOT / "docs" / "metadata_figures.json").read_text(encoding="utf-8"))
    (ROOT / "docs" / "quality.md").write_text(page(kept, metadata, notes), encoding="utf-8")


if __name__ == "__main__":
    main()
