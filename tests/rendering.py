"""How HTML is rendered, measured: `python tests/rendering.py [--bench FOLDER] [--pages N]`.

On pages of the benchmark folder: the share of the lines of its `innertext` rendering, which another tool made, that
stand in ours in the same order; of how many lines the place in the file is known; and in CPU time the reading of a page
(parsing, rendering, places, marks) beside `trafilatura.extract` of the same page, one after the other.

Needs `pip install trafilatura`.
"""

import argparse
import statistics
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path

import trafilatura
from benchmark import cpu_in, pages_of

from dehusk.builders.reading.html import HtmlPage, html_page


def visible_lines(text: str) -> list[str]:
    """The lines of a text that hold anything."""
    return [line for line in map(str.strip, text.split("\n")) if line]


def shared_lines(one: list[str], two: list[str]) -> int:
    """How many lines of one stand in the other, in order."""
    return sum(block.size for block in SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path, default=Path(__file__).parents[2] / "shared" / "bench")
    parser.add_argument("--pages", type=int, default=300)
    arguments = parser.parse_args()
    lines = same = known = ours = 0
    spent: dict[str, list[float]] = {"dehusk": [], "trafilatura": []}
    for page in pages_of(arguments.bench, "innertext", arguments.pages):
        html: str = page["html"]
        data = html.encode("utf-8", "replace")
        spent["trafilatura"].append(cpu_in(partial(trafilatura.extract, html)))
        spent["dehusk"].append(cpu_in(partial(html_page, data)))
        read = html_page(data)
        assert isinstance(read, HtmlPage)
        wanted = visible_lines(page["text"])
        lines += len(wanted)
        same += shared_lines(wanted, visible_lines(read.text))
        ours += len(read.lines.start)
        known += int((read.lines.byte_start >= 0).sum())
    print(f"lines of innertext found again: {same} of {lines}, {same / lines:.4f}")
    print(f"lines whose place in the file is known: {known} of {ours}, {known / ours:.4f}")
    for name, seconds in spent.items():
        median, rate = 1000 * statistics.median(seconds), len(seconds) / sum(seconds)
        print(f"{name}: median {median:.1f} ms a page, {rate:.0f} pages a CPU second")


if __name__ == "__main__":
    main()
