"""The newest value of the freshness column, among living and among staged rows."""

from datetime import datetime

from psycopg import sql

from pipelines.load.merge import STAGE, Connection, RawTable
from pipelines.newest import DATED, query_newest


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
    return query_newest(connection, relation, sql.Identifier(column), where=where)
