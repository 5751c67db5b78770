"""One node of Elasticsearch as a process, and several of them as a cluster."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Self

from . import leash
from .answers import ask
from .home import Home

#: Seconds in which a node must answer, on a busy machine.
DEADLINE = 120
#: Below the ports that systems give to outgoing connections: a node finds its port free again after a restart.
PORTS = range(20_000, 32_000)


class Node:
    """A node with data of its own, which survive the process; leaving its context kills it."""

    def __init__(
        self,
        home: Home,
        folder: Path,
        *settings: str,
        name: str = "node-0",
        heap: str = "256m",
        full_jit: bool = False,
        options: Iterable[str] = (),
    ) -> None:
        """Take settings as `name=value`, which hold against those that nodes have here, and options of Java."""
        self.folder, self.name = folder, name
        self.log = folder / "log"
        self.port, self._transport_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self._home, self._settings = home, settings
        self._how = {"heap": heap, "full_jit": full_jit, "options": tuple(options)}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int | None:
        """Return the process, None where the node is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, *, wait: bool = True) -> Self:
        """Start the process on the data that are there; return when it serves them."""
        assert not self.pid, f"{self.name} is running"
        scratch = self.folder / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        command = self._home.command(self._all_settings(), scratch, **self._how)
        self._process = leash.start(command, self.log)
        if wait:
            try:
                self.wait()
            except BaseException:
                self.kill()
                raise
        return self

    def wait(self, nodes: int = 1) -> None:
        """Wait until the node answers, has found so many nodes, and has opened its data."""
        assert self._process
        question = f"/_cluster/health?wait_for_nodes=>={nodes}&wait_for_status=yellow&timeout=1s"
        wait_for_answer(self.url + question, self._process, self.log)

    def clear(self) -> None:
        """Delete all indices."""
        listed = ask(f"{self.url}/_cat/indices?format=json&expand_wildcards=all").json
        if names := [row["index"] for row in listed]:
            assert ask(f"{self.url}/{','.join(names)}", method="DELETE").status == 200

    def kill(self) -> None:
        """End the process as kill -9 does."""
        if self._process:
            leash.kill(self._process)

    def stop(self) -> None:
        """End the process in good order."""
        if self._process:
            self._process.terminate()
            self._process.wait(DEADLINE)

    def restart(self) -> Self:
        """End the process in good order and start it again, on the same data and port."""
        self.stop()
        return self.start()

    def pause(self) -> None:
        """Let the process hang: it keeps its connections and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def _all_settings(self) -> list[str]:
        own: dict[str, object] = {
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": self._transport_port,
            "node.name": self.name,
            "path.data": self.folder / "data",
            "path.logs": self.folder,
            # A machine whose disk is nearly full should not fail tests that are about something else.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            # Nor should it look at its disk by itself, which would lift the block that tests set.
            "cluster.info.update.interval": "1h",
        }
        given = dict(setting.split("=", 1) for setting in self._settings)
        if "discovery.seed_hosts" not in given:
            own["discovery.type"] = "single-node"
        return [f"{name}={value}" for name, value in {**own, **given}.items()]


@contextlib.contextmanager
def cluster(home: Home, folder: Path, *settings: str, count: int = 3, heap: str = "256m") -> Iterator[list[Node]]:
    """Start nodes that form one cluster; kill them at the end."""
    names = [f"node-{number}" for number in range(count)]
    ports = free_ports(count)
    together = (
        f"cluster.initial_master_nodes={','.join(names)}",
        f"discovery.seed_hosts={','.join(f'127.0.0.1:{port}' for port in ports)}",
    )
    with contextlib.ExitStack() as stack:
        nodes = [
            Node(home, folder / name, f"transport.port={port}", *together, *settings, name=name, heap=heap)
            for name, port in zip(names, ports, strict=True)
        ]
        for node in nodes:
            stack.callback(node.kill)
            node.start(wait=False)
        for node in nodes:
            node.wait(count)
        yield nodes


def free_ports(count: int) -> list[int]:
    """Return different ports that nothing listens to."""
    ports: set[int] = set()
    while len(ports) < count:
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port := random.SystemRandom().choice(PORTS)))
            ports.add(port)
    return sorted(ports)


def wait_for_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a process answers 200 at an address; raise with the end of its log where it does not."""
    limit = time.monotonic() + DEADLINE
    while time.monotonic() < limit and process.poll() is None:
        with contextlib.suppress(OSError, HTTPException):
            if ask(url, timeout=10).status == 200:
                return
        time.sleep(0.05)
    what = "does not answer" if process.poll() is None else f"ended with {process.returncode}"
    raise RuntimeError(f"{url} {what}:\n" + "\n".join(log.read_text("utf-8", "replace").splitlines()[-20:]))
