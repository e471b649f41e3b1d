"""Leaks: secrets, and traces of a machine or person, in what is about to be published, by documented patterns.

The patterns ask for the whole form of a key (prefix, alphabet, length), so that text *about* keys is no finding. All
are linear in the text (RE2). What is found is never shown.
"""

import base64
import binascii
import getpass
import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dehusk.builders.personal import Mask, find_patterns
from dehusk.schema.findings import Finding

SECRETS: Final[Mapping[str, str]] = {
    # Forms as their issuers document them, and as the rules of gitleaks and detect-secrets have them.
    "Hugging Face token": r"\b(?:hf_[A-Za-z]{34}|api_org_[A-Za-z]{34})\b",
    "AWS access key": r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
    "GitLab token": r"\bglpat-[A-Za-z0-9_\-]{20}",
    "Slack token": r"\bxox[abeoprs]-[A-Za-z0-9\-]{20}",
    "Google API key": r"\bAIza[A-Za-z0-9_\-]{35}\b",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{24}",
    "OpenAI or Anthropic key": r"\bsk-(?:proj-|svcacct-|ant-[a-z0-9]{1,8}-)?[A-Za-z0-9_\-]{40}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\-]{50}",
    "private key": (
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:\s|\\n){0,4}(?:[A-Za-z\-]{1,20}: [^\n]{0,80}\n\s{0,4}){0,4}[A-Za-z0-9+/=]{40}"
    ),
    "JSON web token": r"\beyJ[A-Za-z0-9_\-]{16,}\.eyJ[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16}",
    "password in an address": r"\b[a-z][a-z0-9+.\-]{1,20}://[^\s/:@\"'<>]{1,64}:[^\s/:@\"'<>]{3,128}@[A-Za-z0-9]",
}
"""Kinds of secrets, as RE2 patterns."""

TRACES: Final[Mapping[str, str]] = {
    "home folder": r"(?:^|[^A-Za-z0-9/.])/(?:home|Users)/[A-Za-z0-9._\-]|(?i:\b[a-z]:\\{1,2}users\\{1,2}\w)",
    "temporary folder": r"(?:^|[^A-Za-z0-9/.])/(?:private/)?(?:tmp|var/folders|var/tmp)/[A-Za-z0-9]",
    "local file address": r"\bfile:///?[A-Za-z0-9/]",
}
"""Places on a machine, as RE2 patterns."""

EXAMPLES: Final = ("AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE")
"""Keys that their issuer's documentation shows: no secrets."""

SHORTEST_NAME: Final = 5
"""Characters from which on the name of a person or host is looked for: a shorter one is found in other words."""


def find_secrets(strings: pa.Array | pa.ChunkedArray) -> dict[str, Mask]:
    """Which of n strings hold which kind of secret, `bool[n]` for each kind of `SECRETS` that occurs."""
    found = find_patterns(strings, SECRETS)
    if found and any(pc.any(pc.match_substring(strings, example)).as_py() for example in EXAMPLES):
        for example in EXAMPLES:
            strings = pc.replace_substring(strings, example, "")
        found = find_patterns(strings, SECRETS)
    return found


def find_leaks(file: str, lines: list[str], place: str) -> Iterator[Finding]:
    """Secrets and machine traces in the text of a file that is about the data.

    Args:
        file: path inside the dataset folder.
        lines: its text.
        place: what a line is, for the finding: `line`, or `footer` of a Parquet file.
    """
    text = pa.array(lines, pa.string())
    for kind, mask in find_secrets(text).items():
        for at in mask.nonzero()[0].tolist():
            remedy = "take it out, and revoke it where it was issued: whoever saw the file may have it"
            yield Finding(file, None, None, f"{place} {at + 1}", "secret", kind, remedy)
    for kind, mask in find_patterns(text, TRACES).items():
        for at in mask.nonzero()[0].tolist():
            remedy = "take the path out if it is one of your machine: it says how it is set up"
            yield Finding(file, None, None, f"{place} {at + 1}", "machine_path", kind, remedy, severity="warning")
    for kind, name in _own_names().items():
        for at, line in enumerate(lines):
            if name in line:
                remedy = "take it out: it says who built this, and where"
                yield Finding(file, None, None, f"{place} {at + 1}", "machine_name", kind, remedy)


def _own_names() -> dict[str, str]:
    """What the text is searched for of the person and machine that run this."""
    home = str(Path.home())
    names = {"this person's home folder": home if home.count("/") > 1 else "", "this machine's name": platform.node()}
    with suppress(KeyError, OSError):  # not every user has a name
        names["this person's login, in a path"] = f"/{getpass.getuser()}/"
    return {kind: name for kind, name in names.items() if len(name) >= SHORTEST_NAME and name != "localhost"}


def footer_text(path: Path) -> list[str]:
    """All text of a Parquet footer beside the data: writer, keys and values, the Arrow schema decoded."""
    metadata = pq.read_metadata(path)
    texts = [metadata.created_by or ""]
    for key, value in (metadata.metadata or {}).items():
        texts.append(f"{key.decode('utf-8', 'replace')}={value.decode('utf-8', 'replace')}")
        if key == b"ARROW:schema":
            try:
                texts.append(base64.b64decode(value, validate=True).decode("latin-1"))
            except binascii.Error:
                continue
    return texts
