"""An estimate tells what an index would need, and makes none."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from simsearch.cli.index import IndexOptions
from simsearch.indexer.elasticsearch.mapping import ALL_INDEX_OPTIONS
from simsearch.indexer.estimate import QUANTISED

from .process import Simsearch, write_lines


def test_an_estimate_grows_with_the_documents_and_stores_nothing(simsearch: Simsearch, docs: Path) -> None:
    one = simsearch.ok("index", docs, "--estimate").row
    assert (one["documents"], one["sampled"], one["index_options"]) == (8, 8, "int8_hnsw")
    assert one["vectors"] == one["passages"] + one["documents"]
    texts = [{"id": str(number), "text": "失眠的人应当在固定的时间入睡。"} for number in range(12_000)]
    many = simsearch.ok("index", write_lines(simsearch.folder / "多.jsonl", texts), "--estimate").row
    assert (many["documents"], many["sampled"]) == (12_000, 10_000)
    assert (many["passages"], many["vectors"]) == (12_000, 24_000), "extrapolated from the sample"
    smaller = simsearch.ok("index", simsearch.folder / "多.jsonl", "--estimate", "--index-options", "bbq_hnsw").row
    assert smaller["memory"] < many["memory"]
    assert smaller["disk"] < many["disk"]
    assert not simsearch.index.exists()


@pytest.mark.parametrize("estimate", [(), ("--estimate",)], ids=["index", "estimate"])
def test_a_way_to_keep_vectors_that_there_is_not_is_wrong_usage(
    simsearch: Simsearch, docs: Path, estimate: tuple[str, ...]
) -> None:
    done = simsearch("index", docs, *estimate, "--index-options", "nonsense")
    assert (done.code, done.out) == (2, "")
    assert "int8_hnsw" in done.err


def test_every_way_to_keep_vectors_can_be_asked_for_and_estimated() -> None:
    assert set(get_args(IndexOptions)) == set(ALL_INDEX_OPTIONS) == set(QUANTISED)
