"""Processes that end with the one that started them, however that one ends; as a program: the leash itself."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

#: prctl(2): the signal that a process gets when its parent ends.
PR_SET_PDEATHSIG = 1

#: To Linux the parent is the thread that started a process, so one thread that outlives all tests starts them all.
_starter = ThreadPoolExecutor(1, "leash")


def start(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start a program in the folder of its log, in a process group of its own."""
    leash = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
    with open(log, "ab") as stream:
        return _starter.submit(
            subprocess.Popen,
            [*leash, *command],
            cwd=log.parent,
            env={**os.environ, **(environment or {})},
            stdin=stdin,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ).result()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program, with what it has started itself, as kill -9 does; stopped ones too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin:
        process.stdin.close()


def _become(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:  # else it ended before this process was on the leash
        os.execvp(command[0], command)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
