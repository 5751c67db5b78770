"""Jieba as a baseline: its words, and its keywords by TF-IDF and by TextRank."""

from __future__ import annotations

import logging
import tempfile
import warnings

from simsearch.packages import load


class Jieba:
    """Jieba as it comes.

    Raises `PackageMissing`.
    """

    def __init__(self) -> None:
        self._jieba = load("jieba", "evaluation")
        self._analyse = load("jieba.analyse", "evaluation")
        self._jieba.setLogLevel(logging.WARNING)
        # It keeps its dictionary where everybody may write, and reads what it finds there.
        with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="simsearch-") as folder:
            warnings.simplefilter("ignore")
            self._jieba.dt.tmp_dir = folder
            self._jieba.initialize()

    def words(self, text: str) -> list[str]:
        """Return the words of a text as jieba cuts it for search engines: words, and the words in them."""
        return [word for word in self._jieba.lcut_for_search(text) if any(map(str.isalnum, word))]

    def tfidf(self, text: str, k: int) -> list[str]:
        """Return at most k keywords by TF-IDF."""
        return list(self._analyse.extract_tags(text, topK=k))

    def textrank(self, text: str, k: int) -> list[str]:
        """Return at most k keywords by TextRank."""
        return list(self._analyse.textrank(text, topK=k))
