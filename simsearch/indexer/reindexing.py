"""Another model for an index: a new one is built beside the old, catches up with it, and takes its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import NamedTuple

from simsearch.errors import SimsearchError
from simsearch.indexer import canaries
from simsearch.indexer.engine import Outcome, Succession
from simsearch.indexer.errors import NumbersDiffer, SuccessorTaken
from simsearch.indexer.index import Index
from simsearch.model import Model
from simsearch.model.folder import ModelNotFound

#: Documents that may have been written while the new index caught up: the last step, which holds writers up, is short.
LITTLE = 100


class CanariesLost(SimsearchError):
    """Of {asked} documents, asked for by a sentence of their own, the old model finds {before} and the new one only {after}: {url} keeps its model; train on texts like these, or see `simsearch reindex --diff`."""  # noqa: E501

    url: str
    asked: int
    before: int
    after: int


#: Is told of each stage how much is done, and of how much, if that is known.
Progress = Callable[[str, float, float | None], None]


class Reindexing(NamedTuple):
    """An index and its successor."""

    old: Index
    new: Index
    succession: Succession
    refused: set[str]  #: ids of documents that the new index does not take: dead letters


def reindex(old: Index, model: Model, processes: int = 1) -> bool:
    """Give an index another model, without a pause and without losing a write; tell whether there was anything to do.

    Afterwards open the index again: `old` answers no more. A run that was killed is gone on with. A program that
    asks for more than one process needs the usual `if __name__ == "__main__":`. Raises `NumbersDiffer` and
    `CanariesLost` (nothing is changed then), and `ModelChanged` where another process was faster.
    """
    with begin(old, model) as begun:
        if begun is None:
            return False
        for _ in build(begun, processes):
            pass
        swap(begun)
    return True


@contextmanager
def begin(old: Index, model: Model) -> Iterator[Reindexing | None]:
    """Make the new index, or go on with the one that is there; None where the old one has the model already.

    Raises `SuccessorTaken` where another model's index has the new one's name.
    """
    model.install()
    succession = old.engine.succeed(model)
    if succession is None:
        yield None
        return
    new = succession.new
    try:
        if new.model != model.id:
            raise SuccessorTaken(url=new.url, index_model=new.model, model=model.id)
        yield Reindexing(old, Index(new, model, succession.opener), succession, set())
    finally:
        succession.close()


def build(begun: Reindexing, processes: int = 1) -> Iterator[list[Outcome]]:
    """Fill the new index until it lacks little, yielding the outcomes of each batch."""
    before = None
    while not begun.succession.swapped:
        count = 0
        for outcomes in catch_up(begun, processes):
            count += len(outcomes)
            yield outcomes
        if count <= LITTLE or (before is not None and count >= before):
            return
        before = count


def catch_up(begun: Reindexing, processes: int = 1, again: Collection[str] = ()) -> Iterator[list[Outcome]]:
    """Take over what has changed in the old index since the last time, yielding the outcomes of each batch.

    `again` are ids of documents that are taken over once more.
    """
    for outcomes in begun.new.add_batches(begun.succession.changed(again), processes, limited=False):
        for outcome in outcomes:
            (begun.refused.add if outcome.status == "failed" else begun.refused.discard)(outcome.id)
        yield outcomes
    begun.succession.remove_deleted()


def swap(begun: Reindexing, progress: Progress = lambda stage, done, total: None) -> None:
    """Compare the two, and put the new index in the old one's place; `progress` is told of each step.

    Raises `NumbersDiffer`, `CanariesLost`, `ModelChanged`.
    """
    if not begun.succession.swapped:
        check(begun, progress)
        _finish(begun)
    progress("swap", 0, None)
    # Writers to the old index have dropped the dead letters of what that index held.
    begun.succession.swap(lambda: _finish(begun, again=set(begun.refused)))


def check(begun: Reindexing, progress: Progress) -> None:
    """Compare numbers of documents, and how many of some are found by a sentence of their own.

    Raises `NumbersDiffer`, `CanariesLost`.
    """
    progress("settle", 0, None)
    _finish(begun)
    begun.new.engine.settle()
    progress("settle", 1, 1)
    url = begun.old.engine.url
    lost = begun.old.engine.digests(sorted(begun.refused)).values()
    expected = begun.old.info().documents - sum(bool(digest) for digest, _ in lost)
    found = begun.new.info().documents
    if abs(expected - found) > begun.succession.behind():  # what was written since may not be there
        raise NumbersDiffer(url=url, found=found, expected=expected)
    questions = canaries.choose(begun.old) if _knows_model(begun.old) else {}
    answers: list[bool] = []
    for answer in chain.from_iterable(canaries.found(index, questions) for index in (begun.old, begun.new)):
        answers.append(answer)
        progress("compare", len(answers), 2 * len(questions))
    before, after = answers[: len(questions)], answers[len(questions) :]
    if canaries.worse(before, after):
        raise CanariesLost(url=url, asked=len(questions), before=sum(before), after=sum(after))


def _knows_model(index: Index) -> bool:
    """Tell whether an index can answer: another model is the way out where its own is lost."""
    try:
        return bool(index.model)
    except ModelNotFound:
        return False


def _finish(begun: Reindexing, again: Collection[str] = ()) -> None:
    for _ in catch_up(begun, again=again):
        pass
