"""The same work through a queue: producers, workers, and what can be seen of them."""

from simsearch.worker.producer import enqueue, enqueue_delete

__all__ = ["enqueue", "enqueue_delete"]


def __getattr__(name: str) -> object:
    if name == "app":  # for `celery -A simsearch.worker worker`; producers do not wait for its import
        from simsearch.worker.celery import app

        return app
    raise AttributeError(name)
