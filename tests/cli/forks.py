"""Commands as processes that begin at once: forked from one that has imported everything, and then like any other.

Imports are most of what a short command costs, and tests run thousands of them.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

#: What commands share, and what reads no environment as it is imported.
IMPORTED = (
    "simsearch.cli",
    "simsearch.indexer.elasticsearch",
    "simsearch.indexer.sqlite",
    "typer.rich_utils",
    "rich.markdown",
)
#: Beginnings of variables that Python reads as it starts.
EARLY = ("PYTHON", "LANG", "LC_", "OPENBLAS")

_starting = threading.Lock()
_server: socket.socket | None = None


def can_run(environment: Mapping[str, str]) -> bool:
    """Tell whether this system forks, and an environment differs from ours only in what is read late."""
    return hasattr(os, "fork") and _early(environment) == _early(os.environ)


def run(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    first: str,
    given: bytes,
    stdout: IO[Any] | None,
    deadline: float,
) -> tuple[int, bytes, bytes]:
    """Run a command to its end; return its exit code, stdout and stderr, as `subprocess` does.

    `first` is Python that runs before it. Where `stdout` is a file, it is written there. Raises
    `subprocess.TimeoutExpired`, once the command is killed.
    """
    asked = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment), "first": first}
    with ExitStack() as stack:
        answer, theirs = (stack.enter_context(end) for end in socket.socketpair())
        question = stack.enter_context(tempfile.TemporaryFile())
        question.write(json.dumps(asked).encode())
        question.flush()
        (input_, feeding), (out, output), (err, errors) = os.pipe(), os.pipe(), os.pipe()
        descriptors = [question.fileno(), theirs.fileno(), input_, stdout.fileno() if stdout else output, errors]
        socket.send_fds(_connection(), [b"."], descriptors)
        theirs.close()
        for descriptor in (input_, output, errors):
            os.close(descriptor)
        pool = stack.enter_context(ThreadPoolExecutor(3))
        pool.submit(_feed, feeding, given)
        said = [pool.submit(_read, descriptor) for descriptor in (out, err)]
        answer.settimeout(deadline)
        told = stack.enter_context(answer.makefile())
        process = int(told.readline())
        try:
            code = int(told.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(arguments), deadline) from None
        return code, said[0].result(), said[1].result()


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(EARLY)}


def _feed(descriptor: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(descriptor, "wb") as stream:
        stream.write(data)


def _read(descriptor: int) -> bytes:
    with open(descriptor, "rb") as stream:
        return stream.read()


def _connection() -> socket.socket:
    """Return the connection to the server, which ends with it."""
    global _server
    with _starting:
        if _server is None:
            _server, theirs = socket.socketpair()
            with theirs:
                process = subprocess.Popen([sys.executable, __file__], stdin=theirs, stdout=subprocess.DEVNULL)
            atexit.register(process.wait)
            atexit.register(_server.close)
        return _server


def _serve() -> None:
    """Fork for each that asks on standard input, and return where a command is to run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait for commands
    connection = socket.socket(fileno=os.dup(0))
    while True:
        said, descriptors, *_ = socket.recv_fds(connection, 1, 5)  # one request, as each is one byte
        if not said:
            os._exit(0)
        if not os.fork():
            connection.close()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            question, answer, *streams = descriptors
            if not (process := os.fork()):
                os.close(answer)
                return _become(question, streams)
            for descriptor in (question, *streams):
                os.close(descriptor)
            os.write(answer, f"{process}\n".encode())
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            os.write(answer, f"{code}\n".encode())
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def _become(question: int, streams: Sequence[int]) -> None:
    """Make this process what it would be if it had just been started."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.lseek(question, 0, os.SEEK_SET)
    asked = json.loads(_read(question))
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[0] = asked["folder"]
    sys.argv[1:] = asked["arguments"]
    exec(asked["first"], {"__name__": "first"})


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    _serve()
    runpy.run_module("simsearch", run_name="__main__", alter_sys=True)
