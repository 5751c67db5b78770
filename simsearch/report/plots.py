"""Drawings for the page, as SVG that takes the page's font and colours."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simsearch.packages import load

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colours that the drawing library knows, and what the page makes of them.
INK, FAINT, FIRST, SECOND = "#010203", "#040506", "#070809", "#0a0b0c"
COLOURS = {INK: "var(--ink)", FAINT: "var(--faint)", FIRST: "var(--first)", SECOND: "var(--second)"}
#: Pixels, wide and high.
SIZE = (880, 420)
MAP_SIZE = (880, 640)
#: Pixels of the letters, and of those on a map.
LETTERS = 12
#: Pixels to an inch, for a library that counts in inches and points.
DPI, POINTS = 96, 72

Floats = NDArray[np.floating]


def losses(loss: Sequence[float], held_out: Sequence[float]) -> str:
    """Draw the errors of each pass of a training."""

    def draw(axes: Axes) -> None:
        passes = np.arange(1, len(loss) + 1)
        axes.set(xlabel="pass", ylabel="mean squared error", xticks=passes, ylim=(0, 1.05 * max([*loss, *held_out])))
        named = [(loss, FIRST, "pairs fitted, as the pass found them"), (held_out, SECOND, "pairs left out")]
        for values, colour, name in named:
            if not values:  # a small training leaves no pairs out
                continue
            axes.plot(passes, values, color=colour, marker="o", markersize=4, label=name)
        axes.legend(frameon=False, labelcolor=INK)

    return _drawn(draw, SIZE)


def norms(surprise: Floats, squares: Floats, words: Sequence[str], labelled: Sequence[int]) -> str:
    """Draw |w|^2 of words over -log P(w), and name some of them; the first of these have right of way."""

    def draw(axes: Axes) -> None:
        axes.set(xlabel="-log P(w): rare words to the right", ylabel="|w|²")
        axes.scatter(surprise, squares, s=3, color=FIRST, alpha=0.35, linewidths=0)
        axes.margins(x=0.04, y=0.06)
        places = np.stack([surprise[labelled], squares[labelled]], axis=1)
        for number in _free(axes, places, [words[place] for place in labelled]):
            axes.annotate(
                words[labelled[number]],
                places[number],
                (0, 3),
                textcoords="offset points",
                ha="center",
                parse_math=False,
            )

    return _drawn(draw, SIZE)


def word_map(places: Floats, words: Sequence[str]) -> str:
    """Draw words at their places (words x 2); one that would cover an earlier one is only a dot."""

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        axes.set_position((0, 0, 1, 1))
        axes.scatter(places[:, 0], places[:, 1], s=4, color=FAINT, linewidths=0)
        axes.margins(0.05)
        for number in _free(axes, places, words):
            axes.annotate(words[number], places[number], ha="center", va="center", parse_math=False)

    return _drawn(draw, MAP_SIZE)


def _free(axes: Axes, places: Floats, words: Sequence[str]) -> list[int]:
    """Return which words to write at their places (words x 2), such that none covers one before it."""
    axes.autoscale_view()
    places = axes.transData.transform(places)
    taken = np.zeros((0, 3))
    free = []
    for number, ((x, y), word) in enumerate(zip(places.tolist(), words, strict=True)):
        half = LETTERS / 2 * sum(0.6 if letter.isascii() else 1 for letter in word)
        near = (abs(taken[:, 0] - x) < taken[:, 2] + half) & (abs(taken[:, 1] - y) < 1.1 * LETTERS)
        if not near.any():
            taken = np.vstack([taken, (x, y, half)])
            free.append(number)
    return free


def _drawn(draw: Callable[[Axes], None], size: tuple[int, int]) -> str:
    matplotlib, figures = load("matplotlib", "report"), load("matplotlib.figure", "report")
    style: dict[str, Any] = {
        "svg.fonttype": "none",  # letters stay letters: the browser has the fonts
        "svg.hashsalt": "simsearch",  # the same model gives the same page
        "font.size": LETTERS * POINTS / DPI,
        "font.family": "sans-serif",
        **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), INK),
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), FAINT),
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # whatever a user has set for drawings of their own
        matplotlib.rcParams.update(style)
        warnings.filterwarnings("ignore", "Glyph")  # it measures with fonts that know no Chinese
        figure: Figure = figures.Figure((size[0] / DPI, size[1] / DPI), dpi=DPI)
        draw(figure.add_axes((0.08, 0.12, 0.9, 0.85)))
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata=no_metadata)
    drawing = stream.getvalue()
    for colour, variable in COLOURS.items():
        drawing = drawing.replace(colour, variable)
    return drawing[drawing.index("<svg") :]
