"""An ad account's changes into the warehouse: since the newest that is known.

The question and the shape of an entry belong to `extract/facebook/activities.py`.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.extract.facebook.activities import TABLE, read_activities
from pipelines.extract.facebook.errors import SYSTEM
from pipelines.ingest.facebook.load import AccountLoad, Load, Unit, log_unit
from pipelines.load.documents import append_documents
from pipelines.load.merge import Connection

FIRST_DAYS = 28
# Entries may show up a while after what they tell of.
OVERLAP = timedelta(days=1)


def load_activities(load: Load, done: AccountLoad, zone: ZoneInfo) -> None:
    """Add an account's changes since its newest stored one, a day of them again.

    All pages are read before the first is stored: they come newest first, and a stored
    newest one says that all before it are known too. Nothing is ever deleted.
    """
    begun = load.timer.now()
    now = load.run.as_of
    with load.writing() as warehouse:
        since = _since(warehouse, done.account_id, now=now)
    pages = read_activities(load.client, done.account_id, since=since, until=now)
    rows = [row for page in pages for row in page]
    newest = max(filter(None, (row["event_at"] for row in rows)), default=None)
    days = since.astimezone(zone).date(), now.astimezone(zone).date()
    with load.writing() as warehouse:
        result = append_documents(warehouse, f"{SYSTEM}__{TABLE}", rows, run=load.run)
        seconds = round(load.timer.now() - begun, 3)
        unit = Unit(TABLE, "incremental", result, seconds, days, newest)
        log_unit(warehouse, load, done.account_id, unit)
    done.units.append(unit)


def _since(warehouse: Connection, account_id: str, *, now: datetime) -> datetime:
    """Return from when on an account's changes are read.

    An account without a change has its last load for a mark, if that was long ago.
    """
    row = warehouse.execute(
        "select (select max(event_at) from raw.facebook__activities "
        "where account_id = %(account_id)s and _deleted_at is null), "
        "(select max(as_of) from raw._loads where system = %(system)s "
        "and table_name = %(table)s and scope = %(account_id)s "
        "and outcome = 'loaded')",
        {"account_id": account_id, "system": SYSTEM, "table": TABLE},
    ).fetchone()
    marks: tuple[datetime | None, datetime | None] = row or (None, None)
    newest, loaded_at = marks
    first = now - timedelta(days=FIRST_DAYS)
    if newest is None:
        return min(first, loaded_at - OVERLAP) if loaded_at else first
    return min(newest, now) - OVERLAP
