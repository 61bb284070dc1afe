"""Load the table with pandas, SQLAlchemy and COPY, in batches.

Runs in an environment of its own: first argument `full` or `incremental`, then the
addresses of source and target.
"""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pandas
import sqlalchemy
from pandas.io.sql import SQLTable
from sqlalchemy.dialects.postgresql import JSONB, UUID

BATCH_ROWS = 50_000
TYPES = {
    "id": UUID,
    "form_data": JSONB,
    "visits": sqlalchemy.Integer,
    "created_at": sqlalchemy.DateTime(timezone=True),
    "updated_at": sqlalchemy.DateTime(timezone=True),
}


def main(mode: str, source_url: str, target_url: str) -> None:
    source = engine(source_url)
    with engine(target_url).begin() as target:
        if mode == "full":
            copy(read(source, "select * from leads"), target, "leads")
            target.exec_driver_sql("alter table leads add primary key (id)")
        else:
            increment(source, target)


def engine(url: str) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def read(source: sqlalchemy.Engine, query: str) -> Iterator[pandas.DataFrame]:
    with source.connect().execution_options(stream_results=True) as connection:
        yield from pandas.read_sql(
            sqlalchemy.text(query), connection, chunksize=BATCH_ROWS
        )


def copy(
    frames: Iterable[pandas.DataFrame], target: sqlalchemy.Connection, table: str
) -> int:
    """Append frames to a table and return the number of rows."""
    rows = 0
    for frame in frames:
        frame["form_data"] = frame["form_data"].map(json.dumps)
        frame.to_sql(
            table, target, index=False, if_exists="append", dtype=TYPES, method=by_copy
        )
        rows += len(frame)
    return rows


def by_copy(
    table: SQLTable,
    connection: sqlalchemy.Connection,
    keys: list[str],
    data: Iterable[Any],
) -> None:
    """Insert by COPY, as the documentation of `to_sql` shows."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(data)
    columns = ", ".join(keys)
    with (
        connection.connection.cursor() as cursor,
        cursor.copy(f"copy {table.name} ({columns}) from stdin with csv") as writer,
    ):
        writer.write(buffer.getvalue())


def increment(source: sqlalchemy.Engine, target: sqlalchemy.Connection) -> None:
    """Merge the rows changed since the newest one that the target has."""
    newest = target.exec_driver_sql("select max(updated_at)::text from leads").scalar()
    target.exec_driver_sql("create temp table changed (like leads)")
    query = f"select * from leads where updated_at > '{newest}'"  # noqa: S608
    frames = read(source, query)
    if copy(frames, target, "changed"):
        columns = target.exec_driver_sql("select * from changed limit 0").keys()
        updates = ", ".join(f"{column} = excluded.{column}" for column in columns)
        target.exec_driver_sql(
            "insert into leads select * from changed "  # noqa: S608
            f"on conflict (id) do update set {updates}"
        )


main(*sys.argv[1:4])
