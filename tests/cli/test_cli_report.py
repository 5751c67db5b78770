"""`simsearch report`: a model on a page that needs nothing beside itself."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from simsearch.model.saving import Tables, save
from simsearch.report import plots

from .process import Simsearch
from .test_cli_bad_input import assert_one_error

NEVER_CLOSED = {"meta"}


class Page(HTMLParser):
    """Collects headings, texts and links; finds tags that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.texts: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag not in NEVER_CLOSED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take a text."""
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)
        elif self.open and self.open[-1] != "style" and data.strip():
            self.texts.append(data.strip())


def page(simsearch: Simsearch, *arguments: str | Path) -> Page:
    """Write a page and read it."""
    done = simsearch.ok("report", *arguments, "-o", "页.html", "--force")
    return Page((simsearch.folder / done.row["file"]).read_text("utf-8"))


def test_the_page_of_the_base_model_holds_all_parts_and_needs_nothing_else(simsearch: Simsearch) -> None:
    shown = page(simsearch, "base")
    assert shown.headings == ["base", "Bill", "Loss", "Norm and frequency", "Map of frequent words", "Nearest words"]
    assert shown.open == []
    assert [link for link in shown.links if not link.startswith("#")] == []
    text = (simsearch.folder / "页.html").read_text("utf-8")
    assert not re.search(r"url\((?!#)|@import|<script|<link", text)
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 3
    words = [
        [element.text for element in ET.fromstring(one).iter() if element.tag.endswith("text")] for one in drawings
    ]
    norms = simsearch.ok("words", "norms", "--model", "base").rows
    assert set(words[2]) > {"中国", "经济"}
    assert " ".join(row["word"] for row in norms) in shown.texts
    assert not re.search("#0[0-9a-c]{5}", "".join(drawings)), "each colour is the page's"


def test_words_may_be_chosen_and_one_that_is_unknown_leaves_no_page(simsearch: Simsearch, trained: Path) -> None:
    shown = page(simsearch, trained, "--word", "医院", "--word", "老师")
    similar = simsearch.ok("words", "similar", "医院", "-k", "8", "--model", trained).rows
    assert " ".join(row["word"] for row in similar) in shown.texts
    assert shown.texts.index("医院") < shown.texts.index("老师")
    (simsearch.folder / "页.html").unlink()
    assert_one_error(simsearch("report", trained, "-o", "页.html", "--word", "量子茶壶"), "量子茶壶")
    assert [path.name for path in simsearch.folder.iterdir() if "页" in path.name] == []


def test_the_same_model_gives_the_same_page(simsearch: Simsearch, trained: Path) -> None:
    page(simsearch, trained)
    once = (simsearch.folder / "页.html").read_bytes()
    page(simsearch, trained)
    assert (simsearch.folder / "页.html").read_bytes() == once


def test_imported_vectors_have_a_page_and_it_says_that_they_are_no_pmi(simsearch: Simsearch, trained: Path) -> None:
    simsearch.ok("export", trained, "-o", "向量.txt")
    simsearch.ok("import", "向量.txt", "--to", "<b>外来&")
    shown = page(simsearch, "<b>外来&")
    assert shown.headings[0] == "<b>外来&"
    assert "Loss" not in shown.headings
    assert any("no PMI" in text for text in shown.texts)
    assert not any("are pointwise mutual information" in text for text in shown.texts)


#: Would be elements, ends of elements, attributes or places of a template.
MARKUP = ["<script>alert(1)</script>", "<img/src=x/onerror=alert(1)>", "</title><script>", "</text></svg><script>"]
MARKUP += ['"onload="alert(1)', "'onload='alert(1)", "]]>", "<!--", "&#60;script>", "${name}", "$sections", "<b>长城"]


def test_words_are_no_markup(simsearch: Simsearch) -> None:
    words = [*MARKUP, *(f"{name}茶" for name in "红绿黑白青黄花奶凉苦浓热")]
    size = len(words)
    axes = np.eye(size, dtype=np.float32)
    none = np.zeros((0, size), np.float32)
    counts = np.arange(size, 0, -1) * 100
    training = {"settings": {"<script>": "<script>"}, "imported": {"from": "</td><script>"}}
    save(
        simsearch.folder / "<script>&",
        Tables(words, counts, axes, axes, "", none, np.zeros(size, np.float32), 1.0, training=training),
    )
    row = {"task": "<script>", "kind": "words", "measure": "<img>", "n": 2, "system": "</td><script>", "value": 0.5}
    (simsearch.folder / "分.jsonl").write_text(json.dumps(row | {"low": 0.4, "high": 0.6}), "utf-8")
    asked = [part for word in MARKUP for part in ("--word", word)]
    shown = page(simsearch, "<script>&", "--scores", "分.jsonl", *asked)
    assert set(MARKUP) <= set(shown.texts), "each is shown as it is"
    text = (simsearch.folder / "页.html").read_text("utf-8")
    assert not {tag.lower() for tag in re.findall(r"<([A-Za-z]\w*)", text)} & {"script", "img", "b", "iframe", "object"}
    assert shown.open == []
    for drawing in [plots.word_map(axes[:, :2], words), plots.norms(axes[0], axes[1], words, range(len(MARKUP)))]:
        drawn = {element.tag.rpartition("}")[2] for element in ET.fromstring(drawing).iter()}
        assert not drawn & {"script", "img", "b"}


def test_scores_of_an_evaluation_are_shown(simsearch: Simsearch, trained: Path) -> None:
    row = {"task": "词", "kind": "words", "measure": "Spearman", "n": 240, "system": "simsearch"}
    row |= {"value": 0.5741, "low": 0.476, "high": 0.661, "difference": None}
    rows = [row, row | {"measure": "ms", "value": 12.0}]
    (simsearch.folder / "分.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    shown = page(simsearch, trained, "--scores", "分.jsonl")
    assert shown.headings[-1] == "Scores"
    assert shown.texts[-4:] == ["词, Spearman (240)", "simsearch", "0.574", "0.476 to 0.661"]


@pytest.mark.parametrize("line", ["词 0.5", "[]", "{}", '{"task": "词", "measure": "P", "n": "many"}'])
def test_what_is_no_score_is_told(simsearch: Simsearch, trained: Path, line: str) -> None:
    (simsearch.folder / "分.jsonl").write_text(line, "utf-8")
    done = simsearch("report", trained, "-o", "页.html", "--scores", "分.jsonl")
    assert_one_error(done, "分.jsonl", "simsearch evaluate")


def test_a_file_that_is_there_is_kept(simsearch: Simsearch, trained: Path) -> None:
    (simsearch.folder / "页.html").write_text("我的", "utf-8")
    assert_one_error(simsearch("report", trained, "-o", "页.html"), "页.html", "--force")
    assert (simsearch.folder / "页.html").read_text("utf-8") == "我的"


def test_without_the_optional_packages_the_remedy_is_told(simsearch: Simsearch, trained: Path) -> None:
    done = simsearch("report", trained, "-o", "页.html", first="import sys; sys.modules['matplotlib'] = None")
    assert_one_error(done, "matplotlib", "pip install 'simsearch[report]'")


def test_a_word_is_no_formula() -> None:
    places = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert "$_$" in plots.word_map(places, ["$_$", r"$\frac$"])
    assert "$_$" in plots.norms(places[:, 0], places[:, 1], ["$_$", "词"], [0, 1])
