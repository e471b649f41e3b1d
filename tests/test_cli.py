"""The command line, run as people run it: by the installed command, in terminals, pipes and logs."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from terminals import DEHUSK, clean_environment, run_in_terminal

from dehusk.builders.cli import BROKEN_PIPE, INTERRUPTED, answer, main
from dehusk.builders.pack import read_manifest
from dehusk.builders.recipe import RECIPE_NAME
from dehusk.schema.errors import BROKEN_RUN, CLEAN, EXIT_CODES, FINDINGS, WRONG_USE
from dehusk.schema.record import REASONS

COMMANDS = sorted(main.commands)
HOSTILE = "\x1b]0;owned\x07\u202eevil\n[bold]"
ESCAPES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def run(*args: str | Path) -> Result:
    """Runs a command in this process."""
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


def run_apart(*args: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs the installed command; warnings of Python are errors."""
    environment = clean_environment() | {"PYTHONWARNINGS": "error"}
    command = [str(DEHUSK), *map(str, args)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def one_page(folder: Path, name: str = "page.txt", text: str = "") -> Path:
    """A seeds folder with a page in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(
        text or f"The ferry at {name}\n\nIt crosses the river four times a day, and never on Sunday.\n"
    )
    return folder


# -- help --------------------------------------------------------------------------------------------------------------


def examples_of(command: click.Command) -> list[list[str]]:
    """The words after the command's name in each of its examples."""
    lines = [line.strip() for line in (command.epilog or "").splitlines()]
    calls = [re.split(r" {3,}| > ", line.rpartition("| ")[2])[0] for line in lines if "dehusk " in line]
    return [shlex.split(call)[2:] for call in calls]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text_and_examples_that_it_takes(name: str) -> None:
    command = main.commands[name]
    assert command.help
    assert examples_of(command)
    for words in examples_of(command):
        group = click.Context(main, info_name="dehusk", **main.context_settings)
        command.make_context(name, list(words), parent=group)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help_and_stands_in_an_example(name: str) -> None:
    command = main.commands[name]
    words = {word for example in examples_of(command) for word in example}
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert words & set(option.opts), option.name


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_shown(name: str, flag: str) -> None:
    shown = run(name, flag)
    assert shown.exit_code == CLEAN
    assert f"Usage: dehusk {name}" in shown.stdout
    assert "Examples:" in shown.stdout


def test_help_names_every_command_and_every_exit_code() -> None:
    shown = run("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", shown, flags=re.MULTILINE)
    for code, meaning in EXIT_CODES.items():
        assert re.search(rf"^ +{code} +{re.escape(meaning)}$", shown, flags=re.MULTILINE)


def test_without_a_command_help_goes_to_stderr() -> None:
    shown = run()
    assert (shown.exit_code, shown.stdout) == (WRONG_USE, "")
    assert shown.stderr == run("--help").stdout


def test_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert run_apart("--version").stdout == f"dehusk {version('dehusk')}\n"


def test_nothing_heavy_is_imported_to_show_help() -> None:
    heavy = "{'chardet', 'ftfy', 'msgspec', 'numpy', 'pandera', 'pyarrow', 'rich', 'yaml'}"
    code = f"import sys, dehusk.builders.cli; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (["bild"], "bild"),
        (["--colour"], "--colour"),
        (["show"], "FILE"),
        (["build", "--out"], "--out"),
        (["check", "a", "b"], "b"),
        (["build", "--jobs", "2"], "--jobs"),
    ],
)
def test_wrong_words_are_named_and_help_is_pointed_to(args: list[str], found: str) -> None:
    refused = run(*args)
    assert (refused.exit_code, refused.stdout) == (WRONG_USE, "")
    error, tip = refused.stderr.splitlines()
    assert error.startswith("error: ")
    assert found in error
    assert tip.startswith("tip: `dehusk")
    assert "--help`" in tip


# -- build -------------------------------------------------------------------------------------------------------------


def test_build_tells_what_it_did_and_the_lines_to_load_it_work(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "it's dist"
    built = run_apart("build", seeds, "--out", out)
    assert built.returncode == CLEAN, built.stderr
    counts = read_manifest(out).counts
    assert f"{counts.came_in} came in: {counts.kept} pages kept, 0 rejected" in built.stdout
    for label, count in counts.lines.items():
        assert re.search(rf"^  . {label} +{count:,} ", built.stdout, flags=re.MULTILINE)
    assert f"{100 * counts.boilerplate_share:.1f} % of what the pages show" in built.stdout
    assert all(f"{code} {count}" in built.stdout for code, count in counts.languages.items())
    assert "pages/s" in built.stdout
    program = "\n".join(line.strip() for line in built.stdout.splitlines() if line.startswith("    "))
    namespace: dict[str, object] = {}
    exec(program, namespace)  # noqa: S102 - two lines that a person is told to copy
    assert namespace["pages"].num_rows == {"train": counts.kept}  # type: ignore[attr-defined]


def test_no_file_of_the_dataset_holds_the_speed(seeds: Path, tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        assert run("build", seeds, "--out", tmp_path / name).exit_code == CLEAN
        digests.append({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()})
    assert digests[0] == digests[1]


def test_a_log_gets_plain_lines(seeds: Path, tmp_path: Path) -> None:
    built = run_apart("build", seeds, "--out", tmp_path / "dist")
    n_seeds = sum(path.is_file() and path.name != RECIPE_NAME for path in seeds.rglob("*"))
    assert built.stderr == f"{n_seeds} of {n_seeds} seeds (100 %)\n"
    assert not ESCAPES.search(built.stdout)


def test_a_log_gets_a_line_every_tenth_at_most(tmp_path: Path) -> None:
    large_pages(tmp_path / "seeds", 9)
    built = run("build", tmp_path / "seeds", "--out", tmp_path / "dist")
    assert built.exit_code == CLEAN
    lines = built.stderr.splitlines()
    assert 1 < len(lines) <= 10
    assert lines[-1] == "9 of 9 seeds (100 %)"
    tenths = [int(line.partition("(")[2].partition(" ")[0]) // 10 for line in lines]
    assert tenths == sorted(set(tenths))


def large_pages(folder: Path, count: int, lines: int = 14_000) -> None:
    """Pages so large that about four make a batch."""
    for number in range(count):
        days = [
            f"Day {day} on barge {number}: the water stood at {day * 7 % 90} and nobody came." for day in range(lines)
        ]
        one_page(folder, f"{number:03}.txt", "\n\n".join(days))


def test_quiet_means_no_progress(seeds: Path, tmp_path: Path) -> None:
    built = run("build", seeds, "--out", tmp_path / "dist", "--quiet")
    assert (built.exit_code, built.stderr) == (CLEAN, "")
    assert "came in" in built.stdout


def test_rejects_are_counted_with_what_they_mean_and_do_not_fail(tmp_path: Path) -> None:
    seeds = one_page(tmp_path / "seeds")
    (seeds / "empty.txt").touch()
    (seeds / "image.png").write_bytes(b"\x89PNG")
    shutil.copy(seeds / "page.txt", seeds / "page2.txt")
    built = run("build", seeds, "--out", tmp_path / "dist")
    assert built.exit_code == CLEAN
    assert "4 came in: 1 page kept, 3 rejected" in built.stdout
    for reason in ("empty_file", "unsupported_format", "duplicate"):
        assert re.search(rf"^  {reason} +1  {re.escape(REASONS[reason])}$", built.stdout, flags=re.MULTILINE)


def test_one_seed_file_can_be_built(tmp_path: Path) -> None:
    seeds = one_page(tmp_path / "seeds")
    assert "1 page kept" in run("build", seeds / "page.txt", "--out", tmp_path / "dist").stdout


def test_defaults_are_seeds_and_dist_where_one_is(tmp_path: Path) -> None:
    one_page(tmp_path / "seeds")
    assert run_apart("build", cwd=tmp_path).returncode == CLEAN
    checked = run_apart("check", cwd=tmp_path)
    assert checked.returncode == CLEAN
    assert checked.stderr == "dist keeps the contract: 1 record, 0 errors, 0 warnings\n"


def test_nothing_to_keep_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").touch()
    built = run("build", tmp_path / "seeds", "--out", tmp_path / "dist")
    assert (built.exit_code, built.stdout) == (FINDINGS, "")
    assert "no page could be kept: 1 empty_file" in built.stderr
    assert not (tmp_path / "dist").exists()


def test_missing_seeds_are_wrong_use(tmp_path: Path) -> None:
    refused = run("build", tmp_path / "nowhere", "--out", tmp_path / "dist")
    assert refused.exit_code == WRONG_USE
    assert f"error: there is no folder or file {tmp_path / 'nowhere'}" in refused.stderr
    assert "tip: " in refused.stderr


def test_the_recipe_in_the_seeds_folder_counts_unless_another_is_named(tmp_path: Path) -> None:
    seeds = one_page(tmp_path / "seeds")
    (seeds / "dehusk.toml").write_text('[dataset]\nname = "inside"\n')
    (tmp_path / "other.toml").write_text('[dataset]\nname = "named"\n')
    assert run("build", seeds, "--out", tmp_path / "dist").exit_code == CLEAN
    assert read_manifest(tmp_path / "dist").recipe.dataset.name == "inside"
    assert run("build", seeds, "--out", tmp_path / "dist", "--recipe", tmp_path / "other.toml").exit_code == CLEAN
    assert read_manifest(tmp_path / "dist").recipe.dataset.name == "named"


def test_the_takedown_list_beside_a_recipe_is_honoured(tmp_path: Path) -> None:
    seeds = one_page(one_page(tmp_path / "seeds"), "other.txt")
    (tmp_path / "recipe.toml").touch()
    (tmp_path / "takedown.txt").write_text("path page.txt\n")
    built = run("build", seeds, "--out", tmp_path / "dist", "--recipe", tmp_path / "recipe.toml")
    assert built.exit_code == CLEAN
    assert "2 came in: 1 page kept, 1 rejected" in built.stdout
    assert [seed.path for seed in read_manifest(tmp_path / "dist").seeds] == ["other.txt"]


@pytest.mark.parametrize(
    ("recipe", "error", "tip"),
    [
        ("[bounds]\nmax_line = 3\n", "unknown key [bounds] `max_line`", "did you mean `max_lines`?"),
        ("[bounds]\nmax_lines = 0\n", "max_lines", ""),
        ("[bounds\n", "is not TOML", ""),
    ],
)
def test_a_wrong_recipe_is_wrong_use(recipe: str, error: str, tip: str, tmp_path: Path) -> None:
    seeds = one_page(tmp_path / "seeds")
    (tmp_path / "recipe.toml").write_text(recipe)
    refused = run("build", seeds, "--out", tmp_path / "dist", "--recipe", tmp_path / "recipe.toml")
    assert refused.exit_code == WRONG_USE
    assert error in refused.stderr
    assert tip in refused.stderr
    assert not (tmp_path / "dist").exists()


def test_a_folder_in_the_recipes_place_is_not_passed_over(tmp_path: Path) -> None:
    (one_page(tmp_path / "seeds") / "dehusk.toml").mkdir()
    refused = run("build", tmp_path / "seeds", "--out", tmp_path / "dist")
    assert refused.exit_code == WRONG_USE
    assert "cannot read the recipe" in refused.stderr


def test_a_foreign_file_in_the_output_folder_stops_the_build(tmp_path: Path) -> None:
    seeds = one_page(tmp_path / "seeds")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "thesis.tex").write_text("years of work")
    refused = run("build", seeds, "--out", tmp_path / "dist")
    assert refused.exit_code == WRONG_USE
    assert "thesis.tex, which dehusk did not write" in refused.stderr
    assert (tmp_path / "dist" / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("out", ["page.txt/dist", "x" * 300])
def test_an_output_folder_that_cannot_be_made_breaks_the_run(out: str, tmp_path: Path) -> None:
    seeds = one_page(tmp_path / "seeds")
    broken = run_apart("build", seeds, "--out", seeds / out, "--quiet")
    assert (broken.returncode, broken.stdout) == (BROKEN_RUN, "")
    assert broken.stderr.startswith("error: ")
    assert "Traceback" not in broken.stderr


# -- progress in a terminal --------------------------------------------------------------------------------------------


def test_a_terminal_gets_a_bar_that_goes_away(seeds: Path, tmp_path: Path) -> None:
    code, shown = run_in_terminal("build", seeds, "--out", tmp_path / "dist")
    bar, _, rest = shown.partition("came in")
    assert code == CLEAN
    assert "\x1b[2K" in bar  # the line is written anew
    assert "━" in bar
    assert re.search(r"\x1b\[[0-9;]+m", bar)
    assert "━" not in rest
    assert "seeds (100 %)" not in shown


def test_no_color_leaves_no_colour(seeds: Path, tmp_path: Path) -> None:
    code, shown = run_in_terminal("build", seeds, "--out", tmp_path / "dist", NO_COLOR="1")
    assert code == CLEAN
    assert "━" in shown
    assert not re.search(r"\x1b\[[0-9;]*m", shown)


def test_a_dumb_terminal_gets_what_a_log_gets(seeds: Path, tmp_path: Path) -> None:
    code, shown = run_in_terminal("build", seeds, "--out", tmp_path / "dist", TERM="dumb")
    assert code == CLEAN
    assert "seeds (100 %)" in shown
    assert "\x1b" not in shown


def test_quiet_holds_in_a_terminal_too(seeds: Path, tmp_path: Path) -> None:
    code, shown = run_in_terminal("build", seeds, "--out", tmp_path / "dist", "-q")
    assert code == CLEAN
    assert re.search(r"^\S*\d+ came in", shown)


def test_colour_that_is_forced_gets_the_bar_and_the_table(broken: Path, seeds: Path, tmp_path: Path) -> None:
    forced = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "100", "NO_COLOR": ""}
    built = CliRunner().invoke(main, ["build", str(seeds), "--out", str(tmp_path / "fresh")], env=forced)
    assert "━" in built.stderr
    checked = CliRunner().invoke(main, ["check", str(broken)], env=forced)
    assert (built.exit_code, checked.exit_code) == (CLEAN, FINDINGS)
    assert "\x1b[31merror" in checked.stdout


# -- check -------------------------------------------------------------------------------------------------------------


def test_a_sound_dataset_is_clean(dist: Path) -> None:
    checked = run_apart("check", dist)
    assert (checked.returncode, checked.stdout) == (CLEAN, "")
    n_records = read_manifest(dist).counts.kept
    assert checked.stderr == f"{dist} keeps the contract: {n_records} records, 0 errors, 0 warnings\n"


def change_records(dist: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Changes the records of a dataset behind its manifest's back."""
    for path in (dist / "data").iterdir():
        pq.write_table(change(pq.read_table(path)), path)


def with_value(table: pa.Table, column: str, row: int, value: object) -> pa.Table:
    """The table with one value changed."""
    values = table[column].to_pylist()
    values[row] = value
    at = table.schema.get_field_index(column)
    return table.set_column(at, table.schema.field(column), pa.array(values, table.schema.field(column).type))


def misread(table: pa.Table) -> pa.Table:
    """Two records that break the contract, and one with a date to come."""
    table = with_value(table, "title", 2, HOSTILE)
    table = with_value(table, "n_chars", 0, 7)
    table = with_value(table, "published", 1, datetime(2199, 1, 1))  # noqa: DTZ001 - as the record has it
    return with_value(table, "published_precision", 1, "day")


@pytest.fixture
def broken(dist: Path, tmp_path: Path) -> Path:
    """A dataset whose file and two of whose records were changed, and one of whose dates is yet to come."""
    shutil.copytree(dist, tmp_path / "dist")
    change_records(tmp_path / "dist", misread)
    return tmp_path / "dist"


def test_dates_to_come_are_warnings_and_warnings_alone_are_clean(tmp_path: Path) -> None:
    text = (
        "The ferry will be back\n12 March 2199\n" + "It will cross the river four times a day, on Sundays too.\n\n" * 5
    )
    assert run("build", one_page(tmp_path / "seeds", text=text), "--out", tmp_path / "dist").exit_code == CLEAN
    checked = run("check", tmp_path / "dist")
    assert checked.exit_code == CLEAN
    (row,) = [row.split("\t") for row in checked.stdout.splitlines()[1:]]
    assert (row[0], *row[4:7]) == ("warning", "published", "after_today", "2199-03-12 00:00:00")
    assert checked.stderr.endswith("keeps the contract: 1 record, 0 errors, 1 warning\n")


def test_in_a_pipe_findings_are_rows_with_nothing_left_out(broken: Path) -> None:
    checked = run("check", broken)
    assert checked.exit_code == FINDINGS
    head, *rows = [line.split("\t") for line in checked.stdout.splitlines()]
    assert head == ["severity", "file", "row", "record", "field", "rule", "value", "remedy"]
    ids = pq.read_table(broken / "data")["id"].to_pylist()
    file = "data/train-00000-of-00001.parquet"
    assert {tuple(row[:6]) for row in rows} >= {
        ("error", file, "", "", "", "file_digest"),
        ("error", file, "0", ids[0], "n_chars", "n_chars"),
        ("error", file, "2", ids[2], "title", "one_line"),
        ("warning", file, "1", ids[1], "published", "after_today"),
    }
    assert [row[0] for row in rows] == ["error"] * (len(rows) - 1) + ["warning"]
    assert not ESCAPES.search(checked.stdout.replace("\t", ""))
    said = f"breaks the contract: 23 records, {len(rows) - 1} errors, 1 warning\n"
    assert checked.stderr.endswith(said)


def test_findings_as_json(broken: Path) -> None:
    checked = run("check", broken, "--json")
    assert (checked.exit_code, checked.stderr) == (FINDINGS, "")
    document = json.loads(checked.stdout)
    rows = [line.split("\t") for line in run("check", broken).stdout.splitlines()]
    assert [document[key] for key in ("dataset", "records", "errors", "warnings")] == [
        str(broken),
        23,
        len(rows) - 2,
        1,
    ]
    names = ("severity", "file", "row", "record", "field", "rule", "value", "remedy")
    assert [[cell(finding[name]) for name in names] for finding in document["findings"]] == rows[1:]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_gets_each_part_of_a_finding(width: int, broken: Path) -> None:
    code, shown = run_in_terminal("check", broken, columns=width, NO_COLOR="1")
    *lines, verdict = shown.splitlines()
    assert code == FINDINGS
    assert max(map(len, lines)) <= width
    assert verdict.endswith(" errors, 1 warning")
    told = "".join(lines).replace(" ", "")
    for finding in findings_of(broken):
        for value in finding.values():
            assert cell(value).replace(" ", "") in told


@pytest.mark.parametrize("width", [160, 220])
def test_a_wide_terminal_gets_a_column_for_each_part(width: int, broken: Path) -> None:
    code, shown = run_in_terminal("check", broken, columns=width, NO_COLOR="1")
    assert code == FINDINGS
    assert max(map(len, shown.splitlines()[:-1])) <= width
    told: list[list[str]] = []
    for line in shown.splitlines():
        cells = [cell.replace(" ", "") for cell in line.split("│")[1:-1]]
        if cells and cells[0]:
            told.append(cells)
        elif cells:
            told[-1] = [begun + cell for begun, cell in zip(told[-1], cells, strict=True)]
    names = ("severity", "file", "row", "record", "field", "rule", "value", "remedy")
    assert told == [[cell(finding[name]).replace(" ", "") for name in names] for finding in findings_of(broken)]


def cell(value: object) -> str:
    """A value as it stands in a table."""
    return "" if value is None else str(value)


def findings_of(dataset: Path) -> list[dict[str, object]]:
    """What checking a dataset finds."""
    found: list[dict[str, object]] = json.loads(run("check", dataset, "--json").stdout)["findings"]
    return found


def test_a_terminal_gets_a_bounded_table(dist: Path, tmp_path: Path) -> None:
    shutil.copytree(dist, tmp_path / "dist")
    change_records(tmp_path / "dist", lambda table: pa.concat_tables([with_value(table, "title", 2, "")] * 20))
    _, shown = run_in_terminal("check", tmp_path / "dist", columns=160, NO_COLOR="1")
    assert re.search(r"and [\d,]+ more; send the output to a file, or use --json, for all", shown)


def test_what_is_no_dataset_is_wrong_use(tmp_path: Path) -> None:
    refused = run("check", tmp_path)
    assert (refused.exit_code, refused.stdout) == (WRONG_USE, "")
    assert "is not a dataset of dehusk" in refused.stderr
    assert "tip: " in refused.stderr


# -- train -------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(find_spec("torch") is not None, reason="the packages for training are installed")
@pytest.mark.parametrize(("command", "what"), [("train", "training"), ("tune", "tuning")])
def test_without_the_packages_for_training_the_tip_is_to_install_them(command: str, what: str, tmp_path: Path) -> None:
    refused = run(command, tmp_path, tmp_path / "out")
    assert (refused.exit_code, refused.stdout) == (WRONG_USE, "")
    assert refused.stderr == f"error: {what} needs torch, which is not installed\ntip: pip install 'dehusk[train]'\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(find_spec("torch") is None, reason="the packages for training are not installed")
def test_a_missing_benchmark_is_wrong_use(tmp_path: Path) -> None:
    refused = run("train", tmp_path / "nowhere", tmp_path / "out")
    assert refused.exit_code == WRONG_USE
    assert "there is no folder" in refused.stderr
    assert not (tmp_path / "out").exists()


# -- the door ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        *([name, HOSTILE] for name in ("show", "build", "check", "preflight")),
        [HOSTILE],
        ["show", "--recipe", HOSTILE, "x"],
        ["publish", HOSTILE, "ada/pages", "--yes"],
        ["publish", "dist", HOSTILE, "--yes"],
        ["diff", HOSTILE, "dist"],
        ["diff", f"hf://{HOSTILE}", "dist"],
        ["remove", HOSTILE, "--path", "a"],
        ["remove", "dist", "--site", HOSTILE],
    ],
)
def test_hostile_names_reach_no_terminal(args: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused = run(*args)
    assert refused.exit_code == WRONG_USE
    assert not ESCAPES.search(refused.stderr)
    assert len(refused.stderr.splitlines()) <= 2
    assert "[bold]" in refused.stderr


def test_a_name_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    refused = run_apart("show", os.fsdecode(b"caf\xe9.txt"), cwd=tmp_path)
    assert refused.returncode == WRONG_USE
    assert "caf<U+DCE9>.txt" in refused.stderr


def test_a_terminal_of_few_characters_gets_escapes(seeds: Path, tmp_path: Path) -> None:
    command = [str(DEHUSK), "show", str(next(seeds.rglob("*.ja.txt")))]
    environment = clean_environment() | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    shown = subprocess.run(command, env=environment, capture_output=True, check=False, cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (CLEAN, b"")
    assert shown.stdout.isascii()


def test_an_output_closed_early_is_no_complaint(tmp_path: Path) -> None:
    large_pages(tmp_path, 1, lines=2_000)
    command = [str(DEHUSK), "show", str(tmp_path / "000.txt"), "--json"]
    with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == BROKEN_PIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_is_one_line(dist: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [str(DEHUSK), "check", str(dist), "--json"]
        broken = subprocess.run(
            command, env=clean_environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (broken.returncode, broken.stderr) == (BROKEN_RUN, "error: No space left on device\n")


def test_a_closed_stdout_is_no_crash(seeds: Path, tmp_path: Path) -> None:
    page = next(seeds.rglob("*.txt"))
    command = f"exec {shlex.quote(str(DEHUSK))} show {shlex.quote(str(page))} --text >&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=clean_environment(), capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (CLEAN, "")


def test_an_interrupted_build_leaves_no_dataset(tmp_path: Path) -> None:
    large_pages(tmp_path / "seeds", 12)
    command = [str(DEHUSK), "build", str(tmp_path / "seeds"), "--out", str(tmp_path / "dist")]
    with subprocess.Popen(
        command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the first tenth is done
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate()
    assert process.returncode == INTERRUPTED
    assert rest == ""
    assert said.splitlines()[-1] == "error: interrupted"
    assert "Traceback" not in said
    assert {path.name for path in tmp_path.iterdir()} <= {".dist.dehusk", "seeds"}  # what the next build goes on with


def raises(error: BaseException) -> Callable[[], object]:
    """Work that goes wrong."""

    def work() -> object:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), INTERRUPTED, "error: interrupted\n"),
        (click.Abort(), INTERRUPTED, "error: interrupted\n"),
        (click.exceptions.Exit(7), 7, ""),
        (click.ClickException("no"), WRONG_USE, "error: no\ntip: `dehusk --help` says what it takes\n"),
    ],
)
def test_every_way_out_has_its_code(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(raises(error)) == code
    assert capsys.readouterr() == ("", said)


def test_a_pipe_or_disk_that_fails_is_let_go_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    errors = {
        BrokenPipeError(): BROKEN_PIPE,
        OSError(28, "No space left on device", "a\tb"): BROKEN_RUN,
        OSError("x"): BROKEN_RUN,
    }
    for error, code in errors.items():
        with (tmp_path / "out").open("w") as out, redirect_stdout(out):
            print("begun", flush=True)
            assert answer(raises(error)) == code
            print("never seen")
        assert (tmp_path / "out").read_text() == "begun\n"
    assert capsys.readouterr().err == "error: a<U+0009>b: No space left on device\nerror: x\n"


def test_without_a_stdout_there_is_nothing_to_flush() -> None:
    with redirect_stdout(None):
        assert answer(lambda: None) == CLEAN
        assert answer(raises(BrokenPipeError())) == BROKEN_PIPE


def test_an_error_that_nobody_foresaw_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        answer(raises(ZeroDivisionError()))
