"""The files that commands leave: only where they belong, and as open as the umask says."""

from __future__ import annotations

import marshal
import stat
from pathlib import Path

import pytest

from .process import Simsearch

#: Notes which files Python opens.
WATCHING = """
import os, sys
log = os.open("opened", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(lambda event, given: event == "open" and os.write(log, ascii(given[0]).encode() + b"\\n"))
"""


@pytest.mark.parametrize("umask", [0o022, 0o077], ids=oct)
def test_what_is_written_is_as_open_as_the_umask_says(
    simsearch: Simsearch, docs: Path, sentences: list[str], umask: int
) -> None:
    simsearch.environment |= {"SIMSEARCH_MODELS": str(simsearch.folder / "models")}
    for command in (
        ["train", "-", "--to", "模型", "--min-count", "2", "--dimensions", "8"],
        ["index", docs, "--model", "模型", "--ledger", "账.jsonl"],
        ["export", "模型", "-o", "向量.txt"],
        ["reindex", "--model", "base"],
    ):
        done = simsearch(*command, given="\n".join(sentences), first=f"import os; os.umask({umask})")
        assert done.code == 0, done.err
    written = [path for path in simsearch.folder.rglob("*") if not path.is_symlink()]
    assert {"manifest.json", "index.db", "verified.json", "账.jsonl", "向量.txt"} <= {path.name for path in written}
    for path in written:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & (umask | stat.S_IWOTH) == 0, f"{path} {mode:o}"
        assert path.is_dir() or not mode & stat.S_IXUSR, f"{path} {mode:o}"


def test_nothing_is_read_from_or_left_among_temporary_files(simsearch: Simsearch, docs: Path, trained: Path) -> None:
    """Others may write there: jieba itself would unmarshal a dictionary that it finds."""
    temporary = simsearch.folder / "tmp"
    temporary.mkdir()
    (temporary / "jieba.cache").write_bytes(marshal.dumps(({"长": 1, "城": 1}, 2)))
    simsearch.environment |= {"TMPDIR": str(temporary)}
    for command in (
        ["index", docs],
        ["query", "万里长城"],
        ["keywords", "长城东起山海关", "--model", trained],
    ):
        done = simsearch(*command, first=WATCHING, fresh=True)
        assert done.code == 0, done.err
    opened = (simsearch.folder / "opened").read_text().splitlines()
    assert len(opened) > 100, "what is opened is noted"
    assert not [name for name in opened if "jieba.cache" in name or ascii(str(temporary))[1:-1] in name]
    assert [path.name for path in temporary.iterdir()] == ["jieba.cache"]
