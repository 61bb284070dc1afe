"""Loading one table of a PostgreSQL source: stage, merge, soft delete, log.

All of it happens in the caller's transaction, so rows and log line stand or fall
together. Reading the source belongs to `extract/postgres/`.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from pipelines.catalog import Table
from pipelines.errors import LoadRefused
from pipelines.load import keyless
from pipelines.load.copying import Progress, Rows, copy_in, fill
from pipelines.load.drift import follow_types, lost_columns
from pipelines.load.guards import MISSING_ROWS, mass_delete, refuse_bad_keys
from pipelines.load.log import LoadResult, RunInfo, record_load
from pipelines.load.merge import (
    STAGE,
    Connection,
    RawTable,
    Stamp,
    analyze_stage,
    count_living,
    create_stage,
    delete_missing,
    describe_raw,
    drop_stage,
    insert_new,
    lock_table,
    make_stamp,
    update_changed,
)

DATED = ("date", "timestamp", "timestamp without time zone", "timestamp with time zone")


@dataclass(frozen=True)
class Loaded:
    """What a load did; `refused` says that its deletions were not carried out.

    `lost_columns` held values until now; the source has dropped or renamed them.
    """

    result: LoadResult
    seconds: float
    newest_row_at: datetime | None
    lost_columns: tuple[str, ...]
    refused: LoadRefused | None


def load_table(
    connection: Connection,
    table: Table,
    rows: Rows,
    *,
    run: RunInfo,
    confirm_deletes: bool = False,
    on_progress: Progress | None = None,
) -> Loaded:
    """Make a raw table equal to its source and log it; the caller commits.

    Rows that vanished are marked as deleted, but not when suspiciously many did: then
    the changes are kept, nothing is deleted, and the load counts as failed.
    """
    connection.execute("set local timezone = 'UTC'")
    raw = describe_raw(connection, table.name)
    lock_table(connection, raw)
    start = make_stamp(connection, run)
    raw = follow_types(connection, raw, rows.types)
    lost = lost_columns(connection, raw, rows.types)
    refused = None
    if raw.key and rows.is_large and _is_empty(connection, raw):
        count = fill(connection, raw, rows, stamp=start, on_progress=on_progress)
        result = LoadResult(rows_read=count, rows_inserted=count)
    else:
        create_stage(connection, raw)
        count = copy_in(connection, STAGE, raw, rows, on_progress=on_progress)
        if raw.key and not rows.is_unique:
            refuse_bad_keys(connection, raw)
        merge = _merge if raw.key else keyless.replace
        result, refused = merge(connection, raw, start, count, confirm_deletes)
        drop_stage(connection)
    newest = _newest(connection, raw, table.newest)
    seconds = (make_stamp(connection, run).at - start.at).total_seconds()
    record_load(
        connection,
        run=run,
        system=raw.system,
        table=raw.table,
        outcome="failed" if refused else "loaded",
        mode="snapshot",
        result=result,
        seconds=seconds,
        newest_row_at=newest,
        started_at=start.at,
        error=str(refused) if refused else None,
    )
    return Loaded(result, seconds, newest, lost, refused)


def _merge(
    connection: Connection, raw: RawTable, stamp: Stamp, staged: int, confirmed: bool
) -> tuple[LoadResult, LoadRefused | None]:
    analyze_stage(connection, raw.key)
    updated = update_changed(connection, raw, stamp)
    inserted = insert_new(connection, raw, stamp)
    deleted, refused = _delete(connection, raw, stamp, inserted, confirmed)
    return LoadResult(staged, inserted, updated, deleted), refused


def _delete(
    connection: Connection, raw: RawTable, stamp: Stamp, inserted: int, confirmed: bool
) -> tuple[int, LoadRefused | None]:
    """Mark missing rows as deleted, and take it back when they are too many."""
    refused = None
    with connection.transaction() as attempt:
        deleted = delete_missing(connection, raw, stamp)
        if deleted > MISSING_ROWS and not confirmed:
            living = count_living(connection, raw) + deleted - inserted
            refused = mass_delete(raw, deleted, living)
        if refused:
            raise psycopg.Rollback(attempt)
    return (0, refused) if refused else (deleted, None)


def _is_empty(connection: Connection, raw: RawTable) -> bool:
    statement = sql.SQL("select not exists (select from {})").format(raw.identifier)
    row = connection.execute(statement).fetchone()
    return bool(row and row[0])


def _newest(
    connection: Connection, raw: RawTable, column: str | None
) -> datetime | None:
    """Return the newest value that Python can hold of the freshness column."""
    if column is None or raw.columns.get(column) not in DATED:
        return None
    statement = sql.SQL(
        "select cast(max({column}) as timestamptz) from {raw} "
        "where _deleted_at is null and {column} between '0002-01-01' and '9998-12-31'"
    )
    query = statement.format(column=sql.Identifier(column), raw=raw.identifier)
    row = connection.execute(query).fetchone()
    return row[0] if row else None
