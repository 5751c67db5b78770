"""Requests to a server: one place that waits, tries again, and says in a sentence what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import retry
from simsearch.indexer.elasticsearch.access import Access
from simsearch.patience import READING, Patience, Waiting, granted


class Passing(SimsearchError):
    """Elasticsearch at {server} takes nothing for a while ({reason}): run the same command again later."""

    server: str
    reason: str


class ElasticsearchAway(Passing):
    """Elasticsearch at {server} does not answer ({reason}): check that it runs and that the address is right, http:// or https:// included, then run the same command again; what was reported as stored is stored."""  # noqa: E501


class ElasticsearchBusy(Passing):
    """Elasticsearch at {server} takes nothing ({reason}): {remedy}, then run the same command again; what was reported as stored is stored."""  # noqa: E501

    remedy: str


class AccessRefused(SimsearchError):
    """Elasticsearch at {server} refuses access ({reason}): set SIMSEARCH_ELASTICSEARCH_API_KEY, or SIMSEARCH_ELASTICSEARCH_USER and SIMSEARCH_ELASTICSEARCH_PASSWORD, of somebody whose role allows it (docs/elasticsearch.md)."""  # noqa: E501

    server: str
    reason: str


class CertificateRefused(SimsearchError):
    """The certificate of {server} is not trusted ({reason}): name the file of its authority in SIMSEARCH_ELASTICSEARCH_CA, or its fingerprint in SIMSEARCH_ELASTICSEARCH_FINGERPRINT."""  # noqa: E501

    server: str
    reason: str


class NoTls(SimsearchError):
    """The server at {server} does not speak TLS: write http:// in the address, if the way to it is safe."""

    server: str


class RequestRefused(SimsearchError):
    """Elasticsearch at {server} refuses a request ({reason}): `simsearch doctor` may tell why."""

    server: str
    reason: str
    status: int
    kind: str


class ServerUnknown(SimsearchError):
    """The server at {server} cannot be used ({reason}): simsearch needs Elasticsearch 8.19 or newer, and for 8.19 the client elasticsearch<9."""  # noqa: E501

    server: str
    reason: str


class Connection:
    """A server, asked with patience; not for several threads at a time."""

    def __init__(self, server: str, access: Access) -> None:
        self.server = server
        # All waiting and trying again is done here: in two layers it would multiply.
        options = access.options(tls=server.startswith("https"))
        self._client = Elasticsearch(server, max_retries=0, retry_on_timeout=False, **options)
        self._waiting_for = cache(lambda timeout: self._client.options(request_timeout=timeout))

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | list[Any] | None = None,
        *,
        patience: Patience = READING,
        waiting: Waiting | None = None,
        **parameters: Any,
    ) -> Any:
        """Send a request and return the body of the answer; a list is sent as JSON lines.

        Waits while the server is away or busy, all in all as long as `patience` or a `waiting` begun earlier
        allows. Raises the errors of this module.
        """
        waiting = waiting or Waiting(f"Elasticsearch at {self.server}", patience)
        timeout = granted(patience).timeout
        while True:
            try:
                return self._send(method, path, body, timeout, parameters)
            except (ApiError, TransportError, UnsupportedProductError) as error:
                told = self._told(error)
                if not isinstance(told, Passing):
                    raise told from error
                waiting.wait(told, error)

    def search(self, index: str, searches: Sequence[Mapping[str, Any]], patience: Patience = READING) -> list[Any]:
        """Send several searches of an index in one request and return the answer to each."""
        return self.search_each([({"index": index}, search) for search in searches], patience)

    def search_each(
        self, searches: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], patience: Patience = READING
    ) -> list[Any]:
        """Send several searches, each with its header, in one request; all of the shards answer or none."""
        whole = {"allow_partial_search_results": False}
        body = [line for header, search in searches for line in ({**header, **whole}, search)]
        return self._ask_each("/_msearch", body, "responses", patience) if searches else []

    def get(self, wanted: Sequence[Mapping[str, Any]], patience: Patience = READING) -> list[Any]:
        """Return documents by index and id, in the same order; `found` tells which are there."""
        return self._ask_each("/_mget", {"docs": list(wanted)}, "docs", patience) if wanted else []

    def _ask_each(self, path: str, body: Any, answers: str, patience: Patience) -> list[Any]:
        """Ask several things in one request, until none of them fails."""
        waiting = Waiting(f"Elasticsearch at {self.server}", patience)
        while True:
            found: list[Any] = self.ask("POST", path, body, patience=patience, waiting=waiting)[answers]
            failed = next((answer for answer in found if "error" in answer), None)
            if failed is None:
                return found
            told = refusal(self.server, failed.get("status") or _status(failed["error"]), failed)
            if not isinstance(told, Passing):
                raise told
            waiting.wait(told)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(self, method: str, path: str, body: Any, timeout: float, parameters: Mapping[str, Any]) -> Any:
        lines = isinstance(body, list)
        headers = {"accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/x-ndjson" if lines else "application/json"
        told = {name: str(value).lower() if isinstance(value, bool) else value for name, value in parameters.items()}
        target = f"{path}?{urlencode(told)}" if told else path
        return self._waiting_for(timeout).perform_request(method, target, headers=headers, body=body).body

    def _told(self, error: ApiError | TransportError | UnsupportedProductError) -> SimsearchError:
        """Return the error that tells a user what the client says."""
        if isinstance(error, UnsupportedProductError):
            return ServerUnknown(server=self.server, reason="it is no Elasticsearch")
        if isinstance(error, TlsError):
            reason = _reason_of(error)
            if "WRONG_VERSION" in reason or "record layer" in reason.lower() or "packet length" in reason.lower():
                return NoTls(server=self.server)
            return CertificateRefused(server=self.server, reason=reason)
        if not isinstance(error, ApiError):
            slow = isinstance(error, ConnectionTimeout)
            return ElasticsearchAway(server=self.server, reason="no answer in time" if slow else _reason_of(error))
        known = "x-elastic-product" in error.meta.headers
        if not known and error.status_code in (400, 404, 405, 501):  # others may come from a proxy in between
            return ServerUnknown(server=self.server, reason="it is no Elasticsearch")
        return refusal(self.server, error.status_code, error.body)


def refusal(server: str, status: int, body: Any) -> SimsearchError:
    """Return the error that tells what a server has answered; `body` is Elasticsearch's own description."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    kind, reason = _described(error)
    reason = reason.strip(" :") or f"status {status}"
    if status == 401 or (status == 403 and kind == "security_exception"):
        return AccessRefused(server=server, reason=reason)
    if kind == "media_type_header_exception":
        return ServerUnknown(server=server, reason="its version does not go with the installed client")
    if retry.passes(status, kind):
        if status in (502, 504) and not kind:
            return ElasticsearchAway(server=server, reason=reason)
        return ElasticsearchBusy(server=server, reason=reason, remedy=_remedy(kind, reason))
    return RequestRefused(server=server, reason=reason, status=status, kind=kind)


def _status(error: Mapping[str, Any]) -> int:
    """Return the status of an error that bears none."""
    return 404 if error.get("type") == "index_not_found_exception" else 503


def path_of(*parts: str) -> str:
    """Return a path, every part of it quoted."""
    return "/" + "/".join(quote(part, safe=",*") for part in parts)


def _described(error: Any) -> tuple[str, str]:
    """Return the kind of an error and what it says: where there is a cause, the cause's."""
    if not isinstance(error, Mapping):
        return "", " ".join(str(error or "").split())[:300]
    for cause in [*error.get("root_cause", []), *(f.get("reason") for f in error.get("failed_shards", []))]:
        if isinstance(cause, Mapping) and cause.get("reason"):
            error = cause
            break
    kind, reason = str(error.get("type", "")), str(error.get("reason", ""))
    deeper = error.get("caused_by")
    if isinstance(deeper, Mapping) and deeper.get("reason") and str(deeper["reason"]) not in reason:
        reason = f"{reason}: {deeper['reason']}"
    return kind, " ".join(reason.split())[:300]


def _remedy(kind: str, reason: str) -> str:
    if kind == retry.BLOCK and "flood" in reason:
        return "its disk is full: make room on it"
    if kind == retry.BLOCK:
        return "the index or the cluster is blocked: lift the block, `simsearch doctor` names it"
    if kind == "circuit_breaking_exception":
        return "its memory is full: give it more heap, or wait"
    if "shard" in kind or "shard" in reason:
        return "a shard is not available: see its cluster health"
    return "wait until it has less to do"


def _reason_of(error: TransportError) -> str:
    return " ".join(str(error.message).split())[:300]
