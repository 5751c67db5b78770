"""Web pages, Word files and PDFs: their texts, whatever they hold; what cannot be read is told."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from pathlib import Path

import docx
import pytest

from simsearch.corpus import Document, Skipped
from simsearch.corpus.sources import read

NOTICE = "因更换主供水管道，本小区一至六号楼定于五月十八日上午九时至下午五时停水。"
STORE = "请各户居民提前储备生活用水，停水期间关好水龙头，以免恢复供水时溢出。"
PAGE = f"""<!DOCTYPE html><html><head><title>停水通知 - 物业</title><style>p {{}}</style>
<script>var 甲 = 1</script></head>
<body><nav><ul><li><a href="/">首页</a></li><li><a href="/n">联系我们</a></li></ul></nav>
<div class="content"><h1>停水通知</h1><p>{NOTICE}</p><p>{STORE}</p></div>
<div class="sidebar"><h3>相关阅读</h3><a href="1">停车收费办法</a></div>
<footer>版权所有 &copy; 物业 <a href="x">备案</a></footer></body></html>"""


def found(folder: Path, name: str, data: bytes, **how: object) -> Document | Skipped:
    (folder / name).write_bytes(data)
    (one,) = read([str(folder / name)], **how)
    return one


def text_of(folder: Path, name: str, data: bytes, **how: object) -> str:
    one = found(folder, name, data, **how)
    assert isinstance(one, Document), one
    return one.text


def word_file(*paragraphs: str, heading: str = "", cells: tuple[str, ...] = ()) -> bytes:
    document = docx.Document()
    if heading:
        document.add_heading(heading, 1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if cells:
        for cell, text in zip(document.add_table(1, len(cells)).rows[0].cells, cells, strict=True):
            cell.text = text
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def pdf(*pages: list[str]) -> bytes:
    """Return a PDF of pages of lines, in a font without shapes that only says what its characters are."""
    characters = sorted({character for page in pages for line in page for character in line})
    code = {character: f"{number:04x}" for number, character in enumerate(characters, 1)}
    means = "\n".join(f"<{code[one]}> <{one.encode('utf-16-be').hex()}>" for one in characters)
    streams = [f"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange {len(code)} beginbfchar {means}"]
    streams[0] += " endbfchar endcmap"
    for page in pages:
        shown = " ".join(f"<{''.join(code[one] for one in line)}> Tj T*" for line in page)
        streams.append(f"BT /F 10 Tf 12 TL 20 800 Td {shown} ET")
    font = "<< /Type /Font /Subtype /Type0 /BaseFont /None /Encoding /Identity-H /DescendantFonts [4 0 R]"
    font += " /ToUnicode 5 0 R >>"
    inner = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /None /DW 1000"
    inner += " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
    first = 6 + len(pages)
    kids = " ".join(f"{first + number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        font,
        inner,
    ]
    objects += [f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream" for stream in streams]
    objects += [
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 850] /Contents {6 + number} 0 R"
        " /Resources << /Font << /F 3 0 R >> >> >>"
        for number in range(len(pages))
    ]
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer << /Size {len(objects) + 1} /Root 1 0 R >>"
    return data + f"{end}\nstartxref\n{len(data)}\n%%EOF".encode()


def test_of_a_page_the_main_text_is_read_and_its_title(tmp_path):
    one = found(tmp_path, "a.html", PAGE.encode())
    assert isinstance(one, Document)
    assert (one.id, one.title) == ("a.html", "停水通知 - 物业")
    assert NOTICE in one.text
    assert STORE in one.text
    assert not [word for word in ("首页", "相关阅读", "备案", "甲", "<", "{}") if word in one.text]


@pytest.mark.parametrize(("page", "text"), [("<p>今天天气很好。", "今天天气很好。"), ("晴天", "晴天"), ("", "")])
def test_a_page_may_be_nearly_nothing(tmp_path, page, text):
    assert text_of(tmp_path, "a.htm", page.encode()) == text


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "big5", "no-such-encoding"])
def test_a_page_is_in_what_it_declares_unless_it_is_utf_8(tmp_path, declared):
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={declared}"></head><p>短文。'
    if declared != "no-such-encoding":
        assert text_of(tmp_path, "a.html", page.encode(declared)) == "短文。"
    assert text_of(tmp_path, "b.html", page.encode()) == "短文。"


def test_a_page_of_no_certain_encoding_is_told_and_read_when_it_is_named(tmp_path):
    told = found(tmp_path, "a.html", "<p>短文。".encode("gbk"))
    assert isinstance(told, Skipped)
    assert "--encoding" in told.reason
    assert text_of(tmp_path, "a.html", "<p>短文。".encode("gbk"), encoding="gbk") == "短文。"


def test_a_page_of_elements_in_elements_takes_no_time(tmp_path):
    assert text_of(tmp_path, "a.html", ("<div>" * 100_000 + "今天").encode()) == "今天"


def test_packed_pages_and_lines_of_pages_are_read(tmp_path):
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    lines = [item.text for item in read([str(tmp_path)], per_line=True)]
    assert NOTICE in lines
    assert all(lines)


def test_of_a_word_file_paragraphs_and_tables_are_read(tmp_path):
    one = found(tmp_path, "a.docx", word_file(NOTICE, STORE, heading="停水通知", cells=("一号楼", "九时")))
    assert isinstance(one, Document)
    assert one.title == "停水通知"
    assert one.text.splitlines() == ["停水通知", NOTICE, STORE, "一号楼\t九时"]


def test_of_a_pdf_pages_are_read_and_lines_that_go_on_joined(tmp_path):
    text = text_of(tmp_path, "a.pdf", pdf([NOTICE[:20], NOTICE[20:], STORE[:18], STORE[18:]], ["停水", NOTICE]))
    assert text == f"{NOTICE}{STORE}\n\n停水\n{NOTICE}"


def test_letters_at_the_end_of_a_line_are_no_part_of_the_next_word(tmp_path):
    lines = ["the first line of a text about search", "engines and the vectors that they keep"]
    assert text_of(tmp_path, "a.pdf", pdf(lines)) == " ".join(lines)


def test_a_pdf_of_pictures_is_told(tmp_path):
    told = found(tmp_path, "a.pdf", pdf([" "]))
    assert isinstance(told, Skipped)
    assert "OCR" in told.reason


@pytest.mark.parametrize("ending", [".html", ".docx", ".pdf"])
def test_damaged_files_are_told_and_never_end_a_run(tmp_path, ending, chance):
    whole = {".html": PAGE.encode(), ".docx": word_file(NOTICE, heading="题"), ".pdf": pdf([NOTICE])}[ending]
    for number in range(40):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = chance.choice([len(data), chance.randrange(len(data))])
        (tmp_path / f"{number}{ending}").write_bytes(data[:cut])
    assert len(list(read([str(tmp_path)]))) == 40


def test_a_word_file_that_unpacks_to_more_than_may_be_is_refused(tmp_path, monkeypatch):
    stream = io.BytesIO(word_file(NOTICE))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/more.xml", b" " * 2_000_000)
    monkeypatch.setenv("SIMSEARCH_MAX_DOCUMENT_BYTES", "50000")
    told = found(tmp_path, "a.docx", stream.getvalue())
    assert isinstance(told, Skipped)
    assert "SIMSEARCH_MAX_DOCUMENT_BYTES" in told.reason


def test_a_page_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_DOCUMENT_BYTES", "1000")
    told = found(tmp_path, "a.html", b"<p>" + random.Random(1).randbytes(20) + b" " * 30_000)
    assert isinstance(told, Skipped)
    assert "SIMSEARCH_MAX_DOCUMENT_BYTES" in told.reason
