"""COPY from a source into the warehouse: into a stage, or straight into an empty table.

Nothing here looks into a row. What happens to staged rows belongs to `merge.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol

from psycopg import errors, sql

from pipelines.key_digests import Digests
from pipelines.load.guards import bad_key
from pipelines.load.keys import key_constraint
from pipelines.load.merge import Connection, RawTable, Stamp, names

PROGRESS_ROWS = 50_000

Progress = Callable[[int], None]
Chunk = tuple[int, bytes]


class Source(Protocol):
    """A table as its source offers it, at one moment."""

    @property
    def types(self) -> Mapping[str, str]:
        """The raw type of each column that the source has."""

    @property
    def is_unique(self) -> bool:
        """Whether the source itself forbids duplicate keys."""

    @property
    def is_large(self) -> bool:
        """Whether a first load is worth a path of its own."""

    def copy(
        self, types: Mapping[str, str], *, since: int | None = None
    ) -> Iterator[Chunk]:
        """Yield binary COPY of the columns, in the types and the order given.

        With `since`, only of the rows written by that transaction or a later one.
        """

    def newest(self, column: str) -> datetime | None:
        """Return the newest value of a column of times."""

    def digest_keys(self, types: Mapping[str, str], buckets: int) -> Digests:
        """Count and digest the keys, in so many buckets."""

    def copy_keys(
        self, types: Mapping[str, str], buckets: int, wanted: Iterable[int]
    ) -> Iterator[Chunk]:
        """Yield binary COPY of the keys in the wanted of so many buckets."""


def copy_in(
    connection: Connection,
    target: sql.Identifier,
    raw: RawTable,
    source: Source,
    *,
    since: int | None = None,
    on_progress: Progress | None = None,
    freeze: bool = False,
) -> int:
    """Pass a source's rows through to a table and return their number."""
    types = {name: kind for name, kind in raw.columns.items() if name in source.types}
    chunks = source.copy(types, since=since)
    return pass_through(
        connection, target, types, chunks, on_progress=on_progress, freeze=freeze
    )


def pass_through(
    connection: Connection,
    target: sql.Identifier,
    columns: Iterable[str],
    chunks: Iterable[Chunk],
    *,
    on_progress: Progress | None = None,
    freeze: bool = False,
) -> int:
    """Write chunks of binary COPY to a table and return the number of rows."""
    options = "freeze, format binary" if freeze else "format binary"
    statement = sql.SQL("copy {} ({}) from stdin ({})").format(
        target, names(columns), sql.SQL(options)
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            passed = reported = 0
            for count, data in chunks:
                copy.write(data)
                passed += count
                if on_progress and passed - reported >= PROGRESS_ROWS:
                    on_progress(passed)
                    reported = passed
        return cursor.rowcount


def fill(
    connection: Connection,
    raw: RawTable,
    source: Source,
    *,
    stamp: Stamp,
    newest: str | None,
    on_progress: Progress | None,
) -> tuple[int, datetime | None]:
    """Load into an empty table straight and build its key after.

    Returns the number of rows, and the newest value of the freshness column.
    """
    constraint = key_constraint(connection, raw)
    assert constraint is not None
    parts = {
        "raw": raw.identifier,
        "key": sql.Identifier(constraint),
        "columns": names(raw.key),
        **stamp.parts,
    }
    connection.execute(_OPEN.format(**parts))
    # A column added with a constant default costs nothing per row; written by COPY
    # the same stamps would be a tenth of the table. Views on it forbid that.
    after = _STAMPED
    try:
        with connection.transaction():
            connection.execute(_BARE.format(**parts))
    except errors.DependentObjectsStillExist:
        after = _NO_DEFAULTS
        connection.execute(_DEFAULTS.format(**parts))
    count = copy_in(
        connection, raw.identifier, raw, source, on_progress=on_progress, freeze=True
    )
    with ThreadPoolExecutor(1) as side:
        # The source has nothing else to do while the key is built.
        asking = side.submit(source.newest, newest) if newest else None
        try:
            connection.execute(_CLOSE.format(**parts))
        except (errors.UniqueViolation, errors.NotNullViolation):
            raise bad_key(
                raw, f"rows repeat or lack their key ({', '.join(raw.key)})"
            ) from None
    connection.execute(after.format(**parts))
    return count, asking.result() if asking else None


_OPEN = sql.SQL("truncate {raw}; alter table {raw} drop constraint {key}")
_CLOSE = sql.SQL("""
set local maintenance_work_mem = '128MB';
alter table {raw} add constraint {key} primary key ({columns});
-- A glance for the planner; autovacuum looks closer in its own time.
set local default_statistics_target = 10;
analyze {raw}
""")
_BARE = sql.SQL("""
alter table {raw}
    drop column _loaded_at, drop column _deleted_at, drop column _run_id
""")
_STAMPED = sql.SQL("""
alter table {raw}
    add column _loaded_at timestamptz not null default {at},
    add column _deleted_at timestamptz,
    add column _run_id text not null default {run_id};
alter table {raw}
    alter column _loaded_at drop default, alter column _run_id drop default
""")
_DEFAULTS = sql.SQL("""
alter table {raw}
    alter column _loaded_at set default {at}, alter column _run_id set default {run_id}
""")
_NO_DEFAULTS = sql.SQL("""
alter table {raw}
    alter column _loaded_at drop default, alter column _run_id drop default
""")
