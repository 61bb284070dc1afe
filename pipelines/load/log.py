"""The load log raw._loads: what every load read and changed, and how it ended.

A success is logged in the transaction of its rows, a failure in one of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

Outcome = Literal["loaded", "absent", "failed", "denied"]
Mode = Literal["snapshot", "xmin", "window", "backfill", "full", "incremental"]
Window = tuple[date, date]


@dataclass(frozen=True)
class RunInfo:
    """Who loads, and what "now" is for this load."""

    run_id: str
    as_of: datetime


@dataclass(frozen=True)
class LoadResult:
    """Rows that a load read and changed."""

    rows_read: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_deleted: int = 0

    def __add__(self, other: "LoadResult") -> "LoadResult":
        return LoadResult(
            self.rows_read + other.rows_read,
            self.rows_inserted + other.rows_inserted,
            self.rows_updated + other.rows_updated,
            self.rows_deleted + other.rows_deleted,
        )

    @property
    def rows_changed(self) -> int:
        return self.rows_inserted + self.rows_updated + self.rows_deleted


def record_load(
    connection: psycopg.Connection[Any],
    *,
    run: RunInfo,
    system: str,
    table: str,
    outcome: Outcome,
    scope: str = "",
    window: Window | None = None,
    mode: Mode | None = None,
    result: LoadResult | None = None,
    seconds: float | None = None,
    watermark: str | None = None,
    newest_row_at: datetime | None = None,
    started_at: datetime | None = None,
    error: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write one row of raw._loads; the caller's transaction commits it.

    `table` is the name after the system; `window` holds its first and last day.
    `started_at` is of the database's clock; without it the transaction's start counts.
    `details` is what only this kind of load can say (Facebook: the certificate).
    """
    done = result or LoadResult()
    values: dict[str, Any] = {
        "run_id": run.run_id,
        "system": system,
        "table_name": table,
        "scope": scope,
        "window_start": window[0] if window else None,
        "window_end": window[1] if window else None,
        "outcome": outcome,
        "mode": mode,
        "rows_read": done.rows_read,
        "rows_inserted": done.rows_inserted,
        "rows_updated": done.rows_updated,
        "rows_deleted": done.rows_deleted,
        "seconds": seconds,
        "watermark": watermark,
        "newest_row_at": newest_row_at,
        "as_of": run.as_of,
        "started_at": started_at,
        # A text of the source may hold what no text column can.
        "error": error and error.replace("\x00", ""),
        "details": None if details is None else Jsonb(details),
    }
    connection.execute(_INSERT, values)


def _insert_statement() -> sql.Composed:
    names = (
        "run_id", "system", "table_name", "scope", "window_start", "window_end",
        "outcome", "mode", "rows_read", "rows_inserted", "rows_updated",
        "rows_deleted", "seconds", "watermark", "newest_row_at", "as_of", "error",
        "details",
    )  # fmt: skip
    return sql.SQL(
        "insert into raw._loads ({}, started_at, finished_at) "
        "values ({}, coalesce(%(started_at)s, now()), clock_timestamp())"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(map(sql.Placeholder, names)),
    )


_INSERT = _insert_statement()
