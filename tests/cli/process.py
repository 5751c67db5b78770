"""`simsearch` as a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from . import forks

#: Python that is the command.
COMMAND = "import runpy; runpy.run_module('simsearch', run_name='__main__', alter_sys=True)"
#: Seconds after which a process hangs, on a busy machine.
DEADLINE = 300


class Done(NamedTuple):
    """What a process left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        """Return stdout as JSON lines; every line must be one, and strict JSON."""
        return [json.loads(line, parse_constant=_refuse) for line in self.out.split("\n") if line]

    @property
    def row(self) -> Any:
        """Return the only line of JSON."""
        (row,) = self.rows
        return row


class Simsearch:
    """Runs commands in a folder that is also their home, on an index file in it."""

    def __init__(self, folder: Path, **environment: str | None) -> None:
        """Take environment variables; None removes one."""
        self.folder = folder
        self.index = folder / "index.db"
        given = {
            **os.environ,
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            "SIMSEARCH_INDEX": f"sqlite:///{self.index}",
            "COLUMNS": "200",
            **environment,
        }
        self.environment = {name: value for name, value in given.items() if value is not None}

    def __call__(
        self,
        *arguments: str | Path,
        given: str | bytes = b"",
        first: str = "",
        fresh: bool = False,
        stdout: Any = None,
    ) -> Done:
        """Run a command with `given` on its standard input.

        `first` is Python that runs before it; where it is about what is imported, the process must be `fresh`.
        """
        data = given.encode() if isinstance(given, str) else given
        with self.start(*arguments, first=first, fresh=fresh, stdout=stdout) as process:
            try:
                out, err = process.communicate(data, timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Done(process.returncode, (out or b"").decode(), err.decode())

    def ok(self, *arguments: str | Path, given: str | bytes = b"") -> Done:
        """Run a command that must succeed."""
        done = self(*arguments, given=given)
        assert done.code == 0, done.err
        return done

    def start(
        self, *arguments: str | Path, first: str = "", fresh: bool = False, stdout: IO[Any] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a command and return at once; where `stdout` is a file, it is written there."""
        return self.script(f"{first}\n{COMMAND}", *arguments, fresh=fresh, stdout=stdout)

    def script(
        self,
        code: str,
        *arguments: str | Path,
        fresh: bool = False,
        stdout: IO[Any] | None = None,
        imported: Sequence[str] = forks.COMMANDS,
    ) -> subprocess.Popen[bytes]:
        """Start Python on some code and return at once; it may find some modules `imported`."""
        given = [*map(str, arguments)]
        if not fresh and forks.can_run(self.environment):
            script = forks.Script(code, given, self.folder, self.environment, stdout, imported)
            return cast("subprocess.Popen[bytes]", script)
        return subprocess.Popen(
            [sys.executable, "-c", code, *given],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=stdout or subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Write a `.jsonl`."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
