"""What a record is. Each field is declared here once; every other form of the contract is derived from it.

Derived are the Arrow schemas (below), the pandera schema (`pandera_contract.py`), the `datasets` features and the
tables of the card and the reference page (`derive.py`).
"""

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from .labels import BOILERPLATE

PRECISIONS: Final = ("day", "minute", "second")
"""How exactly a page states its date."""

PAGE_FLAGS: Final = {
    "bom": "the seed file begins with a byte order mark, which is not part of `raw`",
    "crlf": "`raw` holds carriage returns",
    "control_characters": "`raw` holds control characters other than tab and line ends; in `text` they are white space",
    "encoding_repaired": "the page was encoded twice, or held lone surrogates, and was repaired",
    "mojibake": "parts of the page look wrongly decoded; nothing was changed",
    "replacement_characters": "`raw` holds U+FFFD: text was lost before the page came here",
    "recovered_text": "the last lines of `raw` stand in JSON-LD or `<noscript>` only, which browsers do not show",
    "by_hand": "a person labelled lines of it: those with `by_hand`",
    "email_address": "`raw` or `text` holds what looks like an e-mail address; or held, see `redacted`",
    "phone_number": "the same of a telephone number",
    "ip_address": "the same of a public IP address",
    "redacted": "personal data gave way to marks such as `|||EMAIL_ADDRESS|||` in `raw` and all that was read from it",
    "no_content": "no line is content: `text` is empty",
    "very_short": "`text` has fewer than 200 characters",
}
"""Findings about a page as a whole, as they stand in `flags` beside the kinds of boilerplate."""

REDACTED: Final = "redacted"
"""The flag of a page in which marks took the place of personal data."""

RESERVATIONS: Final = {
    "noindex": "robots are asked not to list the page",
    "noarchive": "not to keep a copy of it",
    "nosnippet": "not to show pieces of its text",
    "noai": "its text is not to be used for AI",
    "noimageai": "its pictures are not to be used for AI",
    "tdm-reservation": "rights to text and data mining are reserved (W3C TDM Reservation Protocol)",
}
"""What a page's markup can reserve, in the order in which it stands in `reservations`."""

TEXT: Final = "text"
"""The origin of evidence that was read from the visible text."""

WON: Final = "won"
AGREES: Final = "agrees"
DIFFERS: Final = "differs"
VERDICTS: Final = (WON, AGREES, DIFFERS)
"""What a piece of evidence did: it is what the record holds, it says the same, or it says something else."""

FLAGS: Final = (*BOILERPLATE, *PAGE_FLAGS)
"""All that may stand in `flags`, in the order in which it stands there."""

VERY_SHORT: Final = 200
"""Characters of `text` below which a page is flagged `very_short`: about two sentences."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record, declared.

    Attributes:
        name: its name, in every form of the contract.
        type: its Arrow type. For a struct or a list of structs, derived from `inner`.
        description: what it holds, in one line.
        nullable: whether it may be null, which always means 'not known'.
        inner: the fields of a struct, or of the structs in a list.
    """

    name: str
    type: pa.DataType
    description: str
    nullable: bool = False
    inner: tuple["Field", ...] = ()


def _struct(fields: tuple[Field, ...]) -> pa.StructType:
    return pa.struct([(field.name, field.type) for field in fields])


LINE: Final = (
    Field("start", pa.int32(), "where the line begins in `raw`, in characters"),
    Field("end", pa.int32(), "where it ends"),
    Field(
        "byte_start",
        pa.int64(),
        "where the line begins in the page's bytes: of the seed file, or of its part of the box; null if not known",
        nullable=True,
    ),
    Field("byte_end", pa.int64(), "where it ends", nullable=True),
    Field("label", pa.string(), "one of the 17 labels"),
    Field("boilerplate", pa.bool_(), "whether the label is one of boilerplate"),
    Field("score", pa.float32(), "how sure the model is of the label, 0 to 1, three decimals"),
    Field("by_hand", pa.bool_(), "whether a person gave the label; `score` is then 1"),
    Field(
        "site_pages",
        pa.int32(),
        "on how many pages of its site, of those in the dataset, a line of this text stands; null if `site` is",
        nullable=True,
    ),
)

EVIDENCE: Final = (
    Field("field", pa.string(), "the field that was read out"),
    Field(
        "origin",
        pa.string(),
        "`text`, or where it stands in the markup: `json-ld: datePublished`, `meta: og:title`, `time: datetime` ...",
    ),
    Field(
        "verdict",
        pa.string(),
        "`won`: the record holds it; `agrees`: it says the same; `differs`: it says something else",
    ),
    Field("value", pa.string(), "what the markup says there, cut at 300 characters", nullable=True),
    Field("line", pa.int32(), "the line it was read from: its place in `lines`, from 0", nullable=True),
    Field("start", pa.int32(), "where what was read begins in `raw`, in characters", nullable=True),
    Field("end", pa.int32(), "where it ends", nullable=True),
)

SOURCE: Final = (
    Field("path", pa.string(), "seed file, relative to the source it was found in"),
    Field("member", pa.string(), "the file inside an archive", nullable=True),
    Field(
        "offset",
        pa.int64(),
        "where the page begins in its box: the byte of a WARC file or of (unpacked) JSON lines, the row of a table",
        nullable=True,
    ),
    Field("record", pa.string(), "what the box calls it: a WARC record id, or a table's id column", nullable=True),
    Field("url", pa.string(), "the address that the box says it was fetched from", nullable=True),
    Field(
        "date",
        pa.string(),
        "the date that the box gives, as it stands there; of WARC, when it was fetched",
        nullable=True,
    ),
    Field("sha256", pa.string(), "SHA-256 of the page's bytes: of the seed file, or of its part of the box"),
    Field("format", pa.string(), "formats of the boxes from the outside in, then the page's: `text`, `warc.gz/text`"),
    Field("encoding", pa.string(), "how its bytes became characters; `a < b < c` is a repaired chain of codecs"),
    Field("byte_start", pa.int64(), "where the page begins in its bytes"),
    Field("byte_end", pa.int64(), "where it ends"),
)

RECORD: Final = (
    Field("id", pa.string(), "first 24 hex digits of the SHA-256 of the page's bytes"),
    Field("title", pa.string(), "headline of the page", nullable=True),
    Field("summary", pa.string(), "standfirst of the page, else the description that its markup gives", nullable=True),
    Field("text", pa.string(), "clean text: the summary, heading, paragraph and list_item lines, one a line"),
    Field("authors", pa.list_(pa.string()), "who wrote the page, as it spells them; empty when not known"),
    Field(
        "published",
        pa.timestamp("us"),
        "when it was published, as the page states it, without a time zone",
        nullable=True,
    ),
    Field(
        "published_precision", pa.string(), "how exactly `published` is stated: day, minute or second", nullable=True
    ),
    Field("modified", pa.timestamp("us"), "when it was changed, as the page states it", nullable=True),
    Field("section", pa.string(), "section or category of the page", nullable=True),
    Field("publisher", pa.string(), "who publishes the site, as the page states it", nullable=True),
    Field("site", pa.string(), "registrable domain of `url`", nullable=True),
    Field(
        "url",
        pa.string(),
        "the page's own address, as its markup or its text states it, else as its box does",
        nullable=True,
    ),
    Field("language", pa.string(), "language of the page, ISO 639", nullable=True),
    Field("language_score", pa.float32(), "how sure that is, 0 to 1", nullable=True),
    Field(
        "license",
        pa.string(),
        "licence of the page that its markup links or names, as it stands there",
        nullable=True,
    ),
    Field(
        "duplicate_of",
        pa.string(),
        "id of the record that says the same, word for word or nearly, and whose place comes first",
        nullable=True,
    ),
    Field("cluster_size", pa.int32(), "how many records say the same, this one and dropped ones counted"),
    Field("reservations", pa.list_(pa.string()), "uses that the page's markup reserves: `noai`, `tdm-reservation` ..."),
    Field("flags", pa.list_(pa.string()), "kinds of boilerplate on the page, and findings about it"),
    Field("n_lines", pa.int32(), "number of lines"),
    Field("n_content_lines", pa.int32(), "number of lines that make `text`"),
    Field("n_chars", pa.int32(), "number of characters of `text`"),
    Field("boilerplate_share", pa.float32(), "share of the page's visible characters in boilerplate lines"),
    Field("lines", pa.list_(_struct(LINE)), "every line of `raw` that is not blank, in order", inner=LINE),
    Field(
        "evidence",
        pa.list_(_struct(EVIDENCE)),
        "where each extracted field was read, and what else the page says of it",
        inner=EVIDENCE,
    ),
    Field("source", _struct(SOURCE), "where the page came from", inner=SOURCE),
    Field(
        "raw",
        pa.string(),
        "the page as it was decoded, nothing left out; of HTML, the text that it shows; marks if it was `redacted`",
    ),
    Field("extra", pa.string(), "other columns of the table it came from, if asked for: a JSON object", nullable=True),
)
"""One row a page."""

REJECT: Final = (
    Field(
        "path", pa.string(), "seed file, relative to its source; null where the takedown list names it", nullable=True
    ),
    Field("member", pa.string(), "the file inside an archive", nullable=True),
    Field("offset", pa.int64(), "where it begins in its box, as in `source.offset`", nullable=True),
    Field("sha256", pa.string(), "SHA-256 of its bytes; null when it was not read", nullable=True),
    Field("byte_start", pa.int64(), "where the page begins in them", nullable=True),
    Field("byte_end", pa.int64(), "where it ends", nullable=True),
    Field("stage", pa.string(), "the step that rejected it: read, cut, takedown, check or settle"),
    Field("reason", pa.string(), "why, in one word"),
    Field("detail", pa.string(), "why, in a sentence"),
    Field("excerpt", pa.string(), "how it begins, control characters escaped", nullable=True),
)
"""One row for everything that came in and was not kept."""

REJECT_PLACE: Final = ("path", "member", "offset")
"""The fields of a reject, and of `source`, that say where it lies."""

REASONS: Final = {
    "hidden_file": "its name, or its folder's, begins with a dot",
    "symlink": "it is a symbolic link, which is never followed",
    "not_a_file": "it is a pipe, a socket or a device",
    "empty_file": "it holds nothing but white space",
    "too_large": "it is larger than the recipe allows",
    "unreadable": "the system refused to read it",
    "unsupported_format": "it is no page, and no box of pages that can be read",
    "damaged": "its box is broken there: a record, a row, or all that follows",
    "no_text_column": "no column of the table holds text or HTML, by name",
    "unsafe_name": "its name in the archive leads out of it, or stands there twice",
    "crashed": "whoever read it came to an end, three times: it takes too much memory, or breaks a library",
    "bomb": "it unpacks to more than the recipe allows",
    "http_error": "the server did not answer with a page",
    "revisit": "a web archive holds it only by its name: it was stored before",
    "undecodable": "no encoding reads it without error",
    "duplicate": "its bytes are those of a page that came before",
    "too_many_lines": "it has more lines than the recipe allows",
    "line_too_long": "it has a longer line than the recipe allows",
    "same_text": "its clean text is that of a page that came before",
    "near_duplicate": "nearly all of its clean text is that of a page that came before",
    "takedown": "it was taken out at the wish of someone whom it concerns",
    "broken_contract": "its record does not keep the contract: a defect of dehusk, worth a report",
}
"""Why a page can be rejected."""


def reject_source(source: dict[str, Any]) -> dict[str, Any]:
    """What the reject of a page says of where it lies, from the page's `source`."""
    return {name: source.get(name) for name in (*REJECT_PLACE, "sha256", "byte_start", "byte_end")}


def arrow_schema(fields: tuple[Field, ...]) -> pa.Schema:
    """The Arrow schema of a table of these fields.

    Every field is nullable to Arrow, as `datasets` declares its features; the contract says which may be null.
    """
    return pa.schema([(field.name, field.type) for field in fields])


RECORDS: Final = arrow_schema(RECORD)
REJECTS: Final = arrow_schema(REJECT)
LINES: Final = pa.schema(
    [
        ("page", pa.int32()),
        *((field.name, field.type) for field in LINE if field.name not in ("boilerplate", "site_pages")),
    ]
)
"""A batch's lines as a table of their own: `page` is the row of the page in the batch, the rest as in the record."""
