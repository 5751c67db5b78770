"""Who may do what: users, API keys, and those of them that may only read, refused in Elasticsearch's words."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .messages import Request, Response, error

#: Parts of paths that read although they are asked by POST, or by DELETE, which ends a scroll or a point in time.
READING = {"_search", "_msearch", "_count", "_mget", "_pit", "_field_caps", "_validate", "_termvectors"}
#: What a server without the name of a user says that it takes.
CHALLENGES = [("WWW-Authenticate", 'Basic realm="security", charset="UTF-8"'), ("WWW-Authenticate", "ApiKey")]


@dataclass(frozen=True)
class Access:
    """Passwords by user, API keys as clients send them (base64), and the users and keys that may not write."""

    users: Mapping[str, str] = field(default_factory=dict)
    api_keys: Collection[str] = ()
    readers: Collection[str] = ()

    def refuse(self, request: Request) -> Response | None:
        """Return 401 or 403, or None for a request that may pass; without users and keys all may."""
        if not self.users and not self.api_keys:
            return None
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if not value:
            return self._unknown(f"missing authentication credentials for REST request [{request.path}]")
        if kind.lower() == "apikey":
            who, known = value, value in self.api_keys
            problem = "unable to authenticate with provided credentials and anonymous access is not allowed"
        else:
            who, password = _decode(value) if kind.lower() == "basic" else ("", "")
            known = self.users.get(who) == password
            problem = f"unable to authenticate user [{who}] for REST request [{request.path}]"
        if not known:
            return self._unknown(problem)
        if who in self.readers and not _reads(request):
            reason = f"action [indices:data/write] is unauthorized for user [{who}] with effective roles [reader]"
            return error(403, "security_exception", reason)
        return None

    def _unknown(self, problem: str) -> Response:
        return error(401, "security_exception", problem, CHALLENGES)


def _decode(value: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _reads(request: Request) -> bool:
    if request.method in ("GET", "HEAD"):
        return True
    return not READING.isdisjoint(request.path.partition("?")[0].split("/"))
