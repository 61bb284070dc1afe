"""A source of an older major version than the warehouse."""

from collections.abc import Iterator

import pytest

from pipelines.sandbox.server import PostgresServer
from tests.ingest.hostile import (
    assert_equal_texts,
    fill_hostile,
    hostile_columns,
    in_both_modes,
)
from tests.ingest.source import Pair, declare
from tests.servers.clusters import running


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    home = tmp_path_factory.mktemp("older")
    with running(PostgresServer(home, version=16)) as server:
        yield server


@in_both_modes
def test_version_16_into_18_changes_no_value(older, new_database, mode):
    older.create_database(mode)
    pair = Pair(older.url(mode), new_database())
    columns = hostile_columns()
    names = {"id": "int"} | {column.name: "text" for column in columns}
    *most, last = fill_hostile(columns)
    pair.tables.append(declare("leads", names, mode=mode))

    pair.source(*most)
    pair.load()
    pair.source(last, "update leads set c0 = 'other' where id = 1")

    assert pair.changes() == (1, 1, 0)
    assert pair.changes() == (0, 0, 0)
    assert_equal_texts(pair.source_url, pair.warehouse_url, names)
