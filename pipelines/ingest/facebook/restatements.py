"""What Facebook changed of days that were over: the old figures beside the new ones.

Facebook restates for weeks. The rows in raw follow it; this ledger remembers.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import sql

from pipelines.extract.facebook.errors import SYSTEM
from pipelines.ingest.facebook.certificate import number
from pipelines.load.documents import append_documents
from pipelines.load.log import RunInfo, Window
from pipelines.load.merge import Connection

Document = dict[str, Any]
FIGURES = ("spend", "impressions", "clicks", "inline_link_clicks")
LEVELS = {"ad_insights": ("ad", "ad_id"), "account_insights": ("account", "account_id")}


@dataclass(frozen=True)
class Stored:
    """What raw held of a window before it is replaced: figures by object and day."""

    table: str
    account_id: str
    payloads: Mapping[tuple[str, date], Document]
    read_at: Mapping[date, datetime]


def read_stored(
    connection: Connection, table: str, account_id: str, window: Window
) -> Stored:
    """Read the living rows of a window, and when each of its days was last read."""
    _, id_column = LEVELS[table]
    query = sql.SQL(
        "select {}, stat_date, payload from {} where account_id = %s "
        "and stat_date between %s and %s and _deleted_at is null"
    ).format(sql.Identifier(id_column), sql.Identifier("raw", f"facebook__{table}"))
    rows = connection.execute(query, [account_id, *window]).fetchall()
    reads = connection.execute(
        _READS, [SYSTEM, table, account_id, window[1], window[0]]
    ).fetchall()
    read_at: dict[date, datetime] = {}
    for first, last, as_of in reads:
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            read_at.setdefault(date.fromordinal(ordinal), as_of)
    payloads = {(object_id, day): payload for object_id, day, payload in rows}
    return Stored(table, account_id, payloads, read_at)


# Only the newest read of a day counts; two months of reads hold it.
_READS = """
select window_start, window_end, as_of
from raw._loads
where system = %s and table_name = %s and scope = %s and outcome = 'loaded'
    and window_start <= %s and window_end >= %s
order by load_id desc
limit 2000
"""


def record_restatements(
    connection: Connection,
    stored: Stored,
    rows: Iterable[Document],
    *,
    zone: ZoneInfo,
    run: RunInfo,
) -> int:
    """Write down what the new rows change of days that were over when last read.

    Returns how many figures of objects and days have changed.
    """
    changes = list(_changes(stored, rows, zone=zone, run=run))
    if changes:
        append_documents(connection, "facebook__restatements", changes, run=run)
    return len(changes)


def _changes(
    stored: Stored, rows: Iterable[Document], *, zone: ZoneInfo, run: RunInfo
) -> Iterator[Document]:
    level, id_column = LEVELS[stored.table]
    new = {(row[id_column], row["stat_date"]): row["payload"] for row in rows}
    for object_id, day in sorted(stored.payloads.keys() | new.keys()):
        before = stored.read_at.get(day)
        if before is None or before.astimezone(zone).date() <= day:
            # First read, or the day was still running: it grows, nothing is restated.
            continue
        old_figures = _figures(stored.payloads.get((object_id, day)))
        new_figures = _figures(new.get((object_id, day)))
        if _numbers(old_figures) == _numbers(new_figures):
            continue
        yield {
            "level": level,
            "account_id": stored.account_id,
            "object_id": object_id,
            "stat_date": day,
            "read_at": run.as_of,
            "read_before_at": before,
            "payload": {"old": old_figures, "new": new_figures},
        }


def _figures(payload: Document | None) -> dict[str, str] | None:
    if payload is None:
        return None
    figures = {name: str(payload.get(name) or "0") for name in FIGURES}
    return {**figures, "leads": _leads(payload)}


def _leads(payload: Document) -> str:
    for action in payload.get("actions") or []:
        if isinstance(action, dict) and action.get("action_type") == "lead":
            return str(action.get("value") or "0")
    return "0"


def _numbers(figures: Mapping[str, str] | None) -> list[Any] | None:
    if figures is None:
        return None
    return [number(value) for value in figures.values()]
