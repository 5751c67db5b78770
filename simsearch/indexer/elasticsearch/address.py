"""The address of an index on a server, and the names that belong to it."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from simsearch.corpus.document import storable
from simsearch.errors import SimsearchError
from simsearch.indexer.errors import UrlUnknown

#: The port where the address has none.
PORT = 9200
#: Elasticsearch takes names up to 255 bytes; ours get endings.
LONGEST_NAME = 200
#: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create
_REFUSED = re.compile(r'[\\/*?"<>| ,#:\x00-\x1f]')


class ServerUrlUnknown(UrlUnknown):
    """The address {url} names no index on a server: use https://host:9200/name."""


class SecretInAddress(SimsearchError):
    """The address of the index on {host} holds a password: others can read it there; set SIMSEARCH_ELASTICSEARCH_USER and SIMSEARCH_ELASTICSEARCH_PASSWORD instead."""  # noqa: E501

    host: str


class NameRefused(SimsearchError):
    """Elasticsearch allows no index of the name {name}: use small letters, digits, - and _, beginning with a letter."""

    name: str


class Address(NamedTuple):
    """Where an index is: `https://host:9200/name`."""

    server: str  #: scheme, host, port and, behind a proxy, a path
    name: str  #: an alias; the index itself is behind it

    @property
    def url(self) -> str:
        """The address as users write it."""
        return f"{self.server}/{self.name}"

    @property
    def readings(self) -> str:
        """The alias of the newest readings that are not in the index itself: of unchanged and deleted documents."""
        return f"{self.name}-readings"

    @property
    def dead_letters(self) -> str:
        """The alias of the index of what could not be stored."""
        return f"{self.name}-dead-letters"

    @property
    def companion(self) -> Address:
        """The index of ours that goes with one that is somebody else's."""
        return Address(self.server, f"{self.name}-simsearch")

    @property
    def progress(self) -> str:
        """The alias of the index that notes how far a companion is."""
        return f"{self.name}-progress"

    def write_alias(self, model: str) -> str:
        """Return the alias through which writers with this model write: others find none."""
        return f"{self.name}-write-{model[:8]}"

    def build_alias(self, model: str) -> str:
        """Return the alias of the index that is being made for a model, until it is complete and in its place."""
        return f"{self.name}-build-{model[:8]}"

    def generation(self, model: str, number: int = 1) -> str:
        """Return the name of an index behind the alias."""
        return f"{self.name}-{model[:8]}-{number}"


def parse(url: str) -> Address:
    """Read `https://host:9200/name`.

    Raises `ServerUrlUnknown`, `SecretInAddress`, `NameRefused`.
    """
    if "@" in url:  # before it is taken apart: what is told of that would show the password
        raise SecretInAddress(host=url.rpartition("@")[2].partition("/")[0] or "a server")
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
        url.encode()
    except ValueError as error:
        raise ServerUrlUnknown(url=storable(url)) from error
    path, _, name = parts.path.rstrip("/").rpartition("/")
    # Python takes the ends of lines out of an address without a word.
    strange = {*"?#\t\r\n"} & {*url} or not parts.netloc.isprintable() or " " in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or not name or strange:
        raise ServerUrlUnknown(url=url)
    refused = _REFUSED.search(name) or name != name.lower() or name[0] in "-_+." or len(name.encode()) > LONGEST_NAME
    if refused:
        raise NameRefused(name=name)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(f"{parts.scheme}://{host}:{port}{path}", name)
