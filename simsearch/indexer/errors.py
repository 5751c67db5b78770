"""What can be wrong with an index, whatever engine keeps it."""

from __future__ import annotations

from typing import Any

from simsearch.errors import SimsearchError


class UrlUnknown(SimsearchError):
    """The address {url} names no index: use sqlite:///path/to/file or https://host:9200/name."""

    url: str


class IndexNotFound(SimsearchError):
    """There is no index at {url}: create it with `simsearch index FOLDER`."""

    url: str


class IndexFormatUnknown(SimsearchError):
    """The index {url} has format {found}, this simsearch reads format {known}: install a matching simsearch."""

    url: str
    found: Any
    known: int


class ModelMismatch(SimsearchError):
    """The index {url} belongs to model {index_model}, not {model}: leave --model out, or use another --index."""

    url: str
    index_model: str
    model: str


class DocumentNotFound(SimsearchError):
    """There is no document {id} in the index: `simsearch query` shows ids."""

    id: str


class OptionsRefused(SimsearchError):
    """The index {url} is a file, which keeps vectors in one way only: leave --index-options out."""

    url: str


class OwnersIndex(SimsearchError):
    """The index {url} is made from documents of {owner}, which is somebody else's: change them there, and `simsearch enrich` brings it up to date."""  # noqa: E501

    url: str
    owner: str
