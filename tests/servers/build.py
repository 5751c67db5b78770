"""Assembling a home from the artifacts that Elastic publishes for Maven; as a program: build.py [VERSION]."""

from __future__ import annotations

import contextlib
import ctypes.util
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from . import Unavailable
from .answers import ask
from .home import Home
from .java import Java, find
from .node import Node

#: Ignored by git, emptied by `make clean`.
BUILD = Path(__file__).resolve().parents[2] / "build"
SOURCES = Path(__file__).parent / "elasticsearch"
#: The first Java that archives classes as they are once linked, in one step (JEP 514).
JAVA = 25
#: Seconds for Maven: it fetches 50 MB once.
DEADLINE = 900
#: What a node is asked so that it loads the classes that tests will need.
WARM_UP = [
    ("PUT", "/warm", {"mappings": {"properties": {"v": {"type": "dense_vector", "dims": 2}}}}),
    ("PUT", "/warm/_doc/1?refresh", {"v": [1, 2], "t": "warm"}),
    ("POST", "/warm/_bulk", b'{"index":{}}\n{"v":[2,1],"t":"up"}\n'),
    ("POST", "/warm/_search", {"query": {"match": {"t": "up"}}, "aggs": {"n": {"terms": {"field": "t.keyword"}}}}),
    ("POST", "/warm/_search", {"knn": {"field": "v", "query_vector": [1, 2], "k": 1, "num_candidates": 5}}),
    ("DELETE", "/warm", None),
]


def assemble(version: str, java: Java | None = None) -> Home:
    """Return the home of a version, made now or before: from the same sources, for the same runtime."""
    java = java or find(JAVA)
    home = Home(BUILD / f"elasticsearch-{version}-{_digest(version, java)}", version, java)
    BUILD.mkdir(exist_ok=True)
    with _alone(home.folder.with_name(f"{home.folder.name}.lock")):
        if not home.folder.exists():
            with tempfile.TemporaryDirectory(dir=BUILD, prefix=".elasticsearch-") as name:
                _fill(Home(folder := Path(name) / "home", version, java))
                folder.rename(home.folder)
        # Only now: the archive holds the paths of the jars. It comes last, so where it stands all is done.
        if not home.archive.exists():
            _archive(home)
    return home


def _fill(home: Home) -> None:
    network, basics = home.folder / "modules" / "transport-netty4", home.folder / "modules" / "basics"
    for folder in (network, basics, home.folder / "config"):
        folder.mkdir(parents=True)
    _fetch(home)
    for pattern in ("netty-*.jar", "transport-netty4-*.jar"):
        for jar in (home.folder / "lib").glob(pattern):
            jar.rename(network / jar.name)
    _describe(home, "transport-netty4", "org.elasticsearch.transport.netty4.Netty4Plugin")
    _describe(home, "basics", "BasicsPlugin")
    _compile(home, "basics", basics / "basics.jar")
    _compile(home, "server", home.folder / "lib" / "server.jar")
    shutil.rmtree(home.folder / "compiler")
    shutil.copy(SOURCES / "log4j2.properties", home.folder / "config")
    _link_zstd(home.folder / "lib" / "platform")


def _fetch(home: Home) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise Unavailable("no mvn on PATH to fetch Elasticsearch with")
    # Maven uses the Java that it came with; where there is none, ours will do.
    alone = {} if shutil.which("java") or os.environ.get("JAVA_HOME") else {"JAVA_HOME": str(home.java.home)}
    values = [f"-Delasticsearch={home.version}", f"-Dhome={home.folder}"]
    command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", str(SOURCES / "pom.xml"), *values, "package"]
    done = subprocess.run(
        command, env={**os.environ, **alone}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
        raise Unavailable(f"mvn could not fetch Elasticsearch {home.version}: {said[0]}")


def _compile(home: Home, part: str, jar: Path) -> None:
    """Compile a part of our Java, with what differs from version to version."""
    sources = [*(SOURCES / part).glob("*.java"), *(SOURCES / part / str(_major(home.version))).glob("*.java")]
    level = "17" if _major(home.version) < 9 else "21"
    with tempfile.TemporaryDirectory() as classes:
        compiler = [home.java.program, "-jar", str(home.folder / "compiler" / "ecj.jar")]
        how = ["-source", level, "-target", level, "-nowarn", "-proc:none", "-cp", home.classpath, "-d", classes]
        subprocess.run([*compiler, *how, *map(str, sources)], check=True)
        with zipfile.ZipFile(jar, "w") as archive:
            for path in sorted(Path(classes).glob("*.class")):
                archive.write(path, path.name)


def _describe(home: Home, module: str, plugin: str) -> None:
    about = {
        "name": module,
        "description": module,
        "version": home.version,
        "elasticsearch.version": home.version,
        "java.version": "17",
        "classname": plugin,
    }
    path = home.folder / "modules" / module / "plugin-descriptor.properties"
    path.write_text("".join(f"{name}={value}\n" for name, value in about.items()), "utf-8")


def _link_zstd(folder: Path) -> None:
    """Lend the system's zstd to the node, which needs it for `index.codec: best_compression` only."""
    name = ctypes.util.find_library("zstd")
    machine = {"x86_64": "linux-x64", "aarch64": "linux-aarch64"}.get(platform.machine())
    for place in Path("/usr").glob("lib*"):
        for library in [place / (name or ""), *place.glob(f"{platform.machine()}-*/{name}")]:
            if machine and library.is_file():
                (folder / machine).mkdir(parents=True)
                (folder / machine / "libzstd.so").symlink_to(library)
                return


def _archive(home: Home) -> None:
    """Archive the classes that a node loads; the node does it, as it ends."""
    with tempfile.TemporaryDirectory(dir=BUILD, prefix=".elasticsearch-") as name:
        archive = Path(name) / "node.aot"
        with Node(home, Path(name) / "node", options=[f"-XX:AOTCacheOutput={archive}"]) as node:
            for method, path, body in WARM_UP:
                answer = ask(node.url + path, body, method=method)
                assert answer.status < 300, answer
            node.stop()
        archive.rename(home.archive)


def _digest(version: str, java: Java) -> str:
    """Return what stands for all that a home is made of."""
    digest = hashlib.sha256(f"{version} {java.home} {java.release} {platform.machine()}".encode())
    for path in [Path(__file__), *sorted(SOURCES.rglob("*.*"))]:
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()[:8]


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with open(lock, "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _major(version: str) -> int:
    return int(version.split(".")[0])


if __name__ == "__main__":
    from .find import version

    print(assemble(sys.argv[1] if sys.argv[1:] else version()).folder)
