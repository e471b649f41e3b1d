"""The road holds for any text at all: lines that cover it exactly, and a record that keeps the contract."""

from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dehusk.builders.check import split_by_contract
from dehusk.builders.compose import compose_records
from dehusk.builders.describing.describe import describe_pages
from dehusk.builders.labelling.label import label_lines
from dehusk.builders.reading.cut import cut_lines
from dehusk.builders.reading.read import page_from_text
from dehusk.builders.recipe import Dates, Recipe
from dehusk.builders.road import build_batch
from dehusk.builders.unpacking.seeds import list_seeds
from dehusk.builders.unpacking.unpack import unpack_seeds
from dehusk.schema import LABELS, RECORDS, REJECTS
from dehusk.schema.contract import check_records
from dehusk.schema.view import WHITE_SPACE

LIKE_A_PAGE = st.lists(
    st.one_of(
        st.text(max_size=200),
        st.sampled_from(
            [
                "",
                "Home",
                "By Ada Quill",
                "4 May 2021 06:30",
                "Опубликовано 4 мая 2021",
                "٤ مايو ٢٠٢١",
                "2021年5月4日",
                "© 2021 Harbour",
            ]
        ),
        st.sampled_from(
            [
                "Read more",
                "\x1b[31mred",
                "\u202egnp.exe",
                "a\u0300\u0301",
                "<script>alert(1)</script>",
                "0:00",
                "{{title}}",
            ]
        ),
    )
).map("\n".join)


def record_of(text: str) -> pa.Table:
    pages = page_from_text(text, "page.txt")
    lines = label_lines(pages, cut_lines(pages))
    return compose_records(describe_pages(pages, lines, Dates()), lines)


@settings(max_examples=300)
@given(st.one_of(st.text(), LIKE_A_PAGE))
def test_any_text_gives_lines_that_cover_it_and_a_record_that_keeps_the_contract(text: str) -> None:
    table = record_of(text)
    assert check_records(table) == []
    record = table.to_pylist()[0]
    covered = [False] * len(record["raw"])
    for line in record["lines"]:
        assert line["label"] in LABELS
        assert not any(covered[line["start"] : line["end"]])
        covered[line["start"] : line["end"]] = [True] * (line["end"] - line["start"])
    assert all(taken or WHITE_SPACE[ord(c)] for taken, c in zip(covered, record["raw"], strict=True))


@settings(max_examples=50)
@given(st.lists(LIKE_A_PAGE, min_size=2, max_size=5))
def test_a_page_reads_the_same_alone_and_among_others(texts: list[str]) -> None:
    together = pa.concat_tables([page_from_text(text, "page.txt") for text in texts]).combine_chunks()
    lines = label_lines(together, cut_lines(together))
    records = compose_records(describe_pages(together, lines, Dates()), lines).to_pylist()
    assert records == [record_of(text).to_pylist()[0] for text in texts]


def test_a_batch_without_pages_gives_empty_tables(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>")
    batch = build_batch(list(unpack_seeds(list_seeds(tmp_path), Recipe())), Recipe(), {})
    assert (batch.records.num_rows, batch.rejects.num_rows) == (0, 1)
    assert batch.records.schema == RECORDS
    assert batch.rejects.schema == REJECTS


def test_a_record_that_breaks_the_contract_is_rejected_with_its_findings() -> None:
    good, bad = record_of("Home\n\nA sound page, with one sentence."), record_of("Home\n\nA page that a step spoils.")
    spoilt = bad.set_column(RECORDS.get_field_index("n_chars"), "n_chars", pa.array([7], pa.int32()))
    kept, rejects = split_by_contract(pa.concat_tables([good, spoilt]))
    assert kept["id"].to_pylist() == good["id"].to_pylist()
    [reject] = rejects.to_pylist()
    assert (reject["stage"], reject["reason"]) == ("check", "broken_contract")
    assert reject["detail"].startswith("n_chars: n_chars (7)")
    assert reject["excerpt"].startswith("Home")
