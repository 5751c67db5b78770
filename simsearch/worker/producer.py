"""Handing documents to the queue, for applications and for `simsearch index --queue`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from simsearch.corpus.document import Document
from simsearch.errors import SimsearchError
from simsearch.patience import Patience, Waiting
from simsearch.worker import message
from simsearch.worker.broker import BrokerAway, address, check, check_room, shown, told
from simsearch.worker.message import Message
from simsearch.worker.queue import WAITING, Queue, index_address

if TYPE_CHECKING:
    from celery import Celery

#: Messages that may wait; producers wait for workers from there on.
MOST_WAITING = 500
#: Seconds that an application waits for Redis, or for room in the queue.
PATIENCE = 10.0


class QueueFull(SimsearchError):
    """The queue for {index} is full ({reason}): start more workers, or enqueue again later."""

    index: str
    reason: str


def enqueue(
    documents: Iterable[Document | Mapping[str, Any]],
    index: str | None = None,
    *,
    broker: str | None = None,
    model: str = "",
    patience: float = PATIENCE,
) -> int:
    """Hand documents to the workers of an index, and return how many; the newest reading of each wins.

    A document is a `Document`, or a dict with `id`, `text` and, if need be, `title`, `metadata` and `source`. The
    index is that of `SIMSEARCH_INDEX` and the broker that of `SIMSEARCH_BROKER`, unless they are given. Workers
    refuse documents for another `model` than the index's, if one is given. Redis, and room in the queue, are waited
    for as many seconds as `patience` says.

    Raises `DocumentUnclear`, `DocumentTooLarge` (what comes before is queued), `QueueFull`, and what
    `simsearch.worker.broker` raises.
    """
    read = map(message.document, documents)
    batches = enqueue_batches(read, index, broker=broker, model=model, patience=_patience(patience))
    return sum(map(len, batches))


def enqueue_batches(
    documents: Iterable[Document],
    index: str | None = None,
    *,
    broker: str | None = None,
    model: str = "",
    patience: Patience | None = None,
    opening: Patience | None = None,
    large: list[Document] | None = None,
    again: bool = False,
    most: int | None = None,
) -> Iterator[list[Document]]:
    """Hand over documents batch by batch, yielding each batch once Redis has it.

    Documents that are too large for a message are appended to `large`, if that is given; `opening` is the patience
    with a Redis that has not answered yet; `again` says that they were dead letters. A batch holds at most `most`
    documents, if that is given.
    """
    sender = _Sender(index, broker, patience or _patience(PATIENCE), opening)
    for batch in message.batches(documents, large, most):
        sender.send(Message(sender.queue.name, model, batch, again=again))
        yield batch


def enqueue_delete(
    ids: Iterable[str],
    index: str | None = None,
    *,
    broker: str | None = None,
    patience: float = PATIENCE,
    sequence: int | None = None,
) -> int:
    """Have documents deleted by the workers of an index, and return how many; later readings bring them back.

    `sequence` is the time in ns at which they were found to be gone; now, if it is not given.

    Raises `QueueFull`, and what `simsearch.worker.broker` raises.
    """
    sender = _Sender(index, broker, _patience(patience))
    when, names, count = sequence or time.time_ns(), iter(ids), 0
    while some := list(islice(names, message.MOST_IDS)):
        sender.send(Message(sender.queue.name, deleted=some, sequence=when))
        count += len(some)
    return count


def _patience(seconds: float) -> Patience:
    return Patience(seconds, seconds)


class _Sender:
    """Sends messages to one queue, and waits for Redis and for room."""

    def __init__(self, index: str | None, url: str | None, patience: Patience, opening: Patience | None = None) -> None:
        self.queue = Queue(address(url), index_address(index))
        self._patience, self._opening = patience, opening or patience
        self._checked = False

    def send(self, what: Message) -> None:
        if not self._checked:
            self._insist(lambda: check(self.queue.redis, self.queue.url), self._opening)
            self._checked = True
        self._wait_for_room()
        task, payload = str(uuid.uuid4()), message.write(what)  # the same in every try
        self._insist(lambda: send(self.queue, task, payload), self._patience)

    def _wait_for_room(self) -> None:
        self._insist(lambda: check_room(self.queue.redis, self.queue.url), self._patience)
        waiting = Waiting(f"the workers of {self.queue.name}", self._patience)
        while (length := self._insist(self.queue.length, self._patience)) >= MOST_WAITING:
            waiting.wait(QueueFull(index=self.queue.name, reason=f"{length:,} messages wait"))

    def _insist(self, ask: Callable[[], Any], patience: Patience) -> Any:
        waiting = Waiting(f"Redis at {shown(self.queue.url)}", patience)
        while True:
            try:
                return ask()
            except BrokerAway as error:
                waiting.wait(error)


def send(queue: Queue, task: str, payload: str) -> None:
    """Send one message, whose id is `task`.

    Raises what `simsearch.worker.broker.told` raises.
    """
    queue.put(task, payload)
    announce(queue, task)


def announce(queue: Queue, task: str) -> None:
    """Tell workers of a message by Celery. What it says is kept apart: no crash between two of Celery's steps loses it.

    Raises what `simsearch.worker.broker.told` raises.
    """
    from simsearch.worker.celery import TASK

    app = _application(queue.url, queue.name)
    with told(queue.url):
        app.send_task(TASK, task_id=task, queue=WAITING, retry=False, add_to_parent=False)  # trying again is ours


@lru_cache(maxsize=16)
def _application(url: str, name: str) -> Celery:
    from simsearch.worker.celery import application

    return application(url, name)
