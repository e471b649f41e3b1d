"""The recipe: every option of a build in one frozen object, read from a TOML file.

    [dataset]                       what the card says
    pretty_name = "Harbour pages"
    license = "cc-by-4.0"

    [split]
    by = "site"
    shares = { train = 0.9, test = 0.1 }

Every key has a default; an unknown one is refused. `docs/recipe.md` lists them all.
"""

import difflib
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dehusk.schema.errors import RecipeError

Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(gt=0, le=1)]


class Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[dataset]`: what the card says of it.

    Attributes:
        name: short name, for the citation key and the Croissant file.
        pretty_name: the card's headline.
        description: one or more paragraphs, Markdown.
        license: licence id of the hub (`cc-by-4.0`, `cc0-1.0`, `other` ...); empty when not known.
        license_name: name of the licence where `license` is `other`.
        license_link: its address, or a file of the dataset.
        source: where the pages were taken from, in a sentence.
        contact: whom to ask, for a takedown too.
        homepage: address of the project that made it.
        languages: ISO 639-1 codes for the card; empty to use those that were found.
        tags: tags for the hub.
        creators: persons who made it, for the citation.
        publisher: organisation that publishes it.
        version: version of the dataset, `MAJOR.MINOR.PATCH`.
        year: year of that version, for the citation; none by default, since no output may depend on the clock.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")] = "pages"
    pretty_name: str = "Web pages"
    description: str = ""
    license: str = ""
    license_name: str = ""
    license_link: str = ""
    source: str = ""
    contact: str = ""
    homepage: str = ""
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    publisher: str = ""
    version: Annotated[str, Meta(pattern=r"^$|^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$")] = ""
    year: Annotated[int, Meta(ge=1990, le=9999)] | None = None


class Sources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[sources]`: which columns of JSON lines, CSV, Parquet and Arrow hold what.

    The known names stand in [sources.md](sources.md#columns).

    Attributes:
        text_column: the page as text; empty for the first of the known names that holds text.
        html_column: the page as HTML; empty for the first of the known names, which come before those of text.
        id_column: what becomes `source.record`; empty for the first of the known names.
        url_column: what becomes `source.url`; empty for the first of the known names.
        date_column: what becomes `source.date`; empty for the first of the known names.
        extra_columns: columns carried into `extra`; `["*"]` for all that have no other use.
    """

    text_column: str = ""
    html_column: str = ""
    id_column: str = ""
    url_column: str = ""
    date_column: str = ""
    extra_columns: tuple[str, ...] = ()


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[bounds]`: how large a page may be; what is larger is rejected, with its reason.

    Attributes:
        max_file_bytes: size of a page, in bytes: of a text file, or of a record in a box.
        max_lines: lines of a page.
        max_line_chars: characters of a line.
        max_unpacked: how many times its own size a compressed file or an archive may unpack to, beyond 64 MiB.
    """

    max_file_bytes: Count = 16 << 20
    max_lines: Count = 100_000
    max_line_chars: Count = 1_000_000
    max_unpacked: Count = 1000


class Dates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[dates]`: which dates to believe.

    Attributes:
        earliest: dates before this day are not read.
        latest: dates after this day are not read; none by default, since no output may depend on the clock.
        crawl_date: the day the pages were fetched, from which '3 hours ago' is counted; without it that is not known.
    """

    earliest: date = date(1990, 1, 1)
    latest: date | None = None
    crawl_date: date | None = None


class Personal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[personal]`: what becomes of personal data.

    Attributes:
        redact: kinds that give way to marks such as `|||EMAIL_ADDRESS|||`, of `email_address`, `phone_number` and
            `ip_address`; none by default. Pages that hold them are flagged in any case.
    """

    redact: tuple[Literal["email_address", "phone_number", "ip_address"], ...] = ()


class Duplicates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[duplicates]`: what becomes of pages that say the same as another one.

    Attributes:
        threshold: share of five-word shingles that two texts have in common for the two to be near copies, 0.6 to 1
            ([duplicates.md](duplicates.md)); those with the same text are copies in any case.
        drop: whether copies become rejects; else they stay, and `duplicate_of` names the first.
    """

    threshold: Annotated[float, Meta(ge=0.6, le=1)] = 0.8
    drop: bool = False


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[split]`: which page goes where. Copies go together: no cluster of duplicates is torn.

    Attributes:
        by: what is hashed: the page's `id`, or its `site` so that no site is torn (its id where no site is known).
        shares: split names and their shares, which add up to 1.
    """

    by: Literal["id", "site"] = "id"
    shares: dict[Annotated[str, Meta(pattern=r"^\w+(\.\w+)*$")], Share] = msgspec.field(
        default_factory=lambda: {"train": 1.0}
    )


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[pack]`: how the files are cut.

    Attributes:
        shard_bytes: seed bytes in one shard, at most; more than half of it, as a rule. It is what a change in one seed
            makes a later build do again.
        row_group_bytes: bytes of a Parquet row group before compression, about. The hub's viewer scans a whole group
            and gives up at 300 MB.
    """

    shard_bytes: Count = 32 << 20
    row_group_bytes: Count = 64 << 20


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All options of a build that change its output."""

    dataset: Dataset = Dataset()
    sources: Sources = Sources()
    bounds: Bounds = Bounds()
    dates: Dates = Dates()
    duplicates: Duplicates = Duplicates()
    personal: Personal = Personal()
    split: Split = Split()
    pack: Pack = Pack()

    def to_dict(self) -> dict[str, Any]:
        """As plain values, dates as ISO text: what the manifest holds."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


RECIPE_NAME = "dehusk.toml"
"""A file of this name at the root of a seeds folder is its recipe."""

LABELS_NAME = "dehusk.labels.jsonl"
"""A file of this name at the root of a seeds folder, or beside the recipe, holds labels that a person gave."""


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe.

    Args:
        path: a TOML file.

    Raises:
        RecipeError: it cannot be read, is not TOML, or has a key or value that no recipe may have.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read the recipe {path}: {error}", "name a TOML file in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path} is not TOML: {error}") from error
    _refuse_unknown(plain, Recipe, path, "")
    try:
        recipe = msgspec.convert(plain, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{path}: {error}", "`docs/recipe.md` lists every key and what it takes") from error
    _check_sense(recipe, path)
    return recipe


def _refuse_unknown(plain: dict[str, Any], struct: type[msgspec.Struct], path: Path, table: str) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    for key, value in plain.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            meant = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(fields)}"
            where = f"[{table}] " if table else ""
            raise RecipeError(f"{path}: unknown key {where}`{key}`", meant)
        kind = fields[key].type
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            _refuse_unknown(value, kind, path, key)


def _check_sense(recipe: Recipe, path: Path) -> None:
    total = sum(recipe.split.shares.values())
    if abs(total - 1) > 1e-9:
        raise RecipeError(f"{path}: [split] shares add up to {total:g}", "make them add up to 1")
    dates = recipe.dates
    if dates.earliest < date(1990, 1, 1):
        raise RecipeError(f"{path}: [dates] earliest is {dates.earliest}", "the web is not older than 1990-01-01")
    if dates.latest is not None and dates.latest < dates.earliest:
        raise RecipeError(f"{path}: [dates] latest {dates.latest} lies before earliest {dates.earliest}")
