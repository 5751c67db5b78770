"""What long runs hold in memory."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np

from simsearch.corpus import Document
from simsearch.corpus.segmentation import Segmenter
from simsearch.indexer import open_index
from simsearch.model import Model, word_table
from simsearch.trainer.words import number

TEXTS = [path.read_text("utf-8") for path in sorted((Path(__file__).parents[2] / "examples").rglob("*.txt"))]


def test_a_writer_maps_nothing_of_its_file(tmp_path: Path) -> None:
    """What it has read of a file of gigabytes would count as its memory."""
    path = tmp_path / "index.db"

    def is_mapped() -> bool:
        return f"{path}\n" in Path("/proc/self/maps").read_text("utf-8")

    open_index(path).close()
    with open_index(path) as index:
        assert is_mapped(), "readers do"
        index.add([Document("长城", "长城东起山海关，西到嘉峪关。")])
        assert not is_mapped()
        assert [hit.id for hit in index.search("山海关")] == ["长城"]


def test_a_batch_may_have_more_words_than_a_table_has_rows(monkeypatch) -> None:
    expected = Model.load().encode(TEXTS)
    monkeypatch.setattr(word_table, "ROOM", 3)
    assert np.array_equal(Model.load().encode(TEXTS), expected)


def test_what_a_text_was_numbered_with_goes_at_once() -> None:
    """A table that held itself stayed until somebody looked for garbage: three gigabytes of a line of one."""
    segmenter = Segmenter()
    number(TEXTS, 1, segmenter)
    gc.collect()
    gc.disable()
    try:
        number(TEXTS, 1, segmenter)
        assert gc.collect() == 0
    finally:
        gc.enable()
