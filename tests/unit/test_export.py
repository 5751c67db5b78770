"""Word vectors for other programs: what is written, and that it is written whole or not at all."""

from __future__ import annotations

import fcntl
import gzip
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny

from simsearch.files import FileInTheWay, FileUnwritable
from simsearch.model import Model
from simsearch.model.export import FormatUnclear, export
from simsearch.model.saving import Tables, save

NAMES = {"v.txt": "word2vec", "v.vec": "word2vec", "v.bin": "word2vec-binary", "v.glove.txt": "glove", "v.npz": "npz"}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Model:
    return tiny(tmp_path_factory.mktemp("small") / "model", seed=3, dimensions=5)


def of_text(data: bytes) -> tuple[list[str], np.ndarray]:
    rows = [line.split(" ") for line in data.decode().splitlines()]
    return [row[0] for row in rows], np.array([row[1:] for row in rows], np.float32)


def tables_of(*words: str) -> Tables:
    """Return words without characters, each with a direction of its own."""
    size = len(words)
    axes = np.eye(size, dtype=np.float32)
    none = np.zeros((0, size), np.float32)
    return Tables(list(words), np.arange(size, 0, -1), axes, axes, "", none, np.zeros(size, np.float32), 1.0)


def spaced(folder: Path) -> Model:
    """Return a model with words that hold spaces, of the plain and of the wide kind."""
    save(folder, tables_of("咖啡", "冰 咖啡", "绿茶", "冰\u3000茶"))
    return Model.load(folder)


def test_a_link_that_somebody_has_put_in_the_way_is_not_written_through(small, tmp_path):
    link = tmp_path / f".v.txt.{os.getpid()}.part"
    link.symlink_to(tmp_path / "别处")
    with pytest.raises(FileUnwritable):
        export(small, tmp_path / "v.txt")
    (tmp_path / "别人的").write_text("原样")
    link.symlink_to(tmp_path / "别人的")
    export(small, tmp_path / "v.txt")
    assert (tmp_path / "别人的").read_text() == "原样"
    assert {path.name for path in tmp_path.iterdir()} == {"v.txt", "别人的"}


@pytest.mark.parametrize("space", ["article", "search"])
def test_text_holds_each_word_and_its_exact_numbers_the_most_frequent_first(small, tmp_path, space):
    expected = small.vectors if space == "article" else small.search_vectors
    export(small, tmp_path / "v.txt", space=space)
    export(small, tmp_path / "v.glove.txt", space=space)
    first, _, rest = (tmp_path / "v.txt").read_bytes().partition(b"\n")
    assert first == b"11 5"
    assert (tmp_path / "v.glove.txt").read_bytes() == rest
    words, vectors = of_text(rest)
    assert words == small.words
    np.testing.assert_array_equal(vectors, expected)


@pytest.mark.parametrize("space", ["article", "search"])
def test_the_binary_format_is_that_of_the_original_program(small, tmp_path, space):
    export(small, tmp_path / "v.bin", space=space)
    expected = small.vectors if space == "article" else small.search_vectors
    rows = [word.encode() + b" " + row.tobytes() + b"\n" for word, row in zip(small.words, expected, strict=True)]
    assert (tmp_path / "v.bin").read_bytes() == b"11 5\n" + b"".join(rows)


@pytest.mark.parametrize("space", ["article", "search"])
def test_the_npz_holds_words_counts_vectors_and_what_they_are(small, tmp_path, space):
    export(small, tmp_path / "v.npz", space=space)
    with np.load(tmp_path / "v.npz", allow_pickle=False) as file:
        assert sorted(file) == ["counts", "pmi", "space", "vectors", "words"]
        assert file["words"].tolist() == small.words
        assert file["counts"].tolist() == small.counts.tolist()
        np.testing.assert_array_equal(file["vectors"], small.vectors if space == "article" else small.search_vectors)
        assert file["space"] == space
        assert file["pmi"] == (space == "article")


@pytest.mark.parametrize("name", NAMES)
def test_the_name_tells_the_format_also_of_compressed_files(small, tmp_path, name):
    assert export(small, tmp_path / name).format == NAMES[name]
    if not name.endswith(".npz"):
        assert export(small, tmp_path / f"{name.upper()}.gz").format == NAMES[name]
        assert gzip.decompress((tmp_path / f"{name.upper()}.gz").read_bytes()) == (tmp_path / name).read_bytes()


def test_a_format_that_is_named_is_taken_whatever_the_file_is_called(small, tmp_path):
    export(small, tmp_path / "v.vec", "glove")
    export(small, tmp_path / "向量", "word2vec")
    _, _, rest = (tmp_path / "向量").read_bytes().partition(b"\n")
    assert rest == (tmp_path / "v.vec").read_bytes()


@pytest.mark.parametrize(("name", "form"), [("向量", None), ("v.kv", None), ("v.npz.gz", None), ("v.gz", "npz")])
def test_a_name_that_tells_no_format_is_refused(small, tmp_path, name, form):
    with pytest.raises(FormatUnclear, match="--format"):
        export(small, tmp_path / name, form)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["word2vec", "word2vec-binary", "glove", "npz"])
def test_words_with_spaces_are_counted_and_left_out_of_what_cannot_hold_them(tmp_path, form):
    written = export(spaced(tmp_path / "model"), tmp_path / "v", form)
    assert (written.words, written.left_out) == ((4, 0) if form == "npz" else (2, 2))
    data = (tmp_path / "v").read_bytes()
    assert data.startswith(b"2 4\n") == form.startswith("word2vec")
    assert "冰".encode() not in data


def test_progress_ends_below_or_at_the_whole(model, tmp_path):
    steps: list[tuple[float, float]] = []
    export(model, tmp_path / "v.bin", progress=lambda done, total: steps.append((done, total)))
    assert steps == sorted(steps)
    assert {total for _, total in steps} == {len(model.words)}
    assert len(model.words) - 1_000 < steps[-1][0] <= len(model.words)


# Whole or not at all


def test_a_file_is_replaced_only_when_that_is_asked_for(small, tmp_path):
    (tmp_path / "v.txt").write_text("日记")
    with pytest.raises(FileInTheWay, match="--force"):
        export(small, tmp_path / "v.txt")
    assert (tmp_path / "v.txt").read_text() == "日记"
    export(small, tmp_path / "v.txt", force=True)
    assert (tmp_path / "v.txt").read_bytes().startswith(b"11 5\n")
    assert [path.name for path in tmp_path.iterdir()] == ["v.txt"]


def test_what_is_no_file_is_never_replaced(small, tmp_path):
    (tmp_path / "v.txt").mkdir()
    (tmp_path / "断.txt").symlink_to(tmp_path / "没有.txt")
    os.mkfifo(tmp_path / "管.txt")
    for name in ("v.txt", "断.txt", "管.txt"):
        with pytest.raises(FileInTheWay):
            export(small, tmp_path / name, force=True)


def test_behind_a_link_the_file_is_replaced_and_not_the_link(small, tmp_path):
    (tmp_path / "真.txt").write_text("旧")
    (tmp_path / "v.txt").symlink_to(tmp_path / "真.txt")
    export(small, tmp_path / "v.txt", force=True)
    assert (tmp_path / "v.txt").is_symlink()
    assert (tmp_path / "真.txt").read_bytes().startswith(b"11 5\n")


def test_what_another_export_is_writing_stays(small, tmp_path):
    part = tmp_path / ".v.txt.7.part"
    with open(part, "wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        export(small, tmp_path / "v.txt")
        assert part.exists()
    export(small, tmp_path / "v.txt", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["v.txt"]


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("name", ["v.txt", "v.txt.gz", "v.npz"])
def test_a_full_disk_leaves_what_was_there(small, tmp_path, monkeypatch, name, force):
    if force:
        (tmp_path / name).write_text("旧")

    def fsync(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(FileUnwritable, match="No space left"):
        export(small, tmp_path / name, force=force)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == ([(name, "旧")] if force else [])


@pytest.mark.parametrize("name", ["没有/v.txt", "文件.txt/v.txt", "长" * 100 + ".txt"])
def test_a_place_that_cannot_be_written_is_told(small, tmp_path, name):
    (tmp_path / "文件.txt").write_text("")
    with pytest.raises(FileUnwritable):
        export(small, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["文件.txt"]


# The mark of what is no PMI


def test_only_what_is_no_pmi_bears_a_mark_so_that_no_other_id_changes(model, tmp_path):
    assert model.is_pmi
    assert "pmi" not in model.manifest
    tables = tables_of("咖啡", "绿茶")
    ids = [save(tmp_path / str(pmi), replace(tables, pmi=pmi)) for pmi in (True, False)]
    assert ids[0] != ids[1]
    marked = Model.load(tmp_path / "False")
    assert not marked.is_pmi
    export(marked, tmp_path / "v.npz")
    with np.load(tmp_path / "v.npz", allow_pickle=False) as file:
        assert not file["pmi"]
