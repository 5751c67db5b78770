"""Speed, size and recall on a real Elasticsearch node, as ratios to what the server can do in the same run.

python bench/elasticsearch_node.py [FOLDER] [--documents N] [--length CHARACTERS] [--index-options int8_hnsw ...]

Texts are pieces of the FOLDER's texts (default: the examples' sentences, shuffled), of about LENGTH characters: a
document of one passage each. The questions are sentences of other pieces. The node is that of the tests, with
all of Java's compilers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from elasticsearch import Elasticsearch, helpers
from numpy.typing import NDArray
from servers.build import assemble
from servers.node import Node
from speed import documents, shuffled

from simsearch.corpus import Document
from simsearch.corpus.passages import sentences
from simsearch.indexer import Condition, Index, open_index
from simsearch.indexer.elasticsearch import documents as bodies
from simsearch.indexer.elasticsearch import mapping, queries
from simsearch.indexer.enrichment import enrich
from simsearch.indexer.index import CANDIDATES
from simsearch.model import Model

#: More documents are not sent a second time as ready-made bodies: they would not fit into memory.
MOST_BODIES = 200_000
QUESTIONS, CLIENTS, ASKED_EACH = 200, 16, 30
SIMSEARCH = str(Path(sys.executable).with_name("simsearch"))


def pieces(folder: str, length: int) -> Iterator[str]:
    """Yield pieces of whole sentences, of at least so many characters where the text has them."""
    for text in documents(folder):
        piece = ""
        for span in sentences(text):
            piece += text[span.start : span.end]
            if len(piece) >= length:
                yield piece[: 2 * length]
                piece = ""


def collect(folder: str | None, count: int, length: int) -> list[str]:
    """Return so many texts and the questions, in an order that is always the same."""
    wanted = count + QUESTIONS
    if folder is None:
        return list(islice(shuffled(list(documents("examples")), length), wanted))
    found = list(pieces(folder, length))
    random.Random(1).shuffle(found)
    if len(found) < wanted:
        sys.exit(f"{folder} gives {len(found):,} texts only: ask for fewer --documents or a smaller --length")
    return found[:wanted]


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("folder", nargs="?")
    told.add_argument("--documents", type=int, default=100_000)
    told.add_argument("--length", type=int, default=150)
    told.add_argument("--index-options", nargs="+", default=[mapping.INDEX_OPTIONS])
    told.add_argument("--heap", default="2g")
    given = told.parse_args()
    texts = collect(given.folder, given.documents, given.length)
    texts, questions = texts[:-QUESTIONS], [question[:40] for question in texts[-QUESTIONS:]]
    home = assemble("9.5.3")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = folder / "texts.jsonl"
        with open(source, "w", encoding="utf-8") as stream:
            for number, text in enumerate(texts):
                line = {"id": f"d{number}", "text": text, "metadata": {"n": number}}
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        characters = sum(map(len, texts)) / len(texts)
        print(f"Elasticsearch {home.version}, {len(texts):,} documents of {characters:.0f} characters")
        (folder / "node").mkdir()
        with Node(home, folder / "node", heap=given.heap, full_jit=True) as node:
            for options in given.index_options:
                measure(node.url, options, source, texts, questions)


def measure(server: str, options: str, source: Path, texts: list[str], questions: list[str]) -> None:
    """Index the texts in one way and print all figures."""
    print(f"\n{options}")
    client = Elasticsearch(server, request_timeout=600)
    url = f"{server}/ours-{options.replace('_', '-')}"
    raw = send_bodies(client, options, texts) if len(texts) <= MOST_BODIES else None
    start = time.perf_counter()
    subprocess.run(
        [SIMSEARCH, "index", str(source), "--index", url, "--index-options", options], check=True, capture_output=True
    )
    ours = time.perf_counter() - start
    ratio = f", {raw / ours:.0%} of {raw:.1f} s for streaming_bulk of ready-made bodies (goal 70 %)" if raw else ""
    print(f"  simsearch index       {ours:8.1f} s, {len(texts) / ours:,.0f} documents a second{ratio}")
    with open_index(url, create=False) as index:
        info = index.info()
        print(f"  on disk               {info.bytes / len(texts):8,.0f} bytes a document, {info.bytes / 1e6:,.0f} MB")
        vectors = index.model.encode(texts)
        asked = index.model.encode(questions)
        measure_queries(index, questions, asked)
        measure_recall(index, vectors, asked)
        rare = max(len(texts) // 1000, 10)
        where = [Condition("n", "<", float(rare))]
        found = recall(vectors[:rare], asked, lambda vector: index.engine.nearest(vector, CANDIDATES, where))
        print(f"  recall@10, filtered   {found:8.3f} where the filter lets {rare / len(texts):.1%} through")
    measure_clients(url, source, questions)
    drop(client, url.rpartition("/")[2])


def drop(client: Elasticsearch, name: str) -> None:
    """Delete an index and its companions, whose names Elasticsearch wants one by one."""
    client.indices.delete(index=",".join(client.indices.get(index=f"{name}-*")))


def send_bodies(client: Elasticsearch, options: str, texts: list[str]) -> float:
    """Return the seconds of `streaming_bulk` for the same bodies, which are made beforehand."""
    model = Model.load()
    name = "raw"
    how = mapping.mapping(model.id, model.dimensions, options)
    settings = mapping.settings() | {"index.refresh_interval": "30s"}
    client.indices.create(index=name, mappings=how, settings=settings)
    actions = []
    for first in range(0, len(texts), 2_000):
        batch = [
            Document(f"d{first + number}", text, metadata={"n": first + number})
            for number, text in enumerate(texts[first : first + 2_000])
        ]
        actions += [
            {"_index": name, "_id": item.document.id, "_source": bodies.body(item, model.id, packed=True)}
            for item in enrich(batch, model)
        ]
    start = time.perf_counter()
    for ok, _ in helpers.streaming_bulk(client, actions):
        assert ok
    client.indices.refresh(index=name)
    seconds = time.perf_counter() - start
    client.indices.delete(index=name)
    return seconds


def measure_queries(index: Index, questions: list[str], asked: NDArray[np.float32]) -> None:
    """Ask each question in our way and as one raw nested kNN search, in turn, after a round to warm up."""
    connection, name = index.engine._connection, index.engine.url.rpartition("/")[2]
    ours: list[float] = []
    raw: list[float] = []
    for turn in range(3):
        for question, vector in zip(questions, asked, strict=True):
            (search, _) = queries.candidates(queries.Question([], vector, [], CANDIDATES))
            times = timed(lambda search=search: connection.ask("POST", f"/{name}/_search", search))
            mine = timed(lambda question=question: index.search(question))
            if turn:
                raw.append(times)
                ours.append(mine)
    difference = np.median(ours) - np.median(raw)
    print(f"  hybrid query, warm    {told_ms(ours)}")
    print(f"  raw nested kNN        {told_ms(raw)}; hybrid is {1000 * difference:.1f} ms slower (goal 25)")


def measure_recall(index: Index, vectors: NDArray[np.float32], asked: NDArray[np.float32]) -> None:
    def find(vector: NDArray[np.float32]) -> list[str]:
        found = index.engine.candidates(queries.Question([], vector, [], CANDIDATES))
        return [candidate.id for candidate in found.passages]

    print(f"  recall@10             {recall(vectors, asked, find):8.3f} of {CANDIDATES} candidates (goal .95)")


def recall(
    vectors: NDArray[np.float32], asked: NDArray[np.float32], find: Callable[[NDArray[np.float32]], Sequence[str]]
) -> float:
    """Return the share of the ten nearest texts, by exact cosines, that are found."""
    shares = []
    for vector in asked:
        exact = np.argsort(-(vectors @ vector), kind="stable")[:10]
        shares.append(len({int(name[1:]) for name in find(vector)} & set(exact.tolist())) / len(exact))
    return float(np.mean(shares))


def measure_clients(url: str, source: Path, questions: list[str]) -> None:
    """Let processes ask while another one indexes the same texts under other ids."""
    again = source.with_name("again.jsonl")
    with open(source, encoding="utf-8") as lines, open(again, "w", encoding="utf-8") as stream:
        stream.writelines(line.replace('"id": "d', '"id": "e', 1) for line in islice(lines, 50_000))
    with subprocess.Popen(
        [SIMSEARCH, "index", str(again), "--index", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as indexer:
        with ProcessPoolExecutor(CLIENTS, get_context("spawn")) as pool:
            times = [
                seconds
                for one in pool.map(ask, [url] * CLIENTS, [questions] * CLIENTS, range(CLIENTS))
                for seconds in one
            ]
        busy = indexer.poll() is None
        indexer.terminate()
    during = "while another process indexes" if busy else "while another process indexed, which ended before"
    print(f"  {CLIENTS} clients            {told_ms(times)}, {during}")


def ask(url: str, questions: list[str], client: int) -> list[float]:
    """Return the seconds of a client's questions, without its first ones."""
    chosen = random.Random(client).choices(questions, k=ASKED_EACH + 3)
    with open_index(url, create=False) as index:
        return [timed(lambda question=question: index.search(question)) for question in chosen][3:]


def timed(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def told_ms(seconds: list[float]) -> str:
    return f"{1000 * np.median(seconds):8.1f} ms p50, {1000 * np.quantile(seconds, 0.99):.1f} ms p99"


if __name__ == "__main__":
    main()
