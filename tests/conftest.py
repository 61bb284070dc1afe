"""What all tests share: one database cluster for the whole session."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.sandbox.server import PostgresServer

NewDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    home: Path = tmp_path_factory.mktemp("cluster")
    with PostgresServer(home) as running:
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
