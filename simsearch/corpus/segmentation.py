"""From a folded text to its words."""

from __future__ import annotations

import re
from collections.abc import Iterable

import rjieba

from simsearch.corpus.folding import fold

#: A longer piece is cut first: memory is bounded whatever a line holds.
LONGEST_PIECE = 8_000
#: Words whose parts are remembered.
ROOM = 200_000
_SPACE = re.compile(r"\s")
#: What a word of a user dictionary counts for where its line gives no number.
DEFAULT_COUNT = 1_000


class Segmenter:
    """Jieba's dictionary with the words of user dictionaries, new words not guessed (HMM off)."""

    def __init__(self, dictionary: Iterable[str] = ()) -> None:
        """Take the lines of user dictionaries: `word`, `word count` or `word count tag`."""
        # The module holds a dictionary that is read; a second costs as much again.
        entries = [line.split() for line in dictionary if line.strip()]
        self._cut, self._cut_smaller = rjieba.cut, rjieba.cut_for_search
        if entries:
            jieba = rjieba.Jieba()
            for word, *rest in entries:
                count = int(rest[0]) if rest and rest[0].isdecimal() and len(rest[0]) < 10 else DEFAULT_COUNT
                jieba.add_word(fold(word), count, rest[1] if len(rest) > 1 else "")
            self._cut, self._cut_smaller = jieba.cut, jieba.cut_for_search
        self._parts: dict[str, tuple[str, ...]] = {}

    def segment(self, folded: str) -> list[str]:
        """Return the words of a folded text, punctuation included, white space left out."""
        if len(folded) <= LONGEST_PIECE:
            words: list[str] = self._cut(folded, False)
            return words if _SPACE.search(folded) is None else list(filter(str.strip, words))
        return [word for piece in _pieces(folded) for word in self.segment(piece)]

    def parts(self, word: str) -> tuple[str, ...]:
        """Return the shorter words of the dictionary inside a folded word: 银行贷款 holds 银行 and 贷款."""
        parts = self._parts.get(word)
        if parts is None:
            if len(self._parts) >= ROOM:
                self._parts.clear()
            smaller = self._cut_smaller(word, False) if 2 < len(word) <= LONGEST_PIECE and not word.isascii() else []
            parts = self._parts[word] = tuple(part for part in smaller if 1 < len(part) < len(word))
        return parts


def _pieces(text: str) -> Iterable[str]:
    start = 0
    while start < len(text):
        end = start + LONGEST_PIECE
        if end < len(text):
            window = text[start:end]
            mark = max(window.rfind(mark) for mark in "。！？\n，, ")
            end = start + mark + 1 if mark > 0 else end
        yield text[start:end]
        start = end
