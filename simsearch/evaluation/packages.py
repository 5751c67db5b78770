"""Packages that nothing but an evaluation needs: the extra `evaluation`."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from simsearch.errors import SimsearchError


class PackageMissing(SimsearchError):
    """The package {package} is not installed: pip install 'simsearch[evaluation]'."""

    package: str


def load(module: str) -> Any:
    """Import a module; what it warns of in its own code is kept from the user.

    Raises `PackageMissing`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise PackageMissing(package=error.name or module) from error
