"""What Facebook's past will cost: calls and minutes, before the first is spent."""

import math
from dataclasses import dataclass

from pipelines.ingest.facebook.days import Answer
from pipelines.ingest.facebook.survey import Surveyed
from pipelines.ingest.facebook.windows import chunks, months
from pipelines.load.log import Window

PAGE_ROWS = 500
# Until an account has told how fast it answers.
SECONDS_A_CALL = 2.0
# Until the warehouse knows how many ads an account runs in a day.
USUAL_ADS = 15


@dataclass(frozen=True)
class AccountForecast:
    """What the past of one account will cost."""

    account_id: str
    calls: int
    minutes: float
    days_with_delivery: int
    months_to_load: int
    months_done: int


@dataclass(frozen=True)
class Forecast:
    """What a backfill will cost in calls and minutes, by account and in all.

    Accounts run side by side, so the slowest decides on the minutes.
    """

    window: Window
    accounts: tuple[AccountForecast, ...]

    @property
    def calls(self) -> int:
        return sum(account.calls for account in self.accounts)

    @property
    def minutes(self) -> float:
        return max((account.minutes for account in self.accounts), default=0.0)

    @property
    def days_with_delivery(self) -> int:
        return sum(account.days_with_delivery for account in self.accounts)

    def __str__(self) -> str:
        return (
            f"{self.window[0]}..{self.window[1]}: about {self.calls:,} calls and "
            f"{self.minutes:.0f} minutes for {len(self.accounts)} accounts, "
            f"{self.days_with_delivery:,} account-days with delivery"
        )


def forecast_account(
    account: Surveyed, window: Window, *, again: bool
) -> AccountForecast:
    """Estimate what an account's missing days of a window will cost."""
    parts = list(months(window))
    todo = [w for m in parts if (w := account.todo(m, again=again))]
    rows = account.totals.rows if account.totals else []
    ads = _usual_ads(account) if account.load else USUAL_ADS
    days, calls = 0, 0
    for part in (days for month in todo for days in chunks(month)):
        active = sum(part[0] <= row["stat_date"] <= part[1] for row in rows)
        days += active
        calls += math.ceil(active * ads / PAGE_ROWS)
    seconds = _seconds_a_call(account.totals)
    return AccountForecast(
        account.done.account_id,
        calls,
        round(calls * seconds / 60, 1),
        days,
        len(todo),
        sum(1 for month in parts if _is_in(month, account.window)) - len(todo),
    )


def _usual_ads(account: Surveyed) -> float:
    """Return how many ads an account runs in a day, as far as raw knows."""
    assert account.load is not None
    with account.load.writing() as warehouse:
        row = warehouse.execute(
            "select count(*)::float8 / nullif(count(distinct stat_date), 0) "
            "from raw.facebook__ad_insights where account_id = %s "
            "and _deleted_at is null",
            [account.done.account_id],
        ).fetchone()
    return float(row[0]) if row and row[0] else float(USUAL_ADS)


def _seconds_a_call(totals: Answer | None) -> float:
    calls = totals.certificate["calls"] if totals else 0
    if not totals or not calls:
        return SECONDS_A_CALL
    return max(totals.seconds / float(calls), 0.05)


def _is_in(month: Window, window: Window | None) -> bool:
    return window is not None and month[0] <= window[1] and month[1] >= window[0]
