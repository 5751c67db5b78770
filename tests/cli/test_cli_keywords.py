"""`simsearch keywords`: phrases for people, and the article's words by inner product or cosine."""

from __future__ import annotations

import pytest

from .process import Simsearch

TEXT = "存款保险保障存款人。银行向存款保险基金缴费，存款保险由国家规定。"


def test_tags_are_phrases(simsearch: Simsearch) -> None:
    assert simsearch.ok("keywords", TEXT, "-k", "3").rows[0]["word"] == "存款保险"


def test_the_articles_keywords_by_cosine(simsearch: Simsearch) -> None:
    inner = simsearch.ok("keywords", TEXT, "--method", "article").rows
    cosine = simsearch.ok("keywords", TEXT, "--method", "article", "--by", "cosine").rows
    assert {row["word"] for row in inner} == {row["word"] for row in cosine}
    assert max(row["score"] for row in cosine) <= 1 < max(row["score"] for row in inner)


@pytest.mark.parametrize("text", ["", "，。！？"])
def test_a_text_without_tags(simsearch: Simsearch, text: str) -> None:
    done = simsearch.ok("keywords", text)
    assert done.out == ""
    assert done.err


def test_a_file_is_read_as_by_index(simsearch: Simsearch) -> None:
    plain = simsearch.ok("keywords", TEXT).rows
    (simsearch.folder / "国标.txt").write_bytes(TEXT.encode("gb18030"))
    assert simsearch.ok("keywords", "国标.txt", "--encoding", "gb18030").rows == plain
    (simsearch.folder / "页.html").write_text(f"<html><body><article><p>{TEXT}</p></article></body></html>", "utf-8")
    assert simsearch.ok("keywords", "页.html").rows == plain
