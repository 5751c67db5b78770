"""The whole training, stage by stage: segment, count, fit, whiten, characters, save."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from simsearch.processes import processors
from simsearch.trainer.bill import Bill
from simsearch.trainer.settings import Settings

Progress = Callable[[str, float, float | None], None]


def train(
    texts: Iterable[str],
    folder: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    dictionary: Sequence[str] = (),
    processes: int | None = None,
    progress: Progress | None = None,
) -> Bill:
    """Train a model on texts, write it to a folder and return the bill.

    Texts are raw; pairs of words never cross a line of a text. `dictionary` holds lines of user
    dictionaries and travels with the model. `processes` segment, and as many threads count and fit: default,
    all processors this process may use; the model does not depend on their number. `progress` is called with
    a stage, how much of it is done, and how much there is (None: not known).

    Raises a `TrainingError` that says what to do where the texts are too few.
    """
    # Here, because reading settings and errors should not cost the half second in which numba is loaded.
    from threadpoolctl import threadpool_limits

    from simsearch.model.saving import Tables, check_target, save
    from simsearch.trainer import cooccurrence, factorisation, search_space, vocabulary, words

    def report(stage: str, total: float | None) -> Callable[[float], None]:
        return lambda done: progress(stage, done, total) if progress else None

    workers = processes or processors()
    objective = settings.fitted
    bill = Bill()
    check_target(folder)
    # One thread in numpy's products: more would add in another order, and vectors differ in the last digit.
    with threadpool_limits(1, user_api="blas"):
        with bill.stage("segment"):
            corpus = words.read(texts, dictionary, workers, report("segment", None))
            bill.documents = corpus.documents
            bill.words = int((corpus.tokens != words.LINE_END).sum())
            known = vocabulary.select(corpus, settings.min_count)
            del corpus
            bill.vocabulary = len(known.words)
        with bill.stage("count"):
            pairs = cooccurrence.count(known, settings.window, objective.every_pair, workers, report("count", 1.0))
            bill.pairs = len(pairs.others)
        with bill.stage("fit"):
            counts = known.counts
            names = known.words
            del known  # the texts, no longer needed
            system = factorisation.equations(pairs, counts, objective, workers)
            del pairs
            vectors, bill.loss = factorisation.fit(
                *(system, settings.dimensions, settings.passes, settings.seed, workers),
                report("fit", float(settings.passes)),
            )
            del system
        with bill.stage("whiten"):
            whitening = search_space.whitening(vectors, counts)
            whitened = vectors @ whitening
            report("whiten", 1.0)(1.0)
        with bill.stage("characters"):
            learnt = search_space.learn_characters(names, counts, whitened, report("characters", 1.0))
        with bill.stage("save"):
            tables = Tables(
                words=names,
                counts=counts,
                vectors=vectors,
                whitening=whitening,
                characters=learnt.characters,
                character_vectors=learnt.vectors,
                mean=learnt.mean,
                unknown_norm=learnt.unknown_norm,
                dictionary=list(dictionary),
                training={"settings": asdict(settings), "bill": bill.as_dict()},
            )
            save(folder, tables)
            report("save", 1.0)(1.0)
    return bill
