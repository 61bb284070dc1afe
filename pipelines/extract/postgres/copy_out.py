"""Reading COPY at the speed of libpq: chunks of rows, passed on as they come.

The library's own reader costs as much per row as the server needs to send it, so this
asks libpq directly. What is copied belongs to `snapshot.py`.
"""

import contextlib
import select
from collections.abc import Iterator

import psycopg
from psycopg import errors, pq, sql

from pipelines.watched import WatchedConnection

CHUNK_BYTES = 256 * 1024
# The number of rows (give or take the frame of the format) and their bytes.
Chunk = tuple[int, bytes]
ENDED, FAILED = -1, -2


def copy_out(connection: WatchedConnection, statement: sql.Composed) -> Iterator[Chunk]:
    """Yield what a `copy ... to stdout` sends; a caller who leaves early cancels it.

    Needs an open transaction, which is lost for all but a rollback when it raises.
    """
    line = connection.pgconn
    line.send_query(statement.as_bytes(connection))
    _await(connection, flush=True)
    while line.is_busy():
        _await(connection)
    _expect(line.get_result(), pq.ExecStatus.COPY_OUT)
    is_complete = False
    try:
        yield from _chunks(connection)
        is_complete = True
    finally:
        if not is_complete:
            _abandon(connection)
    while line.is_busy():
        _await(connection)
    _expect(line.get_result(), pq.ExecStatus.COMMAND_OK)
    while line.get_result() is not None:
        pass


def _chunks(connection: WatchedConnection) -> Iterator[Chunk]:
    """Join rows to chunks: a write for each row costs more than the row."""
    line = connection.pgconn
    parts: list[bytes | memoryview] = []
    size = 0
    while True:
        length, row = line.get_copy_data(1)
        if length > 0:
            parts.append(row)
            size += length
            if size >= CHUNK_BYTES:
                yield len(parts), b"".join(parts)
                parts, size = [], 0
        elif length == 0:
            _await(connection)
        elif length == ENDED:
            yield len(parts), b"".join(parts)
            return
        else:
            raise psycopg.OperationalError(line.get_error_message())


def _await(connection: WatchedConnection, *, flush: bool = False) -> None:
    """Wait for what the server sends, or until it has taken what we send."""
    line = connection.pgconn
    with connection.waiting():
        while flush and line.flush():
            select.select([line.socket], [line.socket], [])
            line.consume_input()
        if not flush:
            select.select([line.socket], [], [])
            line.consume_input()


def _expect(result: pq.abc.PGresult | None, status: pq.ExecStatus) -> None:
    if result is None or result.status != status:
        if result is None:
            raise psycopg.OperationalError("the server ended the COPY without a word")
        raise errors.error_from_result(result)


def _abandon(connection: WatchedConnection) -> None:
    """Cancel the COPY and read to its end, so that the connection can go on."""
    line = connection.pgconn
    if line.status != pq.ConnStatus.OK:
        return
    with contextlib.suppress(psycopg.Error):
        connection.cancel_safe(timeout=10)
        while True:
            length, _ = line.get_copy_data(1)
            if length == 0:
                _await(connection)
            elif length in (ENDED, FAILED):
                break
        while line.is_busy():
            _await(connection)
        while line.get_result() is not None:
            while line.is_busy():
                _await(connection)
