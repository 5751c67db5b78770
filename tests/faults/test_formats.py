"""Releases that differ: what another one has written is refused in a sentence, before anything is touched."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest
from cli.process import Done, Simsearch
from servers.answers import ask

from simsearch.indexer.elasticsearch import mapping
from simsearch.indexer.sqlite import schema

from .conftest import NEW, OLD, Place, write


def ask_of(place: Place, path: str, body: object = None, method: str = "") -> Any:
    """Ask the server of an index; * in the path stands for its name and what follows."""
    server, _, name = place.url.rpartition("/")
    answer = ask(server + path.replace("*", f"{name}*"), body, method=method)
    assert answer.status == 200, answer.body
    return answer.json


def give_format(place: Place, found: int) -> None:
    """Let an index look as if another release had made it."""
    if place.url.startswith("sqlite"):
        with apsw.Connection(str(place.commands.index)) as connection:
            connection.execute("UPDATE about SET value = ? WHERE name = 'format'", (found,))
        connection.close()
        return
    for index, described in ask_of(place, "/*/_mapping").items():
        if meta := described["mappings"].get("_meta"):
            ask_of(place, f"/{index}/_mapping", {"_meta": {"simsearch": meta["simsearch"] | {"format": found}}}, "PUT")


def state(place: Place) -> Any:
    """Return all that there is of an index."""
    if place.url.startswith("sqlite"):
        return {path.name: path.read_bytes() for path in place.commands.folder.glob("index.db*")}
    ask_of(place, "/*/_refresh", method="POST")
    held = ask_of(place, "/*/_search?seq_no_primary_term=true&version=true&size=100")["hits"]["hits"]
    return ask_of(place, "/*?flat_settings=true"), sorted(json.dumps(hit, sort_keys=True) for hit in held)


def refused(done: Done, *names: str) -> None:
    """Check that a command said in one sentence what is wrong and what to do."""
    assert (done.code, done.out) == (1, ""), done.err
    assert re.fullmatch(r"Error: .+: install a matching simsearch.*\.\n", done.err), done.err
    for name in names:
        assert name in done.err


@pytest.mark.parametrize("later", [1, -1], ids=["newer", "older"])
def test_46_an_index_of_another_release_is_refused_before_anything_is_touched(place: Place, later: int) -> None:
    known = schema.FORMAT if place.url.startswith("sqlite") else mapping.FORMAT
    place.commands.ok("index", write(place, OLD, 0))
    give_format(place, known + later)
    before = state(place)
    write(place, NEW, 0)
    for command in ("index 甲.txt", "query 浓茶", "delete 甲.txt", "reindex --model base"):
        done = place.commands(*command.split())
        refused(done, place.url.removeprefix("sqlite:///"), f"has format {known + later}, this simsearch reads format")
    assert state(place) == before
    give_format(place, known)
    assert place.text() == OLD
    assert place.commands.ok("index", "甲.txt").row["stored"] == 1


def test_46_a_model_of_another_release_is_refused_by_whoever_meets_it(tmp_path: Path) -> None:
    simsearch = Simsearch(tmp_path, SIMSEARCH_MODELS=str(tmp_path / "models"))
    (tmp_path / "甲.txt").write_text(OLD, "utf-8")
    simsearch.ok("index", "甲.txt")
    (stored,) = (path.parent for path in (tmp_path / "models").glob("*/manifest.json"))
    copy = shutil.copytree(stored, tmp_path / "copy")
    manifest = json.loads((stored / "manifest.json").read_text("utf-8"))
    (stored / "manifest.json").write_text(json.dumps(manifest | {"format": manifest["format"] + 1}), "utf-8")
    for command in ("query 浓茶", "index 甲.txt", f"words norms -m {stored.name}"):
        refused(simsearch(*command.split()), str(stored), "has format 2, this simsearch reads format 1")
    shutil.copy(copy / "manifest.json", stored)
    assert [row["id"] for row in simsearch.ok("query", "浓茶").rows] == ["甲.txt"]
