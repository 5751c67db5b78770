"""A file of another model, made beside an index file whose content it becomes at the end.

The last step copies the new content over the old in one transaction of the old file: whoever has the file open reads
the old content until it ends, and is told of the new model afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from simsearch.corpus.document import Document
from simsearch.indexer.errors import ModelChanged, ModelChanging, NumbersDiffer
from simsearch.indexer.sqlite import file, writing
from simsearch.indexer.sqlite.engine import SqliteEngine
from simsearch.indexer.sqlite.file import rows
from simsearch.indexer.sqlite.transaction import told, transaction
from simsearch.model import Model

#: Documents read at a time, as a reader keeps the file's log from being written back.
PAGE = 500
#: What is as new in the new file as in the old one, `d`.
_TAKEN = "SELECT 1 FROM beside.documents AS n WHERE n.id = d.id AND n.sequence = d.sequence AND n.digest = d.digest"
_LACKING = f"FROM main.documents AS d WHERE NOT EXISTS ({_TAKEN})"
#: What it holds of other documents, or of a newer reading, as where an older file was put back.
_EXTRA = """FROM beside.documents AS n WHERE NOT EXISTS (
  SELECT 1 FROM main.documents AS d WHERE d.id = n.id AND d.sequence >= n.sequence)"""


def begin(path: Path, old_model: str, model: Model) -> SqliteSuccession | None:
    """Make the new file or go on with it; None where the index has the model, and nothing is left to do."""
    if old_model != model.id:
        return SqliteSuccession(path, old_model, model)
    connection = file.connect(path)
    with told(path):
        about = file.models(connection)
    if "successor" in about:  # a change to yet another model was begun, and is given up
        with transaction(connection, path, "BEGIN IMMEDIATE"):
            connection.execute("DELETE FROM about WHERE name = 'successor'")
    connection.close()
    _unlink(_beside(path, model.id))  # its content is in the index: only this step was missing
    return None


def drop(path: Path) -> list[str]:
    """Remove the files of changes of model that were begun and given up; return their names.

    Raises `ModelChanging`.
    """
    connection = file.connect(path)
    with told(path):
        about = file.models(connection)
    connection.close()
    if "successor" in about:
        raise ModelChanging(url=f"sqlite:///{path}", **about)
    pattern = re.compile(re.escape(path.name) + r"\.reindex-[0-9a-f]{8}")
    found = [other for other in sorted(path.parent.iterdir()) if pattern.fullmatch(other.name)]
    for other in found:
        _unlink(other)
    return [other.name for other in found]


class SqliteSuccession:
    """The file of a new model beside the old one's."""

    swapped = False
    opener = None  #: processes open the new file by its own address

    def __init__(self, path: Path, old_model: str, model: Model) -> None:
        self._path, self._old_model = path, old_model
        self._beside = _beside(path, model.id)
        self.new = SqliteEngine.create(f"sqlite:///{self._beside}", model.id, model.dimensions)
        self._old_file = file.connect(path)
        self._new_file = file.connect(self._beside)
        self._both = file.connect(path)
        with told(path):
            self._both.execute("ATTACH ? AS beside", (str(self._beside),))

    def changed(self, again: Collection[str] = ()) -> Iterator[Document]:
        """Yield the documents of the old file that the new one lacks; that is all of `again` that are left."""
        last = 0
        while page := self._read(last):
            yield from (document for _, document in page)
            last = page[-1][0]

    def remove_deleted(self) -> None:
        """Take out of the new file what the old one does not hold any more."""
        with told(self._path):
            gone = [name for (name,) in rows(self._both, f"SELECT id {_EXTRA}")]
        with transaction(self._new_file, self._beside, "BEGIN IMMEDIATE"):
            writing.remove(self._new_file, gone)
            self._new_file.execute("DELETE FROM tombstones")  # they are taken over at the end

    def behind(self) -> int:
        """Return how many documents differ."""
        with told(self._path):
            ((lacking,),) = rows(self._both, f"SELECT count(*) {_LACKING}")
            ((extra,),) = rows(self._both, f"SELECT count(*) {_EXTRA}")
        return int(lacking + extra)

    def swap(self, catch_up: Callable[[], None]) -> None:
        """Stop the writers of the old model, take over the last differences, and replace the content.

        Raises `ModelChanged` where another process was faster, and `NumbersDiffer`.
        """
        with transaction(self._old_file, self._path, "BEGIN IMMEDIATE"):
            self._check(file.models(self._old_file) | {"successor": self.new.model})
            self._old_file.execute("INSERT OR REPLACE INTO about VALUES ('successor', ?)", (self.new.model,))
            catch_up()
            self._compare()
            self._take_over_the_rest()
        try:
            self._copy()
        except BaseException:  # as of a full disk: the old model's writers go on
            with transaction(self._old_file, self._path, "BEGIN IMMEDIATE"):
                self._old_file.execute("DELETE FROM about WHERE name = 'successor'")
            raise
        with told(self._path):
            self._old_file.execute("PRAGMA wal_checkpoint(PASSIVE)")  # the log holds all of it
        self.close()
        _unlink(self._beside)

    def _copy(self) -> None:
        with told(self._path), self._old_file.backup("main", self._new_file, "main") as copy:
            copy.step(1)  # from here on nobody else writes
            self._check(file.models(self._both))
            copy.step(-1)

    def close(self) -> None:
        """Release the files."""
        for opened in (self._both, self._new_file, self._old_file, self.new):
            opened.close()

    def _read(self, last: int) -> list[tuple[int, Document]]:
        """Return a page of the documents that the new file lacks, each with its number: where their texts come from."""
        columns = "d.number, d.id, d.text, d.title, d.metadata, d.source, d.sequence"
        with told(self._path):
            found = rows(
                self._both, f"SELECT {columns} {_LACKING} AND d.number > ? ORDER BY d.number LIMIT ?", last, PAGE
            )
        return [
            (number, Document(name, text, title, json.loads(metadata), source, sequence))
            for number, name, text, title, metadata, source, sequence in found
        ]

    def _take_over_the_rest(self) -> None:
        """Take over tombstones and dead letters."""
        with transaction(self._both, self._path, "BEGIN"):
            for table in ("tombstones", "dead_letters"):
                self._both.execute(f"DELETE FROM beside.{table}")
                self._both.execute(f"INSERT INTO beside.{table} SELECT * FROM main.{table}")

    def _compare(self) -> None:
        if self.behind():
            count = "SELECT (SELECT count(*) FROM beside.documents), (SELECT count(*) FROM main.documents)"
            ((found, expected),) = rows(self._both, count)
            raise NumbersDiffer(url=f"sqlite:///{self._path}", found=found, expected=expected)

    def _check(self, about: dict[str, str]) -> None:
        if about != {"model": self._old_model, "successor": self.new.model}:
            raise ModelChanged(url=f"sqlite:///{self._path}", model=self._old_model, index_model=about["model"])


def _beside(path: Path, model: str) -> Path:
    return path.with_name(f"{path.name}.reindex-{model[:8]}")


def _unlink(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
