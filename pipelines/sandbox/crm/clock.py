"""The clock of people who work in a CRM while the story's own clock stands still.

The story's clock belongs to `story/world.py`.
"""

from datetime import datetime

# The pipeline reads events only when they are a minute old.
BEFORE = 61


class StandingClock:
    """Gives the seconds of the last minute before a moment, one to each operation.

    When they are used up, all that follows happens in the last one.
    """

    def __init__(self, now: datetime) -> None:
        moment = int(now.timestamp())
        self._next, self._last = moment - BEFORE, moment - 1

    def __call__(self) -> int:
        second = min(self._next, self._last)
        self._next += 1
        return second
