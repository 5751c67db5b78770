"""Print docs/article.md: each result of the article as a command, its own figures, and what models say.

python bench/article.py [--sets FOLDER] NAME=MODEL ... > docs/article.md

NAME heads a column; MODEL is a folder, an id, or base. With `--sets` the reviews of that folder are classified.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import article_results as article
import article_text as text
import numpy as np
from numpy.typing import NDArray

from simsearch.evaluation.classification import classify
from simsearch.evaluation.systems import Systems
from simsearch.evaluation.tasks import read_tasks
from simsearch.evaluation.vectors import OfFile, OfModel
from simsearch.model import Model
from simsearch.model.model import unit
from simsearch.model.neighbours import context_root

#: Words of which the parts of speech of their neighbours are counted: some of the frequent ones, by chance.
SAMPLED, FREQUENT = 1_000, 20_000
#: Neighbours of each.
NEIGHBOURS = 10
Models = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, help="a folder with a task of reviews")
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL")
    options = parser.parse_args()
    models = dict(given.rsplit("=", 1) for given in options.models)
    for line in page(models, options.sets):
        print(line, flush=True)


def page(models: Models, sets: Path | None) -> Iterator[str]:
    """Yield the lines of the page."""
    yield text.BEGIN.format(address=article.ADDRESS)
    yield from identities(models)
    yield text.NORMS
    yield from norms(models)
    yield text.ANALOGIES
    yield from analogies(models)
    yield text.RELATED
    yield from neighbours(models, article.RELATED, ["related", "{word}", "--by", "cosine"])
    yield text.SIMILAR
    yield from neighbours(models, dict.fromkeys(["喜欢", "跑"], ""), ["similar", "{word}", "--context", "10000"])
    yield text.GRAMMAR
    for context in ("10000", "500"):
        yield from neighbours(models, article.GRAMMAR, ["similar", "{word}", "--context", context])
    yield from parts_of_speech(models)
    yield text.KEYWORDS
    yield from keywords(models)
    yield text.SENTENCES
    yield from sentences(models)
    yield text.REVIEWS
    if sets:
        yield from reviews(models, sets)
    yield text.END


def ask(model: str, *command: str) -> list[dict[str, Any]] | str:
    """Run a command; return its rows, or what it says where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "simsearch", *command, "--model", model, "--json"], capture_output=True, text=True
    )
    if done.returncode:
        return done.stderr.removeprefix("Error: ").partition(":")[0]
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"
    yield ""


def shown(*command: str) -> str:
    """Return a command as a reader types it."""
    return f"```sh\nsimsearch {shlex.join(command)}\n```\n"


def words(rows: list[dict[str, Any]] | str) -> str:
    """Return the words of an answer."""
    return rows if isinstance(rows, str) else " ".join(row["word"] for row in rows)


def identities(models: Models) -> Iterator[str]:
    loaded = {name: Model.load(model) for name, model in models.items()}
    yield from table(
        ["", "model", "words", "dimensions", "Spearman's correlation of \\|w\\|² and -log P(w)"],
        (
            (name, model.id, f"{len(model.words):,}", str(model.dimensions), f"{model.norm_correlation():.3f}")
            for name, model in loaded.items()
        ),
    )


def norms(models: Models) -> Iterator[str]:
    command = ("words", "norms", "-k", "50")
    yield shown(*command)
    own = [(f"the article, weights {how}", found) for how, found in article.NORMS.items()]
    ours = [(name, words(ask(model, *command))) for name, model in models.items()]
    yield from table(["", "the shortest vectors"], [*own, *ours])


def analogies(models: Models) -> Iterator[str]:
    yield shown("words", "analogy", "机场", "火车", "飞机", "--space", "article", "-k", "6")
    yield from table(
        ["a + b - c", "the article", *models],
        (
            (
                f"{a} + {b} - {c}",
                found,
                *(
                    words(ask(model, "words", "analogy", a, b, c, "--space", "article", "-k", "6"))
                    for model in models.values()
                ),
            )
            for (a, b, c), found in article.ANALOGIES.items()
        ),
    )


def neighbours(models: Models, found: dict[str, str], form: Sequence[str]) -> Iterator[str]:
    """Yield the neighbours of words by a command, in which {word} stands for the word."""
    commands = {word: ["words", *(part.format(word=word) for part in form), "-k", "10"] for word in found}
    yield shown(*next(iter(commands.values())))
    head = ["", *(["the article"] if any(found.values()) else []), *models]
    yield from table(
        head,
        (
            (word, *([found[word]] if found[word] else []), *(words(ask(model, *command)) for model in models.values()))
            for word, command in commands.items()
        ),
    )


def parts_of_speech(models: Models) -> Iterator[str]:
    """Yield how many of a word's first neighbours are of its part of speech, by jieba's dictionary."""
    import jieba.posseg

    jieba.posseg.dt.initialize()
    tags = {word: tag[0] for word, tag in jieba.posseg.dt.word_tag_tab.items() if tag != "x"}
    rows = []
    for name, path in models.items():
        model = Model.load(path)
        contexts = [model.vectors @ context_root(model.vectors, context) for context in (10_000, 500)]
        wide, narrow, search = (agreement(model.words, of, tags) for of in (*contexts, model.search_vectors))
        gain = narrow - wide
        around = 1.96 * gain.std() / max(len(gain), 1) ** 0.5
        means = (f"{shares.mean() if len(shares) else 0:.3f}" for shares in (wide, narrow, search))
        between = f"{gain.mean() - around:+.3f} to {gain.mean() + around:+.3f}" if len(gain) else ""
        rows.append((name, *means, between))
    yield text.PARTS_OF_SPEECH.format(sampled=SAMPLED, frequent=FREQUENT)
    yield from table(["", "N = 10,000", "N = 500", "search space", "gain of N = 500, 95 %"], rows)
    yield text.NO_GRAMMAR


def agreement(words: Sequence[str], vectors: NDArray[np.float32], tags: dict[str, str]) -> NDArray[np.float64]:
    """Return, for some words, the share of their first neighbours that have their tag, among words that have one."""
    known = np.array([place for place, word in enumerate(words) if word in tags], np.intp)
    directions = unit(vectors[known])
    sampled = np.random.default_rng(1).permutation(int((known < FREQUENT).sum()))[:SAMPLED].tolist()
    of = [tags[words[place]] for place in known.tolist()]
    return np.array([np.mean([of[place] == of[near] for near in nearest(directions, place)]) for place in sampled])


def nearest(directions: NDArray[np.float32], place: int) -> list[int]:
    """Return the places of the nearest directions, itself left out."""
    scores = directions @ directions[place]
    scores[place] = -np.inf
    best: list[int] = np.argpartition(-scores, min(NEIGHBOURS, len(scores) - 1))[:NEIGHBOURS].tolist()
    return best


def keywords(models: Models) -> Iterator[str]:
    first = next(iter(article.SENTENCES))
    yield shown("keywords", first[:20] + "…", "--method", "article", "-k", "10")
    found: dict[str, list[str]] = {name: [] for name in models}
    rows = []
    for sentence, theirs in article.SENTENCES.items():
        row = [sentence[:12] + "…", theirs]
        for name, path in models.items():
            ours = words(ask(path, "keywords", sentence, "--method", "article", "-k", "10"))
            model = Model.load(path)
            cut = set(model.segment(sentence))
            known = [word for word in theirs.split() if word in cut and model.knows_words([word])[0]]
            found[name].append(f"{len(set(known) & set(ours.split()))} of {len(known)}")
            row.append(f"{ours} ({found[name][-1]})")
        rows.append(row)
    yield from table(["sentence", "the article", *models], rows)


def sentences(models: Models) -> Iterator[str]:
    first = text.PAIRS[0]
    for by in ("cosine", "inner"):
        yield shown("compare", *first, "--space", "article", "--by", by)
        rows = []
        for pair in text.PAIRS:
            answers = [ask(model, "compare", *pair, "--space", "article", "--by", by) for model in models.values()]
            rows.append(
                (" / ".join(pair), *(a if isinstance(a, str) else f"{a[0]['similarity']:.3f}" for a in answers))
            )
        yield from table(["", *models], rows)


def reviews(models: Models, sets: Path) -> Iterator[str]:
    (task,) = [task for task in read_tasks(sets) if task.name == "reviews"]
    loaded = {name: Model.load(path) for name, path in models.items()}
    files = {name: OfFile(model.words, model.vectors, model) for name, model in loaded.items()}
    any_model = next(iter(loaded.values()))
    systems = Systems(any_model, OfModel(any_model), bm25=False, jieba=None, files=files)
    measured, _ = classify(task, systems, lambda done, total: None)
    own = [
        (f"the article, weights {how}", *(f"{value:.2f}" for value in both)) for how, both in article.REVIEWS.items()
    ]
    ours = [(name, *(f"{measure.systems[name].mean():.3f}" for measure in measured)) for name in models]
    yield from table(["", *(measure.measure for measure in measured)], [*own, *ours])


if __name__ == "__main__":
    main()
