"""Relations of every kind, and changes that no row version tells of."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.errors import SchemaChanged, SourceUnreachable
from pipelines.ingest.databases import Engine
from tests.ingest.hostile import assert_equal_texts, in_both_modes
from tests.ingest.source import Pair, declare
from tests.servers.clusters import holding_up, wait_for

COLUMNS = {"id": "int", "v": "text"}
KINDS = {
    "view": ["create view leads as select * from base"],
    "materialized view": [
        "create materialized view leads as select * from base",
    ],
    "partitioned": [
        "create table leads (id int primary key, v text) partition by range (id)",
        "create table low partition of leads for values from (0) to (10)",
        "create table high partition of leads for values from (10) to (20)",
        "insert into leads select * from base",
    ],
    "inherited": [
        "create table leads (id int primary key, v text)",
        "create table child (more int) inherits (leads)",
        "insert into leads select * from base where id = 1",
        "insert into child select * from base where id <> 1",
    ],
    "unlogged": [
        "create unlogged table leads (id int primary key, v text)",
        "insert into leads select * from base",
    ],
}


def based(pair: Pair, *statements: str, mode: str) -> Pair:
    """Give the pair a source made from a base table, and declare it."""
    pair.source(
        "create table base (id int primary key, v text)",
        "insert into base values (1, 'a'), (11, 'b'), (12, 'c')",
        *statements,
    )
    pair.tables.append(declare("leads", COLUMNS, mode=mode))
    assert pair.changes() == (3, 0, 0)
    return pair


def assert_equal(pair: Pair) -> None:
    assert_equal_texts(pair.source_url, pair.warehouse_url, COLUMNS)


@in_both_modes
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_relation_is_followed(pair, mode, kind):
    based(pair, *KINDS[kind], mode=mode)
    target = "base" if "view" in kind else "leads"

    pair.source(
        f"update {target} set v = 'other' where id = 11",
        f"delete from {target} where id = 12",
        f"insert into {target} values (2, 'new')",
        *(["refresh materialized view leads"] if kind == "materialized view" else []),
    )

    assert pair.changes() == (1, 1, 1)
    assert pair.changes() == (0, 0, 0)
    assert_equal(pair)


@in_both_modes
def test_partition_swapped_in_later_is_read(pair, mode):
    based(
        pair,
        *KINDS["partitioned"],
        "create table other (id int primary key, v text)",
        "insert into other values (11, 'other'), (12, 'c')",
        mode=mode,
    )

    pair.source(
        "alter table leads detach partition high",
        "alter table leads attach partition other for values from (10) to (20)",
    )

    assert pair.changes() == (0, 1, 0)
    assert_equal(pair)


@in_both_modes
def test_table_swapped_by_renaming_is_read(pair, mode):
    based(
        pair,
        "create table leads (id int primary key, v text)",
        "insert into leads select * from base",
        mode=mode,
    )
    pair.source(
        "create table swapped as select id, 'other'::text as v from leads",
        "alter table swapped add primary key (id)",
    )
    pair.load()

    pair.source(
        "alter table leads rename to aside", "alter table swapped rename to leads"
    )

    assert pair.changes() == (0, 3, 0)
    assert_equal(pair)


@in_both_modes
def test_default_of_a_new_column_reaches_old_rows(pair, mode):
    pair.source(
        "create table leads (id int primary key)",
        "insert into leads values (1), (2)",
    )
    pair.tables.append(declare("leads", COLUMNS, mode=mode))
    pair.load()

    pair.source("alter table leads add v text default 'given'")

    assert pair.changes() == (0, 2, 0)
    assert_equal(pair)


# How a column is defined, with a value: it changes, although no row is written.
DEFINITIONS = [
    "mood default 'sad'",
    "mood[] default '{sad}'",
    "temper default 'sad'",
    "temper[] default '{sad}'",
    "tempers default '{sad}'",
    "moods default '[sad,sad]'",
    "multimoods default '{[sad,sad]}'",
    "pair default row('sad')",
    "pair[] default array[row('sad')::pair]",
    "regclass default 'other'",
    "text generated always as ('a' || id) virtual",
]


@in_both_modes
def test_change_of_a_definition_reaches_old_rows(pair, mode):
    pair.source(
        "create table other ()",
        "create type mood as enum ('sad', 'happy')",
        "create domain temper as mood",
        "create domain tempers as temper[]",
        "create type moods as "
        "range (subtype = mood, multirange_type_name = multimoods)",
        "create type pair as (a mood)",
    )
    for number, definition in enumerate(DEFINITIONS):
        pair.source(
            f"create table t{number} (id int primary key, v {definition})",
            f"insert into t{number} values (1)",
        )
        pair.tables.append(declare(f"t{number}", COLUMNS, mode=mode))
    pair.load()

    pair.source(
        "alter type mood rename value 'sad' to 'blue'",
        "alter table other rename to another",
        f"alter table t{number} alter v set expression as ('b' || id)",
    )
    loads = pair.load()

    unchanged = [
        definition
        for definition, load in zip(DEFINITIONS, loads.values(), strict=True)
        if load.result.rows_updated != 1
    ]
    assert unchanged == []


@in_both_modes
@pytest.mark.parametrize(
    "rewrite",
    [
        "alter table leads alter v type text using v || ''",
        "vacuum full leads",
        "cluster leads using leads_pkey",
        "alter table leads set unlogged",
    ],
)
def test_rewrite_of_a_table_changes_no_row(pair, mode, rewrite):
    based(
        pair,
        "create table leads (id int primary key, v varchar(9))",
        "insert into leads select * from base",
        mode=mode,
    )
    pair.source("update leads set v = 'other' where id = 11")

    pair.source(rewrite)

    assert pair.changes() == (0, 1, 0)
    assert_equal(pair)


@in_both_modes
def test_table_without_rows_is_loaded_and_filled_later(pair, mode):
    pair.source("create table leads (id int primary key, v text)")
    pair.tables.append(declare("leads", COLUMNS, mode=mode))

    assert pair.changes() == (0, 0, 0)
    assert pair.changes() == (0, 0, 0)
    pair.source("insert into leads values (1, null)")
    assert pair.changes() == (1, 0, 0)


@pytest.mark.parametrize("key", [("id",), ()])
def test_table_with_none_of_its_columns_says_so(pair, key):
    pair.source("create table leads (other int)", "insert into leads values (1)")
    pair.tables.append(declare("leads", COLUMNS, key=key))

    error = pair.load()["leads"].error

    assert isinstance(error, SchemaChanged)
    assert str(error).startswith("landing.leads: ")


@in_both_modes
def test_table_rewritten_under_our_snapshot_is_not_taken_for_empty(pair, mode):
    based(
        pair,
        "create table leads (id int primary key, v varchar(9))",
        "insert into leads select * from base",
        "create table first (id int primary key, v text)",
        "insert into first select n, repeat('x', 90) from generate_series(1, 900) n",
        mode=mode,
    )
    pair.tables.append(declare("first", COLUMNS))

    with ThreadPoolExecutor() as other:
        with holding_up(pair.source_url, "first") as waits:
            loading = other.submit(pair.load, engine=Engine(workers=1))
            wait_for(lambda: waits(pair.source_url))
            # Snapshots taken before it see no row of the new file, nor of the old one.
            pair.source("alter table leads alter v type text using v || ''")
        loads = loading.result()

    assert loads["first"].error is None
    assert isinstance(loads["leads"].error, SourceUnreachable)
    assert "rewritten while the database was read" in str(loads["leads"].error)
    assert len(pair.living("leads")) == 3
    assert pair.changes() == (0, 0, 0)


@in_both_modes
def test_column_added_anew_to_a_detached_partition_is_read(pair, mode):
    based(pair, *KINDS["partitioned"], mode=mode)
    assert pair.changes() == (0, 0, 0)

    pair.source(
        "alter table leads detach partition high",
        "alter table high drop column v",
        "alter table high add v text default 'given'",
        "alter table leads attach partition high for values from (10) to (20)",
    )

    assert pair.changes() == (0, 2, 0)
    assert_equal(pair)


@in_both_modes
def test_labels_of_an_enum_are_told_apart_whatever_they_hold(pair, mode):
    pair.source(
        "create type mood as enum ('a,b', 'c')",
        "create table leads (id int primary key, v mood)",
        "insert into leads values (1, 'a,b'), (2, 'c')",
    )
    pair.tables.append(declare("leads", COLUMNS, mode=mode))
    pair.load()

    pair.source(
        "alter type mood rename value 'a,b' to 'a'",
        "alter type mood rename value 'c' to 'b,c'",
    )

    assert pair.changes() == (0, 2, 0)
    assert_equal(pair)
