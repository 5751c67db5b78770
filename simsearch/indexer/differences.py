"""What another model changes in the answers to a question, and which pairs of words make the difference."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from simsearch.indexer.hits import Hit
from simsearch.indexer.index import Index

#: Documents that are compared, and those among which the other score of one that came or went is looked for.
SHOWN, AMONG = 10, 50


class PairChange(NamedTuple):
    """A word of the question, a word that answers it, and what the two earn with each model."""

    a: str
    b: str
    before: float
    after: float


class Change(NamedTuple):
    """A document among the first ten of either model; None where a model does not find it among its first fifty."""

    id: str
    title: str
    rank_before: int | None  #: from 1
    rank_after: int | None
    score_before: float | None
    score_after: float | None
    pairs: list[PairChange]  #: the largest difference first; all differences add up to that of the scores

    @property
    def kind(self) -> str:
        """Tell what became of it among the first ten."""
        before, after = (rank is not None and rank <= SHOWN for rank in (self.rank_before, self.rank_after))
        if before and after:
            return "stayed" if self.rank_before == self.rank_after else "moved"
        return "entered" if after else "left"


def compare(old: Index, new: Index, question: str) -> list[Change]:
    """Return the first ten documents of both indices for a question: the new one's in order, then those that left."""
    before, after = (_ranked(index, question) for index in (old, new))
    names = list(after)[:SHOWN]
    names += [name for name in list(before)[:SHOWN] if name not in names]
    return [_change(name, before.get(name), after.get(name)) for name in names]


def _ranked(index: Index, question: str) -> dict[str, tuple[int, Hit]]:
    hits = index.search(question, k=AMONG, explain=True)
    return {hit.id: (rank, hit) for rank, hit in enumerate(hits, 1)}


def _change(name: str, before: tuple[int, Hit] | None, after: tuple[int, Hit] | None) -> Change:
    (rank_before, old), (rank_after, new) = before or (None, None), after or (None, None)
    parts_before, parts_after = _parts(old), _parts(new)
    pairs = [PairChange(*pair, parts_before[pair], parts_after[pair]) for pair in parts_before | parts_after]
    shown = new or old
    return Change(
        id=name,
        title=shown.title if shown else "",
        rank_before=rank_before,
        rank_after=rank_after,
        score_before=old.score if old else None,
        score_after=new.score if new else None,
        pairs=sorted(pairs, key=lambda pair: (-abs(pair.after - pair.before), pair)),
    )


def _parts(hit: Hit | None) -> defaultdict[tuple[str, str], float]:
    """Return what each pair of words adds to the score: by the words themselves, and by its share of the cosine."""
    parts: defaultdict[tuple[str, str], float] = defaultdict(float)
    if hit and hit.why:
        for pair in hit.why.words:
            parts[pair.a, pair.b] += pair.part
        for pair in hit.why.pairs:
            parts[pair.a, pair.b] += hit.why.share * pair.part
    return parts
