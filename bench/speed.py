"""Speed of encoding, indexing and a cold query, as ratios to limits measured in the same run.

python bench/speed.py [FOLDER]    texts to use, one document a line; default: the examples' sentences, shuffled
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from simsearch.corpus import Document
from simsearch.corpus.passages import sentences
from simsearch.corpus.sources import read
from simsearch.model import Model

#: Characters of the texts that are encoded and indexed, at most; where there are fewer than a quarter of it,
#: the examples, their sentences are shuffled into more texts.
CHARACTERS = 20_000_000
#: Documents of one passage in the index that is asked.
DOCUMENTS = 100_000
QUESTIONS = ["怎样才能睡得香", "中国经济的发展情况怎么样", "电脑中毒了"]
PAIRS = 15
#: What a query cannot do without: the interpreter, numpy, the dictionary, the command line.
LEAST = "import numpy, rjieba, typer; rjieba.cut('我', False)"


def documents(folder: str) -> Iterator[str]:
    for document in read([folder], per_line=True):
        if isinstance(document, Document):
            yield document.text


def shuffled(texts: list[str], length: int) -> Iterator[str]:
    """Make texts of about that many characters from the sentences of others, for ever."""
    spoken = [text[span.start : span.end] for text in texts for span in sentences(text)]
    chance = random.Random(1)
    while True:
        text = ""
        while len(text) < length:
            text += chance.choice(spoken)
        yield text[: length + 50]


def bounded(texts: Iterator[str]) -> Iterator[str]:
    """Yield texts until there are CHARACTERS."""
    size = 0
    for text in texts:
        yield text
        size += len(text)
        if size >= CHARACTERS:
            return


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    given = list(bounded(documents(sys.argv[1] if len(sys.argv) > 1 else "examples")))
    texts = given if 4 * sum(map(len, given)) >= CHARACTERS else list(bounded(shuffled(given, 800)))
    short = list(islice(shuffled(given, 150), DOCUMENTS))
    model = Model.load()
    model.encode(texts[:100])
    simsearch = str(Path(sys.executable).with_name("simsearch"))

    with tempfile.TemporaryDirectory() as scratch:
        print(f"{len(texts):,} documents, {sum(len(text.encode()) for text in texts) / 1e6:.1f} MB")
        segmenting = measure_segmenting(model, texts)
        print(f"fold + segment    {segmenting:7.2f} s  the limit, one process")
        start = time.perf_counter()
        model.encode(texts)
        encoding = time.perf_counter() - start
        print(f"encode            {encoding:7.2f} s  {segmenting / encoding:.0%} of the limit, goal 50%")
        indexing = seconds([simsearch, "index", source(scratch, texts), "--index", f"{scratch}/texts.db"])
        print(f"simsearch index   {indexing:7.2f} s  {segmenting / indexing:.0%} of the limit, goal 35%")

        print(f"{DOCUMENTS:,} documents of one passage")
        segmenting = measure_segmenting(model, short)
        index = f"{scratch}/short.db"
        indexing = seconds([simsearch, "index", source(scratch, short), "--index", index])
        print(f"simsearch index   {indexing:7.2f} s  {segmenting / indexing:.0%} of fold + segment")
        print(f"                  {Path(index).stat().st_size / DOCUMENTS:7,.0f} bytes a document")
        query = [simsearch, "query", "--index", index]
        seconds([sys.executable, "-c", LEAST]), seconds([*query, "天气"])
        least, cold = [], []
        for turn in range(PAIRS):
            least.append(seconds([sys.executable, "-c", LEAST]))
            cold.append(seconds([*query, QUESTIONS[turn % len(QUESTIONS)]]))
    ratio = statistics.median(query / limit for query, limit in zip(cold, least, strict=True))
    print(f"only imports      {statistics.median(least):7.3f} s  the limit: numpy, rjieba with its dictionary, typer")
    print(f"cold query        {statistics.median(cold):7.3f} s  {ratio:.2f} x the limit, goal 1.5")


def measure_segmenting(model: Model, texts: list[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        model.segment(text)
    return time.perf_counter() - start


def source(scratch: str, texts: list[str]) -> str:
    path = Path(scratch, "texts.jsonl")
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return str(path)


if __name__ == "__main__":
    main()
