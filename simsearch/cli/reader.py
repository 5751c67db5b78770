"""An index that a command reads, or gives another model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar

from simsearch.cli.options import open_index

if TYPE_CHECKING:
    from simsearch.indexer import Index

T = TypeVar("T")


class Reader:
    """Asks an index; where it got another model meanwhile, it is opened again and asked once more."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._opened: Index = open_index(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def ask(self, question: Callable[..., T], *arguments: Any) -> T:
        """Return what a question answers that takes the index and these arguments."""
        from simsearch.indexer.errors import ModelChanged

        try:
            return question(self._opened, *arguments)
        except ModelChanged:
            self._opened.close()
            self._opened = open_index(self._url)
            return question(self._opened, *arguments)
