"""Settings from `simsearch.toml` in the current folder: flag > environment > this file > default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from simsearch import limits
from simsearch.errors import SimsearchError
from simsearch.limits import LIMITS

FILE = "simsearch.toml"
#: What the file may set, by the name of the option, and of what kind it is.
NAMES: dict[str, type] = {
    "index": str,
    "model": str,
    "broker": str,
    "mode": str,
    "k": int,
    "elasticsearch": dict,
    "limits": dict,
}
#: What its table `elasticsearch` may set, each also by SIMSEARCH_ELASTICSEARCH_...
ACCESS = ("api_key", "user", "password", "ca", "fingerprint")


class SettingsUnreadable(SimsearchError):
    """The file {path} cannot be used ({reason}): mend it, for example: index = "sqlite:///texts.db"."""

    path: str
    reason: str


def read(path: Path | None = None) -> dict[str, Any]:
    """Return the settings in the file; none if there is no file.

    Raises `SettingsUnreadable`.
    """
    path = path or Path(FILE)
    if not path.exists():
        return {}
    import tomllib

    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsUnreadable(path=str(path), reason=str(error)) from error
    strange = sorted(set(found) - set(NAMES))
    if strange:
        reason = f"{strange[0]} is no setting; there are {', '.join(NAMES)}"
        raise SettingsUnreadable(path=str(path), reason=reason)
    for name, value in found.items():
        if type(value) is not NAMES[name]:
            reason = f"{name} is no {({str: 'text', int: 'number'}).get(NAMES[name], 'table')}"
            raise SettingsUnreadable(path=str(path), reason=reason)
    for name, value in found.get("elasticsearch", {}).items():
        if name not in ACCESS or not isinstance(value, str) or "\0" in value:
            reason = f"elasticsearch.{name} is no setting, or no text; there are {', '.join(ACCESS)}"
            raise SettingsUnreadable(path=str(path), reason=reason)
    for name, value in found.get("limits", {}).items():
        if name not in LIMITS or type(value) is not int:
            reason = f"limits.{name} is no limit, or no number; there are {', '.join(LIMITS)}"
            raise SettingsUnreadable(path=str(path), reason=reason)
    return found


def use_limits(given: dict[str, Any]) -> None:
    """Put what the file says of limits where the environment says nothing; workers inherit it."""
    for name, value in given.get("limits", {}).items():
        os.environ.setdefault(limits.variable(name), str(value))


def use_access() -> None:
    """Put what the file says of access to Elasticsearch where the environment says nothing; workers inherit it."""
    for name, value in read().get("elasticsearch", {}).items():
        os.environ.setdefault(variable(name), value)


def variable(name: str) -> str:
    """Return the environment variable of a setting of access."""
    return f"SIMSEARCH_ELASTICSEARCH_{name.upper()}"
