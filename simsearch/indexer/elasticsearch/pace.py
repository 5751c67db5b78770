"""How fast somebody else's server is read: it has other work to do."""

from __future__ import annotations

import time

#: A read that takes so many times as long as usual, and so many seconds, says that the server is busy.
SLOW, SLOW_SECONDS = 3.0, 0.2
#: The longest pause after a slow read, in seconds.
LONGEST = 10.0
#: What is read in so many seconds is read and stored together.
TOGETHER = 2.0
#: How much the usual time grows with each read: a server may get slower for good.
DRIFT = 1.01


class Pace:
    """Pauses between reads: at most `rate` documents a second, and longer while the server is slow."""

    def __init__(self, rate: float | None = None) -> None:
        self._rate = rate
        self._usual = 0.0  #: s a document

    def at_once(self, most: int) -> int:
        """Return how many documents to read or store together, `most` where the rate does not matter."""
        return max(1, min(most, int(TOGETHER * self._rate))) if self._rate else most

    def wait(self, documents: int, seconds: float) -> None:
        """Pause after a read of so many documents that took so many seconds."""
        pause = self.pause(documents, seconds)
        if pause > 0:
            time.sleep(pause)

    def pause(self, documents: int, seconds: float) -> float:
        """Return the seconds to pause."""
        if not documents:
            return 0.0
        each = seconds / documents
        self._usual = min(each, self._usual * DRIFT) if self._usual else each
        slower = each / self._usual
        spare = min(seconds * slower / SLOW, LONGEST) if slower > SLOW and seconds > SLOW_SECONDS else 0.0
        return max(spare, documents / self._rate - seconds if self._rate else 0.0)
