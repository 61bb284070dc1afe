"""Who must wait, how long, and for how long at most: the limits of one credential.

What the headers say is read in `usage.py`; calls are made and tried again in
`client.py`.
"""

import math
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from pipelines.extract.facebook.errors import GraphError, Kind, stops_all
from pipelines.extract.facebook.usage import (
    DEFAULT_WAIT_SECONDS,
    FULL_PCT,
    THROTTLE_HEADER,
    Limit,
    bare_id,
    read_limits,
)

# All the waiting for limits that is done for one account before it is given up.
PATIENCE_SECONDS = 900.0
FIRST_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 600.0
# From this share on calls are spread, up to so many seconds before each.
BUSY_PCT = 75.0
LONGEST_SPREAD_SECONDS = 10.0
# From this share on no report job is started.
JOBS_PCT = 70.0
JOB = "job"

# Whom a limit stops: account (None: everybody) and use case (None: any call).
Key = tuple[str | None, str | None]


class Timer(Protocol):
    """The clock, in seconds since 1970, and the way to wait until `stop` is called."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...

    def stop(self) -> None: ...


class Stopped(BaseException):
    """The run is being ended while somebody waits."""


class SystemTimer:
    """The machine's clock; setting it does not change a wait."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._stopped = threading.Event()

    def now(self) -> float:
        return self._offset + time.monotonic()

    def sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise Stopped

    def stop(self) -> None:
        """Let nobody wait any more: the run is being ended."""
        self._stopped.set()


@dataclass(frozen=True)
class Hold:
    """Until when nobody whom it stops may call, and the refusal or header behind it."""

    until: float
    reason: str
    code: int | None = None
    subcode: int | None = None


class Pacer:
    """Makes each account wait for its own limits, and all for those of the app.

    One for all clients of a credential; threads may share it. An account that waits
    holds nobody else up.
    """

    def __init__(
        self,
        timer: Timer,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        jitter: Callable[[], float] = random.random,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        self.timer = timer
        self._patience = patience_seconds
        self._jitter = jitter
        self._on_wait = on_wait
        self._lock = threading.Lock()
        self._holds: dict[Key, Hold] = {}
        self._spreads: dict[tuple[Key, str], float] = {}
        self._waited: defaultdict[str, float] = defaultdict(float)

    def before_call(
        self,
        account_id: str | None,
        *,
        use_case: str | None = None,
        is_job: bool = False,
    ) -> None:
        """Wait until the account may be asked.

        Raises a GraphError of kind RATE when that takes more than what is left of the
        account's patience.
        """
        keys = set(_keys(account_id, use_case, is_job=is_job))
        pause = self._pause(keys)
        while (wait := self._claim_wait(account_id, keys)) > 0:
            # Those who waited for the same limit do not come back all at once.
            self.timer.sleep(wait + self._jitter())
            pause = 0.0
        if pause:
            self.timer.sleep(pause)

    def after_call(self, headers: Mapping[str, str], account_id: str | None) -> None:
        """Learn from the headers of an answer which limits are near or reached."""
        limits = read_limits(headers, account_id)
        now = self.timer.now()
        with self._lock:
            for limit in limits:
                self._book_limit(limit, now)

    def after_refusal(
        self,
        error: GraphError,
        headers: Mapping[str, str],
        account_id: str | None,
        attempt: int,
        *,
        use_case: str | None = None,
    ) -> None:
        """Book the wait that a refused call asks for; `attempt` counts from 0.

        The headers say how long, else a minute, doubled with each attempt up to ten. A
        call that waited as told and is refused again no longer believes in less.
        """
        self.after_call(headers, account_id)
        caller = bare_id(account_id)
        told = [
            limit.wait_seconds
            for limit in read_limits(headers, account_id)
            if account_id is None or limit.account_id in (None, caller)
        ]
        wait = max(told, default=0.0)
        doublings = min(attempt - 1 if wait else attempt, 10)
        if not wait or attempt:
            guess = min(FIRST_WAIT_SECONDS * 2.0**doublings, LONGEST_WAIT_SECONDS)
            wait = max(wait, guess)
        until = self.timer.now() + wait
        key: Key = (None, None) if stops_all(error) else (caller, use_case)
        with self._lock:
            self._book(key, Hold(until, error.message, error.code, error.subcode))

    def waited(self, account_id: str | None) -> float:
        """Return the seconds that were waited for the account's limits so far."""
        with self._lock:
            return self._waited[bare_id(account_id)]

    def _pause(self, keys: set[Key]) -> float:
        """Return the pause that spreads calls while a limit is nearly reached."""
        with self._lock:
            spreads = [s for (key, _), s in self._spreads.items() if key in keys]
        return max(spreads, default=0.0)

    def _claim_wait(self, account_id: str | None, keys: set[Key]) -> float:
        """Return how long to wait now, taken from the account's patience."""
        now = self.timer.now()
        name = bare_id(account_id)
        with self._lock:
            holds = [hold for key in keys if (hold := self._holds.get(key))]
            hold = max(holds, key=lambda hold: hold.until, default=None)
            if hold is None or hold.until <= now:
                return 0.0
            wait = hold.until - now
            # A clock in fractions may overrun the patience by less than it can show.
            if self._waited[name] + wait > self._patience + 0.001:
                raise _too_long(hold, now)
            self._waited[name] += wait
        if self._on_wait:
            who = account_id or "facebook"
            self._on_wait(f"{who} waits: {hold.reason}; {_lifts(hold, now)}")
        return wait

    def _book_limit(self, limit: Limit, now: float) -> None:
        key: Key = (limit.account_id, limit.use_case)
        self._spreads[key, limit.header] = _spread(limit.percent)
        if limit.wait_seconds:
            self._book(key, Hold(now + limit.wait_seconds, str(limit)))
        if limit.header == THROTTLE_HEADER and limit.percent >= JOBS_PCT:
            until = now + DEFAULT_WAIT_SECONDS
            self._book((limit.account_id, JOB), Hold(until, str(limit)))

    def _book(self, key: Key, hold: Hold) -> None:
        known = self._holds.get(key)
        if known is None or known.until < hold.until:
            self._holds[key] = hold


def _keys(
    account_id: str | None, use_case: str | None, *, is_job: bool
) -> Iterator[Key]:
    for account in (None, bare_id(account_id)):
        yield account, None
        if use_case:
            yield account, use_case
        if is_job:
            yield account, JOB


def _spread(percent: float) -> float:
    """Return the pause before a call: none up to 75 %, the longest from 95 % on."""
    share = (percent - BUSY_PCT) / (FULL_PCT - BUSY_PCT)
    return LONGEST_SPREAD_SECONDS * min(max(share, 0.0), 1.0)


def _too_long(hold: Hold, now: float) -> GraphError:
    return GraphError(
        f"{hold.reason}; {_lifts(hold, now)}",
        kind=Kind.RATE,
        code=hold.code,
        subcode=hold.subcode,
        wait_seconds=hold.until - now,
    )


def _lifts(hold: Hold, now: float) -> str:
    minutes = max(math.ceil((hold.until - now) / 60), 1)
    moment = datetime.fromtimestamp(hold.until, UTC)
    unit = "minute" if minutes == 1 else "minutes"
    return f"lifts in about {minutes} {unit} (at {moment:%H:%M} UTC)"
