"""Tables: a document a row, whatever the cells hold; what is no row is told and the rest is read."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus import Document, Skipped
from simsearch.corpus.sources import read

CELLS = st.text("长城。a,\"\t\n' ", max_size=8)


def found(folder: Path | str, content: str | bytes, name: str = "表.csv") -> list[Document | Skipped]:
    path = Path(folder, name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read([str(path)]))


def test_a_row_gives_what_its_columns_say(tmp_path):
    (one, other) = found(tmp_path, 'id,text,title,year,price,code\n7,"好,\n天气",题,2024,1.5,007\n,晴,,,,\n')
    assert (one.id, one.text, one.title) == ("7", "好,\n天气", "题")
    assert one.metadata == {"year": 2024, "price": 1.5, "code": "007"}
    assert (other.id, other.text, other.metadata) == ("表.csv:4", "晴", {})


def test_numbers_are_numbers_however_they_end(tmp_path):
    cells = ["9.50", "19.90", "150", "-2.00", "0", "1.", ".5", "+1", "1e5", "1" * 400, "\u0661"]
    values = [item.metadata["price"] for item in found(tmp_path, "text,price\n" + "".join(f"好,{c}\n" for c in cells))]
    assert values == [9.5, 19.9, 150, -2.0, 0, *cells[5:]]


@pytest.mark.parametrize("bad", [b"\xff\xfe,2", "天气".encode("gbk") + b",2", b"a\0b,2"])
def test_a_row_of_bad_bytes_is_told_and_the_rest_is_read(tmp_path, bad):
    first, told, last = found(tmp_path, "text,n\n甲,1\n".encode() + bad + "\n丙,3\n".encode())
    assert (first.text, last.text) == ("甲", "丙")
    assert told.failed
    assert "line 3" in told.source
    assert "--encoding" in told.reason


def test_a_table_with_tabs(tmp_path):
    (one,) = found(tmp_path, "text\tcity\n今天，很好\t杭州\n", "表.tsv")
    assert (one.text, one.metadata) == ("今天，很好", {"city": "杭州"})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_table_of_a_spreadsheet_is_read(tmp_path, encoding):
    text = "今天天气很好，我们去公园散步，孩子们在草地上放风筝。"
    (one,) = found(tmp_path, f"text,name\r\n{text},公园\r\n".encode(encoding))
    assert (one.text, one.metadata) == (text, {"name": "公园"})


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from([("表.csv", ","), ("表.tsv", "\t")]))
def test_whatever_python_writes_is_read(rows, kind):
    name, delimiter = kind
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows([("text", "note"), *rows])
    with TemporaryDirectory() as folder:
        documents = found(folder, written.getvalue(), name)
    assert [(item.text, item.metadata.get("note", "")) for item in documents] == rows


@pytest.mark.parametrize(
    ("row", "said"),
    [("只有一格", "fewer"), ("一,二,三", "more"), ('"引号"之后,二', "quotes")],
)
def test_what_is_no_row_is_told_and_the_rest_is_read(tmp_path, row, said):
    first, told, last = found(tmp_path, f"text,note\n甲,1\n{row}\n丙,3\n")
    assert (first.text, last.text) == ("甲", "丙")
    assert told.failed
    assert "line 3" in told.source
    assert said in told.reason


def test_a_quote_that_never_ends_is_told(tmp_path):
    first, told = found(tmp_path, 'text,note\n甲,1\n"乙,2\n丙,3\n')
    assert first.text == "甲"
    assert "line 3" in told.source


@pytest.mark.parametrize("head", ["问题,答案", "text,text", '"a"b,text'])
def test_a_table_without_texts_fails_where_it_is_asked_for_only(tmp_path, head):
    (told,) = found(tmp_path, f"{head}\n一,二\n")
    (passed,) = read([str(tmp_path)])
    assert (told.failed, passed.failed) == (True, False)


def test_an_empty_table_has_no_documents(tmp_path):
    assert found(tmp_path, "") == []
    assert found(tmp_path, "text,note\n\n") == []


def test_a_long_cell_is_read_and_the_limit_of_others_stays(tmp_path):
    before = csv.field_size_limit()
    (one,) = found(tmp_path, f"text\n{'长城' * 200_000}\n")
    assert len(one.text) == 400_000
    assert csv.field_size_limit() == before
