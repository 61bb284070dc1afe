"""The doctor's connections: read-only, bounded in every wait, one query at a time.

Each query is a transaction of its own with settings local to it, so that nothing leaks
through a pooler and a refused one spoils no other. What is asked belongs to the checks.
"""

import contextlib
import ipaddress
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pipelines.connections import LOOPBACK, connection_string
from pipelines.extract.postgres.faults import connection_fault

Row = dict[str, Any]
Values = Mapping[str, Any] | Sequence[Any]
CONNECT_SECONDS = 8
LIMITS = """
set local statement_timeout = '10s';
set local lock_timeout = '2s';
set local idle_in_transaction_session_timeout = '30s'
"""


class Session:
    """A connection to one database, and what the client knows about its way there."""

    def __init__(
        self, connection: psycopg.Connection[Any], url: str, *, seconds: float
    ) -> None:
        self.connection = connection
        self.url = url
        self.seconds = seconds

    def rows(self, query: str, values: Values | None = None) -> list[Row]:
        """Ask in a read-only transaction of its own."""
        with self.transaction() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return cursor.execute(query.encode(), values).fetchall()

    def row(self, query: str, values: Values | None = None) -> Row:
        """Ask for the only row."""
        (found,) = self.rows(query, values)
        return found

    @contextlib.contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """Open a bounded read-only transaction."""
        with self.connection.transaction():
            self.connection.execute(LIMITS)
            yield self.connection

    @property
    def parameters(self) -> dict[str, str]:
        """Return what libpq connected with, its own defaults included."""
        options = self.connection.pgconn.info
        return {
            option.keyword.decode(): option.val.decode()
            for option in options
            if option.val is not None
        }

    @property
    def is_loopback(self) -> bool:
        """Tell whether the server is on this machine, as far as its address says."""
        given = self.parameters
        hosts = f"{given.get('host', '')},{given.get('hostaddr', '')}".split(",")
        return all(LOOPBACK.match(host) for host in hosts)

    @property
    def place(self) -> str:
        """Say where the server is and who asks it; never the password."""
        info = self.connection.info
        where = f"{info.host or info.hostaddr}:{info.port}"
        return f"{info.dbname} as {info.user} at {where} ({self._kind()})"

    def _kind(self) -> str:
        if self.is_loopback:
            return "this machine"
        try:
            address = ipaddress.ip_address(self.connection.info.hostaddr)
        except ValueError:
            return "remote"
        return "private network" if address.is_private else "remote"


@contextlib.contextmanager
def open_session(url: str, *, system: str, variable: str) -> Iterator[Session]:
    """Connect, or raise an error of ours that names the variable to correct."""
    begun = time.monotonic()
    connection = _connect(url, system=system, variable=variable)
    with contextlib.closing(connection):
        seconds = time.monotonic() - begun
        yield Session(connection, url, seconds=seconds)


def _connect(url: str, *, system: str, variable: str) -> psycopg.Connection[Any]:
    try:
        connection = psycopg.connect(
            connection_string(url),
            connect_timeout=CONNECT_SECONDS,
            prepare_threshold=None,
        )
    except psycopg.Error as refused:
        fault = connection_fault(refused, system)
        remedy = (fault.remedy or "").replace(
            f"{system.upper()}_DATABASE_URL", variable
        )
        raise type(fault)(fault.message, system=system, remedy=remedy) from None
    connection.read_only = True
    return connection
