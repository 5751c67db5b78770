"""The order of the house: who may import whom, what a query costs in imports, how large modules may be."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import simsearch
from simsearch.corpus import Document
from simsearch.indexer import open_index

PACKAGE = Path(simsearch.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
#: Modules of the root, for all parts.
COMMON = {"addresses", "errors", "files", "folders", "interrupts", "limits", "packages", "patience", "processes"}
#: What each part may know beside itself and COMMON.
KNOWS = {
    "corpus": set(),
    "model": {"corpus"},
    "trainer": {"corpus", "model"},
    "indexer": {"corpus", "model"},
    "worker": {"corpus", "model", "indexer", "trainer"},
    "evaluation": {"corpus", "model", "indexer", "trainer", "worker"},
    "report": {"corpus", "model"},
    "cli": {"corpus", "model", "indexer", "trainer", "worker", "evaluation", "report"},
    "addresses": set(),
    "errors": set(),
    "files": set(),
    "folders": set(),
    "interrupts": set(),
    "limits": set(),
    "packages": set(),
    "patience": set(),
    "processes": set(),
    "__init__": set(),
    "__main__": {"cli"},
}
HEAVY = {"numba", "llvmlite", "elasticsearch", "celery", "redis", "pandas", "scipy", "sklearn", "pydantic", "gensim"}
HEAVY |= {"matplotlib"}


def name_of(path: Path) -> list[str]:
    """Return the dotted name of a module of the package, in parts."""
    return ["simsearch", *path.relative_to(PACKAGE).with_suffix("").parts]


def imported(source: str, module: list[str]) -> Iterator[list[str]]:
    """Yield the dotted names, in parts, that a module imports anywhere in its text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module[: -node.level] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            yield from ([*base, alias.name] for alias in node.names)


def trespasses(source: str, module: list[str]) -> list[str]:
    """Return the imports of a module that go upwards or sideways."""
    part = module[1]
    allowed = KNOWS[part] | COMMON | {part}
    return [
        ".".join(name)
        for name in imported(source, module)
        if name[0] == "simsearch" and len(name) > 1 and name[1] in KNOWS and name[1] not in allowed
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: ".".join(name_of(path)[1:]))
def test_imports_go_downwards_only(path):
    module = name_of(path)
    assert module[1] in KNOWS, "a new part of the house needs its place in the order"
    assert not trespasses(path.read_text("utf-8"), module)


@pytest.mark.parametrize(
    ("source", "module", "found"),
    [
        ("from simsearch.trainer import train", "simsearch.indexer.index", 1),
        ("import simsearch.indexer.ranker", "simsearch.trainer.words", 1),
        ("from simsearch import indexer", "simsearch.model.model", 1),
        ("def f():\n    from ..cli import main", "simsearch.model.model", 1),
        ("from simsearch import __version__", "simsearch.model.model", 0),
        ("from ..corpus import folding", "simsearch.model.model", 0),
    ],
)
def test_a_trespass_is_noticed_however_it_is_written(source, module, found):
    assert len(trespasses(source, module.split("."))) == found


def test_one_engine_alone_knows_a_server_and_nobody_knows_pickle():
    banned = HEAVY - {"numba"} | {"pickle", "shelve", "marshal", "joblib", "requests", "httpx", "urllib", "socket"}
    for path in MODULES:
        module = name_of(path)
        if module[1] in ("corpus", "model", "trainer", "indexer"):
            names = {name[0] for name in imported(path.read_text("utf-8"), module)}
            on_server = {"elasticsearch", "urllib"} if module[2] == "elasticsearch" else set()
            assert not names & (banned - on_server), path


def test_only_the_trainer_knows_numba():
    for path in MODULES:
        if name_of(path)[1] != "trainer":
            assert "numba" not in {name[0] for name in imported(path.read_text("utf-8"), name_of(path))}, path


def test_arrays_are_read_without_pickle():
    calls = [
        node
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load")
    ]
    assert calls
    for call in calls:
        assert any(word.arg == "allow_pickle" and ast.unparse(word.value) == "False" for word in call.keywords)


def test_no_module_runs_or_unpacks_what_it_reads():
    banned = {
        "pickle",
        "_pickle",
        "marshal",
        "shelve",
        "dill",
        "joblib",
        "cloudpickle",
        "yaml",
        "tarfile",
        "subprocess",
    }
    calls = {"eval", "exec", "compile", "os.system", "os.popen", "shutil.unpack_archive"}
    for path in MODULES:
        source = path.read_text("utf-8")
        assert not {name[0] for name in imported(source, name_of(path))} & banned, path
        called = {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}
        assert not called & calls, path
        assert not {name.rpartition(".")[2] for name in called} & {"extract", "extractall"}, path


def test_importing_the_package_costs_nothing():
    code = "import sys; before = set(sys.modules); import simsearch; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["simsearch"]


def imported_by(folder, *arguments):
    """Return what a command prints, and the names of all modules that it imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "simsearch", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    names = {line.rsplit("|", 1)[1].strip() for line in lines}
    assert {"numpy", "simsearch.indexer.index"} <= names, "the report of imports is read"
    return done.stdout, names


def test_a_query_imports_only_what_it_needs(tmp_path, model):
    path = tmp_path / "index.db"
    with open_index(path, model=model) as index:
        index.add([Document("睡眠", "每天早睡早起，睡前不喝咖啡，就能睡得香。"), Document("天气", "明天有大雨。")])
    out, names = imported_by(tmp_path, "query", "怎样睡得好", "--index", str(path), "--json")
    assert '"睡眠"' in out
    assert not {name.partition(".")[0] for name in names} & HEAVY
    assert not {name for name in names if name.startswith(("simsearch.trainer", "simsearch.evaluation"))}


@pytest.mark.parametrize("url", ["index.db", "http://127.0.0.1:9/texts"])
@pytest.mark.parametrize("command", ["index", "query"])
def test_a_short_run_imports_nothing_of_processes_which_would_end_it_slowly(tmp_path, command, url):
    (tmp_path / "睡眠.txt").write_text("睡前不喝咖啡。", "utf-8")
    _, names = imported_by(tmp_path, command, "睡眠.txt", "--index", url)
    assert not {name.partition(".")[0] for name in names} & {"multiprocessing"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: ".".join(name_of(path)[1:]))
def test_a_module_does_one_thing(path):
    source = path.read_text("utf-8")
    assert len(source.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_a_package_exports_at_most_eight_names(path):
    tree = ast.parse(path.read_text("utf-8"))
    exported = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert len(exported) <= 1
    assert len(exported[0] if exported else []) <= 8
    public = {name for found in exported for name in found}
    taken = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert taken - {"annotations"} <= public, "what is imported into a package is exported"
