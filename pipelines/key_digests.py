"""Digests of keys, computed alike in a source and in the warehouse.

Two sets of keys are compared by a count and a digest for each bucket; only buckets that
differ need their keys compared. Both servers compute the digest of the same raw types
with the same functions (PostgreSQL 14 and later); if some server hashed otherwise, all
buckets would differ, and the comparison would be slower, not wrong.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from pipelines.column_types import INTEGERS

# Coarse buckets find out that something vanished, fine ones where, when much did.
COARSE = 4096
FINE = 32_768
OLDEST_VERSION = 140_000
EVERYTHING = sql.SQL("true")
# Keys are compared by their text forms, which must not depend on the settings of a role
# or a database: both sides set these.
TEXT_FORMS = """
set local timezone = 'UTC';
set local datestyle = 'ISO, MDY';
set local intervalstyle = 'postgres';
set local bytea_output = 'hex';
set local extra_float_digits = 1
"""
# For each bucket the number of its keys and their digest.
Digests = dict[int, tuple[int, int]]


def bucket(
    columns: Mapping[str, sql.Composable], types: Mapping[str, str], buckets: int
) -> sql.Composed:
    """Compose the bucket of a key: its columns in key order, and their raw types."""
    return sql.SQL("cast({hash} & {mask} as integer)").format(
        hash=_hash(columns, types), mask=sql.Literal(buckets - 1)
    )


def query_digests(
    connection: psycopg.Connection[Any],
    relation: sql.Composable,
    columns: Mapping[str, sql.Composable],
    types: Mapping[str, str],
    buckets: int,
    *,
    where: sql.Composable = EVERYTHING,
) -> Digests:
    """Count and digest the keys of a relation by bucket."""
    query = sql.SQL(
        "select cast(hash & {mask} as integer), count(*), bit_xor(hash) "
        "from (select {hash} as hash from {relation} where {where} offset 0) as keys "
        "group by 1"
    ).format(
        mask=sql.Literal(buckets - 1),
        hash=_hash(columns, types),
        relation=relation,
        where=where,
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def _hash(
    columns: Mapping[str, sql.Composable], types: Mapping[str, str]
) -> sql.Composable:
    """Chain the columns of a key: the hash of one seeds the next."""
    hashed: sql.Composable = sql.SQL("0")
    for name, column in columns.items():
        if types[name] == "uuid":
            function, value = "uuid_hash_extended({}, {})", column
        elif types[name] in INTEGERS:
            function = "hashint8extended(cast({} as bigint), {})"
            value = column
        else:
            function = 'hashtextextended(cast({} as text) collate "C", {})'
            value = column
        hashed = sql.SQL(function).format(value, hashed)
    return hashed
