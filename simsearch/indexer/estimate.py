"""What an index of given documents will need, extrapolated from a sample of them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from simsearch.corpus.document import Document
from simsearch.indexer.engine import Enriched
from simsearch.indexer.enrichment import clean, enrich
from simsearch.model import Model

#: Documents of the sample, and how many are enriched at a time.
SAMPLE, BATCH = 10_000, 1_000
#: Bytes a vector takes in memory, quantised, by its dimensions d: Elastic's sizing guide for kNN search,
#: https://www.elastic.co/docs/deploy-manage/production-guidance/optimize-performance/approximate-knn-search
QUANTISED = {
    "int8_hnsw": lambda d: d + 4,
    "int8_flat": lambda d: d + 4,
    "int4_hnsw": lambda d: d / 2 + 4,
    "bbq_hnsw": lambda d: d / 8 + 14,
    "bbq_flat": lambda d: d / 8 + 14,
    "bbq_disk": lambda d: d / 8 + 14,
    "hnsw": lambda d: 4 * d,
    "flat": lambda d: 4 * d,
}
#: Bytes of a vector's links to its neighbours in memory (same guide: 4 x 16), and about as they are on disk.
LINKS, LINKS_ON_DISK = 64, 48
#: What a document takes on disk beside its vectors, in bytes, and text, words and metadata as a share of their
#: UTF-8: fitted to the two measurements in docs/performance.md.
PER_DOCUMENT, KEPT = 900, 0.6


class Estimate(NamedTuple):
    """What documents will need in Elasticsearch, without replicas."""

    documents: int
    sampled: int
    passages: int
    vectors: int  #: of passages and of whole documents
    disk: int  #: bytes
    memory: int  #: bytes of vectors that are to be in the system's cache, so that searching is fast
    seconds: float  #: to compute what is stored, with all processors; the server's own time comes on top


def estimate(
    documents: Iterable[Document], model: Model, index_options: str, processes: int, total: int | None = None
) -> Estimate:
    """Count all documents, enrich a random sample of them, and extrapolate by characters.

    With a `total`, the documents are a sample of so many, and belong to a companion, which keeps no texts.
    """
    chance = random.Random(0)
    sample: list[Document] = []
    count = characters = 0
    for document in documents:
        count += 1
        characters += len(document.text)
        if len(sample) < SAMPLE:
            sample.append(clean(document))
        elif (place := chance.randrange(count)) < SAMPLE:  # reservoir sampling (Vitter 1985, algorithm R)
            sample[place] = clean(document)
    start = time.perf_counter()
    passages = vectors = size = 0
    for first in range(0, len(sample), BATCH):
        enriched = enrich(sample[first : first + BATCH], model)
        passages += sum(len(item.passages) for item in enriched)
        vectors += sum(map(_vectors, enriched))
        size += _size(enriched, keeps_text=total is None)
    seconds = (time.perf_counter() - start) / processes
    whole = characters / max(sum(len(document.text) for document in sample), 1)
    if total is not None:
        whole *= total / max(count, 1)
        count = total
    quantised = QUANTISED[index_options](model.dimensions)
    on_disk = 4 * model.dimensions + quantised * ("flat" != index_options != "hnsw") + LINKS_ON_DISK
    return Estimate(
        documents=count,
        sampled=len(sample),
        passages=round(passages * whole),
        vectors=round(vectors * whole),
        disk=round((vectors * on_disk + PER_DOCUMENT * len(sample) + KEPT * size) * whole),
        memory=round(vectors * (quantised + LINKS) * whole),
        seconds=seconds * whole,
    )


def _vectors(item: Enriched) -> int:
    return int(np.any(item.vectors, axis=1).sum()) + bool(item.vector.any())


def _size(enriched: Sequence[Enriched], keeps_text: bool) -> int:
    """Return the bytes of what is stored beside the vectors."""
    texts = [item.document.title + str(item.document.metadata or "") for item in enriched]
    texts += [item.document.text for item in enriched if keeps_text]
    texts += [passage.words for item in enriched for passage in item.passages]
    texts += [parts for item in enriched for parts in item.parts]
    return sum(len(text.encode("utf-8", "replace")) for text in texts)
