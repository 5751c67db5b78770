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
    """The index {url} has format {found}, this simsearch reads format {known}: install a matching simsearch, or index its documents again into another index (--index)."""  # noqa: E501

    url: str
    found: Any
    known: int


class ModelMismatch(SimsearchError):
    """The index {url} belongs to model {index_model}, not {model}: name no model (--model, SIMSEARCH_MODEL, simsearch.toml), take another index, or change the model by `simsearch reindex`."""  # noqa: E501

    url: str
    index_model: str
    model: str


class ModelChanged(SimsearchError):
    """The index {url} has model {index_model} now, and no longer {model}: open the index again, or run the same command again."""  # noqa: E501

    url: str
    index_model: str | None
    model: str


class ModelChanging(SimsearchError):
    """The index {url} is just getting model {successor} in place of {model}: wait a moment, and if `simsearch reindex --model {successor}` was killed, run it again, or `simsearch reindex --model {model}` to keep the old one."""  # noqa: E501

    url: str
    model: str
    successor: str


class SuccessorTaken(SimsearchError):
    """The index {url} has the name of the new one and belongs to model {index_model}, not {model}: delete it by `simsearch reindex --drop-old`, and run the same command again."""  # noqa: E501

    url: str
    index_model: str
    model: str


class NumbersDiffer(SimsearchError):
    """The new index of {url} holds {found} documents where {expected} are expected: nothing was changed; run the same command again, after `simsearch reindex --drop-old` if it says so twice."""  # noqa: E501

    url: str
    found: int
    expected: int


class ReindexUnfinished(SimsearchError):
    """The index {url} still takes over what was written while it got model {model}: run `simsearch reindex --model {model}` again first."""  # noqa: E501

    url: str
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
