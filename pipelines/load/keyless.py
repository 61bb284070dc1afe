"""Loading a table without a key: its rows as a multiset, replaced where they differ.

Rows that are still there are not touched. A row that vanished is removed, not marked:
without a key nothing could ever revive it.
"""

from psycopg import sql

from pipelines.load.deletes import Deletions, Merged
from pipelines.load.guards import mass_delete
from pipelines.load.log import LoadResult
from pipelines.load.merge import STAGE, Connection, RawTable, Stamp, count_living, names


def replace(
    connection: Connection,
    raw: RawTable,
    stamp: Stamp,
    staged: int,
    deletions: Deletions,
) -> Merged:
    """Remove the rows that are not staged any more, insert those that are new.

    When far fewer rows are staged than are held, nothing changes at all.
    """
    living = count_living(connection, raw)
    missing = living - staged
    if missing > 0 and not deletions.are_expected(is_emptied=not staged):
        refused = mass_delete(raw, missing, living)
        if refused:
            return Merged(LoadResult(rows_read=staged), refused)
    parts = {
        "raw": raw.identifier,
        "stage": STAGE,
        "columns": names(raw.columns),
        **stamp.parts,
    }
    deleted = connection.execute(_DELETE.format(**parts)).rowcount
    inserted = connection.execute(_INSERT.format(**parts)).rowcount
    return Merged(LoadResult(staged, rows_inserted=inserted, rows_deleted=deleted))


# No column of a source may be called like our own.
_DELETE = sql.SQL("""
with held as (
    select ctid, _row_hash, row_number() over (partition by _row_hash) as _row_copy
    from (
        select ctid, md5(cast(row({columns}) as text)) as _row_hash from {raw}
    ) as rows
),

staged as (
    select md5(cast(row({columns}) as text)) as _row_hash, count(*) as _row_copies
    from {stage} group by 1
)

delete from {raw} where ctid in (
    select held.ctid from held
    left join staged on staged._row_hash = held._row_hash
    where held._row_copy > coalesce(staged._row_copies, 0)
)
""")
_INSERT = sql.SQL("""
with staged as (
    select {columns}, _row_hash, row_number() over (partition by _row_hash) as _row_copy
    from (
        select {columns}, md5(cast(row({columns}) as text)) as _row_hash from {stage}
    ) as rows
),

held as (
    select md5(cast(row({columns}) as text)) as _row_hash, count(*) as _row_copies
    from {raw} group by 1
)

insert into {raw} ({columns}, _loaded_at, _run_id)
select {columns}, {at}, {run_id} from staged
left join held using (_row_hash)
where staged._row_copy > coalesce(held._row_copies, 0)
""")
