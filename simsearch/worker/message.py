"""What a message says: documents to store, or ids to delete, as JSON of a version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from simsearch.corpus.document import Document
from simsearch.errors import SimsearchError
from simsearch.limits import exceeded, limit

#: Version of the payload; a worker puts messages of another version among the dead letters.
VERSION = 1
#: A message holds at most so many documents,
MOST_DOCUMENTS = 200
#: and so many bytes beside them. How many bytes it may have on the wire is a limit.
FRAME = 5_000
#: Bytes of a character, at most, and of what stands around the fields of a document.
MOST_OF_CHARACTER, MOST_OF_FIELDS = 6, 150
#: What the ids of dead letters of whole messages begin with; the task's id follows.
LETTER = "message-"
#: Ids to delete in one message.
MOST_IDS = 1_000

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class DocumentUnclear(SimsearchError):
    """The document {id} cannot be queued ({reason}): give it an id and a text."""

    id: str
    reason: str


class DocumentTooLarge(SimsearchError):
    """The document {id} is too large for a queue ({bytes} bytes on the wire): split it, raise SIMSEARCH_MAX_MESSAGE_BYTES, or index it without the queue."""  # noqa: E501

    id: str
    bytes: int


class MessageUnclear(SimsearchError):
    """The message is no work for a simsearch worker ({reason}): drop it by `simsearch retry --drop`, and hand its documents over again by `simsearch.worker.enqueue`."""  # noqa: E501

    reason: str


class Message(NamedTuple):
    """Documents to store, or ids that were deleted when the time was `sequence`."""

    queue: str  #: the name of the index, as its workers know it
    model: str = ""  #: the model that the producer insists on, if any
    documents: Sequence[Document] = ()
    deleted: Sequence[str] = ()
    sequence: int = 0
    suspect: bool = False  #: a part of a message that killed its worker, or failed, again and again
    again: bool = False  #: dead letters, which are to go when their documents are stored


def document(given: Document | Mapping[str, Any]) -> Document:
    """Return what an application gave as a document.

    Raises `DocumentUnclear`.
    """
    if isinstance(given, Document):
        one = given
    else:
        try:
            one = Document(**given)
        except TypeError as error:  # a field is missing, or not known
            raise DocumentUnclear(id=given.get("id"), reason=str(error).partition(" ")[2]) from error
    if wrong := _wrong_with(one):
        raise DocumentUnclear(id=one.id, reason=wrong)
    return one


def batches(
    documents: Iterable[Document], large: list[Document] | None = None, most: int | None = None
) -> Iterator[list[Document]]:
    """Gather documents into what one message holds, at most `most`; those too large for any are appended to `large`.

    Raises `DocumentTooLarge` without `large`; the documents before it have been yielded.
    """
    batch: list[Document] = []
    taken, most, room = FRAME, most or MOST_DOCUMENTS, limit("message_bytes")
    for one in documents:
        size = _size(one, room)
        if FRAME + size > room:
            if large is None:
                yield from [batch] if batch else []
                raise DocumentTooLarge(id=one.id, bytes=size)
            large.append(one)
            continue
        if batch and (len(batch) == most or taken + size > room):
            yield batch
            batch, taken = [], FRAME
        batch.append(one)
        taken += size
    if batch:
        yield batch


def write(message: Message) -> str:
    """Return a message as its payload."""
    fields = {
        "version": VERSION,
        "index": message.queue,
        "model": message.model,
        "documents": [_fields(one) for one in message.documents],
        "deleted": list(message.deleted),
        "sequence": message.sequence,
        "suspect": message.suspect,
        "again": message.again,
    }
    return _encode({name: value for name, value in fields.items() if value})


def read(payload: str) -> Message:
    """Return the message of a payload.

    Raises `MessageUnclear`.
    """
    if len(payload) > (most := limit("message_bytes")):
        told = f"it has {len(payload):,} characters, {most:,} bytes are allowed"
        raise MessageUnclear(reason=exceeded(told, "split it", "message_bytes"))
    try:
        fields = json.loads(payload)
        if not isinstance(fields, dict):
            raise MessageUnclear(reason="its payload is no object")
        version = fields.pop("version", None)
        if version != VERSION:
            raise MessageUnclear(reason=f"it has version {version}, this worker reads {VERSION}: install one release")
        documents = [_document(one) for one in fields.pop("documents", [])]
        return _checked(Message(fields.pop("index"), documents=documents, **fields))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MessageUnclear(reason=f"{type(error).__name__}: {error}") from error


def _checked(message: Message) -> Message:
    texts = (message.queue, message.model, *message.deleted)
    if not (all(isinstance(text, str) for text in texts) and _is_sequence(message.sequence)):
        raise MessageUnclear(reason="a field is of the wrong type")
    if len(message.documents) > MOST_DOCUMENTS or len(message.deleted) > MOST_IDS:
        raise MessageUnclear(reason=f"it has more than {MOST_DOCUMENTS} documents, or {MOST_IDS:,} ids")
    return message


def _fields(one: Document) -> dict[str, Any]:
    fields = {
        "id": one.id,
        "text": one.text,
        "title": one.title,
        "metadata": one.metadata,
        "source": one.source,
        "sequence": one.sequence,
    }
    return {name: value for name, value in fields.items() if value or name in ("id", "text", "sequence")}


def _document(fields: dict[str, Any]) -> Document:
    one = Document(**fields)
    wrong = _wrong_with(one) if "sequence" in fields else "sequence is missing"
    if wrong:
        raise MessageUnclear(reason=f"of the document {one.id} {wrong}")
    return one


def _wrong_with(one: Document) -> str:
    """Return what no index could store of a document."""
    for name in ("id", "text", "title", "source"):
        if not isinstance(getattr(one, name), str):
            return f"{name} is no text"
    if not one.id:
        return "id is empty"
    if not isinstance(one.metadata, dict):
        return "metadata is no dict"
    return "" if _is_sequence(one.sequence) else "sequence is no time in ns"


def _is_sequence(given: object) -> bool:
    return type(given) is int and 0 <= given < 2**63


def _size(one: Document, room: int) -> int:
    """Return the bytes that a document takes on the wire; of a short one, that it takes at most."""
    if not one.metadata:
        characters = len(one.id) + len(one.text) + len(one.title) + len(one.source)
        most = MOST_OF_FIELDS + MOST_OF_CHARACTER * characters
        if most <= (room - FRAME) // MOST_DOCUMENTS:  # so many of them fit whatever they hold
            return most
    try:
        return len(_encode(_fields(one)).encode("utf-8", "surrogatepass")) + 2
    except (TypeError, ValueError, RecursionError) as error:
        raise DocumentUnclear(id=one.id, reason=str(error)) from error
