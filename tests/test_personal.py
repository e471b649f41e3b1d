"""Personal data and rights signals: what the patterns find, and what they leave alone."""

import ipaddress
import random

import numpy as np
import pyarrow as pa
import pytest

from dehusk.builders.cards.rights import SIGNALS, count_rights, find_rights, legal_text
from dehusk.builders.personal import PARTS, PATTERNS, PERSONAL, count_personal, find_patterns
from dehusk.builders.preflighting.leaks import SECRETS, TRACES, find_secrets
from dehusk.schema.record import RECORDS
from dehusk.schema.view import codepoints


def kinds(text: str) -> set[str]:
    return set(find_patterns(pa.array([text]), PATTERNS))


@pytest.mark.parametrize(("kind", "text"), [
    ("email_address", "Write to nora.quay+desk@post.harbour.example today"),
    ("email_address", "<a_b@x-y.co.uk>"),
    ("phone_number", "+47 23 00 12 34"),
    ("phone_number", "+49 (0) 541 98256-778"),
    ("phone_number", "Tel.: 030 24344 121"),
    ("phone_number", "TELEFON 04451/9515161"),
    ("phone_number", "电话：010-62751234"),
    ("phone_number", "お電話03-3261-4321まで"),
    ("phone_number", "Тел.: 8 (495) 123-45-67"),
    ("phone_number", "هاتف: 02 2345 6789"),
    ("phone_number", "Tlf. 22 86 40 00"),
    ("phone_number", "+1 (212) 306-6794"),
    ("phone_number", "call 212-306-6794 for more"),
    ("phone_number", "(212) 306-6794"),
    ("ip_address", "from 81.2.69.142."),
    ("ip_address", "192.30.255.112"),
    ("ip_address", "172.32.0.1"),
    ("ip_address", "2a00:1450:4001:81b::200e"),
    ("ip_address", "at 2A00:1450:4001:081B:0000:0000:0000:200E now"),
])  # fmt: skip
def test_personal_data_is_found(kind: str, text: str) -> None:
    assert kinds(text) == {kind}


@pytest.mark.parametrize("text", [
    "meet @ noon", "me@home", "@handle", "a@b.c", "1,234,567 people", "12 345 678", "2021-05-04 06:30", "4+5=9",
    "ISBN 978-3-16-148410-0", "+1", "in 2021 +15 %", "Telegram 5",
    "Telegram 12 345 678 readers", "Tel Aviv 2019 12 24", "+100 000 000 dollars", "hotel 12 345 678",
    "version 1.2.3.4", "section 3.1.2.1", "10.0.0.1",
    "127.0.0.1", "192.168.1.20", "172.16.0.5", "169.254.10.1", "239.1.2.3", "81.2.69.142.7", "06:30:12", "std::vector",
    "a::b", "300.200.100.50",
])  # fmt: skip
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert kinds(text) == set()


def test_ip_addresses_are_those_that_belong_to_someone() -> None:
    chance = random.Random(3)  # noqa: S311
    addresses = [ipaddress.IPv4Address(chance.getrandbits(32)) for _ in range(20_000)]
    known = [address for address in addresses if int(address) >= 11 << 24]
    found = find_patterns(pa.array([f"from {address} it came" for address in known]), PATTERNS)["ip_address"]
    # Blocks for documentation, benchmarks and carriers are not told apart; they are about one in a thousand.
    owned = [address.is_global and not address.is_multicast for address in known]
    special = [address for address, hit, own in zip(known, found, owned, strict=True) if hit != own]
    assert len(special) < len(known) / 500
    assert not any(address.is_loopback or address in ipaddress.IPv4Network("10.0.0.0/8") for address in special)


def test_what_is_asked_for_is_there_exactly_where_a_whole_hit_is() -> None:
    pieces = [
        *"0259+()./- :@_ax\n",
        "Tel",
        "tel.",
        "fax",
        "电话",
        "é",
        "12",
        "345",
        "0000",
        "post",
        "co.uk",
        ".example",
    ]
    pieces += ["81.", "192.", "2.69.142", "2a00:", "::"]
    drawn = random.Random(3)  # noqa: S311 - no secret
    texts = pa.array(["".join(drawn.choices(pieces, k=drawn.randrange(4, 24))) for _ in range(20_000)])
    for kind, parts in PARTS.items():
        whole = find_patterns(texts, {kind: "|".join(part.lead + part.hit + part.tail for part in parts)})
        asked = find_patterns(texts, {kind: PATTERNS[kind]})
        assert whole[kind].sum() > 50
        assert (whole[kind] == asked[kind]).all()


def test_every_kind_has_a_name_and_nulls_hold_nothing() -> None:
    assert PATTERNS.keys() == PERSONAL.keys()
    found = find_patterns(pa.array([None, "x@y.example", None]), PATTERNS)
    assert {kind: mask.tolist() for kind, mask in found.items()} == {"email_address": [False, True, False]}


@pytest.mark.parametrize(
    "piece", ["a", "1.", "+1 ", "@", "a@", "a.", "9" * 7 + " ", "f:", "eyJ", "sk-", "://", "-----BEGIN "]
)
def test_hostile_text_is_searched_in_one_pass(piece: str) -> None:
    # With a pattern that goes back, a text of this size would not end within the life of the machine.
    text = pa.array([piece * (2_000_000 // len(piece))])
    for patterns in (PATTERNS, SECRETS, TRACES):
        find_patterns(text, patterns)
    find_rights(text)


def test_records_are_counted_by_field_and_kind() -> None:
    raw = ["mail a@b.example or c@d.example", "Tel. 030 24344 121", "nothing"]
    flags = [["email_address"], ["phone_number"], []]
    records = pa.table({"raw": raw, "text": ["", "Tel. 030 24344 121", ""], "flags": flags})
    assert count_personal(records) == {"raw.email_address": 1, "raw.phone_number": 1, "text.phone_number": 1}


# -- secrets --

BODY = "q1W2e3R4t5Y6u7I8o9P0aSdFgHjKlZxCvBnMqWeRtYuIoPaSdFgHjKlZxCvBnM0123456789"
LETTERS = "qWeRtYuIoPaSdFgHjKlZxCvBnMqWeRtYuIoPaSdF"
KEYS = {
    "Hugging Face token": "hf_" + LETTERS[:34],
    "AWS access key": "AKIA" + "Q3EGRJ5ZK7WX2YMN",
    "GitHub token": "ghp_" + BODY[:36],
    "GitLab token": "glpat-" + BODY[:20],
    "Slack token": "xoxb-" + BODY[:24],
    "Google API key": "AIza" + BODY[:35],
    "Stripe key": "sk_live_" + BODY[:24],
    "OpenAI or Anthropic key": "sk-ant-api03-" + BODY[:40],
    "npm token": "npm_" + BODY[:36],
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + BODY[:60],
    "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + BODY[:64] + "\n-----END",
    "JSON web token": f"eyJ{BODY[:20]}.eyJ{BODY[:30]}.{BODY[:30]}",
    "password in an address": "postgres://reader:tidal-pool@db.example/pages",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_secrets_are_found(kind: str) -> None:
    assert set(find_secrets(pa.array([f"key = {KEYS[kind]} ", "none"]))) == {kind}


@pytest.mark.parametrize("text", [
    "a token begins with hf_ and has 34 letters", "hf_xxxx", "export HF_TOKEN=hf_...", "AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN PRIVATE KEY----- is how such a file begins", "https://example.org:8080/path@2", "sk-learn", "eyJhbGci",
    "https://user:pw@",
])  # fmt: skip
def test_text_about_secrets_is_no_secret(text: str) -> None:
    assert find_secrets(pa.array([text])) == {}


def test_the_key_of_a_handbook_does_not_hide_a_real_one() -> None:
    found = find_secrets(pa.array(["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE " + KEYS["AWS access key"]]))
    assert found["AWS access key"].tolist() == [False, True]


# -- rights --


@pytest.mark.parametrize(("text", "signals"), [
    ("© 2021 Harbour Gazette. All rights reserved.", {"copyright", "all-rights-reserved"}),
    ("Alle Rechte vorbehalten", {"all-rights-reserved"}),
    ("ВСЕ ПРАВА ЗАЩИЩЕНЫ", {"all-rights-reserved"}),
    ("Some rights reserved", set()),
    ("Copyright in this matter is hard", set()),
    ("2011-2021 (c) Quay", {"copyright"}),
    ("CC BY 4.0", {"cc-by"}),
    ("CC-BY-SA", {"cc-by-sa"}),
    ("Creative Commons BY-NC-SA", {"cc-by-nc-sa"}),
    ("Creative Commons Attribution-NonCommercial 4.0", {"cc-by-nc"}),
    ("https://creativecommons.org/licenses/by-nc-nd/3.0/", {"cc-by-nc-nd"}),
    ("Creative Commons Attribution 4.0 International", {"cc-by"}),
    ("Lizenz: Creative Commons", {"creative-commons"}),
    ("CC0", {"cc0"}),
    ("https://creativecommons.org/publicdomain/zero/1.0/", {"cc0"}),
    ("Text and data mining is reserved (Article 4, Directive (EU) 2019/790)", {"mining-reserved"}),
    ("You may not use this to train any AI", {"mining-reserved"}),
    ("meta robots: noai, noimageai", {"mining-reserved"}),
    ("By train to the harbour", set()),
])  # fmt: skip
def test_rights_signals(text: str, signals: set[str]) -> None:
    assert set(find_rights(pa.array([text]))) == signals
    assert signals <= SIGNALS.keys()


def test_only_legal_lines_are_searched() -> None:
    pages = ["All rights reserved in this story\nCC BY", "CC BY\nPublic domain, they said"]
    labels = [["paragraph", "legal"], ["paragraph", "paragraph"]]
    lines = []
    for page, found in zip(pages, labels, strict=True):
        cut = page.index("\n")
        spans = [(0, cut), (cut + 1, len(page))]
        lines.append([
            {"start": a, "end": b, "label": label} for (a, b), label in zip(spans, found, strict=True)
        ])  # fmt: skip
    records = pa.table({"raw": pa.array(pages), "lines": pa.array(lines, RECORDS.field("lines").type)})
    raw = codepoints(records["raw"])
    assert legal_text(records, raw).to_pylist() == ["CC BY", ""]
    assert count_rights(records, raw) == {"cc-by": 1, "none": 1}
    assert np.add.reduce(list(count_rights(records.slice(1), codepoints(records["raw"].slice(1))).values())) == 1
