"""A model as a folder: written whole or not at all, read back, and never believed when it is damaged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simsearch.model import Model
from simsearch.model.checksums import model_id
from simsearch.model.folder import ModelDamaged, ModelFormatUnknown, ModelNotFound, ModelNotStored
from simsearch.model.saving import ModelUnwritable, Tables, save

WORDS = ["的", "我们", "睡觉", "咖啡", "医生", "电脑", "健康", "银行", "利率", "早睡早起", "散步", "公园"]
CHARACTERS = "的我们睡觉咖啡医生电脑健康"


def tables(seed: int = 0, dimensions: int = 8) -> Tables:
    rng = np.random.default_rng(seed)

    def numbers(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    return Tables(
        words=WORDS,
        counts=np.arange(len(WORDS), 0, -1) * 100,
        vectors=numbers(len(WORDS), dimensions),
        whitening=numbers(dimensions, dimensions),
        characters=CHARACTERS,
        character_vectors=numbers(len(CHARACTERS), dimensions),
        mean=numbers(dimensions),
        unknown_norm=1.5,
        dictionary=["曜石折叠屏 5", "鲸落"],
        training={"seed": seed},
    )


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Path:
    """Give each test a model store that has seen nothing."""
    monkeypatch.setenv("SIMSEARCH_MODELS", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def folder(tmp_path) -> Path:
    save(tmp_path / "model", tables())
    return tmp_path / "model"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rewrite(folder: Path, **changes) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


ARRAYS = ("vectors", "scales", "lookup", "whitening", "character_vectors", "character_scales", "mean")
FILES = sorted([f"{name}.npy" for name in ARRAYS] + ["words.txt", "characters.txt", "dictionary.txt"])


# Round trip


def test_a_folder_holds_the_files_that_its_manifest_lists(folder):
    listed = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    assert sorted(listed) == FILES
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "manifest.json"])


def test_what_was_saved_is_loaded_again(folder):
    model, given = Model.load(folder), tables()
    assert model.words == given.words
    assert model.counts.tolist() == given.counts.tolist()
    assert model.dimensions == 8
    step = np.abs(given.vectors).max(axis=1, keepdims=True) / 127
    assert (np.abs(model.vectors - given.vectors) <= step * 0.501).all()
    assert model.vectors.dtype == model.search_vectors.dtype == np.float32
    assert model.manifest["training"] == {"seed": 0}


def test_the_search_space_is_the_whitened_one_and_what_characters_say(folder):
    model, given = Model.load(folder), tables()
    row = WORDS.index("银行")  # of which no character is known
    assert model.search_vectors[row] == pytest.approx(given.vectors[row] @ given.whitening, abs=0.1)
    row = WORDS.index("咖啡")
    said = given.character_vectors[[CHARACTERS.index(character) for character in "咖啡"]].mean(axis=0)
    share = 0.5 + 0.5 * 1_000 / (1_000 + given.counts[row])
    expected = given.vectors[row] @ given.whitening + share * said
    assert model.search_vectors[row] == pytest.approx(expected, abs=0.1)


def test_user_dictionaries_travel_with_the_model(folder):
    assert "曜石折叠屏" in Model.load(folder).segment("新款曜石折叠屏手机")


def test_a_word_known_by_its_characters_has_the_length_of_unknown_words(folder):
    model = Model.load(folder)
    row = model.table.rows(["医脑", "银利"])
    assert np.linalg.norm(model.table.vectors[row], axis=1) == pytest.approx([1.5, 0], abs=1e-4)
    assert not model.table.known[row].any()


# The id


def test_equal_content_has_an_equal_id(tmp_path):
    one, other = save(tmp_path / "a", tables()), save(tmp_path / "b", replace(tables(), training={"seconds": 7}))
    assert one == other == Model.load(tmp_path / "a").id


@pytest.mark.parametrize(
    "change",
    [
        {"vectors": -tables().vectors},
        {"whitening": tables(1).whitening},
        {"character_vectors": tables(1).character_vectors},
        {"mean": tables(1).mean},
        {"unknown_norm": 1.25},
        {"counts": tables().counts + 1},
        {"words": [*WORDS[:-1], "花园"]},
        {"characters": CHARACTERS[::-1]},
        {"dictionary": []},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_determines_the_answers_determines_the_id(tmp_path, change):
    assert save(tmp_path / "a", tables()) != save(tmp_path / "b", replace(tables(), **change))


# Finding


def test_a_model_is_found_by_path_and_once_installed_by_its_id(folder, store):
    model = Model.load(folder)
    with pytest.raises(ModelNotFound, match=model.id):
        Model.load(model.id)
    where = model.install()
    assert where.is_relative_to(store)
    assert contents(where) == contents(folder)
    shutil.rmtree(folder)
    assert Model.load(model.id).words == model.words
    assert Model.load(model.id[:8]).id == model.id


@pytest.mark.parametrize("name", ["../model", ".", "base", "", "/", "*", "0123456789abcdef", "../store/{id}", "{id8}"])
def test_an_index_names_a_model_by_its_id_and_nothing_else(folder, tmp_path, monkeypatch, name):
    """Whose index it is may be anybody."""
    monkeypatch.chdir(folder)
    model = Model.load(folder)
    model.install()
    with pytest.raises(ModelNotStored):
        Model.of_index(name.format(id=model.id, id8=model.id[:8]))
    with pytest.raises(ModelNotStored):
        Model.of_index(str(folder))
    assert Model.of_index(model.id).path == tmp_path / "store" / model.id


def test_a_folder_that_is_named_like_an_id_is_not_taken_for_the_model_of_an_index(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "other", tables(1))
    theirs = Model.load(folder)
    Path(theirs.install()).rename(tmp_path / "kept")
    (tmp_path / "other").rename(tmp_path / theirs.id)
    with pytest.raises(ModelNotStored):
        Model.of_index(theirs.id)
    shutil.copytree(tmp_path / theirs.id, tmp_path / "store" / theirs.id)
    with pytest.raises(ModelDamaged, match="it is the model"):
        Model.of_index(theirs.id)


def test_a_model_is_read_by_those_whom_the_umask_lets(tmp_path):
    for umask in (0o022, 0o027, 0o077):
        before = os.umask(umask)
        try:
            save(tmp_path / f"{umask}", tables())
        finally:
            os.umask(before)
        modes = {path.stat().st_mode & 0o777 for path in (tmp_path / f"{umask}").iterdir()}
        assert modes == {0o666 & ~umask}
        assert (tmp_path / f"{umask}").stat().st_mode & 0o777 == 0o777 & ~umask


def test_installing_twice_changes_nothing(folder):
    model = Model.load(folder)
    before = {path: path.stat().st_mtime_ns for path in model.install().iterdir()}
    assert {path: path.stat().st_mtime_ns for path in model.install().iterdir()} == before


@pytest.mark.parametrize("name", ["nowhere", "0123456789abcdef", "", "/", "../..", "*", "?"])
def test_what_is_no_model_is_not_found(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFound):
        Model.load(name)


def test_the_base_model_is_found_by_its_id_and_by_its_name(model):
    assert Model.load(model.id).id == Model.load("base").id == Model.load(None).id == model.id


# Damage

DAMAGES = {
    "a byte flipped": lambda data: (
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
    ),
    "the last byte flipped": lambda data: data[:-1] + bytes([data[-1] ^ 0x80]),
    "cut short": lambda data: data[:-1],
    "emptied": lambda _: b"",
    "longer": lambda data: data + b"\n",
    "removed": None,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_on_first_sight(folder, name, damage):
    if change := DAMAGES[damage]:
        (folder / name).write_bytes(change((folder / name).read_bytes()))
    else:
        (folder / name).unlink()
    with pytest.raises(ModelDamaged, match=name.replace(".", r"\.")) as told:
        Model.load(folder)
    assert told.value.path == str(folder / name)


@pytest.mark.parametrize(
    "text", ["", "{", '{"format": 1', "\xff\xfe", "[" * 100_000], ids=["empty", "open", "cut", "binary", "deep"]
)
def test_a_manifest_that_is_no_json_is_damaged(folder, text):
    (folder / "manifest.json").write_text(text, "latin-1")
    with pytest.raises(ModelDamaged, match=r"manifest\.json"):
        Model.load(folder)


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"format": 2}', '{"format": "1"}', '{"format": null}'])
def test_a_manifest_of_another_format_is_refused_with_both_formats(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelFormatUnknown, match="format 1"):
        Model.load(folder)


@pytest.mark.parametrize("name", ["id", "files", "words", "dimensions", "characters", "total", "unknown_norm"])
def test_a_manifest_that_lacks_something_is_damaged(folder, name):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    del manifest[name]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelDamaged, match=r"manifest\.json"):
        Model.load(folder)


@pytest.mark.parametrize(
    "change",
    [{"unknown_norm": 3.5}, {"total": 5}, {"id": "0123456789abcdef"}, {"files": {}}, {"words": 11}, {"files": []}],
    ids=repr,
)
def test_a_manifest_whose_figures_are_not_those_of_its_id_is_damaged(folder, change):
    rewrite(folder, **change)
    with pytest.raises(ModelDamaged):
        Model.load(folder)


def test_a_manifest_that_names_files_outside_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "outside.txt").write_text("秘密")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    outside = {"size": 6, "sha256": hashlib.sha256("秘密".encode()).hexdigest()}
    rewrite(folder, files=manifest["files"] | {"../outside.txt": outside})
    with pytest.raises(ModelDamaged):
        Model.load(folder).install()


ways = st.sampled_from(
    [
        lambda data, at, bits: data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :],
        lambda data, at, bits: data[:at] + bytes([bits]) + data[at:],
        lambda data, at, bits: data[:at] + data[at + bits :],
        lambda data, at, bits: data[:at] + bytes(len(data[at : at + bits])) + data[at + bits :],
        lambda data, at, bits: data[:at] + data[max(0, at - bits) :],
        lambda data, at, bits: data[:at],
    ]
)


@settings(max_examples=300)
@given(st.sampled_from([*FILES, "manifest.json"]), st.integers(0, 10_000), st.integers(1, 255), ways)
def test_whatever_byte_differs_is_told_or_changes_no_answer(folder, name, place, bits, way):
    data = (folder / name).read_bytes()
    changed = way(data, place % len(data), bits)
    assume(changed != data)
    with TemporaryDirectory() as parent:
        copy = shutil.copytree(folder, Path(parent, "copy"))
        (copy / name).unlink()  # a file of its own: what was verified is not
        (copy / name).write_bytes(changed)
        try:
            model = Model.load(copy)
        except (ModelDamaged, ModelFormatUnknown) as error:
            told = error
        else:
            told = None
            assert name == "manifest.json", "of the manifest alone some bytes say nothing, such as white space"
            assert_answers_the_same(model, Model.load(folder))
        assert told is None or told.path in ([str(copy / name)] if name in FILES else [str(copy / name), str(copy)])


def assert_answers_the_same(one: Model, other: Model) -> None:
    """Check that two models are the same but for the bill of their training."""
    assert (one.id, one.words, one.dictionary, one.is_pmi) == (other.id, other.words, other.dictionary, other.is_pmi)
    assert (one.vectors == other.vectors).all()
    assert (one.search_vectors == other.search_vectors).all()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def forge(folder: Path, manifest: dict[str, Any]) -> None:
    """Give a manifest the id of what it says, and its files the checksums that they have."""
    for name, listed in manifest["files"].items() if isinstance(manifest.get("files"), dict) else ():
        if isinstance(listed, dict) and (folder / name).is_file():
            data = (folder / name).read_bytes()
            listed |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    answers = {name: value for name, value in manifest.items() if name not in ("id", "training")}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"id": model_id(answers)}), "utf-8")


@given(st.data(), anything)
def test_a_forged_manifest_is_refused_or_gives_finite_numbers(folder, data, value):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    place, name = manifest, data.draw(st.sampled_from(sorted(manifest)))
    while isinstance(place[name], dict) and place[name] and data.draw(st.booleans()):
        place = place[name]
        name = data.draw(st.sampled_from(sorted(place)))
    place[name] = value
    with TemporaryDirectory() as parent:
        copy = shutil.copytree(folder, Path(parent, "copy"))
        forge(copy, manifest)
        with suppress(ModelDamaged, ModelFormatUnknown):
            model = Model.load(copy)
            assert np.isfinite(model.search_vectors).all()
            model.table.rows([*WORDS, "医脑", "ᚠᚢ"])
            assert np.isfinite(model.table.vectors).all()


@pytest.mark.parametrize("name", ["scales", "whitening", "character_scales", "mean"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_forged_arrays_without_numbers_are_refused_by_name(folder, name, value):
    array = np.load(folder / f"{name}.npy")
    array.flat[-1] = value
    np.save(folder / f"{name}.npy", array)
    forge(folder, json.loads((folder / "manifest.json").read_text("utf-8")))
    with pytest.raises(ModelDamaged, match=rf"{name}\.npy"):
        Model.load(folder)


@pytest.mark.parametrize("name", ARRAYS)
def test_forged_arrays_of_another_type_or_shape_are_refused_by_name(folder, name):
    array = np.load(folder / f"{name}.npy")
    for forged in (array.astype(np.float64), array[:-1]):
        np.save(folder / f"{name}.npy", forged)
        forge(folder, json.loads((folder / "manifest.json").read_text("utf-8")))
        with pytest.raises(ModelDamaged, match=rf"{name}\.npy"):
            Model.load(folder)


# Remembering


def change_a_count(folder: Path) -> None:
    path = folder / "words.txt"
    data = path.read_bytes()
    with open(path, "r+b") as stream:  # in place: the inode stays
        stream.write(data.replace(b"1200", b"1201", 1))


def test_what_was_verified_is_not_read_again_while_size_time_and_inode_are_the_same(folder):
    Model.load(folder)
    before = (folder / "words.txt").stat()
    change_a_count(folder)
    os.utime(folder / "words.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Model.load(folder).counts[0] == 1201


def test_a_change_after_the_first_sight_is_noticed(folder):
    Model.load(folder)
    before = (folder / "words.txt").stat()
    change_a_count(folder)
    os.utime(folder / "words.txt", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    with pytest.raises(ModelDamaged, match=r"words\.txt"):
        Model.load(folder)


def test_a_file_replaced_by_another_of_the_same_time_is_noticed(folder):
    Model.load(folder)
    path = folder / "words.txt"
    before, data = path.stat(), path.read_bytes()
    (folder / "new").write_bytes(data.replace(b"1200", b"1201", 1))
    (folder / "new").replace(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ModelDamaged, match=r"words\.txt"):
        Model.load(folder)


def test_damage_is_told_every_time(folder):
    (folder / "mean.npy").write_bytes(b"")
    for _ in range(2):
        with pytest.raises(ModelDamaged, match=r"mean\.npy"):
            Model.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}', "\xff", "[" * 100_000], ids=lambda text: text[:9])
def test_a_broken_record_of_what_was_verified_stops_nothing(folder, store, text):
    Model.load(folder)
    (record,) = [path for path in store.iterdir() if path.is_file()]
    record.write_text(text, "latin-1")
    assert Model.load(folder).words == WORDS
    change_a_count(folder)
    with pytest.raises(ModelDamaged):
        Model.load(folder)


def test_a_store_that_cannot_be_written_stops_nothing(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SIMSEARCH_MODELS", str(tmp_path / "file" / "store"))
    assert Model.load(folder).words == WORDS


# Writing


def test_saving_over_a_model_replaces_it_whole(folder):
    (folder / "stale.txt").write_text("alt")
    Model.load(folder)
    name = save(folder, tables(1, dimensions=4))
    assert not (folder / "stale.txt").exists()
    assert (Model.load(folder).id, Model.load(folder).dimensions) == (name, 4)
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("over", [True, False], ids=["over an old one", "into nothing"])
@pytest.mark.parametrize("fails", range(1, 12))
def test_a_crash_while_saving_leaves_what_was_there(folder, monkeypatch, fails, over):
    target = folder if over else folder.parent / "other"
    before, calls = contents(folder), []
    flush = os.fsync

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == fails:
            raise OSError(28, "No space left on device")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(ModelUnwritable, match="No space left"):
        save(target, tables(1))
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_failed_rename_while_saving_leaves_what_was_there(folder, monkeypatch):
    before = contents(folder)
    rename = Path.rename

    def refuse(path, target):
        if Path(target).resolve() == folder.resolve() and not folder.exists():
            monkeypatch.setattr(Path, "rename", rename)
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ModelUnwritable, match="Input/output"):
        save(folder, tables(1))
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["vectors", "whitening", "character_vectors", "mean", "unknown_norm"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(tmp_path, name, value):
    given = tables()
    broken = np.array(getattr(given, name), np.float32)
    broken.flat[0] = value
    with pytest.raises(ValueError, match="finite"):
        save(tmp_path / "model", replace(given, **{name: float(broken) if name == "unknown_norm" else broken}))
    assert not (tmp_path / "model").exists()
