"""What a worker does with a message: count the try, store, delete, and give up on what kills or fails."""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import NamedTuple

from simsearch.corpus.document import Document
from simsearch.errors import SimsearchError
from simsearch.indexer import Index, indexing, open_index
from simsearch.indexer.engine import Failed
from simsearch.indexer.enrichment import clean, storable_id
from simsearch.model import Model
from simsearch.worker import message, producer
from simsearch.worker.message import Message, MessageUnclear
from simsearch.worker.queue import Queue

log = logging.getLogger("simsearch.worker")

#: Tries of a message, and of a single document, before it is divided, and given up.
MOST_TRIES = 3
#: Characters of an unclear message that are kept.
KEPT = 10_000
#: Seconds after which a process removes dead letters that are settled, where the engine does not do it by itself.
TIDY = 30

_tidied = time.monotonic()


class ForAnotherIndex(SimsearchError):
    """The message is for the index {found}, and this worker serves {name}."""

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


def handle(queue: Queue, url: str, task: str) -> Done:
    """Do what a message says; afterwards it may be acknowledged.

    What no worker understands, and the document that kills or fails each time, become dead letters. A message
    that failed thrice is divided, so that one document keeps no other from being stored.

    Raises whatever keeps the work from being done now: the message is then to be put back.
    """
    payload = queue.payload(task)
    if payload is None:
        return Done()
    tries, reason = queue.try_again(task)
    try:
        work = message.read(payload)
        if work.queue != queue.name:
            raise ForAnotherIndex(found=work.queue, name=queue.name)
    except (MessageUnclear, ForAnotherIndex) as error:
        with _open(url) as index:
            kept = Document(f"message-{task}", payload[:KEPT], sequence=time.time_ns())
            index.engine.bury([Failed(kept, str(error))])
        return Done(failed=1)
    if tries > (1 if work.suspect and len(work.documents) > 1 else MOST_TRIES):
        return _give_up(queue, url, task, work, tries - 1, reason)
    return _do(url, work)


def _do(url: str, work: Message) -> Done:
    # Opened anew for each message: the index may have been replaced, and the model with it.
    with _open(url) as index:
        if work.model and work.model != index.engine.model:
            error = ForAnotherModel(wanted=work.model, index=url, model=index.engine.model)
            index.engine.bury([Failed(document, str(error)) for document in work.documents])
            return Done(failed=len(work.documents))
        if work.deleted:
            index.engine.delete(map(storable_id, work.deleted), work.sequence)
        if not work.documents:
            return Done()
        batch = [clean(document) for document in work.documents]
        statuses = [outcome.status for outcome in indexing.add(index.engine, index.model, batch)]
        _tidy(index, work.again)
        return Done(statuses.count("stored"), statuses.count("failed"))


def _tidy(index: Index, now: bool) -> None:
    global _tidied
    if now or time.monotonic() - _tidied > TIDY:
        index.engine.settle()
        _tidied = time.monotonic()


def _give_up(queue: Queue, url: str, task: str, work: Message, tries: int, reason: str) -> Done:
    """Divide a message whose work was begun too often; a single document becomes a dead letter."""
    if len(work.documents) > 1:
        half = len(work.documents) // 2
        for number, part in enumerate((work.documents[:half], work.documents[half:])):
            # A name of its own for each half: a worker that dies here does this again.
            divided = work._replace(documents=part, suspect=True)
            producer.send(queue, f"{task}.{number}", message.write(divided))
        log.warning("Divided a message of %d documents that was begun %d times (%s).", 2 * half, tries, reason)
        return Done()
    with _open(url) as index:
        index.engine.bury([Failed(document, reason, tries) for document in work.documents])
    for document in work.documents:
        log.error("Gave up on %s after %d tries (%s): simsearch retry --list", document.id, tries, reason)
    return Done(failed=len(work.documents))


def _open(url: str) -> Index:
    index = open_index(url, create=False)
    return Index(index.engine, model(index.engine.model))


@lru_cache(maxsize=2)
def model(name: str) -> Model:
    """Return a model, loaded once a process."""
    return Model.load(name)
