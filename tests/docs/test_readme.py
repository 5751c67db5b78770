"""The README is true: its commands run, and print what it says."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.redis import Redis

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
CONSOLES = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
(APPLICATION,) = [program for program in PROGRAMS if "enqueue" in program]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the examples, as a reader has them."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


@pytest.fixture(scope="module")
def environment(place: Path) -> dict[str, str]:
    """Return a reader's environment: a terminal without colours, an empty data folder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(place), "TERM": "dumb", "COLUMNS": "110"}


def on_terminal(command: str, place: Path, environment: dict[str, str]) -> str:
    """Run a command as on a terminal; return all that it prints."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, shell=True, cwd=place, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    printed = b""
    try:
        while data := os.read(ours, 65536):
            printed += data
    except OSError:  # Linux says so where the other side is closed
        pass
    os.close(ours)
    assert process.wait() == 0, printed.decode()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed.decode()).replace("\r\n", "\n")
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def expected(printed: str) -> re.Pattern[str]:
    """Return a pattern of what the README says is printed, `…` standing for anything.

    A progress bar of a slow moment leaves an empty line.
    """
    parts = [re.escape(part) for part in printed.strip("\n").split("…")]
    return re.compile(r"(?s)\s*" + ".*?".join(parts) + r"\s*")


def commands(console: str) -> list[tuple[str, str]]:
    """Return the commands of a console block, each with what the README says it prints."""
    pieces = re.split(r"^\$ (.*)\n", console, flags=re.MULTILINE)
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def test_every_command_of_the_readme_prints_what_it_says(place: Path, environment: dict[str, str]) -> None:
    for console in CONSOLES:
        for command, said in commands(console):
            printed = on_terminal(command, place, environment)
            if said.strip():
                assert expected(said).fullmatch(printed), f"$ {command}\n{printed}"


@pytest.mark.parametrize("program", [program for program in PROGRAMS if program != APPLICATION])
def test_every_program_of_the_readme_runs(program: str, place: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_application_of_the_readme_finds_by_meaning_what_it_enqueued(
    own_redis: Callable[..., Redis], place: Path, environment: dict[str, str]
) -> None:
    environment = {**environment, "SIMSEARCH_BROKER": own_redis().url}
    (address,) = re.findall(r"simsearch worker --index (\S+)`", README)
    worker = subprocess.Popen(
        [sys.executable, "-m", "simsearch", "worker", "--index", address], cwd=place, env=environment
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", APPLICATION], cwd=place, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("通知-7 今晚十点"), done.stdout
    finally:
        worker.terminate()
        assert worker.wait(60) == 0


def test_the_readme_begins_with_demo_and_test() -> None:
    begin = README.split("```")[1]
    assert re.findall(r"^make (\w+)", begin, re.MULTILINE) == ["demo", "test"]


def test_every_command_and_option_of_the_readme_exists() -> None:
    told = set(re.findall(r"`(\w+)`", README.split("All commands:")[1].split(";")[0]))
    shown = subprocess.run(
        [sys.executable, "-m", "simsearch", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert told == set(re.findall(r"^│ (\w+) ", shown, re.MULTILINE)), shown


def test_examples_are_written_for_the_demo() -> None:
    documents = [path for path in (ROOT / "examples").rglob("*") if path.suffix in (".txt", ".md")]
    assert len(documents) >= 80
    assert len({path.parent for path in documents}) >= 10


def test_the_chinese_readme_is_equal() -> None:
    """It has the same programs and commands, names, links, headings and points, in the same order but for grammar."""
    chinese = (ROOT / "README.zh.md").read_text("utf-8")
    blocks = re.compile(r"```.*?```", re.DOTALL)
    assert blocks.findall(chinese) == blocks.findall(README)
    here, there = (blocks.sub("", text) for text in (chinese, README))
    for what in (r"`[^`]+`", r"\]\((?!README)([^)]+)\)", r"^#+ |^- ", r"\d+(?:\.\d+)?"):
        found, wanted = (
            sorted(re.findall(what, " ".join(text.split("\n")) if "`" in what else text, re.MULTILINE))
            for text in (here, there)
        )
        assert found == wanted
