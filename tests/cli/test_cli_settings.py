"""`simsearch config` and `simsearch.toml`: where settings come from, and which one holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .process import Simsearch


def origins(simsearch: Simsearch, *arguments: str) -> dict[str, tuple[str, str]]:
    """Return value and origin of each setting."""
    return {row["name"]: (row["value"], row["origin"]) for row in simsearch.ok("config", *arguments).rows}


def test_a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(tmp_path: Path) -> None:
    bare = Simsearch(tmp_path, SIMSEARCH_INDEX=None)
    value, origin = origins(bare)["index"]
    assert origin == "default"
    assert value.startswith(f"sqlite:///{tmp_path}"), "in the user's own data folder"
    assert origins(bare)["model"] == ("base", "default")
    (tmp_path / "simsearch.toml").write_text('index = "sqlite:///文件.db"\nmodel = "甲"\nmode = "keyword"\nk = 3\n')
    from_file = origins(bare)
    assert from_file["index"] == ("sqlite:///文件.db", "simsearch.toml")
    assert from_file["model"] == ("甲", "simsearch.toml")
    assert from_file["mode"] == ("keyword", "simsearch.toml")
    assert from_file["k"] == ("3", "simsearch.toml")
    with_environment = Simsearch(tmp_path, SIMSEARCH_INDEX="sqlite:///环境.db", SIMSEARCH_MODEL="乙")
    assert origins(with_environment)["index"] == ("sqlite:///环境.db", "environment")
    assert origins(with_environment)["model"] == ("乙", "environment")
    assert origins(with_environment)["models"] == (os.environ["SIMSEARCH_MODELS"], "environment")
    with_flags = origins(with_environment, "--index", "sqlite:///旗.db", "--model", "丙")
    assert with_flags["index"] == ("sqlite:///旗.db", "flag")
    assert with_flags["model"] == ("丙", "flag")
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".db"], "asking creates nothing"


def test_a_table_of_settings_shows_every_name(simsearch: Simsearch) -> None:
    shown = simsearch.ok("config", "--table").out
    assert {"name", "index", "model", "models"} <= {line.split()[0] for line in shown.splitlines()}


def test_index_mode_and_number_of_the_file_hold_for_commands(tmp_path: Path, docs: Path) -> None:
    simsearch = Simsearch(tmp_path, SIMSEARCH_INDEX=None)
    (tmp_path / "simsearch.toml").write_text('index = "sqlite:///文件.db"\nmode = "keyword"\nk = 2\n')
    simsearch.ok("index", docs)
    assert (tmp_path / "文件.db").is_file()
    question = "长城 停水 樱花 绿茶"
    assert len(simsearch.ok("query", question).rows) == 2
    assert all(row["ranks"]["vector"] is None for row in simsearch.ok("query", question).rows)
    assert len(simsearch.ok("query", question, "-k", "3").rows) == 3
    assert any(row["ranks"]["vector"] for row in simsearch.ok("query", question, "--mode", "similar").rows)
    assert len(simsearch.ok("similar", "樱花").rows) <= 2


def test_the_number_of_the_file_holds_for_words_too(simsearch: Simsearch, tmp_path: Path) -> None:
    (tmp_path / "simsearch.toml").write_text("k = 2\n")
    assert len(simsearch.ok("words", "related", "茶叶").rows) == 2


def test_the_model_of_the_file_holds_for_commands(tmp_path: Path, docs: Path, trained: Path) -> None:
    simsearch = Simsearch(tmp_path)
    (tmp_path / "simsearch.toml").write_text(f'model = "{trained}"\n')
    named = simsearch.ok("compare", "医院", "诊所").row
    assert named == simsearch.ok("compare", "医院", "诊所", "--model", trained).row
    simsearch.ok("index", docs)
    assert simsearch.ok("status").row["dimensions"] == 8


def test_the_model_of_the_file_holds_for_words_too(simsearch: Simsearch, tmp_path: Path, trained: Path) -> None:
    (tmp_path / "simsearch.toml").write_text(f'model = "{trained}"\n')
    of_file, of_flag = (simsearch.ok("words", "norms", "-k", "5", *more).rows for more in ([], ["-m", str(trained)]))
    assert of_file == of_flag


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"k = ", "simsearch.toml"),
        (b'colour = "red"', "colour"),
        ("索引".encode("gbk"), "simsearch.toml"),
        (b'index = "a.db"\nindex = "b.db"', "simsearch.toml"),
    ],
    ids=["broken", "unknown key", "gbk", "twice"],
)
def test_a_bad_file_is_one_sentence(simsearch: Simsearch, tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "simsearch.toml").write_bytes(content)
    done = simsearch("query", "茶")
    assert done.code == 1
    assert done.out == ""
    (sentence,) = done.err.splitlines()
    assert sentence.startswith("Error: ")
    assert "simsearch.toml" in sentence
    assert told in sentence
    assert "mend it" in sentence


@pytest.mark.parametrize("line", ["k = 0", 'k = "十"', 'mode = "magic"', "index = 5", "model = []"])
def test_a_value_that_cannot_be_is_refused(simsearch: Simsearch, tmp_path: Path, docs: Path, line: str) -> None:
    (tmp_path / "simsearch.toml").write_text(line)
    bare = Simsearch(tmp_path, SIMSEARCH_INDEX=None)
    done = bare("index", docs) if line.startswith(("index", "model")) else bare("query", "茶", "-i", "none.db")
    assert done.code in (1, 2)
    assert done.out == ""
    assert "Error" in done.err
    assert line.split()[0] in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "5").exists()
