"""A hot standby as the source: late commits, a replica behind, a cancelled query."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from pipelines.errors import SourceUnreachable
from tests.ingest.hostile import in_both_modes
from tests.ingest.source import declare
from tests.servers.clusters import catch_up, wait_for
from tests.servers.comparing import assert_equal


@pytest.fixture
def of_standby(primary, standby):
    """Return a function that turns an address of the primary into the standby's."""

    def turn(url: str) -> str:
        catch_up(standby, primary)
        return url.replace(f":{primary.port}/", f":{standby.port}/")

    return turn


@in_both_modes
def test_late_commit_on_the_primary_arrives(leads_of, primary, of_standby, mode):
    pair = leads_of(primary, mode=mode)
    url = of_standby(pair.source_url)
    with psycopg.connect(pair.source_url) as writer:
        writer.execute("insert into leads values (500, 'late', '2020-01-01')")
        # More savepoints than a backend announces to a standby one by one.
        for number in range(600, 700):
            writer.execute(f"savepoint s; insert into leads values ({number})")
        pair.source("insert into leads values (501, 'soon', '2020-01-01')")
        of_standby(url)
        assert pair.changes(source_url=url) == (1, 0, 0)
        pair.source("update leads set name = 'meanwhile' where id = 7")
        of_standby(url)
        assert pair.changes(source_url=url) == (0, 1, 0)
    of_standby(url)

    assert pair.changes(source_url=url) == (101, 0, 0)
    assert pair.changes(source_url=url) == (0, 0, 0)
    assert_equal(pair)


@in_both_modes
def test_replica_that_lags_behind_takes_nothing_back(
    leads_of, primary, standby, of_standby, mode
):
    pair = leads_of(primary, mode=mode)
    url = of_standby(pair.source_url)
    with psycopg.connect(standby.url("postgres"), autocommit=True) as admin:
        admin.execute("select pg_wal_replay_pause()")
        paused = "select pg_get_wal_replay_pause_state() = 'paused'"
        wait_for(lambda: admin.execute(paused).fetchone()[0])
        pair.source(
            "update leads set name = 'new' where id = 7",
            "insert into leads values (500, 'new', '2026-01-05T11:00Z')",
        )
        assert pair.changes() == (1, 1, 0)

        error = pair.load(source_url=url)["leads"].error
        after = pair.living("leads", "id, name")
        admin.execute("select pg_wal_replay_resume()")

    assert isinstance(error, SourceUnreachable)
    assert str(error).startswith("landing.leads: ")
    assert "older state" in str(error)
    assert (500, "new") in after
    pair.source("update leads set name = 'newer' where id = 8")
    of_standby(url)
    assert pair.changes(source_url=url) == (0, 1, 0)
    assert_equal(pair)


def test_query_that_the_standby_cancels_may_be_tried_again(
    leads_of, primary, standby, of_standby
):
    pair = leads_of(primary, mode=None)
    pair.source(
        "create view waiting as select 1 as id from pg_advisory_xact_lock_shared(7)"
    )
    pair.tables.append(declare("waiting", {"id": "int"}))
    url = of_standby(pair.source_url)
    waits = "select exists (select from pg_locks where not granted and objid = 7)"

    with (
        ThreadPoolExecutor() as other,
        psycopg.connect(url, autocommit=True) as holder,
    ):
        holder.execute("select pg_advisory_lock(7)")
        loading = other.submit(pair.load, source_url=url)
        wait_for(lambda: holder.execute(waits).fetchone()[0])
        # Removes row versions that the waiting snapshot may still want to see.
        pair.source("update leads set name = 'new' where id < 50", "vacuum leads")
        of_standby(url)
        loads = loading.result()

    error = loads["waiting"].error
    assert isinstance(error, SourceUnreachable)
    assert str(error).startswith("landing.waiting: ")
    assert "conflict with recovery" in str(error)
    assert pair.changes(source_url=url) == (0, 49, 0)
    assert_equal(pair)
