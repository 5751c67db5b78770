"""Access and addresses: what is wrong is one sentence at once, and no secret is ever shown."""

from __future__ import annotations

import base64
import hashlib
import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.process import Done, Simsearch, write_lines
from servers.certificates import Certificate, certify
from servers.proxy import Proxy

from .conftest import documents
from .server import Remote, ids_of, told

PASSWORD = "geheim:密码-7"
KEY = base64.b64encode(b"id-1:secret-key").decode()
WRONG = "falsch-7f3a"
ENVIRONMENT = "SIMSEARCH_ELASTICSEARCH_"
#: With so much patience, who asks again does so until the test gives up.
NOT_AGAIN = {"SIMSEARCH_PATIENCE": "3600"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a file of ten documents."""
    return write_lines(tmp_path / "十.jsonl", documents(10))


@pytest.fixture
def guarded(index: Remote, proxy: Callable[..., Proxy]) -> Proxy:
    """Return a proxy that speaks TLS and lets pass whom it knows."""
    return proxy(index.server, tls=True, users={"elastic": PASSWORD, "guest": "2"}, api_keys=[KEY], readers=["guest"])


def access(**given: str | Path) -> dict[str, str]:
    """Return environment variables."""
    return {ENVIRONMENT + name.upper(): str(value) for name, value in given.items()}


def assert_silent(simsearch: Simsearch, *done: Done) -> None:
    """Check that no secret was shown, nor is by `simsearch config`."""
    for one in (*done, simsearch.ok("config"), simsearch.ok("config", "--table")):
        for secret in (PASSWORD, KEY, WRONG, "secret-key", base64.b64encode(f"elastic:{PASSWORD}".encode()).decode()):
            assert secret not in one.out + one.err


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"user": "elastic", "password": WRONG},
        {"api_key": WRONG},
        {"api_key": base64.b64encode(WRONG.encode()).decode()},
    ],
    ids=["nothing", "wrong password", "wrong API key", "wrong API key in base64"],
)
@pytest.mark.parametrize("command", ["query", "index"])
def test_who_is_not_known_is_told_at_once_which_variables_to_set(
    index: Remote, guarded: Proxy, certificate: Certificate, source: Path, given: dict[str, str], command: str
) -> None:
    environment = access(ca=certificate.authority, **given)
    simsearch = index.commands(source.parent, guarded.url, **environment)
    done = simsearch(command, source if command == "index" else "绿茶")
    assert (done.code, done.out) == (1, "")
    assert told(done).startswith(f"Error: Elasticsearch at {guarded.url} refuses access (")
    assert all(ENVIRONMENT + name in told(done) for name in ("API_KEY", "USER", "PASSWORD"))
    assert len(guarded.requests) == 1, "it is not asked again"
    assert_silent(simsearch, done)
    assert index.names() == []


@pytest.mark.parametrize("given", [{"user": "elastic", "password": PASSWORD}, {"api_key": KEY}], ids=["user", "key"])
@pytest.mark.parametrize("trust", ["ca", "fingerprint"])
@pytest.mark.parametrize("where", ["environment", "file"])
def test_who_is_known_may_do_everything(
    index: Remote, guarded: Proxy, certificate: Certificate, source: Path, given: dict[str, str], trust: str, where: str
) -> None:
    trusted = {"ca": str(certificate.authority), "fingerprint": fingerprint(certificate)}[trust]
    all_given = {**given, trust: trusted}
    simsearch = index.commands(source.parent, guarded.url, **(access(**all_given) if where == "environment" else {}))
    if where == "file":
        lines = "".join(f'{name} = "{value}"\n' for name, value in all_given.items())
        (source.parent / "simsearch.toml").write_text(f"[elasticsearch]\n{lines}", "utf-8")
    stored = simsearch.ok("index", source)
    assert (stored.row["stored"], stored.err) == (10, "")
    found = simsearch.ok("query", "绿茶", "-k", "3")
    assert (len(found.rows), found.err) == (3, "")
    assert simsearch.ok("delete", "文-1").row["status"] == "deleted"
    assert_silent(simsearch, stored, found)
    shown = {row["name"]: (row["value"], row["origin"]) for row in simsearch.ok("config").rows}
    origin = "environment" if where == "environment" else "simsearch.toml"
    assert shown[f"elasticsearch.{trust}"] == (trusted, origin)
    assert all(shown[f"elasticsearch.{name}"] == ("***", origin) for name in given if name != "user")


def test_a_reader_asks_and_does_not_write(
    index: Remote, guarded: Proxy, certificate: Certificate, source: Path
) -> None:
    index.commands(source.parent).ok("index", source)
    more = write_lines(source.parent / "十五.jsonl", documents(15))
    guest = index.commands(source.parent, guarded.url, **access(user="guest", password="2", ca=certificate.authority))
    assert len(guest.ok("query", "绿茶", "-k", "3").rows) == 3
    assert guest.ok("similar", "文-1", "-k", "3").rows
    assert guest.ok("status").row["documents"] == 10
    assert guest.ok("doctor").code == 0
    assert guest.ok("retry", "--list").rows == []
    for command in (["index", more], ["delete", "文-1"]):
        start = len(guarded.requests)
        done = guest(*command)
        assert (done.code, done.out) == (1, "")
        assert "refuses access (action [indices:data/write] is unauthorized for user [guest]" in told(done)
        writes = [seen for seen in guarded.requests[start:] if "_bulk" in seen.path]
        assert len(writes) == 1, "it is not asked again"
    assert (index.count(), index.lacks(ids_of(10))) == (10, [])


def test_a_certificate_that_is_not_trusted_is_told_at_once(
    index: Remote, guarded: Proxy, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stranger = certify(tmp_path_factory.mktemp("stranger"))
    for given in ({}, {"ca": stranger.authority}, {"fingerprint": fingerprint(stranger)}):
        simsearch = index.commands(source.parent, guarded.url, **access(api_key=KEY, **given), **NOT_AGAIN)
        done = simsearch("query", "绿茶")
        assert (done.code, done.out) == (1, "")
        assert told(done).startswith(f"Error: The certificate of {guarded.url} is not trusted (")
        assert all(ENVIRONMENT + name in told(done) for name in ("CA", "FINGERPRINT"))
        assert_silent(simsearch, done)
    assert guarded.requests == []


def test_a_file_of_an_authority_that_is_none_is_told(index: Remote, guarded: Proxy, source: Path) -> None:
    for path, what in ((source.parent / "没有.pem", "there is no file"), (source, str(source))):
        done = index.commands(source.parent, guarded.url, **access(ca=path))("query", "绿茶")
        assert (done.code, done.out) == (1, "")
        assert told(done).startswith("Error: ")
        assert what in told(done)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"user": "elastic"}, "a user without a password"),
        ({"password": WRONG}, "a password without a user"),
        ({"user": "elastic", "password": WRONG, "api_key": WRONG}, "both an API key and a user"),
    ],
    ids=["no password", "no user", "both"],
)
def test_settings_that_do_not_go_together_are_told(
    index: Remote, tmp_path: Path, given: dict[str, str], what: str
) -> None:
    simsearch = index.commands(tmp_path, **access(**given))
    done = simsearch("query", "绿茶")
    assert (done.code, done.out, what in told(done)) == (1, "", True)
    assert_silent(simsearch, done)


def test_a_password_in_the_address_is_refused_and_not_shown(index: Remote, tmp_path: Path) -> None:
    address = f"{index.server.replace('//', f'//elastic:{WRONG}@')}/{index.name}"
    for done in (
        Simsearch(tmp_path, SIMSEARCH_INDEX=address)("query", "绿茶"),
        Simsearch(tmp_path)("index", "-", "--index", address, given="绿茶"),
    ):
        assert (done.code, done.out) == (1, "")
        assert all(ENVIRONMENT + name in told(done) for name in ("USER", "PASSWORD"))
        assert WRONG not in done.err


def test_https_where_no_tls_is_spoken_and_http_where_it_is_are_told(
    index: Remote, guarded: Proxy, tmp_path: Path
) -> None:
    done = index.commands(tmp_path, index.server.replace("http:", "https:"), **NOT_AGAIN)("query", "绿茶")
    assert (done.code, "does not speak TLS: write http:// in the address" in told(done)) == (1, True), done.err
    done, seconds = timed(index.commands(tmp_path, guarded.url.replace("https:", "http:")), "query", "绿茶")
    assert (done.code, "http:// or https:// included" in told(done)) == (1, True), done.err
    assert seconds < 60


def test_a_server_that_is_something_else_is_told(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        server.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        remote = Remote(f"http://127.0.0.1:{server.server_address[1]}")
        try:
            for command in (["query", "绿茶"], ["index", "-"], ["status"]):
                done = remote.commands(tmp_path)(*command, given="绿茶")
                assert (done.code, done.out) == (1, "")
                assert told(done).startswith(f"Error: The server at {remote.server} cannot be used (it is no Elast")
        finally:
            server.shutdown()


def test_a_server_that_cannot_be_reached_is_told_in_seconds(tmp_path: Path) -> None:
    with socket.socket() as closed, socket.socket() as full, socket.socket() as first:
        closed.bind(("127.0.0.1", 0))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())  # the queue is full now: who comes next gets no answer, as from far away
        for host, command in (
            (f"127.0.0.1:{closed.getsockname()[1]}", ["index", "-"]),
            (f"127.0.0.1:{full.getsockname()[1]}", ["query", "绿茶"]),
            ("no-such-host.invalid:9200", ["status"]),
        ):
            done, seconds = timed(Remote(f"http://{host}").commands(tmp_path), *command)
            assert (done.code, done.out) == (1, "")
            assert told(done).startswith(f"Error: Elasticsearch at http://{host} does not answer (")
            assert "check that it runs and that the address is right" in told(done)
            assert seconds < 60, f"{host}: not the minutes that a server is waited for in a run"


def fingerprint(certificate: Certificate) -> str:
    """Return what a user sees as the fingerprint of a server's certificate."""
    found = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.chain.read_text())).hexdigest().upper()
    return ":".join(found[place : place + 2] for place in range(0, len(found), 2))


def timed(simsearch: Simsearch, *command: str) -> tuple[Done, float]:
    """Run a command; return also its seconds."""
    start = time.monotonic()
    return simsearch(*command, given="绿茶"), time.monotonic() - start
