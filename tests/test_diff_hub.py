"""Revisions that lie on a hub are fetched and compared; what is not there is said in a sentence."""

from pathlib import Path

import pytest
from hub import Hub
from publishing import build_pages, publish

from dehusk.builders.publishing.publication import Publication
from dehusk.builders.versioning.diff import diff_datasets
from dehusk.builders.versioning.versions import open_dataset
from dehusk.schema.errors import AccessError, TargetError


def test_revisions_of_a_hub_are_compared(hub: Hub, tmp_path: Path) -> None:
    dist = build_pages(tmp_path, range(4))
    publish(dist, hub, Publication(tag="1.0.0"))
    publish(build_pages(tmp_path, range(6)), hub)
    old = open_dataset("hf://datasets/ada/pages@1.0.0", hub.endpoint)
    new = open_dataset("hf://datasets/ada/pages", hub.endpoint)
    difference = diff_datasets(old, new)
    assert (difference.added, difference.removed, difference.unchanged) == (2, 0, 4)
    assert diff_datasets(new, dist).same


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ("hf://datasets/ada/pages@9.9.9", TargetError),
        ("hf://datasets/ada/nothing@1.0.0", AccessError),
        ("hf://models/ada/pages", TargetError),
        ("hf://datasets/ada/pages@a@b", TargetError),
    ],
)
def test_a_revision_that_is_not_there_is_said_in_a_sentence(
    hub: Hub, tmp_path: Path, spec: str, error: type[Exception]
) -> None:
    publish(build_pages(tmp_path, range(2)), hub)
    with pytest.raises(error):
        open_dataset(spec, hub.endpoint)
