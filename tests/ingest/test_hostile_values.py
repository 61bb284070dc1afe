"""Hostile values and names: each arrives as it is, or stops its table and says why."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from pipelines.errors import LoadRefused
from tests.ingest.hostile import (
    COMPOSITES,
    NAMES,
    assert_equal_texts,
    fill_hostile,
    hostile_columns,
    in_both_modes,
)
from tests.ingest.source import Pair, declare

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
from tests.ingest.source import Pair, declare

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if "VmHWM" in line)

before = peak()
tables = [declare("leads", {"id": "int", "payload": "jsonb"}, mode=sys.argv[2])]
pair = Pair(sys.argv[1], sys.argv[1], tables)
assert pair.changes() == (3, 0, 0)
assert pair.changes() == (0, 0, 0)
print(peak() - before)
"""


def types_of(pair: Pair, table: str = "leads") -> dict[str, str]:
    return dict(
        pair.raw(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute "
            f"where attrelid = 'raw.landing__{table}'::regclass and attnum > 0"
        )
    )


@in_both_modes
def test_every_value_of_every_type_arrives_as_it_is(pair, mode):
    # A composite's form may change although no row is written: it is read whole.
    columns = hostile_columns(COMPOSITES if mode == "xmin" else ())
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
@pytest.mark.parametrize(
    "name",
    ['Group"; drop table x; --', "select", "a.b", "100 %s", "{}", "ы" * 31, "😀" * 15],
)
def test_names_of_tables_and_schemas_are_only_names(pair, mode, name):
    quoted = '"' + name.replace('"', '""') + '"'
    pair.source(
        f"create schema {quoted}",
        f"create table {quoted}.{quoted} (id int primary key, v text)",
        f"insert into {quoted}.{quoted} values (1, 'x')",
        f"alter database {pair.source_url.rpartition('/')[2]} "
        f"set search_path = {quoted}, public",
    )
    columns = {"id": "int", "v": "text"}
    pair.tables.append(declare("leads", columns, source_table=name, mode=mode))

    assert pair.changes() == (1, 0, 0)
    pair.source(f"update {quoted}.{quoted} set v = 'y'")
    assert pair.changes() == (0, 1, 0)
    assert pair.living("leads", "id, v") == [(1, "y")]


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
def test_payload_of_fifty_megabytes_needs_bounded_memory(pair, mode):
    pair.source(
        "create table leads (id int primary key, payload jsonb)",
        "insert into leads select n, jsonb_build_object('a', repeat('0123456789', "
        "case n when 2 then 5000000 else 1 end)) from generate_series(1, 3) n",
    )
    command = [sys.executable, "-c", SCRIPT, pair.source_url, mode]

    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)

    # One message of the protocol is one row: libpq's buffers and ours hold it whole.
    assert int(done.stdout) < 400
    sizes = "select length(payload ->> 'a') from raw.landing__leads order by id"
    assert pair.raw(sizes) == [(10,), (50_000_000,), (10,)]


@in_both_modes
@pytest.mark.parametrize(
    "value", ["-infinity", "infinity", "4713-01-01 BC", "12026-01-01"]
)
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_time_that_python_cannot_hold_does_no_harm(pair, mode, kind, value):
    pair.source(
        f"create table leads (id int primary key, at {kind})",
        f"insert into leads values (1, '{value}')",
    )
    columns = {"id": "int", "at": kind}
    pair.tables.append(declare("leads", columns, newest="at", mode=mode))

    assert pair.load()["leads"].newest_row_at is None
    pair.source("insert into leads values (2, '2026-01-05')")
    newest = pair.load()["leads"].newest_row_at

    assert newest is not None
    assert newest.isoformat() == "2026-01-05T00:00:00+00:00"
    assert len(pair.living("leads", "id")) == 2


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
