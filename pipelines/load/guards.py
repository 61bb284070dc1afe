"""Guards that stop a load which would lose data or could not be trusted."""

from psycopg import sql

from pipelines.errors import LoadRefused
from pipelines.load.merge import STAGE, Connection, RawTable, names

# More rows missing than this, and an operator has to say that they are really gone.
MISSING_ROWS = 50
MISSING_SHARE = 0.05


def mass_delete(raw: RawTable, missing: int, living: int) -> LoadRefused | None:
    """Return an objection when more rows vanished than a normal day explains."""
    if missing <= max(MISSING_ROWS, MISSING_SHARE * living):
        return None
    return LoadRefused(
        f"{missing:,} of {living:,} rows are missing in the source; none was deleted",
        system=raw.system,
        table=raw.table,
        remedy="look at the source; if they are really gone, run again with "
        f"confirm_deletes: [{raw.table}]",
    )


def refuse_bad_keys(connection: Connection, raw: RawTable) -> None:
    """Refuse staged rows that share a key or have none, and name some of them."""
    statement = sql.SQL(
        "select {text}, count(*) from {stage} group by {key} "
        "having count(*) > 1 or not (row({key}) is not null) limit 3"
    )
    text = sql.SQL(", ").join(
        sql.SQL("cast({} as text)").format(sql.Identifier(column)) for column in raw.key
    )
    query = statement.format(text=text, stage=STAGE, key=names(raw.key))
    rows = connection.execute(query).fetchall()
    if rows:
        label = ", ".join(raw.key)
        found = "; ".join(
            f"({label}) = ({', '.join(str(value) for value in row[:-1])}) x {row[-1]}"
            for row in rows
        )
        raise bad_key(raw, f"rows repeat or lack their key: {found}")


def bad_key(raw: RawTable, message: str) -> LoadRefused:
    """Return the error of a source whose rows have no unique key."""
    return LoadRefused(
        message,
        system=raw.system,
        table=raw.table,
        remedy="repair the rows in the source, or declare another key (or [] for a "
        "keyless table) in the sources YAML",
    )
