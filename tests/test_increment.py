"""A build after another does only what changed, and ends with the bytes of one that knows nothing of the other."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_faults import RECIPE, digests, write_cranes

from dehusk.builders.build import How, build_dataset
from dehusk.builders.duplicates import find_copies, write_places
from dehusk.builders.plan import MIN_WEIGHT, plan_build
from dehusk.builders.recipe import Dataset, Dates, Recipe
from dehusk.builders.versioning.takedown import NOTHING, Takedown, make_entry


def build(
    seeds: Path, dist: Path, recipe: Recipe = RECIPE, takedown: Takedown = NOTHING, *, fresh: bool = False
) -> str:
    """Builds, and gives what was told."""
    notes: list[str] = []
    build_dataset(seeds, dist, recipe, takedown=takedown, how=How(fresh=fresh, tell=notes.append))
    return "; ".join(notes)


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return write_cranes(tmp_path / "seeds", range(7))


Change = Callable[[Path], object]

CHANGES: dict[str, Change] = {
    "changed": lambda seeds: (seeds / "crane-002.txt").write_text("A crane fell over today, and nobody was hurt.\n"),
    "removed": lambda seeds: (seeds / "crane-004.txt").unlink(),
    "a copy added": lambda seeds: shutil.copy(seeds / "crane-003.txt", seeds / "a.txt"),
    "the copy removed": lambda seeds: (seeds / "a.txt").unlink(),
}


def test_after_any_change_the_bytes_are_those_of_a_build_that_knows_no_other(seeds: Path, tmp_path: Path) -> None:
    assert build(seeds, tmp_path / "dist") == ""
    n_shards = len(plan_build(seeds, RECIPE.pack.shard_bytes).shards)
    assert build(seeds, tmp_path / "dist") == f"{n_shards} of {n_shards} shards are as they were"
    for name, change in CHANGES.items():
        change(seeds)
        told = build(seeds, tmp_path / "dist")
        n_used, n_all = (int(word) for word in told.split() if word.isdigit())
        assert 0 < n_used < n_all, name
        build(seeds, tmp_path / name)
        assert digests(tmp_path / "dist") == digests(tmp_path / name), name


def test_what_changed_beside_the_seeds_is_told(seeds: Path, tmp_path: Path) -> None:
    build(seeds, tmp_path / "dist")
    told = replace_recipe(dates=Dates(latest=None, crawl_date=Dates().earliest))
    assert build(seeds, tmp_path / "dist", told).startswith("changed since the last build: [dates] of the recipe;")
    titled = replace_recipe(dates=told.dates, dataset=Dataset(pretty_name="Cranes"))
    assert "shards are as they were" in build(seeds, tmp_path / "dist", titled)
    assert "Cranes" in (tmp_path / "dist" / "README.md").read_text(encoding="utf-8")
    assert build(seeds, tmp_path / "dist", titled, fresh=True) == ""
    listed = Takedown(frozenset({make_entry("path", "crane-001.txt")}))
    assert "the takedown list" in build(seeds, tmp_path / "dist", titled, listed)
    assert "shards are as they were" in build(seeds, tmp_path / "dist", titled, listed)


def replace_recipe(dates: Dates, dataset: Dataset | None = None) -> Recipe:
    return Recipe(pack=RECIPE.pack, dates=dates, dataset=dataset or Dataset())


def test_kept_files_that_are_not_as_they_were_written_are_made_again(seeds: Path, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    build(seeds, dist)
    before = digests(dist)
    n_shards = len(plan_build(seeds, RECIPE.pack.shard_bytes).shards)
    for name in ("train.*.parquet", "places.arrow", "rejects.parquet", "shard.json"):
        spoilt = next(dist.with_name(".dist.dehusk").glob(f"shards/*/{name}"))
        spoilt.write_bytes(spoilt.read_bytes()[:-9] + b"?" * 9)
        assert build(seeds, dist) == f"{n_shards - 1} of {n_shards} shards are as they were"
        assert digests(dist) == before


def test_an_id_that_is_listed_later_is_taken_out_of_a_kept_shard(seeds: Path, tmp_path: Path) -> None:
    build(seeds, tmp_path / "dist")
    key = pq.read_table(tmp_path / "dist" / "data")["id"][0].as_py()
    listed = Takedown(frozenset({make_entry("id", key)}))
    told = build(seeds, tmp_path / "dist", takedown=listed)
    build(seeds, tmp_path / "anew", takedown=listed)
    assert "shards are as they were" in told
    assert digests(tmp_path / "dist") == digests(tmp_path / "anew")
    assert key not in pq.read_table(tmp_path / "dist" / "data")["id"].to_pylist()


# -- the plan --


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9 * MIN_WEIGHT), min_size=1, max_size=40),
    most=st.integers(MIN_WEIGHT, 99 * MIN_WEIGHT),
)
def test_a_seed_more_changes_its_own_shard_alone(
    sizes: list[int], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    for number, size in enumerate(sizes):
        with (folder / f"{number}.txt").open("wb") as file:
            file.truncate(size)
    before = [tuple(unit.path for unit in shard.seeds) for shard in plan_build(folder, most).shards]
    assert sorted({path for shard in before for path in shard}) == sorted(
        f"{number}.txt" for number in range(len(sizes))
    )
    for shard in plan_build(folder, most).shards:
        weights = [max(MIN_WEIGHT, (unit.span[1] - unit.span[0]) if unit.span else unit.size) for unit in shard.seeds]
        assert sum(weights) <= most or len(weights) == 1
    (folder / "more.txt").write_bytes(b"x")
    after = [tuple(unit.path for unit in shard.seeds) for shard in plan_build(folder, most).shards]
    assert len(set(before) - set(after)) <= 1


@settings(max_examples=60, deadline=None)
@given(shards=st.lists(st.dictionaries(st.integers(0, 30), st.integers(0, 99), max_size=9), min_size=1, max_size=5))
def test_copies_are_those_that_have_an_earlier_place_in_another_shard(
    shards: list[dict[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    named = [
        {f"{key % 3:016x}{key:08x}": f"{at:02}-{number}" for key, at in held.items()}
        for number, held in enumerate(shards)
    ]
    folders = []
    for held in named:
        folders.append(tmp_path_factory.mktemp("shard"))
        write_places(held, folders[-1])
    first = {key: min(held[key] for held in named if key in held) for key in {key for held in named for key in held}}
    expected = [{key: first[key] for key, at in held.items() if at != first[key]} for held in named]
    assert find_copies(folders) == expected
