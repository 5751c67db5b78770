"""The embedded engine: documents, postings and vectors in one SQLite file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.document import Document
from simsearch.indexer.conditions import Condition
from simsearch.indexer.dead_letters import cleaned
from simsearch.indexer.engine import (
    Candidates,
    Check,
    DeadLetter,
    Enriched,
    Failed,
    Found,
    Info,
    Outcome,
    Passage,
    Question,
)
from simsearch.indexer.errors import ModelChanged, ModelChanging, OptionsRefused
from simsearch.indexer.sqlite import dead_letters, file, search, writing
from simsearch.indexer.sqlite.file import rows
from simsearch.indexer.sqlite.transaction import told, transaction
from simsearch.model.quantisation import restore_unit

if TYPE_CHECKING:
    from simsearch.indexer.sqlite.succession import SqliteSuccession
    from simsearch.model import Model


#: How many rows each table should hold.
CHECKS = {
    "passages": "SELECT value FROM about WHERE name = 'passages'",
    "postings": "SELECT count(*) FROM passages",
    "passage_vectors": "SELECT count(*) FROM passages WHERE has_vector",
    "document_vectors": "SELECT count(*) FROM documents WHERE state = 'ok'",
    "tags": "SELECT coalesce(sum(json_array_length(tags)), 0) FROM documents",
}


class SqliteEngine:
    """An index in a file; several processes may read and write it at a time."""

    exclusive = True
    owner = ""

    @classmethod
    def open(cls, url: str, index_options: str | None = None) -> SqliteEngine:
        """Open the file at `sqlite:///path` or a plain path.

        Raises `IndexNotFound`, `IndexUnreadable`, `IndexFormatUnknown`, `OptionsRefused`.
        """
        if index_options:
            raise OptionsRefused(url=url)
        path = _path(url)
        return cls(path, file.connect(path))

    @classmethod
    def create(cls, url: str, model: str, dimensions: int, index_options: str | None = None) -> SqliteEngine:
        """Create the file for a model, or open the one that another process has just created.

        Raises `IndexUnreadable`.
        """
        path = _path(url)
        return cls(path, file.create(path, model, dimensions))

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self._connection = connection
        with told(path):
            self.model = str(file.models(connection).get("model"))

    def info(self, check: bool = False) -> Info:
        """Return the figures of the index; with `check`, read all of it and list what is wrong."""
        about = dict(self._rows("SELECT name, value FROM about"))
        states = dict(self._rows("SELECT state, count(*) FROM documents GROUP BY state"))
        ((letters,),) = self._rows("SELECT count(*) FROM dead_letters")
        return Info(
            url=self.url,
            model=self.model,
            dimensions=about["dimensions"],
            documents=sum(states.values()),
            passages=about["passages"],
            bytes=self.path.stat().st_size,
            states=states,
            problems=self._problems() if check else [],
            dead_letters=letters,
        )

    def checks(self) -> list[Check]:
        """Read all of the file and say what is wrong with it."""
        problems = self.info(check=True).problems
        remedy = "move the file away and index again"
        return [Check("index", not problems, "; ".join([*problems, remedy] if problems else [self.url]))]

    def digests(self, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Return digest and sequence of those documents that are stored; ("", sequence) of deleted ones."""
        listed = "IN (SELECT value FROM json_each(?1))"
        found_rows = self._rows(
            f"SELECT id, digest, sequence FROM documents WHERE id {listed}"
            f" UNION ALL SELECT id, '', sequence FROM tombstones WHERE id {listed}",
            json.dumps(ids),
        )
        return {name: (digest, sequence) for name, digest, sequence in found_rows}

    def renew(self, documents: Sequence[Document]) -> list[Outcome]:
        """Note that stored documents were read again and had not changed."""
        with self._transaction("BEGIN IMMEDIATE"):
            return writing.renew(self._connection, documents)

    def store(self, batch: Sequence[Enriched]) -> list[Outcome]:
        """Write documents in one transaction; the newest reading wins."""
        with self._transaction("BEGIN IMMEDIATE"):
            return writing.store(self._connection, batch)

    def delete(self, ids: Iterable[str], sequence: int) -> list[Outcome]:
        """Delete documents; an older reading that arrives later does not bring them back."""
        with self._transaction("BEGIN IMMEDIATE"):
            return writing.delete(self._connection, ids, sequence)

    def bury(self, failed: Sequence[Failed]) -> None:
        """Keep documents that could not be stored, each with its reason; tries of the same document add up."""
        with self._transaction("BEGIN IMMEDIATE"):
            dead_letters.bury(self._connection, self.model, cleaned(failed))

    def dead_letters(self, ids: Sequence[str] | None = None) -> list[DeadLetter]:
        """Return the documents that could not be stored, all or some, the oldest first."""
        with self._transaction("BEGIN"):
            return dead_letters.read(self._connection, ids)

    def forget(self, ids: Sequence[str]) -> list[str]:
        """Remove dead letters; return the ids of those that were there."""
        with self._transaction("BEGIN IMMEDIATE"):
            return dead_letters.forget(self._connection, ids)

    def loading(self) -> AbstractContextManager[None]:
        """Do nothing: a file takes a long run as it takes a short one."""
        return nullcontext()

    def settle(self) -> None:
        """Do nothing: what was written is visible at once."""

    def settle_dead_letters(self) -> None:
        """Do nothing: they go with what is stored."""

    def candidates(self, question: Question) -> Candidates:
        """Return the best passages by words and by vector among those that meet the conditions."""
        with self._transaction("BEGIN"):
            return search.candidates(self._connection, question)

    def nearest(self, vector: NDArray[np.float32], limit: int, conditions: Sequence[Condition]) -> list[str]:
        """Return ids of the documents nearest to a vector."""
        with self._transaction("BEGIN"):
            return search.nearest(self._connection, vector, limit, conditions)

    def facets(self, conditions: Sequence[Condition], limit: int) -> list[tuple[str, int]]:
        """Return the most frequent tags among documents that meet the conditions, with their numbers."""
        with self._transaction("BEGIN"):
            return search.facets(self._connection, conditions, limit)

    def passages(self, ids: Sequence[str]) -> dict[str, list[Passage]]:
        """Return the passages of documents, in their order; ids that are not stored are left out."""
        found: dict[str, list[Passage]] = {}
        found_rows = self._rows(
            "SELECT d.id, p.words, p.start, p.end FROM documents AS d LEFT JOIN passages AS p ON p.document = d.number"
            " WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY d.number, p.position",
            json.dumps(ids),
        )
        for name, words, start, end in found_rows:
            of_document = found.setdefault(name, [])
            if words is not None:
                of_document.append(Passage(words, start, end))
        return found

    def fetch(self, ids: Sequence[str]) -> dict[str, Found]:
        """Return stored documents; ids that are not stored are left out."""
        found_rows = self._rows(
            "SELECT id, title, text, tags, source, metadata, state FROM documents"
            " WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(ids),
        )
        return {
            name: Found(name, title, text, json.loads(tags), source, json.loads(metadata), state)
            for name, title, text, tags, source, metadata, state in found_rows
        }

    def sources(self) -> Iterable[tuple[str, str]]:
        """Return each document's id with its source."""
        found: list[tuple[str, str]] = self._rows("SELECT id, source FROM documents")
        return found

    def words(self) -> Iterable[tuple[str, int]]:
        """Return each word of the index with the number of passages that hold it."""
        found: list[tuple[str, int]] = self._rows("SELECT term, doc FROM vocabulary WHERE col = 'words'")
        return found

    def vectors(self, limit: int) -> dict[str, NDArray[np.float32]]:
        """Return the stored vectors (d) of at most `limit` documents from all over the index, by id."""
        numbers = [
            number for (number,) in self._rows("SELECT number FROM documents WHERE state = 'ok' ORDER BY number")
        ]
        spread = [numbers[place * len(numbers) // limit] for place in range(limit)] if len(numbers) > limit else numbers
        found_rows = self._rows(
            "SELECT d.id, v.vector FROM json_each(?) AS wanted JOIN documents AS d ON d.number = wanted.value"
            " JOIN document_vectors AS v ON v.rowid = d.number",
            json.dumps(spread),
        )
        return {name: restore_unit(np.frombuffer(vector, np.int8)) for name, vector in found_rows}

    def succeed(self, model: Model) -> SqliteSuccession | None:
        """Make an index of another model beside this one, or go on with it; None where this one has the model."""
        from simsearch.indexer.sqlite import succession  # not needed to search

        return succession.begin(self.path, self.model, model)

    def drop_old(self) -> list[str]:
        """Remove what was made beside the file and has not taken its place; return the names.

        Raises `ModelChanging`.
        """
        from simsearch.indexer.sqlite import succession  # not needed to search

        return succession.drop(self.path)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _problems(self) -> list[str]:
        """Read all of the file; each statement of CHECKS counts rows that should be as many."""
        try:
            problems = [message for (message,) in rows(self._connection, "PRAGMA integrity_check(10)")]
            if problems != ["ok"]:
                return problems
            for table, select in CHECKS.items():
                ((expected,),) = rows(self._connection, select)
                ((found,),) = rows(self._connection, f"SELECT count(*) FROM {table}")
                if found != expected:
                    problems.append(f"{found} instead of {expected} rows in {table}")
        except apsw.Error as error:
            return [str(error)]
        return problems[1:]

    def _rows(self, select: str, *values: Any) -> list[Any]:
        with self._transaction("BEGIN"):
            return rows(self._connection, select, *values)

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        """Do all of it or nothing, on one state of the file, which has our model.

        Raises `ModelChanged`, `ModelChanging`, `IndexBusy`, `IndexDamaged`, `IndexFailed`.
        """
        if begin == "BEGIN IMMEDIATE":
            with told(self.path):
                file.unmap(self._connection)
        with transaction(self._connection, self.path, begin):
            about = file.models(self._connection)
            if about.get("model") != self.model:
                raise ModelChanged(url=self.url, model=self.model, index_model=about.get("model"))
            if begin == "BEGIN IMMEDIATE" and "successor" in about:
                raise ModelChanging(url=self.url, model=self.model, successor=about["successor"])
            yield


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///")).expanduser()
