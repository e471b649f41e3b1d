"""What a record says of the others: copies, splits, lines that the pages of a site share."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dehusk.builders.joining import template, trace
from dehusk.builders.joining.copies import find_clusters
from dehusk.builders.joining.groups import in_runs, join_pairs
from dehusk.builders.joining.proof import COLUMNS, check_clusters
from dehusk.builders.joining.settle import SETTLED, Applied, is_default, settle, with_settled
from dehusk.builders.joining.sketch import HASHES, SHINGLE, sketch_texts
from dehusk.builders.joining.spans import hash_spans
from dehusk.builders.joining.template import count_pages
from dehusk.builders.joining.trace import TRACE, trace_records
from dehusk.builders.recipe import Duplicates, Recipe, Split
from dehusk.builders.split import split_records
from dehusk.schema.contract import check_records
from dehusk.schema.record import RECORDS
from dehusk.schema.view import codepoints

WORDS = [a + b for a in "bdfgklmnprst" for b in ("a", "ei", "o", "ul", "ra")]


def prose(seed: int, n_words: int = 120) -> str:
    """Words by lot, twelve to a line."""
    drawn = random.Random(seed).choices(WORDS, k=n_words)  # noqa: S311
    return "\n".join(" ".join(drawn[at : at + 12]) for at in range(0, n_words, 12))


def changed(text: str, seed: int, n_words: int) -> str:
    """The text with some words in a row replaced."""
    words = text.split(" ")
    at = random.Random(seed).randrange(len(words) - n_words)  # noqa: S311
    words[at : at + n_words] = ["other" + str(number) for number in range(n_words)]
    return " ".join(words)


def record(number: int, text: str, *, site: str | None = None, husk: Sequence[str] = ()) -> dict[str, Any]:
    """A page whose lines are its husk and then its text."""
    lines: list[dict[str, Any]] = []
    at = 0
    for line in [*husk, *text.split("\n")] if text else husk:
        is_husk = len(lines) < len(husk)
        lines.append(
            {
                "start": at,
                "end": at + len(line),
                "byte_start": at,
                "byte_end": at + len(line),
                "label": "navigation" if is_husk else "paragraph",
                "boilerplate": is_husk,
                "score": 0.9,
                "by_hand": False,
                "site_pages": None if site is None else 1,
            }
        )
        at += len(line) + 1
    empty: dict[str, Any] = dict.fromkeys(RECORDS.names)
    return empty | {
        "id": f"{number * 7919:024x}",
        "text": text,
        "site": site,
        "cluster_size": 1,
        "n_lines": len(lines),
        "n_chars": len(text),
        "lines": lines,
        "raw": "\n".join([*husk, text]),
        "source": {"path": f"{number:05}.txt", "sha256": "0" * 64, "byte_start": 0, "byte_end": at},
    }


def table(*records: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(records), schema=RECORDS)


def joined(shards: Sequence[pa.Table], recipe: Recipe) -> list[Applied]:
    """The whole way: every shard is traced, all are settled, and it is written into each."""
    settled = list(settle([trace_records(shard) for shard in shards], recipe))
    return [with_settled(shard, said, recipe) for shard, said in zip(shards, settled, strict=True)]


def rows(applied: Sequence[Applied]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for one in applied for row in one.records.to_pylist()}


def number_of(key: str) -> int:
    return int(key, 16) // 7919


# -- sketches --


def shingles(text: str) -> set[str]:
    words = text.split()
    return {"".join(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))} if words else set()


def test_sketches_estimate_the_share_of_shingles() -> None:
    texts = [changed(prose(seed, 400), seed, 3 * seed) for seed in range(1, 40)] + [prose(s, 400) for s in range(1, 40)]
    sketch, _ = sketch_texts(pa.chunked_array([texts]))
    off = []
    for one in range(39):
        a, b = shingles(texts[one]), shingles(texts[one + 39])
        off.append((sketch[one] == sketch[one + 39]).mean() - len(a & b) / len(a | b))
    assert abs(np.mean(off)) < 0.02  # the standard deviation of one is below 0.045
    assert max(map(abs, off)) < 0.15


def test_a_sketch_hangs_on_no_other_text_and_not_on_white_space() -> None:
    texts = [prose(1), "", "two words", "日本語の文章を書く", prose(2)]
    sketch, keys = sketch_texts(pa.chunked_array([texts]))
    for number, text in enumerate(texts):
        alone, key = sketch_texts(pa.chunked_array([[text.replace(" ", " \n\t")]]))
        assert (alone[0] == sketch[number]).all()
        assert key[0] == keys[number]
    assert sketch.shape == (5, HASHES)
    assert len(set(keys.tolist())) == 5


def test_in_scripts_without_spaces_every_character_is_a_word() -> None:
    text = "".join(chr(0x4E00 + number * 7 % 3000) for number in range(300))
    other = text[:150] + "木" + text[150:]
    sketch, _ = sketch_texts(pa.chunked_array([[text, other]]))
    assert (sketch[0] == sketch[1]).mean() > 0.9


@settings(max_examples=30)
@given(st.text(max_size=40), st.integers(0, 40), st.integers(0, 40), st.text(max_size=40))
def test_spans_of_the_same_text_have_the_same_hash(text: str, start: int, length: int, before: str) -> None:
    start = min(start, len(text))
    end = min(start + length, len(text))
    points, _ = codepoints(pa.array([before + text]))
    shifted = hash_spans(points, np.array([len(before) + start]), np.array([len(before) + end]))
    alone, at = codepoints(pa.array([text[start:end]]))
    assert shifted[0] == hash_spans(alone, at[:-1], at[1:])[0]


# -- groups --


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40), st.integers(0, 5))
def test_groups_are_what_hangs_together(pairs: list[tuple[int, int]], cut: int) -> None:
    group = np.arange(20)
    for part in (pairs[:cut], pairs[cut:]):
        one, two = (np.array([pair[side] for pair in part], dtype=np.int64) for side in (0, 1))
        group = join_pairs(group, one, two)
    expected = list(range(20))
    for pair in pairs:
        low, high = sorted(expected[row] for row in pair)
        expected = [low if name == high else name for name in expected]
    assert group.tolist() == expected


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5), max_size=30))
def test_runs_name_all_rows_of_a_key(keys: list[int]) -> None:
    tie = np.array([number * 37 % 101 for number in range(len(keys))], dtype=np.uint64)
    first, before, row = in_runs(np.array(keys, dtype=np.uint64), tie)
    found = {
        key: [place for place in np.argsort(tie).tolist() if keys[place] == key]
        for key, n in Counter(keys).items()
        if n > 1
    }
    assert sorted(zip(first.tolist(), before.tolist(), row.tolist(), strict=True)) == sorted(
        (places[0], one, two) for places in found.values() for one, two in pairwise(places)
    )


# -- copies --


def test_copies_name_the_first_by_place_in_whatever_shard_it_lies() -> None:
    same, near, other = prose(1), changed(prose(1), 5, 2), prose(2)
    shards = [
        table(record(9, same), record(4, near), record(5, other)),
        table(record(2, same.replace("\n", " "), site="a.example"), record(3, prose(3))),
    ]
    found = {number_of(key): row for key, row in rows(joined(shards, Recipe())).items()}
    original = found[2]["id"]
    assert {number: row["duplicate_of"] for number, row in found.items()} == {
        9: original,
        4: original,
        5: None,
        2: None,
        3: None,
    }
    assert {number: row["cluster_size"] for number, row in found.items()} == {9: 3, 4: 3, 5: 1, 2: 3, 3: 1}


def test_pages_without_text_are_no_copies() -> None:
    shard = table(record(1, ""), record(2, ""), record(3, "x"), record(4, "x"))
    found = rows(joined([shard], Recipe()))
    assert [row["cluster_size"] for row in found.values()] == [1, 1, 2, 2]


@pytest.mark.parametrize(("threshold", "together"), [(0.6, True), (0.95, False), (1.0, False)])
def test_the_threshold_says_how_much_copies_share(threshold: float, together: bool) -> None:
    text = prose(1, 400)
    shard = table(record(1, text), record(2, changed(text, 3, 40)))  # 0.81 of their shingles in common
    recipe = Recipe(duplicates=Duplicates(threshold=threshold))
    found = [row["duplicate_of"] is not None for row in rows(joined([shard], recipe)).values()]
    assert found == [False, together]


def test_near_copies_are_found_and_others_are_not() -> None:
    """Against the shares of shingles that all pairs really have: near the threshold either is right."""
    texts = [changed(prose(seed, 300), at, 2 + 9 * at) for seed in range(30) for at in range(4)]
    shard = table(*(record(number, text) for number, text in enumerate(texts)))
    cluster = find_clusters([trace_records(shard)], np.ones(len(texts), dtype=np.bool_), 0.8)
    sets = [shingles(text) for text in texts]
    for one, two in combinations(range(len(texts)), 2):
        share = len(sets[one] & sets[two]) / len(sets[one] | sets[two])
        if share > 0.9:
            assert cluster[one] == cluster[two]
        if one // 4 != two // 4:  # of another text altogether
            assert share < 0.1
            assert cluster[one] != cluster[two]


def test_dropped_copies_are_rejected_with_their_reason_and_place() -> None:
    text = prose(1)
    shards = [table(record(3, text), record(2, changed(text, 1, 2))), table(record(1, text), record(4, prose(4)))]
    recipe = Recipe(duplicates=Duplicates(drop=True))
    applied = joined(shards, recipe)
    found = {number_of(key): row for key, row in rows(applied).items()}
    assert {number: (row["duplicate_of"], row["cluster_size"]) for number, row in found.items()} == {
        1: (None, 3),
        4: (None, 1),
    }
    rejects = [row for one in applied for row in one.rejects.to_pylist()]
    assert [(row["path"], row["stage"], row["reason"], row["detail"]) for row in rejects] == [
        ("00003.txt", "settle", "same_text", "the same text as 00001.txt"),
        ("00002.txt", "settle", "near_duplicate", "nearly the same text as 00001.txt"),
    ]


def test_what_is_dropped_anyway_counts_for_nothing() -> None:
    text = prose(1)
    shards = [table(record(1, text, site="a.example")), table(record(2, text, site="a.example"))]
    traces = [trace_records(shard) for shard in shards]
    dropped = [np.array([True]), np.array([False])]
    settled = list(settle(traces, Recipe(), dropped))
    assert [is_default(one) for one in settled] == [True, True]
    assert [is_default(one) for one in settle(traces, Recipe())] == [False, False]


# -- the order of the work changes nothing --


def _pages() -> list[dict[str, Any]]:
    menu = ["Home", "News", "Sport"]
    pages = []
    for number in range(60):
        text = prose(number % 25, 80) if number % 3 else changed(prose(number % 25, 80), number, 3)
        site = (None, "a.example", "b.example", "c.example")[number % 4]
        pages.append(record(number, text, site=site, husk=menu if site == "b.example" else menu[:1]))
    return pages


@pytest.mark.parametrize(("n_shards", "by", "drop"), [(2, "id", False), (7, "site", False), (11, "site", True)])
def test_shards_do_not_change_what_is_settled(n_shards: int, by: Any, drop: bool) -> None:
    recipe = Recipe(duplicates=Duplicates(drop=drop), split=Split(by=by, shares={"train": 0.5, "test": 0.5}))
    pages = _pages()

    def built(count: int) -> dict[str, Any]:
        shards = [table(*pages[at::count]) for at in range(count)]
        applied = joined(shards, recipe)
        keys = {
            key: value
            for one in applied
            for key, value in zip(one.records["id"].to_pylist(), one.split_keys.to_pylist(), strict=True)
        }
        return {key: (row, keys[key]) for key, row in rows(applied).items()}

    assert built(n_shards) == built(1)


def test_a_table_is_traced_the_same_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(*_pages())
    at_once = trace_records(whole)
    monkeypatch.setattr(trace, "AT_ONCE", 1000)
    assert trace_records(whole).equals(at_once)
    assert trace_records(whole.slice(7, 20)).equals(at_once.slice(7, 20))
    assert at_once.schema == TRACE
    assert trace_records(RECORDS.empty_table()).num_rows == 0


def test_settling_says_when_it_changes_nothing() -> None:
    alone = table(record(1, prose(1), site="a.example", husk=["Menu"]), record(2, prose(2)))
    (settled,) = settle([trace_records(alone)], Recipe())
    assert settled.schema == SETTLED
    assert is_default(settled)
    assert with_settled(alone, settled, Recipe()).records.equals(alone)
    (settled,) = settle([trace_records(RECORDS.empty_table())], Recipe())
    assert is_default(settled)
    assert list(settle([], Recipe())) == []


# -- the site's own lines --


def test_lines_are_counted_by_the_pages_of_their_site() -> None:
    shards = [
        table(
            record(1, prose(1), site="a.example", husk=["Home", "News", "Home"]),
            record(2, prose(2), site="b.example", husk=["Home"]),
        ),
        table(record(3, prose(3), site="a.example", husk=["Home", "Weather"]), record(4, prose(4), husk=["Home"])),
    ]
    found = {
        number_of(key): [line["site_pages"] for line in row["lines"]]
        for key, row in rows(joined(shards, Recipe())).items()
    }
    assert found[1][:3] == [2, 1, 2]
    assert found[2][:1] == [1]
    assert found[3][:2] == [2, 1]
    assert set(found[1][3:]) == set(found[2][1:]) == set(found[3][2:]) == {1}
    assert set(found[4]) == {None}


def test_lines_are_counted_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = [trace_records(table(*_pages()[at::3])) for at in range(3)]
    kept = [np.ones(one.num_rows, dtype=np.bool_) for one in traces]
    whole = count_pages(traces, kept)
    monkeypatch.setattr(template, "LINES_AT_ONCE", 50)
    parts = count_pages(traces, kept)
    assert (whole.keys == parts.keys).all()
    assert (whole.pages == parts.pages).all()
    lines = Counter((page["site"], text) for page in _pages() if page["site"] for text in set(page["raw"].split("\n")))
    assert sorted(whole.pages.tolist()) == sorted(count for count in lines.values() if count > 1)


# -- splits --


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), min_size=1, max_size=40),
    st.sampled_from(["id", "site"]),
    st.booleans(),
)
def test_no_site_and_no_cluster_is_torn(pages: list[tuple[int, int]], by: Any, drop: bool) -> None:
    """Whatever pages, by their text and site; the proof of `dehusk check` says the same."""
    recipe = Recipe(
        duplicates=Duplicates(drop=drop), split=Split(by=by, shares={"train": 0.4, "validation": 0.3, "test": 0.3})
    )
    shard = table(
        *(
            record(number, prose(text, 40), site=f"site{site}.example" if site else None)
            for number, (text, site) in enumerate(pages)
        )
    )
    (applied,) = joined([shard], recipe)
    parts = split_records(applied.records, applied.split_keys, recipe.split)
    files = {f"data/{split}-00000-of-00001.parquet": part.select(COLUMNS) for split, part in parts.items()}
    assert list(check_clusters(files, recipe)) == []
    where = {row["id"]: split for split, part in parts.items() for row in part.to_pylist()}
    for row in applied.records.to_pylist():
        assert row["duplicate_of"] is None or where[row["duplicate_of"]] == where[row["id"]]
    if by == "site":
        sites: dict[str, set[str]] = {}
        for row in applied.records.to_pylist():
            if row["site"]:
                sites.setdefault(row["site"], set()).add(where[row["id"]])
        assert all(len(splits) == 1 for splits in sites.values())


def test_pages_without_copies_keep_the_split_of_their_own_key() -> None:
    split = Split(by="site", shares={"train": 0.5, "test": 0.5})
    alone = [record(number, prose(number, 40), site=f"s{number}.example") for number in range(40)]
    (one,) = joined([table(*alone)], Recipe(split=split))
    copies = [record(100 + number, prose(1000 + number // 2, 40), site=f"t{number}.example") for number in range(40)]
    (two,) = joined([table(*alone, *copies)], Recipe(split=split))
    assert one.split_keys.to_pylist() == [row["site"] for row in alone] == two.split_keys.to_pylist()[:40]
    assert two.split_keys.to_pylist()[40:] == [
        f"t{min((n // 2 * 2, n // 2 * 2 + 1), key=str)}.example" for n in range(40)
    ]


def test_shares_are_met_within_what_chance_leaves() -> None:
    """Of n pages that go by themselves a share p gets p·n, give or take four times the root of p(1 - p)n."""
    shard = table(*(record(number, f"{number} {number}x") for number in range(4000)))
    recipe = Recipe(split=Split(shares={"train": 0.8, "test": 0.2}))
    (applied,) = joined([shard], recipe)
    parts = split_records(applied.records, applied.split_keys, recipe.split)
    assert abs(parts["test"].num_rows - 800) < 4 * (0.8 * 0.2 * 4000) ** 0.5


# -- what check proves --


def _files(change: dict[int, dict[str, Any]]) -> dict[str, pa.Table]:
    a, b, c = f"{1:024x}", f"{2:024x}", f"{3:024x}"
    lines: list[dict[str, Any]] = [
        {"id": a, "site": "s.example", "duplicate_of": None, "cluster_size": 2},
        {"id": b, "site": "s.example", "duplicate_of": a, "cluster_size": 2},
        {"id": c, "site": "t.example", "duplicate_of": None, "cluster_size": 1},
    ]
    lines = [line | change.get(number, {}) for number, line in enumerate(lines)]
    schema = pa.schema([RECORDS.field(name) for name in COLUMNS])
    return {
        "data/train-00000-of-00001.parquet": pa.Table.from_pylist(lines[:2], schema=schema),
        "data/test-00000-of-00001.parquet": pa.Table.from_pylist(lines[2:], schema=schema),
    }


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({1: {"duplicate_of": f"{9:024x}"}}, ["original_there", "cluster_counted", "cluster_counted"]),
        ({0: {"duplicate_of": f"{3:024x}"}}, ["original_there", "cluster_whole", "cluster_counted"]),
        ({2: {"cluster_size": 2}}, ["cluster_counted"]),
        ({2: {"site": "s.example"}}, ["site_whole"]),
    ],
)
def test_what_is_wrong_between_records_is_found(change: dict[int, dict[str, Any]], found: list[str]) -> None:
    recipe = Recipe(split=Split(by="site", shares={"train": 0.5, "test": 0.5}))
    findings = list(check_clusters(_files(change), recipe))
    rules = [finding.rule for finding in findings]
    assert sorted(set(rules)) == sorted(set(found))


def test_settled_records_keep_the_contract() -> None:
    shard = table(record(1, prose(1), site="a.example", husk=["Menu"]), record(2, prose(1), site="a.example"))
    (applied,) = joined([shard], Recipe())
    fields = {finding.field for finding in check_records(applied.records)}
    assert fields.isdisjoint({"duplicate_of", "cluster_size", "lines.site_pages", "lines"})
