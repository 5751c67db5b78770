"""What users get wrong: each is one sentence that names the thing and a remedy, and nothing stored is lost."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from .conftest import NOTICES, TEXTS
from .process import Done, Simsearch

#: A name longer than any file system takes: somebody passed a text where a name belongs.
LONG = "天" * 100


def assert_one_error(done: Done, *names: str) -> None:
    """Check that a command failed with a sentence on stderr that has names and a remedy, and with nothing else."""
    assert "Traceback" not in done.err, done.err
    assert done.code == 1, done
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done.err
    assert re.fullmatch(r"Error: .+[:;] .+\.\n", done.err), done.err
    for name in names:
        assert name in done.err


@pytest.fixture(scope="module")
def place(docs: Path, trained: Path, sentences: list[str], tmp_path_factory: pytest.TempPathFactory) -> Simsearch:
    """Run commands in a folder with a sound index and all that can be wrong beside it."""
    simsearch = Simsearch(tmp_path_factory.mktemp("bad"))
    simsearch.ok("index", docs)
    folder = simsearch.folder
    (folder / "好.txt").write_text("长城东起山海关。", "utf-8")
    (folder / "断链.txt").symlink_to(folder / "没有.txt")
    (folder / "国标.txt").write_bytes("长城东起山海关。".encode("gbk"))
    (folder / "空.txt").write_bytes(b"")
    (folder / "一.txt").write_text("天 天 天 天", "utf-8")
    (folder / "语料.txt").write_text("\n".join(sentences), "utf-8")
    (folder / "不是库.db").write_text("这不是数据库。" * 1000, "utf-8")
    (folder / "坏账.jsonl").write_text('{"id": "甲", "sequence": 1}\n甲乙丙\n', "utf-8")
    (folder / "无时账.jsonl").write_text(f'{{"id": "甲", "sequence": {10**30}}}\n', "utf-8")
    (folder / "文件夹").mkdir()
    shutil.copytree(trained, folder / "别的模型")
    shutil.copytree(trained, folder / "坏模型")
    damage(folder / "坏模型" / "vectors.npy")
    return simsearch


def damage(path: Path) -> None:
    """Flip a bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def stored(simsearch: Simsearch) -> int:
    """Count the documents of an index without `simsearch`."""
    connection = sqlite3.connect(simsearch.index)
    try:
        return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])
    finally:
        connection.close()


MISTAKES = {
    "missing source": ("index 没有.txt", "没有.txt"),
    "dangling link": ("index 断链.txt", "断链.txt"),
    "a text for a source": (f"index {LONG}", LONG),
    "another server": ("index 好.txt -i https://localhost:9/texts", "https://localhost:9"),
    "no address": ("index 好.txt -i ftp://texts", "ftp://texts"),
    "index is no database": ("index 好.txt -i 不是库.db", "不是库.db"),
    "index is a folder": ("index 好.txt -i 文件夹", "文件夹"),
    "index below a file": ("index 好.txt -i 好.txt/库.db", "好.txt"),
    "index with a long name": (f"index 好.txt -i {LONG}", LONG),
    "ledger below a file": ("index 好.txt --ledger 好.txt/账.jsonl", "好.txt/账.jsonl"),
    "ledger is a folder": ("index 好.txt --ledger 文件夹", "文件夹"),
    "missing model": ("index 好.txt -m 没有模型", "没有模型"),
    "unknown model id": ("index 好.txt -m 0123456789abcdef", "0123456789abcdef"),
    "damaged model": ("index 好.txt -m 坏模型 -i 新.db", "坏模型/vectors.npy"),
    "damaged model for words": ("words norms -m 坏模型", "坏模型/vectors.npy"),
    "model with a long name": (f"words norms -m {LONG}", LONG),
    "missing index": ("query 茶 -i 没有.db", "没有.db"),
    "missing index to delete from": ("delete 甲 -i 没有.db", "没有.db"),
    "missing index to check": ("doctor -i 没有.db", "没有.db"),
    "enriched index without an address": ("enrich news", "use https://host:9200/name"),
    "missing index in figures": ("status -i 没有.db", "没有.db"),
    "asked index is no database": ("query 茶 -i 不是库.db", "不是库.db"),
    "asked index is a folder": ("similar 甲 -i 文件夹", "文件夹"),
    "asked index with a long name": (f"query 茶 -i {LONG}", LONG),
    "condition without a value": ("query 茶 --where year", "year"),
    "condition without a name": ("query 茶 --where =3", "=3"),
    "unknown id": ("similar 没有", "没有"),
    "unknown word": ("words related ᚠᚢᚦ", "ᚠᚢᚦ"),
    "unknown word of three": ("words analogy 国王 ᚠᚢᚦ 男人", "ᚠᚢᚦ"),
    "keywords of a gbk file": ("keywords 国标.txt", "国标.txt"),
    "empty corpus": ("train 空.txt --to 新模型", "No words"),
    "corpus of one word": ("train 一.txt --to 新模型 --min-count 1", "1 of the 1 words"),
    "corpus of rare words": ("train 语料.txt --to 新模型 --min-count 100000", "100000"),
    "missing corpus": ("train 没有.txt --to 新模型", "没有.txt"),
    "missing dictionary": ("train 语料.txt --to 新模型 --dictionary 没有.txt", "没有.txt"),
    "gbk dictionary": ("train 语料.txt --to 新模型 --dictionary 国标.txt", "国标.txt"),
    "model below a file": ("train 语料.txt --to 好.txt/模型 --min-count 2 --dimensions 4", "好.txt"),
    "vectors of a missing model": ("export 没有模型 -o 新.vec", "没有模型"),
    "vectors in an unknown format": ("export base -o 新模型", "新模型"),
    "vectors over a file": ("export base -o 好.txt", "好.txt"),
    "vectors over a folder": ("export base -o 文件夹 --format npz --force", "文件夹"),
    "vectors below a file": ("export base -o 好.txt/新.bin", "好.txt/新.bin"),
    "missing vectors": ("import 没有.txt --to 新模型", "没有.txt"),
    "vectors of a folder": ("import 文件夹 --to 新模型", "文件夹"),
    "empty vectors": ("import 空.txt --to 新模型", "空.txt"),
    "vectors that are prose": ("import 好.txt --to 新模型", "好.txt"),
    "vectors that are words": ("import 一.txt --to 新模型", "line 1"),
    "vectors that are a database": ("import index.db --to 新模型", "index.db"),
    "a model over a file": ("import 一.txt --to 好.txt", "好.txt"),
    "missing ledger": ("doctor --verify 没有.jsonl", "没有.jsonl"),
    "broken ledger": ("doctor --verify 坏账.jsonl", "坏账.jsonl"),
    "ledger with a time that nothing has": ("doctor --verify 无时账.jsonl", "无时账.jsonl"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_with_a_remedy(place: Simsearch, mistake: str) -> None:
    command, name = MISTAKES[mistake]
    assert_one_error(place(*command.split()), name)
    assert stored(place) == len(TEXTS) + len(NOTICES)
    for unwanted in ("没有.db", "新.db", "新模型"):
        assert not (place.folder / unwanted).exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["query", ""], "what to look for"),
        (["query", " \t"], "what to look for"),
        (["query", "茶", "--mode", "魔法"], "--mode"),
        (["query", "茶", "-k", "0"], "-k"),
        (["query", "茶", "-k", "1001"], "-k"),
        (["similar"], "Missing argument"),
        (["compare", "甲"], "Missing argument"),
        (["index"], "Missing argument"),
        (["train", "好.txt"], "--to"),
        (["export"], "Missing argument"),
        (["export", "base"], "--to"),
        (["export", "base", "-o", "新.txt", "--format", "魔法"], "--format"),
        (["export", "base", "-o", "新.txt", "--space", "魔法"], "--space"),
        (["import", "好.txt"], "--to"),
        (["import", "好.txt", "--to", "新模型", "--most", "1"], "--most"),
        (["words", "similar", "茶", "--context", "1"], "--context"),
        (["keywords", "茶", "--method", "魔法"], "--method"),
        (["delete"], "Missing argument"),
        (["serach"], "serach"),
        (["qurey", "茶"], "Did you mean 'query'"),
        (["query", "茶", "--colour"], "--colour"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_with_exit_code_2(place: Simsearch, arguments: list[str], told: str) -> None:
    done = place(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert told in done.err
    assert "Traceback" not in done.err


def test_two_models_are_never_mixed_and_both_are_named(place: Simsearch) -> None:
    of_index = place.ok("status").row["model"]
    other = json.loads((place.folder / "别的模型" / "manifest.json").read_text("utf-8"))["id"]
    assert_one_error(place("index", "好.txt", "-m", "别的模型"), of_index, other)
    assert stored(place) == len(TEXTS) + len(NOTICES)


def test_no_password_of_an_address_is_shown(place: Simsearch) -> None:
    done = place("index", "好.txt", "-i", "https://user:geheim@localhost:9200/texts")
    assert_one_error(done, "localhost:9200")
    assert "geheim" not in done.err


def test_a_pipe_without_questions_asks_nothing(place: Simsearch) -> None:
    done = place("query", given="\n \n")
    assert (done.code, done.out) == (0, "")
    assert "Traceback" not in done.err


def test_every_file_of_a_model_is_checked_before_it_is_used(
    simsearch: Simsearch, trained: Path, tmp_path: Path
) -> None:
    names = sorted(json.loads((trained / "manifest.json").read_text("utf-8"))["files"])
    assert len(names) == len(list(trained.iterdir())) - 1
    for name in names:
        if not (trained / name).stat().st_size:
            continue
        model = shutil.copytree(trained, tmp_path / f"坏 {name}")
        damage(model / name)
        assert_one_error(simsearch("compare", "医院", "学校", "-m", model), str(model / name))


@pytest.mark.parametrize("field", ["total", "words", "unknown_norm", "id"])
def test_a_manifest_that_says_something_else_is_refused(
    simsearch: Simsearch, trained: Path, tmp_path: Path, field: str
) -> None:
    model = shutil.copytree(trained, tmp_path / "模型")
    manifest = json.loads((model / "manifest.json").read_text("utf-8"))
    value = manifest[field]
    manifest[field] = "0" * 16 if isinstance(value, str) else value + 1
    (model / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert_one_error(simsearch("compare", "医院", "学校", "-m", model), str(model))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 999}'])
def test_a_manifest_that_is_none_is_refused(simsearch: Simsearch, trained: Path, tmp_path: Path, content: str) -> None:
    model = shutil.copytree(trained, tmp_path / "模型")
    (model / "manifest.json").write_text(content, "utf-8")
    assert_one_error(simsearch("compare", "医院", "学校", "-m", model), str(model))


def test_a_model_damaged_after_it_was_checked_is_refused_too(
    simsearch: Simsearch, trained: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(trained, tmp_path / "模型")
    simsearch.ok("compare", "医院", "学校", "-m", model)
    damage(model / "whitening.npy")
    assert_one_error(simsearch("compare", "医院", "学校", "-m", model), str(model / "whitening.npy"))
    (model / "whitening.npy").unlink()
    assert_one_error(simsearch("compare", "医院", "学校", "-m", model), str(model / "whitening.npy"))


def test_47_an_index_whose_model_is_gone_says_so(
    docs: Path, trained: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = tmp_path_factory.mktemp("store")
    simsearch = Simsearch(tmp_path, SIMSEARCH_MODELS=str(store))
    simsearch.ok("index", docs, "-m", trained)
    named = simsearch.ok("status").row["model"]
    shutil.rmtree(store)
    for command in (("query", "茶"), ("index", docs), ("similar", "樱花")):
        assert_one_error(simsearch(*command), named, str(store / named), "copy its folder", "`simsearch reindex`")
    assert simsearch.ok("status").row["documents"] == len(TEXTS) + len(NOTICES)
    simsearch.ok("reindex", "--model", "base")
    assert simsearch.ok("query", "茶", "-k", "1").row["id"] == "docs/绿茶.md"


def test_numbers_that_are_no_json_do_not_reach_the_output(simsearch: Simsearch, tmp_path: Path) -> None:
    lines = [
        '{"id": "一", "text": "价格便宜的茶叶", "metadata": {"price": NaN, "weight": Infinity}}',
        r'{"id": "二\ud800", "text": "茶叶\ud83d涨价", "title": "\udc00", "metadata": {"name": "\ud800"}}',
        '{"id": "三", "text": "茶叶的价格", "metadata": {"price": 3, "深": ' + "[" * 90 + "]" * 90 + "}}",
    ]
    (tmp_path / "行.jsonl").write_text("\n".join(lines), "utf-8")
    done = simsearch("index", "行.jsonl")
    assert done.code in (0, 3)
    assert done.row["stored"] + done.row["failed"] == 3
    assert len(simsearch.ok("query", "茶叶").rows) == done.row["stored"]
    assert [row["id"] for row in simsearch.ok("query", "茶叶", "--where", "price>=1").rows] == ["三"]


FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"


@pytest.mark.usefixtures("library")  # the model is in the store already
@pytest.mark.parametrize("size", [0, 5_000, 50_000])
def test_a_full_disk_when_an_index_is_made_is_one_sentence(simsearch: Simsearch, docs: Path, size: int) -> None:
    pytest.importorskip("resource", reason="no limits for files on this system")
    assert_one_error(simsearch("index", docs, first=FULL.format(size)), str(simsearch.index))
    assert simsearch.ok("index", docs).row["stored"] == len(TEXTS) + len(NOTICES)


def test_a_full_disk_under_the_model_store_is_one_sentence(tmp_path: Path, docs: Path) -> None:
    pytest.importorskip("resource", reason="no limits for files on this system")
    simsearch = Simsearch(tmp_path, SIMSEARCH_MODELS=str(tmp_path / "models"))
    assert_one_error(simsearch("index", docs, first=FULL.format(200_000)), str(tmp_path / "models"))
    assert simsearch.ok("index", docs).row["stored"] == len(TEXTS) + len(NOTICES)


def test_a_full_disk_leaves_the_old_model_as_it_was(
    simsearch: Simsearch, trained: Path, sentences: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("resource", reason="no limits for files on this system")
    model = shutil.copytree(trained, tmp_path / "模型")
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    arguments = ("train", "-", "--to", "模型", "--min-count", "2", "--dimensions", "4")
    done = simsearch(*arguments, given="\n".join(sentences), first=FULL.format(100))
    assert_one_error(done, "模型")
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_a_full_disk_under_the_output_is_one_sentence(place: Simsearch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "wb") as full:
        done = place("query", "长城", stdout=full)
    assert "Traceback" not in done.err
    assert done.code == 1
    assert done.err.startswith("Error: ")
