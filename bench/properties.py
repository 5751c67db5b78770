"""How far the vectors of each objective have the properties that the article derives; print a table.

python bench/properties.py CORPUS_DIR

Trained is on a folder of texts, one document a line: the default objective, and the article's without and with its
diagonal, each with weights that stop growing at 1.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from training import texts

from simsearch.trainer import Settings, train

OBJECTIVES = {
    "smoothed, the default": Settings(),
    "the article's": Settings(objective="article"),
    "the article's with its diagonal": Settings(objective="article", diagonal=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    options = parser.parse_args()
    print("| objective | norms | pairs left out | independent words |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, settings in OBJECTIVES.items():
            found = train(texts(options.corpus), Path(scratch) / "model", settings=settings).properties
            print(f"| {name} | {' | '.join(f'{value:.3f}' for value in found.values())} |", flush=True)


if __name__ == "__main__":
    main()
