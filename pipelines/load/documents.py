"""Loading API documents: key columns and a payload, merged into their raw table.

Each function stages its rows by COPY, changes only what differs, and never commits: the
caller's transaction holds the rows and the line of the load log. Reading an API belongs
to `extract/`.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg import sql

from pipelines.errors import ProtocolError
from pipelines.load.log import LoadResult, RunInfo, Window
from pipelines.load.merge import (
    STAGE,
    Connection,
    RawTable,
    analyze_stage,
    create_stage,
    delete_missing,
    describe_raw,
    drop_stage,
    insert_new,
    lock_table,
    make_stamp,
    update_changed,
)

Row = Mapping[str, Any]
# What jsonb refuses: NUL, and halves of surrogate pairs.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def replace_documents(
    connection: Connection,
    table: str,
    rows: Iterable[Row],
    *,
    run: RunInfo,
    scope_columns: Mapping[str, Any] | None = None,
) -> LoadResult:
    """Load a full read: upsert what changed, mark as deleted what is absent.

    With scope columns the read is full for that scope only; other rows stay.
    """
    values = _scope_values(scope_columns or {})
    scope = sql.SQL(" and ").join([sql.SQL("true"), *_conditions(scope_columns or {})])
    return _load(connection, table, rows, run=run, scope=scope, values=values)


def upsert_documents(
    connection: Connection, table: str, rows: Iterable[Row], *, run: RunInfo
) -> LoadResult:
    """Load a partial read: upsert what changed, delete nothing."""
    return _load(connection, table, rows, run=run)


def append_documents(
    connection: Connection, table: str, rows: Iterable[Row], *, run: RunInfo
) -> LoadResult:
    """Load documents that never change: insert those whose key is new."""
    return _load(connection, table, rows, run=run, update=False)


def replace_window(
    connection: Connection,
    table: str,
    rows: Iterable[Row],
    *,
    run: RunInfo,
    scope_columns: Mapping[str, Any],
    window: Window,
    date_column: str = "stat_date",
) -> LoadResult:
    """Load all rows of one scope between two days (both included) in one go.

    Rows that vanished inside the window are marked as deleted; a row outside it is an
    error, for then the read was not what it claimed to be.
    """
    conditions = _conditions(scope_columns)
    between = sql.SQL("{} between %(first_day)s and %(last_day)s")
    conditions.append(between.format(sql.Identifier(date_column)))
    values = _scope_values(scope_columns)
    values |= {"first_day": window[0], "last_day": window[1]}
    scope = sql.SQL(" and ").join(conditions)
    return _load(connection, table, rows, run=run, scope=scope, values=values)


def _conditions(scope_columns: Mapping[str, Any]) -> list[sql.Composable]:
    return [
        sql.SQL("{} = {}").format(
            sql.Identifier(column), sql.Placeholder(f"s_{column}")
        )
        for column in scope_columns
    ]


def _scope_values(scope_columns: Mapping[str, Any]) -> dict[str, Any]:
    return {f"s_{column}": value for column, value in scope_columns.items()}


def _load(
    connection: Connection,
    table: str,
    rows: Iterable[Row],
    *,
    run: RunInfo,
    scope: sql.Composable | None = None,
    values: dict[str, Any] | None = None,
    update: bool = True,
) -> LoadResult:
    raw = describe_raw(connection, table.removeprefix("raw."))
    create_stage(connection, raw, ordered=True)
    rows_read = stage_documents(connection, raw, rows)
    # Locked only now: an API read may take an hour.
    lock_table(connection, raw)
    analyze_stage(connection, raw.key)
    _keep_last(connection, raw)
    if scope and values:
        _refuse_strangers(connection, raw, scope, values)
    stamp = make_stamp(connection, run)
    updated = update_changed(connection, raw, stamp) if update else 0
    inserted = insert_new(connection, raw, stamp)
    deleted = 0
    if scope:
        deleted = delete_missing(connection, raw, stamp, scope, values)
    drop_stage(connection)
    return LoadResult(rows_read, inserted, updated, deleted)


def stage_documents(connection: Connection, raw: RawTable, rows: Iterable[Row]) -> int:
    """Stream the rows into the stage and count them."""
    columns = [*raw.columns, "_row"]
    statement = sql.SQL("copy {} ({}) from stdin").format(
        STAGE, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    documents = [
        name for name, kind in raw.columns.items() if kind in ("json", "jsonb")
    ]
    number = 0
    with connection.cursor().copy(statement) as copy:
        for number, row in enumerate(rows, start=1):
            missing = [column for column in raw.key if row.get(column) is None]
            if missing:
                raise ProtocolError(
                    f"row {number} has no {', '.join(missing)}",
                    system=raw.system,
                    table=raw.table,
                )
            values = {
                name: _to_json(row.get(name)) if name in documents else row.get(name)
                for name in raw.columns
            }
            copy.write_row([*map(_storable, values.values()), number])
    return number


def _keep_last(connection: Connection, raw: RawTable) -> None:
    """Keep the last of the rows that repeat a key (pages overlap while data moves)."""
    same_key = sql.SQL(" and ").join(
        sql.SQL("earlier.{name} = later.{name}").format(name=sql.Identifier(column))
        for column in raw.key
    )
    connection.execute(
        sql.SQL(
            "delete from {stage} as earlier using {stage} as later "
            "where {same_key} and earlier._row < later._row"
        ).format(stage=STAGE, same_key=same_key)
    )


def _refuse_strangers(
    connection: Connection, raw: RawTable, scope: sql.Composable, values: dict[str, Any]
) -> None:
    statement = sql.SQL("select count(*) from {} where ({}) is not true")
    query = statement.format(STAGE, scope)
    row = connection.execute(query, values).fetchone()
    if row and row[0]:
        raise ProtocolError(
            f"{row[0]} rows lie outside what was asked for",
            system=raw.system,
            table=raw.table,
            window=" ".join(map(str, values.values())),
        )


def _to_json(payload: object) -> str:
    """Write a payload as JSON text that jsonb accepts."""
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        return _to_json(_cleaned(payload))
    if "\\u0000" in text or UNSTORABLE.search(text):
        text = json.dumps(_cleaned(payload), ensure_ascii=False, default=_plain)
    return text


def _cleaned(value: object) -> object:
    """Replace what jsonb cannot hold: by U+FFFD, NaN and infinity by null."""
    if isinstance(value, str):
        return UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {_cleaned(name): _cleaned(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _storable(value: object) -> object:
    return UNSTORABLE.sub(REPLACEMENT, value) if isinstance(value, str) else value


def _plain(value: object) -> str:
    if isinstance(value, Decimal | date):
        return str(value)
    raise TypeError(f"a payload holds a {type(value).__name__}")
