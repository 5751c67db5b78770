"""Packages that only some commands need: the extras."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from simsearch.errors import SimsearchError


class PackageMissing(SimsearchError):
    """The package {package} is not installed: pip install 'simsearch[{extra}]'."""

    package: str
    extra: str


def load(module: str, extra: str) -> Any:
    """Import a module of an extra; what it warns of in its own code is kept from the user.

    Raises `PackageMissing`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise PackageMissing(package=error.name or module, extra=extra) from error
