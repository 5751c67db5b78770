"""The Elasticsearch that tests share: one that is given, installed, in Docker, or assembled; the first that works."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from . import Unavailable, leash
from .answers import ask
from .build import SOURCES, assemble
from .node import Node, free_ports, wait_for_answer

IMAGE = "docker.elastic.co/elasticsearch/elasticsearch"
HEAP = "-Xms512m -Xmx512m"


class Server(NamedTuple):
    """An Elasticsearch that answers."""

    url: str
    version: str
    source: str


def version() -> str:
    """Return the version that is fetched where none is given or installed."""
    return os.environ.get("SIMSEARCH_TEST_ELASTICSEARCH_VERSION") or "9.5.3"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Run a server, with a folder for its data, until the end of the context."""
    missing = []
    with contextlib.ExitStack() as stack:
        for way in (_given, _installed, _docker, _assembled):
            try:
                server = stack.enter_context(way(folder / way.__name__.strip("_")))
                break
            except Unavailable as problem:
                missing.append(str(problem))
        else:
            raise Unavailable("no Elasticsearch: " + "; ".join(missing))
        yield server


def _given(folder: Path) -> AbstractContextManager[Server]:
    address = os.environ.get("SIMSEARCH_TEST_ELASTICSEARCH")
    if not address:
        raise Unavailable("SIMSEARCH_TEST_ELASTICSEARCH names none")
    return contextlib.nullcontext(_server(address.rstrip("/"), "SIMSEARCH_TEST_ELASTICSEARCH"))


@contextlib.contextmanager
def _installed(folder: Path) -> Iterator[Server]:
    program = shutil.which("elasticsearch")
    if not program:
        raise Unavailable("no elasticsearch on PATH")
    if os.environ.get("SIMSEARCH_TEST_ELASTICSEARCH_VERSION"):
        raise Unavailable("the elasticsearch on PATH has a version of its own")
    if os.geteuid() == 0:
        raise Unavailable("the elasticsearch on PATH refuses to run as root")
    settings = folder / "config"
    settings.mkdir(parents=True)
    shutil.copy(SOURCES / "log4j2.properties", settings)
    (settings / "jvm.options").write_text("\n".join(HEAP.split()) + "\n", "utf-8")
    (settings / "elasticsearch.yml").write_text("xpack.security.enabled: false\n", "utf-8")
    port, transport = free_ports(2)
    values = {
        "discovery.type": "single-node",
        "http.port": port,
        "transport.port": transport,
        "path.data": folder / "data",
        "path.logs": folder / "logs",
    }
    command = [program, *[f"-E{name}={value}" for name, value in values.items()]]
    process = leash.start(command, folder / "log", {"ES_PATH_CONF": str(settings)})
    with _stopping(process):
        yield _first_answer(port, process, folder / "log", f"{program} on PATH")


@contextlib.contextmanager
def _docker(folder: Path) -> Iterator[Server]:
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "info"], capture_output=True, timeout=60).returncode:
        raise Unavailable("Docker does not run")
    image = f"{IMAGE}:{version()}"
    pulled = subprocess.run([docker, "pull", "--quiet", image], capture_output=True, text=True)
    if pulled.returncode:
        raise Unavailable(f"Docker has no {image}: {pulled.stderr.strip()[:200]}")
    (port,) = free_ports(1)
    values = {"discovery.type": "single-node", "xpack.security.enabled": "false", "ES_JAVA_OPTS": HEAP}
    # The container ends with its standard input, and that with the tests, even when they are killed.
    until = "/usr/local/bin/docker-entrypoint.sh eswrapper & cat > /dev/null"
    command = [docker, "run", "--rm", "--interactive", "--publish", f"127.0.0.1:{port}:9200", "--entrypoint", "bash"]
    command += [part for name, value in values.items() for part in ("--env", f"{name}={value}")]
    folder.mkdir(parents=True)
    process = leash.start([*command, image, "-c", until], folder / "log", stdin=subprocess.PIPE)
    with _stopping(process):
        yield _first_answer(port, process, folder / "log", f"{image} in Docker")


@contextlib.contextmanager
def _assembled(folder: Path) -> Iterator[Server]:
    with Node(assemble(version()), folder, heap="512m") as node:
        yield _server(node.url, "assembled from Maven artifacts")


@contextlib.contextmanager
def _stopping(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        if process.stdin:
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        leash.kill(process)


def _first_answer(port: int, process: subprocess.Popen[bytes], log: Path, source: str) -> Server:
    url = f"http://127.0.0.1:{port}"
    wait_for_answer(f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s", process, log)
    return _server(url, source)


def _server(url: str, source: str) -> Server:
    return Server(url, ask(f"{url}/").json["version"]["number"], source)
