"""What changed since the version that a hub has is told in card and commit; the dataset here stays as it is."""

from pathlib import Path

import pytest
from hub import Hub
from publishing import APART, QUICK, TARGET, build_pages, git, history, plan, publish, write_pages

from dehusk.builders.build import build_dataset
from dehusk.builders.cards.changes import read_changes
from dehusk.builders.pack import MANIFEST, read_manifest
from dehusk.builders.publishing.publication import Progress, Publication
from dehusk.builders.publishing.publish import plan_publication
from dehusk.builders.recipe import Dataset, Recipe
from dehusk.schema.errors import TargetError

GREW = "3 records became 4: 1 added, 0 removed, 0 changed, 3 unchanged."
SHRANK = "4 records became 2: 0 added, 2 removed, 0 changed, 2 unchanged."


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pages(tmp_path_factory.mktemp("three"), range(3))


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pages(tmp_path_factory.mktemp("four"), range(4))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pages(tmp_path_factory.mktemp("two"), range(2))


def told(hub: Hub, revision: str = "main") -> str:
    return read_changes(git(hub, "show", f"{revision}:README.md"), revision)


def body(hub: Hub) -> str:
    return git(hub, "log", "-1", "--format=%b")


def commit_by_hand(hub: Hub, path: str, content: str) -> None:
    hub.store("datasets", TARGET).commit("main", history(hub)[0], {path: content.encode()}, [], "by hand")


def test_each_version_is_told_with_its_name_the_newest_first(hub: Hub, three: Path, four: Path, two: Path) -> None:
    publish(three, hub, Publication(tag="1.0.0"))
    assert (told(hub), body(hub)) == ("", "")
    before = {path: path.read_bytes() for path in four.rglob("*") if path.is_file()}
    publish(four, hub)
    build = f"### Build {read_manifest(four).fingerprint[:12]}\n\n{GREW}"
    assert (told(hub), body(hub)) == (build, GREW)
    publish(two, hub, Publication(tag="v2.0.0"))
    assert told(hub) == f"### v2.0.0\n\n{SHRANK}\n\n{build}"
    assert told(hub, "1.0.0") == ""
    assert before == {path: path.read_bytes() for path in four.rglob("*") if path.is_file()}


def test_what_was_told_makes_no_commit_of_an_unchanged_dataset(hub: Hub, three: Path, four: Path) -> None:
    publish(three, hub)
    publish(four, hub)
    for changes in (None, True, False):
        assert plan(four, hub, Publication(changes=changes)).nothing_to_do
    assert not publish(four, hub, Publication(tag="1.0.0")).changed
    assert len(history(hub)) == 3


def test_the_plan_says_what_will_be_told(hub: Hub, three: Path, four: Path) -> None:
    publish(three, hub)
    steps: list[Progress] = []
    planned = plan_publication(four, TARGET, endpoint=hub.endpoint, preflight=False, watch=steps.append, patience=QUICK)
    assert planned.difference is not None
    assert planned.difference.head == GREW
    assert planned.to_dict()["difference"]["added"] == 1
    assert [step.step for step in steps] == ["compare"]
    assert len(history(hub)) == 2


def test_nothing_is_told_where_it_is_not_wanted_and_what_was_told_stays(
    hub: Hub, three: Path, four: Path, two: Path
) -> None:
    publish(three, hub)
    publish(four, hub)
    before = told(hub)
    publish(two, hub, Publication(changes=False))
    assert (told(hub), body(hub)) == (before, "")


def test_a_description_is_the_body_of_the_commit(hub: Hub, three: Path, four: Path) -> None:
    publish(three, hub)
    publish(four, hub, Publication(description="One lock more."))
    assert body(hub) == "One lock more."
    assert told(hub).endswith(GREW)


def test_another_card_of_the_same_records_is_no_change_of_them(
    hub: Hub, four: Path, three: Path, tmp_path: Path
) -> None:
    publish(three, hub)
    publish(four, hub)
    before = told(hub)
    recipe = Recipe(dataset=Dataset(pretty_name="Locks"), duplicates=APART)
    build_dataset(write_pages(tmp_path / "seeds", range(4)), tmp_path / "dist", recipe)
    publish(tmp_path / "dist", hub)
    assert "# Locks" in git(hub, "show", "main:README.md")
    assert (told(hub), body(hub)) == (before, "")


def test_what_somebody_corrects_on_the_hub_stays(hub: Hub, three: Path, four: Path, two: Path) -> None:
    publish(three, hub)
    publish(four, hub)
    commit_by_hand(
        hub, "README.md", git(hub, "show", "main:README.md").replace(GREW, "The lock of the harbour.") + "\n"
    )
    assert [change.path for change in plan(four, hub).changes] == [MANIFEST]  # which lists the card's digest
    publish(two, hub, Publication(tag="2.0.0"))
    assert told(hub).startswith(f"### 2.0.0\n\n{SHRANK}\n\n### Build ")
    assert told(hub).endswith("The lock of the harbour.")


def test_a_card_there_whose_markers_are_broken_is_not_overwritten(hub: Hub, three: Path, four: Path, two: Path) -> None:
    publish(three, hub)
    publish(four, hub)
    commit_by_hand(hub, "README.md", git(hub, "show", "main:README.md").replace("<!-- changes: end -->", ""))
    with pytest.raises(TargetError, match=f"README.md of {hub.endpoint}/datasets/{TARGET} has 1 lines"):
        plan(two, hub)


def test_a_version_that_cannot_be_compared_stops_it_unless_nothing_shall_be_told(
    hub: Hub, three: Path, four: Path
) -> None:
    publish(three, hub)
    commit_by_hand(hub, "data/train-00000-of-00001.parquet", "no Parquet")
    with pytest.raises(TargetError, match="cannot be compared") as refused:
        plan(four, hub)
    assert "--no-changes" in refused.value.tip
    publish(four, hub, Publication(changes=False))
    assert told(hub) == ""


def test_a_repository_without_a_manifest_of_ours_has_no_version(hub: Hub, three: Path, four: Path) -> None:
    publish(three, hub)
    commit_by_hand(hub, MANIFEST, "{}")
    publish(four, hub)
    assert (told(hub), body(hub)) == ("", "")
