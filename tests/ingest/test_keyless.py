"""Tables without a key: a multiset whose rows are not swapped out unnoticed."""

import pytest

from pipelines.errors import LoadRefused
from pipelines.load.guards import Confirmation
from tests.conftest import NewDatabase
from tests.ingest.source import Pair, declare

CLICKS = {"id": "int", "url": "text"}


@pytest.fixture
def clicks(pair: Pair) -> Pair:
    """Return a source with a thousand clicks that have no key, loaded once."""
    pair.source(
        "create table clicks (id int, url text)",
        "insert into clicks select n / 2, 'url' from generate_series(1, 1000) n",
    )
    pair.tables.append(declare("clicks", CLICKS, key=()))
    assert pair.changes("clicks") == (1000, 0, 0)
    return pair


def test_rows_that_are_swapped_out_need_a_confirmation(clicks):
    clicks.source("update clicks set url = 'another' where id < 200")

    error = clicks.load()["clicks"].error

    assert isinstance(error, LoadRefused)
    assert error.guard == "mass_delete"
    assert "399 of 1,000 rows are missing" in str(error)
    assert "nothing was changed" in str(error)
    assert clicks.raw("select distinct url from raw.landing__clicks") == [("url",)]
    confirm = Confirmation(deletes=["clicks"])
    assert clicks.changes("clicks", confirm=confirm) == (399, 0, 399)
    assert clicks.changes("clicks") == (0, 0, 0)


def test_as_many_changed_rows_as_a_normal_day_has_are_taken(clicks):
    # One row of id 0 and one of id 500, two of each other.
    clicks.source("update clicks set url = 'another' where id <= 24 or id = 500")

    assert clicks.changes("clicks") == (50, 0, 50)


def test_the_only_row_may_change_but_not_vanish(pair):
    pair.source(
        "create table clicks (id int, url text)", "insert into clicks values (1)"
    )
    pair.tables.append(declare("clicks", CLICKS, key=()))
    pair.load()
    pair.source("update clicks set url = 'x'")
    assert pair.changes("clicks") == (1, 0, 1)
    pair.source("truncate clicks")

    error = pair.load()["clicks"].error

    assert isinstance(error, LoadRefused)
    assert error.guard == "mass_delete"


def test_column_that_comes_or_goes_replaces_no_row(clicks):
    clicks.source("alter table clicks add more text default 'more'")
    clicks.tables[0] = declare("clicks", {**CLICKS, "more": "text"}, key=())
    assert clicks.changes("clicks") == (1000, 0, 1000)
    clicks.source("alter table clicks drop more")

    assert clicks.changes("clicks") == (1000, 0, 1000)


def test_another_database_of_the_same_size_is_refused(
    clicks: Pair, new_database: NewDatabase
):
    other = Pair(new_database(), clicks.warehouse_url, clicks.tables)
    other.source(
        "create table clicks (id int, url text)",
        "insert into clicks select -n, 'stranger' from generate_series(1, 1000) n",
    )

    error = other.load()["clicks"].error

    assert isinstance(error, LoadRefused)
    assert error.guard == "other_source"
    assert "1,000 of 1,000 rows are not in it" in str(error)
    assert clicks.raw("select distinct url from raw.landing__clicks") == [("url",)]


def test_a_moved_database_with_the_same_rows_is_taken(
    clicks: Pair, new_database: NewDatabase
):
    moved = Pair(new_database(), clicks.warehouse_url, clicks.tables)
    moved.source(
        "create table clicks (id int, url text)",
        "insert into clicks select n / 2, 'url' from generate_series(1, 1000) n",
    )

    assert moved.changes("clicks") == (0, 0, 0)


def test_columns_may_be_called_like_anything_of_ours(pair):
    names = ["_row_hash", "_row_copy", "_row_copies", "hash", "copy", "copies"]
    names += ["place", "mine", "theirs", "held", "staged", "rows", "_row", "new", "old"]
    columns = ", ".join(f'"{name}" text' for name in names)
    pair.source(
        f"create table clicks ({columns})",
        "insert into clicks (_row_hash) values ('x'), ('x'), ('y')",
    )
    pair.tables.append(declare("clicks", dict.fromkeys(names, "text"), key=()))

    assert pair.changes("clicks") == (3, 0, 0)
    pair.source("update clicks set hash = 'z', _row_copy = 'z' where _row_hash = 'y'")
    assert pair.changes("clicks") == (1, 0, 1)
    assert pair.changes("clicks") == (0, 0, 0)


def test_a_row_that_was_deleted_under_a_key_comes_back_without_one(pair):
    pair.source(
        "create table clicks (id int primary key, url text)",
        "insert into clicks values (1, 'a'), (2, 'b')",
    )
    pair.tables.append(declare("clicks", CLICKS))
    pair.load()
    pair.source("delete from clicks where id = 2")
    assert pair.changes("clicks") == (0, 0, 1)
    pair.tables[0] = declare("clicks", CLICKS, key=())
    pair.source("insert into clicks values (2, 'b')")

    assert pair.changes("clicks") == (1, 0, 0)
    assert pair.changes("clicks") == (0, 0, 0)
    assert pair.living("clicks", "id, url") == [(1, "a"), (2, "b")]
