"""The wheel, as a stranger gets it: what is in it, and that it runs with its declared dependencies alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import simsearch

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
#: Seconds for pip: llvmlite is large.
PATIENCE = 600
LARGEST = 20_000_000

#: Imports every module of the package: an undeclared dependency shows here.
IMPORT_ALL = """
import importlib, pkgutil, simsearch
for module in pkgutil.walk_packages(simsearch.__path__, "simsearch."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""


def python(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python outside of the project's folder, with the ordinary settings of pip."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=Path(sys.executable).parent)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    done = python("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def stranger(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the `bin` of a fresh environment with the wheel and its dependencies."""
    folder = tmp_path_factory.mktemp("stranger")
    reached = python("-m", "pip", "download", "--no-deps", "--no-cache-dir", "--dest", folder / "probe", "mdurl")
    if reached.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(f"pip reaches no package index: {reached.stderr}")
        pytest.skip("pip reaches no package index, so the wheel cannot be installed")
    assert python("-m", "venv", "--without-pip", folder / "venv").returncode == 0
    place = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    quick = ("--no-compile", "--constraint", CONSTRAINTS)  # what is imported is compiled then
    done = python("-m", "pip", "--python", place / "python", "install", *quick, wheel)
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def alone(stranger: Path, folder: Path, *command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of the fresh environment with an empty home and nothing else in the environment."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
    return subprocess.run(
        [str(stranger / command[0]), *map(str, command[1:])],
        cwd=folder,
        env={"PATH": os.fspath(stranger), "HOME": str(folder), **kept},
        input=given,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def test_the_wheel_holds_the_package_its_model_and_its_licence_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        (licence,) = [name for name in names if name.endswith("licenses/LICENSE")]
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
        manifest = json.loads(archive.read("simsearch/model/base/manifest.json"))
        sizes = {name: archive.getinfo(f"simsearch/model/base/{name}").file_size for name in manifest["files"]}
    assert sizes == {name: listed["size"] for name, listed in manifest["files"].items()}
    assert "simsearch/py.typed" in names
    about = f"simsearch-{simsearch.__version__}.dist-info/"
    assert all(name.startswith(("simsearch/", about)) for name in names)
    unwanted = (".pyc", ".nbi", ".nbc", ".db", ".so")
    assert [name for name in names if name.endswith(unwanted) or "test" in name.lower()] == []
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "simsearch").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size <= LARGEST


def test_a_fresh_install_is_consistent_and_without_tools_of_developers(stranger: Path) -> None:
    check = python("-m", "pip", "--python", stranger / "python", "check")
    assert check.returncode == 0, check.stdout
    listed = python("-m", "pip", "--python", stranger / "python", "list", "--format", "json")
    names = {package["name"].lower() for package in json.loads(listed.stdout)}
    assert "simsearch" in names
    assert not names & {"pytest", "mypy", "ruff", "hypothesis", "build", "hatchling"}


def test_a_fresh_install_imports_every_module(stranger: Path, tmp_path: Path) -> None:
    done = alone(stranger, tmp_path, "python", "-c", IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) > 20


def test_a_fresh_install_answers_in_an_empty_home(stranger: Path, tmp_path: Path) -> None:
    version = alone(stranger, tmp_path, "simsearch", "--version")
    assert (version.returncode, version.stdout) == (0, f"simsearch {simsearch.__version__}\n"), version.stderr
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "睡眠.txt").write_text("失眠的人应当在固定的时间入睡，睡前不喝浓茶。", "utf-8")
    (docs / "长城.txt").write_text("长城东起山海关，西到嘉峪关。", "utf-8")
    indexed = alone(stranger, tmp_path, "simsearch", "index", "docs")
    assert indexed.returncode == 0, indexed.stderr
    assert json.loads(indexed.stdout)["stored"] == 2
    asked = alone(stranger, tmp_path, "simsearch", "query", "怎样才能睡得香", "-k", "1")
    assert asked.returncode == 0, asked.stderr
    hit = json.loads(asked.stdout)
    assert hit["id"] == "docs/睡眠.txt"
    assert hit["passage"]["text"].startswith("失眠的人")
    piped = alone(stranger, tmp_path, "simsearch", "query", "-k", "1", given="山海关在哪里\n")
    assert json.loads(piped.stdout)["id"] == "docs/长城.txt"
