"""One Elasticsearch for all workers of pytest-xdist, and at the end what they ran on; a plugin of pytest."""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from . import Unavailable
from .find import Server, running

#: Lines that say which servers the tests ran on.
USED = pytest.StashKey[list[str]]()
#: The file with what the workers share: null where no server could be started.
_LENT = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[USED] = []


def lent(config: pytest.Config) -> Server | None:
    """Return the server that the workers share, once it answers; None where there are no workers, or no server."""
    if not (place := getattr(config, "workerinput", {}).get("elasticsearch")):
        return None
    while not Path(place).exists():
        time.sleep(0.1)
    found = json.loads(Path(place).read_text("utf-8"))
    return found and Server(*found)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where to find the server; it starts with the first of them, who need not wait for it."""
    if _LENT not in node.config.stash:
        node.config.stash[_LENT] = _lend(node.config)
    node.workerinput["elasticsearch"] = str(node.config.stash[_LENT])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that started this worker what it ran on."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["servers"] = session.config.stash[USED]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Gather what a worker ran on."""
    used = node.config.stash[USED]
    used += [line for line in getattr(node, "workeroutput", {}).get("servers", []) if line not in used]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which servers the tests ran on, where they did."""
    for line in sorted(config.stash[USED]):
        terminalreporter.write_line(line)


def _lend(config: pytest.Config) -> Path:
    """Run a server from now until the end of the run, however that ends; return the file that will name it."""
    folder = tempfile.TemporaryDirectory(prefix="simsearch-")
    place, over = Path(folder.name) / "lent.json", threading.Event()

    def name(server: Server | None) -> None:
        part = place.with_suffix(".part")
        part.write_text(json.dumps(server), "utf-8")
        part.rename(place)

    def lend() -> None:
        try:
            with contextlib.suppress(Unavailable), running(Path(folder.name)) as server:
                name(server)
                over.wait()
        finally:  # a worker that needs a server and is given none tries by itself, and says what is wrong
            if not place.exists():
                name(None)

    thread = threading.Thread(target=lend, daemon=True)
    thread.start()

    def end() -> None:
        over.set()
        thread.join()
        folder.cleanup()

    config.add_cleanup(end)
    return place
