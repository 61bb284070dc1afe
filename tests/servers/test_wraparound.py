"""Transaction numbers are 32 bits and go round: no row is lost where they do."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.sandbox.server import PostgresServer
from tests.ingest.hostile import in_both_modes
from tests.servers.clusters import burn_xids, move_xids_ahead, next_xid, running
from tests.servers.comparing import assert_equal
from tests.servers.conftest import SETTINGS

NEAR_THE_END = 4_294_967_000


@pytest.fixture
def aged(tmp_path: Path) -> Iterator[PostgresServer]:
    """A cluster of the test's own, whose counters it may move."""
    with running(PostgresServer(tmp_path / "aged", settings=SETTINGS)) as server:
        yield server


@in_both_modes
def test_no_row_is_lost_where_transaction_numbers_wrap(aged, leads_of, mode):
    pair = leads_of(aged, mode=mode, rows=1000)
    name = pair.source_url.rpartition("/")[2]
    for number, xid in enumerate([2_100_000_000, 4_200_000_000, NEAR_THE_END]):
        move_xids_ahead(aged, xid)
        pair.source_url = aged.url(name)
        pair.source(f"update leads set name = 'aged {number}' where id in (7, 8, 9)")
        assert pair.changes() == (0, 3, 0)

    with psycopg.connect(pair.source_url) as writer:
        writer.execute("update leads set name = 'late' where id in (1, 2)")
        burn_xids(pair.source_url, 400)
        assert next_xid(pair.source_url) > 2**32
        pair.source(
            "update leads set name = 'wrapped' where id in (3, 4, 5)",
            "delete from leads where id = 6",
            "insert into leads values (0, 'new')",
        )
        load = pair.load()["leads"]
        assert (load.error, load.result.rows_changed) == (None, 5)
        if mode == "xmin":
            assert load.result.rows_read == 4
        burn_xids(pair.source_url, 10)
        assert pair.changes() == (0, 0, 0)

    assert pair.changes() == (0, 2, 0)
    assert pair.changes() == (0, 0, 0)
    assert_equal(pair)


@in_both_modes
def test_half_the_circle_later_everything_is_read_again(aged, leads_of, mode):
    pair = leads_of(aged, mode=mode)
    name = pair.source_url.rpartition("/")[2]
    pair.source("update leads set name = 'before' where id = 7")
    for xid in (1_500_000_000, 3_000_000_000):
        move_xids_ahead(aged, xid)
    pair.source_url = aged.url(name)
    pair.source("update leads set name = 'after' where id = 8")

    assert pair.changes() == (0, 2, 0)
    assert pair.changes() == (0, 0, 0)
    assert_equal(pair)
