"""Train on a folder of texts, one document a line, and compare with gensim's skip-gram; print a table.

python bench/training.py CORPUS_DIR [--repeat 10] [--keep FOLDER] [--alone]

Both read raw text and end with saved vectors; gensim gets the same words, cut by as many processes. Its window,
dimensions and vocabulary are ours; 3 epochs, as many workers as there are processors. `--repeat` trains once more, on
the documents shuffled and repeated; `--keep` keeps the models.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from simsearch.corpus.sources import read
from simsearch.processes import processors
from simsearch.trainer import Settings, words
from simsearch.trainer.vocabulary import pieces

EPOCHS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--repeat", type=int, default=0, help="train on so many shuffled copies of the documents, too")
    parser.add_argument("--keep", type=Path, help="where to keep the models")
    parser.add_argument("--alone", action="store_true", help="without gensim")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        ours = trained(options.corpus, folder / "simsearch")
        show_bill(ours)
        rows = [("simsearch", ours["total"], 1.0)]
        if not options.alone:
            seconds = gensim_trained(options.corpus, Path(scratch), folder / "gensim.txt")
            rows.append(("gensim skip-gram", seconds, seconds / ours["total"]))
        if options.repeat:
            copies = repeated(options.corpus, options.repeat, Path(scratch) / "copies.txt")
            many = trained(str(copies), Path(scratch) / "many", "--copies", str(options.repeat))
            show_bill(many)
            rows.append((f"simsearch, {options.repeat} x the text", many["total"], many["total"] / ours["total"]))
            print(f"memory of {options.repeat} x the text: {many['peak_memory'] / ours['peak_memory']:.2f} x")
    print(f"\n{processors()} processors\n{'':32s} {'seconds':>8s} {'ratio':>6s}")
    for name, seconds, ratio in rows:
        print(f"{name:32s} {seconds:8.0f} {ratio:6.1f}")


def trained(corpus: str, model: Path, *options: str) -> dict[str, Any]:
    """Train in a process of its own, from raw text to a saved model; return its bill."""
    start = time.perf_counter()
    how = ["-m", "simsearch", "train", corpus, "--to", str(model), "--json", *options]
    done = subprocess.run([sys.executable, *how], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout) | {"total": time.perf_counter() - start}


def show_bill(bill: dict[str, Any]) -> None:
    print(f"{bill['documents']:,} documents, {bill['words']:,} words, {bill['vocabulary']:,} with a vector")
    print(", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in bill["seconds"].items()))
    speed = bill["words"] / bill["seconds"]["count"] / 1e6
    print(f"{bill['pairs']:,} pairs, counted and weighed: {speed:.1f} M words/s")
    print(f"peak memory {bill['peak_memory'] / 1e6:,.0f} MB; error of pairs left out", end=" ")
    print(" ".join(f"{loss:.3f}" for loss in bill["held_out"]))
    print("properties", bill["properties"], flush=True)


def gensim_trained(corpus: str, scratch: Path, vectors: Path) -> float:
    """Cut and train by gensim; return seconds."""
    from gensim.models import Word2Vec

    start = time.perf_counter()
    cut = words.read(texts(corpus), scratch / "numbers", processes=processors())
    names = np.array([*cut.words, "\n"], dtype=object)
    with open(scratch / "words.txt", "w", encoding="utf-8") as file:
        for some in pieces(cut.tokens):
            file.write(" ".join(names[some]))
            file.write(" ")
    how = Settings()
    model = Word2Vec(
        corpus_file=str(scratch / "words.txt"),
        sg=1,
        vector_size=how.dimensions,
        window=how.window,
        min_count=how.min_count,
        epochs=EPOCHS,
        workers=processors(),
        seed=how.seed,
    )
    model.wv.save_word2vec_format(str(vectors))
    return time.perf_counter() - start


def texts(*sources: str) -> Iterator[str]:
    for item in read(sources, per_line=True):
        text = getattr(item, "text", None)
        if text is not None:
            yield text


def repeated(corpus: str, times: int, path: Path) -> Path:
    """Write the documents so many times, each time in another order."""
    documents = list(texts(corpus))
    with open(path, "w", encoding="utf-8") as file:
        for seed in range(times):
            random.Random(seed).shuffle(documents)
            file.writelines(f"{text}\n" for text in documents)
    return path


if __name__ == "__main__":
    main()
