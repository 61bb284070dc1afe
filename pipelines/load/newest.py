"""The newest value of a table's freshness column: a signal, never a cursor."""

from datetime import datetime

from psycopg import sql

from pipelines.load.merge import STAGE, Connection, RawTable

DATED = ("date", "timestamp", "timestamp without time zone", "timestamp with time zone")


def newest_in_raw(
    connection: Connection, raw: RawTable, column: str | None
) -> datetime | None:
    """Return the newest value among the living rows."""
    return _newest(
        connection, raw, column, raw.identifier, sql.SQL("_deleted_at is null")
    )


def newest_in_stage(
    connection: Connection, raw: RawTable, column: str | None
) -> datetime | None:
    """Return the newest value that a source offers."""
    return _newest(connection, raw, column, STAGE, sql.SQL("true"))


def _newest(
    connection: Connection,
    raw: RawTable,
    column: str | None,
    relation: sql.Identifier,
    where: sql.Composable,
) -> datetime | None:
    if column is None or raw.columns.get(column) not in DATED:
        return None
    # What Python can hold; infinity says nothing about freshness either.
    query = sql.SQL(
        "select cast(max({column}) as timestamptz) from {relation} "
        "where {where} and {column} between '0002-01-01' and '9998-12-31'"
    ).format(column=sql.Identifier(column), relation=relation, where=where)
    row = connection.execute(query).fetchone()
    return row[0] if row else None
