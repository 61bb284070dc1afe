"""A source that was restored, failed over or moved: known again, or asked about."""

import pytest

from pipelines.errors import LoadRefused, SourceUnreachable
from pipelines.load.guards import Confirmation
from pipelines.sandbox.server import PostgresServer
from tests.ingest.hostile import in_both_modes
from tests.servers.clusters import (
    burn_xids,
    catch_up,
    copy_database,
    next_xid,
    promote,
    running,
    twin_of,
)
from tests.servers.comparing import assert_equal

SLOW = {"checkpoint_timeout": "1h", "checkpoint_completion_target": "1"}
CONFIRMED = Confirmation(source=("leads",))


def on(server: PostgresServer, url: str) -> str:
    return server.url(url.rpartition("/")[2])


@in_both_modes
def test_source_set_back_to_a_backup_is_refused_until_it_is_confirmed(
    leads_of, primary, tmp_path, mode
):
    pair = leads_of(primary, mode=mode)
    twin = twin_of(primary, tmp_path)
    pair.source(
        "update leads set name = 'lost by the restore' where id = 7",
        "insert into leads values (500, 'lost by the restore', '2026-01-05T11:00Z')",
    )
    assert pair.changes() == (1, 1, 0)

    with running(twin):
        url = on(twin, pair.source_url)
        error = pair.load(source_url=url)["leads"].error
        after = pair.living("leads", "id, name")
        confirmed = pair.changes(source_url=url, confirm=CONFIRMED)
        assert_equal(pair, source_url=url)

    assert isinstance(error, SourceUnreachable)
    assert str(error).startswith("landing.leads: ")
    assert (500, "lost by the restore") in after
    assert confirmed == (0, 1, 1)


@in_both_modes
@pytest.mark.parametrize("is_noticed", [False, True])
def test_backup_that_lived_on_is_not_taken_for_the_source(
    leads_of, primary, tmp_path, mode, is_noticed
):
    pair = leads_of(primary, mode=mode)
    twin = twin_of(primary, tmp_path)
    pair.source("update leads set name = 'lost by the restore' where id = 7")
    assert pair.changes() == (0, 1, 0)
    seen = next_xid(pair.source_url)

    with running(twin):
        pair.source_url = on(twin, pair.source_url)
        if is_noticed:
            assert isinstance(pair.load()["leads"].error, SourceUnreachable)
        pair.source("update leads set name = 'written after' where id = 8")
        burn_xids(pair.source_url, seen - next_xid(pair.source_url) + 10)
        pair.source("update leads set name = 'written last' where id = 9")

        # Now it is as far as the one that was read, but by other transactions.
        assert pair.load()["leads"].error is None
        assert_equal(pair)


@in_both_modes
def test_standby_that_took_over_is_read_whole(leads_of, primary, tmp_path, mode):
    pair = leads_of(primary, mode=mode)
    with running(twin_of(primary, tmp_path, is_standby=True, settings=SLOW)) as twin:
        # The new timeline is not in the control file before all this is on disk.
        pair.source(
            "create table large as select n, repeat('x', 900) "
            "from generate_series(1, 5000) n"
        )
        catch_up(twin, primary)
        promote(twin)
        # Lost with the old primary, after the standby had taken over.
        pair.source("update leads set name = 'lost' where id = 7")
        assert pair.changes() == (0, 1, 0)
        pair.source_url = on(twin, pair.source_url)
        pair.source("update leads set name = 'new' where id = 8")
        burn_xids(pair.source_url, 20)

        load = pair.load()["leads"]

        assert load.error is None
        assert load.result.rows_updated == 2
        assert_equal(pair)


@in_both_modes
def test_moved_source_is_read_whole_and_followed_from_there(
    leads_of, primary, server, new_database, mode
):
    pair = leads_of(primary, mode=mode)
    there = new_database()
    copy_database(pair.source_url, there, server=server)

    pair.source_url = there
    load = pair.load()["leads"]

    assert load.error is None
    assert (load.result.rows_read, load.result.rows_changed) == (100, 0)
    pair.source("update leads set name = 'there' where id = 7")
    assert pair.changes() == (0, 1, 0)
    assert_equal(pair)


@in_both_modes
@pytest.mark.parametrize(
    "lost",
    [
        "delete from leads where id > 40",
        "truncate leads",
        "update leads set updated_at = '2026-01-04' ",
    ],
)
def test_moved_source_that_lost_something_is_refused(
    leads_of, primary, server, new_database, mode, lost
):
    pair = leads_of(primary, mode=mode)
    there = new_database()
    copy_database(pair.source_url, there, server=server)
    before = pair.living("leads", "id, name, updated_at")

    pair.source_url = there
    pair.source(lost)
    error = pair.load()["leads"].error

    assert isinstance(error, LoadRefused)
    assert "confirm_source" in str(error)
    assert pair.living("leads", "id, name, updated_at") == before
    assert pair.load(confirm=CONFIRMED)["leads"].error is None
    assert_equal(pair)
    assert pair.changes() == (0, 0, 0)
