"""Whether another model has taken the place of ours: who works on with ours is told, and never mixes the two."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from simsearch.indexer.elasticsearch import creation
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused
from simsearch.indexer.errors import IndexNotFound, ModelChanged


class _OfAModel(Protocol):
    def tell_changed(self, error: RequestRefused) -> None: ...


E = TypeVar("E", bound=_OfAModel)
P = ParamSpec("P")
T = TypeVar("T")


def changed(connection: Connection, address: Address, model: str) -> ModelChanged | None:
    """Return the error that tells of the model that has taken the place of another one, or None where none has."""
    try:
        found = creation.find(connection, address)
    except IndexNotFound:
        return None
    return ModelChanged(url=address.url, index_model=found.model, model=model) if found.model != model else None


def told(read: Callable[Concatenate[E, P], T]) -> Callable[Concatenate[E, P], T]:
    """Let a method say that another model has taken the place of ours, where the server finds ours no more."""

    @wraps(read)
    def telling(engine: E, /, *arguments: P.args, **named: P.kwargs) -> T:
        try:
            return read(engine, *arguments, **named)
        except RequestRefused as error:
            if error.status == 404:
                engine.tell_changed(error)
            raise

    return telling
