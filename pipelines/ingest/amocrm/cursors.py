"""How far each stream was read: moved in the transaction of the rows it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb

from pipelines.extract.amocrm.client import SYSTEM
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection


@dataclass(frozen=True)
class Cursor:
    """The second up to which a stream is known, 0 when it never was read.

    `position` is what only this stream needs to remember.
    """

    watermark: int = 0
    position: Mapping[str, Any] = field(default_factory=dict)


def read_cursor(connection: Connection, stream: str) -> Cursor:
    """Return where a stream stands; before there were cursors the load log knew."""
    found = connection.execute(
        "select watermark, position from raw.amocrm__cursors where stream = %s",
        [stream],
    ).fetchone()
    if found:
        return Cursor(found[0], found[1] or {})
    logged = connection.execute(
        "select watermark from raw._loads where system = %s and table_name = %s "
        "and outcome = 'loaded' and watermark is not null "
        "order by load_id desc limit 1",
        [SYSTEM, stream],
    ).fetchone()
    return Cursor(int(logged[0])) if logged else Cursor()


def move_cursor(
    connection: Connection,
    stream: str,
    watermark: int,
    *,
    run: RunInfo,
    position: Mapping[str, Any] | None = None,
) -> None:
    """Move a stream on, never back: a replay's clock may stand before the last run."""
    connection.execute(
        "insert into raw.amocrm__cursors as known (stream, watermark, position, run_id)"
        " values (%(stream)s, %(watermark)s, %(position)s, %(run_id)s) "
        "on conflict (stream) do update set "
        "watermark = greatest(known.watermark, excluded.watermark), "
        "position = coalesce(excluded.position, known.position), "
        "run_id = excluded.run_id, moved_at = clock_timestamp()",
        {
            "stream": stream,
            "watermark": max(0, watermark),
            "position": None if position is None else Jsonb(position),
            "run_id": run.run_id,
        },
    )


def try_stream_lock(connection: Connection, stream: str) -> bool:
    """Take a stream for this session; False when another run is reading it."""
    row = connection.execute(
        "select pg_try_advisory_lock(hashtext('amocrm'), hashtext(%s))", [stream]
    ).fetchone()
    return bool(row and row[0])


def free_stream_lock(connection: Connection, stream: str) -> None:
    """Give a stream back."""
    connection.execute(
        "select pg_advisory_unlock(hashtext('amocrm'), hashtext(%s))", [stream]
    )
