"""Speed of enriching an index that exists, against raw reading and raw writing in the same run, and a follower's lag.

python bench/enriching.py [FOLDER] [--documents N] [--length CHARACTERS] [--seconds S]

Texts are those of bench/elasticsearch_node.py, and so is the node. Raw reading is `helpers.scan` of the texts, raw
writing `streaming_bulk` of ready-made bodies, both by elasticsearch-py in one process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from elasticsearch_node import SIMSEARCH, collect, told_ms

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from elasticsearch import Elasticsearch, helpers
from servers.build import assemble
from servers.node import Node

from simsearch.corpus import Document
from simsearch.indexer.elasticsearch import documents as bodies
from simsearch.indexer.elasticsearch import mapping
from simsearch.indexer.enrichment import enrich
from simsearch.model import Model

#: Changes a second that are followed.
CHANGES = 200
OWNER = "texts"


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("folder", nargs="?")
    told.add_argument("--documents", type=int, default=100_000)
    told.add_argument("--length", type=int, default=150)
    told.add_argument("--seconds", type=int, default=60)
    told.add_argument("--heap", default="2g")
    given = told.parse_args()
    texts = collect(given.folder, given.documents, given.length)
    home = assemble("9.5.3")
    with tempfile.TemporaryDirectory() as folder, Node(home, Path(folder), heap=given.heap, full_jit=True) as node:
        client = Elasticsearch(node.url, request_timeout=600)
        client.indices.create(index=OWNER, settings={"number_of_shards": 2, "number_of_replicas": 0})
        rows = ({"_index": OWNER, "_id": f"d{n}", "_source": {"body": text, "n": 0}} for n, text in enumerate(texts))
        helpers.bulk(client, rows, refresh=True)
        characters = sum(map(len, texts)) / len(texts)
        print(f"Elasticsearch {home.version}, {len(texts):,} documents of {characters:.0f} characters")
        measure_enriching(client, f"{node.url}/{OWNER}", texts)
        measure_following(client, f"{node.url}/{OWNER}", texts, given.seconds)


def measure_enriching(client: Elasticsearch, url: str, texts: list[str]) -> None:
    """Compare a whole enrichment with reading and writing alone."""
    start = time.perf_counter()
    assert sum(1 for _ in helpers.scan(client, index=OWNER, source=["body"])) == len(texts)
    reading = time.perf_counter() - start
    writing = write_bodies(client, texts)
    start = time.perf_counter()
    command = [SIMSEARCH, "enrich", url, "--text-field", "body", "--filter-fields", "n"]
    subprocess.run(command, check=True, capture_output=True)
    ours = time.perf_counter() - start
    each, ratio = len(texts) / ours, (reading + writing) / ours
    print(f"  reading, writing      {reading:8.1f} s, {writing:.1f} s")
    print(f"  simsearch enrich      {ours:8.1f} s, {each:,.0f} documents a second, {ratio:.0%} of both (goal 60 %)")
    start = time.perf_counter()
    subprocess.run([SIMSEARCH, "enrich", url], check=True, capture_output=True)
    print(f"  ... once more         {time.perf_counter() - start:8.1f} s")


def write_bodies(client: Elasticsearch, texts: list[str]) -> float:
    """Return the seconds of `streaming_bulk` for the bodies of the companion, which are made beforehand."""
    model = Model.load()
    settings = mapping.settings() | {"index.refresh_interval": "30s"}
    client.indices.create(index="raw", mappings=mapping.mapping(model.id, model.dimensions), settings=settings)
    actions: list[dict[str, Any]] = []
    for first in range(0, len(texts), 2_000):
        some = enumerate(texts[first : first + 2_000], first)
        for item in enrich([Document(f"d{number}", text, metadata={"n": 0}) for number, text in some], model):
            body = bodies.body(item, model.id, packed=True, keeps_text=False)
            actions.append({"_index": "raw", "_id": item.document.id, "_source": body})
    start = time.perf_counter()
    for ok, _ in helpers.streaming_bulk(client, actions):
        assert ok
    client.indices.refresh(index="raw")
    seconds = time.perf_counter() - start
    client.indices.delete(index="raw")
    return seconds


def measure_following(client: Elasticsearch, url: str, texts: list[str], seconds: int) -> None:
    """Change documents at a steady rate, and note when searches find each change in the companion."""
    written: list[float] = []
    lags: list[float] = []
    with subprocess.Popen(
        [SIMSEARCH, "enrich", url, "--follow"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as follower:
        assert follower.stderr
        assert follower.stderr.readline().startswith("Following")
        start = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds or len(lags) < len(written):
            due = min(int((now - start) * CHANGES), seconds * CHANGES)
            for number in range(len(written), due):
                text = texts[(number * 7) % len(texts)]
                name = f"d{(number * 13) % len(texts)}"
                client.index(index=OWNER, id=name, document={"body": text, "n": number + 1})
                written.append(time.perf_counter())
            newest = visible(client)
            found = time.perf_counter()
            lags += [found - moment for moment in written[len(lags) : newest]]
            time.sleep(0.01)
        follower.terminate()
    print(f"  {len(lags) / seconds:4.0f} changes a second  {told_ms(lags)} until they are found (goal 2,000 ms p50)")


def visible(client: Elasticsearch) -> int:
    """Return the number of the last change that searches find in the companion."""
    highest = {"max": {"field": "simsearch.filters.numbers.n"}}
    found = client.search(index=f"{OWNER}-simsearch", size=0, aggs={"n": highest})
    return int(found["aggregations"]["n"]["value"] or 0)


if __name__ == "__main__":
    main()
