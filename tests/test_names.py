"""Bylines: whose names are read, as they are spelled, and what is no name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.describing.dates import Reading
from dehusk.builders.describing.names import MAX_CHARS, Name, find_names, is_agency, only_persons

# line, names, whether the line says that they are authors
NAMED = [
    # English
    ("By Maeve Tolland", ["Maeve Tolland"], True),
    ("By: Maeve Tolland and Owen P. Reyes", ["Maeve Tolland", "Owen P. Reyes"], True),
    ("By Maeve Tolland, Owen Reyes and Iris O’Dell", ["Maeve Tolland", "Owen Reyes", "Iris O’Dell"], True),
    ("byMaeve Tolland", ["Maeve Tolland"], True),
    ("By\xa0 Maeve Tolland", ["Maeve Tolland"], True),
    ("Words by Fenella Strang", ["Fenella Strang"], True),
    ("Author: Dr. Fenella Strang", ["Dr. Fenella Strang"], True),
    ("Thread starter quillfeather", ["quillfeather"], True),
    ("By Maeve Tolland published 19 May 2026", ["Maeve Tolland"], True),
    ("By Maeve Tolland For The Quayside Ledger", ["Maeve Tolland"], True),
    ("by Maeve Tolland Apr. 28, 2023 1:15 pm", ["Maeve Tolland"], True),
    ("By Maeve Tolland • Dec. 19, 2025", ["Maeve Tolland"], True),
    ("Posted by Maeve Tolland | 3 comments", ["Maeve Tolland"], True),
    ("Maeve Tolland - Apr 16, 2015 8:02 pm UTC", ["Maeve Tolland"], False),
    ("Maeve Tolland on Dec. 13, 2025", ["Maeve Tolland"], False),
    ("Maeve Tolland · Ledger News · Posted: Aug 08, 2024 4:00 AM EDT", ["Maeve Tolland"], False),
    ("Maeve Tolland Parliamentary editor", ["Maeve Tolland"], False),
    ("Maeve TollandTravel News Reporter", ["Maeve Tolland"], False),
    ("Maeve TollandCEO", ["Maeve Tolland"], False),
    ("Maeve Tolland, Senior Staff Writer", ["Maeve Tolland"], False),
    ("Maeve Tolland2,", ["Maeve Tolland"], False),
    ("Maeve Tolland Maeve Tolland", ["Maeve Tolland"], False),
    ("Maeve Tolland is a freelance reporter in Carrow Bay.", ["Maeve Tolland"], False),
    ("quillfeather March 3, 2022, 9:14am 1", ["quillfeather"], False),
    ("old_noddy (Geoffrey Rudd) March 4, 2022, 7:31am 4", ["old_noddy"], False),
    ("By Samira Kull and Vasil Step The Associated Press", ["Samira Kull", "Vasil Step"], True),
    ("By Associated Press", ["Associated Press"], True),
    ("Ada Vidal and AP", ["Ada Vidal"], False),
    ("By Ledger Staff", ["Ledger Staff"], True),
    ("(Maeve Tolland)", ["Maeve Tolland"], False),
    # German
    ("Von: Henrike Albers", ["Henrike Albers"], True),
    ("Von Henrike Albers und Jörg Söldner, dpa", ["Henrike Albers", "Jörg Söldner"], True),
    ("Von dpa 30.04.2024, 18:58", ["dpa"], True),
    ("Von Robin Amsel, Volontär (Sport)", ["Robin Amsel"], True),
    ("Von Robin Amsel, Lille 05.08.2024, 20:59 Uhr", ["Robin Amsel"], True),
    ("Von Ulrich AmselKorrespondent", ["Ulrich Amsel"], True),
    ("Kolumne von Lars Brück - 28.04.2024 um 08:52 Uhr", ["Lars Brück"], True),
    ("Do 25.04.24 | 14:07 Uhr | Von Eva Kirch-Rätsch", ["Eva Kirch-Rätsch"], True),
    ("Artikel veröffentlicht am 28. April 2024, 14:26 Uhr, Tobias Költz", ["Tobias Költz"], False),
    ("Tobias Mühl24.04.2024, 19:35 Uhr", ["Tobias Mühl"], False),
    ("Autor:\xa0 Monika Boll und Anna Trech, Sweida", ["Monika Boll", "Anna Trech"], True),
    ("Autor: Rechtsanwalt Sebastian Ein", ["Sebastian Ein"], True),
    ("Ursula von der Heide", ["Ursula von der Heide"], False),
    # Romance languages
    ("Par Jean-Pierre Dupré et Marie Le Goff", ["Jean-Pierre Dupré", "Marie Le Goff"], True),
    ("Por Ana Souza e João Silva", ["Ana Souza", "João Silva"], True),
    ("Por Alberto Ávalo 27 de agosto 2019", ["Alberto Ávalo"], True),
    ("Chus del Pinar, Martí Abat (Enviado especial)", ["Chus del Pinar", "Martí Abat"], False),
    ("di Viviana Mazzi", ["Viviana Mazzi"], True),
    ("Scritto da Viviana Mazzi", ["Viviana Mazzi"], True),
    # Dutch, Scandinavian, Polish
    ("Door Jan de Vries en Piet van Dam", ["Jan de Vries", "Piet van Dam"], True),
    ("Mathias Hage – Journalist Journalist", ["Mathias Hage"], False),
    ("Av Ingrid Tre og Marlene Lund", ["Ingrid Tre", "Marlene Lund"], True),
    ("Post autor: Wawrzek_z_Gór", ["Wawrzek_z_Gór"], True),
    # Cyrillic, Greek, Turkish, Arabic, Hebrew, Hindi
    ("Автор: Лидия Коростина, Пётр Ильин", ["Лидия Коростина", "Пётр Ильин"], True),
    ("Текст: Лидия Коростина", ["Лидия Коростина"], True),
    ("Επιμέλεια: Δανάη Σταμάτη", ["Δανάη Σταμάτη"], True),
    ("Haber Merkezi / Nermin Çakır", ["Nermin Çakır"], False),
    ("كتبت سارة أحمد", ["سارة أحمد"], True),
    ("מאת דנה כהן", ["דנה כהן"], True),
    ("लेखिका: मंजरी दुबे", ["मंजरी दुबे"], True),
    # glued to what follows, two by one name each, a name in brackets, a desk, a user
    ("By Jane RoeIn Travel", ["Jane Roe"], True),
    ("By Ada and Grace", ["Ada", "Grace"], True),
    ("By Jane (Ada) Roe", ["Jane (Ada) Roe"], True),
    ("By Quay Desk Staff", ["Quay Desk Staff"], True),
    ("Posted by Tram62 Fan", ["Tram62 Fan"], True),
    ("Recipe by Jane Roe", ["Jane Roe"], True),
    ("Jane Roe On Sunday", ["Jane Roe"], False),
    # East Asia
    ("書いた人：柚木なお", ["柚木なお"], True),
    ("文／柚木なお", ["柚木なお"], True),
    ("記者王小明／台北報導", ["王小明"], True),
    ("2022-11-08 10:15\u3000来源：某报\u3000记者：陆小满\u3000通讯员：何守田", ["陆小满", "何守田"], True),
    ("（责任编辑：白露、陆小满）", ["白露", "陆小满"], True),
    ("渡辺洋一2025年1月13日 21時37分", ["渡辺洋一"], False),
    ("순천, 광양 구현우 기자 reporter@paper.example", ["구현우"], True),
]

NAMELESS = [
    ("By", True),
    ("Von", True),
    ("Author:", True),
    ("On 6/13/2018 by @handle", True),
    ("Photo: Maeve Tolland", False),
    ("Foto von Maeve Tolland", False),
    ("Edited by Betsy Bay", False),
    ("Quelle: dpa Sport", False),
    ("Übersetzung: Jane Roe", False),
    ("Редактура: , ", False),
    ("Super User", False),
    ("Redactora de tribunales", False),
    ("Published 5 May 2024", False),
    ("Aktualisiert", False),
    ("5 min read", False),
    ("Read more", False),
    ("Montag", False),
    ("August", False),
    ("Seguir en: @handle", False),
    ("reporter@paper.example", False),
    ("https://paper.example/authors/jane", False),
    ("Teile das:", False),
    ("Preis vom", False),
    ("14.06.2019 (ch)", False),
    ("© 2024", False),
    ("red, paper.example/Agenturen", False),
    ("Jane $$$ Roe", False),
    ("Jane 007 Roe", False),
    ("for the of in", False),
    ("1. 2. 3.", False),
    ("", False),
    # prose about an author, on a line of its own
    (
        "Jane has written about the sea for thirty years, and about nothing else for the last ten, from a hut by it.",
        False,
    ),
    ("Jane Roe " * 60, False),
]


@pytest.mark.parametrize(("line", "names", "led"), NAMED, ids=[case[0] for case in NAMED])
def test_named(line: str, names: list[str], led: bool) -> None:
    byline = find_names(line, Reading())

    assert [name.text for name in byline.names] == names
    assert byline.led is led
    for name in byline.names:
        assert " ".join(line[name.start : name.end].split()) == name.text


@pytest.mark.parametrize(("line", "led"), NAMELESS, ids=[case[0][:40] for case in NAMELESS])
def test_nameless(line: str, led: bool) -> None:
    byline = find_names(line)

    assert (byline.names, byline.led) == ((), led)


def test_other_work() -> None:
    assert find_names("Edited by").other
    assert not find_names("By").other
    assert not find_names("Photo: " + "x" * 40).other


def test_persons_before_agencies() -> None:
    jane, agency, again = Name(0, 4, "Jane"), Name(5, 8, "dpa"), Name(9, 13, "JANE")

    assert only_persons([agency, jane, again]) == (jane,)
    assert only_persons([agency]) == (agency,)
    assert only_persons([]) == ()
    assert is_agency(agency)
    assert not is_agency(jane)


def test_so_many() -> None:
    """A line of hundreds of names gives a bounded number of them."""
    assert (
        len(find_names("By " + ", ".join(f"A{chr(97 + i % 26)} B{chr(97 + i // 26)}" for i in range(40))).names) == 20
    )


@given(
    st.one_of(
        st.text(max_size=MAX_CHARS + 50),
        st.text(alphabet="ABab .,;:&|/()-–@0129éЖ記者年月日\u3000\xa0'’", max_size=120),
        st.lists(
            st.sampled_from(
                [
                    "By",
                    "von",
                    "Jane",
                    "Roe",
                    "and",
                    ",",
                    "(",
                    ")",
                    "|",
                    "Editor",
                    "記者",
                    "기자",
                    "dpa",
                    "2024-05-03",
                    "for",
                ]
            ),
            max_size=25,
        ).map(" ".join),
    )
)
def test_any_line(line: str) -> None:
    """Whatever a line holds, nothing is raised, and names are bounded pieces of it that hold a letter."""
    for name in find_names(line).names:
        assert 0 <= name.start < name.end <= len(line)
        assert " ".join(line[name.start : name.end].split()) == name.text
        assert any(char.isalpha() for char in name.text)
        assert len(name.text) <= 60
