"""Which days of an ad account are read: backfill, re-read window, gaps, chunks.

Days are those of the account's own time zone. Reading them belongs to `days.py`.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.errors import ProtocolError
from pipelines.extract.facebook.errors import SYSTEM
from pipelines.load.log import Window
from pipelines.load.merge import Connection

# Facebook restates its figures for up to 28 days, then they freeze.
REREAD_DAYS = 28
# Facebook answers no question about older days (error 3018).
KEPT_MONTHS = 37
# Longer ranges are refused or time out at Facebook.
CHUNK_DAYS = 30


@dataclass(frozen=True)
class Loaded:
    """The first and the last day that full loads of an account have certified."""

    first: date
    last: date


def account_zone(account_id: str, name: str) -> ZoneInfo:
    """Return the time zone that decides what a day of the account is."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ProtocolError(
            f"unknown time zone {name!r}",
            system=SYSTEM,
            table="accounts",
            window=account_id,
            remedy="update tzdata",
        ) from error


def find_loaded(
    connection: Connection, account_id: str, *, table: str = "ad_insights"
) -> Loaded | None:
    """Read the certified days of an account; the hourly two days do not count.

    They leave a gap behind them that only a full load closes.
    """
    row = connection.execute(
        "select min(window_start), max(window_end) from raw._loads "
        "where system = %s and table_name = %s and scope = %s "
        "and outcome = 'loaded' and mode = 'window'",
        [SYSTEM, table, account_id],
    ).fetchone()
    return Loaded(row[0], row[1]) if row and row[0] else None


def find_frozen_reads(
    connection: Connection, account_id: str, *, zone: ZoneInfo
) -> list[Window]:
    """Return the windows that were read when all their days had stopped moving.

    Windows that touch or overlap are one.
    """
    rows = connection.execute(
        "select window_start, window_end, as_of from raw._loads where system = %s "
        "and table_name = 'ad_insights' and scope = %s and outcome = 'loaded' "
        "order by window_start, window_end",
        [SYSTEM, account_id],
    )
    frozen: list[Window] = []
    for first, read_to, as_of in rows:
        moving_from = as_of.astimezone(zone).date() - timedelta(days=REREAD_DAYS)
        last = min(read_to, moving_from - timedelta(days=1))
        if last < first:
            continue
        if frozen and first <= frozen[-1][1] + timedelta(days=1):
            frozen[-1] = frozen[-1][0], max(frozen[-1][1], last)
        else:
            frozen.append((first, last))
    return frozen


def was_full_read_cut(connection: Connection, account_id: str) -> bool:
    """Tell whether an account's last daily read failed: the next run makes it up."""
    row = connection.execute(
        "select outcome from raw._loads where system = %s and scope = %s "
        "and table_name = 'ad_insights' and mode = 'window' "
        "order by load_id desc limit 1",
        [SYSTEM, account_id],
    ).fetchone()
    return row is not None and row[0] == "failed"


def find_step(connection: Connection, account_id: str) -> str | None:
    """Return the step of the ladder that an account's last daily read needed."""
    row = connection.execute(
        "select details ->> 'step' from raw._loads where system = %s and scope = %s "
        "and table_name = 'ad_insights' and mode = 'window' and outcome = 'loaded' "
        "order by load_id desc limit 1",
        [SYSTEM, account_id],
    ).fetchone()
    return row[0] if row else None


def earliest_day(today: date) -> date:
    """Return the first day that Facebook still answers for.

    A day later than 37 months ago, for the zone of the border is Facebook's choice.
    """
    years, month = divmod(today.year * 12 + today.month - 1 - KEPT_MONTHS, 12)
    last = monthrange(years, month + 1)[1]
    return date(years, month + 1, min(today.day, last)) + timedelta(days=1)


def full_window(today: date, *, loaded: Loaded | None, backfill_days: int) -> Window:
    """Return the days of a daily load.

    An empty account gets its backfill. Later every day is read again that had not been
    read after it froze: so each is proven once, a gap of any length is closed, and
    restatements that fell into it are caught. Never earlier than the first day loaded.
    """
    if loaded is None:
        first = today - timedelta(days=backfill_days)
        return max(first, earliest_day(today)), today
    unfrozen = loaded.last - timedelta(days=REREAD_DAYS)
    first = min(today - timedelta(days=REREAD_DAYS + 1), unfrozen)
    return min(max(first, loaded.first), today), today


def recent_window(today: date) -> Window:
    """Return the days of an hourly load: yesterday and today."""
    return today - timedelta(days=1), today


def chunks(window: Window) -> Iterator[Window]:
    """Cut a window into loads, oldest first: what is certified then has no holes."""
    first, last = window
    while first <= last:
        end = min(first + timedelta(days=CHUNK_DAYS - 1), last)
        yield first, end
        first = end + timedelta(days=1)


def months(window: Window) -> Iterator[Window]:
    """Cut a window into calendar months, the newest first."""
    first, last = window
    while first <= last:
        start = max(first, last.replace(day=1))
        yield start, last
        last = start - timedelta(days=1)
