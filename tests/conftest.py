"""What all tests share: one database cluster for the whole session."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.catalog import load_catalog
from pipelines.sandbox.server import PostgresServer
from pipelines.warehouse import connect, prepare

NewDatabase = Callable[[], str]
# Tests that build with dbt stay together: they share a story, a server, a parse.
BUILDING = ("tests/dbt/", "tests/story/")
# It would visit a thousand small databases over and over.
SETTINGS = {"autovacuum": "off"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the building tests on one worker when the suite runs on several."""
    for item in items:
        if item.nodeid.startswith(BUILDING):
            item.add_marker(pytest.mark.xdist_group("build"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    home: Path = tmp_path_factory.mktemp("cluster")
    with PostgresServer(home, settings=SETTINGS) as running:
        yield running
        running.remove()


@pytest.fixture(scope="session")
def new_database(server: PostgresServer) -> NewDatabase:
    numbers = itertools.count(1)

    def create() -> str:
        name = f"test_{next(numbers)}"
        server.create_database(name)
        return server.url(name)

    return create


@pytest.fixture(scope="session")
def new_warehouse(server: PostgresServer) -> NewDatabase:
    """Return a function that makes a database with every declared table, but no row.

    A copy of one that is prepared once: each table by itself takes three times as long.
    """
    name = "prepared"
    server.create_database(name)
    with connect(server.url(name)) as connection:
        prepare(connection, load_catalog())
    numbers = itertools.count(1)

    def create() -> str:
        copy = f"warehouse_{next(numbers)}"
        server.create_database(copy, template=name)
        return server.url(copy)

    return create
