"""Opening an index: the right model or none, and never anything that is somebody else's."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import pytest

from simsearch.corpus import Document
from simsearch.errors import SimsearchError
from simsearch.indexer import open_index
from simsearch.indexer.errors import IndexFormatUnknown, IndexNotFound, ModelMismatch, UrlUnknown
from simsearch.indexer.sqlite.file import IndexUnreadable, connect

#: A user who may write nothing of others.
NOBODY = 65534

# For every engine


def test_an_index_is_used_with_the_model_it_names(url, other_model):
    with open_index(url, model=other_model) as index:
        other_model.install()
        index.add([Document("甲", "咖啡")])
    with open_index(url) as index:
        assert index.model.id == other_model.id
        assert index.info().dimensions == other_model.dimensions
        assert [hit.id for hit in index.search("咖啡")] == ["甲"]


def test_another_model_is_refused_with_both_ids(url, model, other_model):
    open_index(url, model=model).close()
    with pytest.raises(ModelMismatch) as told:
        open_index(url, model=other_model)
    assert model.id in str(told.value)
    assert other_model.id in str(told.value)
    assert url in str(told.value)


def test_making_an_index_keeps_its_model(url, other_model, model_store):
    open_index(url, model=other_model).close()
    assert (model_store / other_model.id / "manifest.json").is_file()


def test_what_was_stored_is_there_after_opening_again(url, model):
    with open_index(url, model=model) as index:
        index.add(Document(f"d{number}", f"第{number}杯咖啡") for number in range(20))
        before = index.search("咖啡", k=20), index.info()._replace(bytes=0)
    with open_index(url, create=False) as index:
        assert (index.search("咖啡", k=20), index.info()._replace(bytes=0)) == before


def test_without_create_nothing_is_made(url):
    with pytest.raises(IndexNotFound):
        open_index(url, create=False)
    with pytest.raises(IndexNotFound):
        open_index(url, create=False)


@pytest.mark.parametrize("url", ["", "ftp://host/x", "redis://localhost", "sqlite://x", "mysql:///x"])
def test_an_address_of_nothing_is_refused(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UrlUnknown):
        open_index(url)
    assert list(tmp_path.iterdir()) == []


# For SQLite


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "index.db"


def test_without_create_no_file_appears(path):
    with pytest.raises(IndexNotFound, match=r"index\.db"):
        open_index(path, create=False)
    assert list(path.parent.iterdir()) == []


def test_folders_on_the_way_are_made(tmp_path, model):
    open_index(tmp_path / "甲" / "乙 丙" / "索引.db", model=model).close()
    assert (tmp_path / "甲" / "乙 丙" / "索引.db").is_file()


def test_a_path_and_its_address_are_the_same_index(path, model):
    with open_index(path, model=model) as one, open_index(f"sqlite:///{path}") as other:
        one.add([Document("甲", "咖啡")])
        assert [hit.id for hit in other.search("咖啡")] == ["甲"]


def test_closing_leaves_one_file(path, model):
    with open_index(path, model=model) as index:
        index.add([Document("甲", "咖啡")])
    assert [found.name for found in path.parent.iterdir()] == ["index.db"]


def make_text(path: Path) -> None:
    path.write_text("这不是索引。" * 1_000, "utf-8")


def make_other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE customers (name TEXT)")
    connection.execute("INSERT INTO customers VALUES ('王')")
    connection.commit()
    connection.close()


def make_database_with_the_same_name(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE about (author TEXT)")
    connection.commit()
    connection.close()


def make_cut_off(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("make", [make_text, make_other_database, make_database_with_the_same_name, make_cut_off])
def test_a_file_that_is_no_index_is_refused_and_left_alone(path, make, create):
    make(path)
    before = path.read_bytes()
    with pytest.raises(IndexUnreadable, match=r"index\.db"):
        open_index(path, create=create)
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == ["index.db"]


@pytest.mark.parametrize("create", [True, False])
def test_a_folder_is_refused(tmp_path, create):
    with pytest.raises(IndexUnreadable):
        open_index(tmp_path, create=create)


def test_an_empty_file_becomes_an_index(path, model):
    """That is what a process sees while another one is making the index."""
    path.touch()
    with open_index(path, model=model) as index:
        assert index.add([Document("甲", "咖啡")]) == {"stored": 1}


def test_a_place_that_cannot_be_written_is_told(tmp_path, model):
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexUnreadable):
        open_index(tmp_path / "file" / "index.db", model=model)


@pytest.mark.parametrize("found", [2, 0, "3", None])
def test_another_format_is_refused_with_both_formats(path, model, found):
    open_index(path, model=model).close()
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE about SET value = ? WHERE name = 'format'", (found,))
    connection.close()
    with pytest.raises(IndexFormatUnknown, match="format 3") as told:
        open_index(path)
    assert str(found) in str(told.value)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_damaged_file_is_noticed_by_the_check(path, model, share):
    with open_index(path, model=model) as index:
        index.add(Document(f"d{number}", f"第{number}篇讲咖啡和健康。" * 20) for number in range(300))
        assert index.engine.info(check=True).problems == []
    page = int(path.stat().st_size / 4096 * share)
    with open(path, "r+b") as stream:
        stream.seek(page * 4096)
        stream.write(b"\xff" * 4096 * 4)
    try:
        with open_index(path) as index:
            problems = index.engine.info(check=True).problems
    except SimsearchError as error:
        problems = [str(error)]
    assert problems


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_damaged_file_is_told_by_a_sentence_whatever_is_asked(path, model, share):
    with open_index(path, model=model) as index:
        index.add(Document(f"d{number}", f"第{number}篇讲咖啡和健康。" * 20) for number in range(300))
    with open(path, "r+b") as stream:
        stream.seek(int(path.stat().st_size / 4096 * share) * 4096)
        stream.write(b"\xff" * (path.stat().st_size // 10))
    for ask in (
        lambda index: index.search("咖啡和健康", k=100),
        lambda index: index.similar("d7"),
        lambda index: index.add([Document(f"d{number}", "新") for number in range(300)]),
        lambda index: index.delete([f"d{number}" for number in range(300)]),
        lambda index: index.info(),
    ):
        with suppress(SimsearchError), open_index(path) as index:
            ask(index)


@pytest.mark.parametrize("table", ["passages", "postings", "tags", "passage_vectors", "document_vectors"])
def test_rows_that_are_missing_are_noticed_by_the_check(path, model, table):
    with open_index(path, model=model) as index:
        index.add(Document(f"d{number}", f"失眠的人第{number}次喝咖啡。") for number in range(20))
        connection = connect(path)
        connection.execute(f"DELETE FROM {table} WHERE rowid = 3" if table != "tags" else "DELETE FROM tags")
        connection.close()
        assert index.engine.info(check=True).problems


def test_an_index_that_may_only_be_read_is_searched(model):
    user = os.geteuid()
    with TemporaryDirectory() as made:
        path = Path(made) / "index.db"
        with open_index(path, model=model) as index:
            index.add([Document("甲", "咖啡")])
        path.chmod(0o444)
        if user == 0:  # who may write everything
            for each in (path.parent, *path.parent.iterdir()):
                os.chown(each, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            with open_index(path, model=model) as index:
                assert [hit.id for hit in index.search("咖啡")] == ["甲"]
                with pytest.raises(SimsearchError):
                    index.add([Document("乙", "茶")])
        finally:
            os.seteuid(user)
