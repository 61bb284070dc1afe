"""The key of a raw table, where its declaration has changed since it was made."""

from psycopg import errors, sql

from pipelines.errors import SchemaChanged
from pipelines.load.merge import Connection, RawTable, describe_raw, names


def follow_key(
    connection: Connection, raw: RawTable, declared: tuple[str, ...]
) -> RawTable:
    """Give a raw table the key that is declared now, with all the rows that it holds.

    Refuses a key that they do not have, deleted ones included. The caller reads the
    table whole.
    """
    changes = []
    if constraint := key_constraint(connection, raw):
        changes.append(sql.SQL("drop constraint {}").format(sql.Identifier(constraint)))
    if declared:
        changes.append(sql.SQL("add primary key ({})").format(names(declared)))
    statement = sql.SQL("alter table {} {}").format(
        raw.identifier, sql.SQL(", ").join(changes)
    )
    try:
        with connection.transaction():
            connection.execute(statement)
    except (errors.UniqueViolation, errors.NotNullViolation):
        raise SchemaChanged(
            f"the declared key ({', '.join(declared)}) does not tell the rows of raw "
            f"apart, whose key was ({', '.join(raw.key)})",
            system=raw.system,
            table=raw.table,
            remedy="correct the key in the sources YAML; if it is right, empty "
            f"raw.{raw.name}, the next load reads it whole",
            guard="changed_key",
        ) from None
    return describe_raw(connection, raw.name)


def key_constraint(connection: Connection, raw: RawTable) -> str | None:
    """Return the name of the constraint that is the key; None without one."""
    row = connection.execute(_CONSTRAINT, [raw.name]).fetchone()
    return str(row[0]) if row else None


_CONSTRAINT = """
select conname from pg_constraint
where contype = 'p' and conrelid = format('raw.%%I', %s::text)::regclass
"""
