"""What a server is told of who asks: by whom it should, on no way that somebody else opens, and kept nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.process import Simsearch, write_lines
from servers.answers import ask
from servers.messages import Request, Response
from servers.proxy import Proxy

from .conftest import documents
from .server import Remote, told

PASSWORD = "geheim:密码-7"
KEY = base64.b64encode(b"id-1:secret-key").decode()
SECRETS = (PASSWORD, KEY, "secret-key", base64.b64encode(f"elastic:{PASSWORD}".encode()).decode(), "netrc-geheim")
BAD = [f"{KEY}\r\nX-Evil: 1", f"{KEY}\n", f"{KEY} {KEY}", f"密钥{KEY}"]
WHO = [
    {"SIMSEARCH_ELASTICSEARCH_API_KEY": KEY},
    {"SIMSEARCH_ELASTICSEARCH_USER": "elastic", "SIMSEARCH_ELASTICSEARCH_PASSWORD": PASSWORD},
]


class Headers:
    """Remembers what requests bear; a fault for proxies that is none."""

    def __init__(self, answer: Response | None = None) -> None:
        self.seen: list[dict[str, str]] = []
        self._answer = answer

    def __call__(self, request: Request) -> Response | None:
        """Note the headers of a request."""
        self.seen.append({name.lower(): value for name, value in request.headers.items()})
        return self._answer


@pytest.mark.parametrize("who", WHO, ids=["key", "user"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_server_that_sends_us_elsewhere_is_not_followed(
    index: Remote, proxy: Callable[..., Proxy], tmp_path: Path, who: dict[str, str], status: int
) -> None:
    elsewhere = Headers()
    other = proxy(index.server, fault=elsewhere)
    location = [
        ("Location", f"{other.url.replace('127.0.0.1', 'localhost')}/x"),
        ("X-elastic-product", "Elasticsearch"),
    ]
    here = Headers(Response(status, location))
    simsearch = index.commands(tmp_path, proxy(index.server, fault=here).url, **who)
    for command in (["query", "绿茶"], ["index", "-"]):
        done = simsearch(*command, given="绿茶")
        assert (done.code, done.out) == (1, "")
        assert f"status {status}" in told(done)
    assert all("authorization" in headers for headers in here.seen)
    assert elsewhere.seen == []


def test_what_other_programs_have_set_is_not_taken(index: Remote, proxy: Callable[..., Proxy], tmp_path: Path) -> None:
    """A .netrc, proxies, and the variables of other clients."""
    (tmp_path / ".netrc").write_text("default login elastic password netrc-geheim\n")
    (tmp_path / ".netrc").chmod(0o600)
    nowhere = "http://netrc-geheim:netrc-geheim@127.0.0.1:9"
    theirs = dict.fromkeys(
        ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "ELASTICSEARCH_URL", "ELASTICSEARCH_HOSTS"), nowhere
    )
    theirs |= {"NETRC": str(tmp_path / ".netrc"), "ELASTIC_PASSWORD": "netrc-geheim", "ES_API_KEY": "netrc-geheim"}
    headers = Headers()
    simsearch = index.commands(tmp_path, proxy(index.server, fault=headers).url, **theirs)
    assert simsearch.ok("index", "-", given="绿茶用八十度的热水冲泡。").row["stored"] == 1
    assert simsearch.ok("query", "绿茶").row["id"] == "stdin"
    assert len(headers.seen) > 3
    assert not any("authorization" in each for each in headers.seen)
    assert "geheim" not in str(headers.seen)


@pytest.mark.parametrize(
    ("where", "key"),
    [*(("environment", key) for key in BAD), *(("file", key) for key in [*BAD, f"{KEY}\0"])],
    ids=ascii,
)
def test_a_key_that_would_end_its_header_is_refused_without_being_shown(
    index: Remote, proxy: Callable[..., Proxy], tmp_path: Path, where: str, key: str
) -> None:
    headers = Headers()
    given = {}
    if where == "file":
        (tmp_path / "simsearch.toml").write_text(f"[elasticsearch]\napi_key = {json.dumps(key)}\n", "utf-8")
    else:
        given = {"SIMSEARCH_ELASTICSEARCH_API_KEY": key}
    done = index.commands(tmp_path, proxy(index.server, fault=headers).url, **given)("query", "绿茶")
    assert (done.code, done.out) == (1, "")
    assert "API key holds" in told(done) or "elasticsearch.api_key" in told(done)
    assert KEY not in done.err
    assert headers.seen == []


@pytest.mark.parametrize("who", WHO, ids=["key", "user"])
def test_no_secret_is_kept_or_shown_anywhere(
    index: Remote, proxy: Callable[..., Proxy], tmp_path: Path, who: dict[str, str]
) -> None:
    url = proxy(index.server, users={"elastic": PASSWORD}, api_keys=[KEY]).url
    source = write_lines(tmp_path / "十.jsonl", documents(10))
    simsearch = index.commands(tmp_path, url, **who)
    said = [
        simsearch.ok("index", source, "--ledger", "账.jsonl"),
        *(simsearch.ok(command, "--json") for command in ("status", "doctor", "config")),
        simsearch.ok("delete", "文-1"),
        simsearch.ok("reindex", "--diff", "-", "--model", "base", given="绿茶"),
        simsearch("similar", "没有"),
        simsearch("query", "绿茶", "--where", "_id>=文"),
        simsearch("index", source, first="import simsearch.indexer.indexing as i; i.add = None"),  # a fault of ours
    ]
    assert "Traceback" in said[-1].err
    shown = "".join(one.out + one.err for one in said)
    everything = [
        ask(f"{index.server}/{name}{path}").body.decode() for name in index.names() for path in ("", "/_search")
    ]
    kept = [path.read_bytes().decode("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    for secret in SECRETS:
        assert all(secret not in text for text in (shown, *everything, *kept))


def test_a_traceback_of_the_client_shows_no_header(tmp_path: Path) -> None:
    """Whatever is wrong in it, and wherever an error of ours or Python's comes from."""
    simsearch = Simsearch(tmp_path, SIMSEARCH_INDEX="http://127.0.0.1:9/x", SIMSEARCH_ELASTICSEARCH_API_KEY=KEY)
    broken = "import urllib3; urllib3.HTTPConnectionPool.urlopen = lambda *_, **how: how['nothing']"
    done = simsearch("query", "绿茶", first=broken)
    assert done.code == 1
    assert KEY not in done.err + done.out
