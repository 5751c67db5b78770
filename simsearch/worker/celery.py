"""The Celery application: `celery -A simsearch.worker worker` is `simsearch worker`.

It serves the index of SIMSEARCH_INDEX with the broker of SIMSEARCH_BROKER.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.backends.base import DisabledBackend
from celery.loaders.app import AppLoader
from kombu.connection import Connection
from kombu.transport import redis

from simsearch.worker import broker, queue
from simsearch.worker.settings import settings

TASK = "simsearch.store"


def _configuration() -> dict[str, Any]:
    return settings(broker.address(), queue.prefix(queue.name_of(queue.index_address())))


class OwnQoS(redis.QoS):
    """What a worker has in hand, and nothing that it could not give back because Redis had gone.

    Kombu would keep that for ever: a worker with full hands reads no more, so it never meets the loss of its
    connection. The message comes back when its time is over, as that of a worker that was killed does.
    """

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message."""
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        finally:
            self._quick_ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give a message back."""
        try:
            super().reject(delivery_tag, requeue)  # type: ignore[no-untyped-call]
        finally:
            self._quick_ack(delivery_tag)


class OwnChannel(redis.Channel):
    """A channel with what is in hand."""

    QoS = OwnQoS


class OwnTransport(redis.Transport):
    """Kombu's way to Redis, over our channels."""

    Channel = OwnChannel


class OwnConnection(Connection):
    """A connection that can be closed when Redis has gone, and is used again when it has come back."""

    def get_transport_cls(self) -> type[OwnTransport]:
        """Return the way to Redis, which is the only broker, with TLS or without."""
        return OwnTransport

    def maybe_close_channel(self, channel: Any) -> None:
        """Close a channel, at the second try if need be.

        The first one ends at the read that is under way, and the channel stays open. Kombu comes back to it when the
        connection has forgotten its address, and that error would end the worker.
        """
        for _ in range(2):
            super().maybe_close_channel(channel)  # type: ignore[no-untyped-call]


class OwnAMQP(AMQP):  # type: ignore[misc]
    """Celery's way to messages, over our connections."""

    Connection = OwnConnection


class OwnLoader(AppLoader):  # type: ignore[misc]
    """Celery's way to settings, by which nobody else's come in."""

    def read_configuration(self, env: str = "") -> dict[str, Any]:
        """Return no settings: what CELERY_CONFIG_MODULE names is another application's."""
        return {}


class OwnCelery(Celery):  # type: ignore[misc]
    """Celery by our settings alone: CELERY_BROKER_URL and its like, which go before them, are somebody else's."""

    amqp_cls = OwnAMQP

    @cached_property
    def backend(self) -> Any:
        """Where results are kept: nowhere, as nobody waits for them."""
        return DisabledBackend(app=self)

    def connection_for_read(self, url: str | None = None, **how: Any) -> Any:
        """Return a connection to our broker."""
        return super().connection_for_read(url or self.conf["broker_url"], **how)

    def connection_for_write(self, url: str | None = None, **how: Any) -> Any:
        """Return a connection to our broker."""
        return super().connection_for_write(url or self.conf["broker_url"], **how)


def application(url: str, name: str) -> Celery:
    """Return an application that sends to a queue."""
    made = OwnCelery("simsearch", loader=OwnLoader, set_as_current=False)
    made.config_from_object(settings(url, queue.prefix(name)))
    return made


# Not the current application: a program that enqueues may have one of its own.
app = OwnCelery("simsearch", loader=OwnLoader, set_as_current=False, include=["simsearch.worker.tasks"])
app.add_defaults(_configuration)
