"""Writers of every kind: what they commit arrives by the next run, once."""

import psycopg
import pytest

from tests.ingest.hostile import in_both_modes
from tests.servers.clusters import burn_xids
from tests.servers.comparing import assert_equal


@in_both_modes
def test_what_savepoints_left_arrives_after_its_commit(leads_of, primary, mode):
    pair = leads_of(primary, mode=mode)

    with psycopg.connect(pair.source_url) as writer:
        writer.execute("insert into leads values (500, 'first', '2020-01-01')")
        # More of them than a backend announces one by one.
        for number in range(600, 700):
            writer.execute(f"savepoint s; insert into leads values ({number})")
        writer.execute("savepoint a")
        writer.execute("insert into leads values (501, 'in a', '2020-01-01')")
        writer.execute("savepoint b")
        burn_xids(pair.source_url, 5)
        writer.execute("update leads set name = 'never' where id = 7")
        writer.execute("rollback to b")
        writer.execute("update leads set name = 'after b' where id = 8")
        assert pair.changes() == (0, 0, 0)
        burn_xids(pair.source_url, 5)
        pair.source("update leads set name = 'meanwhile' where id = 9")
        assert pair.changes() == (0, 1, 0)
        writer.execute("release a")

    assert pair.changes() == (102, 1, 0)
    assert pair.changes() == (0, 0, 0)
    assert_equal(pair)


@in_both_modes
@pytest.mark.parametrize(("end", "arrived"), [("commit", 1), ("rollback", 0)])
def test_prepared_transaction_counts_when_it_is_ended(
    leads_of, primary, mode, end, arrived
):
    pair = leads_of(primary, mode=mode)
    name = f"{mode} {end}"
    pair.source(
        "begin; insert into leads values (500, 'prepared', '2020-01-01'); "
        f"delete from leads where id = 7; prepare transaction '{name}'"
    )
    burn_xids(pair.source_url, 20)
    pair.source("update leads set name = 'meanwhile' where id = 9")

    assert pair.changes() == (0, 1, 0)
    assert pair.changes() == (0, 0, 0)
    pair.source(f"{end} prepared '{name}'")

    assert pair.changes() == (arrived, 0, arrived)
    assert_equal(pair)


@in_both_modes
def test_rows_that_are_only_locked_are_not_changed(leads_of, primary, mode):
    pair = leads_of(primary, mode=mode)

    with (
        psycopg.connect(pair.source_url) as one,
        psycopg.connect(pair.source_url) as other,
    ):
        one.execute("select from leads for key share")
        other.execute("select from leads for share")
        assert pair.changes() == (0, 0, 0)

    assert pair.changes() == (0, 0, 0)


@in_both_modes
def test_frozen_rows_are_neither_lost_nor_read_again(leads_of, primary, mode):
    pair = leads_of(primary, mode=mode)
    pair.source("vacuum freeze leads")
    again = pair.load()["leads"]
    pair.source(
        "update leads set name = 'frozen' where id in (7, 8, 9)",
        "delete from leads where id = 10",
        "vacuum freeze leads",
        "vacuum full leads",
    )

    load = pair.load()["leads"]

    assert again.result.rows_changed == 0
    assert (load.result.rows_updated, load.result.rows_deleted) == (3, 1)
    if mode == "xmin":
        assert (again.result.rows_read, load.result.rows_read) == (0, 3)
    assert_equal(pair)


@in_both_modes
def test_rows_that_were_born_frozen_arrive(leads_of, primary, mode):
    pair = leads_of(primary, mode=mode)

    with psycopg.connect(pair.source_url) as writer:
        writer.execute("truncate leads")
        with writer.cursor().copy("copy leads (id, name) from stdin (freeze)") as copy:
            for number in range(1, 121):
                copy.write_row((number, "copied"))

    assert pair.changes() == (20, 100, 0)
    assert_equal(pair)
