"""Weighs the patterns for telephone numbers against a library: `python tests/quality/telephones.py`.

Needs `pip install phonenumbers`, which dehusk does not. The lines were written for this; a reader of each would say
which country it is of, a flat dump does not. The figures of a run stand in `docs/preflight.md`.
"""

import time
from collections.abc import Callable

import phonenumbers
import pyarrow as pa

from dehusk.builders.personal import PATTERNS, find_patterns

NUMBERS = (
    ("NO", "Call the harbour office on +47 23 00 12 34"),
    ("NO", "Tlf. 22 86 40 00"),
    ("NO", "Telefon: 22 86 40 00"),
    ("DE", "Tel.: 030 24344 121"),
    ("DE", "Telefon 0541/98256-778"),
    ("FR", "Tel: 01 42 68 53 00"),
    ("FR", "Appelez le 01 42 68 53 00"),
    ("FR", "Téléphone : 04 91 13 89 00"),
    ("GB", "Ring 020 7946 0018 before noon"),
    ("GB", "Phone: 020 7946 0018"),
    ("GB", "+44 (0)20 7946 0018"),
    ("GB", "0044 20 7946 0018"),
    ("US", "call 212-306-6794 for more"),
    ("US", "(212) 306-6794"),
    ("US", "212.306.6794"),
    ("US", "Call toll-free 1-800-234-5678"),
    ("US", "212 306 6794"),
    ("US", "+1 212 306 6794"),
    ("RU", "Тел.: 8 (495) 123-45-67"),
    ("RU", "8 (495) 123-45-67"),
    ("RU", "+7 495 123-45-67"),
    ("RU", "Телефон +7 (812) 312-10-10"),
    ("CN", "电话：010-62751234"),
    ("JP", "電話 03-3261-4321"),
    ("JP", "お問い合わせは03-3261-4321まで"),
    ("JP", "TEL 03-3261-4321"),
    ("IT", "Fax: 06 6982 1234"),
    ("ES", "Teléfono: 91 123 45 67"),
    ("ES", "Llame al 912 345 678"),
    ("FI", "Puh. 09 1234 5678"),
    ("SE", "Telefon: 08-123 456 78"),
    ("BE", "GSM 0474 12 34 56"),
    ("IE", "Mob. 087 123 4567"),
    ("IN", "WhatsApp: +91 98765 43210"),
    ("IN", "Contact: 98765 43210"),
    ("EG", "هاتف: 02 2345 6789"),
    ("CZ", "Tel. +420 224 005 111"),
    ("PL", "tel. 22 694 70 00"),
    ("BR", "Telefone (11) 3091-3121"),
    ("BR", "ligue (11) 3091-3121"),
)
"""Lines with a number, by country."""

OTHERS = (
    "Published 2021-05-04 06:30", "12.03.2019 14:22", "ISBN 978-3-16-148410-0", "ISSN 0028-0836",
    "Order no. 4500-1234-889", "1,234,567 people", "12 345 678 inhabitants", "score 3-2 (1-0, 0-1, 2-1)", "2011-2021",
    "1939-1945", "flight 447 of 01.06.2009", "coordinates 59.9139, 10.7522", "EUR 1 250 000", "9 780 141 439",
    "doi 10.1038/171737a0", "IBAN DE89 3704 0044 0532 0130 00", "VAT no. 123456789", "Reg. No. 02723534",
    "case 2019/1234-5", "Art. 12 345 67", "ID: 8839201447", "item #2123066794", "page 123-456-7890-12",
    "1-2-3-4-5-6-7", "Pantone 300-400-5000", "Serial 040-555-1234-7788", "temp 22 86 40 00 readings",
    "201-555 readers", "0800 hours to 1700 hours", "06 07 2021 08 09 2021", "2020 2021 2022 2023",
    "lottery: 03 12 25 31 44 49", "Telegram 12 345 678 readers", "tel aviv 2019 12 24", "Views: 2123066794",
    "timestamp 1620109800", "postcode 0150-0153", "ZIP 10001-1234", "RFC 2822, 5322, 6854", "120/80 mmHg, 72 bpm",
    "4 x 100 m 37.10 36.84", "GPS 40.7128 -74.0060", "Model 212-306-6794X", "+15 % to +20 % in 2021",
    "+100 000 000 dollars", "UTC+02:00 20210504",
)  # fmt: skip
"""Lines without one."""

Finds = Callable[[str, str | None], bool]


def by_pattern(line: str, _: str | None) -> bool:
    return "phone_number" in find_patterns(pa.array([line]), PATTERNS)


def by_library(line: str, country: str | None) -> bool:
    return phonenumbers.PhoneNumberMatcher(line, country).has_next()


def wrongly(finds: Finds, country: str | None) -> int:
    return sum(finds(line, country) for line in OTHERS)


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    countries = sorted({country for country, _ in NUMBERS})
    told = [wrongly(by_library, country) for country in countries]
    rows = (
        ("patterns", sum(by_pattern(line, None) for _, line in NUMBERS), str(wrongly(by_pattern, None))),
        ("country not known", sum(by_library(line, None) for _, line in NUMBERS), str(wrongly(by_library, None))),
        ("told the country", sum(by_library(line, one) for one, line in NUMBERS), f"{min(told)} to {max(told)}"),
    )
    print(f"phonenumbers {phonenumbers.__version__}, {len(countries)} countries")
    for name, found, wrong in rows:
        print(f"{name:18} found {found} of {len(NUMBERS)}, wrongly {wrong} of {len(OTHERS)}")
    lines = [*(line for _, line in NUMBERS), *OTHERS, *["The first barge went through before noon."] * 3_000] * 20
    patterns = seconds(lambda: find_patterns(pa.array(lines), PATTERNS))
    library = seconds(lambda: [by_library(line, "US") for line in lines])
    print(f"{len(lines)} lines: patterns, all kinds, {patterns:.2f} s; phonenumbers {library:.2f} s of CPU time")


if __name__ == "__main__":
    main()
