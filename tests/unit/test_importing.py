"""Models of other programs' word vectors: what is read, what becomes of it, and whatever can be wrong with a file."""

from __future__ import annotations

import gzip
import io
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiny import tiny

from simsearch.corpus.folding import fold
from simsearch.errors import SimsearchError
from simsearch.model import Model
from simsearch.model.export import export
from simsearch.model.saving import NotAModel, Tables, save
from simsearch.trainer import search_space
from simsearch.trainer.importing import Imported, import_vectors
from simsearch.trainer.word_counts import CountsUnreadable, estimate

WORDS = ["的", "咖啡", "绿茶", "睡觉", "coffee"]
VECTORS = np.random.default_rng(5).normal(size=(5, 4)).astype(np.float32)


def text(words: list[str], vectors: np.ndarray = VECTORS, header: bool = True, encoding: str = "utf-8") -> bytes:
    lines = [f"{len(words)} {vectors.shape[1]}"] if header else []
    lines += [f"{word} {' '.join(map(str, row.tolist()))}" for word, row in zip(words, vectors, strict=False)]
    return "".join(f"{line}\n" for line in lines).encode(encoding)


def binary(words: list[str], vectors: np.ndarray = VECTORS, end: bytes = b"\n", encoding: str = "utf-8") -> bytes:
    rows = [w.encode(encoding) + b" " + row.tobytes() + end for w, row in zip(words, vectors, strict=False)]
    return f"{len(words)} {vectors.shape[1]}\n".encode() + b"".join(rows)


def npz(**changes: object) -> bytes:
    given = {"words": np.array(WORDS), "counts": np.array([50, 40, 30, 20, 10]), "vectors": VECTORS, "pmi": np.True_}
    stream = io.BytesIO()
    np.savez(stream, **{name: value for name, value in (given | changes).items() if value is not None})
    return stream.getvalue()


def with_shape(shape: tuple[int, ...]) -> bytes:
    """Return an .npz whose vectors say that they have a shape."""
    stream, header = io.BytesIO(npz(vectors=None)), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(stream, "a") as file:
        file.writestr("vectors.npy", header.getvalue() + bytes(1_000))
    return stream.getvalue()


def imported(data: bytes, folder: Path, **how: object) -> tuple[Model, Imported]:
    """Import a file with this content, as it is unless told otherwise."""
    path = folder / "向量"
    path.write_bytes(data)
    told = import_vectors(path, folder / "模型", **({"most": 1_000, "as_is": True} | how))
    return Model.load(folder / "模型"), told


def assert_near(found: np.ndarray, expected: np.ndarray) -> None:
    """Check vectors within what 8 bits a number keep."""
    assert (np.abs(found - expected) <= np.abs(expected).max(axis=1, keepdims=True) / 127 * 0.501).all()


# What is read

GOOD = {
    "word2vec's text": text(WORDS),
    "GloVe's text": text(WORDS, header=False),
    "text with spaces and line ends of Windows": text(WORDS).replace(b"\n", b" \r\n"),
    "text with tabs": text(WORDS, header=False).replace(b" ", b"\t"),
    "text with a byte order mark": text(WORDS, header=False, encoding="utf-8-sig"),
    "text with empty lines": text(WORDS) + b"\n\n",
    "text without a last line end": text(WORDS)[:-1],
    "text with long numbers": re.sub(rb"(\d\.\d+)", rb"\1e+00000000", text(WORDS)),
    "the original binary": binary(WORDS),
    "gensim's binary": binary(WORDS, end=b""),
    "an export": npz(),
    "an export in double precision": npz(vectors=VECTORS.astype(float)),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", GOOD)
def test_each_format_is_known_by_its_content_whatever_the_name(tmp_path, kind, zipped):
    data = gzip.compress(GOOD[kind]) if zipped else GOOD[kind]
    model, told = imported(data, tmp_path)
    assert (model.words, model.dimensions) == (WORDS, 4)
    assert_near(model.vectors, VECTORS)
    assert (told.read, told.merged, told.left_out, told.more) == (5, 0, 0, False)
    assert told.counts == ("vectors" if "export" in kind else "order")


def test_as_they_are_the_search_space_is_that_of_the_vectors_and_characters_say_nothing(tmp_path):
    model, _ = imported(text(WORDS), tmp_path)
    np.testing.assert_allclose(model.search_vectors, model.vectors, rtol=1e-6)
    assert not model.encode(["黄山"]).any()


def test_else_whitening_and_characters_are_those_of_training(tmp_path):
    rng = np.random.default_rng(1)
    words = [one + other for one in "红黄蓝绿白" for other in "山水花鸟鱼"]
    vectors = rng.normal(size=(25, 6)).astype(np.float32)
    model, _ = imported(text(words, vectors), tmp_path, as_is=False)
    counts = estimate(25)
    whitening = search_space.whitening(vectors, counts)
    learnt = search_space.learn_characters(words, counts, vectors, whitening)
    np.testing.assert_allclose(model._stored.arrays["whitening"], whitening, rtol=1e-5, atol=1e-6)
    assert model.manifest["unknown_norm"] == pytest.approx(learnt.unknown_norm, rel=1e-5)
    assert model._stored.texts["characters"].decode() == learnt.characters
    assert np.linalg.norm(model.encode(["鸟鱼"])) == pytest.approx(1, abs=1e-5), "known by its characters"


def test_words_without_a_chinese_character_are_a_model_too(tmp_path):
    model, _ = imported(text(["tea", "coffee", "sleep", "bank", "doctor"]), tmp_path, as_is=False)
    assert model.similarity("tea", "tea") == pytest.approx(1, abs=1e-5)


def test_words_are_folded_and_the_first_of_those_that_become_one_gives_the_vector(tmp_path):
    words = ["Coffee", "銀行", "COFFEE", "银行", "\uff23offee"]
    model, told = imported(text(words), tmp_path)
    assert model.words == ["coffee", "银行"]
    assert_near(model.vectors, VECTORS[:2])
    assert told.merged == 3
    assert model.counts.tolist() == [estimate(5)[[0, 2, 4]].sum(), estimate(5)[[1, 3]].sum()]


def test_a_character_that_alone_would_be_folded_stays_in_an_export_of_a_model(tmp_path):
    words = ["乾", "干", "乾隆", "茶", "水"]
    assert fold("乾") == "干"
    assert imported(npz(words=np.array(words)), tmp_path)[0].words == words
    assert imported(text(words), tmp_path)[0].words == ["干", "乾隆", "茶", "水"]


def test_what_cannot_be_a_word_is_left_out_and_counted(tmp_path):
    lines = text(WORDS, header=False)
    row = b" 1 2 3 4\n"
    odd = ["·\u3000·", ". . .", "\u3000", "\u200b"]
    data = lines + b"".join(word.encode() + row for word in odd) + b"\xb0" + row + b" " + row + "茶 0 0 0 0\n".encode()
    model, told = imported(data, tmp_path)
    assert model.words == WORDS
    assert (told.read, told.left_out) == (12, 7)


def test_a_word_whose_first_vector_is_zero_gets_the_next_one(tmp_path):
    model, told = imported(text(["茶", *WORDS], np.vstack([np.zeros((1, 4), np.float32), VECTORS])), tmp_path)
    assert told.left_out == 1
    data = "茶 0 0 0 0\n茶 1 2 3 4\n水 1 1 1 1\n".encode()
    model, told = imported(data, tmp_path)
    assert (model.words, told.left_out, told.merged) == (["茶", "水"], 1, 0)


@pytest.mark.parametrize("kind", ["word2vec's text", "gensim's binary", "an export"])
@pytest.mark.parametrize(("most", "more"), [(3, True), (4, True), (5, False), (6, False)])
def test_no_more_words_are_read_than_asked_for(tmp_path, kind, most, more):
    model, told = imported(GOOD[kind], tmp_path, most=most)
    assert model.words == WORDS[:most]
    assert (told.read, told.more) == (min(most, 5), more)


def test_what_was_imported_is_noted_in_the_manifest_and_decides_the_id_by_content_only(tmp_path):
    model, _ = imported(text(WORDS), tmp_path)
    again, _ = imported(binary(WORDS), tmp_path)
    assert model.id == again.id
    noted = model.manifest["training"]["imported"]
    assert (noted["file"], noted["read"], noted["as_is"]) == ("向量", 5, True)
    assert model.manifest["pmi"] is False
    assert imported(text(WORDS[::-1]), tmp_path)[0].id != model.id


@pytest.mark.parametrize(
    ("data", "pmi"), [(npz(), True), (npz(pmi=np.False_), False), (text(WORDS), False), (binary(WORDS), False)]
)
def test_inner_products_are_pmi_only_where_an_export_says_so(tmp_path, data, pmi):
    model, told = imported(data, tmp_path)
    assert model.is_pmi == told.pmi == pmi


# Counts


def test_estimated_counts_follow_zipf(model):
    counts = estimate(1_000)
    assert (np.diff(counts) <= 0).all()
    assert counts[0] == pytest.approx(10 * counts[9], rel=0.01)
    assert counts.sum() == pytest.approx(500_000, rel=0.01)
    real, guess = model.counts / model.counts.sum(), estimate(len(model.counts))
    ratio = (guess / guess.sum() / real)[:10_000]
    assert ratio.min() > 0.5
    assert ratio.max() < 2


def test_counts_of_a_file_are_added_up_by_folded_word_and_order_the_words(tmp_path):
    (tmp_path / "词频.txt").write_text("咖啡 7\n绿茶\t100\n\n綠茶 11\nCoffee 9\n的 3\n火山 12\n", "utf-8-sig")
    model, told = imported(text(WORDS), tmp_path, counts=tmp_path / "词频.txt")
    assert dict(zip(model.words, model.counts.tolist(), strict=True)) == {
        "绿茶": 111,
        "coffee": 9,
        "咖啡": 7,
        "的": 3,
        "睡觉": 1,
    }
    assert list(model.counts) == sorted(model.counts, reverse=True)
    assert_near(model.vectors, VECTORS[[WORDS.index(word) for word in model.words]])
    assert (told.counts, told.uncounted) == ("file", 1)


def test_the_counts_of_an_export_are_kept(tmp_path):
    assert imported(npz(), tmp_path)[0].counts.tolist() == [50, 40, 30, 20, 10]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("的 3\n咖啡\n".encode(), "line 2"),
        ("的 -3\n".encode(), "line 1"),
        ("的 3.5\n".encode(), "line 1"),
        ("的 \uff13\n".encode(), "line 1"),
        ("的 9999999999999999999999\n".encode(), "line 1"),
        ("的 3\n".encode("gbk"), "decode"),
        (b"", "names none"),
        ("火山 3\n".encode(), "names none"),
        ("的 0\n".encode(), "names none"),
    ],
)
def test_counts_that_are_none_are_refused_in_a_sentence(tmp_path, content, said):
    (tmp_path / "词频.txt").write_bytes(content)
    with pytest.raises(CountsUnreadable, match=said):
        imported(text(WORDS), tmp_path, counts=tmp_path / "词频.txt")
    assert not (tmp_path / "模型").exists()


@pytest.mark.parametrize("header", [True, False])
def test_the_line_that_glove_adds_for_unknown_words_is_not_in_its_count(tmp_path, header):
    data = text([*WORDS, "<unk>"], np.vstack([VECTORS, VECTORS.mean(axis=0)]), header=header)
    model, _ = imported(data.replace(b"6 4", b"5 4", 1) if header else data, tmp_path)
    assert set(model.words) == {*WORDS, "<unk>"}


# What can be wrong


def with_number(number: str) -> bytes:
    lines = text(WORDS).splitlines(keepends=True)
    lines[3] = f"绿茶 1 2 {number} 4\n".encode()
    return b"".join(lines)


def of_number(number: float) -> bytes:
    vectors = VECTORS.copy()
    vectors[2, 1] = number
    return binary(WORDS, vectors)


GLOVE, BINARY, ZIP = text(WORDS, header=False), binary(WORDS), gzip.compress(text(WORDS))
BAD = {
    "empty": (b"", "empty"),
    "a line too short": (text(WORDS).replace("绿茶 ".encode(), "绿茶".encode()), "line 4"),
    "a line too long": (GLOVE.replace("绿茶 ".encode(), "绿茶 7 ".encode()), "line 3"),
    "another dimension in the header": (text(WORDS).replace(b"5 4", b"5 3", 1), "line 2"),
    "a word for a number": (with_number("一"), "一 is no number"),
    "not a number": (with_number("nan"), "line 4"),
    "infinite": (with_number("-inf"), "line 4"),
    "too large a number": (with_number("1e39"), "line 4"),
    "a number without a square": (with_number("1e30"), "line 4"),
    "more words promised": (text(WORDS).replace(b"5 4", b"6 4", 1), "6 words"),
    "two words more, the last one unknown words": (
        text([*WORDS, "<unk>"], np.vstack([VECTORS, VECTORS[:1]])).replace(b"6 4", b"4 4", 1),
        "4 words",
    ),
    "fewer words promised": (text(WORDS).replace(b"5 4", b"4 4", 1), "4 words"),
    "a header alone": (b"0 4\n", "Only 0"),
    "one word": ("1 3\n茶 1 2 3\n".encode(), "Only 1 of the 1"),
    "one word twice": ("茶 1 2 3\n茶 3 2 1\n".encode(), "Only 1 of the 2"),
    "zeros": (text(WORDS, np.zeros((5, 4), np.float32)), "Only 0 of the 5"),
    "next to zeros": (binary(WORDS, np.full((5, 4), 1e-30, np.float32)), "Only 0 of the 5"),
    "one dimension": ("2 1\n茶 1\n水 2\n".encode(), "2 to 10000 numbers"),
    "one dimension without a header": ("茶 1\n水 2\n".encode(), "2 to 10000 numbers"),
    "no dimension": ("茶\n水\n".encode(), "2 to 10000 numbers"),
    "a billion dimensions": ("2 1000000000\n茶 1\n".encode(), "2 to 10000 numbers"),
    "text in GBK": (text(WORDS, encoding="gbk"), "iconv"),
    "binary in GBK": (binary(WORDS, encoding="gbk"), "UTF-8"),
    "UTF-16": (text(WORDS, encoding="utf-16"), "save_word2vec_format"),
    "prose": ("失眠的人 睡前 不喝 浓茶。\n".encode() * 9, "line 1"),
    "an endless line": (b"\xe8\x8c\xb6" + b" 1" * 600_000, "numbers"),
    "an endless second line": ("茶 1 2\n水".encode() + b" 1" * 600_000, "no end"),
    "a pickle, as gensim's own format": (pickle.dumps({"vectors": VECTORS, "words": WORDS}), "save_word2vec_format"),
    "binary cut in numbers": (BINARY[:-5], "word 5"),
    "binary cut in a word": (BINARY[: BINARY.index("觉".encode())], "word 4"),
    "binary with fewer words promised": (BINARY.replace(b"5 4", b"4 4", 1), "there are more"),
    "binary with more words promised": (BINARY.replace(b"5 4", b"9 4", 1), "word 6"),
    "binary with another dimension": (BINARY.replace(b"5 4", b"5 3", 1), "damaged"),
    "binary, not a number": (of_number(np.nan), "word 3"),
    "binary, infinite": (of_number(np.inf), "word 3"),
    "binary without spaces": (b"2 4\n" + b"\0" * 10_000, "damaged at"),
    "gzip cut short": (ZIP[:-20], "its end"),
    "gzip cut in the middle": (ZIP[: len(ZIP) // 2], "its end"),
    "gzip with a bit turned": (ZIP[:-8] + bytes([ZIP[-8] ^ 1]) + ZIP[-7:], "CRC"),
    "gzip of nothing": (gzip.compress(b""), "empty"),
    "npz without words": (npz(words=None), "words"),
    "npz without vectors": (npz(vectors=None), "vectors"),
    "npz of objects": (npz(words=np.array(WORDS, object)), "allow_pickle=False"),
    "npz that tells of terabytes": (with_shape((9 * 10**9, 64)), "memory"),
    "npz that tells of more than there is": (with_shape((1_000, 64)), "EOF"),
    "npz of other lengths": (npz(counts=np.array([1, 2])), "go together"),
    "npz of one vector": (npz(vectors=VECTORS[0]), "go together"),
    "npz of whole numbers": (npz(vectors=VECTORS.astype(int)), "go together"),
    "npz with a count of 0": (npz(counts=np.array([5, 4, 3, 2, 0])), "less than 1"),
    "npz with endless counts": (npz(counts=np.full(5, 2**62)), "too large"),
    "npz with a number that is none": (npz(vectors=np.where(VECTORS[2, 2] == VECTORS, np.nan, VECTORS)), "word 3"),
    "npz with a number too large": (npz(vectors=np.where(VECTORS > 1, 1e300, VECTORS.astype(float))), "word"),
    "npz of one dimension": (npz(vectors=VECTORS[:, :1]), "2 to 10000 numbers"),
    "npz cut short": (npz()[:-30], "zip"),
    "another zip": (b"PK\3\4" + b"\0" * 100, "zip"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_whatever_is_wrong_is_one_sentence_and_no_folder(tmp_path, mistake):
    data, said = BAD[mistake]
    with pytest.raises(SimsearchError, match=said) as told:
        imported(data, tmp_path, as_is=False)
    assert str(tmp_path / "向量") in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["向量"]


def test_a_model_that_is_there_stays_when_the_file_is_bad(tmp_path):
    model, _ = imported(text(WORDS), tmp_path)
    with pytest.raises(SimsearchError):
        imported(BINARY[:-5], tmp_path)
    assert Model.load(tmp_path / "模型").id == model.id


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    (tmp_path / "模型").mkdir()
    (tmp_path / "模型" / "日记.txt").write_text("秘密")
    with pytest.raises(NotAModel):
        imported(text(WORDS), tmp_path)
    assert (tmp_path / "模型" / "日记.txt").is_file()


@pytest.mark.parametrize("name", ["没有.txt", "文件夹", "长" * 100, "文件.txt/向量"])
def test_a_file_that_cannot_be_read_is_told(tmp_path, name):
    (tmp_path / "文件夹").mkdir()
    (tmp_path / "文件.txt").write_text("")
    with pytest.raises(SimsearchError, match=r"cannot be read .*: check its name"):
        import_vectors(tmp_path / name, tmp_path / "模型", most=10)


SMALL = {"text": text(WORDS), "GloVe": GLOVE, "binary": BINARY, "npz": npz(), "gzip": ZIP}


@pytest.mark.parametrize("kind", SMALL)
@given(data=st.data())
def test_a_file_with_any_bytes_changed_is_read_or_refused_in_a_sentence(tmp_path_factory, kind, data):
    changed = bytearray(SMALL[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(changed)))
        changed[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    try:
        model, _ = imported(bytes(changed), tmp_path_factory.mktemp("any"), as_is=False)
    except SimsearchError:
        return
    assert np.isfinite(model.search_vectors).all()
    assert len(model.words) == len(set(model.words)) >= 2


# Round trip

words = (
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=4)
    .map(fold)
    .filter(lambda word: word.isprintable() and word and not any(map(str.isspace, word)) and fold(word) == word)
)
numbers = st.floats(-8, 8, width=32)


@settings(max_examples=20)
@given(st.lists(words, min_size=2, max_size=8, unique=True), st.integers(2, 9), st.data())
@pytest.mark.parametrize("form", ["word2vec", "word2vec-binary", "glove", "npz"])
def test_what_is_exported_imported_and_exported_again_stays_the_same(tmp_path_factory, form, names, dimensions, data):
    folder = tmp_path_factory.mktemp("round")
    rows = arrays.arrays(np.float32, (len(names), dimensions), elements=numbers)
    vectors = data.draw(rows.filter(lambda vectors: (np.abs(vectors).max(axis=1) > 0.01).all()))
    counts = sorted(data.draw(st.lists(st.integers(1, 10**9), min_size=len(names), max_size=len(names))), reverse=True)
    save(
        folder / "甲",
        Tables(
            words=names,
            counts=np.array(counts),
            vectors=vectors,
            whitening=np.eye(dimensions, dtype=np.float32),
            characters="",
            character_vectors=np.zeros((0, dimensions), np.float32),
            mean=np.zeros(dimensions, np.float32),
            unknown_norm=1.0,
        ),
    )
    model = Model.load(folder / "甲")
    export(model, folder / "一", form)
    told = import_vectors(folder / "一", folder / "乙", most=100, as_is=True)
    again = Model.load(folder / "乙")
    export(again, folder / "二", form)
    import_vectors(folder / "二", folder / "丙", most=100, as_is=True)
    assert (again.words, told.left_out, told.merged) == (names, 0, 0)
    assert again.is_pmi == (form == "npz")
    if form == "npz":
        assert again.counts.tolist() == counts
    np.testing.assert_allclose(again.vectors, model.vectors, rtol=1e-6)
    np.testing.assert_array_equal(again._stored.arrays["vectors"], model._stored.arrays["vectors"])
    np.testing.assert_allclose(Model.load(folder / "丙").vectors, model.vectors, rtol=1e-6)


@pytest.mark.parametrize("as_is", [True, False])
def test_an_export_of_a_search_space_becomes_the_same_again(tmp_path, as_is):
    given = tiny(tmp_path / "甲", seed=1, dimensions=6)
    export(given, tmp_path / "v.npz", space="search")
    import_vectors(tmp_path / "v.npz", tmp_path / "乙", most=100, as_is=as_is)
    model = Model.load(tmp_path / "乙")
    assert_near(model.search_vectors, given.search_vectors)
    assert not model.is_pmi
    assert model.counts.tolist() == given.counts.tolist()


def test_an_export_of_a_trained_model_is_whitened_and_learns_its_characters_again(model, tmp_path):
    export(model, tmp_path / "v.npz")
    steps: list[tuple[str, float, float | None]] = []
    report: Callable[[str, float, float | None], None] = lambda *step: steps.append(step)  # noqa: E731
    import_vectors(tmp_path / "v.npz", tmp_path / "again", most=10**6, progress=report)
    again = Model.load(tmp_path / "again")
    assert again.words == model.words
    cosines = (again.search_vectors * model.search_vectors).sum(axis=1)
    cosines /= np.linalg.norm(again.search_vectors, axis=1) * np.linalg.norm(model.search_vectors, axis=1)
    assert cosines.min() > 0.99
    texts = ["失眠的人应当在固定时间入睡", "银行吸收的存款由存款保险基金提供保障", "曜石折叠屏"]
    assert (again.encode(texts) * model.encode(texts)).sum(axis=1).min() > 0.99
    assert {stage for stage, _, _ in steps} == {"characters"}


@given(st.integers(2, 4), st.data())
def test_any_numbers_in_binary_are_not_taken_for_text_nor_the_reverse(tmp_path_factory, dimensions, data):
    rows = arrays.arrays(np.float32, (3, dimensions), elements=st.floats(-1e10, 1e10, width=32))
    vectors = data.draw(rows.filter(lambda vectors: (np.abs(vectors).max(axis=1) > 1e-10).all()))
    folder = tmp_path_factory.mktemp("numbers")
    for written in (binary(WORDS[:3], vectors), text(WORDS[:3], vectors)):
        assert_near(imported(written, folder)[0].vectors, vectors)
