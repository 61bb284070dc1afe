"""Servers that the tests of special servers share."""

import contextlib
import itertools
from collections.abc import Callable, Iterator

import psycopg
import pytest

from pipelines.sandbox.server import PostgresServer
from tests.conftest import NewDatabase
from tests.ingest.source import LEADS, Pair, declare
from tests.servers.clusters import running, twin_of

# Nothing but the test itself uses up or holds back transaction numbers.
# A standby that starts late, or is busy elsewhere, still finds the log it needs.
SETTINGS = {
    "max_prepared_transactions": "5",
    "autovacuum": "off",
    "wal_keep_size": "4GB",
}
NewPair = Callable[..., Pair]


@pytest.fixture(scope="session")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A source cluster that is not the warehouse's."""
    home = tmp_path_factory.mktemp("primary")
    with running(PostgresServer(home, settings=SETTINGS)) as server:
        yield server


@pytest.fixture(scope="session")
def standby(
    primary: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresServer]:
    """A hot standby of the primary, that lets no query hold back its replay."""
    home = tmp_path_factory.mktemp("standby")
    settings = {"max_standby_streaming_delay": "0"}
    twin = twin_of(primary, home, is_standby=True, settings=settings)
    with running(twin) as server:
        yield server


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    return (f"source_{number}" for number in itertools.count(1))


@pytest.fixture
def leads_of(new_database: NewDatabase, names: Iterator[str]) -> Iterator[NewPair]:
    """Return a function that makes a source of leads on some server and loads it.

    It is dropped after the test: each base backup would copy all those of before.
    """
    made: list[tuple[PostgresServer, str]] = []

    def make(
        server: PostgresServer,
        *,
        mode: str | None,
        rows: int = 100,
        warehouse_url: str | None = None,
    ) -> Pair:
        name = next(names)
        server.create_database(name)
        made.append((server, name))
        pair = Pair(server.url(name), warehouse_url or new_database())
        pair.source(
            "create table leads "
            "(id int primary key, name text, updated_at timestamptz)",
            "insert into leads select n, 'lead ' || n, '2026-01-05T10:00Z' "
            f"from generate_series(1, {rows}) n",
        )
        pair.tables.append(declare("leads", LEADS, newest="updated_at", mode=mode))
        assert pair.changes() == (rows, 0, 0)
        return pair

    yield make
    for server, name in made:
        # The test's own servers are gone; a prepared transaction holds its database.
        with contextlib.suppress(psycopg.Error):
            server.drop_database(name)
