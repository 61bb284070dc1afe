"""Whether what was read is what the snapshot saw: storage, name, members, policies.

A snapshot fixes rows, not definitions: a statement reads the tables that names, views
and partitions lead to as of now. What was truncated, rewritten, or put in their place
since the snapshot holds none of the rows that it should see.
"""

from typing import Any

import psycopg
from psycopg import sql

from pipelines.errors import SourceUnreachable
from pipelines.extract.postgres.faults import hidden_rows
from pipelines.extract.postgres.matching import Match


def refuse_replaced(connection: psycopg.Connection[Any], match: Match) -> None:
    """Refuse a table just read if it, or what lies beneath it, is not what it was.

    Reading has locked all of it, so nobody rewrites or detaches it any more.
    """
    source = match.source
    row = connection.execute(
        _REPLACED,
        {
            "oid": source.oid,
            "schema": source.schema,
            "name": source.name,
            "members": list(source.members),
        },
    ).fetchone()
    assert row is not None
    is_rewritten, is_replaced = row
    if is_rewritten or is_replaced:
        what = "truncated or rewritten" if is_rewritten else "replaced"
        raise SourceUnreachable(
            f"the table, or one beneath it, was {what} while the database was read",
            system=match.table.system,
            table=match.table.table,
            remedy="run again",
        )


def refuse_filtered(connection: psycopg.Connection[Any], match: Match) -> None:
    """Refuse a secured table if its policies, as of now, let not every row pass.

    Those that the inspection saw did; only a plan tells of later ones. The plan of a
    view has conditions of its own, so policies beneath it are those of the snapshot.
    """
    if match.source.kind not in ("r", "p"):
        return
    statement = sql.SQL("explain (format json, costs off) select {} from {}").format(
        sql.Identifier(match.present[0].name), match.relation
    )
    row = connection.execute(statement).fetchone()
    assert row is not None
    if _has_condition(row[0]):
        raise hidden_rows(match.table.system, match.table.table)


def _has_condition(plan: object) -> bool:
    if isinstance(plan, list):
        return any(_has_condition(part) for part in plan)
    return isinstance(plan, dict) and any(
        name.endswith(("Filter", "Cond")) or _has_condition(part)
        for name, part in plan.items()
    )


# Catalog rows are of the snapshot's moment; locks and these functions are as of now.
# What is locked is what was read, through views and functions too.
_REPLACED = """
with recursive locked as materialized (
    select distinct relation as oid
    from pg_locks
    where pid = pg_backend_pid() and locktype = 'relation' and relation >= 16384
        and database = (
            select oid from pg_database where datname = current_database()
        )
),

partitioned as materialized (
    select class.oid
    from locked
    inner join pg_class as class on class.oid = locked.oid
    where class.relkind = 'p' and not class.relispartition
),

partition (root, oid) as (
    select oid, oid from partitioned
    union
    select partition.root, inherits.inhrelid
    from partition
    inner join pg_inherits as inherits on inherits.inhparent = partition.oid
)

select
    exists (
        select
        from locked
        inner join pg_class as class on class.oid = locked.oid
        where class.relkind in ('r', 'm') and class.relfilenode <> 0
            and pg_relation_filenode(class.oid) is distinct from class.relfilenode
    ),
    to_regclass(format('%%I.%%I', %(schema)s::text, %(name)s::text))
        is distinct from %(oid)s::oid::regclass
    or exists (select unnest(%(members)s::oid[]) except select oid from locked)
    or exists (
        select root, oid from partition
        except
        select partitioned.oid, tree.relid
        from partitioned cross join pg_partition_tree(partitioned.oid) as tree
    )
    -- New to the snapshot: a view reads it now. Indexes and partitions do no harm.
    or exists (
        select from locked
        where not exists (select from pg_class where pg_class.oid = locked.oid)
            and pg_get_indexdef(locked.oid) is null
            and pg_partition_root(locked.oid) is null
            and locked.oid::regclass::text not like 'pg_toast.%%'
    )
"""
