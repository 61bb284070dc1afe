"""How often AmoCRM is asked, and how long a run may wait for it.

What a refusal means belongs to `client.py`.
"""

from collections import deque
from collections.abc import Callable


class RateLimiter:
    """Lets at most so many requests begin in any one second."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        # Below one request a second the window grows instead of the count shrinking.
        self._allowed = max(1, int(per_second))
        self._window = self._allowed / per_second
        self._clock = clock
        self._sleep = sleep
        self._begun: deque[float] = deque(maxlen=self._allowed)

    def wait(self) -> None:
        """Return when the next request may begin."""
        if len(self._begun) == self._allowed:
            rest = self._begun[0] + self._window - self._clock()
            if rest > 0:
                self._sleep(rest)
        self._begun.append(self._clock())


class WaitBudget:
    """Sleeps when a server asks for it, up to a total for the run."""

    def __init__(self, seconds: float, *, sleep: Callable[[float], None]) -> None:
        self._left = seconds
        self._sleep = sleep

    def spend(self, seconds: float) -> bool:
        """Sleep and return True, or return False at once when that is too long."""
        if seconds > self._left:
            return False
        self._left -= seconds
        self._sleep(seconds)
        return True
