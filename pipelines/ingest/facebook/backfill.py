"""Facebook's past, month by month, the newest first: surveyed, forecast, then loaded.

The survey asks every account for its own totals of the whole window, which is cheap and
tells which days have anything at all. How one window is replaced belongs to `days.py`.
"""

import contextlib
import functools
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipelines.errors import ConfigurationError, SourceError
from pipelines.extract.facebook.pacing import SystemTimer, Timer
from pipelines.extract.facebook.questions import ACCOUNT_DAYS
from pipelines.ingest.facebook.account import open_account
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.ingest.facebook.days import Answer, ask, load_window
from pipelines.ingest.facebook.load import (
    INSIGHTS,
    AccountLoad,
    AccountResult,
    Load,
    Progress,
    fail,
)
from pipelines.ingest.facebook.objects import load_objects
from pipelines.ingest.facebook.run import (
    Databases,
    account_result,
    list_and_load,
    opened,
    raise_failures,
    side_by_side,
)
from pipelines.ingest.facebook.windows import (
    chunks,
    earliest_day,
    find_frozen_reads,
    months,
)
from pipelines.load.log import RunInfo, Window

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


@dataclass(frozen=True)
class BackfilledMonth:
    """One month, or the part of it that was asked for, of all accounts."""

    first: date
    last: date
    accounts: tuple[AccountResult, ...]
    skipped: tuple[str, ...] = ()


@dataclass
class Surveyed:
    """One account that is to be backfilled; `load` is None when it cannot be."""

    done: AccountLoad
    load: Load | None = None
    zone: ZoneInfo | None = None
    window: Window | None = None
    totals: Answer | None = None
    frozen: list[Window] = field(default_factory=list)

    def todo(self, month: Window, *, again: bool) -> Window | None:
        """Return the days of a month that this account has and still needs."""
        if self.window is None or self.done.failures:
            return None
        first, last = max(month[0], self.window[0]), min(month[1], self.window[1])
        if first > last:
            return None
        if not again and any(a <= first and last <= b for a, b in self.frozen):
            return None
        return first, last


class Backfill:
    """A surveyed backfill: its forecast is known, its months are loaded on demand."""

    def __init__(
        self,
        config: FacebookConfig,
        accounts: list[Surveyed],
        window: Window,
        again: bool,
    ) -> None:
        self._config = config
        self._accounts = accounts
        self._window = window
        self._again = again

    @property
    def forecast(self) -> Forecast:
        """Estimate calls and minutes of what is not loaded yet."""
        forecasts = tuple(map(self._forecast, self._accounts))
        return Forecast(self._window, forecasts)

    def _forecast(self, account: Surveyed) -> AccountForecast:
        parts = list(months(self._window))
        todo = [w for m in parts if (w := account.todo(m, again=self._again))]
        rows = account.totals.rows if account.totals else []
        ads = _usual_ads(account) if account.load else USUAL_ADS
        days, calls = 0, 0
        for window in (days for month in todo for days in chunks(month)):
            active = sum(window[0] <= row["stat_date"] <= window[1] for row in rows)
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

    def months(self) -> Iterator[BackfilledMonth]:
        """Load month by month, the newest first; raise at the end what failed.

        A month is yielded when all accounts have it. An account that failed is left out
        of the older months: its next backfill goes on there.
        """
        for month in months(self._window):
            work = functools.partial(_load_month, month=month, again=self._again)
            results = side_by_side(work, self._accounts, self._config)
            skipped = tuple(
                account.done.account_id
                for account, result in zip(self._accounts, results, strict=True)
                if result is None
            )
            loaded = tuple(result for result in results if result)
            yield BackfilledMonth(*month, loaded, skipped=skipped)
        for account in self._accounts:
            if account.load and not account.done.failures and account.done.units:
                # What ran then and is deleted now is asked for by its id.
                load_objects(replace(account.load, recent=True), account.done)
        failures = {
            account.done.account_id: error
            for account in self._accounts
            for error in account.done.failures.values()
        }
        raise_failures(failures, total=len(self._accounts))


@contextlib.contextmanager
def open_backfill(
    warehouse_url: str,
    config: FacebookConfig,
    *,
    databases: Databases,
    run: RunInfo,
    window: Window,
    accounts: Collection[str] = (),
    again: bool = False,
    on_progress: Progress | None = None,
    timer: Timer | None = None,
) -> Iterator[Backfill]:
    """Survey the accounts (all listed ones, or those named) for a window of days.

    Days before Facebook's 37 months or after today are left out. Months that were read
    when they were older than 28 days are frozen and left out, unless `again`.
    """
    with opened(
        warehouse_url,
        config,
        run=run,
        timer=timer or SystemTimer(),
        on_progress=on_progress or (lambda text: None),
    ) as loads:
        listed, _ = list_and_load(loads[0], databases)
        if unknown := set(accounts) - set(listed.account_ids):
            raise ConfigurationError(
                f"no list names the ad accounts {', '.join(sorted(unknown))}; listed "
                f"are: {', '.join(listed.account_ids) or 'none'}"
            )
        survey = functools.partial(_survey, loads, window=window)
        ids = sorted(accounts or listed.account_ids)
        yield Backfill(config, side_by_side(survey, ids, config), window, again)


def _survey(loads: list[Load], account_id: str, *, window: Window) -> Surveyed:
    """Open an account and read its totals of the window that Facebook keeps of it."""
    done = AccountLoad(account_id)
    access = open_account(loads, done)
    if access is None:
        return Surveyed(done)
    load, zone = access
    today = load.run.as_of.astimezone(zone).date()
    first = max(window[0], earliest_day(today), _created(load, account_id, zone))
    last = min(window[1], today)
    if first > last:
        load.on_progress(f"{account_id}: Facebook keeps nothing of {window[0]}..{last}")
        return Surveyed(done, load, zone)
    try:
        totals = ask(load, done, ACCOUNT_DAYS, (first, last), zone=zone)
    except SourceError as error:
        fail(load, done, INSIGHTS, error, window=(first, last), mode="backfill")
        return Surveyed(done, load, zone)
    with load.writing() as warehouse:
        frozen = find_frozen_reads(warehouse, account_id, zone=zone)
    return Surveyed(done, load, zone, (first, last), totals, frozen)


def _created(load: Load, account_id: str, zone: ZoneInfo) -> date:
    """Return the day an account was made; nothing can be older."""
    with load.writing() as warehouse:
        row = warehouse.execute(
            "select payload ->> 'created_time' from raw.facebook__accounts "
            "where account_id = %s",
            [account_id],
        ).fetchone()
    try:
        created = datetime.fromisoformat(str(row and row[0]))
    except ValueError:
        return date.min
    return created.astimezone(zone).date() if created.tzinfo else created.date()


def _load_month(
    account: Surveyed, *, month: Window, again: bool
) -> AccountResult | None:
    """Load one account's part of a month; None when there is nothing to do."""
    load, zone, totals = account.load, account.zone, account.totals
    window = account.todo(month, again=again)
    if window is None or load is None or zone is None or totals is None:
        return None
    one = AccountLoad(account.done.account_id, account.done.currency)
    for days in chunks(window):
        known = [row for row in totals.rows if days[0] <= row["stat_date"] <= days[1]]
        try:
            load_window(
                load,
                one,
                days,
                zone=zone,
                mode="backfill",
                totals=replace(totals, rows=known),
            )
        except SourceError as error:
            fail(load, one, INSIGHTS, error, window=days, mode="backfill")
            break
    account.done.units += one.units
    account.done.failures |= one.failures
    for table, ids in one.seen.items():
        account.done.seen.setdefault(table, set()).update(ids)
    return account_result(one, "ad_insights")


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
