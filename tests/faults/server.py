"""An index on a server: commands that run on it, and plain HTTP that looks behind them."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

from cli.process import DEADLINE, Done, Simsearch
from servers.answers import ask
from servers.messages import Break, Request, Response, error
from servers.node import Node
from servers.proxy import Fault

from .moments import acknowledged, lines_of, size_of, wait_for

#: Python that runs before a command: batches so small that a few documents make a long run of many processes.
SMALL = "import os; os.environ['SIMSEARCH_MAX_BATCH_DOCUMENTS'] = '100'"
#: What a process says while it waits.
WAITING = "Waiting for Elasticsearch at "


class Remote:
    """An index on a server, under a name of its own."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.name = f"faults-{secrets.token_hex(4)}"

    def commands(self, folder: Path, through: str = "", **environment: str | None) -> Simsearch:
        """Return what runs commands on this index, through a proxy where one is given."""
        return Simsearch(folder, SIMSEARCH_INDEX=f"{through or self.server}/{self.name}", **environment)

    def ask(self, path: str, body: object = None, method: str = "") -> Any:
        """Ask the server, which must answer that all is well."""
        answer = ask(self.server + path, body, method=method)
        assert answer.status < 300, answer.body
        return answer.json

    @property
    def behind(self) -> str:
        """Return the name of the index itself."""
        (name,) = self.ask(f"/_alias/{self.name}")
        return str(name)

    def names(self) -> list[str]:
        """Return all indices whose names begin with ours."""
        return sorted(row["index"] for row in self.ask(f"/_cat/indices/{self.name}*?format=json&expand_wildcards=all"))

    def set(self, **settings: object) -> None:
        """Change settings of the index; __ stands for a dot."""
        self.ask(
            f"/{self.behind}/_settings", {name.replace("__", "."): value for name, value in settings.items()}, "PUT"
        )

    def setting(self, name: str) -> str | None:
        """Return a setting of the index."""
        (found,) = self.ask(f"/{self.behind}/_settings?flat_settings=true").values()
        return found["settings"].get(name)

    def meta(self) -> dict[str, Any]:
        """Return what simsearch has noted in the mapping."""
        (found,) = self.ask(f"/{self.behind}/_mapping").values()
        return found["mappings"]["_meta"]["simsearch"]

    def letters(self) -> dict[str, Any]:
        """Return the dead letters by id."""
        self.ask(f"/{self.name}-dead-letters/_refresh", method="POST")
        found = self.ask(f"/{self.name}-dead-letters/_search?size=100")
        return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}

    def count(self) -> int:
        """Return how many documents the index holds."""
        self.ask(f"/{self.behind}/_refresh", method="POST")
        return int(self.ask(f"/{self.behind}/_count")["count"])

    def lacks(self, ids: Collection[str]) -> list[str]:
        """Return those of the ids that the index does not hold."""
        found = self.ask(f"/{self.behind}/_mget?_source=false", {"ids": list(ids)})
        return [one["_id"] for one in found["docs"] if not one["found"]]

    def drop(self) -> None:
        """Delete the index with its companions."""
        for name in self.names():
            self.ask(f"/{name}", method="DELETE")


def assert_each_once(index: Remote, ids: Collection[str]) -> None:
    """Check that an index holds exactly these documents, each once."""
    assert index.count() == len(ids)
    assert index.lacks(ids) == []


def ids_of(count: int, start: int = 0) -> set[str]:
    """Return the ids of `conftest.documents`."""
    return {f"文-{number}" for number in range(start, count)}


def told(done: Done) -> str:
    """Return the only line on stderr beside those that tell of waiting."""
    lines = [line for line in done.err.splitlines() if not line.startswith(WAITING)]
    assert len(lines) == 1, done.err
    return lines[0]


def finish(process: subprocess.Popen[bytes]) -> Done:
    """Wait for the end of a process."""
    out, err = process.communicate(timeout=DEADLINE)
    return Done(process.returncode, out.decode(), err.decode())


def until_it_waits(process: subprocess.Popen[bytes]) -> str:
    """Read stderr up to the line that tells of waiting, and return that line."""
    assert process.stderr is not None
    line: str = process.stderr.readline().decode()
    assert line.startswith(WAITING), line
    return line


@contextlib.contextmanager
def without_shards(node: Node, index: Remote) -> Iterator[None]:
    """Take the data of an index away from its node, and give them back at the end; meanwhile it is red."""
    (identity,) = {row["uuid"] for row in index.ask(f"/_cat/indices/{index.behind}?format=json")}
    data, away = node.folder / "data" / "indices" / identity, node.folder / "away"
    node.kill()
    data.rename(away)
    node.start(wait=False)
    wait_for(lambda: status_of(node, index) == "red")
    yield
    node.kill()
    shutil.rmtree(data, ignore_errors=True)
    away.rename(data)
    node.start()


def status_of(node: Node, index: Remote) -> str:
    """Return the health of an index; "" while its node does not answer."""
    with contextlib.suppress(OSError, HTTPException, AssertionError, KeyError):
        return str(ask(f"{node.url}/_cluster/health/{index.name}?timeout=1s").json["status"])
    return ""


def writes(request: Request) -> bool:
    """Tell whether a request writes documents into the index itself."""
    return "/_bulk" in request.path and "-write-" in request.path


def first(count: int, what: Response | Break, where: Callable[[Request], bool] = writes) -> Fault:
    """Return a fault that befalls the first requests of a kind."""
    numbers = itertools.count()
    return lambda request: what if where(request) and next(numbers) < count else None


def rejected(status: int = 429) -> Response:
    """Return the answer of a server that is too busy."""
    return error(status, "es_rejected_execution_exception", "rejected execution of coordinating operation")


def begin(simsearch: Simsearch, source: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start a long run, and return once its processes are at work."""
    ledger = simsearch.folder / "ledger.jsonl"
    start = size_of(ledger)
    process = simsearch.start("index", source, "--ledger", ledger, *more, first=SMALL)
    assert wait_for(lambda: lines_of(ledger, start) > 200, process), finish(process)  # the first two batches need none
    return process


def verified(simsearch: Simsearch, *ledgers: Path) -> None:
    """Check ledgers, and that there are no dead letters."""
    for ledger in ledgers or (simsearch.folder / "ledger.jsonl",):
        rows = simsearch.ok("doctor", "--verify", ledger).rows
        assert rows[-1]["what"] == f"{len(acknowledged(ledger)):,} acknowledged, 0 missing"
    assert simsearch.ok("status").row["dead_letters"] == 0
