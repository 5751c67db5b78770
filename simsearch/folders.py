"""Where a user's data are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """Return simsearch's folder among the user's data, as each system has it (on Linux: XDG base directories).

    Seven lines instead of a library whose import would be felt in every query.
    """
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "simsearch"


def default_index() -> str:
    """Return the address of the index that is used where none is named."""
    return f"sqlite:///{data_folder() / 'index.db'}"
