"""Speed of encoding, indexing and a cold query, as ratios to limits measured in the same run.

python bench/speed.py [FOLDER]    texts to use; default: the examples, their sentences shuffled
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

DOCUMENTS = 100_000
CHARACTERS = 150
QUESTIONS = ["怎样才能睡得香", "中国经济的发展情况怎么样", "电脑中毒了"]
PAIRS = 11
#: What a query cannot do without: the interpreter, numpy, the dictionary, the command line.
LEAST = "import numpy, rjieba, typer; rjieba.cut('我', False)"


def pieces(folder: str) -> Iterator[str]:
    """Yield texts of about CHARACTERS characters, for ever."""
    spoken = []
    for document in read([folder], per_line=True):
        if isinstance(document, Document):
            text = document.text[:3_000]
            spoken += [text[span.start : span.end] for span in sentences(text)]
        if len(spoken) > 20 * DOCUMENTS:
            break
    chance = random.Random(1)
    while True:
        text = ""
        while len(text) < CHARACTERS:
            text += chance.choice(spoken)
        yield text[:200]


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else "examples"
    texts = list(islice(pieces(folder), DOCUMENTS))
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    model = Model.load()
    model.encode(texts[:1_000])

    start = time.perf_counter()
    for text in texts:
        model.segment(text)
    segmenting = time.perf_counter() - start
    start = time.perf_counter()
    model.encode(texts)
    encoding = time.perf_counter() - start

    with tempfile.TemporaryDirectory() as scratch:
        source, index = Path(scratch, "texts.jsonl"), str(Path(scratch, "index.db"))
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        simsearch = [str(Path(sys.executable).with_name("simsearch"))]
        indexing = seconds([*simsearch, "index", str(source), "--index", index])
        size = Path(index).stat().st_size
        for command in ([sys.executable, "-c", LEAST], [*simsearch, "query", "天气", "--index", index]):
            seconds(command)
        least, cold = [], []
        for turn in range(PAIRS):
            least.append(seconds([sys.executable, "-c", LEAST]))
            cold.append(seconds([*simsearch, "query", QUESTIONS[turn % len(QUESTIONS)], "--index", index]))

    ratio = statistics.median(query / limit for query, limit in zip(cold, least, strict=True))
    print(f"{len(texts):,} documents, {megabytes:.1f} MB, {size / len(texts):,.0f} bytes each in the index")
    print(f"fold + segment   {segmenting:6.2f} s  {megabytes / segmenting:5.1f} MB/s  one process")
    print(f"encode           {encoding:6.2f} s  {segmenting / encoding:5.0%} of fold + segment, goal 50%")
    print(f"simsearch index  {indexing:6.2f} s  {segmenting / indexing:5.0%} of fold + segment, goal 35%")
    print(
        f"cold query       {statistics.median(cold):6.3f} s  {ratio:.2f} x numpy, rjieba and typer imported"
        f" ({statistics.median(least):.3f} s), goal 1.5"
    )


if __name__ == "__main__":
    main()
