"""Views over a raw table, which hold back a change of its columns.

dbt builds its own anew each time, so those may go; what others made stays.
"""

from psycopg import errors, sql

from pipelines.load.merge import Connection

# What dbt builds anew each time: a view there never holds back a raw table.
REBUILT_SCHEMAS = ("staging", "intermediate", "candidate")


def drop_dependent_views(connection: Connection, schema: str, table: str) -> list[str]:
    """Drop the views over a table that dbt rebuilds anyway; name all the others.

    Types of a table cannot change under a view. The next dbt build makes them again.
    Nothing is dropped when a view, or something else that uses one, is not dbt's.
    """
    views = connection.execute(_VIEWS, {"schema": schema, "table": table}).fetchall()
    others = [
        f"{owner}.{name}" for owner, name, _ in views if owner not in REBUILT_SCHEMAS
    ]
    if others or not views:
        return others
    try:
        with connection.transaction():
            for owner, name, kind in views:
                statement = sql.SQL("drop {} {}")
                view = sql.SQL("materialized view" if kind == "m" else "view")
                connection.execute(statement.format(view, sql.Identifier(owner, name)))
    except errors.DependentObjectsStillExist:
        return [f"something that uses {owner}.{name}"]
    return []


# Those that others stand on come last.
_VIEWS = """
with recursive dependent (oid, depth) as (
    select format('%%I.%%I', %(schema)s::text, %(table)s::text)::regclass::oid, 0
    union
    select rewrite.ev_class, dependent.depth + 1
    from dependent
    inner join pg_depend as dependency
        on dependency.refobjid = dependent.oid
        and dependency.refclassid = 'pg_class'::regclass
        and dependency.classid = 'pg_rewrite'::regclass
    inner join pg_rewrite as rewrite
        on rewrite.oid = dependency.objid and rewrite.ev_class <> dependent.oid
)
select namespace.nspname, class.relname, class.relkind::text
from dependent
inner join pg_class as class on class.oid = dependent.oid
inner join pg_namespace as namespace on namespace.oid = class.relnamespace
where class.relkind in ('v', 'm')
group by namespace.nspname, class.relname, class.relkind
order by max(dependent.depth) desc
"""
