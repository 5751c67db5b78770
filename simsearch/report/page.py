"""The page: what a model was trained on, what it cost, and what its vectors say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simsearch import __version__
from simsearch.model import Model
from simsearch.model.model import unit
from simsearch.model.roles import THING, role
from simsearch.packages import load
from simsearch.report import plots

#: Words on the map, words drawn by their norms, words of these that are named, and words whose neighbours are shown.
ON_MAP, DRAWN, NAMED, SHOWN = 400, 3_000, 60, 12
#: The latter are among so many nouns: there is little to say of rare ones.
FREQUENT = 5_000
#: Neighbours of each kind.
NEIGHBOURS = 8
#: Words with the shortest vectors.
SHORTEST = 50
#: What a model is, by whether its inner products are PMI.
KINDS = {
    True: "Word vectors whose inner products are pointwise mutual information",
    False: "Word vectors of another program, imported",
}
#: Fewer words make no map.
FEWEST = 10

Rows = Iterable[Sequence[Any]]


def render(
    model: Model,
    words: Sequence[str] = (),
    scores: Rows = (),
    progress: Callable[[str, float, float], None] = lambda stage, done, total: None,
) -> str:
    """Return a page of HTML that needs nothing beside itself.

    `words` are those whose neighbours are shown; by default nouns from frequent to rare. `scores` are rows of a task
    and measure, a system, its value and its interval.

    Raises `WordUnknown`, and `PackageMissing` without the extra `report`.
    """
    things = _things(model)
    chosen = list(words) or [model.words[row] for row in _spread(things[:FREQUENT], SHOWN)]
    neighbours = list(_neighbours(model, chosen))  # first, as an unknown word is to be told before all is drawn
    parts = (
        _bill(model),
        _training(model),
        _norms(model),
        _map(model, things[:ON_MAP]),
        neighbours,
        _scores(list(scores)),
    )
    made: list[str] = []
    for number, part in enumerate(parts):
        progress("report", number, len(parts))
        made += part
    progress("report", len(parts), len(parts))
    template = Template(files("simsearch.report").joinpath("page.html").read_text("utf-8"))
    return template.substitute(
        name=escape(model.path.name), kind=KINDS[model.is_pmi], version=__version__, sections="\n".join(made)
    )


def _bill(model: Model) -> Iterator[str]:
    training = model.manifest.get("training", {})
    bill, settings, imported = (training.get(name) or {} for name in ("bill", "settings", "imported"))
    size = sum(file["size"] for file in model.manifest["files"].values())
    rows = [("id", model.id), ("words", f"{len(model.words):,}"), ("dimensions", f"{model.dimensions}, 8 bits each")]
    rows += [("size", f"{size / 1e6:,.1f} MB")]
    rows += [("imported", _listed(imported))] if imported else []
    rows += [("settings", _listed(settings))] if settings else []
    for name in ("documents", "repeated_lines", "words", "pairs"):
        if name in bill:
            rows.append(({"words": "running words"}.get(name, name.replace("_", " ")), f"{bill[name]:,}"))
    if bill:
        rows.append(("seconds", ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in bill["seconds"].items())))
        rows.append(("peak memory", f"{bill['peak_memory'] / 1e6:,.0f} MB"))
    yield _section("Bill", _table(rows))


def _training(model: Model) -> Iterator[str]:
    bill = (model.manifest.get("training") or {}).get("bill") or {}
    if bill.get("loss"):
        drawing = plots.losses(bill["loss"], bill["held_out"])
        yield _section(
            "Loss",
            _figure(drawing, "How far inner products are from what they are fitted to, weighted."),
        )


def _norms(model: Model) -> Iterator[str]:
    squares = (model.vectors**2).sum(axis=1)
    surprise = -np.log(model.counts / model.manifest["total"])
    drawn = _spread(np.arange(len(squares)), DRAWN)
    # Of words about as frequent, those whose vectors are longest and shortest.
    groups = np.array_split(np.arange(len(drawn)), min(NAMED // 2, len(drawn)))
    ends = [[group[squares[drawn[group]].argmax()], group[squares[drawn[group]].argmin()]] for group in groups]
    named = np.array(ends).ravel().tolist()
    drawing = plots.norms(surprise[drawn], squares[drawn], [model.words[row] for row in drawn.tolist()], named)
    told = f"Spearman's correlation of |w|² and -log P(w) over all words: {model.norm_correlation():.3f}."
    told += " Named are the longest and shortest vectors among words about as frequent."
    if not model.is_pmi:
        told += " The inner products of imported vectors are no PMI, so their norms may tell nothing."
    shortest = " ".join(escape(item.word) for item in model.norms(SHORTEST))
    listed = f"<p>The shortest vectors, the least important words:</p><p class=words>{shortest}</p>"
    yield _section("Norm and frequency", _figure(drawing, told) + listed)


def _map(model: Model, rows: NDArray[np.intp]) -> Iterator[str]:
    if len(rows) < FEWEST:
        return
    perplexity = min(15, len(rows) / 4)
    # The approximate method shares each step among threads, which takes minutes where others use the processors, too.
    flat = load("sklearn.manifold", "report").TSNE(
        method="exact", metric="cosine", init="random", perplexity=perplexity, random_state=1
    )
    places = flat.fit_transform(unit(model.search_vectors[rows]))
    drawing = plots.word_map(places, [model.words[row] for row in rows.tolist()])
    told = f"The {len(rows)} most frequent nouns of two characters or more: near each other where texts use them alike."
    yield _section("Map of frequent words", _figure(drawing, told))


def _neighbours(model: Model, words: Sequence[str]) -> Iterator[str]:
    counts = dict(zip(model.words, model.counts.tolist(), strict=True))
    rows = []
    for word in words:
        related, similar = (
            " ".join(item.word for item in found)
            for found in (model.related(word, NEIGHBOURS), model.similar(word, NEIGHBOURS))
        )
        rows.append((word, f"{counts[model.fold(word)]:,}", related, similar))
    yield _section(
        "Nearest words",
        _table(rows, "word", "seen", "related: found together", "similar: found in the same places"),
    )


def _scores(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    if rows:
        yield _section("Scores", _table(rows, "task, measure (items)", "system", "value", "95 %"))


def _things(model: Model) -> NDArray[np.intp]:
    """Return the rows of nouns of two or more characters, the most frequent first."""
    information = -np.log(model.counts / model.manifest["total"])
    told = zip(model.words, information.tolist(), strict=True)
    things = (len(word) > 1 and not word.isascii() and role(word, at) == THING for word, at in told)
    return np.flatnonzero(np.fromiter(things, np.bool_))


def _spread(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Return some of the rows, their ranks growing evenly by the logarithm: many of the frequent words."""
    if len(rows) <= most:
        return rows
    ranks = np.unique(np.geomspace(1, len(rows), most).astype(np.intp))
    return rows[ranks - 1]


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>"


def _figure(drawing: str, told: str) -> str:
    return f'<figure role="img" aria-label="{escape(told)}">{drawing}<figcaption>{escape(told)}</figcaption></figure>'


def _table(rows: Rows, *columns: str) -> str:
    heads = f"<tr>{''.join(f'<th>{escape(column)}</th>' for column in columns)}</tr>" if columns else ""
    lines = (f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{heads}{''.join(lines)}</table>"
