"""Types that change in a source: raw follows where it can, and says why where not."""

import pytest

from pipelines.errors import SchemaChanged
from tests.ingest.source import Pair, declare


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


@pytest.mark.parametrize(
    ("old", "value", "new", "longer", "held"),
    [
        ("char(5)[]", "abc", "char(8)[]", "abcdefgh", "bpchar[]"),
        ("bit(5)[]", "10101", "bit varying(6)[]", "101011", "bit varying[]"),
    ],
)
def test_arrays_whose_elements_grow_are_not_cut(pair, old, value, new, longer, held):
    pair.source(
        f"create table leads (id int primary key, v {old})",
        f"insert into leads values (1, '{{{value}}}'), (2, '{{{value}}}')",
    )
    pair.tables.append(declare("leads", {"id": "int", "v": old}))
    pair.load()
    pair.source("delete from leads where id = 2")
    pair.load()
    pair.source(
        f"alter table leads alter v type {new}",
        f"update leads set v = '{{{longer}}}'",
    )

    assert pair.changes() == (0, 1, 0)

    assert raw_type(pair) == held
    assert pair.living("leads", "v[1]::text") == [(longer,)]
    deleted = "select v[1]::text from raw.landing__leads where id = 2"
    assert pair.raw(deleted) == [(value,)]
    load = pair.load()["leads"]
    assert (load.notes, load.result.rows_changed) == ((), 0)
