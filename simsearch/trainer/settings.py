"""What a training can be told, and why each number is what it is."""

from __future__ import annotations

from dataclasses import dataclass

from simsearch.trainer.errors import InvalidSetting

#: Weight of a word's meeting with itself; two and more overshoot.
ITSELF = 0.5


@dataclass(frozen=True, slots=True)
class Objective:
    """What the inner product of two word vectors is fitted to, and how much each pair weighs.

    A pair seen x times weighs (x / full_weight) ** weight_exponent.
    """

    #: Marginal counts are raised to this power: below 1, pairs with a rare word score less.
    smoothing: float
    #: No target lies below this; None: targets may be as low as the counts say.
    floor: float | None
    #: Pull towards the floor of every pair of words, seen or not. Without it words that never meet are
    #: unconstrained, and their vectors may point the same way by accident.
    absence: float
    #: Weight of a word's meeting with itself, which ties |w|^2 to -log P(w): equations 24-26.
    itself: float
    #: Keep pairs seen once only and far apart: twice as many pairs, no better vectors.
    every_pair: bool
    #: Pairs seen this often have weight 1 ...
    full_weight: float = 30.0
    weight_exponent: float = 0.75
    #: ... and those seen more often too; False: their weight keeps growing.
    truncate: bool = True
    #: Keeps the vectors of words with little evidence small and the equations solvable.
    ridge: float = 0.1
    #: The same for words of a base model from which a training starts: keeps them near their vectors there. Weaker,
    #: more is forgotten, and little gained.
    hold: float = 3.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a training; the defaults measured best on 200 MB of mixed Chinese text."""

    #: Length of a vector. 256 finds passages better and costs twice the time and space.
    dimensions: int = 128
    #: A rarer word gets no vector and takes no place in the window.
    min_count: int = 10
    #: Words this far to both sides are seen together; at distance d a pair counts 1/d.
    window: int = 10
    #: A line is read so often at most, copies beyond are left out: menus and footers of pages would pull vectors to
    #: themselves. 0: as often as it comes.
    copies: int = 3
    #: Times that each vector is improved, at most.
    passes: int = 12
    #: The fit ends when two passes take less than this share off the error of pairs left out; 0: when all passes are
    #: done, which takes half as long again and finds a few more analogies.
    tolerance: float = 0.01
    #: Where the vectors start, and the order in which rows are solved.
    seed: int = 1
    #: "smoothed", or "article": the plain pointwise mutual information of equation 15, observed pairs only.
    objective: str = "smoothed"
    #: For the article's objective: weights stop growing at 1, or not.
    truncate: bool = True
    #: For the article's objective: a word meets itself as often as it occurs, so |w|^2 is fitted to -log P, too
    #: (equations 24-26). Without it, norms follow that less closely.
    diagonal: bool = False

    def __post_init__(self) -> None:
        for name in ("dimensions", "min_count", "window", "passes"):
            if getattr(self, name) < 1:
                raise InvalidSetting(name=name, value=getattr(self, name), rule="1 or more")
        for name in ("copies", "seed"):
            if getattr(self, name) < 0:
                raise InvalidSetting(name=name, value=getattr(self, name), rule="0 or more")
        if not 0 <= self.tolerance < 1:
            raise InvalidSetting(name="tolerance", value=self.tolerance, rule="0 or more, and less than 1")
        if self.objective not in ("smoothed", "article"):
            raise InvalidSetting(name="objective", value=self.objective, rule='"smoothed" or "article"')

    @property
    def fitted(self) -> Objective:
        """Return the objective that is fitted."""
        if self.objective == "article":
            itself = ITSELF if self.diagonal else 0.0
            return Objective(
                smoothing=1.0, floor=None, absence=0.0, itself=itself, every_pair=True, truncate=self.truncate
            )
        return Objective(smoothing=0.875, floor=-0.5, absence=7e-4, itself=ITSELF, every_pair=False)
