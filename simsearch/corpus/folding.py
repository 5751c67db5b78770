"""One spelling for one word: what every text goes through before anything else sees it."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import opencc

#: Chinese punctuation and its full-width relatives keep their form: sentence ends are read from them.
KEPT = frozenset("，。！？：；（）、“”‘’《》〈〉【】「」『』…—～·．％")  # noqa: RUF001
#: Characters that are shown as nothing: zero-width marks, directions of writing, the byte order mark.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")
#: A character with the marks that belong to it: the unit in which a folded text is traced back.
CLUSTER = re.compile("(?s).[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a]*")


def fold(text: str) -> str:
    """Return the text in simplified characters, lower case and NFKC; Chinese punctuation stays.

    Characters that are no text (lone surrogates) become U+FFFD, control characters become spaces,
    invisible ones vanish. Folding twice changes nothing.
    """
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    folded: str = _simplifier().convert(text.translate(_table()))
    return folded


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Fold a text and tell where each character of the result came from.

    Returns the folded text and `len(folded) + 1` offsets into the original; the last is its length.
    """
    clusters = [(match.start(), _plain(match.group())) for match in CLUSTER.finditer(text)]
    offsets = [start for start, plain in clusters for _ in plain]
    before = "".join(plain for _, plain in clusters)
    folded: str = _simplifier().convert(before)
    if len(folded) != len(before):  # no entry of the dictionary does this today
        folded = "".join(_simplifier().convert(character)[:1] or " " for character in before)
    return folded, [*offsets, len(text)]


def _plain(cluster: str) -> str:
    return unicodedata.normalize("NFC", cluster).translate(_table())


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
    folded = unicodedata.normalize("NFKC", character).lower()
    again = unicodedata.normalize("NFKC", folded).lower()
    return again
