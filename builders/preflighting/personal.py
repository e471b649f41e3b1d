"""Personal data in text: e-mail addresses, telephone numbers and IP addresses, found by documented patterns.

The patterns are estimates, made to be counted: an address of an office counts as one of a person does, a number written
without a country code is found only behind a word such as 'Tel.' or in the American form, and IP addresses that begin
with one digit are left out since most of their look-alikes are versions and sections. All are linear in the text (RE2).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]

_BYTE: Final = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
# RFC 6890 names the blocks that belong to no one: 10/8, 127/8, 169.254/16, 172.16/12, 192.168/16 and 224/3.
_NETWORK: Final = (
    rf"(?:(?:1[1-9]|[2-9][0-9]|1[01][0-9]|12[0-689]|1[3-5][0-9]|16[0-8]|17[013-9]|18[0-9]|19[013-9]|2[01][0-9]|22[0-3])"
    rf"\.{_BYTE}"
    r"|169\.(?:25[0-35]|2[0-4][0-9]|1?[0-9]?[0-9])"
    r"|172\.(?:[0-9]|1[0-5]|3[2-9]|[4-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
    r"|192\.(?:[0-9]?[0-9]|1[0-57-9][0-9]|16[0-79]|2[0-4][0-9]|25[0-5]))"
)
_CALL: Final = (
    "tel|tél|phone|telephone|telefon|telefono|teléfono|téléphone|telefone|telefoon|mobile|mobil|mob|gsm|tlf|puh|fax|"
    "whatsapp|тел|телефон|факс|هاتف"
)

PATTERNS: Final[Mapping[str, str]] = {
    # RFC 5321, the forms in use: no quoted local part, no address literal.
    "email_address": r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9][A-Za-z0-9\-]{0,62}\.){1,8}[A-Za-z]{2,24}",
    # ITU-T E.123 with a country code (8 to 15 digits, E.164; area codes of +1 begin with 2 or more); behind a word for
    # 'telephone' that is no part of another; the American form. RE2's \b knows ASCII letters alone.
    "phone_number": (
        r"\+(?:1[ ().\-/]{0,2}[2-9]|[2-9])(?:[ ().\-/]{0,2}[0-9]){7,14}"
        rf"|(?:(?:^|\PL)(?i:{_CALL})|電話|电话)[^\pL0-9\n]{{0,8}}[0-9](?:[ ().\-/]{{0,2}}[0-9]){{5,14}}"
        r"|(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[\-.])[2-9][0-9]{2}[\-.][0-9]{4}\b"
    ),
    # RFC 791 and RFC 4291: public IPv4 from 11.0.0.0 on; IPv6 in full or with '::'.
    "ip_address": (
        rf"(?:^|[^0-9.]){_NETWORK}\.{_BYTE}\.{_BYTE}(?:[^0-9.]|\.?$|\.[^0-9])"
        r"|(?i:\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){2,6}(?::[0-9a-f]{1,4}){1,5}\b)"
    ),
}
"""What is looked for, as RE2 patterns."""

PERSONAL: Final = {
    "email_address": "e-mail addresses",
    "phone_number": "telephone numbers",
    "ip_address": "public IP addresses",
}
"""Each kind in words."""


def find_patterns(strings: pa.Array | pa.ChunkedArray, patterns: Mapping[str, str]) -> dict[str, Mask]:
    """Which strings hold which pattern.

    Args:
        strings: n strings; null holds nothing.
        patterns: RE2 patterns by name.

    Returns:
        For each pattern that occurs, `bool[n]`.
    """
    # Hits are rare: all patterns are looked for at once, and each alone only where one of them is.
    either = "|".join(f"(?:{pattern})" for pattern in patterns.values())
    hit = np.flatnonzero(_mask(pc.match_substring_regex(strings, either)))
    some = strings.take(pa.array(hit))
    found = {}
    for name, pattern in patterns.items():
        which = hit[_mask(pc.match_substring_regex(some, pattern))] if len(hit) else hit
        if len(which):
            found[name] = np.zeros(len(strings), dtype=np.bool_)
            found[name][which] = True
    return found


def _mask(array: pa.Array | pa.ChunkedArray) -> Mask:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), dtype=np.bool_)


def count_personal(records: pa.Table) -> dict[str, int]:
    """How many records hold personal data of each kind in `raw`, and in `text`, as `FIELD.KIND`."""
    return {
        f"{field}.{kind}": int(mask.sum())
        for field in ("raw", "text")
        for kind, mask in find_patterns(records[field], PATTERNS).items()
    }
