"""The long stages of a training: each is done once, and read from disk when a training goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from simsearch.model import Model
from simsearch.trainer import cooccurrence, equations, factorisation, held_out, properties, vocabulary, words
from simsearch.trainer import start as starting
from simsearch.trainer.bill import Bill
from simsearch.trainer.equations import Equations
from simsearch.trainer.errors import MemoryTooSmall, VocabularyTooLarge
from simsearch.trainer.factorisation import Fit
from simsearch.trainer.rows import Rows
from simsearch.trainer.settings import Settings
from simsearch.trainer.vocabulary import Vocabulary
from simsearch.trainer.workspace import Workspace, write

#: Bytes that a training takes whatever it is given: Python, compiled code, and what threads have in hand.
LEAST = 350_000_000
#: Tables of vectors that are held at a time, at most, and those of a base model beside them.
TABLES, BASE_TABLES = 4, 3


class Stages:
    """What a training has done so far, and the bill for it."""

    def __init__(
        self,
        work: Workspace,
        settings: Settings,
        base: Model | None,
        workers: int,
        memory: int,
        progress: Callable[[str, float, float | None], None] | None,
    ) -> None:
        self._work, self._settings, self._base = work, settings, base
        self._workers, self._memory = workers, memory
        self._progress = progress
        if memory < LEAST:
            raise MemoryTooSmall(least=LEAST // 10**6, memory=f"{memory / 1e6:g}")
        self.bill = Bill(**(work.noted("bill") or {}))

    def report(self, stage: str, total: float | None) -> Callable[[float], None]:
        """Return what tells how far a stage is."""
        progress = self._progress
        return lambda done: progress(stage, done, total) if progress else None

    def vocabulary(self, texts: Iterable[str], dictionary: Sequence[str]) -> Vocabulary:
        """Segment the texts; return the words that get a vector, and the texts in their numbers.

        With a base model some texts are held out, and kept in a file.
        """
        file, numbers, tokens = map(self._work.file, ("words", "numbers", "tokens"))
        if not self._work.noted("words"):
            with self.bill.stage("segment"):
                kept: dict[str, None] = {}
                learnt = held_out.others(texts, kept) if self._base else texts
                before = starting.seen_before(self._base) if self._base else None
                report = self.report("segment", None)
                corpus = words.read(learnt, numbers, dictionary, self._workers, report, self._settings.copies)
                known = vocabulary.select(corpus, self._settings.min_count, tokens, before)
                numbers.unlink()
            write(self._work.file("held_out"), json.dumps(list(kept)).encode())
            self.bill.documents, self.bill.words = corpus.documents, int(corpus.counts.sum())
            self.bill.repeated_lines = corpus.repeated_lines
            self.bill.vocabulary = len(known.words)
            counted = zip(known.words, known.counts, known.seen, strict=True)
            write(file, "".join(f"{word}\t{count}\t{seen}\n" for word, count, seen in counted).encode())
            self._note("words")
        lines = [line.split("\t") for line in file.read_text("utf-8").split("\n")[:-1]]
        self._check_room(len(lines))
        counts, seen = (np.array([int(line[column]) for line in lines]) for column in (1, 2))
        return Vocabulary([line[0] for line in lines], counts, seen, tokens)

    def held_out(self) -> list[str]:
        """Return the texts that were held out."""
        texts: list[str] = json.loads(self._work.file("held_out").read_bytes())
        return texts

    def equations(self, known: Vocabulary) -> Equations:
        """Count the pairs of words, and return what their vectors are fitted to."""
        file, entries, others = map(self._work.file, ("equations.npz", "entries", "pairs"))
        objective = self._settings.fitted
        if not self._work.noted("pairs"):
            with self.bill.stage("count"):
                part = min(cooccurrence.PART, (self._memory - LEAST) // cooccurrence.BYTES)
                pairs = cooccurrence.count(
                    *(known, self._settings.window, others, objective.every_pair, self._workers),
                    *(part, self.report("count", 1.0)),
                )
                self.bill.pairs = int(pairs.rows.starts[-1])
                system = equations.write(pairs, known, objective, entries, self._workers)
                others.unlink()
            left_out, values = system.held_out
            np.savez(file, starts=system.rows.starts, weight=system.weight, words=left_out, values=values)
            self._note("pairs")
            known.tokens.unlink()
            return system
        with np.load(file, allow_pickle=False) as told:
            rows, held_out = Rows(entries, told["starts"], 3), (told["words"], told["values"])
            return Equations(rows, held_out, float(told["weight"]), *equations.of_words(known), objective)

    def fit(self, known: Vocabulary, system: Equations) -> NDArray[np.float32]:
        """Return the vectors after the last pass."""
        settings, file = self._settings, self._work.file("fit.npz")
        report = self.report("fit", float(settings.passes))
        with self.bill.stage("fit"), ThreadPoolExecutor(self._workers) as pool:
            start = starting.start(self._base, known.words, system.objective) if self._base else None
            fit = self._fit_so_far() or factorisation.begin(
                len(system.norms), settings.dimensions, settings.seed, start
            )
            while len(fit.loss) < settings.passes and not fit.settled(settings.tolerance):
                fit = factorisation.improve(fit, system, settings.seed, pool, report, start)
                part = file.with_suffix(".part")
                with open(part, "wb") as stream:
                    np.savez(stream, **fit._asdict())
                os.replace(part, file)
            report(settings.passes)
        self.bill.loss, self.bill.held_out = fit.loss, fit.held_out
        vectors = fit.ahead()
        self.bill.properties = properties.measure(vectors, system)
        return vectors

    def _fit_so_far(self) -> Fit | None:
        try:
            with np.load(self._work.file("fit.npz"), allow_pickle=False) as told:
                return Fit(told["table"], told["before"], told["loss"].tolist(), told["held_out"].tolist())
        except FileNotFoundError:
            return None

    def _check_room(self, count: int) -> None:
        dimensions = self._settings.dimensions
        tables = TABLES + (BASE_TABLES if self._base else 0)
        if LEAST + tables * 4 * count * dimensions > self._memory:
            raise VocabularyTooLarge(dimensions=dimensions, words=count, memory=self._memory // 10**6)

    def _note(self, stage: str) -> None:
        self._work.note("bill", self.bill.as_dict())
        self._work.note(stage, True)
