"""The newest value of a freshness column, asked alike of a source and of raw.

It is a signal for people, never a cursor.
"""

from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

DATED = ("date", "timestamp", "timestamp without time zone", "timestamp with time zone")


def query_newest(
    connection: psycopg.Connection[Any],
    relation: sql.Composable,
    column: sql.Composable,
    *,
    where: sql.Composable,
) -> datetime | None:
    """Return the newest value that Python can hold; infinity says nothing either."""
    query = sql.SQL(
        "select cast(max({column}) as timestamptz) from {relation} "
        "where {where} and {column} between '0002-01-01' and '9998-12-31'"
    ).format(column=column, relation=relation, where=where)
    row = connection.execute(query).fetchone()
    return row[0] if row else None
