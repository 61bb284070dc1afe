"""Reading only what changed: nothing is missed, nothing else is read."""

from dataclasses import replace

import psycopg
import pytest

from pipelines.errors import LoadRefused
from pipelines.ingest.databases import Engine
from pipelines.load.guards import Confirmation
from tests.ingest.source import LEADS, Pair, declare


@pytest.fixture
def large(pair: Pair) -> Pair:
    """Return a source whose ten thousand leads count as large, loaded once."""
    pair.source(
        "create table leads (id int primary key, name text, updated_at timestamptz)",
        "insert into leads select n, 'lead ' || n, '2026-01-05T10:00Z' "
        "from generate_series(1, 10000) n",
    )
    pair.tables.append(declare("leads", LEADS, newest="updated_at", mode="xmin"))
    first = pair.load()["leads"]
    assert (first.mode, first.result.rows_inserted) == ("snapshot", 10_000)
    return pair


def read(pair: Pair, **options: object) -> tuple[str | None, int, int, int, int]:
    """Load and return the mode, and rows read, inserted, updated and deleted."""
    load = pair.load(**options)["leads"]
    assert load.error is None, load.error
    result = load.result
    return (
        load.mode,
        result.rows_read,
        result.rows_inserted,
        result.rows_updated,
        result.rows_deleted,
    )


def assert_equal(pair: Pair) -> None:
    columns = "id, name, updated_at"
    source = pair.raw(f"select {columns} from leads order by id")
    assert pair.living("leads", columns) == source


def test_unchanged_table_is_not_read(large):
    assert read(large) == ("xmin", 0, 0, 0, 0)


def test_only_what_changed_is_read(large):
    large.source(
        "update leads set name = 'silent' where id <= 3",
        "insert into leads values (20000, 'new', now())",
        "delete from leads where id = 77",
    )

    assert read(large) == ("xmin", 4, 1, 3, 1)

    assert_equal(large)
    assert read(large) == ("xmin", 0, 0, 0, 0)


def test_row_that_comes_back_is_living_again(large):
    large.source("delete from leads where id = 7")
    assert read(large) == ("xmin", 0, 0, 0, 1)

    large.source("insert into leads values (7, 'lead 7', '2026-01-05T10:00Z')")

    assert read(large) == ("xmin", 1, 0, 1, 0)
    assert_equal(large)


def test_changed_key_is_a_new_row(large):
    large.source("update leads set id = 20007 where id = 7")

    assert read(large) == ("xmin", 1, 1, 0, 1)
    assert_equal(large)


def test_late_commit_is_read_whatever_was_read_meanwhile(large):
    with psycopg.connect(large.source_url) as writer:
        writer.execute("update leads set name = 'late' where id = 1")
        large.source("update leads set name = 'early' where id = 2")
        assert read(large) == ("xmin", 1, 0, 1, 0)
        large.source("update leads set name = 'middle' where id = 3")
        assert read(large) == ("xmin", 2, 0, 1, 0)

    assert read(large)[3] == 1
    assert_equal(large)
    assert read(large) == ("xmin", 0, 0, 0, 0)


def test_mass_delete_is_not_carried_out_until_confirmed(large):
    large.source("delete from leads where id <= 501", "update leads set name = 'kept'")

    load = large.load()["leads"]

    assert isinstance(load.error, LoadRefused)
    assert "501 of 10,000 rows are missing" in str(load.error)
    assert (load.mode, load.result.rows_updated) == ("xmin", 9499)
    assert len(large.living("leads")) == 10_000
    confirmed = Confirmation(deletes=["leads"])
    assert read(large, confirm=confirmed) == ("xmin", 0, 0, 0, 501)
    assert_equal(large)


def test_column_with_a_default_for_old_rows_makes_the_read_whole(large):
    large.tables[0] = declare("leads", {**LEADS, "score": "int"}, mode="xmin")
    large.source("alter table leads add score int default 5")

    assert read(large) == ("snapshot", 10_000, 0, 10_000, 0)
    assert read(large) == ("xmin", 0, 0, 0, 0)


def test_renamed_label_of_an_enum_makes_the_read_whole(pair):
    pair.source(
        "create type mood as enum ('fine', 'bad')",
        "create table leads (id int primary key, mood mood)",
        "insert into leads select n, 'fine' from generate_series(1, 10) n",
    )
    pair.tables.append(declare("leads", {"id": "int", "mood": "text"}, mode="xmin"))
    pair.load()
    assert read(pair)[0] == "xmin"

    pair.source("alter type mood rename value 'fine' to 'good'")

    assert read(pair) == ("snapshot", 10, 0, 10, 0)


def test_attached_partition_is_read_though_nothing_wrote_its_rows(pair):
    pair.source(
        "create table leads (id int primary key, name text) partition by range (id)",
        "create table low partition of leads for values from (0) to (100)",
        "insert into leads select n, 'old' from generate_series(1, 90) n",
        "create table high (id int primary key, name text)",
        "insert into high select n, 'attached' from generate_series(100, 150) n",
    )
    pair.tables.append(declare("leads", {"id": "int", "name": "text"}, mode="xmin"))
    pair.load()
    assert read(pair)[0] == "xmin"

    pair.source(
        "alter table leads attach partition high for values from (100) to (200)"
    )

    assert read(pair) == ("snapshot", 141, 51, 0, 0)


def test_raw_rows_that_were_lost_are_read_again(large):
    large.raw("delete from raw.landing__leads where id <= 100")

    assert read(large) == ("snapshot", 10_000, 100, 0, 0)


def test_size_decides_where_nothing_is_declared(large):
    large.tables[0] = replace(large.tables[0], mode=None)
    large.source("analyze leads")

    assert read(large)[0] == "snapshot"
    assert read(large, engine=Engine(xmin_rows=9_999))[0] == "xmin"
    assert read(large, engine=Engine(xmin_rows=10_000))[0] == "snapshot"


@pytest.mark.parametrize(
    "source",
    [
        "create view {name} as select * from leads",
        "create table {name} (id int, name text, updated_at timestamptz)",
        "create materialized view {name} as select * from leads",
    ],
)
def test_what_has_no_xmin_or_key_is_read_whole(large, source):
    large.source(source.format(name="shown"))
    large.tables[0] = declare("shown", LEADS, mode="xmin")
    large.load()

    assert large.load()["shown"].mode == "snapshot"


def test_every_week_the_whole_table_proves_the_short_way(large):
    large.raw("update raw.landing__leads set name = 'tampered' where id = 5")
    assert read(large) == ("xmin", 0, 0, 0, 0)
    large.raw("update raw._positions set read_whole_at = now() - interval '7 days'")

    assert read(large) == ("snapshot", 10_000, 0, 1, 0)
    assert read(large) == ("xmin", 0, 0, 0, 0)


def test_compound_and_textual_keys_are_compared(pair):
    pair.source(
        "create table leads (a text, b numeric(6, 2), c timestamptz, n int, "
        "primary key (a, b, c))",
        "insert into leads select 'ключ ' || n, n / 3.0, "
        "'2026-01-05'::timestamptz + n * interval '1 hour', n "
        "from generate_series(1, 900) n",
    )
    columns = {"a": "text", "b": "numeric(6,2)", "c": "timestamptz", "n": "int"}
    pair.tables.append(declare("leads", columns, key=("a", "b", "c"), mode="xmin"))
    pair.load()
    pair.source("delete from leads where n in (5, 500)", "update leads set n = -n")

    assert read(pair) == ("xmin", 898, 0, 898, 2)
    assert read(pair) == ("xmin", 0, 0, 0, 0)
