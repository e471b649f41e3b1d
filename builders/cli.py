"""The command line. The only file that prints or exits; what it prints is made in `terminal.py`.

Whatever a command needs is imported inside it, so that `dehusk --help` answers at once.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

import click

from dehusk.schema.errors import BROKEN_RUN, CLEAN, EXIT_CODES, FINDINGS, WRONG_USE, DehuskError, UsageError

from .unpacking.extras import needs

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from dehusk.schema.findings import Finding
    from dehusk.schema.page import Page

    from .build import Watch
    from .labelling.hand import HandLabels
    from .publishing import publication
    from .recipe import Recipe
    from .summary import Summary
    from .unpacking.document import Refused
    from .versioning.takedown import Takedown

INTERRUPTED: Final = 130
"""128 + SIGINT, as a shell reports it."""

BROKEN_PIPE: Final = 141
"""128 + SIGPIPE: whoever read the output has gone."""

_PATH: Final = click.Path(path_type=Path, readable=False, allow_dash=True)  # the library says better what is wrong
_SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


# -- the one door between library and terminal -------------------------------------------------------------------------


def answer(work: Callable[[], object]) -> int:
    """Does the work; whatever goes wrong becomes a sentence on stderr and an exit code here, and nowhere else.

    Args:
        work: gives its exit code, or anything else for 0.

    Returns:
        The exit code (`EXIT_CODES`, or 130 or 141).
    """
    code: object = CLEAN
    try:
        code = work()
        if sys.stdout is not None:
            sys.stdout.flush()  # now, so that a full disk or a closed pipe is met here and not after the end
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "dehusk"
        code = complain(error.format_message(), f"`{command} --help` says what it takes", WRONG_USE)
    except DehuskError as error:
        code = complain(error.message, error.tip, error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        code = complain("interrupted", "", INTERRUPTED)
    except BrokenPipeError:
        _close_stdout()
        code = BROKEN_PIPE
    except OSError as error:
        _close_stdout()
        where = f"{error.filename}: " if error.filename is not None else ""
        code = complain(f"{where}{error.strerror or error}", "", BROKEN_RUN)
    return code if isinstance(code, int) else CLEAN


def complain(message: str, tip: str, code: int) -> int:
    """Says on stderr what is wrong and what to try; gives back the code."""
    from .terminal import visible

    click.echo(f"error: {visible(message)}", err=True)
    if tip:
        click.echo(f"tip: {visible(tip)}", err=True)
    return code


def _close_stdout() -> None:
    """Lets what is still unwritten go nowhere: Python would try once more at its end, and complain."""
    with suppress(AttributeError, OSError):  # where there is no stdout, or it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Door(click.Group):
    """A group whose every way out is `answer`."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Runs a command and exits with its code."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a terminal of few characters gets escapes for the others
                stream.reconfigure(errors="backslashreplace")
        sys.exit(answer(partial(super().main, *args, **options | {"standalone_mode": False})))

    def invoke(self, ctx: click.Context) -> int:
        """Runs a command. `click` treats interrupts and pipes in its own way in `main`, so they are answered before."""
        return answer(partial(super().invoke, ctx))


def _examples(*commands: str) -> str:
    """The end of a help text; the first character keeps click from filling the lines."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def _exit_codes() -> str:
    codes = EXIT_CODES | {INTERRUPTED: "interrupted; what stood there before still stands"}
    return "\b\nExit codes of every command:\n" + "\n".join(f"  {code:<4} {meaning}" for code, meaning in codes.items())


_EXAMPLES: Final = _examples(
    "dehusk build seeds                 pack the pages of a folder",
    "dehusk check dist                  validate what was packed",
    "dehusk show seeds/news/page.txt    look at one page",
    "dehusk publish dist user/name      put it on a hub, private",
)


@click.group(
    "dehusk",
    cls=Door,
    context_settings=_SETTINGS,
    invoke_without_command=True,
    epilog=f"{_EXAMPLES}\n\n{_exit_codes()}",
)
@click.version_option(package_name="dehusk", message="dehusk %(version)s")
@click.pass_context
def main(ctx: click.Context) -> int:
    """Packs raw dumps of web pages as validated dataset records.

    Every page becomes clean text, metadata and a label on every line; every file that is no page is listed with its
    reason.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return WRONG_USE
    return CLEAN


def _console(stream: TextIO) -> "Console":
    """A console that takes every text as it is: no markup, no emoji codes, no highlighting."""
    from rich.console import Console

    plain = bool(os.environ.get("NO_COLOR"))  # rich would leave out the colours alone
    colours: Literal["auto"] | None = None if plain else "auto"
    return Console(file=stream, color_system=colours, markup=False, emoji=False, highlight=False)


def _print(console: "Console", shown: "Iterable[RenderableType]") -> None:
    from rich.text import Text

    for item in shown:
        if isinstance(item, Text) and console.color_system is None:
            click.echo(item.plain, file=console.file)  # twenty times as fast, which counts on pages of many lines
        else:  # a text is as long as it is, a table as wide as the terminal
            console.print(item, soft_wrap=isinstance(item, Text))


def _columns(command: Callable[..., object]) -> Callable[..., object]:
    """The options that say which columns of tables hold what."""
    said = {
        "text": "Column of tables that holds the page as text.",
        "html": "Column that holds the page as HTML.",
        "id": "Column that becomes source.record.",
        "url": "Column that becomes source.url.",
        "date": "Column that becomes source.date.",
    }
    carried = "Column that is carried into `extra`, once for each; '*' for all that have no other use."
    command = click.option("--extra-column", "extra_columns", metavar="NAME", multiple=True, help=carried)(command)
    for name, text in reversed(said.items()):
        command = click.option(f"--{name}-column", metavar="NAME", default="", help=text)(command)
    return command


def _weights(command: Callable[..., object]) -> Callable[..., object]:
    """The option that names other weights than those of the package."""
    said = "Weights that `dehusk train` or `dehusk tune` wrote.  [default: DEHUSK_MODEL, or those of the package]"
    return click.option("--model", type=_PATH, metavar="FILE", expose_value=False, callback=_use_weights, help=said)(
        command
    )


def _use_weights(ctx: click.Context, _: click.Parameter, model: Path | None) -> None:
    if model is not None:
        from .labelling.model import MODEL_VARIABLE

        ctx.with_resource(_variable(MODEL_VARIABLE, str(model.absolute())))


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """Sets a variable of the environment for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


# -- build -------------------------------------------------------------------------------------------------------------


@main.command(
    "build",
    epilog=_examples(
        "dehusk build",
        "dehusk build dumps/2024-05 --out datasets/may",
        "dehusk build 's3://crawl/2024-05/*.warc.gz' --out s3://datasets/may",
        "dehusk build crawl.warc.gz pages.parquet --url-column link --extra-column topic",
        "dehusk build dump.jsonl --text-column story --id-column key --date-column seen",
        "dehusk build pages.csv --html-column source",
        "dehusk build dumps --recipe may.toml --quiet",
        "dehusk build dumps --workers 2 --fresh",
        "dehusk build dumps --engine ray --ray-address ray-head:6379",
        "dehusk build crawl.warc.gz --labels corrected.jsonl --redact",
        "dehusk build dumps --model tuned/line_model.npz",
    ),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--out",
    default="dist",
    show_default=True,
    help="Folder or address of the dataset; made or replaced.",
    metavar="PLACE",
)
@click.option("--recipe", type=_PATH, metavar="FILE", help="TOML file of options.  [default: dehusk.toml in SOURCE]")
@click.option(
    "--labels",
    type=_PATH,
    metavar="FILE",
    help="Labels that a person gave.  [default: dehusk.labels.jsonl in SOURCE and beside the recipe]",
)
@click.option(
    "--redact", is_flag=True, help="Put marks in the place of e-mail addresses, telephone numbers and IP addresses."
)
@_weights
@_columns
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes to build with.  [default: one a core, or none for a small build]",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where to build; ray is experimental.",
)
@click.option("--ray-address", default="", metavar="ADDRESS", help="Ray cluster to build on.  [default: RAY_ADDRESS]")
@click.option("--fresh", is_flag=True, help="Use nothing that an earlier build left.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def build_command(
    sources: tuple[str, ...],
    out: str,
    recipe: Path | None,
    labels: Path | None,
    redact: bool,
    workers: int | None,
    engine: Literal["local", "ray"],
    ray_address: str,
    fresh: bool,
    quiet: bool,
    **columns: str | tuple[str, ...],
) -> None:
    """Packs the page dumps in each SOURCE as one dataset.

    A SOURCE is a file, a folder at any depth, a glob or an address such as s3://bucket/folder [default: seeds]. What
    each file is tells its content: text, HTML, web archives, JSON lines, CSV, Parquet, Arrow, zip, tar; docs/sources.md
    says more. A dataset that stands in the output folder is replaced at the end, all at once; a folder with anything
    else in it is left alone. To an address (s3://bucket/name) the dataset is brought when it is built. What is no page
    is listed in the dataset with its reason, and does not fail the build. What a takedown.txt in a SOURCE or beside the
    recipe names stays out. Labels that a person gave (`dehusk review`) count instead of the model's. What is built is
    kept beside the output folder: an interrupted build goes on from there, and a later one builds only what changed.
    """
    from .build import How
    from .terminal import summary_view
    from .versioning.takedown import NOTHING, TAKEDOWN_NAME, read_takedown

    named = sources or ("seeds",)
    options = _with_redaction(_with_columns(_recipe_for(named, recipe), columns), redact=redact)
    takedown = NOTHING if recipe is None else read_takedown(recipe.parent / TAKEDOWN_NAME)
    hand = _hand_labels(labels, recipe)
    unused: list[Finding] = []
    with _progress(quiet=quiet) as watch:
        began = perf_counter()
        tell = _nobody if quiet else _tell_person
        how = How(workers or 0, engine, ray_address, fresh, watch, tell, unused.append)
        try:
            summary = _builder(out)(named, options, takedown=takedown, hand=hand, how=how)
        except KeyboardInterrupt:
            _tell_person("what is built is kept: the same command goes on from there")
            raise
        seconds = perf_counter() - began
    _show_findings(unused, sys.stderr)
    _print(_console(sys.stdout), summary_view(summary, out, seconds))


def _builder(out: str) -> Callable[..., "Summary"]:
    """What builds a dataset there: in a folder of this machine, or at an address."""
    from .unpacking.remote import is_address

    if is_address(out):
        with needs("publish", "building to an address"):
            from .publishing.deliver import build_elsewhere
        return lambda sources, recipe, **options: build_elsewhere(sources, out, recipe, **options)
    from .build import build_dataset

    return lambda sources, recipe, **options: build_dataset(sources, Path(out), recipe, **options)


def _hand_labels(labels: Path | None, recipe: Path | None) -> "HandLabels":
    """The labels of the file that is named, and of the one that lies beside the recipe."""
    from .labelling.hand import NO_LABELS, read_labels
    from .recipe import LABELS_NAME

    if labels is not None and not os.path.lexists(labels):
        raise UsageError(f"there is no file {labels}", "`dehusk review` writes one")
    beside = NO_LABELS if recipe is None else read_labels(recipe.parent / LABELS_NAME)
    return beside if labels is None else {**beside, **read_labels(labels)}


def _recipe_for(sources: Sequence[str], recipe: Path | None) -> "Recipe":
    """The recipe that is named, or the one that lies in a source that is a folder."""
    from .recipe import RECIPE_NAME, Recipe, read_recipe

    if recipe is not None:
        return read_recipe(recipe)
    beside = [path for path in (Path(source, RECIPE_NAME) for source in sources) if os.path.lexists(path)]
    if len(beside) > 1:
        raise UsageError(f"there are two recipes, {beside[0]} and {beside[1]}", "name the one that counts: --recipe")
    return read_recipe(beside[0]) if beside else Recipe()


def _with_columns(recipe: "Recipe", columns: dict[str, str | tuple[str, ...]]) -> "Recipe":
    """The recipe with the columns that the command line names."""
    import msgspec

    named = {name: value for name, value in columns.items() if value}
    return msgspec.structs.replace(recipe, sources=msgspec.structs.replace(recipe.sources, **named))


def _with_redaction(recipe: "Recipe", *, redact: bool) -> "Recipe":
    """The recipe, with every kind of personal data to be redacted if that is asked for."""
    import msgspec

    from .personal import PERSONAL

    if not redact:
        return recipe
    return msgspec.structs.replace(recipe, personal=msgspec.structs.replace(recipe.personal, redact=tuple(PERSONAL)))


@contextmanager
def _progress(*, quiet: bool) -> Iterator["Watch"]:
    """What to tell of how far a build is: a bar on a terminal, a line every tenth in a log."""
    console = _console(sys.stderr)
    if quiet:
        yield _nobody
    elif console.is_terminal and not console.is_dumb_terminal:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("seeds", total=None)
            yield lambda done, n_seeds: bar.update(task, completed=done, total=n_seeds)
    else:
        yield _tell_tenths()


def _nobody(*_: object) -> None:
    """Tells nobody."""


def _tell_person(text: str) -> None:
    from .terminal import visible

    click.echo(visible(text), err=True)


def _tell_tenths() -> "Watch":
    from .terminal import progress_line

    told = 0

    def watch(done: int, n_seeds: int) -> None:
        nonlocal told
        tenth = 10 * done // n_seeds
        if tenth > told:
            told = tenth
            click.echo(progress_line(done, n_seeds), err=True)

    return watch


# -- sources -----------------------------------------------------------------------------------------------------------


@main.command(
    "sources",
    epilog=_examples(
        "dehusk sources dumps",
        "dehusk sources 's3://bucket/crawl/*.warc.gz' pages.parquet --json",
        "dehusk sources rows.jsonl --recipe may.toml --text-column story --html-column page",
        "dehusk sources rows.jsonl --id-column key --url-column link --date-column seen --extra-column topic",
    ),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--recipe", type=_PATH, metavar="FILE", help="TOML file of options.  [default: dehusk.toml in SOURCE]")
@_columns
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line for each file.")
def sources_command(
    sources: tuple[str, ...], recipe: Path | None, as_json: bool, **columns: str | tuple[str, ...]
) -> None:
    """Says what a build would read, without building.

    For each file of each SOURCE [default: seeds]: its format and encoding, how many pages it holds where that is known
    without reading it, its size, its path, or why it is rejected. Only as much of it is read as its first page needs.
    At the end comes how the first page of all begins, as a build would read it.
    """
    from . import terminal
    from .preview import preview_seeds
    from .unpacking.sources import list_sources

    named = sources or ("seeds",)
    options = _with_columns(_recipe_for(named, recipe), columns)
    seen = preview_seeds(list_sources(named), options)
    if as_json:
        for one in seen:
            click.echo(terminal.json_line(terminal.seen_document(one)))
    else:
        _print(_console(sys.stdout), terminal.sources_view(seen))


# -- check -------------------------------------------------------------------------------------------------------------


@main.command(
    "check",
    epilog=_examples(
        "dehusk check",
        "dehusk check datasets/may > findings.tsv",
        "dehusk check datasets/may --json",
    ),
)
@click.argument("dist", type=_PATH, default="dist")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def check_command(dist: Path, as_json: bool) -> int:
    """Validates the dataset in DIST anew.

    DIST is a folder that `dehusk build` wrote [default: dist]. Every file is compared with the manifest and every
    record with the contract. Errors come before warnings; warnings alone, such as dates after today, leave the exit
    code at 0. Into a file or pipe the findings go as tab-separated columns.
    """
    from .check import check_dataset
    from .pack import read_manifest
    from .terminal import errors_first, verdict

    findings = errors_first(check_dataset(dist, today=datetime.now().astimezone().date()))
    return _report(findings, dist, verdict(findings, dist, read_manifest(dist).counts.kept), as_json=as_json)


def _report(findings: "list[Finding]", dist: Path, said: str, *, as_json: bool) -> int:
    """Shows findings about a dataset and what is said of them in all; gives the exit code."""
    from .pack import read_manifest
    from .terminal import findings_document, json_document, visible

    if as_json:
        click.echo(json_document(findings_document(findings, dist, read_manifest(dist).counts.kept)))
    else:
        _show_findings(findings, sys.stdout)
        click.echo(visible(said), err=True)
    return _code_of(findings)


def _code_of(findings: "list[Finding]") -> int:
    return FINDINGS if any(finding.severity == "error" for finding in findings) else CLEAN


def _show_findings(findings: "list[Finding]", stream: TextIO) -> None:
    from .terminal import findings_rows, findings_table

    console = _console(stream)
    if not findings:
        return
    if console.is_terminal:
        _print(console, findings_table(findings, console.width))
    else:
        for row in findings_rows(findings):
            click.echo(row, file=stream)


# -- show --------------------------------------------------------------------------------------------------------------


@main.command(
    "show",
    epilog=_examples(
        "dehusk show seeds/news/page.txt",
        "dehusk show seeds/news/page.txt --text --recipe may.toml",
        "curl -s https://example.org/page.txt | dehusk show - --json",
        "dehusk show seeds/news/page.txt --model tuned/line_model.npz",
    ),
)
@click.argument("file", type=_PATH)
@click.option("--json", "form", flag_value="json", help="One JSON document: every field, every line.")
@click.option("--text", "form", flag_value="text", help="The clean text alone.")
@click.option("--recipe", type=_PATH, metavar="FILE", help="TOML file of options; none by default.")
@_weights
def show_command(file: Path, form: str | None, recipe: Path | None) -> int:
    """Shows one page as a build would read it.

    FILE is a text dump; - reads standard input. First comes what the page says about itself, then every line with its
    number in the file, its label and how sure the model is of it, from 0 to 1. Characters that a terminal would obey,
    and those that turn the direction of writing, are spelt out (<U+202E>), in JSON as escapes.

    Exit code 1 says that a build would reject the page.
    """
    from dehusk.schema.page import Page

    from . import terminal

    page = _read_page(file, recipe)
    if not isinstance(page, Page):
        return complain(f"{file} is rejected ({page.reason}): {page.detail}", "", FINDINGS)
    if form == "json":
        click.echo(terminal.json_document(terminal.page_document(page)))
    elif form == "text":
        click.echo(terminal.visible_lines(page.text))
    else:
        console = _console(sys.stdout)
        _print(console, terminal.page_view(page, console))
    return CLEAN


def _read_page(file: Path, recipe: Path | None) -> "Page | Refused":
    from .parse import parse_bytes, parse_file
    from .recipe import Recipe, read_recipe

    options = Recipe() if recipe is None else read_recipe(recipe)
    if str(file) != "-":
        return parse_file(file, options)
    limit = options.bounds.max_file_bytes
    return parse_bytes(sys.stdin.buffer.read(limit + 1), options)


# -- report ------------------------------------------------------------------------------------------------------------


@main.command("report", epilog=_examples("dehusk report", "dehusk report datasets/may --out may.html"))
@click.argument("dist", type=_PATH, default="dist")
@click.option(
    "--out", type=_PATH, metavar="FILE", default="report.html", show_default=True, help="The file; made or replaced."
)
def report_command(dist: Path, out: Path) -> None:
    """Writes one HTML file that shows the dataset in DIST.

    DIST is a folder that `dehusk build` wrote [default: dist]. The file opens from disk in any browser and asks nothing
    of a network: totals, charts, what is least sure, rejects, findings, a table of the pages to search, sort and
    filter, and each page with every line coloured by its label beside its clean text. Of a large dataset it shows a
    sample, and says which.
    """
    from .reporting.report import write_report
    from .terminal import reported

    click.echo(reported(out, write_report(dist, out)))


# -- explain -----------------------------------------------------------------------------------------------------------


@main.command(
    "explain",
    epilog=_examples(
        "dehusk explain dist 0f3c5a7d9b1e",
        "dehusk explain dist 0f3c5a7d9b1e --line 12",
        "dehusk explain dist 0f3c5a7d9b1e --line 12 --source crawl.warc.gz --json",
        "dehusk explain dist 0f3c5a7d9b1e --model tuned/line_model.npz",
    ),
)
@click.argument("dist", type=_PATH)
@click.argument("key", metavar="ID")
@click.option("--line", type=click.IntRange(min=1), metavar="N", help="Number of the line in the file, from 1.")
@click.option(
    "--source",
    "sources",
    metavar="SOURCE",
    multiple=True,
    help="Where the page of HTML came from; once for each SOURCE of the build.  [default: seeds, if it is there]",
)
@_weights
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def explain_command(dist: Path, key: str, line: int | None, sources: tuple[str, ...], as_json: bool) -> None:
    """Tells why a line of the page ID got its label.

    DIST is a folder that `dehusk build` wrote; ID is the id of a record there, or how it begins. Of line N is told what
    its label owes to its own words, to each line near it and to the others, found by hiding them from the model one by
    one; how far it is from the next label; and where it stands in the seed file. Without --line, the lines of which the
    model is least sure. What HTML says of lines is not in the dataset; it is read from the SOURCE again.
    """
    from . import terminal
    from .explain import explain_page

    beside = ("seeds",) if Path("seeds").is_dir() else ()
    explained = explain_page(dist, key, line, sources or beside)
    if as_json:
        click.echo(terminal.json_document(terminal.explained_document(explained)))
    else:
        _print(_console(sys.stdout), terminal.explained_view(explained))


# -- review ------------------------------------------------------------------------------------------------------------


@main.command(
    "review",
    epilog=_examples(
        "dehusk review dumps",
        "dehusk review 's3://bucket/crawl/*.warc.gz' --labels corrected.jsonl --port 8020",
        "dehusk review pages.jsonl --recipe may.toml --text-column story --html-column page",
        "dehusk review pages.jsonl --id-column key --url-column link --date-column seen --extra-column topic",
        "dehusk review dumps --model tuned/line_model.npz",
    ),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--labels", type=_PATH, metavar="FILE", help="Where labels are saved.  [default: dehusk.labels.jsonl in SOURCE]"
)
@click.option("--recipe", type=_PATH, metavar="FILE", help="TOML file of options.  [default: dehusk.toml in SOURCE]")
@_weights
@_columns
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on.  [default: any that is free]"
)
def review_command(
    sources: tuple[str, ...],
    labels: Path | None,
    recipe: Path | None,
    port: int,
    **columns: str | tuple[str, ...],
) -> None:
    """Lets a person put labels right, in a browser.

    The pages of each SOURCE [default: seeds] are read, and the most doubtful ones are shown, those first, on a page of
    this machine. Its address is printed; it is good once and for this machine alone. Lines are labelled with the
    keyboard; each correction is saved at once. Ctrl-C ends the review.

    `dehusk build` takes the saved labels instead of the model's, `dehusk train --pages` learns from them.
    """
    from .labelling.hand import read_labels
    from .recipe import LABELS_NAME
    from .reviewing.desk import Desk
    from .reviewing.doubtful import find_doubtful
    from .reviewing.serve import serve_review
    from .terminal import reviewed_line, reviewing_view
    from .unpacking.sources import list_sources, local_folders

    named = sources or ("seeds",)
    options = _with_columns(_recipe_for(named, recipe), columns)
    seeds = list_sources(named)
    folders = local_folders(named)
    if labels is None and not folders:
        raise UsageError("the pages lie elsewhere, so that labels cannot be saved beside them", "name a file: --labels")
    file = labels if labels is not None else folders[0] / LABELS_NAME
    with _progress(quiet=False) as watch:
        found = find_doubtful(seeds, options, read_labels(file), watch=watch)
    _show_findings(list(found.unused), sys.stderr)
    desk = Desk(found.pages, file)

    def ready(url: str) -> None:
        _print(_console(sys.stdout), reviewing_view(url, len(found.pages), found.n_pages, file))
        sys.stdout.flush()

    serve_review(desk, port, ready)
    click.echo(reviewed_line(*desk.counted(), file))


# -- preflight ---------------------------------------------------------------------------------------------------------


@main.command(
    "preflight",
    epilog=_examples(
        "dehusk preflight",
        "dehusk preflight datasets/may > findings.tsv",
        "dehusk preflight datasets/may --json",
    ),
)
@click.argument("dist", type=_PATH, default="dist")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def preflight_command(dist: Path, as_json: bool) -> int:
    """Finds what would fail or look bad once DIST is published.

    DIST is a folder that `dehusk build` wrote [default: dist]. Nothing is sent anywhere. Looked at are the contract,
    the card, what a hub can take, and secrets and personal data, which are counted and placed, never shown. Errors
    come before warnings; warnings alone leave the exit code at 0, and are yours to weigh.
    """
    from .preflighting.preflight import preflight_dataset
    from .terminal import publishable

    findings = preflight_dataset(dist)
    return _report(findings, dist, publishable(findings, dist), as_json=as_json)


# -- publish -----------------------------------------------------------------------------------------------------------


@main.command(
    "publish",
    epilog=_examples(
        "dehusk publish dist ada/pages --dry-run",
        "dehusk publish dist ada/pages --tag 1.2.0 --message 'Pages of May' --changes",
        "dehusk publish dist ada/pages --public --endpoint https://hub.example.org --yes",
        "dehusk publish dist s3://bucket/pages --yes",
    ),
)
@click.argument("dist", type=_PATH)
@click.argument("target")
@click.option("--endpoint", metavar="URL", help="Address of the hub.  [default: HF_ENDPOINT, or the public hub]")
@click.option(
    "--public/--private", default=None, help="How visible the hub's repository is; never changed.  [default: private]"
)
@click.option("--tag", metavar="VERSION", help="Tag what arrived, such as 1.2.0; a tag is never moved.")
@click.option("--message", metavar="TEXT", default="", help="Title of the commit.")
@click.option(
    "--changes/--no-changes",
    default=None,
    help="Tell in card and commit what changed since the hub's version.  [default: changes]",
)
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def publish_command(
    dist: Path,
    target: str,
    endpoint: str | None,
    public: bool | None,
    tag: str | None,
    message: str,
    changes: bool | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Publishes the dataset in DIST to TARGET and proves that it arrived.

    TARGET is a dataset of a hub (user/name), a folder (./name) or an address such as s3://bucket/name. Preflight comes
    first: errors stop it, warnings are shown. Then comes the plan, and a question. What TARGET has already is not sent;
    if it has all, there is nothing to do. After any failure, publish again.

    Where a hub has an earlier version, the commit says what changed, and so does a section of the card that is sent.
    DIST stays as it is.

    The token is found as the hub's own tools find it: HF_TOKEN, or `hf auth login`.
    """
    if not (yes or dry_run or _can_ask()):
        raise UsageError("there is no terminal to ask on", "--yes publishes without asking; --dry-run shows the plan")
    private = None if public is None else not public
    with needs("publish", "publishing"):
        from .publishing.publication import Publication
        from .publishing.publish import check_request, plan_publication, publish_dataset

        asked = Publication(private=private, tag=tag, message=message, changes=changes)
        check_request(target, asked, endpoint)  # a wrong word is told before minutes of looking
    from .terminal import plan_view, published_view

    _stop_on_errors(dist)
    with _publishing() as watch:
        plan = plan_publication(dist, target, asked, endpoint=endpoint, preflight=False, watch=watch)
    _print(_console(sys.stdout), plan_view(plan))
    if dry_run or plan.nothing_to_do:
        return CLEAN
    sys.stdout.flush()  # before the question, which goes elsewhere
    if not (yes or click.confirm("Publish it like this?", err=True)):
        return complain("nothing was published, since you did not say yes", "", INTERRUPTED)
    with _publishing() as watch:
        published = publish_dataset(plan, watch=watch)
    _print(_console(sys.stdout), published_view(published))
    return CLEAN


def _stop_on_errors(dist: Path) -> None:
    """Runs preflight, shows on stderr what it found, and stops if there are errors."""
    from .preflighting.preflight import preflight_dataset
    from .terminal import publishable, visible

    findings = preflight_dataset(dist)
    _show_findings(findings, sys.stderr)
    if findings:
        click.echo(visible(publishable(findings, dist)), err=True)
    if _code_of(findings) != CLEAN:
        raise click.exceptions.Exit(FINDINGS)


def _can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def _publishing() -> Iterator["publication.Watch"]:
    """What to tell of how far publishing is: a bar on a terminal, a line for each step and tenth in a log."""
    from .terminal import step_line

    console = _console(sys.stderr)
    if not console.is_terminal or console.is_dumb_terminal:
        yield _tell_steps()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def watch(progress: "publication.Progress") -> None:
            if progress.note:
                bar.console.print(step_line(progress))
            else:
                bar.update(task, description=step_line(progress), total=progress.total or None, completed=progress.done)

        yield watch


def _tell_steps() -> "publication.Watch":
    from .terminal import step_line

    told: tuple[str, int] = ("", 0)

    def watch(progress: "publication.Progress") -> None:
        nonlocal told
        now = (progress.step, 10 * progress.done // max(1, progress.total))
        if progress.note or now != told:
            click.echo(step_line(progress), err=True)
        if not progress.note:
            told = now

    return watch


# -- diff --------------------------------------------------------------------------------------------------------------


@main.command(
    "diff",
    epilog=_examples(
        "dehusk diff datasets/april datasets/may",
        "dehusk diff hf://datasets/ada/pages@1.0.0 dist --markdown > notes.md",
        "dehusk diff hf://datasets/ada/pages dist --json --endpoint https://hub.example.org",
    ),
)
@click.argument("old")
@click.argument("new")
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option("--markdown", "form", flag_value="markdown", help="Markdown for release notes: counts, no records.")
@click.option("--endpoint", metavar="URL", help="Address of the hub.  [default: HF_ENDPOINT, or the public hub]")
def diff_command(old: str, new: str, form: str | None, endpoint: str | None) -> None:
    """Tells what two versions of a dataset differ in.

    OLD and NEW are folders that `dehusk build` wrote, or hf://datasets/user/name@revision on a hub. Told are records
    added, removed and changed, in which fields, and which lines got another label. The exit code is 0 whether they
    differ or not.
    """
    from .terminal import json_document, visible_lines
    from .versioning.diff import diff_datasets
    from .versioning.versions import open_dataset

    with needs("publish", "reading from a hub"):
        folders = [open_dataset(spec, endpoint) for spec in (old, new)]
    difference = diff_datasets(*folders)
    if form == "json":
        click.echo(json_document(difference.to_dict()))
    else:
        text = difference.to_markdown() if form == "markdown" else difference.to_text()
        click.echo(visible_lines(text), nl=False)


# -- remove ------------------------------------------------------------------------------------------------------------


@main.command(
    "remove",
    epilog=_examples(
        "dehusk remove dist --url https://news.example/2021/tram --url https://news.example/2021/bus",
        "dehusk remove dist --site shop.example --id 0f3c5a7d9b1e2f4a6c8d0e1f",
        "dehusk remove dist --path news/tram.txt",
        "dehusk remove dist --file list.txt",
    ),
)
@click.argument("dist", type=_PATH)
@click.option("--url", "urls", multiple=True, help="The page with this address.")
@click.option("--id", "ids", multiple=True, help="The page with this id.")
@click.option("--site", "sites", multiple=True, metavar="DOMAIN", help="Every page of this domain.")
@click.option("--path", "paths", multiple=True, help="The page of this seed file, as source.path has it.")
@click.option("--file", "files", multiple=True, type=_PATH, metavar="FILE", help="What this takedown list names.")
def remove_command(
    dist: Path,
    urls: tuple[str, ...],
    ids: tuple[str, ...],
    sites: tuple[str, ...],
    paths: tuple[str, ...],
    files: tuple[Path, ...],
) -> None:
    """Takes records out of the dataset in DIST, now and in every later build of it.

    Each option can be given many times. The records leave at once; what named them goes into takedown.txt of the
    dataset, which is published with it. A page whose record left has a row in the rejects that says nothing of it.
    """
    from .terminal import removal_view
    from .versioning.remove import remove_records
    from .versioning.takedown import make_entry

    named = {"url": urls, "id": ids, "site": sites, "path": paths}
    entries = {make_entry(kind, value) for kind, values in named.items() for value in values}
    for file in files:
        entries |= _listed_in(file).entries
    if not entries:
        raise UsageError("nothing is named that should leave", "give --url, --id, --site, --path or --file")
    _print(_console(sys.stdout), removal_view(remove_records(dist, entries), dist))


def _listed_in(file: Path) -> "Takedown":
    from .versioning.takedown import read_takedown

    if not os.path.lexists(file):
        raise UsageError(f"there is no file {file}", "name a list with one entry a line, such as `site shop.example`")
    return read_takedown(file)


# -- train -------------------------------------------------------------------------------------------------------------


@main.command(
    "train",
    epilog=_examples(
        "dehusk train bench trained",
        "dehusk train bench trained --pages corrected --labels labels.jsonl --vectors glove.txt",
        "dehusk train bench trained --seed 7 --folds 3 --cache features.npz",
    ),
)
@click.argument("bench", type=_PATH)
@click.argument("out", type=_PATH)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same model.")
@click.option(
    "--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Parts of the cross-validation."
)
@click.option("--labels", type=_PATH, metavar="FILE", help="More hand labels of the folder's pages, as JSON lines.")
@click.option("--pages", type=_PATH, metavar="PLACE", help="Labelled pages of your own: a labels file, or a folder.")
@click.option("--vectors", type=_PATH, metavar="FILE", help="Word vectors to start from, in GloVe's text form.")
@click.option("--cache", type=_PATH, metavar="FILE", help="Where to keep the computed features for another run.")
def train_command(bench: Path, out: Path, seed: int, folds: int, **files: Path | None) -> None:
    """Trains the line model anew from labelled pages.

    BENCH is the benchmark folder, OUT a folder for the model, its card, its figures and the labels that each page got
    from a model that had not seen its site. Needs PyTorch: pip install 'dehusk[train]'.
    """
    from .terminal import visible

    with needs("train", "training"):
        from .labelling.train import train_model
    if not bench.is_dir():
        raise UsageError(f"there is no folder {bench}", "name the benchmark folder")
    for name in ("labels", "vectors"):
        if (file := files[name]) is not None and not file.is_file():
            raise UsageError(f"there is no file {file}", f"name the file for --{name}")
    if (own := files["pages"]) is not None and not (own.is_dir() or own.is_file()):
        raise UsageError(f"there is no folder or file {own}", "name your labelled pages")
    train_model(bench, out, seed=seed, folds=folds, say=partial(click.echo, err=True), **files)
    click.echo(visible(f"{out} holds the line model, its card and its figures"))


# -- tune --------------------------------------------------------------------------------------------------------------


@main.command(
    "tune",
    epilog=_examples(
        "dehusk tune dumps/dehusk.labels.jsonl tuned --others dumps",
        "dehusk tune corrected tuned --others dumps --others 's3://bucket/crawl/*.warc.gz' --seed 7",
        "dehusk tune corrected tuned-again --model tuned/line_model.npz",
    ),
)
@click.argument("pages", type=_PATH)
@click.argument("out", type=_PATH)
@click.option(
    "--others", multiple=True, metavar="SOURCE", help="Pages whose labels are to stay; can be given several times."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same model.")
@_weights
def tune_command(pages: Path, out: Path, others: tuple[str, ...], seed: int) -> None:
    """Tunes the line model to a few labelled pages, in a minute.

    PAGES is a labels file of `dehusk review`, or a folder of labelled pages; OUT a folder for the model. What a few
    pages teach can spoil others: the most doubtful pages of the SOURCEs hold it back, and how many of their lines have
    another label afterwards is told. Needs PyTorch: pip install 'dehusk[train]'.
    """
    from .labelling.hand import NO_LABELS
    from .labelling.model import stored_weights
    from .labelling.own import read_own
    from .recipe import Recipe
    from .reviewing.doubtful import find_doubtful
    from .terminal import visible
    from .unpacking.sources import list_sources

    with needs("train", "tuning"):
        from .labelling.tune import MOST_OTHERS, save_weights, tune_model
    if not (pages.is_dir() or pages.is_file()):
        raise UsageError(f"there is no folder or file {pages}", "name your labelled pages")
    own = list(read_own(pages))
    if not any(label for page in own for label in page.labels):
        raise UsageError(f"{pages} has no label by hand", "label some lines with `dehusk review`")
    told = {page.text for page in own}
    found = find_doubtful(list_sources(others), Recipe(), NO_LABELS, most=MOST_OTHERS).pages if others else ()
    tuned = tune_model(stored_weights(), own, [one.page for one in found if one.page.text not in told], seed=seed)
    save_weights(tuned.arrays, out)
    click.echo(
        f"of {tuned.told} lines labelled by hand {tuned.right_before} were right and {tuned.right_after} are now"
    )
    click.echo(f"of {tuned.others} lines of other pages {tuned.changed} have another label now")
    click.echo(visible(f"{out} holds the line model"))
