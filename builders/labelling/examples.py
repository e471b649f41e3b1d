"""Labelled pages of a benchmark folder as arrays to learn from and to be measured on."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dehusk.schema.labels import BOILERPLATE, LABELS, TEXT_LABELS

from .features import DENSE, SINGLE, line_features
from .markup import MARK_BYTES, Nodes, line_marks, page_nodes

PARTS: Final = ("", "wcxb_")
"""What the names of a benchmark folder's files begin with."""

EXACT: Final = 1
"""Target codes from here on are the labels themselves, in their order; 0 is 'not known'."""

KNOWN: Final = ("wide_content", "wide_paragraph", "wide_other", "wide_boilerplate")
"""Targets of sources whose labels are coarser than ours; their codes follow those of the labels."""


class Text(NamedTuple):
    """One rendering of one page, and which lines of the arrays are its own."""

    page_id: str
    renderer: str
    source: str
    site: str
    lang: str
    page_type: str
    first: int
    last: int


class Examples(NamedTuple):
    """All renderings, line after line.

    dense uint8[n, d]; single uint32[n, s]; words uint32[k]; offsets int64[n + 1]; target uint8[n], a code (see
    `target_weights`); content int8[n]: 1 kept, 0 dropped, -1 not known; size int32[n], words in the line;
    hand bool[n], labelled by hand; marks uint8[n, m], bits of what the HTML says (`markup`), and found bool[n], whether
    the line was found in it; origin int64[n], the line that a line of an altered page was made from, else itself.
    """

    texts: list[Text]
    dense: NDArray[np.uint8]
    single: NDArray[np.uint32]
    words: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    target: NDArray[np.uint8]
    content: NDArray[np.int8]
    size: NDArray[np.int32]
    hand: NDArray[np.bool_]
    marks: NDArray[np.uint8]
    found: NDArray[np.bool_]
    origin: NDArray[np.int64]


def no_examples() -> Examples:
    """Examples of no page, to which others are added."""
    return Examples(
        texts=[],
        dense=np.zeros((0, len(DENSE)), np.uint8),
        single=np.zeros((0, len(SINGLE)), np.uint32),
        words=np.zeros(0, np.uint32),
        offsets=np.zeros(1, np.int64),
        target=np.zeros(0, np.uint8),
        content=np.zeros(0, np.int8),
        size=np.zeros(0, np.int32),
        hand=np.zeros(0, np.bool_),
        marks=np.zeros((0, MARK_BYTES), np.uint8),
        found=np.zeros(0, np.bool_),
        origin=np.zeros(0, np.int64),
    )


def target_weights() -> NDArray[np.float32]:
    """float32[codes, 17]: how far each label agrees with each target code; the loss is -log of the weighted sum.

    The small weights are the shares in which the sources' coarse labels were found to differ from the hand labels
    on the pages that have both.
    """
    table = np.zeros((EXACT + len(LABELS) + len(KNOWN), len(LABELS)), np.float32)
    table[0] = 1
    table[EXACT : EXACT + len(LABELS)] = np.eye(len(LABELS))
    wide = {
        "wide_content": ({*TEXT_LABELS}, {"byline", "date", "caption"}, 0.2, 0.03),
        "wide_paragraph": ({"paragraph", "list_item"}, {"byline", "heading"}, 0.02, 0.005),
        "wide_other": ({*BOILERPLATE, "section"}, {"caption", "byline", "list_item", "paragraph"}, 0.02, 0.01),
        "wide_boilerplate": ({*BOILERPLATE, "section", "byline", "date", "caption"}, {*TEXT_LABELS}, 0.05, 0.01),
    }
    for row, name in enumerate(KNOWN, EXACT + len(LABELS)):
        sure, likely, some, rest = wide[name]
        table[row] = [1 if label in sure else some if label in likely else rest for label in LABELS]
    return table


def _code(label: str | None, source: str, hand: bool) -> int:
    if label is None:
        return 0
    if hand or label in ("title", "byline", "date", "summary", "heading", "caption"):
        return EXACT + LABELS.index(label)
    name = "wide_paragraph" if label == "paragraph" and source == "fundus" else f"wide_{label}"
    return EXACT + len(LABELS) + KNOWN.index(name)


def _kept(label: str | None) -> int:
    if label is None:
        return -1
    return int(label == "content" or label in TEXT_LABELS)


def read_folder(folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every (page, rendering) of a benchmark folder, as dicts with the columns of its files."""
    pages: dict[str, dict[str, Any]] = {}
    for part in PARTS:
        columns = ["page_id", "source", "site", "lang", "html", "gold"] + ["page_type"] * bool(part)
        table = pq.read_table(folder / f"{part}pages.parquet", columns=columns)
        pages |= {page["page_id"]: page for page in table.to_pylist()}
    for text in read_texts(folder):
        yield pages[text["page_id"]], text


def read_texts(folder: Path) -> Iterator[dict[str, Any]]:
    """Every rendering of a benchmark folder, as dicts with the columns of its texts files."""
    for part in PARTS:
        for batch in pq.ParquetFile(folder / f"{part}texts.parquet").iter_batches(batch_size=64):
            yield from batch.to_pylist()


def hand_labels(folder: Path, more: Path | None = None) -> dict[str, list[str]]:
    """The hand labels of the innertext rendering, by page.

    Args:
        folder: the benchmark folder, whose `kinds.jsonl` has a list of `labels` for each page.
        more: a file of further pages in that form, or with `runs`, lists of a label and how many lines have it.
    """
    files = [folder / "kinds.jsonl"] if more is None else [more, folder / "kinds.jsonl"]
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return {row["page_id"]: row.get("labels") or _unrolled(row["runs"]) for row in rows}


def _unrolled(runs: list[tuple[str, int]]) -> list[str]:
    return [label for label, count in runs for _ in range(count)]


def load_examples(folder: Path, more: Path | None = None) -> Examples:
    """Read a benchmark folder, and further hand labels of its pages, and compute the features of all lines."""
    hand = hand_labels(folder, more)
    inner: dict[str, dict[str, Any]] = {}
    texts: list[Text] = []
    columns: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for page, text in read_folder(folder):
        if text["renderer"] == "innertext":
            inner[text["page_id"]] = text
        if not text["lines"]:
            continue
        read = hand.get(page["page_id"])
        labels = _carried(inner[page["page_id"]], read, text) if read else [None] * len(text["lines"])
        for name, value in _columns(page, text, labels).items():
            columns[name].append(value)
        place = (page["site"] or page["page_id"], page["lang"] or "", page.get("page_type") or "")
        first = texts[-1].last if texts else 0
        texts.append(Text(page["page_id"], text["renderer"], page["source"], *place, first, first + len(labels)))
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    offsets = np.append(0, np.cumsum(joined.pop("steps")))
    return Examples(texts=texts, offsets=offsets, origin=np.arange(texts[-1].last), **joined)


def appended(examples: Examples, texts: list[Text], columns: Mapping[str, NDArray[Any]]) -> Examples:
    """Examples with further lines behind them.

    Args:
        examples: those before.
        texts: all texts, theirs and the further ones.
        columns: the arrays of the further lines, by their names in `Examples`; `steps` instead of `offsets`.
    """
    joined = {
        name: np.concatenate([getattr(examples, name), values]) for name, values in columns.items() if name != "steps"
    }
    offsets = np.append(examples.offsets, examples.offsets[-1] + np.cumsum(columns["steps"]))
    return Examples(texts=texts, offsets=offsets, **joined)


def with_pages(examples: Examples, pages: Iterable[tuple[Text, Mapping[str, NDArray[Any]]]]) -> Examples:
    """Examples with further pages behind them.

    Args:
        examples: those before.
        pages: of each page its text, whose `first` and `last` are filled in here, and its arrays as `appended` takes
            them but `origin`: every line is its own.
    """
    texts = list(examples.texts)
    parts: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for text, columns in pages:
        first = texts[-1].last if texts else 0
        texts.append(text._replace(first=first, last=first + len(columns["target"])))
        for name, values in columns.items():
            parts[name].append(values)
    if not parts:
        return examples
    made = {name: np.concatenate(values) for name, values in parts.items()}
    return appended(examples, texts, made | {"origin": np.arange(len(examples.origin), texts[-1].last)})


def seen_of(text: str, start: NDArray[np.int64], end: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """What is computed of the lines of one page, by the names in `Examples`; `steps` are words looked up a line."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    seen = line_features(points, start, end, np.zeros(len(start), np.int32))
    return {
        "dense": seen.dense,
        "single": seen.single,
        "words": seen.words,
        "steps": np.diff(seen.offsets),
        "size": np.array([len(text[a:b].split()) for a, b in zip(start.tolist(), end.tolist(), strict=True)], np.int32),
    }


def by_hand(labels: Sequence[str | None], given: Sequence[str | None], source: str) -> dict[str, NDArray[Any]]:
    """What is known of lines, by the names in `Examples`.

    Args:
        labels: the label of each line that a person gave it, or None.
        given: the one that the source gave it, or None.
        source: the source.
    """
    pairs = list(zip(labels, given, strict=True))
    return {
        "target": np.array([_code(read or said, source, read is not None) for read, said in pairs], np.uint8),
        "content": np.array([_kept(read if said is None else said) for read, said in pairs], np.int8),
        "hand": np.array([read is not None for read in labels], np.bool_),
    }


def _columns(page: dict[str, Any], text: dict[str, Any], labels: Sequence[str | None]) -> dict[str, NDArray[Any]]:
    """The arrays of one rendering, by their names in `Examples`; `steps` instead of `offsets`."""
    lines = text["lines"]
    start, end = (np.array([x[k] for x in lines], np.int64) for k in ("start", "end"))
    marks, found = line_marks(_nodes(page["html"]), text["text"], lines)
    return {
        **seen_of(text["text"], start, end),
        **by_hand(labels, [line["label"] for line in lines], page["source"]),
        "marks": np.packbits(marks, axis=1),
        "found": found,
    }


@lru_cache(maxsize=1)
def _nodes(html: str) -> Nodes:
    """The text nodes of a page; its renderings come one after another."""
    return page_nodes(html)


def save_examples(examples: Examples, path: Path) -> None:
    """Keep examples in one .npz file."""
    arrays = examples._asdict()
    arrays["texts"] = np.array(json.dumps(examples.texts))
    np.savez(path, **arrays)


def stored_examples(path: Path) -> Examples:
    """Examples as `save_examples` keeps them."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    texts = [Text(*row) for row in json.loads(str(arrays.pop("texts")))]
    return Examples(texts=texts, **arrays)


def _carried(inner: dict[str, Any], labels: list[str], other: dict[str, Any]) -> list[str | None]:
    """Carries hand labels of one rendering to another.

    Words are matched in order; a line takes a label when nine tenths of its words were matched, and all of them to
    lines of that label.
    """
    if other["renderer"] == inner["renderer"]:
        return list(labels)
    left, owner = _word_list(inner)
    right, place = _word_list(other)
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        for i in range(block.size):
            votes[place[block.b + i]][labels[owner[block.a + i]]] += 1
    total = Counter(place)
    return [
        next(iter(votes[i])) if len(votes[i]) == 1 and votes[i].total() >= 0.9 * total[i] else None
        for i in range(len(other["lines"]))
    ]


def _word_list(text: dict[str, Any]) -> tuple[list[str], list[int]]:
    words, owner = [], []
    for i, line in enumerate(text["lines"]):
        found = text["text"][line["start"] : line["end"]].casefold().split()
        words += found
        owner += [i] * len(found)
    return words, owner


def fold_of_sites(texts: Iterable[Text], folds: int, seed: int) -> dict[str, int]:
    """A fold for every site: sites in the order of a seeded hash, each to the fold with the fewest pages so far."""
    pages: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        pages[text.site].add(text.page_id)
    order = sorted(pages, key=lambda site: hashlib.sha256(f"{seed}:{site}".encode()).digest())
    filled, chosen = [0] * folds, {}
    for site in order:
        chosen[site] = filled.index(min(filled))
        filled[chosen[site]] += len(pages[site])
    return chosen
