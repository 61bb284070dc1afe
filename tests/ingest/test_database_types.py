"""Values and types of the sources: all of them arrive as they are, or say why not."""

import psycopg
import pytest

from pipelines.errors import LoadRefused, SchemaChanged
from tests.ingest.source import Pair, declare

# A column type, a value of it, and the type that raw gets.
TYPES = [
    ("uuid", "'7b0e1c3a-0000-4000-8000-000000000001'", "uuid"),
    ("jsonb", '\'{"a": [1, null, "\\"x"]}\'', "jsonb"),
    ("json", '\'{"b":  1, "a": 2, "a": 3}\'', "json"),
    ("numeric", "'123456789012345678901234567890.000100'", "numeric"),
    ("numeric", "'NaN'", "numeric"),
    ("numeric(12,2)", "99.90", "numeric(12,2)"),
    ("double precision", "'-Infinity'", "double precision"),
    ("real", "0.1", "real"),
    ("smallint", "-32768", "smallint"),
    ("bigint", "9223372036854775807", "bigint"),
    ("boolean", "true", "boolean"),
    ("text", "E'tab\\t new\\n \\\\N quote\" \\u0416 \\U0001F600'", "text"),
    ("varchar(20)", "'trail  '", "character varying(20)"),
    ("char(5)", "'ab'", "character(5)"),
    ("bytea", "'\\x00ff'", "bytea"),
    ("date", "'infinity'", "date"),
    ("date", "'4713-01-01 BC'", "date"),
    ("timestamptz", "'-infinity'", "timestamp with time zone"),
    ("timestamptz", "'294276-12-31 23:59:59.999999Z'", "timestamp with time zone"),
    ("timestamp", "'2026-01-05 23:59:59.5'", "timestamp without time zone"),
    ("time", "'23:59'", "time without time zone"),
    ("interval", "'1 mon -3 days 04:05'", "interval"),
    ("text[]", "array['a', null, 'c,d', '{}']", "text[]"),
    ("bigint[]", "'[0:1]={7,8}'", "bigint[]"),
    ("inet", "'192.0.2.7/24'", "inet"),
    ("bit varying", "B'101'", "bit varying"),
    ("mood", "'happy'", "text"),
    ("mood[]", "array['sad', 'happy']::mood[]", "text[]"),
    ("price", "5000.00", "numeric(12,2)"),
    ("email", "'a@example.com'", "text"),
    ("pair", "row(1, 'x, y')", "text"),
    ("money", "12.5", "text"),
    ("int4range", "'[1,5)'", "text"),
    ("regclass", "'pg_class'", "text"),
    ("tsvector", "'fat cat'", "text"),
]
EXTRAS = (
    "create type mood as enum ('sad', 'happy')",
    "create type pair as (a int, b text)",
    "create domain price as numeric(12,2) check (value >= 0)",
    "create domain name as text",
    "create domain email as name",
)


@pytest.fixture
def one(pair: Pair) -> Pair:
    """Return a source whose one table has an integer column with one row."""
    pair.source(
        "create table leads (id int primary key, v int)",
        "insert into leads values (1, 7)",
    )
    pair.tables.append(declare("leads", {"id": "int", "v": "int"}))
    assert pair.changes() == (1, 0, 0)
    return pair


def raw_type(pair: Pair, column: str = "v") -> str:
    query = (
        "select format_type(atttypid, atttypmod) from pg_attribute "
        f"where attrelid = 'raw.landing__leads'::regclass and attname = '{column}'"
    )
    return str(pair.raw(query)[0][0])


def test_every_type_arrives_as_it_is(pair):
    columns = [f"c{number}" for number in range(len(TYPES))]
    definitions = ", ".join(
        f"{column} {kind}" for column, (kind, _, _) in zip(columns, TYPES, strict=True)
    )
    values = ", ".join(value for _, value, _ in TYPES)
    pair.source(
        *EXTRAS,
        f"create table leads (id int primary key, {definitions})",
        f"insert into leads values (1, {values})",
        "insert into leads values (2)",
    )
    declared = {"id": "int"} | dict.fromkeys(columns, "text")
    pair.tables.append(declare("leads", declared))

    assert pair.changes() == (2, 0, 0)
    assert pair.changes() == (0, 0, 0)

    assert [raw_type(pair, column) for column in columns] == [raw for *_, raw in TYPES]
    texts = ", ".join(f"{column}::text" for column in columns)
    with psycopg.connect(pair.source_url) as source:
        source.execute("set timezone = 'UTC'")
        query = f"select {texts} from leads order by id"
        expected = source.execute(query).fetchall()
    assert pair.living("leads", texts) == expected


@pytest.mark.parametrize(
    "value", ["-infinity", "infinity", "4713-01-01 BC", "12026-01-01"]
)
def test_time_that_python_cannot_hold_does_no_harm(pair, value):
    pair.source(
        "create table leads (id int primary key, at timestamptz)",
        f"insert into leads values (1, '{value}')",
    )
    columns = {"id": "int", "at": "timestamptz"}
    pair.tables.append(declare("leads", columns, newest="at"))

    assert pair.load()["leads"].newest_row_at is None
    assert len(pair.living("leads", "id")) == 1


def test_odd_names_are_only_names(pair):
    table, column = 'Group"; drop table x; --', "select"
    quoted = table.replace('"', '""')
    pair.source(
        f'create table "{quoted}" ("{column}" int primary key, "Größe %s" text)',
        f"insert into \"{quoted}\" values (1, 'x')",
    )
    columns = {column: "int", "Größe %s": "text"}
    pair.tables.append(declare("leads", columns, key=(column,), source_table=table))

    assert pair.changes() == (1, 0, 0)
    assert pair.changes() == (0, 0, 0)
    assert pair.living("leads", '"select", "Größe %s"') == [(1, "x")]


def test_generated_and_identity_columns_are_plain_values(pair):
    pair.source(
        "create table leads (id int generated always as identity primary key, "
        "a int, twice int generated always as (a * 2) stored)",
        "insert into leads (a) values (4)",
    )
    columns = {"id": "int", "a": "int", "twice": "int"}
    pair.tables.append(declare("leads", columns))

    assert pair.changes() == (1, 0, 0)
    assert pair.living("leads", "id, a, twice") == [(1, 4, 8)]


def test_partitioned_table_and_view_are_read_whole(pair):
    pair.source(
        "create table leads (id int primary key) partition by range (id)",
        "create table leads_1 partition of leads for values from (0) to (10)",
        "create table leads_2 partition of leads for values from (10) to (20)",
        "insert into leads values (1), (11)",
        "create view seen as select id from leads",
    )
    pair.tables += [declare("leads", {"id": "int"}), declare("seen", {"id": "int"})]

    loads = pair.load()

    assert [loads[name].result.rows_read for name in ("leads", "seen")] == [2, 2]


def test_value_that_differs_only_in_its_scale_is_mirrored(pair):
    pair.source(
        "create table leads (id int primary key, amount numeric)",
        "insert into leads values (1, 5000)",
    )
    pair.tables.append(declare("leads", {"id": "int", "amount": "numeric"}))
    pair.load()
    pair.source("update leads set amount = 5000.00")

    assert pair.changes() == (0, 1, 0)
    assert pair.living("leads", "amount::text") == [("5000.00",)]


@pytest.mark.parametrize(
    ("widened", "held"),
    [("bigint", "bigint"), ("numeric", "numeric"), ("text", "text")],
)
def test_wider_source_type_is_followed(one, widened, held):
    one.source(f"alter table leads alter v type {widened}")

    assert one.changes() == (0, 0, 0)
    assert raw_type(one) == held
    one.source("alter table leads alter v type smallint using v::smallint")
    assert one.changes() == (0, 0, 0)
    assert raw_type(one) == held


def test_incompatible_type_stops_the_table_and_keeps_its_rows(one):
    one.source("alter table leads alter v type jsonb using to_jsonb(v)")

    error = one.load()["leads"].error

    assert isinstance(error, SchemaChanged)
    assert "column v is jsonb in the source and integer in raw" in str(error)
    assert one.living("leads", "v") == [(7,)]


def test_column_without_values_takes_any_type(one):
    one.source("update leads set v = null")
    one.load()
    one.source(
        "alter table leads alter v type jsonb using to_jsonb(v)",
        "update leads set v = '{}'",
    )

    assert one.changes() == (0, 1, 0)
    assert raw_type(one) == "jsonb"


def test_views_of_dbt_do_not_hold_back_a_type(one):
    one.raw("create schema staging")
    one.raw("create view staging.stg_leads as select v from raw.landing__leads")
    one.raw("create view staging.over as select v from staging.stg_leads")
    one.source("alter table leads alter v type bigint")

    assert one.changes() == (0, 0, 0)

    assert raw_type(one) == "bigint"
    assert one.raw("select to_regclass('staging.stg_leads')") == [(None,)]


def test_view_of_somebody_else_stops_the_table(one):
    one.raw("create view public.mine as select v from raw.landing__leads")
    one.source("alter table leads alter v type bigint")

    error = one.load()["leads"].error

    assert isinstance(error, SchemaChanged)
    assert "public.mine" in str(error)
    assert one.raw("select v from public.mine") == [(7,)]


def test_bytes_that_are_no_text_stop_their_table_alone(pair, server):
    name = pair.source_url.rpartition("/")[2] + "_ascii"
    with psycopg.connect(pair.source_url, autocommit=True) as admin:
        admin.execute(
            f"create database {name} encoding 'SQL_ASCII' locale_provider libc "
            "locale 'C' template template0"
        )
    pair.source_url = server.url(name)
    pair.source(
        "create table bad (id int primary key, v text)",
        "insert into bad values (1, E'canary\\xff')",
        "create table good (id int primary key, v text)",
        "insert into good values (1, 'x')",
    )
    columns = {"id": "int", "v": "text"}
    pair.tables += [declare("bad", columns), declare("good", columns)]

    loads = pair.load()

    assert isinstance(loads["bad"].error, LoadRefused)
    assert "canary" not in str(loads["bad"].error)
    assert loads["good"].outcome == "loaded"
