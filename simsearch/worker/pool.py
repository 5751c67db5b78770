"""The processes of a worker, which may be killed at any moment."""

from __future__ import annotations

from typing import Any

from billiard.einfo import ExceptionInfo
from celery.concurrency.asynpool import AsynPool, Worker
from celery.concurrency.prefork import TaskPool


class OwnWorker(Worker):  # type: ignore[misc]
    """A process that says in one piece what became of a message."""

    def prepare_result(self, result: Any) -> Any:
        """Leave out where an error was raised: the worker asks what it is, and that alone.

        With it a result has 35 KB, of which Celery writes the length and the rest apart. A process that is killed
        between the two leaves half a result, and the worker ends by an error as it reads that.
        """
        _, told, _ = result
        if isinstance(told, ExceptionInfo):
            told.tb = None
        return result


class OwnAsynPool(AsynPool):  # type: ignore[misc]
    """Celery's processes, of which one that is killed does not end the worker."""

    Worker = OwnWorker

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
