"""Limits: each is told with the variable that changes it, and holds for what is read."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

from simsearch.corpus import Document, Skipped
from simsearch.corpus.document import beyond_limits
from simsearch.corpus.sources import read
from simsearch.limits import LIMITS, LimitUnclear, limit, variable


def told(folder: Path) -> list[Document | Skipped]:
    return list(read([str(folder)]))


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_what_its_variable_says(name, monkeypatch):
    assert limit(name) == LIMITS[name].default
    for value in ("1", str(LIMITS[name].most)):
        monkeypatch.setenv(variable(name), value)
        assert limit(name) == int(value)
    monkeypatch.setenv(variable(name), "")
    assert limit(name) == LIMITS[name].default


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "1e6", "viel", "\u0661", "9" * 5_000, str(LIMITS["k"].most + 1)])
def test_what_is_no_limit_is_told_with_its_variable(value, monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_K", value)
    with pytest.raises(LimitUnclear, match="SIMSEARCH_MAX_K"):
        limit("k")


def test_a_text_may_have_so_many_bytes_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_DOCUMENT_BYTES", "30")
    (tmp_path / "a.txt").write_text("长" * 10, "utf-8")
    (tmp_path / "b.txt").write_text("长" * 10 + "a", "utf-8")
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b"a" * 31))
    fits, long, packed = told(tmp_path)
    assert fits.text == "长" * 10
    for one in (long, packed):
        assert isinstance(one, Skipped)
        assert one.failed
        assert "SIMSEARCH_MAX_DOCUMENT_BYTES" in one.reason
    assert beyond_limits(Document("甲", "长" * 10)) == ""
    assert "31 bytes, 30 are allowed" in beyond_limits(Document("甲", "长" * 10 + "a"))
    assert beyond_limits(Document("甲", "\ud800" * 10 + "a"))


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_line_may_have_so_many_bytes_and_the_next_is_read(tmp_path, monkeypatch, name):
    monkeypatch.setenv("SIMSEARCH_MAX_LINE_BYTES", "200")
    row = {"a.jsonl": lambda text: json.dumps({"text": text}), "a.csv": lambda text: f'"{text}"'}[name]
    head = [] if name == "a.jsonl" else ["text"]
    lines = [*head, row("晴天"), row("a" * 200), row("雨天"), row("b" * 100_000)]
    (tmp_path / name).write_text("\n".join(lines), "utf-8")
    first, long, second, last = told(tmp_path)
    assert (first.text, second.text) == ("晴天", "雨天")
    for one, number in ((long, len(head) + 2), (last, len(head) + 4)):
        assert one.source.endswith(f"line {number}")
        assert "SIMSEARCH_MAX_LINE_BYTES" in one.reason


def test_a_quote_that_never_ends_takes_no_more_than_a_line_may_have(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_LINE_BYTES", "100")
    (tmp_path / "a.csv").write_text('text,n\n"晴天,1\n' + "雨天,2\n" * 50, "utf-8")
    found = told(tmp_path)
    assert sum(isinstance(one, Document) for one in found) > 20
    assert isinstance(found[0], Skipped)


def test_metadata_may_have_so_many_fields(monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_METADATA_FIELDS", "3")
    assert beyond_limits(Document("甲", "", metadata={"a": 1, "b": {"c": 2, "d": [1, 2, 3, 4]}})) == ""
    assert "SIMSEARCH_MAX_METADATA_FIELDS" in beyond_limits(
        Document("甲", "", metadata={"b": dict.fromkeys("cdef", 2)})
    )


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv", "a.html", "a.txt.gz"])
def test_an_endless_line_is_passed_over_in_bounded_memory(tmp_path, name):
    size = 60_000_000
    with (gzip.open if name.endswith(".gz") else open)(tmp_path / name, "wb") as file:
        file.write(b"text\n" if name == "a.csv" else b"")
        for _ in range(size // 1_000_000):
            file.write(b"a" * 1_000_000)
    tracemalloc.start()
    (one,) = told(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(one, Skipped)
    assert "SIMSEARCH_MAX_" in one.reason
    assert peak < size
