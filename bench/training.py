"""Train on the .xz and .txt files of a folder, one document a line; print the bill.

python bench/training.py CORPUS_DIR [MODEL_DIR]
"""

from __future__ import annotations

import argparse
import lzma
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from simsearch.trainer import Settings, train


def documents(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        if path.suffix in (".xz", ".txt"):
            opener = lzma.open if path.suffix == ".xz" else open
            with opener(path, "rt", encoding="utf8", errors="replace") as lines:
                yield from lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("model", type=Path, nargs="?", help="where to keep the model; left out: nowhere")
    parser.add_argument("--processes", type=int)
    parser.add_argument("--dimensions", type=int, default=Settings().dimensions)
    parser.add_argument("--min-count", type=int, default=Settings().min_count)
    parser.add_argument("--objective", default="smoothed", choices=["smoothed", "article"])
    parser.add_argument("--untruncated", action="store_true", help="the article's weights keep growing")
    options = parser.parse_args()
    settings = Settings(
        dimensions=options.dimensions,
        min_count=options.min_count,
        objective=options.objective,
        truncate=not options.untruncated,
    )

    shown = ""

    def progress(stage: str, done: float, total: float | None) -> None:
        nonlocal shown
        text = f"{stage} {100 * done / total:.0f} %" if total else f"{stage} {done:,.0f}"
        if text != shown and sys.stderr.isatty():
            print(f"\r{text:40s}", end="", file=sys.stderr)
        shown = text

    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        target = options.model or Path(scratch) / "model"
        bill = train(
            documents(options.corpus),
            target,
            settings=settings,
            processes=options.processes,
            progress=progress,
        )
        elapsed = time.perf_counter() - start
    print(f"{bill.documents:,} documents, {bill.words:,} words")
    print(f"{bill.vocabulary:,} words with a vector, {bill.pairs:,} pairs")
    for stage, seconds in bill.seconds.items():
        print(f"{stage:12s} {seconds:7.1f} s")
    print(f"{'in all':12s} {elapsed:7.1f} s")
    print(f"peak memory  {bill.peak_memory / 2**30:7.2f} GiB")
    print("loss", " ".join(f"{loss:.4f}" for loss in bill.loss))


if __name__ == "__main__":
    main()
