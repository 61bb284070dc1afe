"""Which days of an ad account are read: backfill, re-read window, gaps, chunks.

Days are those of the account's own time zone. Reading them belongs to
`facebook_account.py`.
"""

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


def find_loaded(connection: Connection, account_id: str) -> Loaded | None:
    """Read the certified days of an account; the hourly two days do not count.

    They leave a gap behind them that only a full load closes.
    """
    row = connection.execute(
        "select min(window_start), max(window_end) from raw._loads "
        "where system = %s and table_name = 'ad_insights' and scope = %s "
        "and outcome = 'loaded' and mode = 'window'",
        [SYSTEM, account_id],
    ).fetchone()
    return Loaded(row[0], row[1]) if row and row[0] else None


def full_window(today: date, *, loaded: Loaded | None, backfill_days: int) -> Window:
    """Return the days of a daily load.

    An empty account gets its backfill. Later every day is read again that was younger
    than the re-read window when it was last read: so a gap of any length is closed, and
    restatements that fell into it are caught. Never earlier than the first day loaded.
    """
    if loaded is None:
        return today - timedelta(days=backfill_days), today
    unfrozen = loaded.last - timedelta(days=REREAD_DAYS - 1)
    first = min(today - timedelta(days=REREAD_DAYS), unfrozen)
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
