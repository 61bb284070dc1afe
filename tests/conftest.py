"""What all tests share: one database cluster for the whole session."""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipelines.catalog import load_catalog
from pipelines.sandbox.server import PostgresServer
from pipelines.warehouse import connect, prepare

NewDatabase = Callable[..., str]
# Tests that build with dbt stay together: they share a story, a server, a parse.
BUILDING = ("tests/dbt/", "tests/story/")
# It would visit a thousand small databases over and over.
SETTINGS = {"autovacuum": "off"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the building tests on one worker when the suite runs on several.

    Not by marks: under pytest 9.2 xdist 3.8 loses them, and both workers built all.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415

    class BuildingTogether(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "build" if nodeid.startswith(BUILDING) else nodeid

    is_grouped = config.getvalue("dist") == "loadgroup"
    return BuildingTogether(config, log) if is_grouped else None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    home: Path = tmp_path_factory.mktemp("cluster")
    with PostgresServer(home, settings=SETTINGS) as running:
        yield running
        running.remove()


@pytest.fixture(scope="session")
def lasting_database(server: PostgresServer) -> NewDatabase:
    """Return a function that makes an empty database, for more than one test."""
    numbers = itertools.count(1)

    def create(*, template: str = "template0") -> str:
        name = f"test_{next(numbers)}"
        server.create_database(name, template=template)
        return server.url(name)

    return create


@pytest.fixture(scope="session")
def lasting_warehouse(
    server: PostgresServer, lasting_database: NewDatabase
) -> NewDatabase:
    """Return a function that makes a database with every declared table, but no row.

    A copy of one that is prepared once: each table by itself takes three times as long.
    """
    name = "prepared"
    server.create_database(name)
    with connect(server.url(name)) as connection:
        prepare(connection, load_catalog())
    return functools.partial(lasting_database, template=name)


@pytest.fixture
def new_database(
    server: PostgresServer, lasting_database: NewDatabase
) -> Iterator[NewDatabase]:
    """Return a function that makes an empty database for one test."""
    with _dropping(server, lasting_database) as create:
        yield create


@pytest.fixture
def new_warehouse(
    server: PostgresServer, lasting_warehouse: NewDatabase
) -> Iterator[NewDatabase]:
    """Return a function that makes a prepared warehouse for one test."""
    with _dropping(server, lasting_warehouse) as create:
        yield create


@contextlib.contextmanager
def _dropping(server: PostgresServer, create: NewDatabase) -> Iterator[NewDatabase]:
    """Drop what a test made; files that go at once are never written to the disk."""
    made: list[str] = []

    def note() -> str:
        made.append(create())
        return made[-1]

    yield note
    for url in made:
        # What cannot be dropped, as by a prepared transaction, goes with the cluster.
        with contextlib.suppress(psycopg.Error):
            server.drop_database(url.rpartition("/")[2])
