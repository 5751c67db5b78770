"""The processes of a worker, one of which may end as the connection to Redis is lost."""

from __future__ import annotations

from typing import Any

from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool


class OwnAsynPool(AsynPool):  # type: ignore[misc]
    """Celery's processes, watched once."""

    def _track_child_process(self, proc: Any, hub: Any) -> None:
        """Watch a process, unless its end was seen already: the worker would end by an error.

        Celery comes here with every new connection. A process whose end it has seen and that the system has not yet
        told it of stays in its list for seconds, with nothing left to watch; another one is started in its place then.
        """
        if getattr(proc, "_sentinel_poll", proc) is not None:
            super()._track_child_process(proc, hub)


class OwnTaskPool(TaskPool):  # type: ignore[misc]
    """Celery's pool of processes, over ours."""

    Pool = OwnAsynPool
