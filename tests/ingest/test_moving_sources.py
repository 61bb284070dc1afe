"""Sources whose tables are replaced between the snapshot and the reading of them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.errors import SourceUnreachable
from pipelines.ingest.databases import Engine, TableLoad
from tests.ingest.hostile import in_both_modes
from tests.ingest.source import Pair, declare
from tests.servers.clusters import holding_up, wait_for

COLUMNS = {"id": "int", "v": "text"}
PARTITIONED = (
    "create table leads (id int primary key, v text) partition by range (id)",
    "create table low partition of leads for values from (0) to (10)",
    "create table high partition of leads for values from (10) to (2000)",
)
FILL = "insert into leads select n, 'old' from generate_series(1, 1000) n"
# What there is at first, what happens unseen after the snapshot.
REPLACED: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "table swapped by renaming": (
        ["create table leads (id int primary key, v text)", FILL],
        [
            "create table other (like leads including all)",
            "insert into other select * from leads",
            "alter table leads rename to aside",
            "alter table other rename to leads",
        ],
    ),
    "table swapped for one that is nearly full": (
        [
            "create table leads (id int primary key, v text)",
            FILL,
            "create table other (like leads including all)",
            "insert into other select * from leads where id <= 990",
        ],
        [
            "insert into other select * from leads where id > 990",
            "alter table leads rename to aside",
            "alter table other rename to leads",
        ],
    ),
    "schema renamed": (
        [
            "create table leads (id int primary key, v text)",
            FILL,
            "create schema other",
            "create table other.leads (like leads including all)",
            "create table other.first (like first including all)",
        ],
        [
            "insert into other.leads select * from leads",
            "alter schema public rename to aside",
            "alter schema other rename to public",
        ],
    ),
    "partition replaced": (
        [*PARTITIONED, FILL],
        [
            "create table other (like low including all)",
            "insert into other select * from low",
            "alter table leads detach partition low",
            "alter table leads attach partition other for values from (0) to (10)",
        ],
    ),
    "partition replaced by one that is nearly full": (
        [
            *PARTITIONED,
            FILL,
            "create table other (like low including all)",
            "insert into other select * from low where id < 5",
        ],
        [
            "insert into other select * from low where id >= 5",
            "alter table leads detach partition low",
            "alter table leads attach partition other for values from (0) to (10)",
        ],
    ),
    "child replaced": (
        [
            "create table leads (id int primary key, v text)",
            FILL,
            "create table child () inherits (leads)",
            "insert into child values (5000, 'old')",
            "create table other (like leads)",
        ],
        [
            "insert into other select * from child",
            "alter table child no inherit leads",
            "alter table other inherit leads",
        ],
    ),
    "table beneath a view emptied and filled": (
        [
            "create table base (id int primary key, v text)",
            "create view inner_view as select * from base",
            "create view leads as select * from inner_view union all select 5000, 'x'",
            "insert into base select n, 'old' from generate_series(1, 1000) n",
        ],
        [
            "create temp table kept as select * from base",
            "truncate base",
            "insert into base select * from kept",
        ],
    ),
    "partition beneath a view replaced": (
        [
            *(text.replace("leads", "base") for text in (*PARTITIONED, FILL)),
            "create view leads as select * from base",
            "create table other (like low including all)",
        ],
        [
            "insert into other select * from low",
            "alter table base detach partition low",
            "alter table base attach partition other for values from (0) to (10)",
        ],
    ),
    "table beneath a function of a view emptied and filled": (
        [
            "create table base (id int primary key, v text)",
            "insert into base select n, 'old' from generate_series(1, 1000) n",
            "create function all_of() returns setof base language plpgsql stable "
            "as 'begin return query select * from base; end'",
            "create view leads as select * from all_of()",
        ],
        [
            "create temp table kept as select * from base",
            "truncate base",
            "insert into base select * from kept",
        ],
    ),
    "view replaced by one over a new table": (
        [
            "create table base (id int primary key, v text)",
            "insert into base select n, 'old' from generate_series(1, 1000) n",
            "create view leads as select * from base",
        ],
        [
            "create table other as select * from base",
            "create or replace view leads as select * from other",
        ],
    ),
}


@pytest.fixture
def moving(new_database: Callable[[], str]) -> Pair:
    """Return a source and a warehouse apart, with a large table that is read first."""
    pair = Pair(new_database(), new_database())
    pair.source(
        "create table first (id int primary key, v text)",
        "insert into first select n, repeat('x', 90) from generate_series(1, 9000) n",
    )
    return pair


def load_while(pair: Pair, statements: Sequence[str]) -> dict[str, TableLoad]:
    """Load, with one transaction of others between the snapshot and the reading."""
    with ThreadPoolExecutor() as other:
        with holding_up(pair.source_url, "first") as waits:
            loading = other.submit(pair.load, engine=Engine(workers=1))
            wait_for(lambda: waits(pair.source_url))
            pair.source(";".join(["begin", *statements, "commit"]))
        return loading.result()


@in_both_modes
@pytest.mark.parametrize("case", REPLACED)
def test_what_was_replaced_under_our_snapshot_is_not_taken_for_it(moving, mode, case):
    before, meanwhile = REPLACED[case]
    moving.source(*before)
    moving.tables.append(declare("leads", COLUMNS, mode=mode, may_empty=True))
    count = moving.changes()[0]
    moving.tables.append(declare("first", COLUMNS))

    error = load_while(moving, meanwhile)["leads"].error

    assert isinstance(error, SourceUnreachable)
    assert "while the database was read" in str(error)
    assert error.remedy == "run again"
    assert len(moving.living("leads")) == count
    del moving.tables[1:]
    assert moving.load()["leads"].error is None
    assert len(moving.living("leads")) == count


@in_both_modes
def test_first_load_of_a_table_swapped_meanwhile_brings_nothing(moving, mode):
    before, meanwhile = REPLACED["table swapped by renaming"]
    moving.source(*before)
    moving.tables.append(declare("leads", COLUMNS, mode=mode))
    moving.tables.append(declare("first", COLUMNS))

    loads = load_while(moving, meanwhile)

    assert loads["first"].error is None
    assert "replaced while the database was read" in str(loads["leads"].error)
    del moving.tables[1:]
    assert moving.changes() == (1000, 0, 0)


@in_both_modes
def test_new_partitions_and_indexes_are_no_obstacle(moving, mode):
    moving.source(*PARTITIONED, FILL)
    moving.tables.append(declare("leads", COLUMNS, mode=mode))
    assert moving.changes() == (1000, 0, 0)
    moving.tables.append(declare("first", COLUMNS))

    loads = load_while(
        moving,
        [
            "create table next partition of leads for values from (2000) to (3000)",
            "insert into leads values (2001, 'new')",
            "create index on leads (v)",
        ],
    )

    assert loads["leads"].error is None
    assert len(moving.living("leads")) == 1000
    del moving.tables[1:]
    assert moving.changes() == (1, 0, 0)


@in_both_modes
def test_view_that_reads_only_some_partitions_is_no_obstacle(moving, mode):
    moving.source(
        *(text.replace("leads", "base") for text in (*PARTITIONED, FILL)),
        "create view leads as select * from base where id < 5",
    )
    moving.tables.append(declare("leads", COLUMNS, mode=mode))

    assert moving.changes() == (4, 0, 0)
    assert moving.changes() == (0, 0, 0)


def test_settings_of_a_role_do_not_reach_the_reading(moving):
    database = moving.source_url.rpartition("/")[2]
    role = f"{database}_slow"
    moving.source(
        "create view leads as select 1 as id, current_setting('transaction_timeout') "
        "|| ' ' || current_setting('quote_all_identifiers') as v",
        f"create role {role} login",
        f"grant select on leads to {role}",
        f"alter role {role} set transaction_timeout = '1min'",
        f"alter role {role} set quote_all_identifiers = on",
    )
    moving.tables.append(declare("leads", COLUMNS))
    url = moving.source_url.replace("//postgres@", f"//{role}@")

    assert moving.changes(source_url=url) == (1, 0, 0)
    assert moving.living("leads", "v") == [("0 off",)]
