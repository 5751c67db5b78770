"""What a base model is worth to few texts: MRR on held-out texts by megabytes of one's own; print a table.

python bench/starting.py CORPUS_DIR OWN_FILE [--megabytes 1 2 5 10 20] [--keep FOLDER]

A base model is trained on all files of the folder but OWN_FILE. Of that file one document in eight is held out, 400 at
most; of the others as many as make up the megabytes train a model alone, and one that starts from the base model.
Measured is how well a model finds one half of a text by the other, as at the end of a training that starts from a
model; "elsewhere" is the same for texts of the other files, which the base model has seen: what is forgotten.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from training import texts

from simsearch.model import Model
from simsearch.trainer import Settings, train
from simsearch.trainer.held_out import found, is_chosen
from simsearch.trainer.start import default_settings

#: One document in so many is held out, and so many are enough.
ONE_IN, ENOUGH = 8, 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("own", help="name of a file in the folder")
    parser.add_argument("--megabytes", type=int, nargs="+", default=[1, 2, 5, 10, 20])
    parser.add_argument("--keep", type=Path, help="where to keep the base model, and to find it again")
    options = parser.parse_args()
    others = sorted(str(path) for path in options.corpus.iterdir() if ".txt" in path.name and path.name != options.own)
    own = list(texts(str(options.corpus / options.own)))
    tests = list(islice((text for text in own if is_chosen(text, ONE_IN)), ENOUGH))
    own = [text for text in own if not is_chosen(text, ONE_IN)]
    random.Random(1).shuffle(own)
    elsewhere = list(islice((text for text in texts(*others) if is_chosen(text, ONE_IN)), 0, None, 20))
    with tempfile.TemporaryDirectory() as scratch:
        where = (options.keep or Path(scratch)) / "base"
        if not where.exists():
            train(texts(*others), where)
        base = Model.load(where)
        print(f"{len(tests)} texts of {options.own}, {len(elsewhere)} of other files; MRR@10")
        print(f"{'MB':>4s} {'base':>6s} {'alone':>6s} {'start':>6s}   elsewhere: base, alone, start")
        for megabytes in options.megabytes:
            given, models = first(own, megabytes), [base]
            for name, start in (("alone", None), ("start", base)):
                settings = default_settings(start) if start else Settings(min_count=5)
                train(given, Path(scratch) / name, settings=settings, base=start)
                models.append(Model.load(Path(scratch) / name))
            figures = [f"{found(model, asked):6.3f}" for asked in (tests, elsewhere) for model in models]
            print(f"{megabytes:4d}", *figures, flush=True)


def first(given: Iterable[str], megabytes: int) -> list[str]:
    chosen, size = [], 0
    for text in given:
        if size >= megabytes * 1_000_000:
            break
        chosen.append(text)
        size += len(text.encode()) + 1
    return chosen


if __name__ == "__main__":
    main()
