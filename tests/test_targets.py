"""What names a target, and what is never shown of it."""

from pathlib import Path

import pytest

from dehusk.builders.publishing.targets import HubTarget, StoreTarget, masked, parse_target
from dehusk.schema.errors import TargetError

HUB = "https://hub.example.org"


@pytest.mark.parametrize("text", ["ada/pages", "hf://datasets/ada/pages"])
def test_a_dataset_of_a_hub(text: str) -> None:
    target = parse_target(text, HUB + "/")
    assert target == HubTarget("ada/pages", HUB)
    assert target.url == "https://hub.example.org/datasets/ada/pages"


def test_the_hub_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://mirror.example.org")
    assert parse_target("ada/pages") == HubTarget("ada/pages", "https://mirror.example.org")


@pytest.mark.parametrize("endpoint", ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:9"])
def test_a_hub_of_this_machine_needs_no_https(endpoint: str) -> None:
    assert parse_target("ada/pages", endpoint) == HubTarget("ada/pages", endpoint)


@pytest.mark.parametrize(("text", "url"), [
    ("s3://bucket/pages", "s3://bucket/pages"),
    ("file:///srv/pages", "file:///srv/pages"),
    ("/srv/pages", "/srv/pages"),
])  # fmt: skip
def test_a_place_for_files(text: str, url: str) -> None:
    assert parse_target(text) == StoreTarget(url)


def test_a_relative_folder_begins_with_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_target("./ada/pages") == StoreTarget(str(tmp_path / "ada" / "pages"))


def test_what_could_be_two_things_is_asked_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ada" / "pages").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError, match="could be a dataset of a hub or the folder here"):
        parse_target("ada/pages")
    assert parse_target("hf://datasets/ada/pages", HUB) == HubTarget("ada/pages", HUB)


@pytest.mark.parametrize("text", [
    "", "pages", "a/b/c", "ada/", "/".join("ab") + " ", "ada/../x", "ada/.x", "hf://ada/pages", "hf://models/ada/pages",
    "hf://datasets/ada/pages@main", "https://hub.example.org/ada/pages", "s3://key:secret@bucket/x",
    "s3://bucket/x?versionId=1", "simplecache::s3://bucket/x", "ada/pa\nges",
])  # fmt: skip
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(TargetError) as refused:
        parse_target(text)
    assert "secret" not in refused.value.message
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    "endpoint", ["hub.example.org", "https://", "https://me:word@hub.example.org", "https://h?x=1"]
)
def test_what_is_no_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(TargetError) as refused:
        parse_target("ada/pages", endpoint)
    assert "word" not in refused.value.message


@pytest.mark.parametrize("text", ["./pages", "s3://bucket/pages"])
def test_files_have_no_endpoint(text: str) -> None:
    with pytest.raises(TargetError, match="no endpoint"):
        parse_target(text, HUB)


@pytest.mark.parametrize(("text", "shown"), [
    ("PUT https://s.example/a/b?X-Amz-Signature=12 cut", "PUT https://s.example/a/b cut"),
    ("see https://s.example/a#token=1, https://t.example/?x", "see https://s.example/a https://t.example/"),
    ("https://me:word@s.example/a", "https://s.example/a"),
    ("Authorization: Bearer abc.def-1", "Authorization: Bearer ***"),
    ("with hf_AbC123 and AKIAXYZ", "with *** and ***"),
    ("a plain sentence, 50% of it", "a plain sentence, 50% of it"),
])  # fmt: skip
def test_secrets_are_never_shown(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_long_text_of_others_is_cut() -> None:
    assert len(masked("http://" * 100_000)) == 2000
