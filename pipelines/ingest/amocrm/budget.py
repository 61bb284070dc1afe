"""Turns for all processes that ask one AmoCRM account, kept in the warehouse.

AmoCRM counts requests by account and address, whoever sends them, and blocks those who
do not listen. So turns, waits that it asked for and bans stand in one row. What a
refusal means belongs to `extract/amocrm/client.py`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from pipelines.connections import primary_message
from pipelines.errors import WarehouseError
from pipelines.extract.amocrm.limiter import (
    LONGEST_PAUSE_SECONDS,
    MAX_WAIT_SECONDS,
    Allowance,
)
from pipelines.extract.amocrm.refusals import TROUBLE, banned
from pipelines.warehouse import connect

Row = TypeVar("Row")
# A ban is tried out after an hour, then after twice as long, up to a day.
FIRST_BLOCK = timedelta(hours=1)
LONGEST_BLOCK = timedelta(hours=24)
# For so long the one who tries it out has to come back with an answer.
PROBE = timedelta(minutes=3)
# Whoever waited longer looks again before asking: somebody may have been refused.
BRIEF = 0.1
# A turn further away than this was booked by a clock that has been set back since.
LONGEST_QUEUE = timedelta(minutes=1)


@dataclass(frozen=True)
class BudgetState:
    """What the row of an account says; `now` is the warehouse's clock."""

    now: datetime
    wait_until: datetime | None
    blocked_until: datetime | None
    blocked_reason: str | None
    blocks: int

    @property
    def is_blocked(self) -> bool:
        """Tell whether nobody may ask because of a ban."""
        return self.blocked_until is not None and self.blocked_until > self.now

    @property
    def rest(self) -> float:
        """Return the seconds that AmoCRM still wants everybody to wait."""
        if self.wait_until is None:
            return 0.0
        return max(0.0, (self.wait_until - self.now).total_seconds())


@dataclass(frozen=True)
class _Turn:
    wait: float
    is_probe: bool


class SharedBudget:
    """The budget of one account for every process that reaches this warehouse."""

    def __init__(
        self,
        warehouse_url: str,
        host: str,
        per_second: float,
        *,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._url = warehouse_url
        self._step = timedelta(seconds=1 / per_second)
        self._host = host
        self._allowance = Allowance(max_wait_seconds, sleep=sleep)
        self._sleep = sleep
        self._now = now
        self._connection: psycopg.Connection[Any] | None = None
        self._is_probing = False

    def close(self) -> None:
        """Close the connection; the turns stay."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def before_call(self) -> float:
        """Wait for the next turn that no wait and no ban stands before."""
        waited = 0.0
        while True:
            turn = self._ask(_Turn, _CLAIM)
            if turn is None:
                waited += self._wait_with_all()
                continue
            self._is_probing = turn.is_probe
            if turn.wait <= 0:
                return waited
            self._sleep(turn.wait)
            waited += turn.wait
            if turn.is_probe or turn.wait < BRIEF or not self._is_held():
                return waited

    def after_refusal(self, status: int, wait: float, reason: str) -> datetime | None:
        """Hold every process up; return until when."""
        if status == 403:
            values = {"reason": reason, "is_probe": self._is_probing}
            self._ask(BudgetState, _BLOCK, **values)
            self._is_probing = False
            return self.state().blocked_until
        wait = min(wait, LONGEST_PAUSE_SECONDS)
        state = self._ask(BudgetState, _HOLD, wait=timedelta(seconds=wait))
        return state.wait_until if state else None

    def after_success(self) -> None:
        """End a ban when the request that tried it out was answered."""
        if self._is_probing:
            self._ask(BudgetState, _FREE)
            self._is_probing = False

    def pause(self, seconds: float, reason: str) -> None:
        """Wait for trouble of the server, out of what this run may wait."""
        self._allowance.spend(seconds, reason, remedy=TROUBLE)

    def free(self) -> BudgetState:
        """Forget waits and bans, after whoever knows has said that they are over."""
        state = self._ask(BudgetState, _FREE)
        return state or self.state()

    def state(self) -> BudgetState:
        """Return what the row says."""
        while (state := self._ask(BudgetState, _STATE)) is None:
            self._ask(BudgetState, _CREATE)
        return state

    def _is_held(self) -> bool:
        state = self.state()
        return state.is_blocked or state.rest > 0

    def _wait_with_all(self) -> float:
        """Wait as long as all have to; raise while AmoCRM refuses everything."""
        state = self.state()
        if state.is_blocked:
            message = f"AmoCRM refused everything before: {state.blocked_reason}"
            raise banned(message, until=state.blocked_until)
        if not state.rest:
            return 0.0
        reason = f"AmoCRM wants everybody to wait until {state.wait_until:%H:%M:%S} UTC"
        return self._allowance.spend(state.rest, reason)

    def _ask(self, kind: type[Row], query: str, **values: object) -> Row | None:
        """Run one statement; over a new connection when the old one is cut."""
        values |= {
            "host": self._host,
            "now": self._now() if self._now else None,
            "step": self._step,
            "queue": max(LONGEST_QUEUE, 10 * self._step),
            "probe": PROBE,
            "first": FIRST_BLOCK,
            "longest": LONGEST_BLOCK,
        }
        try:
            try:
                return self._run(kind, query, values)
            except psycopg.OperationalError:
                if self._connection and not self._connection.closed:
                    raise
                self.close()
                return self._run(kind, query, values)
        except psycopg.Error as error:
            raise WarehouseError(
                f"the turns for AmoCRM cannot be kept: {primary_message(error)}",
                system="warehouse",
                remedy="see that the warehouse is up and writable; without turns "
                "AmoCRM is not asked, for it blocks accounts that are asked too often",
            ) from None

    def _run(
        self, kind: type[Row], query: str, values: dict[str, object]
    ) -> Row | None:
        if self._connection is None:
            self._connection = connect(self._url)
            self._connection.autocommit = True
            self._connection.execute(_CREATE, values)
        cursor = self._connection.cursor(row_factory=class_row(kind))
        cursor.execute(query.encode(), values)
        return cursor.fetchone() if cursor.description else None


_CREATE = """
insert into raw.amocrm__budget (host) values (%(host)s) on conflict do nothing
"""
# The row's own columns are named: only they are read again after a wait for its lock.
_CLAIM = """
update raw.amocrm__budget as budget
set
    next_at = %(step)s + case
        when budget.next_at > clock.now + %(queue)s then clock.now
        else greatest(budget.next_at, clock.now)
    end,
    blocked_until = case when budget.blocks > 0 then clock.now + %(probe)s end
from (select coalesce(%(now)s::timestamptz, clock_timestamp()) as now) as clock
where
    budget.host = %(host)s
    and coalesce(budget.wait_until <= clock.now, true)
    and coalesce(budget.blocked_until <= clock.now, true)
returning
    extract(epoch from budget.next_at - %(step)s - clock.now)::float8 as wait,
    budget.blocks > 0 as is_probe
"""
_STATE = """
select
    coalesce(%(now)s::timestamptz, clock_timestamp()) as now,
    wait_until, blocked_until, blocked_reason, blocks
from raw.amocrm__budget
where host = %(host)s
"""
_HOLD = """
update raw.amocrm__budget as budget
set wait_until = greatest(budget.wait_until, clock.now + %(wait)s)
from (select coalesce(%(now)s::timestamptz, clock_timestamp()) as now) as clock
where budget.host = %(host)s
returning
    clock.now, budget.wait_until, budget.blocked_until, budget.blocked_reason,
    budget.blocks
"""
# Several that were under way are refused together: that is one ban.
_BLOCK = """
update raw.amocrm__budget as budget
set
    blocks = budget.blocks + 1,
    blocked_until = clock.now
        + least(%(longest)s, %(first)s * power(2, least(budget.blocks, 10))),
    blocked_reason = %(reason)s
from (select coalesce(%(now)s::timestamptz, clock_timestamp()) as now) as clock
where
    budget.host = %(host)s
    and (%(is_probe)s or coalesce(budget.blocked_until <= clock.now, true))
returning
    clock.now, budget.wait_until, budget.blocked_until, budget.blocked_reason,
    budget.blocks
"""
_FREE = """
update raw.amocrm__budget as budget
set wait_until = null, blocked_until = null, blocked_reason = null, blocks = 0
from (select coalesce(%(now)s::timestamptz, clock_timestamp()) as now) as clock
where budget.host = %(host)s
returning
    clock.now, budget.wait_until, budget.blocked_until, budget.blocked_reason,
    budget.blocks
"""
