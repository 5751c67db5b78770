"""What a worker does with a message: count the try, store, delete, and give up on what kills or fails."""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import NamedTuple

from simsearch.corpus.document import Document
from simsearch.errors import SimsearchError
from simsearch.indexer import Index, clocks, indexing, open_index
from simsearch.indexer.engine import Failed, Outcome
from simsearch.indexer.enrichment import clean, storable_id
from simsearch.model import Model
from simsearch.worker import message, producer
from simsearch.worker.message import Message, MessageUnclear
from simsearch.worker.queue import Queue

log = logging.getLogger("simsearch.worker")

#: Tries of a message, and of a single document, before it is divided, and given up.
MOST_TRIES = 3
#: Times that a message is put back, as a server was away, after which it is divided: one document may be why.
MOST_WAITS = 20


class ForAnotherIndex(SimsearchError):
    """The message is for the index {found}, and this worker serves {name}: drop it by `simsearch retry --drop`, and hand its documents over again."""  # noqa: E501

    found: str
    name: str


class ForAnotherModel(SimsearchError):
    """The message is for model {wanted}, and the index {index} has model {model}: enqueue it again for that one."""

    wanted: str
    index: str
    model: str


class Done(NamedTuple):
    """What became of a message, in documents."""

    stored: int = 0
    failed: int = 0
    again: bool = False  #: whether dead letters were tried again


def handle(queue: Queue, url: str, task: str) -> Done:
    """Do what a message says; afterwards it may be acknowledged.

    A message that failed thrice, or was put back ever so often, is divided, so that one document keeps no other from
    being stored; the document that kills or fails each time becomes a dead letter. So does what no worker understands,
    as a whole: its payload stays in Redis, set aside.

    Raises whatever keeps the work from being done now: the message is then to be put back.
    """
    payload = queue.payload(task)
    if payload is None:  # done already
        queue.done(task)
        return Done()
    tries, waits, reason = queue.try_again(task)
    try:
        work = message.read(payload)
        if work.queue != queue.name:
            raise ForAnotherIndex(found=work.queue, name=queue.name)
    except (MessageUnclear, ForAnotherIndex) as error:
        return _set_aside(queue, url, task, str(error), tries)
    several = len(work.documents) > 1
    failed = tries > (1 if work.suspect and several else MOST_TRIES)
    if several and (failed or waits > MOST_WAITS):
        done = _divide(queue, task, work._replace(suspect=failed), reason)
    elif not failed:
        done = _do(url, work)
    elif work.documents:
        done = _give_up(url, work.documents[0], tries - 1, reason)
    else:
        return _set_aside(queue, url, task, reason, tries - 1)
    queue.done(task)
    return done


def _do(url: str, work: Message) -> Done:
    # Opened anew for each message: the index may have been replaced, and the model with it.
    with _open(url) as index:
        if work.model and work.model != index.engine.model:
            error = ForAnotherModel(wanted=work.model, index=index.engine.url, model=index.engine.model)
            index.engine.bury([Failed(document, str(error)) for document in work.documents])
            return Done(failed=len(work.documents))
        outcomes: list[Outcome] = []
        if work.deleted:
            outcomes += index.engine.delete(map(storable_id, work.deleted), work.sequence)
        batch = list(map(clean, indexing.within_limits(index.engine, work.documents, outcomes)))
        if batch:
            outcomes += indexing.add(index.engine, index.model, batch)
        if late := clocks.first_late(outcomes):
            log.info("Older: %s.", clocks.remark(index.engine, late))
        statuses = [outcome.status for outcome in outcomes]
        return Done(statuses.count("stored"), statuses.count("failed"), work.again)


def tidy(url: str) -> None:
    """Remove dead letters of what was stored since, where the engine does not do it by itself."""
    with _open(url) as index:
        index.engine.settle_dead_letters()


def _divide(queue: Queue, task: str, work: Message, reason: str) -> Done:
    half = len(work.documents) // 2
    for number, part in enumerate((work.documents[:half], work.documents[half:])):
        # A name of its own for each half: a worker that dies here does this again.
        producer.send(queue, f"{task}.{number}", message.write(work._replace(documents=part)))
    log.warning("Divided a message of %d documents that could not be stored (%s).", len(work.documents), reason)
    return Done()


def _give_up(url: str, document: Document, tries: int, reason: str) -> Done:
    with _open(url) as index:
        index.engine.bury([Failed(document, reason, tries)])
    log.error("Gave up on %s after %d tries (%s): see `simsearch retry --list`.", document.id, tries, reason)
    return Done(failed=1)


def _set_aside(queue: Queue, url: str, task: str, reason: str, tries: int) -> Done:
    """Give a message up as a whole; `simsearch retry` may let workers try it again."""
    name = message.LETTER + task
    with _open(url) as index:
        index.engine.bury([Failed(Document(name, "", sequence=time.time_ns()), reason, tries, again=False)])
    queue.set_aside(task)
    log.error("Gave up on %s (%s): see `simsearch retry --list`.", name, reason)
    return Done(failed=1)


def _open(url: str) -> Index:
    index = open_index(url, create=False)
    return Index(index.engine, model(index.engine.model))


@lru_cache(maxsize=2)
def model(name: str) -> Model:
    """Return a model, loaded once a process."""
    return Model.of_index(name)
