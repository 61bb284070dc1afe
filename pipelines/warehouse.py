"""The warehouse before the first row: schemas, raw tables, load log, clock, memory.

All of it is made from the catalog and may run any number of times. What loads write
belongs to `load/`, what dbt builds to the dbt project.
"""

from collections import defaultdict
from datetime import datetime

import psycopg
from psycopg import sql

from pipelines.catalog import STAMPS, Catalog, Column, Table
from pipelines.connections import (
    connection_string,
    first_line,
    parse_url,
    primary_message,
)
from pipelines.errors import ConfigurationError, WarehouseError
from pipelines.liveness import PATIENCE, Patience
from pipelines.load.merge import Connection
from pipelines.load.views import drop_dependent_views
from pipelines.warehouse_tables import ADDED_COLUMNS, ADDED_INDEXES, OWN_TABLES
from pipelines.watched import WatchedConnection

SCHEMAS = ("raw", "history", "marts")
HISTORY_TABLES = {
    "ownership_versions": "Who owned what since when: mappings, accounts, campaigns, "
    "as the snapshots of each edition saw them.",
    "frozen_plans": "Weekly plans as they were frozen in their week.",
}
PREPARE_LOCK = 7_204_710


def connect(url: str, *, patience: Patience = PATIENCE) -> WatchedConnection:
    """Open a connection to the warehouse that heals by itself when it is orphaned."""
    settings = {**SESSION, "lock_timeout": f"{patience.locks * 1000:.0f}ms"}
    try:
        conninfo = connection_string(url, writes=True)
        connection = WatchedConnection.open(conninfo, patience=patience)
        try:
            connection.identify()
            connection.execute(_SET, [list(settings), list(settings.values())])
            connection.commit()
        except psycopg.Error:
            connection.close()
            raise
    except psycopg.Error as error:
        raise WarehouseError(
            first_line(error), system="warehouse", remedy="check WAREHOUSE_URL"
        ) from None
    return connection


def read_time(connection: Connection) -> datetime:
    """Return the present by the warehouse's own clock."""
    try:
        with connection.transaction():
            row = connection.execute("select clock_timestamp()").fetchone()
    except psycopg.Error as error:
        raise WarehouseError(
            primary_message(error), system="warehouse", remedy="run again"
        ) from None
    assert row is not None
    moment: datetime = row[0]
    return moment


# A half-open client must not keep its locks: the server notices and ends it.
SESSION = {
    # The settings of a role or a database must not decide how values are written.
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "quote_all_identifiers": "off",
    "transaction_timeout": "0",
    "statement_timeout": "2h",
    "idle_in_transaction_session_timeout": "2h",
    "client_connection_check_interval": "10s",
    # In the middle of a COPY only these see that the client's host is gone.
    "tcp_keepalives_idle": "15s",
    "tcp_keepalives_interval": "5s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "45s",
}


# What a server does not know yet cannot be in the way.
_SET = """
select set_config(known.name, given.value, false)
from pg_settings as known
inner join unnest(cast(%s as text[]), cast(%s as text[])) as given (name, value)
    on lower(known.name) = lower(given.name)
"""


def dbt_environment(url: str) -> dict[str, str]:
    """Return the variables that dbt's profile reads, from the warehouse's URL."""
    settings = parse_url(url)
    host = settings.get("host") or settings.get("hostaddr") or "localhost"
    variables = {
        "WAREHOUSE_HOST": str(host),
        "WAREHOUSE_PORT": str(settings.get("port") or 5432),
        "WAREHOUSE_USER": str(settings.get("user") or ""),
        "WAREHOUSE_PASSWORD": str(settings.get("password") or ""),
        "WAREHOUSE_DBNAME": str(settings.get("dbname") or settings.get("user") or ""),
        "WAREHOUSE_SSLMODE": str(settings.get("sslmode") or "prefer"),
    }
    if settings.get("sslrootcert"):
        variables["PGSSLROOTCERT"] = str(settings["sslrootcert"])
    return variables


def write_clock(connection: Connection, now: datetime) -> None:
    """Set the one row that every model reads as "now"."""
    connection.execute(
        "insert into raw._clock (id, now) values (1, %s) "
        "on conflict (id) do update set now = excluded.now",
        [now],
    )


def read_build_clock(connection: Connection) -> datetime | None:
    """Return what the last build called now, None before the first one."""
    with connection.transaction():
        found = connection.execute("select to_regclass('raw._clock')").fetchone()
        if not (found and found[0]):
            return None
        row = connection.execute("select now from raw._clock").fetchone()
    return row[0] if row else None


def prepare(connection: Connection, catalog: Catalog) -> None:
    """Make what is missing: schemas, load log, clock, every declared table and column.

    A table that was never loaded follows its declaration; a loaded one keeps its types.
    """
    try:
        _prepare(connection, catalog)
    except psycopg.Error as error:
        raise WarehouseError(
            f"the warehouse cannot be prepared: {primary_message(error)}",
            system="warehouse",
            remedy="see that it is up and writable, and that the role of WAREHOUSE_URL "
            "may create schemas and owns those of the pipeline",
        ) from None


def _prepare(connection: Connection, catalog: Catalog) -> None:
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [PREPARE_LOCK])
        _create_own(connection)
        existing = _existing_tables(connection)
        for table in (*catalog.tables, *catalog.history):
            found = existing.get((table.schema, table.name))
            if found is None:
                _create(connection, table)
            elif found != _declared(table):
                _follow(connection, table, found)
        _create_indexes(connection, catalog)


def _create_indexes(connection: Connection, catalog: Catalog) -> None:
    """Create the indexes that are missing, of the tables that the catalog has."""
    declared = {f"raw.{table.name}" for table in catalog.tables}
    for name, statement in ADDED_INDEXES.items():
        row = connection.execute("select to_regclass(%s) is null", [name]).fetchone()
        is_declared = any(name.startswith(f"{table}_") for table in declared)
        if is_declared and row and row[0]:
            connection.execute(statement)


def _create_own(connection: Connection) -> None:
    """Create schemas and own tables that are missing; asking first needs no right.

    Even an `if not exists` may wait for locks of the loads that are under way.
    """
    for schema in SCHEMAS:
        query = "select to_regnamespace(quote_ident(%s)) is null"
        row = connection.execute(query, [schema]).fetchone()
        if row and row[0]:
            statement = sql.SQL("create schema {}")
            connection.execute(statement.format(sql.Identifier(schema)))
    for table, definition in OWN_TABLES.items():
        row = connection.execute("select to_regclass(%s) is null", [table]).fetchone()
        if row and row[0]:
            connection.execute(definition)
    for table, columns in ADDED_COLUMNS.items():
        for column, data_type in columns.items():
            found = connection.execute(_HAS_COLUMN, [table, column]).fetchone()
            if found is None:
                addition = f"alter table {table} add column {column} {data_type}"
                connection.execute(addition)


Shape = dict[str, tuple[str, int | None]]


def _declared(table: Table) -> Shape:
    """Return the columns as _existing_tables finds them: type and place in the key."""
    places = {name: place for place, name in enumerate(table.key, start=1)}
    return {
        column.name: (column.data_type, places.get(column.name))
        for column in table.columns
    }


def _existing_tables(connection: Connection) -> dict[tuple[str, str], Shape]:
    tables: dict[tuple[str, str], Shape] = defaultdict(dict)
    rows = connection.execute(_COLUMNS, {"stamps": list(STAMPS)})
    for schema, table, column, data_type, place in rows:
        tables[schema, table][column] = (data_type, place)
    return tables


def _create(connection: Connection, table: Table) -> None:
    parts: list[sql.Composable] = [_definition(column) for column in table.columns]
    if table.schema == "raw":
        parts.append(sql.SQL("_loaded_at timestamptz not null"))
        parts.append(sql.SQL("_deleted_at timestamptz, _run_id text not null"))
    if table.key:
        keys = sql.SQL(", ").join(map(sql.Identifier, table.key))
        parts.append(sql.SQL("primary key ({})").format(keys))
    statement = sql.SQL("create table {} ({})").format(
        _identifier(table), sql.SQL(", ").join(parts)
    )
    connection.execute(statement)


def _definition(column: Column) -> sql.Composed:
    # The catalog accepts nothing but canonical type names.
    data_type = sql.SQL(column.data_type)
    return sql.SQL("{} {}").format(sql.Identifier(column.name), data_type)


def _follow(connection: Connection, table: Table, found: Shape) -> None:
    """Bring an existing table nearer to its declaration, without losing a row."""
    declared = _declared(table)
    if found != declared and not _was_loaded(connection, table):
        if others := drop_dependent_views(connection, table.schema, table.name):
            raise ConfigurationError(
                f"{table.schema}.{table.name} changed its declaration, but "
                f"{', '.join(others)} stand on it; drop them first"
            )
        connection.execute(sql.SQL("drop table {}").format(_identifier(table)))
        _create(connection, table)
        return
    for column in table.columns:
        if column.name not in found:
            statement = sql.SQL("alter table {} add column {}")
            addition = statement.format(_identifier(table), _definition(column))
            connection.execute(addition)


def _was_loaded(connection: Connection, table: Table) -> bool:
    """Tell whether a table has ever held rows or has followed its source's types."""
    statement = sql.SQL(
        "select exists (select from {}) or exists (select from raw._loads "
        "where system = %s and table_name = %s and outcome = 'loaded')"
    ).format(_identifier(table))
    row = connection.execute(statement, [table.system, table.table]).fetchone()
    return bool(row and row[0])


def _identifier(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


_HAS_COLUMN = """
select from pg_attribute
where attrelid = to_regclass(%s) and attname = %s and not attisdropped
"""
_COLUMNS = """
select namespace.nspname, class.relname, attribute.attname,
    format_type(attribute.atttypid, attribute.atttypmod),
    array_position(primary_key.indkey::int2[], attribute.attnum) + 1
from pg_class as class
inner join pg_namespace as namespace on namespace.oid = class.relnamespace
inner join pg_attribute as attribute on attribute.attrelid = class.oid
left join pg_index as primary_key
    on primary_key.indrelid = class.oid and primary_key.indisprimary
where namespace.nspname in ('raw', 'history') and class.relkind = 'r'
    and attribute.attnum > 0 and not attribute.attisdropped
    and not (namespace.nspname = 'raw' and attribute.attname = any(%(stamps)s))
order by class.oid, attribute.attnum
"""
