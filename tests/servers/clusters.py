"""Clusters of a test's own: twins of another, and counters moved far ahead.

What is loaded from them belongs to the tests.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import psycopg

from pipelines.sandbox.server import SUPERUSER, PostgresServer

# One file of pg_xact: two bits for each of its transactions.
XIDS_IN_A_FILE = 2**20
FILE_BYTES = 256 * 1024
PATIENCE_SECONDS = 30


def twin_of(
    server: PostgresServer,
    home: Path,
    *,
    is_standby: bool = False,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> PostgresServer:
    """Take a base backup of a running cluster; the twin is not started."""
    twin = PostgresServer(home, settings={**server.settings, **settings})
    folder = twin.data.parent
    folder.mkdir(parents=True, exist_ok=True)
    owner = server.data.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    server.run(
        "pg_basebackup",
        *_address(server),
        *("--pgdata", twin.data, "--checkpoint=fast", "--no-sync"),
        *(["--write-recovery-conf"] if is_standby else []),
    )
    return twin


@contextlib.contextmanager
def running(server: PostgresServer) -> Iterator[PostgresServer]:
    """Start a cluster, and leave nothing of it behind."""
    try:
        server.start()
        yield server
    finally:
        server.remove()


def move_xids_ahead(server: PostgresServer, xid: int) -> None:
    """Restart a cluster with its transaction counter moved on to a 32-bit number.

    By less than half the circle at a time, as no cluster could pass more unfrozen.
    """
    server.run("vacuumdb", *_address(server), "--all", "--freeze", "--quiet")
    server.stop()
    file = server.data / "pg_xact" / f"{xid // XIDS_IN_A_FILE:04X}"
    if not file.exists():
        file.write_bytes(bytes(FILE_BYTES))
        owner = server.data.stat()
        os.chown(file, owner.st_uid, owner.st_gid)
    server.run("pg_resetwal", "-x", str(xid), "-D", server.data)
    server.start()


def burn_xids(url: str, count: int) -> None:
    """Use up transaction numbers."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(count):
            connection.execute("select pg_current_xact_id()")


def next_xid(url: str) -> int:
    """Return the 64-bit number that the next transaction gets."""
    with psycopg.connect(url) as connection:
        query = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        return int(connection.execute(query).fetchone()[0])


def promote(server: PostgresServer) -> None:
    """Turn a standby into a primary of a new timeline."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        assert admin.execute("select pg_promote()").fetchone() == (True,)


def catch_up(standby: PostgresServer, primary: PostgresServer) -> None:
    """Wait until a standby shows what its primary shows now."""
    with psycopg.connect(primary.url("postgres"), autocommit=True) as admin:
        # Also flushes: the sandbox commits asynchronously.
        admin.execute("select pg_switch_wal()")
        position = admin.execute("select pg_current_wal_lsn()").fetchone()[0]
    query = f"select pg_last_wal_replay_lsn() >= '{position}'"
    with psycopg.connect(standby.url("postgres"), autocommit=True) as admin:
        wait_for(lambda: admin.execute(query).fetchone()[0])


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, but not for ever."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "gave up waiting"
        time.sleep(0.02)


@contextlib.contextmanager
def holding_up(url: str, table: str) -> Iterator[Callable[[str], bool]]:
    """Lock a table as DDL does; yields whether somebody waits for it at an address."""
    query = f"""
        select exists (select from pg_locks
        where relation = '{table}'::regclass and not granted)
    """

    def waits(where: str) -> bool:
        with psycopg.connect(where) as watcher:
            return bool(watcher.execute(query).fetchone()[0])

    with psycopg.connect(url) as migration:
        migration.execute(f"lock table {table} in access exclusive mode")
        yield waits
        migration.rollback()


def copy_database(source_url: str, target_url: str, *, server: PostgresServer) -> None:
    """Dump a database and restore it into another one, as a project moves."""
    file = server.data.parent / "dump.sql"
    server.run("pg_dump", "--dbname", source_url, "--file", file)
    server.run("psql", "--quiet", "--dbname", target_url, "--file", file)
    file.unlink()


def _address(server: PostgresServer) -> tuple[str, ...]:
    port = str(server.port)
    return ("--host", "127.0.0.1", "--port", port, "--username", SUPERUSER)
