"""Entities into raw: the newest content is current, each content is kept as a version.

The rule is monotone: an answer that is older than what is stored (a slow request, a
re-read that was overtaken) changes nothing. The caller's transaction holds it all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from psycopg import sql

from pipelines.ingest.amocrm.load import Via
from pipelines.load.documents import stage_documents
from pipelines.load.log import LoadResult, RunInfo
from pipelines.load.merge import (
    STAGE,
    Connection,
    RawTable,
    Stamp,
    analyze_stage,
    create_stage,
    describe_raw,
    drop_stage,
    insert_new,
    lock_table,
    make_stamp,
    update_changed,
)


@dataclass(frozen=True)
class Counts:
    """What became of the rows that were read; each row is exactly one of these.

    repeats: the same id came again, newer, in the same read. stale: older than what is
    stored. new, changed, unchanged: compared with what was stored.
    """

    repeats: int = 0
    stale: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            *(
                getattr(self, one.name) + getattr(other, one.name)
                for one in fields(Counts)
            )
        )

    @property
    def total(self) -> int:
        return sum(getattr(self, one.name) for one in fields(Counts))

    def result(self, *, fetched: int) -> LoadResult:
        return LoadResult(fetched, self.new, self.changed, 0)


def merge_entities(
    connection: Connection,
    entity_type: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    run: RunInfo,
    via: Via,
) -> Counts:
    """Merge documents of one entity type; a row that was absent lives again."""
    raw = describe_raw(connection, f"amocrm__{entity_type}")
    create_stage(connection, raw, ordered=True)
    stage_documents(connection, raw, rows)
    # Locked only now: an API read may take an hour.
    lock_table(connection, raw)
    analyze_stage(connection, raw.key)
    repeats = _execute(connection, _DROP_REPEATS, raw)
    stale = _execute(connection, _DROP_STALE, raw)
    unchanged = _count(connection, raw)
    stamp = make_stamp(connection, run)
    changed = update_changed(connection, raw, stamp)
    new = insert_new(connection, raw, stamp)
    _write_versions(connection, raw, entity_type, stamp=stamp, run=run, via=via)
    drop_stage(connection)
    return Counts(repeats, stale, new, changed, unchanged)


def versions_of(
    connection: Connection, entity_type: str, ids: Iterable[int]
) -> dict[int, int]:
    """Return the number of the newest version of each of some entities."""
    rows = connection.execute(
        "select entity_id, max(version) from raw.amocrm__entity_versions "
        "where entity_type = %s and entity_id = any(%s) group by entity_id",
        [entity_type, list(ids)],
    )
    return dict(rows.fetchall())


def _execute(connection: Connection, statement: str, raw: RawTable) -> int:
    composed = sql.SQL(statement).format(stage=STAGE, raw=raw.identifier)
    return connection.execute(composed).rowcount


def _count(connection: Connection, raw: RawTable) -> int:
    composed = sql.SQL(_COUNT_UNCHANGED).format(stage=STAGE, raw=raw.identifier)
    row = connection.execute(composed).fetchone()
    return int(row[0]) if row else 0


def _write_versions(
    connection: Connection,
    raw: RawTable,
    entity_type: str,
    *,
    stamp: Stamp,
    run: RunInfo,
    via: Via,
) -> None:
    composed = sql.SQL(_WRITE_VERSIONS).format(stage=STAGE, raw=raw.identifier)
    values = {
        "entity_type": entity_type,
        "via": via,
        "as_of": run.as_of,
        "run_id": stamp.run_id,
        "at": stamp.at,
    }
    connection.execute(composed, values)


_DROP_REPEATS = """
delete from {stage} as earlier using {stage} as later
where earlier.id = later.id
    and (cast(earlier.payload ->> 'updated_at' as bigint), earlier._row)
        < (cast(later.payload ->> 'updated_at' as bigint), later._row)
"""
_DROP_STALE = """
delete from {stage} as new using {raw} as old
where new.id = old.id and old._deleted_at is null
    and cast(new.payload ->> 'updated_at' as bigint)
        < cast(old.payload ->> 'updated_at' as bigint)
"""
_COUNT_UNCHANGED = """
select count(*) from {stage} as new
inner join {raw} as old on new.id = old.id
where old._deleted_at is null
    and cast(old.payload as text) = cast(new.payload as text)
"""
# Rows that an earlier release loaded have no version yet: they get their first.
_WRITE_VERSIONS = """
insert into raw.amocrm__entity_versions (
    entity_type, entity_id, version, seen_at, as_of, seen_via, updated_at,
    payload_hash, payload, _loaded_at, _run_id
)
select
    %(entity_type)s, row.id, coalesce(last.version, 0) + 1,
    %(at)s, %(as_of)s, %(via)s,
    to_timestamp(cast(row.payload ->> 'updated_at' as bigint)),
    hashed.payload_hash, row.payload, %(at)s, %(run_id)s
from {stage} as new
inner join {raw} as row on new.id = row.id
cross join lateral (
    select encode(sha256(convert_to(cast(row.payload as text), 'UTF8')), 'hex')
        as payload_hash
) as hashed
left join lateral (
    select version, payload_hash from raw.amocrm__entity_versions as known
    where known.entity_type = %(entity_type)s and known.entity_id = row.id
    order by known.version desc limit 1
) as last on true
where (row._loaded_at = %(at)s or last.version is null)
    and last.payload_hash is distinct from hashed.payload_hash
"""
