"""What each document must be at the end: its newest reading that was acknowledged."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

#: Sentences of a text, and words of a sentence, at least and at most.
SENTENCES, WORDS = (1, 12), (4, 12)


class Readings:
    """The readings of the documents of one writer, who makes one after the other.

    A reading is a text, or None for a delete. One that was begun and not acknowledged, as its process was killed, may
    be stored or not; one that was acknowledged is stored, and so is nothing that was read before it.
    """

    def __init__(self, words: Sequence[str], chance: random.Random) -> None:
        self.acknowledged = 0
        self._words, self._chance = words, chance
        self._earlier: dict[str, list[str]] = defaultdict(list)
        self._possible: dict[str, list[str | None]] = {}

    def begin(self, readings: Mapping[str, str | None]) -> None:
        """Note readings that are about to be made."""
        for name, text in readings.items():
            self._possible.setdefault(name, [None]).append(text)
            if text is not None:
                self._earlier[name].append(text)

    def acknowledge(self, names: Collection[str]) -> None:
        """Note that what was read last is stored, or will be."""
        self.acknowledged += len(names)
        for name in names:
            self._possible[name] = self._possible[name][-1:]

    def names(self) -> list[str]:
        """Return the ids of all documents there ever were."""
        return list(self._possible)

    def unsure(self) -> list[str]:
        """Return the ids of documents whose last reading was not acknowledged."""
        return [name for name, texts in self._possible.items() if len(texts) > 1]

    def expected(self) -> dict[str, str | None]:
        """Return what each document must be; all must be sure."""
        return {name: text for name, (text,) in self._possible.items()}

    def text(self, name: str) -> str:
        """Return a text for a document: most often a new one, sometimes the last one, or an older one."""
        earlier = self._earlier[name]
        if earlier and self._chance.random() < 0.4:
            return self._chance.choice([earlier[-1], *earlier])
        version = f"文档{name}第{len(earlier)}版。"
        sentences = range(self._chance.randint(*SENTENCES))
        return version + "".join(self._sentence() for _ in sentences)

    def _sentence(self) -> str:
        return "，".join(self._chance.choices(self._words, k=self._chance.randint(*WORDS))) + "。"
