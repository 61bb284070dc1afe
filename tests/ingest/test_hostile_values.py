"""Hostile values and names: each arrives as it is, or stops its table and says why."""

from datetime import UTC, datetime
from itertools import product

import psycopg
import pytest

from pipelines.errors import LoadRefused
from tests.ingest.hostile import (
    FLEETING,
    NAMES,
    assert_equal_texts,
    fill_hostile,
    hostile_columns,
    in_both_modes,
)
from tests.ingest.source import Pair, declare


def types_of(pair: Pair, table: str = "leads") -> dict[str, str]:
    return dict(
        pair.raw(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute "
            f"where attrelid = 'raw.landing__{table}'::regclass and attnum > 0"
        )
    )


@in_both_modes
def test_every_value_of_every_type_arrives_as_it_is(pair, mode):
    columns = hostile_columns(FLEETING if mode == "xmin" else ())
    *some, last = fill_hostile(columns)
    names = {"id": "int"} | {column.name: "text" for column in columns}
    pair.tables.append(declare("leads", names, mode=mode))

    pair.source(*some[:-3])
    first = pair.changes()
    pair.source(*some[-3:], last, "update leads set c0 = 'other' where id = 1")
    second = pair.changes()

    third = pair.load()["leads"]

    assert first[1:] == (0, 0)
    assert second == (4, 1, 0)
    assert (third.mode, third.result.rows_changed) == (mode, 0)
    types = types_of(pair)
    assert {c.name: types[c.name] for c in columns} == {
        column.name: column.raw_type for column in columns
    }
    assert_equal_texts(pair.source_url, pair.warehouse_url, names)


@in_both_modes
def test_empty_text_is_not_null(pair, mode):
    pair.source(
        "create table leads (id text primary key, v text, j jsonb, a text[])",
        "insert into leads values ('', '', '\"\"', '{\"\"}')",
        "insert into leads values (' ', null, 'null', '{}')",
    )
    columns = {"id": "text", "v": "text", "j": "jsonb", "a": "text[]"}
    pair.tables.append(declare("leads", columns, mode=mode))

    assert pair.changes() == (2, 0, 0)
    pair.source("update leads set v = case when v is null then '' end")
    assert pair.changes() == (0, 2, 0)

    assert pair.living("leads", "id, v, j::text, a") == [
        ("", None, '""', [""]),
        (" ", "", "null", []),
    ]


@in_both_modes
def test_names_of_columns_are_only_names(pair, mode):
    quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
    definitions = ", ".join(f"{name} text" for name in quoted)
    pair.source(
        f'create table leads ("Id %s" int primary key, {definitions})',
        "insert into leads values (1" + ", 'x'" * len(NAMES) + ")",
    )
    columns = {"Id %s": "int"} | dict.fromkeys(NAMES, "text")
    pair.tables.append(declare("leads", columns, key=("Id %s",), mode=mode))

    assert pair.changes() == (1, 0, 0)
    for name in quoted:
        pair.source(f"update leads set {name} = 'y'")
    pair.source('insert into leads ("Id %s") values (2)')

    assert pair.changes() == (1, 1, 0)
    assert pair.changes() == (0, 0, 0)
    pair.source('delete from leads where "Id %s" = 2')
    assert pair.changes() == (0, 0, 1)
    assert_equal_texts(pair.source_url, pair.warehouse_url, columns)


def test_names_of_columns_are_only_names_without_a_key(pair):
    quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
    pair.source(
        f"create table leads ({', '.join(f'{name} text' for name in quoted)})",
        f"insert into leads ({quoted[0]}) values ('x'), ('x'), ('y')",
    )
    pair.tables.append(declare("leads", dict.fromkeys(NAMES, "text"), key=()))

    assert pair.changes() == (3, 0, 0)
    pair.source(f"update leads set {quoted[1]} = 'z' where {quoted[0]} = 'y'")
    assert pair.changes() == (1, 0, 1)
    assert_equal_texts(pair.source_url, pair.warehouse_url, NAMES)


@in_both_modes
def test_names_of_tables_and_schemas_are_only_names(pair, mode):
    names = ['Group"; drop table x; --', "select", "a.b", "100 %s", "{}", "ы" * 31]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    database = pair.source_url.rpartition("/")[2]
    pair.source(f"alter database {database} set search_path = {', '.join(quoted)}")
    for number, (name, table) in enumerate(zip(names, quoted, strict=True)):
        pair.source(
            f"create schema {table}",
            f"create table {table}.{table} (id int primary key, v text)",
            f"insert into {table}.{table} values (1, 'x')",
        )
        columns = {"id": "int", "v": "text"}
        pair.tables.append(declare(f"t{number}", columns, source_table=name, mode=mode))

    loads = pair.load()
    pair.source(*(f"update {table} set v = 'y'" for table in quoted))
    again = pair.load()

    assert {load.result.rows_inserted for load in loads.values()} == {1}
    assert {load.result.rows_updated for load in again.values()} == {1}
    for load in again:
        assert pair.living(load, "id, v") == [(1, "y")]


@in_both_modes
def test_hundreds_of_columns_of_which_some_are_declared(pair, mode):
    definitions = ", ".join(f"c{number} text default 'v'" for number in range(1500))
    pair.source(
        f"create table leads (id int primary key, {definitions})",
        "insert into leads select n from generate_series(1, 20) n",
    )
    columns = {"id": "int"} | {f"c{number}": "text" for number in range(0, 900, 3)}
    pair.tables.append(declare("leads", columns, mode=mode))

    load = pair.load()["leads"]
    pair.source("update leads set c0 = 'w', c897 = null where id = 7")

    assert load.result.rows_inserted == 20
    assert load.warnings[0].startswith("undeclared columns (not loaded): c1, c10, ")
    assert pair.changes() == (0, 1, 0)
    assert_equal_texts(pair.source_url, pair.warehouse_url, columns)


@in_both_modes
def test_generated_and_identity_columns_are_plain_values(pair, mode):
    pair.source(
        "create table leads (id int generated always as identity primary key, "
        "a int, twice int generated always as (a * 2) stored, "
        "thrice int generated always as (a * 3) virtual)",
        "insert into leads (a) values (4), (null)",
    )
    columns = {"id": "int", "a": "int", "twice": "int", "thrice": "int"}
    pair.tables.append(declare("leads", columns, mode=mode))

    assert pair.changes() == (2, 0, 0)
    pair.source("update leads set a = 5 where id = 1")
    assert pair.changes() == (0, 1, 0)

    expected = [(1, 5, 10, 15), (2, None, None, None)]
    assert pair.living("leads", "id, a, twice, thrice") == expected


@in_both_modes
def test_time_that_python_cannot_hold_does_no_harm(pair, mode):
    values = ["-infinity", "infinity", "4713-01-01 BC", "12026-01-01"]
    kinds = ["timestamptz", "timestamp", "date"]
    for number, (kind, value) in enumerate(product(kinds, values)):
        pair.source(
            f"create table t{number} (id int primary key, at {kind})",
            f"insert into t{number} values (1, '{value}')",
        )
        columns = {"id": "int", "at": kind}
        pair.tables.append(declare(f"t{number}", columns, newest="at", mode=mode))

    before = pair.load()
    pair.source(*(f"insert into {name} values (2, '2026-01-05')" for name in before))
    after = pair.load()

    assert {load.newest_row_at for load in before.values()} == {None}
    newest = datetime(2026, 1, 5, tzinfo=UTC)
    assert {load.newest_row_at for load in after.values()} == {newest}


def in_encoding(pair: Pair, encoding: str) -> Pair:
    """Give the pair a source of its own in another encoding."""
    name = f"{pair.source_url.rpartition('/')[2]}_{encoding.lower()}"
    with psycopg.connect(pair.source_url, autocommit=True) as admin:
        admin.execute(
            f"create database {name} encoding '{encoding}' locale_provider libc "
            "locale 'C' template template0"
        )
    # Of SQL_ASCII the client library would not take a letter beyond ASCII.
    server = pair.source_url.rpartition("/")[0]
    pair.source_url = f"{server}/{name}?client_encoding=utf8"
    return pair


@in_both_modes
@pytest.mark.parametrize(
    ("encoding", "text"), [("LATIN1", "Größe ÿ"), ("WIN1251", "Алия №1 ё")]
)
def test_source_of_another_encoding_is_converted(pair, mode, encoding, text):
    in_encoding(pair, encoding)
    pair.source(
        f'create table leads ("{text}" text primary key, v json, a text[])',
        f"insert into leads values ('{text}', to_json('{text}'::text), '{{{text}}}')",
        f"insert into leads values ('{text[:5]}'), ('{text[1:]}')",
    )
    columns = {text: "text", "v": "json", "a": "text[]"}
    pair.tables.append(declare("leads", columns, key=(text,), mode=mode))

    assert pair.changes() == (3, 0, 0)
    pair.source(
        "update leads set a = a || a where a is not null",
        f"delete from leads where \"{text}\" = '{text[1:]}'",
    )
    assert pair.changes() == (0, 1, 1)
    assert_equal_texts(pair.source_url, pair.warehouse_url, columns)


@in_both_modes
@pytest.mark.parametrize(
    ("encoding", "value"),
    [("SQL_ASCII", "E'canary\\xff'"), ("WIN1251", "'canary' || chr(152)")],
)
def test_bytes_that_are_no_text_stop_their_table_alone(pair, mode, encoding, value):
    in_encoding(pair, encoding)
    pair.source(
        "create table bad (id int primary key, v text)",
        f"insert into bad values (1, 'Алия'), (2, {value})",
        "create table good (id int primary key, v text)",
        "insert into good values (1, 'Алия')",
    )
    columns = {"id": "int", "v": "text"}
    pair.tables += [declare(name, columns, mode=mode) for name in ("bad", "good")]

    loads = pair.load()

    error = loads["bad"].error
    assert isinstance(error, LoadRefused)
    assert str(error).startswith("landing.bad: ")
    assert "repair the value" in str(error)
    assert "canary" not in str(error)
    assert pair.living("good", "v") == [("Алия",)]
    pair.source("update bad set v = null where id = 2")
    assert pair.changes("bad") == (2, 0, 0)
