"""What a source database has: its tables and columns, by one look at its catalog.

How that fits to what is declared belongs to `matching.py`, reading rows to
`snapshot.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from pipelines.column_types import portable_type
from pipelines.extract.postgres.row_security import SECURITY


@dataclass(frozen=True)
class SourceColumn:
    """A column of a source: its raw type, and whether it must be cast to get there.

    `form` is whatever decides how a stored value reads (type, labels of an enum, place
    in the row); None if a value may change although no row was written.
    """

    name: str
    raw_type: str
    is_native: bool
    is_readable: bool
    form: str | None = ""


@dataclass(frozen=True)
class SourceTable:
    """A table or view that a source has under one of its declared names.

    `members` are the oids of the relation and of all that it reads through inheritance
    or partitions; `rows` is the planner's estimate. `has_xmin` tells that each row
    names the transaction that wrote it, and that it may be read. Row security that
    applies to the reader (or to the owner of a view) makes it `is_secured`; it
    `hides_rows` unless policies let every row pass. A view that `calls_secured` calls
    functions then, of which nobody can say what row security hides from them.
    """

    schema: str
    name: str
    kind: str
    size_bytes: int
    hides_rows: bool
    key: tuple[str, ...]
    oid: int = 0
    rows: int = 0
    members: tuple[int, ...] = ()
    has_xmin: bool = False
    is_secured: bool = False
    calls_secured: bool = False
    columns: Mapping[str, SourceColumn] = field(default_factory=dict)


def inspect(
    connection: psycopg.Connection[Any], names: Iterable[str]
) -> dict[str, SourceTable]:
    """Look up all names that the search path shows, in one query."""
    found: dict[str, SourceTable] = {}
    columns: dict[str, dict[str, SourceColumn]] = {}
    keys: dict[str, dict[int, str]] = {}
    for row in connection.execute(_INSPECT, {"names": sorted(set(names))}):
        (oid, schema, name, kind, size, rows, members, has_xmin) = row[:8]
        (hides_rows, is_secured, calls_secured, column, data_type) = row[8:13]
        (is_builtin, is_domain, is_readable, place, form) = row[13:]
        if name not in found:
            columns[name], keys[name] = {}, {}
            found[name] = SourceTable(
                schema,
                name,
                kind,
                size or 0,
                hides_rows,
                (),
                oid=oid,
                rows=rows or 0,
                members=tuple(members),
                has_xmin=has_xmin,
                is_secured=is_secured,
                calls_secured=calls_secured,
                columns=columns[name],
            )
        raw_type = portable_type(data_type, is_builtin=is_builtin)
        is_native = raw_type == data_type and is_builtin and not is_domain
        columns[name][column] = SourceColumn(
            column, raw_type, is_native, is_readable, form
        )
        if place is not None:
            keys[name][place] = column
    return {
        name: replace(table, key=tuple(keys[name][n] for n in sorted(keys[name])))
        for name, table in found.items()
    }


_RELATIONS = """
with recursive domain (oid, base, modifier) as (
    select oid, typbasetype, typtypmod from pg_type where typtype = 'd'
    union all
    select domain.oid, type.typbasetype, greatest(domain.modifier, type.typtypmod)
    from domain
    inner join pg_type as type on type.oid = domain.base and type.typtype = 'd'
),

resolved as (
    select domain.oid, domain.base, domain.modifier
    from domain
    inner join pg_type as type on type.oid = domain.base and type.typtype <> 'd'
),

relation as (
    select
        class.oid, class.relname, class.relkind, namespace.nspname
    from pg_class as class
    inner join pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.relname = any(%(names)s) and class.relkind in ('r', 'p', 'v', 'm', 'f')
        and namespace.nspname not in ('pg_catalog', 'information_schema')
        and pg_table_is_visible(class.oid)
),
"""
_COLUMNS = """,

member (root, oid) as (
    select oid, oid from relation
    union
    select member.root, inherits.inhrelid
    from member
    inner join pg_inherits as inherits on inherits.inhparent = member.oid
),

-- Estimates, for asking a file's size waits for whoever alters the table. A table that
-- nobody analysed has only the counter of its writes: a row is a hundred bytes then.
storage as (
    select
        member.root,
        array_agg(class.oid::bigint order by class.oid) as members,
        sum(
            greatest(
                class.relpages * current_setting('block_size')::bigint,
                pg_stat_get_live_tuples(class.oid) * 100
            )
        )::bigint as size,
        sum(greatest(class.reltuples, pg_stat_get_live_tuples(class.oid), 0))::bigint
            as rows,
        bool_and(class.relkind = 'p' or class.relkind = 'r' and access.amname = 'heap')
            as is_heap
    from member
    inner join pg_class as class on class.oid = member.oid
    left join pg_am as access on access.oid = class.relam
    group by member.root
),

-- Where the parts of a table keep a column: one that is dropped and added again, with a
-- default that no row was written for, has another place there.
parts as (
    select
        member.root, attribute.attname,
        md5(
            array_agg(
                array[
                    attribute.attrelid::bigint, attribute.attnum,
                    attribute.atttypid::bigint, attribute.atttypmod
                ]
                order by attribute.attrelid
            )::text
        ) as places
    from member
    inner join pg_attribute as attribute on attribute.attrelid = member.oid
    where member.oid <> member.root
        and attribute.attnum > 0 and not attribute.attisdropped
    group by member.root, attribute.attname
)

select
    relation.oid::bigint, relation.nspname, relation.relname, relation.relkind::text,
    storage.size, storage.rows, storage.members,
    storage.is_heap and has_column_privilege(relation.oid, -2::int2, 'select'),
    coalesce(not secured.is_open, false), secured.root is not null,
    secured.root is not null and exists (
        select from calling where calling.root = relation.oid
    ),
    attribute.attname,
    format_type(
        coalesce(resolved.base, type.oid),
        coalesce(resolved.modifier, attribute.atttypmod)
    ),
    coalesce(base.typnamespace, type.typnamespace) = 'pg_catalog'::regnamespace,
    resolved.oid is not null,
    has_column_privilege(relation.oid, attribute.attnum, 'select'),
    array_position(
        (primary_key.indkey::int2[])[:primary_key.indnkeyatts - 1], attribute.attnum
    ),
    case
        when attribute.attgenerated = 'v'
            or element.typname like 'reg%%'
            or element.typtype not in ('b', 'e')
            and element.typnamespace <> 'pg_catalog'::regnamespace
            then null
        else concat_ws(
            ' ', attribute.attnum, attribute.atttypid, attribute.atttypmod,
            (
                select md5(array_agg(label.enumlabel order by label.oid)::text)
                from pg_enum as label where label.enumtypid = element.oid
            ),
            parts.places
        )
    end
from relation
inner join storage on storage.root = relation.oid
left join secured on secured.root = relation.oid
inner join pg_attribute as attribute on attribute.attrelid = relation.oid
inner join pg_type as type on type.oid = attribute.atttypid
left join resolved on resolved.oid = type.oid
left join pg_type as base on base.oid = resolved.base
left join pg_type as element on element.oid = coalesce(
    nullif(coalesce(base.typelem, type.typelem), 0), base.oid, type.oid
)
left join pg_index as primary_key
    on primary_key.indrelid = relation.oid and primary_key.indisprimary
    and primary_key.indisvalid
left join parts on parts.root = relation.oid and parts.attname = attribute.attname
where attribute.attnum > 0 and not attribute.attisdropped
order by relation.oid, attribute.attnum
"""
_INSPECT = f"{_RELATIONS}{SECURITY}{_COLUMNS}"
