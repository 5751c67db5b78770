"""One spelling for one word: what every text goes through before anything else sees it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

import opencc

#: Chinese punctuation and its full-width relatives keep their form: sentence ends are read from them.
KEPT = frozenset("，。！？：；（）、“”‘’《》〈〉【】「」『』…—～·．％")  # noqa: RUF001
#: Characters that are shown as nothing: zero-width marks, directions of writing, the byte order mark.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")


def fold(text: str) -> str:
    """Return the text in simplified characters, lower case and NFKC; Chinese punctuation stays.

    Characters that are no text (lone surrogates) become U+FFFD, control characters become spaces,
    invisible ones vanish. Folding twice changes nothing.
    """
    plain = text.translate(_table())
    if not unicodedata.is_normalized("NFC", plain):
        plain = unicodedata.normalize("NFC", plain)
    folded: str = _simplifier().convert(plain)
    return folded


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Fold a text and tell where each character of the result came from.

    Returns the folded text and `len(folded) + 1` offsets into the original; the last is its length.
    """
    folds = list(map(_table().__getitem__, map(ord, text)))
    plain = "".join(folds)
    one_for_one = len(plain) == len(text) and "" not in folds  # nearly always
    starts = list(range(len(text))) if one_for_one else [n for n, fold in enumerate(folds) for _ in fold]
    if not unicodedata.is_normalized("NFC", plain):
        composed = list(_composed(zip(plain, starts, strict=True)))
        plain, starts = "".join(character for character, _ in composed), [start for _, start in composed]
    folded: str = _simplifier().convert(plain)
    return folded, [*starts, len(text)]


def _composed(pieces: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Join each character with the marks behind it, as NFC does; a joined one stands where the first stood."""
    run, begin = "", 0
    for character, start in pieces:
        longer = unicodedata.normalize("NFC", run + character)
        if run and not unicodedata.combining(character) and len(longer) > len(run):
            yield from ((one, begin) for one in run)
            longer, begin = character, start
        run, begin = longer, begin if run else start
    yield from ((one, begin) for one in run)


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


class _Folds(dict[int, str]):
    """A table for `str.translate` that learns a character's fold when it is first met."""

    def __missing__(self, code: int) -> str:
        fold = self[code] = _fold_character(chr(code))
        return fold


@cache
def _table() -> _Folds:
    return _Folds()


def _fold_character(character: str) -> str:
    if character in KEPT or character in "\t\n":
        return character
    if INVISIBLE.match(character):
        return ""
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return "\n" if character in "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029" else " "
    if category == "Cs":
        return "\ufffd"
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).lower()).lower()
    once = _simplifier().convert(plain)
    twice: str = _simplifier().convert(once)
    return plain if once == twice else twice  # one entry of the dictionary leads to another
