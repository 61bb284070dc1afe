"""How far each source table was read, and how its source looked then: raw._positions.

A position is written in the transaction of the rows it speaks of, so it never claims
more than raw holds. What follows from it is decided where the source is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb


@dataclass(frozen=True)
class Place:
    """The state of a source, as far as one of its tables is concerned.

    `server`, `timeline` and `database_id` tell whose state it is (None: not allowed to
    ask), `server_started_at` since when it lost nothing by a crash. Transactions from
    `next_xid` on began later, those `running` had not ended; every one before
    `watermark` was over. `columns` are
    those that the source has or had, by name, with their types. `shape` changes when
    values may have changed although no row was written.
    """

    server: str | None
    timeline: int | None
    server_started_at: datetime
    database_id: int
    next_xid: int
    running: Sequence[int]
    watermark: int
    shape: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Position(Place):
    """The place at which the last load of a table read it; times by the warehouse."""

    newest_row_at: datetime | None
    read_whole_at: datetime
    recorded_at: datetime
    run_id: str


NAMES = [field.name for field in fields(Position)]


def read_position(
    connection: psycopg.Connection[Any], system: str, table: str
) -> Position | None:
    """Return where the last load of a table ended; None before the first."""
    query = sql.SQL(
        "select {} from raw._positions where system = %s and table_name = %s"
    ).format(sql.SQL(", ").join(map(sql.Identifier, NAMES)))
    with connection.cursor(row_factory=class_row(Position)) as cursor:
        return cursor.execute(query, [system, table]).fetchone()


def write_position(
    connection: psycopg.Connection[Any], system: str, table: str, position: Position
) -> None:
    """Remember where a load ended; the caller's transaction commits it."""
    values = vars(position) | {
        "columns": Jsonb(dict(position.columns)),
        "system": system,
        "table_name": table,
    }
    connection.execute(_WRITE, values)


def _write_statement() -> sql.Composed:
    names = ["system", "table_name", *NAMES]
    return sql.SQL(
        "insert into raw._positions ({names}) values ({values}) "
        "on conflict (system, table_name) do update set {assignments}"
    ).format(
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(map(sql.Placeholder, names)),
        assignments=sql.SQL(", ").join(
            sql.SQL("{name} = excluded.{name}").format(name=sql.Identifier(name))
            for name in NAMES
        ),
    )


_WRITE = _write_statement()
