"""The whole training, stage by stage: segment, count, fit, whiten, characters, save."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from simsearch import interrupts
from simsearch.processes import processors
from simsearch.trainer.bill import Bill
from simsearch.trainer.errors import DimensionsDiffer, StartWithoutPMI
from simsearch.trainer.settings import Settings

if TYPE_CHECKING:
    from simsearch.model import Model

Progress = Callable[[str, float, float | None], None]
#: Bytes that a training takes at most, as far as that depends on the number of texts.
MEMORY = 2_000_000_000


def train(
    texts: Iterable[str],
    folder: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    base: Model | None = None,
    dictionary: Sequence[str] = (),
    processes: int | None = None,
    memory: int = MEMORY,
    resume: bool = False,
    progress: Progress | None = None,
) -> Bill:
    """Train a model on texts, write it to a folder and return the bill.

    Texts are raw; pairs of words never cross a line of a text. `dictionary` holds lines of user
    dictionaries and travels with the model. `processes` segment, and as many threads count and fit: default,
    all processors this process may use; the model does not depend on their number. `progress` is called with
    a stage, how much of it is done, and how much there is (None: not known).

    With a `base` model the training starts from its vectors and holds words to them, the more so the less the texts
    say about them; it ends by comparing the two models on texts held out. `start.default_settings` suit it.

    What a training needs beyond `memory` bytes is kept on disk beside the folder. There it is found again after a
    kill: with `resume` the training goes on, and reads the texts only if it had not read them all.

    Raises a `TrainingError` that says what to do, for instance where the texts are too few.
    """
    # Here, because reading settings and errors should not cost the half second in which numba is loaded.
    with interrupts.held_back():
        from threadpoolctl import threadpool_limits

        from simsearch.model import Model
        from simsearch.model.saving import check_target, save
        from simsearch.trainer import held_out, search_space, workspace
        from simsearch.trainer.stages import Stages
        from simsearch.trainer.threads import give_memory_back

    give_memory_back()
    check_target(folder)
    start = _checked(base, settings) if base else None
    dictionary = [*(base.dictionary if base else ()), *dictionary]
    lines = hashlib.sha256("\n".join(dictionary).encode()).hexdigest()
    # One thread in numpy's products: more would add in another order, and vectors differ in the last digit.
    with (
        threadpool_limits(1, user_api="blas"),
        workspace.opened(folder, {**asdict(settings), "dictionary": lines, "start": start}, resume) as work,
    ):
        stages = Stages(work, settings, base, processes or processors(), memory, progress)
        known = stages.vocabulary(texts, dictionary)
        vectors = stages.fit(known, stages.equations(known))
        names, counts, bill = known.words, known.counts, stages.bill
        with bill.stage("whiten"):
            whitening = search_space.whitening(vectors, counts)
            stages.report("whiten", 1.0)(1.0)
        with bill.stage("characters"):
            learnt = search_space.learn_characters(names, counts, vectors, whitening, stages.report("characters", 1.0))
        with bill.stage("save"):
            origin = {"start": start} if start else {}
            training = {"settings": asdict(settings) | origin, "bill": bill.as_dict()}
            made = search_space.tables(
                *(names, counts, vectors, whitening, learnt), dictionary=dictionary, training=training
            )
            save(folder, made)
            stages.report("save", 1.0)(1.0)
        if base:
            with bill.stage("compare"):
                bill.comparison = held_out.compare(base, Model.load(folder), stages.held_out())
                stages.report("compare", 1.0)(1.0)
    return bill


def _checked(base: Model, settings: Settings) -> str:
    """Return the id of a base model that a training can start from."""
    if not base.is_pmi:
        raise StartWithoutPMI(model=str(base.path))
    if base.dimensions != settings.dimensions:
        raise DimensionsDiffer(model=str(base.path), dimensions=base.dimensions, wanted=settings.dimensions)
    return base.id
