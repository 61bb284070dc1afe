"""COPY from a source into the warehouse: into a stage, or straight into an empty table.

Nothing here looks into a row. What happens to staged rows belongs to `merge.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from psycopg import errors, sql

from pipelines.load.guards import bad_key
from pipelines.load.merge import Connection, RawTable, Stamp, names

PROGRESS_ROWS = 50_000

Progress = Callable[[int], None]
Chunk = tuple[int, bytes]


class Rows(Protocol):
    """A table as its source offers it."""

    @property
    def types(self) -> Mapping[str, str]:
        """The raw type of each column that the source has."""

    @property
    def is_unique(self) -> bool:
        """Whether the source itself forbids duplicate keys."""

    @property
    def is_large(self) -> bool:
        """Whether a first load is worth a path of its own."""

    def copy(self, types: Mapping[str, str]) -> Iterator[Chunk]:
        """Yield binary COPY of the columns, in the types and the order given."""


def copy_in(
    connection: Connection,
    target: sql.Identifier,
    raw: RawTable,
    rows: Rows,
    *,
    on_progress: Progress | None,
    freeze: bool = False,
) -> int:
    """Pass a source's rows through to a table and return their number."""
    types = {name: kind for name, kind in raw.columns.items() if name in rows.types}
    options = "freeze, format binary" if freeze else "format binary"
    statement = sql.SQL("copy {} ({}) from stdin ({})").format(
        target, names(types), sql.SQL(options)
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            passed = reported = 0
            for count, data in rows.copy(types):
                copy.write(data)
                passed += count
                if on_progress and passed - reported >= PROGRESS_ROWS:
                    on_progress(passed)
                    reported = passed
        return cursor.rowcount


def fill(
    connection: Connection,
    raw: RawTable,
    rows: Rows,
    *,
    stamp: Stamp,
    on_progress: Progress | None,
) -> int:
    """Load into an empty table straight, build its key after, return the row count."""
    row = connection.execute(_KEY_NAME, [raw.name]).fetchone()
    assert row is not None
    parts = {
        "raw": raw.identifier,
        "key": sql.Identifier(row[0]),
        "columns": names(raw.key),
        **stamp.parts,
    }
    connection.execute(_OPEN.format(**parts))
    count = copy_in(
        connection, raw.identifier, raw, rows, on_progress=on_progress, freeze=True
    )
    try:
        connection.execute(_CLOSE.format(**parts))
    except (errors.UniqueViolation, errors.NotNullViolation):
        raise bad_key(
            raw, f"rows repeat or lack their key ({', '.join(raw.key)})"
        ) from None
    return count


_KEY_NAME = """
select conname from pg_constraint
where contype = 'p' and conrelid = format('raw.%%I', %s::text)::regclass
"""
# Constant defaults: COPY stamps the rows and still writes them in batches.
_OPEN = sql.SQL("""
truncate {raw};
alter table {raw} drop constraint {key},
    alter column _loaded_at set default {at},
    alter column _run_id set default {run_id}
""")
_CLOSE = sql.SQL("""
set local maintenance_work_mem = '128MB';
alter table {raw} add constraint {key} primary key ({columns}),
    alter column _loaded_at drop default,
    alter column _run_id drop default;
analyze {raw}
""")
