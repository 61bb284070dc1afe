"""The two servers of a benchmark, source and target, and what is read from them.

Both are embedded servers with the same settings. What runs between them belongs to
`scenarios.py`.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pipelines.sandbox.server import TREES, VERSION, PostgresServer

PSQL = TREES[VERSION] / "bin" / "psql"
# As durable as a production server; autovacuum would come by at random, so that what
# it does is done between the runs, for every tool alike.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum": "off",
}
SOURCE_DATABASE = "source"


@dataclass(frozen=True)
class Servers:
    """A running source server and a running target server."""

    source: PostgresServer
    target: PostgresServer

    @property
    def source_url(self) -> str:
        return self.source.url(SOURCE_DATABASE)

    def execute(self, url: str, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements, each in its own transaction; return the last one's rows."""
        rows: list[tuple[Any, ...]] = []
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set timezone = 'UTC'")
            for statement in statements:
                cursor = connection.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def fresh_target(self, tool: str) -> str:
        """Return the address of an empty target database for a tool."""
        name = f"target_{tool}"
        self.target.drop_database(name)
        self.target.create_database(name)
        return self.target.url(name)

    def settle(self, url: str) -> None:
        """Do what autovacuum and the checkpointer do between two loads."""
        self.execute(url, "vacuum (analyze)", "checkpoint")

    def checkpoint(self) -> None:
        """Start the next run with nothing left to write from the one before."""
        for server in (self.source, self.target):
            self.execute(server.url("postgres"), "checkpoint")

    def wal_bytes(self) -> int:
        """Return how much write-ahead log the target has written in its life."""
        query = "select (pg_current_wal_insert_lsn() - '0/0')::bigint"
        return int(self.execute(self.target.url("postgres"), query)[0][0])

    def postmasters(self) -> tuple[int, int]:
        """Return the process numbers of both servers."""
        source, target = (
            int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])
            for server in (self.source, self.target)
        )
        return source, target

    def next_transaction(self) -> int:
        """Return the number that the source's next transaction will have."""
        query = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        return int(self.execute(self.source_url, query)[0][0])


@contextlib.contextmanager
def running_servers(home: Path) -> Iterator[Servers]:
    """Start both servers under a folder and remove them at the end."""
    with (
        PostgresServer(home / "source", settings=SETTINGS) as source,
        PostgresServer(home / "target", settings=SETTINGS) as target,
    ):
        try:
            source.drop_database(SOURCE_DATABASE)
            source.create_database(SOURCE_DATABASE)
            yield Servers(source, target)
        finally:
            source.remove()
            target.remove()
