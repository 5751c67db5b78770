"""Python as processes that begin at once: forked from one that has imported everything.

Imports are most of what a short command costs, and tests run thousands of them.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Self

#: What commands share, and what reads no environment as it is imported.
COMMANDS = (
    "simsearch.cli",
    "simsearch.indexer.elasticsearch",
    "simsearch.indexer.sqlite",
    "simsearch.trainer",
    "typer.rich_utils",
    "rich.markdown",
)
#: What workers share; a command that has imported it would take its time to end.
WORKERS = (
    *COMMANDS,
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.worker.strategy",
    "kombu.transport.redis",
)
#: Beginnings of variables that Python reads as it starts.
EARLY = ("PYTHON", "LANG", "LC_", "OPENBLAS")
#: prctl(2): the signal that a process gets when its parent ends.
PR_SET_PDEATHSIG = 1
#: Bytes of each number that the server tells.
TOLD = 16

_starting = threading.Lock()
#: The connections to servers, by what they have imported.
_servers: dict[Sequence[str], socket.socket] = {}


def can_run(environment: Mapping[str, str]) -> bool:
    """Tell whether this system forks, and an environment differs from ours only in what is read late."""
    return hasattr(os, "fork") and _early(environment) == _early(os.environ)


class Script:
    """Python that has begun; it is used as a `subprocess.Popen` with pipes is."""

    def __init__(
        self,
        code: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        stdout: IO[Any] | None = None,
        imported: Sequence[str] = COMMANDS,
    ) -> None:
        """Begin it, with modules imported; where `stdout` is a file, it is written there."""
        asked = {"code": code, "arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        self.args = list(arguments)
        self.returncode: int | None = None
        self._said: list[Future[bytes]] = []
        self._answer, theirs = socket.socketpair()
        (input_, feeding), (out, output), (err, errors) = os.pipe(), os.pipe(), os.pipe()
        with theirs, tempfile.TemporaryFile() as question:
            question.write(json.dumps(asked).encode())
            question.flush()
            descriptors = [question.fileno(), theirs.fileno(), input_, stdout.fileno() if stdout else output, errors]
            socket.send_fds(_connection(imported), [b"."], descriptors)
        for descriptor in (input_, output, errors):
            os.close(descriptor)
        self.stdin: IO[bytes] | None = os.fdopen(feeding, "wb")
        self.stdout, self.stderr = os.fdopen(out, "rb"), os.fdopen(err, "rb")
        self.pid = self._told()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, problem: type[BaseException] | None, *_: object) -> None:
        if problem:  # which is what to tell, not what it still waits for
            self.kill()
        self.stdout.close()
        self.stderr.close()
        if self.stdin:
            with suppress(BrokenPipeError):
                self.stdin.close()
        self.wait()
        self._answer.close()

    def poll(self) -> int | None:
        """Return the exit code, None before the end."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return the exit code; raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._answer], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._told()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to it, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as kill -9 does."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, data: bytes = b"", timeout: float | None = None) -> tuple[bytes, bytes]:
        """Give it its input, and return what it has said at its end; raises `subprocess.TimeoutExpired`."""
        if not self._said:
            pool = ThreadPoolExecutor(3)
            if self.stdin:
                pool.submit(_feed, self.stdin, data)
            self._said = [pool.submit(stream.read) for stream in (self.stdout, self.stderr)]
            pool.shutdown(wait=False)
        if futures.wait(self._said, timeout).not_done:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        out, err = (said.result() for said in self._said)
        self.wait(timeout)
        return out, err

    def _told(self) -> int:
        """Return the next number that the server tells: the process, and then its exit code."""
        return int(self._answer.recv(TOLD, socket.MSG_WAITALL))


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(EARLY)}


def _feed(stream: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError), stream:
        stream.write(data)


def _connection(imported: Sequence[str]) -> socket.socket:
    """Return the connection to a server, which ends with it."""
    with _starting:
        if imported not in _servers:
            ours, theirs = socket.socketpair()
            with theirs:
                server = subprocess.Popen(
                    [sys.executable, __file__, *imported], stdin=theirs, stdout=subprocess.DEVNULL
                )
            atexit.register(server.wait)
            atexit.register(ours.close)
            _servers[imported] = ours
        return _servers[imported]


def _serve() -> str:
    """Fork for each that asks on standard input, and return there the code that is to run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait for commands
    connection = socket.socket(fileno=os.dup(0))
    while True:
        said, descriptors, *_ = socket.recv_fds(connection, 1, 5)  # one request, as each is one byte
        if not said:
            os._exit(0)
        if not os.fork():
            connection.close()
            _end_with_parent()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            question, answer, *streams = descriptors
            if not (process := os.fork()):
                os.close(answer)
                _end_with_parent()
                return _become(question, streams)
            for descriptor in (question, *streams):
                os.close(descriptor)
            os.write(answer, b"%*d" % (TOLD, process))
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            os.write(answer, b"%*d" % (TOLD, code))
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def _end_with_parent() -> None:
    """Let this process be killed when its parent ends, and so all when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(question: int, streams: Sequence[int]) -> str:
    """Make this process what it would be if it had just been started, and return its code."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.lseek(question, 0, os.SEEK_SET)
    with open(question, "rb") as stream:
        asked = json.load(stream)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[0] = asked["folder"]
    sys.argv[1:] = asked["arguments"]
    return str(asked["code"])


if __name__ == "__main__":
    for name in sys.argv[1:]:
        import_module(name)
    gc.freeze()  # what is shared need not be searched, and copied for it
    exec(_serve(), {"__name__": "__main__"})
