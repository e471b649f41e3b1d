"""The reference pages that are derived from code. `python tests/write_docs.py` writes them; a test holds them to it."""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dehusk.builders.cards.sections import table
from dehusk.builders.cli import main
from dehusk.builders.recipe import Bounds, Dataset, Dates, Duplicates, Pack, Personal, Recipe, Sources, Split
from dehusk.schema.contract import RULES
from dehusk.schema.derive import fields_table
from dehusk.schema.errors import EXIT_CODES
from dehusk.schema.labels import DESCRIPTIONS, GROUPS
from dehusk.schema.record import PAGE_FLAGS, REASONS, REJECT

DOCS = Path(__file__).parents[1] / "docs"


def record_page() -> str:
    """`docs/record.md`."""
    labels = ((f"`{label}`", group, DESCRIPTIONS[label]) for group, of_group in GROUPS.items() for label in of_group)
    rules = ((f"`{rule.field}`", f"`{rule.name}`", rule.remedy) for rule in RULES)
    return f"""# The record

Derived from `schema/`; change it there.

One row a page. A null always means 'not known'.

{fields_table()}

`text` is the lines labelled `summary`, `heading`, `paragraph` and `list_item`, in order, joined by a line feed.
Pieces of one line of `raw` (a long one that was cut) are joined as they stood, by a space or by nothing. In each line
every run of white space is one space; white space is what Unicode calls so and every control character. Nothing else
is changed. `raw` is the page as decoded, without a byte order mark.

Dates are as the page states them: no time zone is kept or added. `published_precision` says how much of the time of day
is meant.

`raw[start:end]` is a line in characters; `byte_start` and `byte_end` are its place in the page's bytes, which there
decode to the line by `source.encoding`. Of a page of HTML `raw` is the text that it shows, and that place is the HTML
which the line came from, null where it is not known ([html.md](html.md)). The page's bytes are those of the seed file;
of a page in a box (a table, an archive ...) those of its cell, record or member, see [sources.md](sources.md).

`duplicate_of`, `cluster_size` and `lines.site_pages` tell of the other records: [duplicates.md](duplicates.md).

## Labels

{table(("label", "group", "what it is"), labels)}

## Flags

The kinds of boilerplate on the page, in the order above, and then:

{table(("flag", "what it means"), ((f"`{flag}`", text) for flag, text in PAGE_FLAGS.items()))}

## Rejects

`rejects.parquet` has one row for everything that came in and was not kept.

{fields_table(REJECT)}

{table(("reason", "what it means"), ((f"`{reason}`", text) for reason, text in REASONS.items()))}

## Rules

What `dehusk check` proves of every record, beside the types:

{table(("field", "rule", "when it does not hold"), rules)}

## Exit codes

{table(("code", "what it means"), ((f"`{code}`", text) for code, text in EXIT_CODES.items()))}
"""


def recipe_page() -> str:
    """`docs/recipe.md`."""
    parts = [_table_of(struct) for struct in (Dataset, Sources, Bounds, Dates, Duplicates, Personal, Split, Pack)]
    return f"""# The recipe

Derived from `builders/recipe.py`; change it there.

A TOML file with the options of a build that change its output: `dehusk build --recipe FILE`, or a file `dehusk.toml` at
the root of the seeds folder. Every key has a default; an unknown one is refused.

```toml
[dataset]
pretty_name = "Harbour pages"
license = "cc-by-4.0"
source = "Crawled in May 2021 from harbours that allow it."

[dates]
latest = 2021-05-31

[split]
by = "site"
shares = {{ train = 0.9, test = 0.1 }}
```

{chr(10).join(parts)}"""


def _table_of(struct: type[msgspec.Struct]) -> str:
    document = inspect.getdoc(struct) or ""
    head = re.match(r"`(\[\w+\])`: (.*)", document)
    assert head is not None
    rows = [(f"`{name}`", text, f"`{_default(struct, name)}`") for name, text in _attributes(document)]
    assert [name for name, _, _ in rows] == [f"`{field}`" for field in struct.__struct_fields__]
    return f"## `{head[1]}`: {head[2].rstrip('.')}\n\n{table(('key', 'what it says', 'default'), rows)}\n"


def _attributes(document: str) -> Iterator[tuple[str, str]]:
    listed = re.sub(r"\n {8,}", " ", document.partition("Attributes:\n")[2])
    for line in listed.splitlines():
        name, _, text = line.strip().partition(": ")
        yield name, text


def _default(struct: type[msgspec.Struct], name: str) -> str:
    value = msgspec.to_builtins(getattr(getattr(Recipe(), struct.__name__.lower()), name))
    shown = {None: "none", "": '""', (): "[]"}
    return str(value) if isinstance(value, dict) else shown.get(value, str(value))


def commands_page() -> str:
    """`docs/commands.md`."""
    parts = "\n".join(map(_help_of, ([], *([name] for name in main.commands))))
    return f"""# Commands

Derived from `builders/cli.py`; change it there.

{parts}"""


def _help_of(words: list[str]) -> str:
    """What `dehusk ... --help` prints; asked in a process of its own, as click remembers who asked first."""
    run = [sys.executable, "-c", "from dehusk.builders.cli import main; main(prog_name='dehusk')", *words, "--help"]
    env = os.environ | {"COLUMNS": "102", "NO_COLOR": "1"}
    text = subprocess.run(run, env=env, capture_output=True, text=True, check=True).stdout
    return f"## `{' '.join(['dehusk', *words])}`\n\n```text\n{re.sub(' +$', '', text, flags=re.MULTILINE)}```\n"


PAGES = {"record.md": record_page, "recipe.md": recipe_page, "commands.md": commands_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
