"""Loading what a large source table changed, and finding what vanished from it.

Changed rows are those written since the last load's watermark. A row that vanished
leaves no trace, so the keys of both sides are compared: first by digests of buckets,
then, where a bucket differs, key by key. The merge itself belongs to `merge.py`.
"""

from concurrent.futures import ThreadPoolExecutor

from psycopg import sql

from pipelines.errors import LoadRefused
from pipelines.key_digests import COARSE, FINE, Digests, bucket, query_digests
from pipelines.load.copying import Progress, Source, copy_in, pass_through
from pipelines.load.deletes import Deletions, Merged, Unexpected, mark_missing
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
    update_changed,
)
from pipelines.load.newest import newest_in_stage

LIVING = sql.SQL("_deleted_at is null")


def merge_changes(
    connection: Connection,
    raw: RawTable,
    source: Source,
    *,
    since: int,
    stamp: Stamp,
    deletions: Deletions,
    newest: str | None,
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
    with ThreadPoolExecutor(1) as side:
        # The source digests its keys while the warehouse merges and digests its own.
        offering = side.submit(source.digest_keys, _key_types(raw), COARSE)
        merged = LoadResult()
        if count:
            merged = _merge_stage(connection, raw, stamp, count)
        newest_read = newest_in_stage(connection, raw, newest) if count else None
        held = _digest_living(connection, raw, COARSE)
        offered = offering.result()
    drop_stage(connection)
    try:
        deleted, refused = _delete_vanished(
            connection,
            raw,
            source,
            stamp,
            deletions,
            held=held,
            offered=offered,
            inserted=merged.rows_inserted,
        )
    except Unexpected:
        return None
    return Merged(merged + LoadResult(rows_deleted=deleted), refused, newest_read)


def _merge_stage(
    connection: Connection, raw: RawTable, stamp: Stamp, count: int
) -> LoadResult:
    analyze_stage(connection, raw.key)
    updated = update_changed(connection, raw, stamp)
    inserted = insert_new(connection, raw, stamp)
    return LoadResult(count, inserted, updated)


def _delete_vanished(
    connection: Connection,
    raw: RawTable,
    source: Source,
    stamp: Stamp,
    deletions: Deletions,
    *,
    held: Digests,
    offered: Digests,
    inserted: int,
) -> tuple[int, LoadRefused | None]:
    """Find what raw holds and the source does not, and mark it as deleted."""
    buckets, differing = COARSE, _differing(held, offered)
    if len(differing) > COARSE / 4:
        buckets, differing = FINE, _compare(connection, raw, source, FINE)
    if not differing:
        return 0, None
    create_keys(connection, raw)
    chunks = source.copy_keys(_key_types(raw), buckets, differing)
    pass_through(connection, KEYS, raw.key, chunks)
    analyze_stage(connection, raw.key, KEYS)
    return mark_missing(
        connection,
        raw,
        stamp,
        deletions,
        living=_count(held) - inserted,
        is_emptied=not offered,
        scope=_in_buckets(raw, buckets, differing),
        stage=KEYS,
        expected=_count(held) - _count(offered),
    )


def _compare(
    connection: Connection, raw: RawTable, source: Source, buckets: int
) -> list[int]:
    """Digest the keys on both sides at once and return the buckets that differ."""
    with ThreadPoolExecutor(1) as side:
        offering = side.submit(source.digest_keys, _key_types(raw), buckets)
        held = _digest_living(connection, raw, buckets)
        return _differing(held, offering.result())


def _digest_living(connection: Connection, raw: RawTable, buckets: int) -> Digests:
    return query_digests(
        connection, raw.identifier, _key(raw), raw.columns, buckets, where=LIVING
    )


def _differing(held: Digests, offered: Digests) -> list[int]:
    return [
        number
        for number in sorted({*held, *offered})
        if held.get(number) != offered.get(number)
    ]


def _count(digests: Digests) -> int:
    return sum(count for count, _ in digests.values())


def _key(raw: RawTable, prefix: str | None = None) -> dict[str, sql.Composable]:
    parts = (prefix,) if prefix else ()
    return {name: sql.Identifier(*parts, name) for name in raw.key}


def _key_types(raw: RawTable) -> dict[str, str]:
    return {name: raw.columns[name] for name in raw.key}


def _in_buckets(raw: RawTable, buckets: int, wanted: list[int]) -> sql.Composed:
    return sql.SQL("{} in (select unnest({}))").format(
        bucket(_key(raw, "old"), raw.columns, buckets), sql.Literal(wanted)
    )
