"""Whose state a snapshot shows and where it stands among the transactions.

`xmin` of a row names the transaction that wrote it. Every transaction that a snapshot
does not see has a number of at least the snapshot's own xmin; so rows written since
that number, read by a later snapshot, are all that may be new. Numbers wrap around
after 2^32, so only distances are compared. What is remembered between loads belongs to
`load/positions.py`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

# Beyond half the circle a distance cannot be told from its complement.
HALF_CIRCLE = 2**31


@dataclass(frozen=True)
class Origin:
    """The server and database of a snapshot; None where asking is not allowed.

    Every transaction before `watermark` was over, none from `next_xid` on had begun,
    those `running` had not ended (64 bits, as they never wrap). `age_base` is what
    age() counts from. What a server loses when it crashes or is restored shows in
    `server_started_at`.
    """

    server: str | None
    timeline: int | None
    server_started_at: datetime
    database_id: int
    version: int
    next_xid: int
    running: Sequence[int]
    watermark: int
    age_base: int


def read_origin(connection: psycopg.Connection[Any]) -> Origin:
    """Ask a snapshot's transaction where it stands."""
    row = connection.execute(_STATE).fetchone()
    assert row is not None
    version, database_id, watermark, next_xid, running = row[:5]
    age_of_three, may_ask, is_standby, server_started_at = row[5:]
    server = timeline = None
    if may_ask:
        control = connection.execute(_CONTROL).fetchone()
        server, timeline = control or (None, None)
    if not is_standby:
        # After a promotion the control file speaks of the old one for a while.
        current = connection.execute(_TIMELINE).fetchone()
        timeline = current[0] if current else None
    # age() counts from the next number, as it was when the transaction first asked.
    behind = (age_of_three + 3 - next_xid) % 2**32
    return Origin(
        server=server,
        timeline=timeline,
        server_started_at=server_started_at,
        database_id=database_id,
        version=version,
        next_xid=next_xid,
        running=running,
        watermark=watermark,
        age_base=next_xid + behind,
    )


def written_since(origin: Origin, watermark: int) -> sql.Composed:
    """Compose the condition that a row was written by `watermark` or later."""
    return sql.SQL("age(xmin) between 0 and {}").format(
        sql.Literal(origin.age_base - watermark)
    )


def is_in_reach(origin: Origin, watermark: int) -> bool:
    """Tell whether rows written since a watermark can still be told from older ones."""
    return origin.age_base - watermark < HALF_CIRCLE


def is_older(origin: Origin, next_xid: int, running: Collection[int]) -> bool:
    """Tell whether a snapshot is older than another one of the same server.

    No number need be given out between two snapshots; then the older one is that which
    has more transactions still running.
    """
    if origin.next_xid != next_xid:
        return origin.next_xid < next_xid
    return set(origin.running) > set(running)


_STATE = """
select
    current_setting('server_version_num')::integer,
    (select oid::bigint from pg_database where datname = current_database()),
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    array(
        select xid::text::bigint from pg_snapshot_xip(pg_current_snapshot()) as xid
    ),
    age('3'::xid)::bigint,
    has_function_privilege('pg_control_system()', 'execute')
        and has_function_privilege('pg_control_checkpoint()', 'execute'),
    pg_is_in_recovery(),
    -- A crash that the server survives begins its statistics anew.
    greatest(
        pg_postmaster_start_time(), (select stats_reset from pg_stat_archiver)
    )
"""
_CONTROL = """
select control.system_identifier::text, point.timeline_id::bigint
from pg_control_system() as control, pg_control_checkpoint() as point
"""
_TIMELINE = """
select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint
"""
