"""The commands that publish, compare and thin out datasets, run as people run them."""

import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hub import WRITE_TOKEN, Hub
from publishing import TARGET, build_pages, git, history
from terminals import DEHUSK, clean_environment

from dehusk.builders.cli import INTERRUPTED, main
from dehusk.builders.publishing.publication import Patience
from dehusk.schema.errors import BROKEN_RUN, CLEAN, FINDINGS, WRONG_USE

ESCAPES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def run(*args: str | Path) -> Result:
    """Runs a command in this process; it never says the token or commands a terminal."""
    done = CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)
    assert WRITE_TOKEN not in done.output
    assert not ESCAPES.search(done.output)
    return done


def actions(plan: str) -> dict[str, str]:
    """What a shown plan does with each file."""
    rows = re.findall(r"^  (add|replace|delete|same) +(\S+) ", plan, flags=re.MULTILINE)
    return {path: action for action, path in rows}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pages(tmp_path_factory.mktemp("first"), range(4))


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pages(tmp_path_factory.mktemp("second"), range(2, 7))


@pytest.fixture
def copy(first: Path, tmp_path: Path) -> Path:
    """A dataset that a test may change."""
    return Path(shutil.copytree(first, tmp_path / "dist"))


# -- publish -----------------------------------------------------------------------------------------------------------


def test_publish_again_and_compare_with_what_was_published(hub: Hub, first: Path, second: Path) -> None:
    there = (TARGET, "--endpoint", hub.endpoint)
    told = run("publish", first, *there, "--tag", "1.0.0", "--message", "Four locks", "--yes")
    assert told.exit_code == CLEAN, told.stderr
    url = f"{hub.endpoint}/datasets/{TARGET}"
    assert f"to {url} (private, new, tag 1.0.0)" in told.stdout
    assert set(actions(told.stdout).values()) == {"add"}
    assert f"published: {url} at {history(hub)[0][:12]}, tag 1.0.0" in told.stdout
    assert "    pages = load_dataset('ada/pages', revision='1.0.0')" in told.stdout
    assert "license_missing" in told.stderr  # a warning of preflight
    assert "loading what arrived" in told.stderr.splitlines()
    assert git(hub, "log", "-1", "--format=%s", "1.0.0") == "Four locks"

    commits = history(hub)
    again = run("publish", first, *there, "--tag", "1.0.0", "--yes")
    assert again.exit_code == CLEAN
    assert again.stdout.splitlines()[-1] == f"nothing to do: all {len(actions(again.stdout))} files are there"
    planned = run("publish", second, *there, "--dry-run")
    assert planned.exit_code == CLEAN
    assert actions(planned.stdout)["manifest.json"] == "replace"
    head = "4 records became 5: 3 added, 2 removed, 0 changed, 2 unchanged."
    assert f"to be told: {head}" in planned.stdout
    assert "published" not in planned.stdout
    assert history(hub) == commits

    compared = ("diff", f"hf://datasets/{TARGET}@1.0.0", second, "--endpoint", hub.endpoint)
    text, markdown = run(*compared), run(*compared, "--markdown")
    assert (text.exit_code, text.stdout.splitlines()[0]) == (CLEAN, head)
    assert "lock-00006.txt" in text.stdout
    assert markdown.stdout == f"{head}\n"
    difference = json.loads(run(*compared, "--json").stdout)
    assert [difference[key] for key in ("same", "added", "removed", "unchanged")] == [False, 3, 2, 2]


@pytest.mark.parametrize(("target", "options", "said"), [
    (TARGET, ["--tag", "latest"], "'latest' is no version"),
    ("./there", ["--public"], "--public is for hubs"),
    ("./there", ["--tag", "1.0.0"], "--tag is for hubs"),
    ("./there", ["--message", "Spring"], "--message is for hubs"),
    ("s3://bucket/pages", ["--changes"], "--changes is for hubs"),
    ("pages", [], "pages names no place to publish to"),
])  # fmt: skip
def test_a_wrong_word_is_told_before_anything_is_read(target: str, options: list[str], said: str) -> None:
    refused = run("publish", "no-such-folder", target, *options, "--yes")
    assert (refused.exit_code, refused.stdout) == (WRONG_USE, "")
    assert refused.stderr.startswith(f"error: {said}")


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patience, "wait", lambda *_: 0.0)


@pytest.mark.usefixtures("no_wait")
@pytest.mark.parametrize(("stage", "how", "end"), [
    ("GET /whoami-v2", {"status": 401}, (WRONG_USE, "the hub does not know the token")),
    ("POST /commit/", {"status": 403}, (WRONG_USE, "not allowed")),
    ("POST /repos/create", {"status": 503}, (BROKEN_RUN, "the hub fails")),
    ("POST /commit/", {"status": 412}, (BROKEN_RUN, "it was changed in the meantime")),
    ("GET /whoami-v2", {"cut": True}, (BROKEN_RUN, "no answer")),
    ("GET /whoami-v2", {"status": 429, "headers": {"Retry-After": "3600"}}, (BROKEN_RUN, "asks to wait 3600 s")),
])  # fmt: skip
def test_what_goes_wrong_on_the_way_is_a_sentence_and_an_exit_code(
    hub: Hub, first: Path, stage: str, how: dict[str, Any], end: tuple[int, str]
) -> None:
    hub.fail(*stage.split(), times=99, **how)
    done = run("publish", first, TARGET, "--endpoint", hub.endpoint, "--yes")
    code, said = end
    assert done.exit_code == code
    *_, error, tip = done.stderr.splitlines()
    assert re.match(rf"error: .*{said}", error)
    assert tip.startswith("tip: ")


def test_without_a_terminal_nothing_is_done_unasked(hub: Hub, first: Path) -> None:
    refused = run("publish", first, TARGET, "--endpoint", hub.endpoint)
    assert (refused.exit_code, refused.stdout) == (WRONG_USE, "")
    assert "tip: --yes publishes without asking" in refused.stderr
    assert hub.calls == []


def publish_in_terminal(answer: bytes, *args: str | Path) -> tuple[int, str]:
    """Runs `dehusk publish` in a terminal where somebody answers; gives its exit code and what it showed."""
    ours, theirs = pty.openpty()
    command = [str(DEHUSK), "publish", *map(str, args)]
    environment = clean_environment() | {"TERM": "xterm-256color"}
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, answer)
        shown = b""
        try:
            while part := os.read(ours, 1 << 16):
                shown += part
        except OSError:  # on Linux, the other end has been closed
            pass
    os.close(ours)
    return process.returncode, shown.decode().replace("\r\n", "\n")


def test_a_terminal_is_asked(first: Path, tmp_path: Path) -> None:
    code, shown = publish_in_terminal(b"n\n", first, tmp_path / "there")
    assert code == INTERRUPTED
    assert shown.endswith("error: nothing was published, since you did not say yes\n")
    assert not (tmp_path / "there").exists()
    code, shown = publish_in_terminal(b"y\n", first, tmp_path / "there")
    assert code == CLEAN
    _, plan, rest = shown.partition("9 added")
    assert plan
    assert rest.index("Publish it like this?") < rest.index("━") < rest.index("published: ")
    assert "━" not in rest.partition("published: ")[2]
    assert (tmp_path / "there" / "manifest.json").read_bytes() == (first / "manifest.json").read_bytes()


def test_errors_of_preflight_stop_and_secrets_are_not_shown(copy: Path, tmp_path: Path) -> None:
    secret = "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz" + "qWeRtYuI"
    with (copy / "README.md").open("a") as card:
        card.write(f"\nMy token is {secret}\n")
    found = run("preflight", copy, "--json")
    assert found.exit_code == FINDINGS
    document = json.loads(found.stdout)
    errors = {finding["rule"] for finding in document["findings"] if finding["severity"] == "error"}
    assert errors == {"file_digest", "secret"}
    assert document["errors"] == 2
    listed = run("preflight", copy)
    assert listed.exit_code == FINDINGS
    assert listed.stderr.startswith(f"{copy} cannot be published: 2 errors, ")
    stopped = run("publish", copy, tmp_path / "there", "--yes")
    assert (stopped.exit_code, stopped.stdout) == (FINDINGS, "")
    assert stopped.stderr == listed.stdout + listed.stderr
    assert not (tmp_path / "there").exists()
    assert secret not in found.output + listed.output + stopped.output


def test_what_lies_at_the_target_commands_no_terminal(first: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "\x1b[31m\u202e.txt").touch()
    planned = run("publish", first, there, "--dry-run")
    assert planned.exit_code == CLEAN
    assert "left alone: <U+001B>[31m<U+202E>.txt" in planned.stdout


# -- remove ------------------------------------------------------------------------------------------------------------


def test_remove_takes_out_what_each_option_names(copy: Path, tmp_path: Path) -> None:
    records = pq.read_table(copy / "data", columns=["id", "source"]).to_pylist()
    ids = {record["source"]["path"]: record["id"] for record in records}
    (tmp_path / "list.txt").write_text("# two\npath lock-00001.txt\n")
    options = ("--id", ids["lock-00000.txt"], "--path", "lock-00002.txt", "--path", "lock-00009.txt")
    addresses = ("--site", "shop.example", "--url", "https://news.example/tram", "--file", tmp_path / "list.txt")
    told = run("remove", copy, *options, *addresses)
    assert told.exit_code == CLEAN
    gone = {ids[f"lock-0000{number}.txt"] for number in range(3)}
    head, *rows = told.stdout.splitlines()
    assert head == f"3 records left {copy}, which keeps 1 page"
    assert {row.strip() for row in rows[:3]} == gone
    unmatched = {"path lock-00009.txt", "site shop.example", "url https://news.example/tram"}
    assert {row.strip() for row in rows[4:]} == unmatched
    assert pq.read_table(copy / "data", columns=["id"])["id"].to_pylist() == [ids["lock-00003.txt"]]
    listed = {line for line in (copy / "takedown.txt").read_text().splitlines() if not line.startswith("#")}
    assert listed == unmatched | {f"id {key}" for key in gone} | {"path lock-00001.txt", "path lock-00002.txt"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "nothing is named that should leave"),
        (["--id", "7"], "`7` is no id"),
        (["--file", "nowhere.txt"], "there is no file nowhere.txt"),
    ],
)
def test_a_removal_that_says_nothing_sound_is_wrong_use(options: list[str], said: str, first: Path) -> None:
    manifest = (first / "manifest.json").read_bytes()
    refused = run("remove", first, *options)
    assert (refused.exit_code, refused.stdout) == (WRONG_USE, "")
    assert refused.stderr.startswith(f"error: {said}\ntip: ")
    assert (first / "manifest.json").read_bytes() == manifest
