"""The diff of a staged read against its raw table: what all loads have in common.

Rows are compared by their stored image, so a second run of the same read writes
nothing, and types without an equality (json) need no special case. Filling the stage
belongs to `documents.py` and `tables.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import errors, sql

from pipelines.errors import ConfigurationError, LoadRefused
from pipelines.load.log import RunInfo

STAGE = sql.Identifier("pg_temp", "_stage")
KEYS = sql.Identifier("pg_temp", "_keys")
# Advisory locks of loads; the second number is the hash of the raw table's name.
LOCK_CLASS = 7_204_711
LOCK_TIMEOUT = "15s"
EVERYTHING = sql.SQL("true")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class RawTable:
    """A raw table as the warehouse has it: columns without stamps, and types."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]

    @property
    def system(self) -> str:
        return self.name.partition("__")[0]

    @property
    def table(self) -> str:
        return self.name.partition("__")[2]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier("raw", self.name)


@dataclass(frozen=True)
class Stamp:
    """Which load wrote a row, and when."""

    run_id: str
    at: datetime

    @property
    def parts(self) -> dict[str, sql.Composable]:
        """Return it as literals: with parameters, a % in a column name would count."""
        return {"at": sql.Literal(self.at), "run_id": sql.Literal(self.run_id)}


def describe_raw(connection: Connection, name: str) -> RawTable:
    """Read the columns, types and key of a raw table from the warehouse's catalog."""
    rows = connection.execute(_DESCRIBE, {"name": name}).fetchall()
    if not rows:
        raise ConfigurationError(
            f"raw.{name} does not exist; declare it in a sources YAML and prepare the "
            "warehouse"
        )
    keyed = sorted((place, column) for column, _, place in rows if place)
    return RawTable(
        name=name,
        columns={column: data_type for column, data_type, _ in rows},
        key=tuple(column for _, column in keyed),
    )


def lock_table(connection: Connection, raw: RawTable) -> None:
    """Let one load at a time change a raw table, until the transaction ends.

    Waits a little for another load, then names the backend that holds the lock.
    """
    lock = {"class": LOCK_CLASS, "name": raw.name}
    row = connection.execute(_TRY_LOCK, lock).fetchone()
    if row and row[0]:
        return
    holder = connection.execute(_LOCK_HOLDER, lock).fetchone()
    try:
        with connection.transaction():
            connection.execute(_LOCK_TIMEOUT, [LOCK_TIMEOUT])
            connection.execute(_WAIT_FOR_LOCK, lock)
    except errors.LockNotAvailable:
        raise LoadRefused(
            f"another load holds the table (backend {holder[0] if holder else 'gone'})",
            system=raw.system,
            table=raw.table,
            remedy="wait for that run; if it is dead, its timeouts free the lock",
        ) from None


def create_stage(
    connection: Connection, raw: RawTable, *, ordered: bool = False
) -> None:
    """Make an empty temporary table with the columns of a raw table."""
    connection.execute(
        sql.SQL(
            "create temporary table _stage on commit drop as "
            "select {columns}{order} from {raw} with no data"
        ).format(
            columns=names(raw.columns),
            order=sql.SQL(", cast(null as bigint) as _row" if ordered else ""),
            raw=raw.identifier,
        )
    )


def create_keys(connection: Connection, raw: RawTable) -> None:
    """Make an empty temporary table with the key of a raw table."""
    connection.execute(
        sql.SQL(
            "create temporary table _keys on commit drop as "
            "select {key} from {raw} with no data"
        ).format(key=names(raw.key), raw=raw.identifier)
    )


def drop_stage(connection: Connection, stage: sql.Identifier = STAGE) -> None:
    """Drop a stage, so that the same transaction can load another table."""
    connection.execute(sql.SQL("drop table {}").format(stage))


def analyze_stage(
    connection: Connection, columns: Iterable[str], stage: sql.Identifier = STAGE
) -> None:
    """Give the planner the stage's size; on a table never analysed it guesses badly."""
    connection.execute(sql.SQL("analyze {} ({})").format(stage, names(columns)))


def update_changed(connection: Connection, raw: RawTable, stamp: Stamp) -> int:
    """Update the rows whose stored image differs, and revive deleted ones."""
    statement = sql.SQL(
        "update {raw} as old set {assignments}, "
        "_loaded_at = {at}, _deleted_at = null, _run_id = {run_id} "
        "from {stage} as new where {same_key} and (old._deleted_at is not null "
        "or cast(row({old}) as record) *<> cast(row({new}) as record))"
    ).format(
        raw=raw.identifier,
        stage=STAGE,
        assignments=sql.SQL(", ").join(
            sql.SQL("{name} = new.{name}").format(name=sql.Identifier(column))
            for column in raw.columns
        ),
        same_key=same_key(raw.key),
        old=names(raw.columns, "old"),
        new=names(raw.columns, "new"),
        **stamp.parts,
    )
    return connection.execute(statement).rowcount


def insert_new(connection: Connection, raw: RawTable, stamp: Stamp) -> int:
    """Insert the staged rows whose key the raw table has never held."""
    statement = sql.SQL(
        "insert into {raw} ({columns}, _loaded_at, _run_id) "
        "select {new}, {at}, {run_id} from {stage} as new "
        "where not exists (select from {raw} as old where {same_key})"
    ).format(
        raw=raw.identifier,
        stage=STAGE,
        columns=names(raw.columns),
        new=names(raw.columns, "new"),
        same_key=same_key(raw.key),
        **stamp.parts,
    )
    return connection.execute(statement).rowcount


def delete_missing(
    connection: Connection,
    raw: RawTable,
    stamp: Stamp,
    scope: sql.Composable = EVERYTHING,
    values: dict[str, Any] | None = None,
    *,
    stage: sql.Identifier = STAGE,
) -> int:
    """Mark the living rows of a scope whose key is not staged as deleted."""
    statement = sql.SQL(
        "update {raw} as old set _deleted_at = {at}, _run_id = {run_id} "
        "where old._deleted_at is null and {scope} "
        "and not exists (select from {stage} as new where {same_key})"
    ).format(
        raw=raw.identifier,
        stage=stage,
        scope=scope,
        same_key=same_key(raw.key),
        **stamp.parts,
    )
    return connection.execute(statement, values or None).rowcount


def count_missing(connection: Connection, raw: RawTable) -> int:
    """Count the living rows whose key is not staged."""
    statement = sql.SQL(
        "select count(*) from {raw} as old where old._deleted_at is null "
        "and not exists (select from {stage} as new where {same_key})"
    ).format(raw=raw.identifier, stage=STAGE, same_key=same_key(raw.key))
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def is_empty(connection: Connection, raw: RawTable) -> bool:
    """Tell whether a raw table holds no row at all, not even a deleted one."""
    statement = sql.SQL("select not exists (select from {})").format(raw.identifier)
    row = connection.execute(statement).fetchone()
    return bool(row and row[0])


def count_living(connection: Connection, raw: RawTable) -> int:
    """Count the rows that are not marked as deleted."""
    statement = sql.SQL("select count(*) from {} where _deleted_at is null")
    row = connection.execute(statement.format(raw.identifier)).fetchone()
    return int(row[0]) if row else 0


def make_stamp(connection: Connection, run: RunInfo) -> Stamp:
    """Return the stamp of a load, by the warehouse's own clock."""
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    return Stamp(run_id=run.run_id, at=row[0])


def names(columns: Iterable[str], prefix: str | None = None) -> sql.Composed:
    """Quote column names and join them by commas."""
    parts = [(prefix, name) if prefix else (name,) for name in columns]
    return sql.SQL(", ").join(sql.Identifier(*part) for part in parts)


def same_key(key: tuple[str, ...]) -> sql.Composed:
    """Compose the condition that rows named old and new share their key."""
    return sql.SQL(" and ").join(
        sql.SQL("old.{name} = new.{name}").format(name=sql.Identifier(column))
        for column in key
    )


_DESCRIBE = """
select attribute.attname, format_type(attribute.atttypid, attribute.atttypmod),
    array_position(primary_key.indkey::int2[], attribute.attnum) + 1
from pg_attribute as attribute
left join pg_index as primary_key
    on primary_key.indrelid = attribute.attrelid and primary_key.indisprimary
where attribute.attrelid = to_regclass(format('raw.%%I', %(name)s::text))
    and attribute.attnum > 0 and not attribute.attisdropped
    and attribute.attname <> all(array['_loaded_at', '_deleted_at', '_run_id'])
order by attribute.attnum
"""
_TRY_LOCK = "select pg_try_advisory_xact_lock(%(class)s, hashtext(%(name)s))"
# A session that has no limit of its own gets ours.
_LOCK_TIMEOUT = """
select set_config('lock_timeout', %s, true) where current_setting('lock_timeout') = '0'
"""
_WAIT_FOR_LOCK = "select pg_advisory_xact_lock(%(class)s, hashtext(%(name)s))"
_LOCK_HOLDER = """
select pid from pg_locks
where locktype = 'advisory' and granted and classid = %(class)s
    and objid::bigint = (hashtext(%(name)s)::bigint & 4294967295)
"""
