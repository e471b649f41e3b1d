"""Legal lines: who publishes the site, and lines that do not say it plainly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.describing.publisher import MAX_CHARS, find_publisher

STATED = [
    ("© 2024 Quayside Ledger", "Quayside Ledger"),
    ("Copyright © 2019–2024 Harbour Media, Inc. All rights reserved.", "Harbour Media, Inc."),
    ("Copyright © Harbour Media 2024", "Harbour Media"),
    ("© 1999-2015 Harbour, Cole & Co. Ltd. All rights reserved.", "Harbour, Cole & Co. Ltd."),
    ("Copyright (c) 2012 by Harbour Press. Use of this site means that you agree.", "Harbour Press"),
    ("©2024 Harbour/Radio-Carrow. All rights reserved.", "Harbour/Radio-Carrow"),
    ("© 2000 - 2026 B & H Boats Corp. 42 Dock Road, Carrow Bay", "B & H Boats Corp."),
    ("© 2025 Carrow Boats, LLC 81 Dock St. Carrow Bay", "Carrow Boats, LLC"),
    ("© 2026 Quayside Ledger, a division of Harbour Network Inc. All rights reserved.", "Quayside Ledger"),
    ("© 2025 Arena Boats (Pty) Ltd. All rights reserved.", "Arena Boats (Pty) Ltd."),
    ("© Autonomous Society “Tide-Watch”, 2005–2022. All rights reserved.", "Tide-Watch"),
    ("Jane Roe © 2024", "Jane Roe"),
    ("2010 - 2022 Carrow Partners©. All Rights Reserved.", "Carrow Partners"),
    ("© 2024 Verlag Kranichauer Bote GmbH & Co. KG", "Verlag Kranichauer Bote GmbH & Co. KG"),
    ("© 2024 Hafenblatt – eine Marke der Hafenblatt AG", "Hafenblatt"),
    ("Copyright © 2021 Hafenblatt. Alle Rechte vorbehalten.", "Hafenblatt"),
    ("© Ediciones del Puerto, SLU Todos los derechos reservados.", "Ediciones del Puerto, SLU"),
    ("© 2009–2023 МАУ «Вести Заречья». При перепечатке ссылка обязательна.", "Вести Заречья"),
    ("© 2024 «Редакция газеты “Вести”». Все права защищены.", "Редакция газеты “Вести”"),
    ("Körfez Postası © 2022 Tüm hakları saklıdır.", "Körfez Postası"),
    ("© Ανώπολις Εκδοτική Μ.Ι.Κ.Ε. 2019", "Ανώπολις Εκδοτική Μ.Ι.Κ.Ε."),
    ("कॉपीराइट © 2020 रसोई की खिड़की। सर्वाधिकार सुरक्षित।", "रसोई की खिड़की"),
    ("Copyright (C) 2015-2019 路地裏手帖", "路地裏手帖"),
    ("江湾晚报社版权所有\u3000未经书面授权不得转载", "江湾晚报社"),
    ("© 2020 Quayside Ledger | Privacy policy", "Quayside Ledger"),
    ("© 2020 Quayside Ledger · Theme by Tide", "Quayside Ledger"),
]

UNKNOWN = [
    "© All rights reserved.",
    "Copyright © 2000-2022",
    "© 2020 Derechos Reservados. Un sitio de Capital Digital",
    "All rights reserved.",
    "The trademarks belong to their owners.",
    "© ℗ Wszystkie prawa zastrzeżone",
    "© 2024 the text and the pictures and the layout and every other thing that stands upon this page",
    "© ",
    "",
]


@pytest.mark.parametrize(("line", "name"), STATED, ids=[case[1] for case in STATED])
def test_stated(line: str, name: str) -> None:
    found = find_publisher(line)

    assert found is not None
    assert line[found.start : found.end] == name


@pytest.mark.parametrize("line", UNKNOWN)
def test_unknown(line: str) -> None:
    assert find_publisher(line) is None


def test_plainness() -> None:
    lines = ("© Ledger", "© 2024 Ledger", "© 2024 Ledger. All rights reserved.")

    assert [found.plain for line in lines if (found := find_publisher(line))] == [0, 1, 2]


@given(
    st.one_of(
        st.text(max_size=MAX_CHARS + 50),
        st.lists(
            st.sampled_from(
                [
                    "©",
                    "(c) ",
                    "2020",
                    "–",
                    "Ledger",
                    ",",
                    "Inc.",
                    "«",
                    "»",
                    "“",
                    "”",
                    "All rights reserved",
                    "|",
                    " ",
                    "版权所有",
                    ")",
                ]
            ),
            max_size=25,
        ).map("".join),
    )
)
def test_any_line(line: str) -> None:
    found = find_publisher(line)

    if found is not None:
        assert 0 <= found.start < found.end <= len(line)
        assert any(char.isalpha() for char in line[found.start : found.end])
