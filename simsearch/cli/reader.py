"""An index that a command reads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

from simsearch.cli.options import open_index

if TYPE_CHECKING:
    from simsearch.indexer import Index

T = TypeVar("T")


class Reader:
    """Asks an index; where it got another model meanwhile, it is opened again and asked once more."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._opened: Index

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, question: Callable[..., T], *arguments: Any) -> T:
        """Return what a question answers that takes the index and these arguments."""
        from simsearch.indexer.errors import ModelChanged

        try:
            return question(self._opened, *arguments)
        except ModelChanged:
            self._open()
            return question(self._opened, *arguments)

    def _open(self) -> None:
        self._opened = self._stack.enter_context(open_index(self._url))
