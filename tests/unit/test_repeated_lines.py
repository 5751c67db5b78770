"""Repeated lines: each is read so often at most, whatever the chunks and processes, in bounded memory."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.trainer import words
from simsearch.trainer.repeated_lines import NOT_COUNTED, RepeatedLines, checksum

MENU = "首页　新闻　下载　联系我们"
BODIES = [f"第{number}只猫在学校里看书。" for number in range(20)]


@given(st.lists(st.integers(0, 20)), st.integers(1, 5))
def test_a_line_is_wanted_so_often_at_most(lines: list[int], copies: int) -> None:
    seen = RepeatedLines(copies)
    wanted = seen.wanted(lines)
    read = Counter(line for line, one in zip(lines, wanted, strict=True) if one)
    expected = {line: times if line == NOT_COUNTED else min(times, copies) for line, times in Counter(lines).items()}
    assert read == expected


@given(st.lists(st.integers(1, 50)), st.integers(1, 5), st.integers(2, 8))
def test_in_little_memory_a_line_is_never_wanted_fewer_times(lines: list[int], copies: int, most: int) -> None:
    seen = RepeatedLines(copies, most)
    read = Counter(line for line, one in zip(lines, seen.wanted(lines), strict=True) if one)
    assert all(read[line] >= min(times, copies) for line, times in Counter(lines).items())
    assert len(seen._times) <= most


@pytest.mark.parametrize("copies", [1, 3])
def test_a_menu_is_found_among_more_lines_than_are_kept_in_mind(copies: int) -> None:
    menu = checksum(MENU)
    lines = [line for page in range(1_000) for line in (menu, *range(10 * page + 1, 10 * page + 11))]
    wanted = RepeatedLines(copies, most=100).wanted(lines)
    assert wanted[np.array(lines) == menu].sum() == copies
    assert wanted[np.array(lines) != menu].all()


@pytest.mark.parametrize("copies", [0, 1, 3])
def test_words_of_lines_beyond_are_left_out(tmp_path: Path, copies: int) -> None:
    pages = [f"{MENU}\n{body}\r\n  {MENU} \n结束" for body in BODIES]
    corpus = words.read(pages, tmp_path / "numbers", copies=copies)
    left = copies or 2 * len(BODIES)
    counts = dict(zip(corpus.words, corpus.counts.tolist(), strict=True))
    assert (counts["下载"], counts["猫"], counts["结束"]) == (left, len(BODIES), len(BODIES))
    assert corpus.repeated_lines == 2 * len(BODIES) - left
    tokens = np.fromfile(corpus.tokens, np.int32)
    assert (tokens == words.LINE_END).sum() == left + 2 * len(BODIES)
    assert len(tokens) == corpus.counts.sum() + left + 2 * len(BODIES)


def test_lines_are_counted_across_chunks_and_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "CHUNK", 60)
    pages = [f"{MENU}\n{body}" for body in BODIES]
    alone = words.read(pages, tmp_path / "alone", copies=3)
    shared = words.read(pages, tmp_path / "shared", processes=2, copies=3)
    assert alone.repeated_lines == shared.repeated_lines == len(BODIES) - 3
    assert (alone.words, alone.counts.tolist()) == (shared.words, shared.counts.tolist())
    assert (tmp_path / "alone").read_bytes() == (tmp_path / "shared").read_bytes()


def test_half_a_character_and_short_lines_have_checksums() -> None:
    assert checksum("\ud800在学校里") != checksum("\ud801在学校里")
    assert checksum(f" {MENU}\t") == checksum(MENU) != NOT_COUNTED
    assert checksum("好的。") == checksum("") == NOT_COUNTED
