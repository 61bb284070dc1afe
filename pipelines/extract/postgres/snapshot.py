"""One consistent look at a source database: a read-only snapshot for all its tables.

Everything happens in one REPEATABLE READ transaction with settings local to it, so that
it works through session and transaction poolers alike. Rows leave as binary COPY, not
converted on the way. Where they go belongs to `load/`.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql

from pipelines.connections import connection_string
from pipelines.errors import ConfigurationError, SourceUnreachable
from pipelines.extract.postgres.faults import connection_fault, reading_fault
from pipelines.extract.postgres.schema import Match, SourceTable, inspect

CHUNK_BYTES = 256 * 1024
Buffer = bytes | bytearray | memoryview
# The number of rows (give or take the frame of the format) and their bytes.
Chunk = tuple[int, bytes]
SESSION = """
set local statement_timeout = '30min';
set local lock_timeout = '10s';
set local idle_in_transaction_session_timeout = '30min';
set local timezone = 'UTC'
"""


class Snapshot:
    """A source database as it was at one moment."""

    def __init__(self, connection: psycopg.Connection[Any], system: str) -> None:
        self._connection = connection
        self.system = system

    def inspect(self, names: Iterable[str]) -> dict[str, SourceTable]:
        """Return those of the named tables that the database shows."""
        try:
            return inspect(self._connection, names)
        except psycopg.Error as error:
            raise reading_fault(error, self.system, None) from None

    @property
    def is_broken(self) -> bool:
        """Tell whether nothing more can be read from it."""
        return self._connection.broken or self._connection.closed

    def copy(self, match: Match, types: Mapping[str, str]) -> Iterator[Chunk]:
        """Yield a table as binary COPY, columns cast to the types wanted."""
        statement = sql.SQL("copy ({}) to stdout (format binary)")
        try:
            # A savepoint: a table that fails leaves the snapshot to the others.
            with (
                self._connection.transaction(),
                self._connection.cursor() as cursor,
                cursor.copy(statement.format(match.select(types))) as copy,
            ):
                yield from _chunks(copy)
        except psycopg.Error as error:
            raise reading_fault(error, self.system, match.table.table) from None


def _chunks(copy: Iterable[Buffer]) -> Iterator[Chunk]:
    """Join rows to chunks: a write for each row costs more than the row."""
    parts: list[Buffer] = []
    size = 0
    for part in copy:
        parts.append(part)
        size += len(part)
        if size >= CHUNK_BYTES:
            yield len(parts), b"".join(parts)
            parts, size = [], 0
    yield len(parts), b"".join(parts)


@contextlib.contextmanager
def open_snapshot(url: str, *, system: str) -> Iterator[Snapshot]:
    """Connect to a source and hold one snapshot of it."""
    try:
        # Poolers mix up the prepared statements of their clients.
        connection = psycopg.connect(connection_string(url), prepare_threshold=None)
    except ConfigurationError as error:
        raise SourceUnreachable(str(error), system=system) from None
    except psycopg.Error as error:
        raise connection_fault(error, system) from None
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            connection.execute(SESSION)
        except psycopg.Error as error:
            raise reading_fault(error, system, None) from None
        yield Snapshot(connection, system)
    finally:
        connection.close()
