"""Tasks with right answers, baselines beside them, and how sure each figure is."""

from simsearch.evaluation.bootstrap import Figure
from simsearch.evaluation.evaluation import Evaluated, evaluate
from simsearch.evaluation.judgements import Judged, Missed, judge

__all__ = ["Evaluated", "Figure", "Judged", "Missed", "evaluate", "judge"]
