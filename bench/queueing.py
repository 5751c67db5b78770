"""What a queue costs: workers against direct indexing on the same cores, a document's overhead, time until it is found.

python bench/queueing.py [FOLDER] [--documents N] [--length CHARACTERS] [--engines sqlite elasticsearch]

Texts are pieces of the FOLDER's texts (default: the examples' sentences, shuffled). Redis and Elasticsearch are those
of the tests. Both ways have two processes; the workers are ready before the first document is handed over.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from elasticsearch_node import collect
from servers.build import assemble
from servers.node import Node
from servers.redis import Redis

from simsearch.corpus import Document
from simsearch.indexer import indexing, open_index
from simsearch.indexer.enrichment import enrich
from simsearch.worker import enqueue, message, signs
from simsearch.worker.message import Message
from simsearch.worker.producer import send
from simsearch.worker.queue import Queue

PROCESSES, ROUNDS, ASKED = 2, 3, 30
SIMSEARCH = str(Path(sys.executable).with_name("simsearch"))


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("folder", nargs="?")
    told.add_argument("--documents", type=int, default=30_000)
    told.add_argument("--length", type=int, default=150)
    told.add_argument("--engines", nargs="+", default=["sqlite", "elasticsearch"])
    given = told.parse_args()
    texts = collect(given.folder, given.documents, given.length)[: given.documents]
    print(f"{len(texts):,} documents of {sum(map(len, texts)) / len(texts):.0f} characters")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with Redis(folder / "redis") as redis:
            overhead(redis.url, f"sqlite:///{folder}/nothing.db", texts[:5_000])
            for engine in given.engines:
                with places(engine, folder) as place:
                    measure(engine, redis.url, place, texts)


@contextlib.contextmanager
def places(engine: str, folder: Path) -> Iterator[str]:
    """Yield what the addresses of an engine's indexes begin with."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}/"
        return
    (folder / "node").mkdir()
    with Node(assemble("9.5.3"), folder / "node", heap="1g", full_jit=True) as node:
        yield f"{node.url}/"


def overhead(broker: str, index: str, texts: list[str]) -> None:
    """Print what a queue takes of a document's time in one process, against its enrichment."""
    from simsearch.model import Model

    model, queue = Model.load(), Queue(broker, index)
    documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]
    enrich(documents, model)  # what is loaded once
    send(queue, "first", message.write(Message(queue.name)))
    start = time.process_time()
    for batch in indexing.batches(documents):
        enrich(batch, model)
    enriching = time.process_time() - start
    start = time.process_time()
    payloads = []
    for batch in message.batches(documents):
        payloads.append(message.write(Message(queue.name, documents=batch)))
        send(queue, f"{len(payloads)}", payloads[-1])
    for payload in payloads:
        message.read(payload)
    queueing = time.process_time() - start
    each = 1e6 / len(texts)
    print(f"  a document: {queueing * each:.0f} us of queue, {queueing / enriching:.1%} of its enrichment (goal 10 %)")


def measure(engine: str, broker: str, place: str, texts: list[str]) -> None:
    """Print the ratio of both ways, in pairs, and the time until a document is found."""
    ratios = []
    for number in range(ROUNDS):
        inline = through(f"{place}inline-{number}", None, texts)
        queued = through(f"{place}queued-{number}", broker, texts)
        ratios.append(inline / queued)
        print(f"  {engine}: inline {inline:6.1f} s, two workers {queued:6.1f} s, {inline / queued:.0%}")
    print(f"{engine}: two workers reach {statistics.median(ratios):.0%} of inline indexing (goal 85 %)")
    waits = found_after(f"{place}idle", broker)
    print(f"{engine}: searchable after {statistics.median(waits):.2f} s p50, {max(waits):.2f} s at most (goal 1.5)")


def through(index: str, broker: str | None, texts: list[str]) -> float:
    """Return the seconds that it takes to store texts, by workers or directly."""
    documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]
    with open_index(index) as opened:
        if broker is None:
            start = time.perf_counter()
            for _ in opened.add_batches(documents, PROCESSES):
                pass
            return time.perf_counter() - start
    queue = Queue(broker, index)
    with working(index, broker):
        start = time.perf_counter()
        enqueue(documents, index, broker=broker, patience=600)
        while queue.length():
            time.sleep(0.02)
        return time.perf_counter() - start


def found_after(index: str, broker: str) -> list[float]:
    """Return the seconds from `enqueue` until a query finds the document, on an idle system."""
    waits = []
    with open_index(index) as opened, working(index, broker):
        for number in range(ASKED):
            start = time.perf_counter()
            enqueue([{"id": f"新-{number}", "text": f"第{number}号通知：本楼明天停水。"}], index, broker=broker)
            while f"新-{number}" not in {hit.id for hit in opened.search("停水", k=ASKED)}:
                time.sleep(0.01)
            waits.append(time.perf_counter() - start)
    return waits


@contextlib.contextmanager
def working(index: str, broker: str) -> Iterator[None]:
    """Run a worker that is ready."""
    command = [SIMSEARCH, "worker", "--index", index, "--broker", broker, "--processes", str(PROCESSES)]
    queue = Queue(broker, index)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not signs.workers(queue):
            time.sleep(0.05)
        yield
        process.terminate()


if __name__ == "__main__":
    main()
