"""How often AmoCRM is asked, and how long a run may wait for it.

The budget of one process; that of all processes is in `ingest/amocrm/budget.py`. What a
refusal means belongs to `client.py`.
"""

import math
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from pipelines.extract.amocrm.refusals import OTHERS_ASK, TROUBLE, banned, limited

# The server asks for 300 seconds after too many requests; two such waits are enough.
MAX_WAIT_SECONDS = 900.0
# Nobody is made to wait longer by one answer, whatever number stands in it.
LONGEST_PAUSE_SECONDS = 86_400.0


class Budget(Protocol):
    """Gives every request its turn; what one is refused for holds the others up too."""

    def before_call(self) -> float:
        """Wait for the turn and return the seconds waited.

        Raises RateLimited when that takes longer than the run may wait, AuthError while
        AmoCRM refuses everything.
        """
        ...

    def after_refusal(self, status: int, wait: float, reason: str) -> datetime | None:
        """Hold everybody up after a 429 (`wait` seconds) or a ban (403).

        Returns until when, if that is known.
        """
        ...

    def after_success(self) -> None:
        """Note that AmoCRM answers."""
        ...

    def pause(self, seconds: float, reason: str) -> None:
        """Wait for trouble of the server, this caller only; raises RateLimited."""
        ...


class Allowance:
    """The time that a run may still wait for a server; turns do not count."""

    def __init__(self, seconds: float, *, sleep: Callable[[float], None]) -> None:
        self._left = seconds
        self._sleep = sleep

    def spend(self, seconds: float, reason: str, *, remedy: str = OTHERS_ASK) -> float:
        """Sleep and return the seconds; raise at once when that is too long."""
        if not seconds <= self._left:
            message = f"{reason}; to wait {seconds:.0f} s is longer than this run may"
            raise limited(message, remedy=remedy)
        self._left -= seconds
        self._sleep(seconds)
        return seconds


class LocalBudget:
    """The budget of one process: requests evenly spaced, refusals waited for."""

    def __init__(
        self,
        per_second: float,
        *,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._step = 1 / per_second
        self._allowance = Allowance(max_wait_seconds, sleep=sleep)
        self._clock = clock
        self._sleep = sleep
        self._next = -math.inf
        self._held: tuple[float, str] | None = None
        self._ban: str | None = None

    def before_call(self) -> float:
        """Wait for a pause that was asked for, then for the turn."""
        waited = 0.0
        if self._ban:
            raise banned(self._ban)
        if self._held:
            (until, reason), self._held = self._held, None
            if (rest := until - self._clock()) > 0:
                waited += self._allowance.spend(rest, reason)
        if (rest := self._next - self._clock()) > 0:
            self._sleep(rest)
            waited += rest
        self._next = max(self._next, self._clock()) + self._step
        return waited

    def after_refusal(self, status: int, wait: float, reason: str) -> datetime | None:
        """Note what the next call has to wait for."""
        if status == 403:
            self._ban = reason
        else:
            wait = min(wait, LONGEST_PAUSE_SECONDS)
            self._held = (self._clock() + wait, reason)
        return None

    def after_success(self) -> None:
        """Do nothing: a ban ends with the process."""

    def pause(self, seconds: float, reason: str) -> None:
        """Wait out of what the run may wait."""
        self._allowance.spend(seconds, reason, remedy=TROUBLE)
