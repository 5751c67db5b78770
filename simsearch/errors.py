"""The root of all errors: the docstring is the message, the data are attributes."""

from __future__ import annotations

import inspect
from typing import Any


class SimsearchError(Exception):
    """Something went wrong."""

    def __init__(self, **data: Any) -> None:
        self.data = data
        self.__dict__.update(data)
        super().__init__(" ".join(inspect.cleandoc(self.__doc__ or "").split()).format(**data))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.data)


def _restore(kind: type[SimsearchError], data: dict[str, Any]) -> SimsearchError:
    return kind(**data)
