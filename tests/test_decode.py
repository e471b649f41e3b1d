"""Bytes to text: encodings, what is refused, what is repaired, and the way back to the bytes."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.reading.decode import (
    Decoded,
    byte_widths,
    decode_page,
    decode_span,
    decode_text,
    encode_span,
)
from dehusk.builders.unpacking.document import Refused, escape_text
from dehusk.schema.record import PAGE_FLAGS, REASONS

GERMAN = (
    "Der Fährmann über den schmalen Fluß hört im Winter früher auf. Für größere Gäste öffnet er dann nur auf Anruf.\n"
    "Täglich fährt er zwölfmal hinüber, außer montags; die Überfahrt kostet wenig, heißt es in der Gemeinde.\n"
)
POLISH = (
    "Łódź stała przy nabrzeżu, gdzie źle świeciły latarnie. Później żeglarz wrócił i zapłacił dziewięć złotych.\n" * 3
)
RUSSIAN = (
    "Паром через реку ходит утром и вечером. Зимой перевозчик работает меньше, потому что лёд закрывает русло.\n" * 3
)
GREEK = "Το μικρό πλοίο περνάει το ποτάμι κάθε πρωί και γυρίζει το βράδυ, όταν ανάβουν τα φώτα στο λιμάνι.\n" * 3
TURKISH = "Küçük vapur her sabah nehri geçer ve akşam ışıklar yanınca döner; kışın yolcu sayısı çok değişir.\n" * 3
HEBREW = "המעבורת הקטנה חוצה את הנהר בכל בוקר וחוזרת בערב כאשר נדלקים האורות בנמל הישן של העיר.\n" * 3
ARABIC = "تعبر العبارة الصغيرة النهر كل صباح وتعود في المساء عندما تضاء الأنوار في الميناء القديم للمدينة.\n" * 3
THAI = "เรือข้ามฟากลำเล็กข้ามแม่น้ำทุกเช้าและกลับมาในตอนเย็นเมื่อไฟในท่าเรือเปิดสว่างขึ้นอีกครั้งหนึ่ง\n" * 3
CHINESE = "小渡船每天早上过河，晚上港口的灯亮起来的时候再回来。冬天河面结冰，船夫就少开几班。\n" * 3
TAIWANESE = "小渡船每天早上過河，晚上港口的燈亮起來的時候再回來。冬天河面結冰，船夫就少開幾班。\n" * 3
JAPANESE = "小さな渡し船は毎朝川を渡り、夕方に港の明かりがつくころ戻ってくる。冬は川が凍るので便が減ります。\n" * 3
KOREAN = "작은 나룻배는 매일 아침 강을 건너고 저녁에 항구의 불이 켜지면 돌아온다. 겨울에는 배가 줄어든다.\n" * 3

UNICODE = [
    (GERMAN, "utf-8", b""),
    (GERMAN, "utf-8", b"\xef\xbb\xbf"),
    (GERMAN, "utf-16-le", b"\xff\xfe"),
    (CHINESE, "utf-16-be", b"\xfe\xff"),
    (CHINESE + "𠮷🙂\n", "utf-16-le", b"\xff\xfe"),
    (RUSSIAN, "utf-32-le", b"\xff\xfe\x00\x00"),
    (RUSSIAN, "utf-32-be", b"\x00\x00\xfe\xff"),
    (GERMAN, "utf-16-le", b""),
    (GERMAN, "utf-16-be", b""),
    (CHINESE + "(12:30 - 18:30)\n", "utf-16-le", b""),
    (JAPANESE + "(12:30 - 18:30)\n", "utf-16-be", b""),
    (GERMAN, "utf-32-le", b""),
    (GERMAN, "utf-32-be", b""),
]
LEGACY = [
    (GERMAN, "cp1252"),
    (POLISH, "iso8859-2"),
    (POLISH, "cp1250"),
    (RUSSIAN, "cp1251"),
    (RUSSIAN, "koi8-r"),
    (RUSSIAN, "iso8859-5"),
    (RUSSIAN, "cp866"),
    (GREEK, "cp1253"),
    (TURKISH, "cp1254"),
    (HEBREW, "cp1255"),
    (ARABIC, "cp1256"),
    (THAI, "cp874"),
    (CHINESE, "gb18030"),
    (TAIWANESE, "cp950"),
    (JAPANESE, "cp932"),
    (JAPANESE, "euc_jp"),
    (KOREAN, "cp949"),
]
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154")
FILES = {
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "gzip": gzip.compress(GERMAN.encode()),
    "zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "WARC": b"WARC/1.0\r\nWARC-Type: response\r\n",
    "Parquet": b"PAR1\x15\x04\x15",
    "PNG image": PICTURE,
    "JPEG image": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "WebP image": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "MP4 or AVIF": b"\x00\x00\x00\x1cftypavif",
    "SQLite": b"SQLite format 3\x00\x10\x00",
    "RTF": rb"{\rtf1\ansi Guten Tag}",
    "HTML or XML": b"\n <!DOCTYPE html>\n<html><p>Guten Tag</p></html>",
}


def read(data: bytes) -> Decoded:
    page = decode_page(data)
    assert isinstance(page, Decoded), page
    return page


def refusal(data: bytes) -> Refused:
    page = decode_page(data)
    assert isinstance(page, Refused), page
    return page


@pytest.mark.parametrize(("text", "encoding", "mark"), UNICODE)
def test_unicode_with_and_without_a_byte_order_mark(text: str, encoding: str, mark: bytes) -> None:
    page = read(mark + text.encode(encoding))

    assert page == Decoded(text, encoding, ("bom",) if mark else ())


@pytest.mark.parametrize(("text", "encoding"), LEGACY)
def test_legacy_encodings_are_detected(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)) == Decoded(text, encoding, ())


@pytest.mark.parametrize("text", ["Café", "Café Müller", "naïve “quote”", "© Hafenblatt"])
def test_few_accents_are_western(text: str) -> None:
    assert read(text.encode("cp1252")).text == text


def test_detection_looks_where_the_page_leaves_ascii() -> None:
    text = "Nothing but plain words stand here.\n" * 20_000 + GERMAN

    assert read(text.encode("cp1252")) == Decoded(text, "cp1252", ())


@pytest.mark.parametrize(("kind", "data"), FILES.items())
def test_other_formats_are_refused_by_name(kind: str, data: bytes) -> None:
    assert refusal(data) == Refused(
        "unsupported_format", f"it looks like {kind}, not like {'flat ' * ('HTML' in kind)}text"
    )


def test_html_in_utf16_is_refused() -> None:
    assert refusal("<html><body>Guten Tag".encode("utf-16")).reason == "unsupported_format"


@pytest.mark.parametrize(
    "text", ["%PDF is a format.", "PK won.", "RIFFs and more", "<b> makes text bold", "GIF or JPEG?"]
)
def test_text_about_formats_is_text(text: str) -> None:
    assert read(text.encode()).text == text


def test_binary_data_is_refused() -> None:
    random = np.random.default_rng(7).integers(0, 256, 5000, dtype=np.uint8).tobytes()

    assert refusal(random).detail == "it looks like binary data, not like text"
    assert refusal(bytes(range(32)) * 50).detail == "it looks like binary data, not like text"


def test_control_characters_between_words_are_kept() -> None:
    page = read(b"one\x00two\x00three\x00\nfour\x1b[0m\n")

    assert page == Decoded("one\x00two\x00three\x00\nfour\x1b[0m\n", "utf-8", ("control_characters",))


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("one\ttwo\n", ()),
        ("one\r\ntwo", ("crlf",)),
        ("one\rtwo", ("crlf",)),
        ("one\vtwo", ("control_characters",)),
        ("one\x85two – 三", ("control_characters",)),
        ("o\ufffde", ("replacement_characters",)),
        ("Zürich, Besançon, 東京, « ici », £5 – “so”", ()),
        ("СССР», Рівне, «Россия»", ()),
    ],
)
def test_what_is_worth_knowing_is_flagged(text: str, flags: tuple[str, ...]) -> None:
    assert read(text.encode()) == Decoded(text, "utf-8", flags)


def test_utf8_with_a_broken_byte_is_not_guessed_at() -> None:
    broken = CHINESE.encode()[:-2]

    refused = refusal(broken)

    assert refused.reason == "undecodable"
    assert "UTF-8" in refused.detail
    assert f"byte {len(broken) - 2}" in refused.detail


def test_utf8_mixed_with_another_encoding_is_not_guessed_at() -> None:
    refused = refusal("It’s the Fährmann".encode() + " hört auf, größer, Gäste".encode("cp1252"))

    assert refused.reason == "undecodable"
    assert "mixes UTF-8 with cp1252 (at byte 22)" in refused.detail


def test_legacy_text_whose_bytes_resemble_utf8_is_read() -> None:
    assert read("小渡船\n小渡船过河\n".encode("gb18030")).text == "小渡船\n小渡船过河\n"


def test_a_marked_encoding_is_not_guessed_at() -> None:
    assert refusal(b"\xff\xfea\x00\x00\xd8b\x00").detail.startswith("it should be utf-16-le, but is broken at byte 2")


@pytest.mark.parametrize(
    ("text", "encoding"), [(JAPANESE, "iso2022_jp"), (KOREAN, "iso2022_kr"), (CHINESE.replace("。", "."), "hz")]
)
def test_encodings_with_shift_states_are_refused(text: str, encoding: str) -> None:
    refused = refusal(text.encode(encoding))

    assert refused.reason == "undecodable"
    assert "shift states" in refused.detail


def test_escapes_that_are_no_shifts_are_text() -> None:
    for text in ("\x1b[31mred\x1b[0m", "~{} ~{x~}", "\x1b$5", "\x1b$By~", "\x1b(I"):
        assert read(f"The ferry {text} sails.".encode()).encoding == "utf-8"


def test_characters_without_bytes_of_their_own_are_refused() -> None:
    # In Big5-HKSCS one pair of bytes stands for two characters, so no line could be found again in the file.
    refused = refusal((TAIWANESE * 3 + "Ê̄ ê̌").encode("big5hkscs"))

    assert refused.reason == "undecodable"
    assert "bytes of its own" in refused.detail


def test_an_encoding_must_read_the_whole_page() -> None:
    refused = refusal(CHINESE.encode("gb18030") * 700 + b"\xff\n")

    assert refused.reason == "undecodable"
    assert refused.reason in REASONS
    assert "convert it to UTF-8" in refused.detail


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (GERMAN, "latin-1", "latin-1"),
        (GERMAN, "cp1252", "windows-1252"),
        (GERMAN + "„So“ – sagt er…\n", "cp1252", "windows-1252"),
        (GERMAN + "“So”\n", "sloppy-windows-1252", "sloppy-windows-1252"),
        (POLISH, "sloppy-windows-1250", "sloppy-windows-1250"),
        (RUSSIAN, "sloppy-windows-1251", "windows-1251"),
        (JAPANESE, "latin-1", "latin-1"),
        (KOREAN, "latin-1", "latin-1"),
        (GREEK, "macroman", "macroman"),
    ],
)
def test_a_page_encoded_twice_is_repaired(text: str, codec: str, name: str) -> None:
    doubled = text.encode().decode(codec).encode()

    page = read(doubled)

    assert page == Decoded(text, f"utf-8 < {name} < utf-8", ("encoding_repaired",))
    assert decode_span(doubled, page.encoding) == text
    assert encode_span(text, page.encoding) == doubled


def test_a_page_encoded_three_times_is_repaired() -> None:
    text = GERMAN
    tripled = text.encode().decode("latin-1").encode().decode("latin-1").encode()

    page = read(tripled)

    assert page == Decoded(text, "utf-8 < latin-1 < utf-8 < latin-1 < utf-8", ("encoding_repaired",))
    assert decode_span(tripled, page.encoding) == text


def test_a_doubled_page_in_utf16_is_repaired() -> None:
    doubled = GERMAN.encode().decode("latin-1")

    page = read(b"\xff\xfe" + doubled.encode("utf-16-le"))

    assert page == Decoded(GERMAN, "utf-8 < latin-1 < utf-16-le", ("bom", "encoding_repaired"))


def test_windows_quotes_read_as_latin1_are_repaired() -> None:
    text = "The ferry “Marit” doesn’t sail in winter – not even on Sundays…\n" * 3

    page = read(text.encode("cp1252").decode("latin-1").encode())

    assert page == Decoded(text, "windows-1252 < latin-1 < utf-8", ("encoding_repaired",))


@pytest.mark.parametrize(
    "text",
    [
        GERMAN + GERMAN.encode().decode("latin-1"),
        GERMAN.encode().decode("latin-1") + GERMAN,
        "The ferry doesnâ€™t sail.\nNaïve, he waited.\n",
        GERMAN.encode().decode("latin-1") + "lost: \ufffd\n",
        RUSSIAN + RUSSIAN.encode().decode("sloppy-windows-1251"),
    ],
)
def test_a_page_garbled_in_parts_is_left_alone(text: str) -> None:
    page = read(text.encode())

    assert page.text == text
    assert page.encoding == "utf-8"
    assert "mojibake" in page.flags
    assert "encoding_repaired" not in page.flags


def test_repair_holds_for_the_whole_page_not_for_the_part_that_ftfy_sees() -> None:
    text = GERMAN.encode().decode("latin-1") * 600 + "später"

    page = read(text.encode())

    assert page.text == text
    assert page.flags == ("control_characters", "mojibake")


def test_an_encoding_must_give_text() -> None:
    assert refusal(GERMAN.encode("cp1252").replace(b"h", b"h\x81")).reason == "undecodable"


@pytest.mark.parametrize("text", ["Ã", "Â£", "SÃO PAULO", "PÂTÉ À LA CARTE", "été à Noël", "Größe", "ÐÐÐ"])
def test_rare_letters_are_not_garbled(text: str) -> None:
    page = decode_page((text + "\n").encode())

    assert isinstance(page, Decoded)
    assert "encoding_repaired" not in page.flags or text == "Â£"


def test_text_is_decoded_as_its_utf8_file_would_be() -> None:
    for text in (GERMAN, "\ufeff" + GERMAN, GERMAN.encode().decode("latin-1"), "a\r\nb", ""):
        assert decode_text(text) == read(text.encode())


def test_lone_surrogates_are_replaced_and_pairs_joined() -> None:
    page = decode_text("a\ud800b \ud83d\ude42")

    assert page == Decoded("a\ufffdb 🙂", "utf-8", ("encoding_repaired", "replacement_characters"))


def test_a_span_must_begin_and_end_between_characters() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode_span("ä".encode()[1:], "utf-8")
    with pytest.raises(UnicodeEncodeError):
        encode_span("漢", "cp1252")


def test_hidden_characters_are_shown() -> None:
    assert escape_text("a\x1b[0m\r\n\x85\u2028\u202e\ud800 ü🙂") == r"a\x1b[0m\x0d\x0a\x85\u2028\u202e\ud800 ü🙂"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_widths_are_those_of_the_codec(text: str) -> None:
    points = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint32)
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "gb18030", "utf-8 < latin-1 < utf-8"):
        assert byte_widths(points, encoding).tolist() == [len(encode_span(char, encoding)) for char in text]
        assert decode_span(encode_span(text, encoding), encoding) == text


@given(st.binary(max_size=200))
def test_any_bytes_are_a_page_or_a_refusal(data: bytes) -> None:
    page = decode_page(data)

    if isinstance(page, Refused):
        assert page.reason in REASONS
        assert page.detail
        return
    assert page.flags == tuple(flag for flag in PAGE_FLAGS if flag in page.flags)
    points = np.frombuffer(page.text.encode("utf-32-le"), dtype="<u4").astype(np.uint32)
    body = data[len(data) - int(byte_widths(points, page.encoding).sum(dtype=np.int64)) :]
    assert decode_span(body, page.encoding) == page.text
    assert data.removesuffix(body) in (b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff")


@given(st.text(max_size=100))
def test_any_text_is_a_page(text: str) -> None:
    assert "\ud800" not in decode_text(text).text
