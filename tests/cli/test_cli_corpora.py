"""`simsearch train` on corpora of all kinds: a sound model, or one sentence."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from simsearch.model import Model

from .process import Simsearch

HOW = ("--min-count", "2", "--dimensions", "8")
#: Corpora that are odd, and the least number of words that each gives a vector.
ODD = {
    "only stop words": ("的 了 的 了 是 的\n" * 50, 3),
    "fewer words than dimensions": ("老师看书，学生看书。\n" * 3, 5),
    "one long line": ("老师看书，学生看报。" * 100_000, 6),
    "a million empty lines": ("\n" * 1_000_000 + "老师看书，学生看书。\n" * 3, 5),
    "a byte order mark and old line ends": ("\ufeff老师看书。\r\n老师看书。\r老师看报。\r\n", 3),
    "no Chinese": ("the cat sat on the mat, the dog too\n" * 20, 8),
}
#: Lines of user dictionaries that are none.
BROKEN = "\n \t \n看书报 x y z\n老师们 99999999999999999999\n好\0词 3\n-1\n# 注释\n" + "长" * 10_000 + "\n"


def corpus_of(folder: Path, text: str) -> Path:
    corpus = folder / "语料"
    corpus.mkdir()
    (corpus / "甲.txt").write_text(text, "utf-8", newline="")
    return corpus


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_corpus_gives_a_sound_model(kind: str, tmp_path: Path) -> None:
    simsearch = Simsearch(tmp_path)
    text, least = ODD[kind]
    row = simsearch.ok("train", corpus_of(tmp_path, text), "--to", "模型", *HOW).row
    model = Model.load(tmp_path / "模型")
    assert model.id == row["id"]
    assert len(model.words) == row["vocabulary"] >= least
    assert simsearch.ok("words", "norms", "-k", "3", "--model", "模型").rows
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_no_text_is_skipped_and_counted(tmp_path: Path) -> None:
    simsearch = Simsearch(tmp_path)
    corpus = corpus_of(tmp_path, "老师看书，学生看书。\n" * 3)
    (corpus / "乙.txt").write_bytes(random.Random(1).randbytes(100_000))
    (corpus / "丙.jpg").write_bytes(b"\xff\xd8\xff\xe0" * 1000)
    done = simsearch("train", corpus, "--to", "模型", *HOW)
    assert done.code == 3
    assert done.row["failed"] >= 1
    assert "乙.txt" in done.err
    assert "Traceback" not in done.err
    assert {"老师", "看书"} <= set(Model.load(tmp_path / "模型").words)


def test_broken_lines_of_a_dictionary_do_no_harm(tmp_path: Path) -> None:
    simsearch = Simsearch(tmp_path)
    (tmp_path / "词典.txt").write_text(BROKEN, "utf-8")
    corpus = corpus_of(tmp_path, "老师们看书报，学生看书报。\n" * 3)
    simsearch.ok("train", corpus, "--to", "模型", *HOW, "--dictionary", "词典.txt")
    assert {"老师们", "看书报"} <= set(Model.load(tmp_path / "模型").words)


@pytest.mark.parametrize("size", ["多", "2 G B", "-1G", "1e9", "", "3", "2000000000"])
def test_a_size_that_is_none_is_told(size: str, tmp_path: Path) -> None:
    done = Simsearch(tmp_path)("train", "-", "--to", "模型", "--memory", size)
    assert done.code == 2
    assert "write 500M or 4G" in done.err


@pytest.mark.parametrize(("size", "shown"), [("10M", "10 MB"), ("3.5KB", "0.0035 MB"), ("100000B", "0.1 MB")])
def test_too_little_memory_is_one_sentence(size: str, shown: str, tmp_path: Path) -> None:
    done = Simsearch(tmp_path)("train", "-", "--to", "模型", "--memory", size, given="老师看书")
    assert (done.code, done.out) == (1, "")
    assert f"350 MB of memory at least, and {shown} were given" in done.err


def test_a_training_that_was_interrupted_says_so_and_goes_on(tmp_path: Path, sentences: list[str]) -> None:
    simsearch = Simsearch(tmp_path)
    corpus = corpus_of(tmp_path, "\n".join(sentences))
    whole = simsearch.ok("train", corpus, "--to", "全", *HOW).row["id"]
    after = "; ".join(
        (
            "from simsearch.trainer import factorisation",
            "import os, signal",
            "factorisation.improve = lambda *_: os.kill(os.getpid(), signal.SIGINT)",
        )
    )
    stopped = simsearch("train", corpus, "--to", "模型", *HOW, first=after)
    assert (stopped.code, stopped.out) == (128 + signal.SIGINT, "")
    assert stopped.err == "Interrupted. The same command with --resume goes on from here.\n"
    assert simsearch.ok("train", "-", "--to", "模型", *HOW, "--resume").row["id"] == whole
    simsearch("train", corpus, "--to", "模型", *HOW, first=after)
    anew = simsearch.ok("train", corpus, "--to", "模型", *HOW)
    assert anew.row["id"] == whole
    assert "it begins anew" in anew.err
