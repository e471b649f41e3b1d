"""Bytes to text: which encoding a page is in, and the way from its characters back to its bytes.

How a page became text is written down in one string, `encoding`. Mostly it is a codec of Python: `utf-8`, `utf-16-le`,
`cp1251`. A page that was encoded twice and was repaired has a chain, `utf-8 < cp1252 < utf-8`: read from the left it
leads from the text to the file (encode, decode, encode), read from the right it leads from the file to the text. Each
codec of a chain is without state, so any span of the file that begins and ends between characters can be decoded
alone (`decode_span`), and the bytes of each character can be counted (`byte_widths`). A byte order mark is in neither:
it is what stands in front of the text, and the text always ends where the file ends.
"""

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Final

import chardet
import ftfy
import numpy as np
import numpy.typing as npt
from ftfy.badness import is_bad

from dehusk.builders.unpacking.document import Refused
from dehusk.schema.record import PAGE_FLAGS
from dehusk.schema.view import CodePoints

Widths = npt.NDArray[np.uint8]

CHAIN: Final = " < "
"""What stands between two codecs of a repaired page."""

_BYTE_ORDER_MARKS: Final = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_LEGACY: Final = (
    *("cp866", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-10"),
    *("iso8859-13", "iso8859-14", "iso8859-15", "iso8859-16", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
    *("cp874", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("gb18030", "big5hkscs", "euc_jis_2004", "shift_jis_2004", "cp932", "euc_kr", "cp949"),
    *("utf-16-le", "utf-16-be", "ascii"),  # chardet answers ASCII when nothing fits, which then fails
)
"""What is looked for when a page is not UTF-8: the encodings of web pages (WHATWG Encoding Standard, section 4.2)."""

_PLAINER: Final = {"shift_jis_2004": "cp932", "euc_jis_2004": "euc_jp", "big5hkscs": "cp950", "euc_kr": "cp949"}
"""The common codec that is tried before the detected one: each of its characters has its own bytes."""

_SAMPLE: Final = 100_000
"""Characters or bytes by which an encoding is judged; the verdict is then proved on the whole page."""

_UNLIKELY: Final = 0.005
"""Share of characters that no text holds (control, private, unassigned) above which an encoding is not believed."""

_MOSTLY: Final = 0.8
"""Share of well-formed UTF-8 in the bytes outside ASCII above which a page that is not UTF-8 is called broken UTF-8.

Of 12,000 lines of real pages written in Chinese, Japanese, Korean and Russian encodings 1 in 1,000 reached it, of whole
pages none (the highest: 0.43, in EUC-JP).
"""

_NOT_LATIN: Final = re.compile("[\u0370-\u06ff]")
_MIXED: Final = re.compile("[A-Za-z][\u0370-\u06ff]|[\u0370-\u06ff][A-Za-z]")
"""Latin beside a Greek, Cyrillic, Hebrew or Arabic letter: what accents become if a short page is taken for one."""

_BINARY_TEXT: Final = 0.3
"""Share of control characters above which a page is no text, whatever decodes it; one between any two words is less."""

_BINARY: Final = 0.01
"""Share of control characters above which a page in no known encoding is called binary. Random bytes have 0.1."""

_CONTROL_BYTES: Final = bytes(byte for byte in (*range(32), 127) if byte not in b"\t\n\r")
_C1_IN_UTF8: Final = re.compile(rb"\xc2[\x80-\x9f]")

_SIGNATURES: Final = {
    "PDF": rb"%PDF-\d",
    "gzip": rb"\x1f\x8b",
    "zip": rb"PK\x03\x04|PK\x05\x06",
    "bzip2": rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38)",
    "xz": rb"\xfd7zXZ\x00",
    "zstd": rb"\x28\xb5\x2f\xfd",
    "7z": rb"7z\xbc\xaf\x27\x1c",
    "RAR": rb"Rar!\x1a\x07",
    "WARC": rb"WARC/\d\.\d\r?\n",
    "Parquet": rb"PAR1[\x00-\x1f]",
    "Arrow": rb"ARROW1\x00",
    "PNG image": rb"\x89PNG\r\n\x1a\n",
    "JPEG image": rb"\xff\xd8\xff",
    "GIF image": rb"GIF8[79]a",
    "WebP image": rb"RIFF.{4}WEBP",
    "TIFF image": rb"II\*\x00|MM\x00\*",
    "MP4 or AVIF": rb"\x00.{3}ftyp",
    "SQLite": rb"SQLite format 3\x00",
    "ELF program": rb"\x7fELF",
    "Microsoft Office document": rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "RTF": rb"\{\\rtf\d",
}
"""How the files begin that are met beside text, by the registries of their formats; text does not begin so."""

_SIGNATURE: Final = re.compile(b"|".join(b"(%b)" % pattern for pattern in _SIGNATURES.values()), re.DOTALL)

_MARKUP: Final = re.compile(r"\s{0,200}<(?:!doctype html|html|head|body|script|\?xml)[\s>]", re.IGNORECASE)
"""How HTML and XML begin (WHATWG MIME Sniffing Standard, section 7.1, without the tags that text may quote)."""

_DECLARED: Final = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,400}?(?:charset|encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE
)
_PRESCANNED: Final = 4096  # the standard asks for 1,024; many pages declare it a little later
_LABELS: Final = dict.fromkeys(
    ("iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii", "windows-1252"), "cp1252"
) | {
    "iso-8859-9": "cp1254",
    "latin5": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-jp": "euc_jp",
    "x-euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "big5": "cp950",
    "iso-8859-8-i": "iso8859-8",
}
"""Labels that browsers read otherwise than Python (WHATWG Encoding Standard, section 4.2)."""

BROKEN: Final = re.compile("[\udc80-\udcff]")
"""What `decode_html` gives for bytes that are no UTF-8."""

_STATEFUL: Final = (
    (re.compile(rb"\x1b\$[@AB]|\x1b\$\([CDOQ]|\x1b\([IJ]"), ("iso2022_jp_3", "iso2022_jp_2", "iso2022_jp_ext")),
    (re.compile(rb"\x1b\$\)C"), ("iso2022_kr",)),
    (re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e]){1,1000}~\}"), ("hz",)),
)
"""Seven-bit encodings whose bytes mean what the escapes before them say, and the mark that gives each away."""


def _leads(codec: str) -> str:
    """What the first bytes of UTF-8 sequences, 0xC2 to 0xF4, are in a single-byte codec."""
    return bytes(range(0xC2, 0xF5)).decode(codec)


_FIRST_RUN: Final = re.compile("[^\x00-\x7f]{1,200}")
_SINGLE_BYTE: Final = (
    "latin-1",
    *(f"sloppy-windows-{n}" for n in (1252, 1251, 1250, 1253, 1254, 1257)),
    "iso-8859-2",
    "macroman",
    "cp437",
)
"""What UTF-8 is mistaken for (ftfy's list). A sloppy codec reads unassigned bytes as C1 control characters."""

_LEADS: Final = {codec: _leads(codec) for codec in _SINGLE_BYTE}

_GARBLED: Final = {
    # Two bytes of UTF-8 read as Windows-1252 or Latin-1: a letter from Â to ô, then a character of 0x80 to 0xBF.
    b"\xc3": re.compile(
        rb"\xc3[\x82-\xb4](?:\xc2[\x80-\xbf]|\xe2(?:\x80[\x93-\xba]|\x82\xac|\x84\xa2)"
        rb"|\xc6\x92|\xcb[\x86\x9c]|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe])"
    ),
    # The same read as Windows-1251: Р or С, then a character of 0x80 to 0xBF.
    b"\xd0": re.compile(
        rb"\xd0[\xa0\xa1](?:\xc2[\xa0-\xbb]|\xe2(?:\x80[\x93-\xba]|\x82\xac|\x84[\x96\xa2])"
        rb"|\xd0[\x81-\x8f]|\xd1[\x91-\x9f]|\xd2[\x90\x91])"
    ),
}
"""What UTF-8 looks like after it was read in the two most usual wrong codecs, by the bytes it begins with."""

_PARTS_LOOKED_AT: Final = 20
_AROUND: Final = 8  # bytes beside a garbled part that ftfy is shown; its patterns look at up to two characters


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page as text.

    Attributes:
        text: all characters of the page, a byte order mark left out.
        encoding: the codec, or the chain of codecs, as the module says.
        flags: what is worth knowing of it, names of `PAGE_FLAGS` in their order.
    """

    text: str
    encoding: str
    flags: tuple[str, ...]


def decode_page(data: bytes) -> Decoded | Refused:
    """Decodes a page strictly, in the first encoding that holds of the order below.

    Byte order mark; UTF-16 or UTF-32 by its pattern of NUL bytes; UTF-8; what chardet detects. A page that is UTF-8
    but for a few bytes is not guessed at. UTF-7 is read as the ASCII it is made of.

    Args:
        data: the bytes of one page, any bytes.

    Returns:
        The text, or why there is none: `unsupported_format` or `undecodable`.
    """
    if kind := _signature(data):
        return Refused("unsupported_format", f"it looks like {kind}, not like text")
    marked, body, encoding = _byte_order(data)
    read = _decode_strictly(body, encoding) if encoding else _decode_unmarked(body)
    if isinstance(read, Refused):
        return read
    if _MARKUP.match(read.text):
        return Refused("unsupported_format", "it looks like HTML or XML, not like flat text")
    utf8 = body if read.encoding == "utf-8" else read.text.encode()
    page = _examine(read, utf8, {"bom"} if marked else set())
    if "control_characters" in page.flags and _control_share(utf8) > _BINARY_TEXT:
        return Refused("unsupported_format", "it looks like binary data, not like text")
    return page


def decode_html(data: bytes, charset: str | None = None) -> Decoded | Refused:
    """Decodes a page of HTML.

    In the first that holds of: byte order mark; UTF-16 or UTF-32 by its pattern of NUL bytes; UTF-8; the encoding that
    the server declared; the one that the page declares (WHATWG HTML, section 13.2.3.2); what chardet detects. UTF-8
    stands before what is declared, for text of another encoding is hardly ever valid UTF-8, and declarations are often
    wrong. In a page that is mostly UTF-8, bytes that are none become the surrogates U+DC80 to U+DCFF (PEP 383).

    Args:
        data: the bytes of one page.
        charset: what the server declared.

    Returns:
        The text, or why there is none: `undecodable` or `unsupported_format`.
    """
    marked, body, encoding = _byte_order(data)
    read = _decode_strictly(body, encoding) if encoding else _decode_declared(body, charset)
    if isinstance(read, Refused):
        return read
    broken = read.flags
    if read.encoding.startswith("utf-") and not broken and _may_be_doubled(read.text):
        read = _repaired(read) or read
    flags = {name for name, found in (("bom", marked), ("encoding_repaired", CHAIN in read.encoding)) if found}
    flags.update(broken)
    return Decoded(read.text, read.encoding, tuple(flag for flag in PAGE_FLAGS if flag in flags))


def text_flags(text: str) -> set[str]:
    """What is worth knowing of the characters of a text: names of `PAGE_FLAGS`."""
    utf8 = text.encode()
    return _flags_of(text, utf8) | ({"mojibake"} if _is_garbled(utf8) else set())


def decode_text(text: str) -> Decoded:
    """A page that is text already, as `decode_page` would make it of the text's UTF-8.

    Args:
        text: any text. Lone surrogates, which no file can hold, become U+FFFD; a leading byte order mark is left out.

    Returns:
        The text, its encoding counted from UTF-8, and its flags.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    body = whole.removeprefix("\ufeff")
    flags = {name for name, found in (("bom", body != whole), ("encoding_repaired", whole != text)) if found}
    return _examine(Decoded(body, "utf-8", ()), body.encode(), flags)


def decode_span(data: bytes, encoding: str) -> str:
    """Decodes part of a seed file, by the page's `encoding`.

    Args:
        data: bytes from the file that begin and end between characters.
        encoding: `source.encoding` of the page.

    Returns:
        Their text.

    Raises:
        UnicodeError: the bytes are not in that encoding, or the span cuts a character.
    """
    last, *back = reversed(encoding.split(CHAIN))
    text = data.decode(last)
    for wrong, right in zip(back[::2], back[1::2], strict=True):
        text = text.encode(wrong).decode(right)
    return text


def encode_span(text: str, encoding: str) -> bytes:
    """The inverse of `decode_span`.

    Raises:
        UnicodeError: the text cannot be written in that encoding.
    """
    first, *on = encoding.split(CHAIN)
    data = text.encode(first)
    for wrong, codec in zip(on[::2], on[1::2], strict=True):
        data = data.decode(wrong).encode(codec)
    return data


def byte_widths(points: CodePoints, encoding: str) -> Widths:
    """How many bytes each character takes in the seed file.

    Args:
        points: code points of a page, `uint32[n_chars]`.
        encoding: its `source.encoding`.

    Returns:
        Widths in bytes, `uint8[n_chars]`.

    Raises:
        UnicodeError: a character cannot be written in that encoding.
    """
    if encoding == "utf-8":
        widths = (points >= 0x80).view(np.uint8) + np.uint8(1)
        widths += (points >= 0x800).view(np.uint8)
        widths += (points >= 0x10000).view(np.uint8)
        return widths
    if encoding in ("utf-16-le", "utf-16-be"):
        return np.where(points >= 0x10000, np.uint8(4), np.uint8(2))
    if encoding in ("utf-32-le", "utf-32-be"):
        return np.full(len(points), 4, dtype=np.uint8)
    unique, at = np.unique(points, return_inverse=True)
    return np.array([len(encode_span(chr(point), encoding)) for point in unique.tolist()], dtype=np.uint8)[at]


def _examine(read: Decoded, utf8: bytes, flags: set[str]) -> Decoded:
    """Undoes double encoding where it is certain, and says what else is worth knowing.

    Repaired is only by one chain of codecs, strict and reversible, for the whole page. ftfy names it, from at most the
    first 100,000 characters; it is slow, so it is asked only where the first characters outside ASCII can be a doubly
    encoded page's, or where control characters can be Windows-1252 quotes. Garbled parts are left alone and flagged.
    """
    found = _flags_of(read.text, utf8)
    if read.encoding.startswith("utf-") and not read.text.isascii():
        quotes = "control_characters" in found and _C1_IN_UTF8.search(utf8) is not None and _is_latin1(read.text)
        repaired = _repaired(read) if quotes or _may_be_doubled(read.text) else None
        if repaired:
            read = repaired
            found = _flags_of(read.text, read.text.encode()) | {"encoding_repaired"}
        elif _is_garbled(utf8):
            found.add("mojibake")
    return Decoded(read.text, read.encoding, tuple(flag for flag in PAGE_FLAGS if flag in found | flags))


def _signature(data: bytes) -> str | None:
    match = _SIGNATURE.match(data)
    return list(_SIGNATURES)[match.lastindex - 1] if match and match.lastindex else None


def _byte_order(data: bytes) -> tuple[bool, bytes, str | None]:
    """Whether there is a byte order mark, what follows it, and the encoding if it can be seen."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return True, data[len(mark) :], encoding
    return False, data, _wide_encoding(data) if b"\0" in data else None


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 that has no mark, by where its NUL bytes stand; None where that is not clear.

    At least half of the characters have to be of U+0001 to U+00FF: space, line ends and digits alone do not reach
    it in every script, but then chardet decides.
    """
    sample = np.frombuffer(data[: _SAMPLE // 4 * 4], dtype=np.uint8)
    if len(data) % 4 == 0:
        nul = (sample.reshape(-1, 4) == 0).mean(axis=0)
        if nul[0] < 0.1 and nul[2] > 0.9 and nul[3] == 1:
            return "utf-32-le"
        if nul[0] == 1 and nul[1] > 0.9 and nul[3] < 0.1:
            return "utf-32-be"
    if len(data) % 2 == 0:
        nul = (sample.reshape(-1, 2) == 0).mean(axis=0)
        if nul[0] < 0.01 and nul[1] > 0.5:
            return "utf-16-le"
        if nul[0] > 0.5 and nul[1] < 0.01:
            return "utf-16-be"
    return None


def _decode_strictly(body: bytes, encoding: str) -> Decoded | Refused:
    try:
        return Decoded(body.decode(encoding), encoding, ())
    except UnicodeDecodeError as error:
        return Refused("undecodable", f"it should be {encoding}, but is broken at byte {error.start}: {error.reason}")


def _decode_unmarked(body: bytes) -> Decoded | Refused:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return _decode_legacy(body, error.start)
    if codec := _stateful_codec(body):
        return Refused("undecodable", f"it looks like {codec}, a code with shift states; convert it to UTF-8")
    return Decoded(text, "utf-8", ())


def _decode_declared(body: bytes, charset: str | None) -> Decoded | Refused:
    try:
        return Decoded(body.decode(), "utf-8", ())
    except UnicodeDecodeError as error:
        broken_at = error.start
    if _mostly_utf8(body):
        return Decoded(body.decode(errors="surrogateescape"), "utf-8", ("replacement_characters",))
    match = _DECLARED.search(body, 0, _PRESCANNED)
    for label in (charset, match[1].decode("ascii") if match else None):
        if label and (codec := _web_codec(label)):
            try:
                read = _with_widths(body.decode(codec), codec, len(body))
            except UnicodeDecodeError:
                continue
            if isinstance(read, Decoded):
                return read
    return _decode_legacy(body, broken_at)


def _web_codec(label: str) -> str | None:
    """The codec that a browser takes for a label, if it is one of those whose characters have bytes of their own."""
    name = label.strip().lower()
    if name in _LABELS:
        return _LABELS[name]
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    return found if found in _LEGACY or found in _PLAINER.values() else None


def _decode_legacy(body: bytes, broken_at: int) -> Decoded | Refused:
    """Text that is not UTF-8, in the encoding that chardet detects, if that can be believed."""
    if _mostly_utf8(body):
        return Refused("undecodable", f"it is UTF-8, but broken at byte {broken_at}; mend it there")
    for encoding in _detected(body, broken_at):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_garbled(text.encode()):
            return Refused("undecodable", f"it mixes UTF-8 with {encoding} (at byte {broken_at}); convert it to UTF-8")
        if _is_text(text):
            return _with_widths(text, encoding, len(body))
    if _control_share(body) > _BINARY:
        return Refused("unsupported_format", "it looks like binary data, not like text")
    return Refused(
        "undecodable", f"no encoding reads it as text (not UTF-8 from byte {broken_at} on); convert it to UTF-8"
    )


def _control_share(data: bytes) -> float:
    return 1 - len(data.translate(None, _CONTROL_BYTES)) / max(1, len(data))


def _stateful_codec(data: bytes) -> str | None:
    if b"\x1b" not in data and b"~" not in data:
        return None
    for mark, names in _STATEFUL:
        if mark.search(data):
            for name in names:
                try:
                    data.decode(name)
                except UnicodeDecodeError:
                    continue
                return name
    return None


def _mostly_utf8(data: bytes) -> bool:
    kept = data.decode(errors="ignore").encode()
    return _bytes_outside_ascii(kept) > _MOSTLY * _bytes_outside_ascii(data)


def _bytes_outside_ascii(data: bytes) -> int:
    return int((np.frombuffer(data, dtype=np.uint8) >= 0x80).sum())


def _detected(data: bytes, broken_at: int) -> tuple[str, ...]:
    """What chardet makes of the page, the plainer codec first. Each may fail on the whole page."""
    sample = data[:_SAMPLE] if b"\0" in data else _lines_outside_ascii(data, broken_at)
    found = chardet.detect(
        sample, include_encodings=_LEGACY, no_match_encoding="ascii", compat_names=False, prefer_superset=False
    )["encoding"]
    if found is None or _mixes_scripts(sample.decode(found, "replace")):
        return ("cp1252",)
    return (_PLAINER[found], found) if found in _PLAINER else (found,)


def _mixes_scripts(text: str) -> bool:
    return 2 * len(_MIXED.findall(text)) > len(_NOT_LATIN.findall(text))


def _lines_outside_ascii(data: bytes, broken_at: int) -> bytes:
    """Lines that tell one encoding from another, from the one with the first byte that is not UTF-8."""
    begin = max(data.rfind(b"\n", 0, broken_at) + 1, broken_at - 1000)
    lines = data[begin : begin + 10 * _SAMPLE].split(b"\n")
    return b"\n".join(line for line in lines if not line.isascii())[:_SAMPLE]


def _is_text(text: str) -> bool:
    counts = Counter(text)
    unlikely = sum(n for char, n in counts.items() if unicodedata.category(char) in ("Cc", "Cn", "Co"))
    return unlikely - sum(counts[char] for char in "\t\n\r\f") <= _UNLIKELY * len(text)


def _with_widths(text: str, encoding: str, n_bytes: int) -> Decoded | Refused:
    """The text, if the bytes of its characters add up to the page: only then can a line be found again in the file."""
    points = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint32, copy=False)
    try:
        counted = int(byte_widths(points, encoding).sum(dtype=np.int64))
    except UnicodeEncodeError:
        counted = -1
    if counted != n_bytes:
        return Refused(
            "undecodable",
            f"it looks like {encoding}, but not every character has bytes of its own; convert it to UTF-8",
        )
    return Decoded(text, encoding, ())


def _may_be_doubled(text: str) -> bool:
    """Whether the first characters outside ASCII can be UTF-8 read in a single-byte codec."""
    outside = np.frombuffer(text.encode(), dtype=np.uint8) >= 0x80
    match = _FIRST_RUN.search(text, int(outside.argmax())) if outside.any() else None
    run = match[0] if match else " "
    return any(_reads_as_utf8(run, codec) for codec, leads in _LEADS.items() if run[0] in leads)


def _is_latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _reads_as_utf8(run: str, codec: str) -> bool:
    try:
        data = run.encode(codec)
        codecs.utf_8_decode(data, "strict", len(run) < 200)
    except UnicodeError:
        return False
    return True


def _repaired(read: Decoded) -> Decoded | None:
    """The page with what ftfy found undone; None where that is more than changing codecs of the whole page."""
    steps = ftfy.fix_encoding_and_explain(read.text[:_SAMPLE]).explanation or []
    if not steps or "\ufffd" in read.text or any(step.action not in ("encode", "decode") for step in steps):
        return None
    text, encoding = read.text, read.encoding
    for wrong, right in zip(steps[::2], steps[1::2], strict=True):
        plain = right.parameter.removesuffix("-variants")  # ftfy takes ill-formed UTF-8 too
        undone = _undo(text, wrong.parameter, plain)
        if undone is None:
            return None
        text, codec = undone
        encoding = CHAIN.join((plain, codec, encoding))
    reversible = encode_span(text, encoding) == encode_span(read.text, read.encoding)
    return Decoded(text, encoding, ()) if reversible else None


def _undo(text: str, wrong: str, right: str) -> tuple[str, str] | None:
    """The text read by the right codec, and the wrong one, its plain form preferred to ftfy's sloppy one."""
    for codec in dict.fromkeys((wrong.removeprefix("sloppy-"), wrong)):
        try:
            return text.encode(codec).decode(right), codec
        except UnicodeError:
            continue
    return None


def _is_garbled(utf8: bytes) -> bool:
    """Whether ftfy calls one of the first suspicious places broken. Whole pages would take it milliseconds."""
    places: dict[bytes, bytes] = {}  # each suspicious part once, with what stands beside it
    for mark, pattern in _GARBLED.items():
        if mark in utf8:
            for match in islice(pattern.finditer(utf8), _PARTS_LOOKED_AT):
                places.setdefault(match[0], utf8[max(0, match.start() - _AROUND) : match.end() + _AROUND])
    return any(is_bad(place.decode(errors="ignore")) for place in places.values())


def _flags_of(text: str, utf8: bytes) -> set[str]:
    flags = set()
    if "\r" in text:
        flags.add("crlf")
    if len(utf8.translate(None, _CONTROL_BYTES)) != len(utf8) or (b"\xc2" in utf8 and _C1_IN_UTF8.search(utf8)):
        flags.add("control_characters")
    if "\ufffd" in text:
        flags.add("replacement_characters")
    return flags
