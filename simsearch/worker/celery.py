"""The Celery application: `celery -A simsearch.worker worker` is `simsearch worker`.

It serves the index of SIMSEARCH_INDEX with the broker of SIMSEARCH_BROKER.
"""

from __future__ import annotations

from typing import Any

from celery import Celery

from simsearch.worker import broker, queue
from simsearch.worker.settings import settings

TASK = "simsearch.store"


def _configuration() -> dict[str, Any]:
    return settings(broker.address(), queue.prefix(queue.name_of(queue.index_address())))


def application(url: str, name: str) -> Celery:
    """Return an application that sends to a queue."""
    made = Celery("simsearch", set_as_current=False)
    made.config_from_object(settings(url, queue.prefix(name)))
    return made


# Not the current application: a program that enqueues may have one of its own.
app = Celery("simsearch", set_as_current=False, include=["simsearch.worker.tasks"])
app.add_defaults(_configuration)
