"""`--help` and `--version`: what a newcomer tries first."""

from __future__ import annotations

import re

import pytest

import simsearch as package
from simsearch.cli.main import COMMANDS

from .process import Simsearch

WORDS = [f"words {name}" for name in ("related", "similar", "norms", "analogy")]


@pytest.mark.parametrize("command", [*(name for name in COMMANDS if name != "words"), *WORDS])
def test_the_help_of_every_command_has_an_example_of_itself(simsearch: Simsearch, command: str) -> None:
    done = simsearch.ok(*command.split(), "--help")
    assert f"Example: simsearch {command}" in re.sub(r"[^\S\n]+|`", " ", done.out).replace("  ", " ")
    assert done.err == ""


def test_the_help_lists_all_commands(simsearch: Simsearch) -> None:
    shown = simsearch.ok("-h").out
    assert all(re.search(rf"\b{name}\b", shown) for name in COMMANDS)
    assert all(name.split()[1] in simsearch.ok("words", "--help").out for name in WORDS)


def test_the_version_is_the_package_s_even_with_broken_settings(simsearch: Simsearch) -> None:
    (simsearch.folder / "simsearch.toml").write_text("broken")
    assert simsearch.ok("--version").out.strip() == f"simsearch {package.__version__}"
