"""What each part of the ranker brings: hybrid search with one setting changed at a time.

python bench/ablation.py FOLDER    a folder of tasks as of `simsearch evaluate --sets`; prints a table in markdown
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from simsearch.evaluation import evaluate, searching
from simsearch.evaluation.tasks import read_tasks
from simsearch.indexer import matching, ranker, terms
from simsearch.model import Model

#: What is changed, by the name of the row.
CHANGES = {
    "as it is": {},
    "no close words": {"matching.CLOSE": 0.0},
    "close words count more": {"matching.CLOSE": 0.8},
    "no characters": {"ranker.CHARACTERS": 0.0},
    "characters count more": {"ranker.CHARACTERS": 0.5},
    "each passage for itself": {"ranker.DOCUMENT": 0.0},
    "frequencies of the collection alone": {"terms.PRIOR": 0.0},
    "no cosine": {"ranker.LEAST": 0.0, "ranker.NATS": 0.0},
    "cosine always a fifth": {"ranker.LEAST": 0.25, "ranker.NATS": 0.0},
    "cosine always half": {"ranker.LEAST": 1.0, "ranker.NATS": 0.0},
    "long passages like short ones": {"ranker.SHORT": 1e6},
}
MODULES = {"matching": matching, "ranker": ranker, "terms": terms}


def main() -> None:
    folder, model = Path(sys.argv[1]), Model.load()
    searching.MODES = ("hybrid",)
    only = [task.name for task in read_tasks(folder) if task.kind in ("retrieval", "themes")]
    print(f"| changed | {' | '.join(only)} |\n|---|{'---|' * len(only)}")
    for name, changes in CHANGES.items():
        before = {setting: change(setting, value) for setting, value in changes.items()}
        figures = [evaluated.figures[0] for evaluated in evaluate(folder, model, only, baselines=[])]
        told = ", ".join(f"{setting.partition('.')[2]} {value:g}" for setting, value in changes.items())
        print(
            f"| {name}{f' ({told})' if told else ''} | {' | '.join(f'{one.value:.4f}' for one in figures)} |",
            flush=True,
        )
        for setting, value in before.items():
            change(setting, value)


def change(setting: str, value: float) -> float:
    """Set a constant, and return what it was."""
    module, _, constant = setting.partition(".")
    before: float = getattr(MODULES[module], constant)
    setattr(MODULES[module], constant, value)
    return before


if __name__ == "__main__":
    main()
