"""One Elasticsearch for all workers of pytest-xdist, and at the end what they ran on; a plugin of pytest."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest

from . import Unavailable
from .find import Server, running

#: Lines that say which servers the tests ran on.
USED = pytest.StashKey[list[str]]()
_LENT = pytest.StashKey[Server | None]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[USED] = []


def lent(config: pytest.Config) -> Server | None:
    """Return the server that the workers share; None where there are no workers, or none could be started."""
    address = getattr(config, "workerinput", {}).get("elasticsearch")
    return Server(*address) if address else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Lend a server to a worker: it is started before the first of them, and ends with the run, however that ends."""
    stash = node.config.stash
    if _LENT not in stash:
        stack = contextlib.ExitStack()
        node.config.add_cleanup(stack.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="simsearch-")))
        stash[_LENT] = None
        with contextlib.suppress(Unavailable):  # a worker that needs it says so
            stash[_LENT] = stack.enter_context(running(folder))
    if server := stash[_LENT]:
        node.workerinput["elasticsearch"] = tuple(server)


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
