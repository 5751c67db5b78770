"""Encodings: what is certain is read, what is not is refused; nothing is read as other characters."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus import Document, Skipped
from simsearch.corpus.encodings import HEAD, as_utf8, detect
from simsearch.corpus.sources import read

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXTS = [path.read_text("utf-8") for path in sorted(EXAMPLES.rglob("*.txt"))]
TO_TRADITIONAL = opencc.OpenCC("s2tw")
#: Big5 lacks some characters.
TRADITIONAL = [TO_TRADITIONAL.convert(text).encode("big5", "ignore").decode("big5") for text in TEXTS]
LONG = "\n".join(TEXTS)
#: Python's name, its text, and whether it is certain.
WAYS = [
    ("gbk", LONG),
    ("gb18030", LONG),
    ("gb2312", TEXTS[0].replace("·", "")),
    ("big5", TRADITIONAL[0]),
    ("utf-16", LONG),
    ("utf-16-le", "\ufeff" + LONG),
    ("utf-16-be", "\ufeff" + LONG),
    ("utf-8-sig", LONG),
]


def written(folder: Path, name: str, data: bytes) -> list[Document | Skipped]:
    (folder / name).write_bytes(data)
    return list(read([str(folder / name)], per_line=False))


@pytest.mark.parametrize(("encoding", "text"), WAYS, ids=[name for name, _ in WAYS])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_a_text_is_read_in_each_encoding_that_is_certain(tmp_path, encoding, text, packed):
    data = text.encode(encoding)
    (found,) = written(tmp_path, "a.txt.gz" if packed else "a.txt", gzip.compress(data) if packed else data)
    assert isinstance(found, Document), found
    assert found.text == text.removeprefix("\ufeff")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "big5hkscs"])
def test_lines_and_json_lines_are_read(tmp_path, encoding):
    lines = (TRADITIONAL if encoding == "big5hkscs" else TEXTS)[0].splitlines()
    (tmp_path / "a.txt").write_bytes("\n".join(lines).encode(encoding))
    assert [item.text for item in read([str(tmp_path / "a.txt")], per_line=True)] == [line for line in lines if line]
    rows = "\n".join(json.dumps({"text": line}, ensure_ascii=False) for line in lines)
    assert [item.text for item in written(tmp_path, "a.jsonl", rows.encode(encoding))] == lines


def test_each_text_of_the_examples_is_told_apart_or_refused() -> None:
    """Big5 mostly decodes as GB 18030, and the other way round: into other characters."""
    for texts, encoding in ((TEXTS, "gb18030"), (TRADITIONAL, "big5hkscs")):
        found = []
        for text in texts:
            data = text.encode(encoding)
            found.append(detect(data, whole=True))
            found += [detect(data[start : start + 40], whole=False) for start in (0, 80)]
        assert set(found) <= {encoding, None}
        assert found.count(encoding) > 0.8 * len(found)


@given(st.binary(max_size=200))
def test_bytes_at_random_come_through_or_are_refused(data):
    encoding = detect(data, whole=True)
    if encoding is None:
        assert as_utf8(io.BytesIO(data)).read() == data
    else:
        assert as_utf8(io.BytesIO(data)).read().decode("utf-8", "surrogatepass") == data.decode(encoding)


@given(st.text("长城东起山海关西到嘉峪关，abc\n", min_size=1), st.integers(HEAD - 3, HEAD + 3))
def test_no_character_is_lost_where_reading_stops(text, size):
    long = (TEXTS[0] + f"{text}，在中学里有一个" * size)[:size]
    for encoding in ("gb18030", "utf-16", "utf-8"):
        assert as_utf8(io.BytesIO(long.encode(encoding))).read().decode() == long


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_letters_without_accents_tell_nothing_of_what_follows(encoding):
    text = "abc\n" * HEAD + TEXTS[0]
    assert as_utf8(io.BytesIO(text.encode(encoding))).read().decode() == text


def test_a_text_that_goes_on_in_other_bytes_is_told_with_what_was_read(tmp_path):
    data = (LONG.encode("gbk") + b"\n") * (HEAD // len(LONG) + 1) + b"\xff\xff\n"
    (whole,) = written(tmp_path, "a.txt", data)
    assert isinstance(whole, Skipped)
    assert "gb18030" in whole.reason
    *before, told = read([str(tmp_path / "a.txt")], per_line=True)
    assert isinstance(told, Skipped)
    assert before
    assert all(isinstance(item, Document) for item in before)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("今日は天気がとてもいいです。公園へ散歩に行きます。明日は学校で勉強します。", "shift_jis"),
        ("今日は天気がとてもいいです。公園へ散歩に行きます。明日は学校で勉強します。", "euc_jp"),
        ("東京都千代田区霞関 大阪府大阪市中央区 京都府京都市左京区 北海道札幌市", "euc_jp"),
        ("これはとてもおもしろいはなしですね。それからどうなりましたか。", "euc_jp"),
        ("대한민국의 수도는 서울이다. 한국어는 한반도에서 사용하는 언어이다.", "euc_kr"),
        ("Größe über Fassade naïve élève " * 5, "latin-1"),
        ("Сегодня очень хорошая погода " * 3, "cp1251"),
        ("短文", "gbk"),
        (LONG, "utf-16-le"),
    ],
)
def test_what_is_not_certain_is_refused_with_the_remedy(tmp_path, text, encoding):
    (told,) = written(tmp_path, "a.txt", text.encode(encoding))
    assert isinstance(told, Skipped)
    assert "--encoding" in told.reason or "binary" in told.reason
