"""Plain HTTP, for looking at servers without the client that is under test."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def ask(
    url: str,
    body: object = None,
    *,
    method: str = "",
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
    timeout: float = 120,
) -> Answer:
    """Send a request on a connection of its own: GET, or POST where there is a body (bytes, or what JSON can say)."""
    parts = urlsplit(url)
    sent = {"Content-Type": "application/json", "Connection": "close", **(headers or {})}
    if parts.username:
        sent["Authorization"] = basic(unquote(parts.username), unquote(parts.password or ""))
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection = (
        HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)
        if parts.scheme == "https"
        else HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    )
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request(method or ("GET" if body is None else "POST"), target, data, sent)
        with connection.getresponse() as response:
            return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def basic(user: str, password: str) -> str:
    """Return the header `Authorization` of a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
