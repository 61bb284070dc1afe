"""Hostile values and names: what a source may hold that a loader may break.

Each type comes with literals of its worst values and the type raw gives it. How they
are loaded and compared belongs to the tests.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

in_both_modes = pytest.mark.parametrize("mode", ["snapshot", "xmin"])
EXTRAS = (
    "create type mood as enum ('sad', 'happy', 'it''s \"odd\", {yes}')",
    "create domain temper as mood",
    "create type pair as (a int, b text)",
    "create type span as range (subtype = float8)",
    "create domain price as numeric(12,2) check (value >= 0)",
    "create domain name as text",
    "create domain email as name",
    "create domain tags as text[]",
    "create domain labels as tags check (cardinality(value) < 9)",
)
# All characters that a UTF-8 database can hold: no NUL, no surrogates.
EVERY_CHARACTER = (
    "(select string_agg(chr(n), '') from generate_series(1, 1114111) n "
    "where n not between 55296 and 57343)"
)
WIDEST_NUMERIC = "(repeat('9', 131072) || '.' || repeat('7', 16383))"
# By source type: the type in raw (None: the same), then literals.
TYPES: dict[str, tuple[str | None, Sequence[str]]] = {
    "text": (
        None,
        (
            "''",
            EVERY_CHARACTER,
            "E'\\\\N'",
            "E'\\\\.'",
            "E'tab\\t return\\r\\n \\\\x00 \\\\ \"quoted\", {list}'",
            "E'\\uFFFF\\uFFFE\\uFEFF\\uFFFD\\u202Eright to left\\u200D\\u0301'",
            "repeat(md5('toasted'), 20000)",
        ),
    ),
    "varchar(20)": ("character varying(20)", ("'trail  '", "''")),
    "varchar": ("character varying", ("' '",)),
    "char(5)": ("character(5)", ("'ab'", "''", "'Ы'")),
    "bpchar": (None, ("'ab  '", "''")),
    "name": ("text", ("'x'",)),
    'pg_catalog."char"': ("text", ("'x'", "''", "E'\\\\377'")),
    "bytea": (None, ("''", "'\\x00'", "'\\x00ff00'", "decode('5c', 'hex')")),
    "boolean": (None, ("true", "false")),
    "smallint": (None, ("-32768", "32767")),
    "bigint": (None, ("-9223372036854775808", "9223372036854775807")),
    "oid": ("text", ("4294967295",)),
    "xid8": ("text", ("'18446744073709551615'",)),
    "pg_lsn": ("text", ("'FFFFFFFF/FFFFFFFF'",)),
    "real": (None, ("'NaN'", "'-Infinity'", "'-0'", "'1e-45'", "'3.4028235e38'")),
    "double precision": (
        None,
        ("'NaN'", "'Infinity'", "'-0'", "'4.9e-324'", "0.1::real", "1/3.0::float8"),
    ),
    "numeric": (
        None,
        ("'NaN'", "'-Infinity'", WIDEST_NUMERIC, "'-0.000'", "'1e-16383'"),
    ),
    "numeric(12,2)": (None, ("99.90", "'NaN'")),
    "numeric(5,-2)": (None, ("12345",)),
    "numeric(3,5)": (None, ("0.00999",)),
    "money": ("text", ("12.5", "'-92233720368547758.08'")),
    "date": (None, ("'infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "'0001-1-1'")),
    "timestamp": (
        "timestamp without time zone",
        ("'-infinity'", "'4713-01-01 00:00 BC'", "'294276-12-31 23:59:59.999999'"),
    ),
    "timestamptz": (
        "timestamp with time zone",
        ("'infinity'", "'4714-11-24 BC'", "'294276-12-31 23:59:59.999999Z'"),
    ),
    "timestamp(0)": ("timestamp(0) without time zone", ("'2026-01-05 23:59:59.5'",)),
    "time": ("time without time zone", ("'24:00:00'", "'23:59:59.999999'")),
    "timetz": ("time with time zone", ("'24:00:00-15:59:59'", "'00:00+15:59'")),
    "interval": (
        None,
        (
            "'1 mon -3 days 04:05'",
            "'-178000000 years'",
            "'-00:59:59.999999'",
            "'1 day -24:00'",
        ),
    ),
    "interval day to second": ("interval", ("'1 02:03:04.5'",)),
    "uuid": (None, ("'ffffffff-ffff-ffff-ffff-ffffffffffff'",)),
    "json": (
        None,
        (
            '\'{"b":  1, "a": "\\u0000", "a": "\\ud800"}\'',
            "' null '",
            "repeat('[', 2000) || repeat(']', 2000)",
        ),
    ),
    "jsonb": (
        None,
        (
            "'null'",
            '\'{"a": [1, null, "\\"x"], "": {}}\'',
            "('{\"n\": ' || repeat('9', 100000) || '.50}')",
            "to_jsonb(repeat('{} ', 300000))",
        ),
    ),
    "inet": (None, ("'192.0.2.7/24'", "'::ffff:1.2.3.4/96'")),
    "cidr": (None, ("'2001:db8::/32'",)),
    "macaddr": (None, ("'08:00:2b:01:02:03'",)),
    "macaddr8": (None, ("'08:00:2b:01:02:03:04:05'",)),
    "bit(9)": (None, ("B'101010101'",)),
    "bit varying": (None, ("B''", "B'0000000000000000001'")),
    "text[]": (
        None,
        (
            "'{}'",
            "array['a', null, 'NULL', '', 'c,d', '{}', E'\\\\', '\"']",
            "'[-2:-1][5:5]={{a},{NULL}}'",
        ),
    ),
    "bigint[]": (None, ("'[0:1]={7,8}'",)),
    "numeric(12,2)[]": (None, ("'{1.50,NaN}'",)),
    "timestamptz[]": ("timestamp with time zone[]", ("'{infinity,NULL}'",)),
    "jsonb[]": (None, ("array['{\"a\": 1}', null]::jsonb[]",)),
    "mood": ("text", ("'happy'", "'it''s \"odd\", {yes}'")),
    "mood[]": ("text[]", ("'[0:1]={sad,happy}'", "array['it''s \"odd\", {yes}']")),
    "temper": ("text", ("'sad'",)),
    "temper[]": ("text[]", ("array['sad', null]",)),
    "price": ("numeric(12,2)", ("5000.00", "'NaN'")),
    "price[]": ("text[]", ("'{1.50,2}'",)),
    "email": ("text", ("'a@example.com'", "''")),
    "labels": ("text[]", ("'[3:4]={a,NULL}'", "'{}'")),
    "pair": ("text", ("row(1, 'x, y')", "row(null, '')", "row(null, null)")),
    "pair[]": ("text[]", ("array[row(1, '\"'), null]",)),
    "int4range": ("text", ("'[1,5)'", "'empty'", "'(,)'")),
    "int8range[]": ("text[]", ("array['[1,2)']",)),
    "span": ("text", ("'[-0,Infinity]'",)),
    "datemultirange": (
        "text",
        ("'{[2026-01-01,infinity),[-infinity,2020-01-01)}'", "'{}'"),
    ),
    "regclass": ("text", ("'pg_class'", "0")),
    "tsvector": ("text", ("'''fat cat'':1A'",)),
    "jsonpath": ("text", ("'$.\"a\"[*] ? (@ > 1)'",)),
    "point": ("text", ("'(NaN,-Infinity)'",)),
    "polygon": ("text", ("'((0,0),(1e300,1))'",)),
}
# Their values may change although no row is written: such tables are read whole.
FLEETING = ("temper[]", "price[]", "pair", "pair[]", "span", "regclass")
# Reserved words, cases, quotes, format signs, and the names the loader itself uses.
NAMES = (
    "select", "user", "Mixed Case", 'a"b', "a%b", "%s", "%(a)s", "a.b", "{}", "{a}",
    "a'b", "a\\b", " ", "\n", "-- x", "name", "key", "old", "new", "stage", "hash",
    "number", "copies", "held", "staged", "row", "_row", "_stage", "xmin_", "columns",
    "ы" * 31, "😀" * 15,
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of the hostile table: its type in the source and in raw, its values."""

    name: str
    source_type: str
    raw_type: str
    values: Sequence[str]


def hostile_columns(skipped: Iterable[str] = ()) -> list[Column]:
    """Return a column for each type."""
    without = set(skipped)
    return [
        Column(f"c{number}", kind, raw or kind, values)
        for number, (kind, (raw, values)) in enumerate(TYPES.items())
        if kind not in without
    ]


def fill_hostile(columns: Sequence[Column], table: str = "leads") -> list[str]:
    """Return statements that make the table and give it every value, and NULLs."""
    definitions = ", ".join(f"{c.name} {c.source_type}" for c in columns)
    statements = [*EXTRAS, f"create table {table} (id int primary key, {definitions})"]
    rows = max(len(column.values) for column in columns)
    for number in range(rows + 1):
        chosen = [column for column in columns if number < len(column.values)]
        names = ", ".join(["id", *(column.name for column in chosen)])
        values = [f"({c.values[number]})::{c.source_type}" for c in chosen]
        row = ", ".join([str(number + 1), *values])
        statements.append(f"insert into {table} ({names}) values ({row})")
    return statements


def text_digest(url: str, table: str, columns: Iterable[str]) -> tuple[Any, ...]:
    """Count the rows of a relation and hash their text forms, on its own server."""
    texts = sql.SQL(", ").join(
        sql.SQL("cast({} as text)").format(sql.Identifier(column)) for column in columns
    )
    query = sql.SQL(
        "select count(*), md5(string_agg(hash, '' order by hash)) from (select "
        "md5(convert_to(cast(row({}) as text), 'UTF8')) as hash from {}) as rows"
    ).format(texts, sql.SQL(table))
    with psycopg.connect(url) as connection:
        connection.execute("set timezone = 'UTC'")
        row = connection.execute(query).fetchone()
    assert row is not None
    return row


def living(table: str) -> str:
    """Return the living rows of a raw table as a relation."""
    return f"(select * from raw.landing__{table} where _deleted_at is null) as living"


def assert_equal_texts(
    source_url: str, warehouse_url: str, columns: Mapping[str, Any], name: str = "leads"
) -> None:
    """Compare source and raw by the hashes that each server makes of its rows."""
    there = text_digest(source_url, name, columns)
    here = text_digest(warehouse_url, living(name), columns)
    assert here == there
