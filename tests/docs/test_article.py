"""docs/article.md is what its program prints: the article's results as commands, with what models say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tiny import tiny

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/article.md").read_text("utf-8")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page of a model of eleven words."""
    folder = tmp_path_factory.mktemp("article")
    tiny(folder / "模型", 1, 8)
    (folder / "tasks.tsv").write_text("classify\treviews\treviews.tsv\n", "utf-8")
    rows = [f"{number % 2}\t{'咖啡很好' if number % 2 else '银行不好'}，第{number}次" for number in range(60)]
    (folder / "reviews.tsv").write_text("\n".join(rows), "utf-8")
    command = [sys.executable, str(ROOT / "bench/article.py"), "--sets", str(folder), f"small={folder / '模型'}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def lines(page: str, tables: bool) -> list[str]:
    """Return the lines of the tables, or all others."""
    return [line for line in page.splitlines() if line.startswith("|") == tables]


def test_the_page_says_and_asks_what_its_program_prints(printed: str) -> None:
    assert lines(PAGE, tables=False) == lines(printed, tables=False)


def test_each_table_has_the_same_rows_and_a_column_for_each_model(printed: str) -> None:
    ours, theirs = (lines(page, tables=True) for page in (printed, PAGE))
    assert [row for row in ours if row.startswith("| small |")], "a row of its own where models are rows"
    examples = [row.split(" | ")[0] for row in ours if not row.startswith(("| small |", "|---"))]
    assert [row.split(" | ")[0] for row in theirs if row.split(" | ")[0] in examples] == examples
    assert any("咖啡" in row for row in ours), "what the model knows is shown"


def test_a_word_that_a_model_does_not_know_is_told(printed: str) -> None:
    (row,) = [row for row in printed.splitlines() if row.startswith("| 国王 + 女人 - 男人 |")]
    assert "does not know the word 国王" in row
