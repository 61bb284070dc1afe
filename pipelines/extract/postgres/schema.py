"""What a source database has: its tables and columns, against what is declared.

Source schemas are made by hand and differ between environments: optional columns may be
missing, required ones may not, and what is undeclared stays where it is. Reading rows
belongs to `snapshot.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from pipelines.catalog import Table
from pipelines.column_types import portable_type
from pipelines.errors import AuthError, LoadRefused, SchemaChanged

# Below this a first load is merged like any other.
LARGE_TABLE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class SourceColumn:
    """A column of a source: its raw type, and whether it must be cast to get there."""

    name: str
    raw_type: str
    is_native: bool
    is_readable: bool


@dataclass(frozen=True)
class SourceTable:
    """A table or view that a source has under one of its declared names."""

    schema: str
    name: str
    kind: str
    size_bytes: int
    hides_rows: bool
    key: tuple[str, ...]
    columns: Mapping[str, SourceColumn] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """A declared table found in its source: what is read and what is not."""

    table: Table
    source: SourceTable
    present: tuple[SourceColumn, ...]
    missing: tuple[str, ...]
    undeclared: tuple[str, ...]

    @property
    def types(self) -> dict[str, str]:
        """Return the raw type of each column that can be read."""
        return {column.name: column.raw_type for column in self.present}

    @property
    def is_unique(self) -> bool:
        """Tell whether the source itself forbids duplicates of the declared key."""
        return bool(self.source.key) and self.source.key == self.table.key

    @property
    def is_large(self) -> bool:
        return self.source.size_bytes >= LARGE_TABLE_BYTES

    @property
    def warnings(self) -> tuple[str, ...]:
        """Name the columns that somebody should declare, or exclude by name."""
        if not self.undeclared:
            return ()
        return (f"undeclared columns (not loaded): {', '.join(self.undeclared)}",)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say in what this environment differs from others without any harm."""
        found = []
        if self.source.name != self.table.source_table:
            found.append(f"found under the name {self.source.name}")
        if self.missing:
            found.append(f"missing columns (loaded as NULL): {', '.join(self.missing)}")
        return tuple(found)

    def select(self, types: Mapping[str, str]) -> sql.Composed:
        """Compose the query that yields columns in the order and the types wanted."""
        present = {column.name: column for column in self.present}
        columns = [_expression(present[name], wanted) for name, wanted in types.items()]
        return sql.SQL("select {} from {}").format(
            sql.SQL(", ").join(columns),
            sql.Identifier(self.source.schema, self.source.name),
        )


def _expression(column: SourceColumn, wanted: str) -> sql.Composable:
    expression: sql.Composable = sql.Identifier(column.name)
    if not column.is_native:
        expression = _cast(expression, column.raw_type)
    if wanted != column.raw_type:
        expression = _cast(expression, wanted)
    return expression


def _cast(expression: sql.Composable, data_type: str) -> sql.Composed:
    return sql.SQL("cast({} as {})").format(expression, sql.SQL(data_type))


def inspect(
    connection: psycopg.Connection[Any], names: Iterable[str]
) -> dict[str, SourceTable]:
    """Look up all names that the search path shows, in one query."""
    found: dict[str, SourceTable] = {}
    columns: dict[str, dict[str, SourceColumn]] = {}
    keys: dict[str, dict[int, str]] = {}
    for row in connection.execute(_INSPECT, {"names": sorted(set(names))}):
        schema, name, kind, size, hides_rows = row[:5]
        column, data_type, is_builtin, is_domain, is_readable, place = row[5:]
        if name not in found:
            columns[name], keys[name] = {}, {}
            found[name] = SourceTable(
                schema, name, kind, size or 0, hides_rows, (), columns[name]
            )
        raw_type = portable_type(data_type, is_builtin=is_builtin)
        is_native = raw_type == data_type and is_builtin and not is_domain
        columns[name][column] = SourceColumn(column, raw_type, is_native, is_readable)
        if place is not None:
            keys[name][place] = column
    return {
        name: SourceTable(
            **{**vars(table), "key": tuple(keys[name][n] for n in sorted(keys[name]))}
        )
        for name, table in found.items()
    }


def match(table: Table, found: Mapping[str, SourceTable]) -> Match | None:
    """Compare a declaration with its source; None when the source has no such table.

    Raises when a required column is missing, the table may not be read, or row security
    would hide rows without saying so.
    """
    source = next((found[name] for name in table.source_names if name in found), None)
    if source is None:
        return None
    _refuse_unreadable(table, source)
    columns = source.columns
    missing = [
        column
        for column in table.columns
        if column.name not in columns or not columns[column.name].is_readable
    ]
    needed = [
        column.name for column in missing if column.required or column.name in table.key
    ]
    if needed:
        raise SchemaChanged(
            f"the source has no column {', '.join(needed)} that may be read",
            system=table.system,
            table=table.table,
            remedy="bring it back or grant it, or change the declaration in the "
            "sources YAML; what was loaded before stays",
        )
    known = {*table.column_names, *table.excluded}
    absent = {column.name for column in missing}
    return Match(
        table=table,
        source=source,
        present=tuple(
            columns[name] for name in table.column_names if name not in absent
        ),
        missing=tuple(column.name for column in missing),
        undeclared=tuple(sorted(set(columns) - known)),
    )


def _refuse_unreadable(table: Table, source: SourceTable) -> None:
    if not any(column.is_readable for column in source.columns.values()):
        raise AuthError(
            "the role of the connection may not read it",
            system=table.system,
            table=table.table,
            remedy=f"grant select on {source.schema}.{source.name} to that role",
        )
    if source.hides_rows:
        raise LoadRefused(
            "row security hides rows from the role of the connection",
            system=table.system,
            table=table.table,
            remedy="give the role BYPASSRLS or a policy `for select using (true)`",
        )


_INSPECT = """
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
        class.oid, class.relname, class.relkind, namespace.nspname,
        case when class.relkind in ('r', 'm') then pg_table_size(class.oid) end as size,
        row_security_active(class.oid) and not exists (
            select from pg_policy as policy
            where policy.polrelid = class.oid and policy.polpermissive
                and policy.polcmd in ('r', '*')
                and pg_get_expr(policy.polqual, policy.polrelid) = 'true'
                and (
                    policy.polroles = array[0::oid] or exists (
                        select from unnest(policy.polroles) as member (role)
                        where pg_has_role(member.role, 'usage')
                    )
                )
                and not exists (
                    select from pg_policy as other
                    where other.polrelid = class.oid and not other.polpermissive
                )
        ) as hides_rows
    from pg_class as class
    inner join pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.relname = any(%(names)s) and class.relkind in ('r', 'p', 'v', 'm', 'f')
        and namespace.nspname not in ('pg_catalog', 'information_schema')
        and pg_table_is_visible(class.oid)
)

select
    relation.nspname, relation.relname, relation.relkind::text, relation.size,
    relation.hides_rows, attribute.attname,
    format_type(
        coalesce(resolved.base, type.oid),
        coalesce(resolved.modifier, attribute.atttypmod)
    ),
    coalesce(base.typnamespace, type.typnamespace) = 'pg_catalog'::regnamespace,
    resolved.oid is not null,
    has_column_privilege(relation.oid, attribute.attnum, 'select'),
    array_position(primary_key.indkey::int2[], attribute.attnum)
from relation
inner join pg_attribute as attribute on attribute.attrelid = relation.oid
inner join pg_type as type on type.oid = attribute.atttypid
left join resolved on resolved.oid = type.oid
left join pg_type as base on base.oid = resolved.base
left join pg_index as primary_key
    on primary_key.indrelid = relation.oid and primary_key.indisprimary
where attribute.attnum > 0 and not attribute.attisdropped
order by relation.oid, attribute.attnum
"""
