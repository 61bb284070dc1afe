"""The three source databases of the sandbox: created, filled by COPY, recognised again.

Their shapes are `schemas/*.sql`; their rows come from a story's world.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pipelines.sandbox.server import PostgresServer
from pipelines.sandbox.story.world import Row, World

SCHEMAS = Path(__file__).parent / "schemas"
SYSTEMS = ("landing", "traffic", "tripwire")
JSON_TYPES = frozenset({"json", "jsonb"})


def create_sources(
    server: PostgresServer, world: World, *, prefix: str = "", is_fresh: bool = False
) -> dict[str, str]:
    """Create and fill the source databases, and return their addresses by system.

    Databases that hold this very world already are left alone, unless `is_fresh`.
    What was changed in them since by others goes unnoticed.
    """
    urls = {}
    for system in SYSTEMS:
        name = f"{prefix}{system}"
        stamp = _stamp(world, system)
        if is_fresh or _read_stamp(server, name) != stamp:
            _create(server, name, world, system)
            _write_stamp(server, name, stamp)
        urls[system] = server.url(name)
    return urls


def _create(server: PostgresServer, name: str, world: World, system: str) -> None:
    server.drop_database(name)
    server.create_database(name)
    with psycopg.connect(server.url(name)) as connection:
        for statements in _definitions(world, system):
            connection.execute(statements.encode())
        _drop_absent(connection, set(world.databases[system]))
        shapes = _read_shapes(connection)
        for table, columns in shapes.items():
            _fill(connection, table, columns, world.databases[system][table])


def _definitions(world: World, system: str) -> list[str]:
    """Return the statements that make a system's tables in the world's variant."""
    files = [SCHEMAS / f"{system}.sql"]
    if world.options.variant == "drifted":
        files.append(SCHEMAS / f"{system}_drifted.sql")
    return [file.read_text() for file in files]


def _drop_absent(connection: psycopg.Connection[Any], present: set[str]) -> None:
    query = "select tablename from pg_tables where schemaname = 'public'"
    for (table,) in connection.execute(query).fetchall():
        if table not in present:
            statement = sql.SQL("drop table {} cascade")
            connection.execute(statement.format(sql.Identifier(table)))


def _read_shapes(connection: psycopg.Connection[Any]) -> dict[str, dict[str, str]]:
    """Return the types of the columns by table, referenced tables first."""
    # A table is created after those it refers to, so its oid is higher.
    query = """
        select cls.relname, att.attname, format_type(att.atttypid, null)
        from pg_class as cls
        inner join pg_attribute as att on cls.oid = att.attrelid
        where cls.relnamespace = 'public'::regnamespace and cls.relkind = 'r'
            and att.attnum > 0 and not att.attisdropped
        order by cls.oid, att.attnum
    """
    shapes: dict[str, dict[str, str]] = {}
    for table, column, data_type in connection.execute(query):
        shapes.setdefault(table, {})[column] = data_type
    return shapes


def _fill(
    connection: psycopg.Connection[Any],
    table: str,
    types: dict[str, str],
    rows: list[Row],
) -> None:
    """Copy rows into a table; a column that no row names keeps its default."""
    if not rows:
        return
    named = set().union(*(row.keys() for row in rows))
    if unknown := named - types.keys():
        raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
    columns = [column for column in types if column in named]
    is_json = [types[column] in JSON_TYPES for column in columns]
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            values = zip((row.get(column) for column in columns), is_json, strict=True)
            copy.write_row(_encoded(values))
    _advance_sequences(connection, table, columns)


def _encoded(values: Iterable[tuple[object, bool]]) -> list[object]:
    return [
        json.dumps(value, ensure_ascii=False)
        if is_json and value is not None
        else value
        for value, is_json in values
    ]


def _advance_sequences(
    connection: psycopg.Connection[Any], table: str, columns: list[str]
) -> None:
    if "id" not in columns:
        return
    found = connection.execute(
        "select pg_get_serial_sequence(%s, 'id')", [table]
    ).fetchone()
    if found and found[0]:
        statement = sql.SQL("select setval(%s, max(id)) from {}")
        connection.execute(statement.format(sql.Identifier(table)), [found[0]])


def _stamp(world: World, system: str) -> str:
    """Name a system's content: its rows and the shapes they were written into."""
    digest = hashlib.sha256("".join(_definitions(world, system)).encode())
    for table, rows in world.databases[system].items():
        digest.update(repr((table, rows)).encode())
    return digest.hexdigest()


def _read_stamp(server: PostgresServer, name: str) -> str | None:
    query = """
        select shobj_description(oid, 'pg_database')
        from pg_database where datname = %s
    """
    with psycopg.connect(server.url("postgres")) as connection:
        found = connection.execute(query, [name]).fetchone()
    return found[0] if found else None


def _write_stamp(server: PostgresServer, name: str, stamp: str) -> None:
    statement = sql.SQL("comment on database {} is {}")
    with psycopg.connect(server.url(name)) as connection:
        connection.execute(statement.format(sql.Identifier(name), stamp))
