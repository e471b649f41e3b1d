"""Rights: what pages say of their licence and of use by machines: in lines labelled `legal`, and in their markup.

Legal lines are searched by documented patterns; what the markup declares stands in the fields `license` and
`reservations`. A signal is what a page says, not what the law says of it; that a page says nothing gives no right.
Reservations in `robots.txt` or in HTTP headers are not seen.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dehusk.builders.personal import Mask, find_patterns
from dehusk.schema.record import RESERVATIONS
from dehusk.schema.view import CodePoints, Offsets, text_view

_RESERVED: Final = (
    "all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados"
    "|reservados todos los derechos|todos os direitos reservados|tutti i diritti (?:sono )?riservati"
    "|alle rechten voorbehouden|wszelkie prawa zastrzeżone|wszystkie prawa zastrzeżone|все права защищены"
    "|(?:у|в)сі права захищен"
    "|tüm hakları saklıdır|جميع الحقوق محفوظة|כל הזכויות שמורות|版权所有|保留所有权利|無断転載|無断複写"
    "|με επιφύλαξη παντός|सर्वाधिकार सुरक्षित|všechna práva vyhrazena|minden jog fenntartva|alla rättigheter förbehållna"
    "|alle rettigheter|alle rettigheder|kaikki oikeudet pidätetään|toate drepturile rezervate|모든 권리 보유"
)
_MINING: Final = (
    # The words of Directive (EU) 2019/790, article 4 and of § 44b UrhG; the W3C community's TDM protocol; `noai` as
    # robots directives have it; and plain sentences about training.
    r"\bno-?(?:image)?ai\b|tdm-reservation|\btdm\b|2019/790|44b urhg"
    r"|text[ -]and[ -]data[ -]mining|text- und data[ -]mining|fouille de textes|minería de textos|mineração de textos?"
    r"|(?:train|training|trainieren|entraîne\w*|entrenar|addestra\w*)[^.\n]{0,60}(?:\bai\b|\bki\b|\bia\b|artificial"
    r"|artificielle|language models?|machine[ -]learning)"
)
# The licences by their short name, by their path in an address, and by their name in full, as creativecommons.org gives
# them; from the one that reserves most.
_CC_NAMES: Final = {
    "cc-by-nc-nd": "noncommercial-noderiv",
    "cc-by-nc-sa": "noncommercial-sharealike",
    "cc-by-nc": "noncommercial",
    "cc-by-nd": "noderiv",
    "cc-by-sa": "share ?alike",
    "cc-by": "",
}


def _cc_pattern(short: str, rest: str) -> str:
    terms = short.removeprefix("cc-").replace("-", "[ -]")
    full = f"attribution[ -]{rest.replace('-', '[ -]')}" if rest else "creative commons attribution\\b"
    path = short.removeprefix("cc-")
    return rf"(?:\bcc|creative ?commons(?:[ -]li[cz]en[cszx]\w?)?)[ \-(\"“„«]{{1,3}}{terms}\b|/licenses/{path}/|{full}"


_CC: Final = {
    **{short: _cc_pattern(short, rest) for short, rest in _CC_NAMES.items()},
    "creative-commons": r"creative ?commons",
}

SIGNALS: Final = {
    "cc0": "public domain, or Creative Commons zero",
    "cc-by": "Creative Commons Attribution",
    "cc-by-sa": "Creative Commons Attribution-ShareAlike",
    "cc-by-nd": "Creative Commons Attribution-NoDerivatives",
    "cc-by-nc": "Creative Commons Attribution-NonCommercial",
    "cc-by-nc-sa": "Creative Commons Attribution-NonCommercial-ShareAlike",
    "cc-by-nc-nd": "Creative Commons Attribution-NonCommercial-NoDerivatives",
    "creative-commons": "Creative Commons, licence not named",
    "all-rights-reserved": "'all rights reserved', in many languages",
    "copyright": "a copyright notice: ©, (c) or the word, with a year",
    "mining-reserved": "text and data mining, or the training of models, is spoken of: most often to reserve it",
}
"""What can be found in the legal lines of a page."""

OTHER: Final = "other-licence"
_LICENCES: Final = tuple(name for name in SIGNALS if name in _CC or name == "cc0")

DECLARED: Final = {
    **{name: SIGNALS[name] for name in _LICENCES},
    OTHER: "another licence, named or linked",
    **RESERVATIONS,
    "none": "a page of HTML that neither names a licence nor reserves anything",
}
"""What the markup of a page can declare."""

_PATTERNS: Final[Mapping[str, str]] = {
    name: f"(?i:{pattern})"
    for name, pattern in {
        **_CC,
        "cc0": r"\bcc0\b|publicdomain/(?:zero|mark)|\bpublic domain\b",
        "all-rights-reserved": _RESERVED,
        "copyright": (
            r"(?:©|\(c\)|\bcopyright\b)[^0-9\n]{0,20}(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}[^0-9\n]{0,12}(?:©|\(c\))"
        ),
        "mining-reserved": _MINING,
    }.items()
}


def legal_text(records: pa.Table, raw: tuple[CodePoints, Offsets]) -> pa.StringArray:
    """The lines labelled `legal` of each record, joined by a line feed; empty where it has none.

    Args:
        records: n records (`RECORDS`).
        raw: their pages as `codepoints` gives them.
    """
    lines = records["lines"].combine_chunks()
    elements, row = lines.flatten(), pc.list_parent_indices(lines).to_numpy(zero_copy_only=False).astype(np.int64)
    legal = pc.equal(elements.field("label"), "legal").to_numpy(zero_copy_only=False)
    points, at = raw
    start, end = (elements.field(name).to_numpy()[legal] + at[row[legal]] for name in ("start", "end"))
    return text_view(points, start, end, row[legal], records.num_rows)


def find_rights(legal: pa.StringArray) -> dict[str, Mask]:
    """Which records give which signal.

    Args:
        legal: legal lines of n records, as `legal_text` gives them.

    Returns:
        For each signal of `SIGNALS` that occurs, `bool[n]`; of `cc-by` and the licences that add to it each record has
        one at most, the one that reserves most.
    """
    found = find_patterns(legal, _PATTERNS)
    named = np.zeros(len(legal), dtype=np.bool_)
    for name in (name for name in _CC if name in found):  # from the one that reserves most
        found[name] &= ~named
        named |= found[name]
    if "creative-commons" in found and "cc0" in found:
        found["creative-commons"] &= ~found["cc0"]
    return {name: found[name] for name in SIGNALS if name in found and found[name].any()}


def count_rights(records: pa.Table, raw: tuple[CodePoints, Offsets]) -> dict[str, int]:
    """How many records give each signal, and how many give `none`; the arguments are those of `legal_text`."""
    found = find_rights(legal_text(records, raw))
    silent = records.num_rows - int(np.logical_or.reduce(list(found.values())).sum()) if found else records.num_rows
    return {name: int(mask.sum()) for name, mask in found.items()} | ({"none": silent} if silent else {})


def count_declared(records: pa.Table) -> dict[str, int]:
    """How many records have what of `DECLARED` in `license` and `reservations`; `none` counts pages of HTML alone."""
    stated = records["license"].drop_null().combine_chunks()
    named = {name: mask for name, mask in find_rights(stated).items() if name in _LICENCES}
    other = len(stated) - int(np.logical_or.reduce([np.zeros(len(stated), dtype=np.bool_), *named.values()]).sum())
    reserved = pc.value_counts(records["reservations"].combine_chunks().flatten()).to_pylist()
    silent = pc.and_(records["license"].is_null(), pc.equal(pc.list_value_length(records["reservations"]), 0))
    markup = pc.match_substring_regex(pc.struct_field(records["source"], "format"), "(?:^|/)html$")
    counts = {name: int(mask.sum()) for name, mask in named.items()} | {OTHER: other}
    counts |= {row["values"]: row["counts"] for row in reserved}
    counts["none"] = int(pc.sum(pc.and_(silent, markup)).as_py() or 0)
    return {name: count for name, count in counts.items() if count}
