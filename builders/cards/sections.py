"""The sections of the card, under the headings of the hub's template: what was measured and what the recipe says.

Text of pages stands in fenced blocks only, on lines that begin with a label: it can be neither Markdown nor HTML.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from dehusk.builders.pack import MANIFEST, REJECTS_FILE, fingerprint
from dehusk.builders.personal import PERSONAL
from dehusk.builders.recipe import Dataset
from dehusk.builders.redact import MARKS
from dehusk.builders.summary import OPTIONAL, Summary
from dehusk.schema.derive import fields_table
from dehusk.schema.labels import DESCRIPTIONS, GROUPS, LABELS
from dehusk.schema.record import PAGE_FLAGS, REASONS, REDACTED

from .contents import YOURS, Contents, kept_part, without_markers
from .excerpts import ENOUGH, HIDDEN, Excerpt
from .plots import PLOTS
from .rights import DECLARED, SIGNALS

CONTACT: Final = "Dataset Card Contact"

REQUIRED: Final = (
    "Dataset Details",
    "Uses",
    "Dataset Structure",
    "Dataset Creation",
    "Personal and Sensitive Information",
    "Licence and Consent",
    "Bias, Risks, and Limitations",
    "Citation",
    CONTACT,
)
"""Headings that every card must have: those of huggingface_hub's template that are not optional, and one of ours."""

NOT_SAID: Final = "not stated by whoever built this dataset"


def card_body(contents: Contents, excerpts: list[Excerpt], yours: str) -> str:
    """The card below its front matter, in Markdown.

    Args:
        contents: what the dataset holds.
        excerpts: the records to show.
        yours: what a person wrote into the card before.
    """
    info = contents.recipe.dataset
    parts = [
        f"# {info.pretty_name}",
        without_markers(info.description.strip()) or "Pages of the web, cleaned and described.",
        _details(contents),
        _yours(yours),
        _uses(),
        _structure(contents),
        _labels(contents.summary),
        _languages(contents.summary),
        _examples(excerpts),
        _creation(contents),
        _copies(contents.summary),
        _rejects(contents.summary),
        _personal(contents.summary, info),
        _rights(contents.summary, info),
        _limits(contents.summary),
        _citation(contents),
        _contact(info),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


# -- Markdown --


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the cells are shown as they are."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """A fenced block that its lines cannot end: the fence is longer than any run of backticks in them."""
    text = "\n".join(lines)
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _share(part: int, whole: int) -> str:
    tenths = (2000 * part + whole) // (2 * whole) if whole else 0  # of a per cent, half up, in integers
    return f"{tenths // 10}.{tenths % 10} %"


def _plot(summary_of: dict[str, int], name: str, says: str) -> str:
    return f"\n\n![{says}]({PLOTS}/{name})" if summary_of else ""


def _licence(info: Dataset) -> str:
    name = f"`{info.license_name or info.license}`" if info.license else NOT_SAID
    return f"{name} ({info.license_link})" if info.license_link else name


# -- what it is --


def _details(contents: Contents) -> str:
    info, summary = contents.recipe.dataset, contents.summary
    dates = f" Dates of publication run from {summary.earliest} to {summary.latest}." if summary.earliest else ""
    made_by = ", ".join((*info.creators, *([info.publisher] if info.publisher else [])))
    husk = sum(summary.chars.get(label, 0) for label in GROUPS["boilerplate"])
    said = {
        "Curated by": made_by or NOT_SAID,
        "Languages": ", ".join(f"`{code}`" for code in contents.languages) or "not known",
        "Licence": _licence(info),
        "Version": info.version,
        "Home": info.homepage,
        "Source of the pages": info.source or NOT_SAID,
        "Content fingerprint": f"`{fingerprint(contents.data)}`",
    }
    return f"""## Dataset Details

### Dataset Description

{summary.kept:,} pages with {sum(summary.lines.values()):,} lines and {summary.text_chars:,} characters of clean text.\
 {_share(husk, sum(summary.chars.values()))} of what they show is boilerplate, which is flagged, not removed.{dates}

{chr(10).join(f"- **{name}:** {what}" for name, what in said.items() if what)}"""


def _yours(text: str) -> str:
    return f"""\
<!-- What you write between the next two lines stays when the dataset is built anew. Build again after writing, so that
the manifest lists the card as it is. -->
{kept_part(YOURS, text)}"""


def _uses() -> str:
    return """## Uses

### Direct Use

- Clean text of pages with its metadata, for language modelling, retrieval and corpus studies, within what the licence
  and the signals below allow.
- Training and testing of methods that tell content from boilerplate: every line has a label, a score and its place.

### Out-of-Scope Use

- As a ground truth of labels or metadata: they are read by machine, and no person has checked them, but for labels with
  `by_hand`.
- Finding, profiling or contacting people who are named in the pages.
- As a sample of the web, or of a language: what is here is what was put in."""


def _structure(contents: Contents) -> str:
    summary, split = contents.summary, contents.recipe.split
    kept = summary.kept
    known = [
        (f"`{name}`", f"{summary.known.get(name, 0):,}", _share(summary.known.get(name, 0), kept))
        for name in (*OPTIONAL, "authors")
    ]
    rows = {name: sum(file.rows or 0 for file in contents.data if file.path.startswith(f"data/{name}-")) for name in
            contents.num_bytes}  # fmt: skip
    cut = (
        f"Pages are assigned to splits by a hash of the {split.by}." if len(split.shares) > 1 else "There is one split."
    )
    return f"""## Dataset Structure

One row a page. `text` is a view of `lines`: the lines labelled `summary`, `heading`, `paragraph` and `list_item`, white
space inside them normalised, joined by a line feed. Every visible character of `raw` is in exactly one line. Dates are
as the page states them, without a time zone. {cut}

{table(("split", "pages"), ((f"`{name}`", f"{count:,}") for name, count in rows.items()))}

{fields_table()}

Flags beside the kinds of boilerplate:

{table(("flag", "what it means"), ((f"`{flag}`", text) for flag, text in PAGE_FLAGS.items()))}

### How often each field is known

A field is null where the page does not say, or not clearly enough.

{table(("field", "pages", "share"), known)}{_plot(summary.years, "years.svg", "Pages by year of publication")}\
{_plot(summary.lengths, "lengths.svg", "Pages by length of the clean text")}"""


def _labels(summary: Summary) -> str:
    lines, chars = sum(summary.lines.values()), sum(summary.chars.values())
    group = {label: name for name, labels in GROUPS.items() for label in labels}
    rows = [
        (
            f"`{label}`",
            group[label],
            DESCRIPTIONS[label],
            f"{summary.lines.get(label, 0):,}",
            _share(summary.lines.get(label, 0), lines),
            _share(summary.chars.get(label, 0), chars),
        )
        for label in LABELS
    ]
    head = ("label", "group", "what it is", "lines", "of lines", "of characters")
    plot = _plot(summary.lines, "labels.svg", "Lines by label")
    return f"### Labels\n\nEvery line of every page has one.{plot}\n\n{table(head, rows)}"


def _languages(summary: Summary) -> str:
    shown = list(summary.languages.items())[:30]
    rows = [(f"`{code}`", f"{count:,}", _share(count, summary.kept)) for code, count in shown]
    more = len(summary.languages) - len(rows)
    plot = _plot(summary.languages, "languages.svg", "Pages by language")
    listed = table(("language", "pages", "share"), rows)
    return f"### Languages{plot}\n\n{listed}" + (f"\n\nand {more} more." if more > 0 else "")


def _examples(excerpts: list[Excerpt]) -> str:
    if not excerpts:
        return ""
    blocks = [
        f"`{excerpt.id}`, `{excerpt.language}`:\n\n"
        + fenced(f"{label:<12}{text}".rstrip() for label, text in excerpt.lines)
        for excerpt in excerpts
    ]
    hidden = " and ".join(f"`{label}`" for label in HIDDEN)
    return f"""### Examples

Drawn by lot, not picked: for each of the most frequent languages the page with the smallest id of those with a title
and at least {ENOUGH} characters of text. Shown is the beginning of the first line of each label, but for {hidden}
lines, which name people, and for lines with personal data.

{(chr(10) * 2).join(blocks)}"""


# -- how it was made --


def _creation(contents: Contents) -> str:
    info, seeds = contents.recipe.dataset, contents.seeds
    listed = "".join(f"{seed.path} {seed.sha256}\n" for seed in sorted(seeds, key=lambda seed: seed.path))
    digest = hashlib.sha256(listed.encode("utf-8", "surrogatepass")).hexdigest()
    formats = ", ".join(f"`{name}` {count:,}" for name, count in contents.summary.formats.items())
    markup = " and in the markup of HTML" if "html`" in formats else ""
    return f"""## Dataset Creation

### Source Data

#### Data Collection and Processing

{info.source or f"Where the pages were taken from is {NOT_SAID}."}

{len(seeds):,} files were read, {sum(seed.bytes for seed in seeds):,} bytes; `{MANIFEST}` lists the digest of each (of
all together: `{digest[:16]}…`). The pages that were kept, by `source.format`: {formats}.
dehusk {contents.maker.dehusk} cut them into lines, labelled each line, found title, authors, dates and the rest in the
labelled lines{markup} (`evidence` says where), and checked every record against its contract. Nothing was filtered by
quality or content: what was left out is listed below. The same input, recipe and versions give the same bytes.

#### Who are the source data producers?

The authors and publishers of the pages, as far as `authors` and `publisher` name them; nothing more is known of them.

### Annotations

#### Annotation process

Labels and fields are made by machine: a line model (weights `{contents.maker.model[:16]}…`) reads the page as a whole
and gives each line one of 17 labels with a score between 0 and 1. It was trained on public collections of annotated
pages.

#### Who are the annotators?

{_annotators(contents.summary)}"""


def _annotators(summary: Summary) -> str:
    if not summary.by_hand:
        return "No person annotated these pages or checked the records."
    pages = summary.flags.get("by_hand", 0)
    return (
        f"Persons labelled {summary.by_hand:,} lines of {pages:,} pages, those with `by_hand`; who they are is not "
        "recorded. No person checked the other lines, or the fields."
    )


def _copies(summary: Summary) -> str:
    if not summary.originals:
        return "### Duplicates\n\nNo two pages have the same clean text, or nearly the same."
    stay = f"{summary.copies:,} of them say" if summary.copies != 1 else "One of them says"
    here = f"{stay} the same as another one here, word for word or nearly, which `duplicate_of` names"
    gone = "Their copies were left out"
    return f"""### Duplicates

{summary.originals:,} of the {summary.kept:,} pages have copies. {here if summary.copies else gone};
`cluster_size` counts them."""


def _rejects(summary: Summary) -> str:
    head = f"### What was left out\n\n{summary.came_in:,} files and pages came in: {summary.kept:,} were kept"
    if not summary.rejected:
        return f"{head}, none was rejected."
    rows = [(f"`{reason}`", REASONS[reason], f"{count:,}") for reason, count in summary.rejected.items()]
    total = sum(summary.rejected.values())
    listed = table(("reason", "what it means", "count"), rows)
    return f"{head}, {total:,} rejected. `{REJECTS_FILE}` lists each with its reason.\n\n{listed}"


# -- whom it concerns --


def _personal(summary: Summary, info: Dataset) -> str:
    rows = [
        (words, *(f"{summary.personal.get(f'{field}.{kind}', 0):,}" for field in ("raw", "text")))
        for kind, words in PERSONAL.items()
    ]
    done = "nothing was removed or masked"
    if summary.redacted:
        marks = ", ".join(f"{count:,} `{MARKS[kind]}`" for kind, count in summary.redacted.items())
        done = f"in {summary.flags.get(REDACTED, 0):,} pages marks took the place of what patterns found: {marks}"
    whom = f" To have something taken out: {info.contact.rstrip('.')}." if info.contact else ""
    return f"""## Personal and Sensitive Information

The pages may name people and hold addresses, telephone numbers and opinions, as the web does; {done}.
Whoever uses them is bound by the law that protects those people.{whom}

Counted by patterns, which find addresses of offices and shops as well as those of people:

{table(("pages with", "anywhere (`raw`)", "in the clean text (`text`)"), rows)}"""


def _rights(summary: Summary, info: Dataset) -> str:
    named = [(f"`{name}`", SIGNALS[name], count) for name, count in summary.rights.items() if name in SIGNALS]
    rows = [*named, ("none", "no such words in any legal line", summary.rights.get("none", 0))]
    listed = table(
        ("signal", "what the page says", "pages", "share"),
        ((name, text, f"{count:,}", _share(count, summary.kept)) for name, text, count in rows),
    )
    return f"""## Licence and Consent

The dataset as a collection: {_licence(info)}. The texts belong to their authors.

What the pages themselves say, searched for by patterns in lines labelled `legal`; one page can say several. A page that
says nothing gives no permission. Reservations in `robots.txt` and in HTTP headers are not seen, and dumps of flat text
have lost those in HTML.

{listed}{_declared(summary)}"""


def _declared(summary: Summary) -> str:
    """What `license` and `reservations` hold, where a page has markup."""
    rows = [(f"`{name}`", DECLARED[name], f"{count:,}") for name, count in summary.declared.items() if name in DECLARED]
    head = "What the markup of pages declares, in `license` and `reservations` of each record:"
    return f"\n\n{head}\n\n{table(('declared', 'what it means', 'pages'), rows)}" if rows else ""


def _limits(summary: Summary) -> str:
    doubtful = [(f"`{flag}`", f"{summary.flags[flag]:,}") for flag in PAGE_FLAGS if summary.flags.get(flag)]
    rows = f"\n\n{table(('flag', 'pages'), doubtful)}" if doubtful else ""
    return f"""## Bias, Risks, and Limitations

Labels and fields are read by machine and some are wrong; `score` says how sure the model is of a label. On pages whose
kinds it has not met (forums, product and listing pages more than articles) it errs more, and so it does in languages
and scripts that its training pages hardly hold. A date without a year, or one that could be read two ways, is left
unknown. The pages hold the opinions, errors and prejudices of their authors.{rows}

### Recommendations

Filter by `score`, `flags`, `language_score` and `boilerplate_share` to your needs, look at a sample, and look at the
signals above before you pass texts on."""


# -- how to cite, and whom to ask --


def _citation(contents: Contents) -> str:
    return f"## Citation\n\n{fenced([bibtex(contents)], 'bibtex')}"


def bibtex(contents: Contents) -> str:
    """How to cite the dataset: a BibTeX entry, made of the recipe and of the content's fingerprint."""
    info = contents.recipe.dataset
    fields = {
        "title": f"{{{_tex(info.pretty_name)}}}",
        "author": " and ".join(_tex(name) for name in info.creators),
        "publisher": _tex(info.publisher),
        "year": str(info.year or ""),
        "version": info.version,
        "howpublished": f"\\url{{{info.homepage}}}" if info.homepage else "",
        "note": f"Content fingerprint {fingerprint(contents.data)[:16]}",
    }
    lines = [f"  {name:<12} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{info.name},", *lines, "}"])


_TEX: Final = str.maketrans({
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\n": " ",
})  # fmt: skip


def _tex(text: str) -> str:
    return text.translate(_TEX)


def _contact(info: Dataset) -> str:
    contact = info.contact or f"Whom to ask is {NOT_SAID}."
    return f"## {CONTACT}\n\n{contact}\n\ndehusk wrote this card from what it counted and from the recipe."
