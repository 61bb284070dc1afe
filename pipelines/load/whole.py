"""Loading a table whole: straight when raw is empty, else staged and compared.

Reading only what changed belongs to `changes.py`.
"""

from pipelines.load import keyless
from pipelines.load.copying import Progress, Source, copy_in, fill
from pipelines.load.deletes import Deletions, Merged, mark_missing
from pipelines.load.guards import other_source, refuse_bad_keys
from pipelines.load.log import LoadResult
from pipelines.load.merge import (
    STAGE,
    Connection,
    RawTable,
    Stamp,
    analyze_stage,
    count_living,
    count_missing,
    create_stage,
    drop_stage,
    insert_new,
    is_empty,
    update_changed,
)
from pipelines.load.newest import newest_in_raw, newest_in_stage


def merge_whole(
    connection: Connection,
    raw: RawTable,
    source: Source,
    *,
    stamp: Stamp,
    deletions: Deletions,
    suspicion: str | None = None,
    newest: str | None = None,
    on_progress: Progress | None,
) -> Merged:
    """Make a raw table equal to its source by reading all of it.

    A `suspicion` says why the source may be another one than before; then nothing is
    changed when rows are missing, or the `newest` column shows an older state.
    """
    if raw.key and source.is_large and is_empty(connection, raw):
        count, read = fill(
            connection,
            raw,
            source,
            stamp=stamp,
            newest=newest,
            on_progress=on_progress,
        )
        result = LoadResult(rows_read=count, rows_inserted=count)
        return Merged(result, newest_read=read)
    create_stage(connection, raw)
    count = copy_in(connection, STAGE, raw, source, on_progress=on_progress)
    if raw.key and not source.is_unique:
        refuse_bad_keys(connection, raw)
    if raw.key:
        analyze_stage(connection, raw.key)
    if suspicion:
        _refuse_another(connection, raw, suspicion, newest)
    if raw.key:
        merged = _merge(connection, raw, stamp, count, deletions)
    else:
        merged = keyless.replace(connection, raw, stamp, count, deletions)
    drop_stage(connection)
    return merged


def _merge(
    connection: Connection,
    raw: RawTable,
    stamp: Stamp,
    staged: int,
    deletions: Deletions,
) -> Merged:
    living = count_living(connection, raw)
    updated = update_changed(connection, raw, stamp)
    inserted = insert_new(connection, raw, stamp)
    deleted, refused = mark_missing(
        connection, raw, stamp, deletions, living=living, is_emptied=not staged
    )
    return Merged(LoadResult(staged, inserted, updated, deleted), refused)


def _refuse_another(
    connection: Connection,
    raw: RawTable,
    suspicion: str,
    newest: str | None,
) -> None:
    count = count_missing if raw.key else keyless.count_missing
    refused = other_source(
        raw,
        suspicion,
        missing=count(connection, raw),
        living=count_living(connection, raw),
        newest_held=newest_in_raw(connection, raw, newest),
        newest_offered=newest_in_stage(connection, raw, newest),
    )
    if refused:
        raise refused
