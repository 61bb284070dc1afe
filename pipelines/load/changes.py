"""Loading what a large source table changed, and finding what vanished from it.

Changed rows are those written since the last load's watermark. A row that vanished
leaves no trace, so the keys of both sides are compared: first by digests of buckets,
then, where a bucket differs, key by key. The merge itself belongs to `merge.py`.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from psycopg import sql

from pipelines.key_digests import Digests, bucket, query_digests
from pipelines.load.copying import Progress, Source, copy_in, pass_through
from pipelines.load.deletes import Deletions, Merged, mark_missing
from pipelines.load.log import LoadResult
from pipelines.load.merge import (
    KEYS,
    STAGE,
    Connection,
    RawTable,
    Stamp,
    analyze_stage,
    create_keys,
    create_stage,
    drop_stage,
    insert_new,
    same_key,
    update_changed,
)

LIVING = sql.SQL("_deleted_at is null")


def merge_changes(
    connection: Connection,
    raw: RawTable,
    source: Source,
    *,
    since: int,
    stamp: Stamp,
    deletions: Deletions,
    on_progress: Progress | None,
) -> Merged | None:
    """Merge the rows written since a watermark, mark those that vanished as deleted.

    Returns None when the source has rows that came without being written (an attached
    partition): then it has to be read whole.
    """
    create_stage(connection, raw)
    count = copy_in(
        connection, STAGE, raw, source, since=since, on_progress=on_progress
    )
    types = {name: raw.columns[name] for name in raw.key}
    with ThreadPoolExecutor(1) as side:
        # The source digests its keys while the warehouse merges and digests its own.
        offered = side.submit(source.digest_keys, types)
        updated = inserted = 0
        if count:
            analyze_stage(connection, raw.key)
            updated = update_changed(connection, raw, stamp)
            inserted = insert_new(connection, raw, stamp)
        held = query_digests(connection, raw.identifier, _key(raw), types, where=LIVING)
        there = offered.result()
    differing = _differing(held, there)
    drop_stage(connection)
    result = LoadResult(count, inserted, updated)
    if not differing:
        return Merged(result)
    stage_keys(connection, raw, source, differing)
    if _lacks_keys(connection, raw):
        drop_stage(connection, KEYS)
        return None
    living = sum(count for count, _ in held.values())
    deleted, refused = mark_missing(
        connection,
        raw,
        stamp,
        deletions,
        living=living - inserted,
        is_emptied=not there,
        scope=_in_buckets(raw, differing),
        stage=KEYS,
    )
    drop_stage(connection, KEYS)
    return Merged(LoadResult(count, inserted, updated, deleted), refused)


def stage_keys(
    connection: Connection, raw: RawTable, source: Source, buckets: Iterable[int]
) -> None:
    """Stage the source's keys of some buckets."""
    types = {name: raw.columns[name] for name in raw.key}
    create_keys(connection, raw)
    pass_through(connection, KEYS, raw.key, source.copy_keys(types, buckets))
    analyze_stage(connection, raw.key, KEYS)


def _differing(held: Digests, offered: Digests) -> list[int]:
    return [
        number
        for number in sorted({*held, *offered})
        if held.get(number) != offered.get(number)
    ]


def _key(raw: RawTable, prefix: str | None = None) -> dict[str, sql.Composable]:
    parts = (prefix,) if prefix else ()
    return {name: sql.Identifier(*parts, name) for name in raw.key}


def _in_buckets(raw: RawTable, buckets: list[int]) -> sql.Composed:
    return sql.SQL("{} in (select unnest({}))").format(
        bucket(_key(raw, "old"), raw.columns), sql.Literal(buckets)
    )


def _lacks_keys(connection: Connection, raw: RawTable) -> bool:
    """Tell whether the source has a key that raw does not hold as living."""
    statement = sql.SQL(
        "select exists (select from {keys} as new where not exists ("
        "select from {raw} as old where old._deleted_at is null and {same_key}))"
    ).format(keys=KEYS, raw=raw.identifier, same_key=same_key(raw.key))
    row = connection.execute(statement).fetchone()
    return bool(row and row[0])
