"""Reading COPY at the speed of libpq: chunks of rows, passed on as they come.

The library's own reader costs as much per row as the server needs to send it, so this
asks libpq directly. What is copied belongs to `snapshot.py`.
"""

import contextlib
import selectors
from collections.abc import Iterator

import psycopg
from psycopg import errors, pq, sql

from pipelines.watched import WatchedConnection

# Larger pieces are slower: the allocator maps fresh pages for each.
CHUNK_BYTES = 32 * 1024
# The number of rows (give or take the frame of the format) and their bytes.
Chunk = tuple[int, bytes]


def copy_out(connection: WatchedConnection, statement: sql.Composed) -> Iterator[Chunk]:
    """Yield what a `copy ... to stdout` sends; a caller who leaves early cancels it.

    Needs an open transaction, which is lost for all but a rollback when it raises.
    """
    connection.pgconn.send_query(statement.as_bytes(connection))
    _await(connection, flush=True)
    result = _result(connection)
    if result is None or result.status != pq.ExecStatus.COPY_OUT:
        _finish(connection, result)
        return
    is_ended = False
    try:
        yield from _chunks(connection)
        is_ended = True
    finally:
        if not is_ended:
            _abandon(connection)
    _finish(connection, _result(connection))


def _result(connection: WatchedConnection) -> pq.abc.PGresult | None:
    """Wait for the next result; None when the statement is over."""
    while connection.pgconn.is_busy():
        _await(connection)
    return connection.pgconn.get_result()


def _finish(connection: WatchedConnection, first: pq.abc.PGresult | None) -> None:
    """Read to the end of a statement, so that the line can go on; raise its error."""
    error = None
    result = first
    while result is not None:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            error = error or errors.error_from_result(result)
        result = _result(connection)
    if error:
        raise error


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
        else:
            yield len(parts), b"".join(parts)
            return


def _await(connection: WatchedConnection, *, flush: bool = False) -> None:
    """Wait for what the server sends, or until it has taken what we send."""
    line = connection.pgconn
    with connection.waiting(), selectors.PollSelector() as selector:
        if flush:
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            selector.register(line.socket, both)
            while line.flush():
                selector.select()
                line.consume_input()
        else:
            selector.register(line.socket, selectors.EVENT_READ)
            selector.select()
            line.consume_input()


def _abandon(connection: WatchedConnection) -> None:
    """Cancel the COPY and read to its end, so that the line can go on."""
    if connection.pgconn.status != pq.ConnStatus.OK:
        return
    with contextlib.suppress(psycopg.Error):
        connection.cancel_safe(timeout=10)
        for _ in _chunks(connection):
            pass
        _finish(connection, _result(connection))
