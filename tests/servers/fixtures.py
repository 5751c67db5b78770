"""Servers as fixtures; a plugin of pytest (`servers.fixtures`)."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import pytest

from . import Unavailable
from .access import Access
from .build import assemble
from .certificates import Certificate, certify
from .find import Server, running, version
from .home import Home
from .node import Node
from .owner import Owner
from .proxy import Fault, Proxy
from .redis import Redis, program
from .shared import USED, lent


@pytest.fixture(scope="session")
def elasticsearch(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return the server that all tests share (`.url`, `.version`); they use names of their own."""
    with contextlib.ExitStack() as stack:
        server = lent(pytestconfig)
        if not server:
            with _or_skip():
                server = stack.enter_context(running(tmp_path_factory.mktemp("elasticsearch")))
        pytestconfig.stash[USED].append(f"Elasticsearch {server.version} ({server.source})")
        yield server


@pytest.fixture
def owner(elasticsearch: Server) -> Iterator[Owner]:
    """Return a name on the server for an index that the test makes, and simsearch does not."""
    made = Owner(elasticsearch.url)
    yield made
    made.remove()


@pytest.fixture(scope="session")
def elasticsearch_home(pytestconfig: pytest.Config) -> Home:
    """Return what private nodes are started from."""
    with _or_skip():
        home = assemble(version())
    pytestconfig.stash[USED].append(f"private nodes: Elasticsearch {home.version}, Java {home.java.version}")
    return home


@pytest.fixture(scope="session")
def spare_node(elasticsearch_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Return the node that the tests of one process have one after the other, as `node`."""
    with Node(elasticsearch_home, tmp_path_factory.mktemp("spare")) as started:
        yield started


@pytest.fixture
def node(spare_node: Node) -> Node:
    """Return a private node that runs and is empty: tests may kill it, stop it and let it hang."""
    if spare_node.pid:
        spare_node.resume()
    else:
        spare_node.start()
    spare_node.clear()
    return spare_node


@pytest.fixture
def own_node(elasticsearch_home: Home, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Return a function that starts nodes with settings of their own: `own_node("thread_pool.write.size=1")`."""
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def start(*settings: str) -> Node:
            folder = tmp_path / f"own-node-{next(numbers)}"
            return stack.enter_context(Node(elasticsearch_home, folder, *settings))

        yield start


@pytest.fixture
def own_redis(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[Callable[..., Redis]]:
    """Return a function that starts servers: `own_redis("--maxmemory", "10mb")`."""
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def start(*settings: str) -> Redis:
            with _or_skip():
                line = f"Redis: {program()[0]}"
                server = stack.enter_context(Redis(tmp_path / f"own-redis-{next(numbers)}", *settings))
            if line not in pytestconfig.stash[USED]:
                pytestconfig.stash[USED].append(line)
            return server

        yield start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Return a certificate for 127.0.0.1; clients trust it by its `.authority`."""
    with _or_skip():
        return certify(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def proxy(request: pytest.FixtureRequest) -> Iterator[Callable[..., Proxy]]:
    """Return a function that starts proxies: `proxy(elasticsearch.url, tls=True, users={"elastic": "secret"})`."""
    with contextlib.ExitStack() as stack:

        def start(
            target: str,
            *,
            tls: bool = False,
            users: Mapping[str, str] | None = None,
            api_keys: Collection[str] = (),
            readers: Collection[str] = (),
            fault: Fault | None = None,
        ) -> Proxy:
            access = Access(users or {}, api_keys, readers)
            certificate = request.getfixturevalue("certificate") if tls else None
            return stack.enter_context(Proxy(target, certificate=certificate, access=access, fault=fault))

        yield start


@contextlib.contextmanager
def _or_skip() -> Iterator[None]:
    """Skip where something is missing on a developer's machine; on CI that is a failure."""
    try:
        yield
    except Unavailable as problem:
        if os.environ.get("CI") == "true":
            pytest.fail(str(problem), pytrace=False)
        pytest.skip(str(problem))
