"""Facebook's past, month by month, the newest first: surveyed, forecast, then loaded.

The survey asks every account for its own totals of the whole window, which is cheap and
tells which days have anything at all. How one window is replaced belongs to `days.py`.
"""

import contextlib
import functools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date

from pipelines.errors import ConfigurationError, SourceError
from pipelines.extract.facebook.pacing import SystemTimer, Timer
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.ingest.facebook.days import load_window
from pipelines.ingest.facebook.forecast import Forecast, forecast_account
from pipelines.ingest.facebook.load import (
    INSIGHTS,
    AccountLoad,
    AccountResult,
    Load,
    Progress,
    contained,
    fail,
)
from pipelines.ingest.facebook.objects import load_objects
from pipelines.ingest.facebook.results import account_result
from pipelines.ingest.facebook.run import (
    Databases,
    list_and_load,
    opened,
    raise_failures,
    side_by_side,
)
from pipelines.ingest.facebook.survey import Surveyed, part_of, survey_account
from pipelines.ingest.facebook.windows import (
    chunks,
    months,
)
from pipelines.load.log import RunInfo, Window


@dataclass(frozen=True)
class BackfilledMonth:
    """One month, or the part of it that was asked for, of all accounts."""

    first: date
    last: date
    accounts: tuple[AccountResult, ...]
    skipped: tuple[str, ...] = ()


class Backfill:
    """A surveyed backfill: its forecast is known, its months are loaded on demand."""

    def __init__(
        self,
        load: Load,
        accounts: list[Surveyed],
        window: Window,
        again: bool,
    ) -> None:
        self._load = load
        self._accounts = accounts
        self._window = window
        self._again = again

    @property
    def forecast(self) -> Forecast:
        """Estimate calls and minutes of what is not loaded yet."""
        forecasts = tuple(
            forecast_account(account, self._window, again=self._again)
            for account in self._accounts
        )
        return Forecast(self._window, forecasts)

    def months(self) -> Iterator[BackfilledMonth]:
        """Load month by month, the newest first; raise at the end what failed.

        A month is yielded when all accounts have it. An account that failed is left out
        of the older months: its next backfill goes on there.
        """
        for month in months(self._window):
            work = functools.partial(_load_month, month=month, again=self._again)
            results = side_by_side(work, self._accounts, self._load)
            skipped = tuple(
                account.done.account_id
                for account, result in zip(self._accounts, results, strict=True)
                if result is None
            )
            loaded = tuple(result for result in results if result)
            yield BackfilledMonth(*month, loaded, skipped=skipped)
        for account in self._accounts:
            if account.load and not account.has_stopped and account.done.units:
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
    confirm_lost: Collection[str] = (),
    on_progress: Progress | None = None,
    timer: Timer | None = None,
) -> Iterator[Backfill]:
    """Survey the accounts (all listed ones, or those named) for a window of days.

    Days before Facebook's 37 months or after today are left out. Months that were read
    when they were older than 28 days are frozen and left out, unless `again`.
    `confirm_lost` names accounts whose vanished days are really gone.
    """
    with opened(
        warehouse_url,
        config,
        run=run,
        timer=timer or SystemTimer(),
        on_progress=on_progress or (lambda text: None),
    ) as opened_loads:
        confirmed = frozenset(confirm_lost)
        loads = [replace(load, confirm_lost=confirmed) for load in opened_loads]
        listed, _ = list_and_load(loads[0], databases)
        if unknown := set(accounts) - set(listed.account_ids):
            raise ConfigurationError(
                f"no list names the ad accounts {', '.join(sorted(unknown))}; listed "
                f"are: {', '.join(listed.account_ids) or 'none'}"
            )
        survey = functools.partial(survey_account, loads, window=window)
        ids = sorted(accounts or listed.account_ids)
        surveyed = side_by_side(survey, ids, loads[0])
        yield Backfill(loads[0], surveyed, window, again)


def _load_month(
    account: Surveyed, *, month: Window, again: bool
) -> AccountResult | None:
    """Load one account's part of a month; None when there is nothing to do."""
    load, zone, totals = account.load, account.zone, account.totals
    window = account.todo(month, again=again)
    if window is None or load is None or zone is None or totals is None:
        return None
    one = AccountLoad(account.done.account_id, account.done.currency)
    with contained(load, one):
        for days in chunks(window):
            known = part_of(totals, days)
            try:
                load_window(load, one, days, zone=zone, mode="backfill", totals=known)
            except SourceError as error:
                fail(load, one, INSIGHTS, error, window=days, mode="backfill")
                break
    account.done.units += one.units
    account.done.failures |= one.failures
    for table, ids in one.seen.items():
        account.done.seen.setdefault(table, set()).update(ids)
    return account_result(one, "ad_insights")
