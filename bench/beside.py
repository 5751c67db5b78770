"""A model beside word vectors of another program on every task of a folder, with and without what follows training.

python bench/beside.py MODEL VECTORS FOLDER

VECTORS, such as those that `bench/training.py --keep` leaves of gensim, become a model by `simsearch import`, with the
counts of MODEL. Compared are the vectors as they were fitted, texts being plain sums of them; the same whitened; and
both models as users have them, with characters and weights.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from simsearch.evaluation.bootstrap import figures
from simsearch.evaluation.evaluation import KINDS
from simsearch.evaluation.systems import Systems
from simsearch.evaluation.tasks import read_tasks
from simsearch.evaluation.vectors import OfFile, OfModel, Vectors
from simsearch.model import Model
from simsearch.trainer.importing import import_vectors

#: What is compared, in pairs: ours and theirs.
NAMES = ("as fitted", "theirs", "whitened", "theirs", "as a model", "theirs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    for name in ("vectors", "folder"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    ours = Model.load(options.model)
    with tempfile.TemporaryDirectory() as scratch:
        counts = Path(scratch) / "counts.txt"
        pairs = zip(ours.words, ours.counts.tolist(), strict=True)
        counts.write_text("".join(f"{word}\t{count}\n" for word, count in pairs), "utf-8")
        import_vectors(options.vectors, Path(scratch) / "theirs", counts=counts, as_is=False, most=len(ours.words))
        theirs = Model.load(Path(scratch) / "theirs")
        print(f"| task, measure | {' | '.join(NAMES)} |")
        print("|---" * (len(NAMES) + 1) + "|")
        for name, values in scores(ours, theirs, options.folder):
            print(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |", flush=True)


def scores(ours: Model, theirs: Model, folder: Path) -> Iterator[tuple[str, list[float]]]:
    """Yield a measure of a task, and what each of the compared reaches."""
    compared: list[Vectors] = []
    for vectors in ("vectors", "search_vectors"):
        compared += [OfFile(model.words, getattr(model, vectors), ours) for model in (ours, theirs)]
    compared += [OfModel(ours), OfModel(theirs)]
    files = dict(zip(map(str, range(len(compared))), compared, strict=True))
    systems = Systems(ours, OfModel(ours), bm25=False, jieba=None, files=files)
    for task in read_tasks(folder):
        measured, _ = KINDS[task.kind](task, systems, lambda done, total: None)
        for one in measured:
            if files.keys() <= one.systems.keys():
                found = {figure.system: figure.value for figure in figures(task.name, task.kind, one, resamples=10)}
                yield f"{task.name}, {one.measure}", [found[name] for name in files]


if __name__ == "__main__":
    main()
