"""The servers that other tests stand on: nodes, what ends them, and the proxy."""

from __future__ import annotations

import contextlib
import gzip
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path

import pytest
from faults.moments import is_running

from . import Unavailable
from .answers import ask, basic
from .certificates import Certificate
from .find import Server, running
from .messages import Response, Seen
from .node import Node
from .proxy import Proxy


def test_the_shared_server_says_its_version(elasticsearch: Server) -> None:
    said = ask(elasticsearch.url)
    assert said.headers["X-elastic-product"] == "Elasticsearch"
    assert said.json["version"]["number"] == elasticsearch.version


def test_an_acknowledged_document_outlives_kill_9(node: Node) -> None:
    assert ask(f"{node.url}/things/_doc/1", {"name": "一"}, method="PUT").status == 201
    node.kill()
    assert node.pid is None
    with pytest.raises(ConnectionRefusedError):
        ask(node.url)
    node.start()
    assert ask(f"{node.url}/things/_doc/1").json["_source"] == {"name": "一"}
    node.pause()
    with pytest.raises(TimeoutError):
        ask(node.url, timeout=0.2)
    node.resume()
    assert ask(node.url).status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_what_is_on_the_leash_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time\n"
        "from servers import leash\n"
        "print(leash.start(['sleep', '1000'], pathlib.Path('log')).pid, flush=True)\n"
        "time.sleep(1000)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
    ) as parent:
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    limit = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < limit:
        time.sleep(0.01)
    assert not is_running(pid)


def test_what_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SIMSEARCH_TEST_ELASTICSEARCH", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("servers.build.BUILD", tmp_path / "build")
    with (
        pytest.raises(Unavailable, match=r"^no Elasticsearch: .+; no elasticsearch on PATH; .+; no (mvn|Java) "),
        running(tmp_path),
    ):
        pass


def test_the_proxy_passes_on_everything_as_it_is(elasticsearch: Server, proxy: Callable[..., Proxy]) -> None:
    between = proxy(elasticsearch.url)
    lines = [b'{"index":{"_index":"passed-on","_id":"1"}}\n', '{"name":"一"}\n'.encode()]
    with contextlib.closing(HTTPConnection("127.0.0.1", between.port)) as connection:
        connection.request("PUT", "/_bulk?refresh=true", iter(lines), {"Content-Type": "application/x-ndjson"})
        with connection.getresponse() as response:  # sent in chunks
            assert (response.status, b'"errors":false' in response.read()) == (200, True)
        kept = connection.sock
        connection.request("GET", "/passed-on/_doc/1", headers={"Accept-Encoding": "gzip"})
        with connection.getresponse() as response:
            assert response.headers["X-elastic-product"] == "Elasticsearch"
            assert '"name":"一"' in gzip.decompress(response.read()).decode()
        connection.request("HEAD", "/passed-on/_doc/none")
        with connection.getresponse() as response:
            assert (response.status, response.read()) == (404, b"")
        assert connection.sock is kept
    size = sum(map(len, lines))
    seen = [("PUT", "/_bulk?refresh=true", size), ("GET", "/passed-on/_doc/1", 0), ("HEAD", "/passed-on/_doc/none", 0)]
    assert between.requests == [Seen(*each) for each in seen]
    assert ask(f"{elasticsearch.url}/passed-on", method="DELETE").status == 200


def test_the_proxy_lets_pass_whom_it_knows(elasticsearch: Server, proxy: Callable[..., Proxy]) -> None:
    url = proxy(
        elasticsearch.url, users={"elastic": "geheim:1", "guest": "2"}, api_keys=["aWQ6a2V5"], readers=["guest"]
    ).url
    elastic, guest = {"Authorization": basic("elastic", "geheim:1")}, {"Authorization": basic("guest", "2")}
    assert ask(url, headers=elastic).status == 200
    assert ask(url, headers={"Authorization": "ApiKey aWQ6a2V5"}).status == 200
    for wrong in (basic("elastic", "2"), basic("nobody", ""), "ApiKey aWQ6", "Basic ?", "Bearer aWQ6a2V5", ""):
        refused = ask(url, headers={"Authorization": wrong})
        assert (refused.status, refused.json["status"]) == (401, 401), wrong
        assert refused.json["error"]["type"] == "security_exception"
    assert ask(f"{url}/_search", {"size": 0}, headers=guest).status == 200
    assert ask(f"{url}/refused/_doc/1", {}, method="PUT", headers=guest).status == 403
    assert ask(f"{elasticsearch.url}/refused").status == 404


def test_the_proxy_speaks_tls(elasticsearch: Server, proxy: Callable[..., Proxy], certificate: Certificate) -> None:
    url = proxy(elasticsearch.url, tls=True).url
    trusting = ssl.create_default_context(cafile=certificate.authority)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    for address in (url, url.replace("127.0.0.1", "localhost")):
        assert ask(address, context=trusting).json["version"]["number"] == elasticsearch.version
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(url, context=ssl.create_default_context())
    with pytest.raises(RemoteDisconnected):
        ask(url.replace("https", "http"))


def test_the_proxy_breaks_what_it_is_told_to(elasticsearch: Server, proxy: Callable[..., Proxy]) -> None:
    between = proxy(elasticsearch.url)
    document = f"{between.url}/broken/_doc/1"
    between.fault = lambda request: Response(429, [("Retry-After", "1")], b"{}") if request.method == "PUT" else None
    assert ask(document, {}, method="PUT")[::2] == (429, b"{}")
    assert ask(document).status == 404
    for fault, stored in (("drop before", False), ("drop after", True)):
        between.fault = lambda request, fault=fault: fault
        with pytest.raises(RemoteDisconnected):
            ask(document, {}, method="PUT")
        assert ask(f"{elasticsearch.url}/broken/_doc/1").status == (200 if stored else 404)
    between.fault = lambda request: "hang"
    with pytest.raises(TimeoutError):
        ask(document, timeout=0.2)
    between.fault = None
    assert ask(f"{between.url}/broken", method="DELETE").status == 200
    assert len(between.requests) == 6
