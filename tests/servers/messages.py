"""Requests and responses, as the proxy and tests see them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

#: Close the connection without passing the request on; pass it on and close without an answer; never answer.
Break = Literal["drop before", "drop after", "hang"]


@dataclass(frozen=True)
class Request:
    """A request that came in whole; the path includes the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Seen(NamedTuple):
    """What is remembered of a request."""

    method: str
    path: str
    bytes: int


class Response(NamedTuple):
    """An answer; headers may occur more than once."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


def error(status: int, kind: str, reason: str, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """Return an error in the form that Elasticsearch gives it."""
    cause = {"type": kind, "reason": reason}
    body = json.dumps({"error": {"root_cause": [cause], **cause}, "status": status}).encode()
    return Response(
        status, [("X-elastic-product", "Elasticsearch"), ("content-type", "application/json"), *headers], body
    )
