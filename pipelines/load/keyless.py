"""Loading a table without a key: its rows as a multiset, replaced where they differ.

Rows that are still there are not touched. A row that vanished is removed, not marked:
without a key nothing could ever revive it.
"""

from collections.abc import Iterable

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

    When suspiciously many are not staged any more, nothing changes at all.
    """
    if not deletions.are_expected(is_emptied=not staged):
        refused = mass_delete(
            raw,
            count_missing(connection, raw),
            count_living(connection, raw),
            may_empty=staged > 0,
        )
        if refused:
            return Merged(LoadResult(rows_read=staged), refused)
    parts = {
        "raw": raw.identifier,
        "stage": STAGE,
        "columns": names(raw.columns),
        "gone": _surplus(_living(raw), STAGE, raw.columns),
        "new": _surplus(STAGE, _living(raw), raw.columns),
        **stamp.parts,
    }
    deleted = connection.execute(_DELETE.format(**parts)).rowcount
    inserted = connection.execute(_INSERT.format(**parts)).rowcount
    return Merged(LoadResult(staged, rows_inserted=inserted, rows_deleted=deleted))


def count_missing(connection: Connection, raw: RawTable) -> int:
    """Count the rows that are not staged any more.

    A column that one side does not fill is left out: where it came or went with this
    load, it changed every row and replaced none.
    """
    missing = _count_missing(connection, raw, raw.columns)
    if not missing:
        return 0
    held = _filled(connection, _living(raw), raw.columns)
    offered = _filled(connection, STAGE, raw.columns)
    shared = [name for name in raw.columns if name in held and name in offered]
    if not shared or len(shared) == len(raw.columns):
        return missing
    return _count_missing(connection, raw, shared)


def _count_missing(
    connection: Connection, raw: RawTable, columns: Iterable[str]
) -> int:
    gone = _surplus(_living(raw), STAGE, columns)
    statement = sql.SQL("select count(*) from ({}) as gone").format(gone)
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def _filled(
    connection: Connection, table: sql.Composable, columns: Iterable[str]
) -> set[str]:
    """Return the columns that hold any value."""
    columns = list(columns)
    counts = sql.SQL(", ").join(
        sql.SQL("count({})").format(sql.Identifier(column)) for column in columns
    )
    statement = sql.SQL("select {} from {}").format(counts, table)
    row = connection.execute(statement).fetchone() or ()
    return {column for column, count in zip(columns, row, strict=True) if count}


def _living(raw: RawTable) -> sql.Composed:
    # While the table had a key, rows that vanished were marked.
    return sql.SQL("{} where _deleted_at is null").format(raw.identifier)


def _surplus(
    table: sql.Composable, other: sql.Composable, columns: Iterable[str]
) -> sql.Composed:
    return _SURPLUS.format(table=table, other=other, columns=names(columns))


# Where the rows of one table lie that the other does not have, or not as often. No name
# of ours stands beside the names of a source, so they may be called alike.
_SURPLUS = sql.SQL("""
select mine.place
from (
    select place, hash, row_number() over (partition by hash) as copy
    from (
        select ctid as place, md5(cast(row({columns}) as text)) as hash from {table}
    ) as hashed
) as mine
left join (
    select md5(cast(row({columns}) as text)), count(*) from {other} group by 1
) as theirs (hash, copies) on theirs.hash = mine.hash
where mine.copy > coalesce(theirs.copies, 0)
""")
_DELETE = sql.SQL("delete from {raw} where ctid in ({gone})")
_INSERT = sql.SQL("""
insert into {raw} ({columns}, _loaded_at, _run_id)
select {columns}, {at}, {run_id} from {stage} where ctid in ({new})
""")
