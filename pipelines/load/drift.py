"""Raw types against source types: which changes a raw table follows, which it refuses.

An empty column takes any type; a filled one only a type that holds its values without
loss. Which columns exist at all is decided by the catalog.
"""

from collections.abc import Mapping

from psycopg import sql

from pipelines.column_types import wider_type
from pipelines.errors import SchemaChanged
from pipelines.load.merge import Connection, RawTable, describe_raw
from pipelines.warehouse import drop_dependent_views


def follow_types(
    connection: Connection, raw: RawTable, types: Mapping[str, str]
) -> RawTable:
    """Give a raw table the types that hold both its rows and what its source offers.

    A view over the table that dbt rebuilds anyway is dropped when a type changes.
    """
    changes = {
        name: _target(connection, raw, name, offered)
        for name, offered in types.items()
        if name in raw.columns and raw.columns[name] != offered
    }
    changes = {
        name: wanted for name, wanted in changes.items() if wanted != raw.columns[name]
    }
    if not changes:
        return raw
    if others := drop_dependent_views(connection, "raw", raw.name):
        raise SchemaChanged(
            f"the type of {', '.join(changes)} changed, but {', '.join(others)} stands "
            "on the raw table",
            system=raw.system,
            table=raw.table,
            remedy="drop those views and run again",
        )
    connection.execute(
        sql.SQL("alter table {} {}").format(
            raw.identifier,
            sql.SQL(", ").join(_alteration(*change) for change in changes.items()),
        )
    )
    return describe_raw(connection, raw.name)


def lost_columns(
    connection: Connection, raw: RawTable, types: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the columns that hold values although the source has them no more."""
    missing = [name for name in raw.columns if name not in types]
    return tuple(name for name in missing if not _is_empty(connection, raw, name))


def _target(connection: Connection, raw: RawTable, name: str, offered: str) -> str:
    held = raw.columns[name]
    if _is_empty(connection, raw, name):
        return offered
    wanted = wider_type(held, offered)
    if wanted is None:
        raise SchemaChanged(
            f"column {name} is {offered} in the source and {held} in raw, and neither "
            "holds the other",
            system=raw.system,
            table=raw.table,
            remedy=f"if it is right, drop column {name} of raw.{raw.name}; the next "
            "load fills it again",
        )
    return wanted


def _is_empty(connection: Connection, raw: RawTable, name: str) -> bool:
    statement = sql.SQL("select not exists (select from {} where {} is not null)")
    query = statement.format(raw.identifier, sql.Identifier(name))
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def _alteration(name: str, data_type: str) -> sql.Composed:
    return sql.SQL(
        "alter column {name} type {type} using cast(cast({name} as text) as {type})"
    ).format(name=sql.Identifier(name), type=sql.SQL(data_type))
