"""`simsearch train --start-from`: few texts of one's own on top of a model that knows the language."""

from __future__ import annotations

import random
from pathlib import Path

from simsearch.model import Model

from .process import Simsearch

OWN = ["厂长", "车间", "仓库", "加班", "搬运货物", "修理汽车"]


def own_texts(folder: Path, number: int) -> Path:
    """Write texts of four sentences about OWN."""
    choose = random.Random(3).choice
    texts = ["".join(f"{choose(OWN)}之后，{choose(OWN)}和{choose(OWN)}。" for _ in range(4)) for _ in range(number)]
    (folder / "语料.txt").write_text("\n".join(texts), "utf-8")
    return folder / "语料.txt"


def test_a_training_that_starts_from_a_model_keeps_its_words_and_compares(
    simsearch: Simsearch, trained: Path, tmp_path: Path
) -> None:
    corpus = own_texts(tmp_path, 400)
    done = simsearch.ok("train", corpus, "--to", "模型", "--start-from", trained)
    model = Model.load(tmp_path / "模型")
    assert done.row["id"] == model.id
    assert model.dimensions == 8
    assert set(Model.load(trained).words) | {"厂长", "仓库"} <= set(model.words)
    compared = done.row["comparison"]
    assert compared["texts"] >= 20
    assert ("no better" in done.err) == (compared["model"] <= compared["base"])
    table = simsearch.ok("train", corpus, "--to", "模型", "--start-from", trained, "--table").out
    shown = f"{compared['texts']}: MRR {compared['base']:.3f} by {trained}, {compared['model']:.3f} by this model"
    assert shown in table


def test_few_texts_are_trained_on_and_not_compared(simsearch: Simsearch, trained: Path, tmp_path: Path) -> None:
    corpus = own_texts(tmp_path, 30)
    done = simsearch.ok("train", corpus, "--to", "模型", "--start-from", trained)
    assert done.row["comparison"]["model"] is None
    assert "too few to compare" in done.err
    plain = simsearch.ok("train", corpus, "--to", "模型", "--min-count", "2", "--dimensions", "8").row
    assert "comparison" not in plain


def test_other_dimensions_than_those_of_the_start_are_refused(
    simsearch: Simsearch, trained: Path, tmp_path: Path
) -> None:
    corpus = own_texts(tmp_path, 30)
    done = simsearch("train", corpus, "--to", "模型", "--start-from", trained, "--dimensions", "16")
    assert (done.code, done.out) == (1, "")
    assert "have 8 numbers, and 16 were asked for" in done.err
    done = simsearch("train", corpus, "--to", "模型", "--start-from", "没有")
    assert (done.code, done.out) == (1, "")
    assert "There is no model at 没有" in done.err
    assert not (tmp_path / "模型").exists()


def test_a_training_that_starts_from_a_model_goes_on_from_the_same_model_only(
    simsearch: Simsearch, trained: Path, tmp_path: Path
) -> None:
    corpus = own_texts(tmp_path, 100)
    whole = simsearch.ok("train", corpus, "--to", "全", "--start-from", trained).row["id"]
    after = "; ".join(
        (
            "from simsearch.trainer import factorisation",
            "import os, signal",
            "factorisation.improve = lambda *_: os.kill(os.getpid(), signal.SIGINT)",
        )
    )
    how = ("--to", "模型", "--dimensions", "8", "--min-count", "5")
    simsearch("train", corpus, *how, "--start-from", trained, first=after)
    other = simsearch("train", "-", *how, "--resume")
    assert (other.code, "other settings (start)" in other.err) == (1, True)
    assert simsearch.ok("train", "-", *how, "--start-from", trained, "--resume").row["id"] == whole
