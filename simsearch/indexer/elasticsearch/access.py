"""Who asks, and whom to trust: credentials and certificates, from the environment."""

from __future__ import annotations

import base64
import os
import re
import ssl
from typing import Any, NamedTuple

from simsearch.errors import SimsearchError

#: The environment variables, by the name of the field that they fill.
VARIABLES = {
    name: f"SIMSEARCH_ELASTICSEARCH_{name.upper()}" for name in ("api_key", "user", "password", "ca", "fingerprint")
}
#: Those that are never shown.
SECRETS = ("api_key", "password")


class AccessUnclear(SimsearchError):
    """The settings for Elasticsearch do not go together ({reason}): set an API key, or user and password, and the file of an authority where its certificate is not known."""  # noqa: E501

    reason: str


class Access(NamedTuple):
    """How to reach a server; nothing is needed where it asks for nothing."""

    api_key: str = ""
    user: str = ""
    password: str = ""
    ca: str = ""  #: file with the certificate of the authority
    fingerprint: str = ""  #: sha256 of the server's certificate

    def __repr__(self) -> str:
        return f"Access(user={self.user!r}, ca={self.ca!r}, fingerprint={self.fingerprint!r})"

    @classmethod
    def from_environment(cls) -> Access:
        """Read `SIMSEARCH_ELASTICSEARCH_*`.

        Raises `AccessUnclear`.
        """
        access = cls(**{name: os.environ.get(variable, "") for name, variable in VARIABLES.items()})
        if not re.fullmatch("[!-~]*", access.api_key):  # or the client would show it, with what is wrong in it
            raise AccessUnclear(reason="the API key holds a space, the end of a line or a letter that no key has")
        if access.api_key and access.user:
            raise AccessUnclear(reason="there are both an API key and a user")
        if bool(access.user) != bool(access.password):
            raise AccessUnclear(reason="there is a user without a password, or a password without a user")
        if access.ca and not os.path.isfile(access.ca):
            raise AccessUnclear(reason=f"there is no file {access.ca}")
        if access.ca:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(access.ca)
            except ssl.SSLError as error:
                raise AccessUnclear(reason=f"the file {access.ca} holds no certificate") from error
        return access

    def options(self, tls: bool) -> dict[str, Any]:
        """Return the client's options."""
        options: dict[str, Any] = {}
        if self.api_key:
            options["api_key"] = self.api_key
        if self.user:
            # By hand: the client takes no other letters than English ones.
            pair = f"{self.user}:{self.password}".encode()
            options["headers"] = {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
        if tls and self.ca:
            options["ca_certs"] = self.ca
        if tls and self.fingerprint:
            options["ssl_assert_fingerprint"] = self.fingerprint
        return options
