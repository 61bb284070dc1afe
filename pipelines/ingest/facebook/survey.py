"""An ad account before its past is loaded: its totals, and what is known already."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipelines.errors import SourceError
from pipelines.extract.facebook.questions import ACCOUNT_DAYS
from pipelines.ingest.facebook.account import open_account
from pipelines.ingest.facebook.certificate import total_spend
from pipelines.ingest.facebook.days import Answer, ask
from pipelines.ingest.facebook.load import (
    INSIGHTS,
    AccountLoad,
    Load,
    contained,
    fail,
)
from pipelines.ingest.facebook.windows import earliest_day, find_frozen_reads
from pipelines.load.log import Window

# Guards of months that are loaded but for what they name.
GAPS = ("gap", "lost_days")


@dataclass
class Surveyed:
    """One account that is to be backfilled; `load` is None when it cannot be."""

    done: AccountLoad
    load: Load | None = None
    zone: ZoneInfo | None = None
    window: Window | None = None
    totals: Answer | None = None
    frozen: list[Window] = field(default_factory=list)

    @property
    def has_stopped(self) -> bool:
        """Tell whether an account failed for good; a gap stops no other month."""
        return any(error.guard not in GAPS for error in self.done.failures.values())

    def todo(self, month: Window, *, again: bool) -> Window | None:
        """Return the days of a month that this account has and still needs."""
        if self.window is None or self.has_stopped:
            return None
        first, last = max(month[0], self.window[0]), min(month[1], self.window[1])
        if first > last:
            return None
        if not again and any(a <= first and last <= b for a, b in self.frozen):
            return None
        return first, last


def survey_account(
    loads: Sequence[Load], account_id: str, *, window: Window
) -> Surveyed:
    """Open an account and read its totals of the window that Facebook keeps of it."""
    done = AccountLoad(account_id)
    with contained(loads[0], done):
        return _survey(loads, done, window)
    return Surveyed(done)


def _survey(loads: Sequence[Load], done: AccountLoad, window: Window) -> Surveyed:
    account_id = done.account_id
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


def part_of(totals: Answer, days: Window) -> Answer:
    """Return what a survey says of some days; its calls were made for all of them."""
    rows = [row for row in totals.rows if days[0] <= row["stat_date"] <= days[1]]
    spend = total_spend(row["payload"] for row in rows)
    certificate = {
        **totals.certificate,
        **{"calls": 0, "pages": 0, "seconds": 0.0},
        **{"rows": len(rows), "spend": str(spend)},
    }
    return replace(totals, rows=rows, certificate=certificate, seconds=0.0)
