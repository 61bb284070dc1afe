"""One published table: its shape, its comments, and the merge of its candidate.

Which marts are published together, and whether at all, is decided in `publish.py`.
"""

from dataclasses import dataclass

from psycopg import sql

from pipelines.load.merge import Connection, names
from pipelines.marts import MartSpec


@dataclass(frozen=True)
class Relation:
    """A table as the warehouse has it: columns with types, and its key."""

    columns: dict[str, str]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """What one mart's merge changed, and what the mart holds now."""

    name: str
    schema: str
    inserted: int
    updated: int
    deleted: int
    rows: int
    content_hash: str


def find_relation(connection: Connection, schema: str, name: str) -> Relation | None:
    """Return the shape of a table, or None when there is none."""
    rows = connection.execute(_COLUMNS, {"schema": schema, "name": name}).fetchall()
    if not rows:
        return None
    places = sorted((place, column) for column, _, place in rows if place is not None)
    return Relation(
        columns={column: data_type for column, data_type, _ in rows},
        key=tuple(column for _, column in places),
    )


def merge_candidate(
    connection: Connection, mart: MartSpec, candidate: Relation
) -> Published:
    """Give a mart the content of its candidate, touching only what differs."""
    _shape_target(connection, mart, candidate)
    values = [name for name in candidate.columns if name not in mart.key]
    parts = {
        "target": mart.target,
        "candidate": mart.candidate,
        "columns": names(candidate.columns),
        "same_key": sql.SQL(" and ").join(
            sql.SQL("old.{name} = new.{name}").format(name=sql.Identifier(name))
            for name in mart.key
        ),
        "old": names(values, "old"),
        "new": names(values, "new"),
        "assignments": sql.SQL(", ").join(
            sql.SQL("{name} = new.{name}").format(name=sql.Identifier(name))
            for name in values
        ),
    }
    connection.execute(sql.SQL("analyze {}").format(mart.candidate))
    deleted = connection.execute(_DELETE.format(**parts)).rowcount
    updated = connection.execute(_UPDATE.format(**parts)).rowcount if values else 0
    inserted = connection.execute(_INSERT.format(**parts)).rowcount
    row = connection.execute(_CONTENT.format(**parts)).fetchone()
    count, content_hash = row or (0, "0")
    return Published(
        mart.name, mart.schema, inserted, updated, deleted, count, content_hash
    )


def _shape_target(connection: Connection, mart: MartSpec, candidate: Relation) -> None:
    """Create the published table like its candidate, or add the columns it lacks."""
    target = find_relation(connection, mart.schema, mart.name)
    if target is None:
        definitions = [_definition(*column) for column in candidate.columns.items()]
        definitions.append(sql.SQL("primary key ({})").format(names(mart.key)))
        statement = sql.SQL("create table {} ({})")
        create = statement.format(mart.target, sql.SQL(", ").join(definitions))
        connection.execute(create)
    else:
        for name, data_type in candidate.columns.items():
            if name not in target.columns:
                statement = sql.SQL("alter table {} add column {}")
                add = statement.format(mart.target, _definition(name, data_type))
                connection.execute(add)
    _comment(connection, mart)


def _definition(name: str, data_type: str) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(data_type))


def _comment(connection: Connection, mart: MartSpec) -> None:
    """Carry the descriptions over where they differ."""
    place = {"schema": mart.schema, "name": mart.name}
    held = {column: text for column, text in connection.execute(_COMMENTS, place)}
    wanted = [(None, mart.description), *mart.columns.items()]
    for column, text in wanted:
        if column not in held or (held[column] or "") == text:
            continue
        what = sql.SQL("table {}").format(mart.target)
        if column:
            path = sql.Identifier(mart.schema, mart.name, column)
            what = sql.SQL("column {}").format(path)
        statement = sql.SQL("comment on {} is {}").format(what, sql.Literal(text))
        connection.execute(statement)


_COLUMNS = """
select attribute.attname, format_type(attribute.atttypid, attribute.atttypmod),
    array_position(primary_key.indkey::int2[], attribute.attnum)
from pg_class as class
inner join pg_namespace as namespace on namespace.oid = class.relnamespace
inner join pg_attribute as attribute on attribute.attrelid = class.oid
left join pg_index as primary_key
    on primary_key.indrelid = class.oid and primary_key.indisprimary
where namespace.nspname = %(schema)s and class.relname = %(name)s
    and class.relkind in ('r', 'p') and attribute.attnum > 0
    and not attribute.attisdropped
order by attribute.attnum
"""
_COMMENTS = """
select attribute.attname, description.description
from pg_class as class
inner join pg_namespace as namespace on namespace.oid = class.relnamespace
left join pg_attribute as attribute
    on attribute.attrelid = class.oid and attribute.attnum > 0
    and not attribute.attisdropped
left join pg_description as description
    on description.objoid = class.oid and description.classoid = 'pg_class'::regclass
    and description.objsubid = attribute.attnum
where namespace.nspname = %(schema)s and class.relname = %(name)s
union all
select null, obj_description(class.oid, 'pg_class')
from pg_class as class
inner join pg_namespace as namespace on namespace.oid = class.relnamespace
where namespace.nspname = %(schema)s and class.relname = %(name)s
"""
_DELETE = sql.SQL("""
delete from {target} as old
where not exists (select from {candidate} as new where {same_key})
""")
# Rows are compared by their stored image: equal rows are not written again.
_UPDATE = sql.SQL("""
update {target} as old set {assignments} from {candidate} as new
where {same_key} and cast(row({old}) as record) *<> cast(row({new}) as record)
""")
_INSERT = sql.SQL("""
insert into {target} ({columns}) select {columns} from {candidate} as new
where not exists (select from {target} as old where {same_key})
""")
# Of the rows in any order; two editions with the same content have the same hash.
_CONTENT = sql.SQL("""
select count(*), to_hex(coalesce(
    bit_xor(hashtextextended(cast(row({columns}) as text), 0)), 0
))
from {target}
""")
