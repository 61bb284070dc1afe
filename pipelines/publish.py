"""Publishing an edition: audited candidates merged into the tables that BI reads.

One transaction for the whole edition, plain DML on stable tables: no reader waits, sees
two editions mixed, or loses a grant. What the numbers are belongs to the dbt project.
"""

from collections.abc import Sequence
from datetime import datetime

import psycopg
from psycopg import sql

from pipelines.connections import primary_message
from pipelines.errors import PublishRefused
from pipelines.load.merge import Connection
from pipelines.mart_tables import Published, Relation, find_relation, merge_candidate
from pipelines.marts import CANDIDATE, HISTORY, MartSpec
from pipelines.warehouse import connect

# An edition that shrinks below this share of the last one needs a confirmation.
KEPT_SHARE = 0.5
PUBLISH_LOCK = 7_204_712


def publish(
    warehouse_url: str,
    marts: Sequence[MartSpec],
    *,
    edition: str,
    now: datetime,
    confirm: bool = False,
) -> list[Published]:
    """Merge all candidates into their targets, or none; return what changed.

    Refuses, naming every reason, what would break or empty a published table. `confirm`
    overrules the volume guard only. A second run changes nothing.
    """
    try:
        with connect(warehouse_url) as warehouse:
            return _publish(warehouse, marts, edition=edition, now=now, confirm=confirm)
    except psycopg.Error as error:
        raise PublishRefused(
            f"the warehouse did not take the edition: {primary_message(error)}; the "
            "last one stays"
        ) from None


def withhold(warehouse_url: str, *, reason: str, now: datetime) -> None:
    """Say in marts.data_status that the edition was held back, and nothing else."""
    with connect(warehouse_url) as warehouse:
        warehouse.execute(_STATUS)
        warehouse.execute(_WITHHELD, {"reason": reason[:2000], "now": now})


def _publish(
    warehouse: Connection,
    marts: Sequence[MartSpec],
    *,
    edition: str,
    now: datetime,
    confirm: bool,
) -> list[Published]:
    """Check and merge everything in the connection's one transaction."""
    warehouse.execute("select pg_advisory_xact_lock(%s)", [PUBLISH_LOCK])
    warehouse.execute(_LOG)
    problems: list[str] = []
    built: list[tuple[MartSpec, Relation]] = []
    for mart in marts:
        candidate = _lock_candidate(warehouse, mart)
        problems += _objections(warehouse, mart, candidate, confirm)
        if candidate:
            built.append((mart, candidate))
    if problems:
        raise PublishRefused("the edition is not published: " + "; ".join(problems))
    results = [merge_candidate(warehouse, *mart) for mart in built]
    for result in results:
        values = {**vars(result), "edition": edition, "as_of": now}
        warehouse.execute(_LOG_ROW, values)
    return results


def _lock_candidate(connection: Connection, mart: MartSpec) -> Relation | None:
    """Keep dbt from swapping a candidate while it is published."""
    if find_relation(connection, CANDIDATE, mart.name) is None:
        return None
    statement = sql.SQL("lock table {} in access share mode")
    connection.execute(statement.format(mart.candidate))
    return find_relation(connection, CANDIDATE, mart.name)


def _objections(
    connection: Connection, mart: MartSpec, candidate: Relation | None, confirm: bool
) -> list[str]:
    """Return all reasons not to publish a mart."""
    if candidate is None:
        return [f"{mart.name} was not built; run the dbt build"]
    if not mart.key or candidate.key != mart.key:
        return [f"{mart.name} has no primary_key in its contract, or was built without"]
    target = find_relation(connection, mart.schema, mart.name)
    if target is None:
        return []
    if problems := _shape_objections(mart, candidate, target):
        return problems
    return [] if confirm else _volume_objections(connection, mart)


def _shape_objections(
    mart: MartSpec, candidate: Relation, target: Relation
) -> list[str]:
    remedy = (
        "readers rely on it: give the new shape a mart of its own (a versioned name)"
    )
    problems = []
    if gone := sorted(set(target.columns) - set(candidate.columns)):
        problems.append(f"{mart.name} lost the columns {', '.join(gone)}; {remedy}")
    for name, data_type in target.columns.items():
        new = candidate.columns.get(name, data_type)
        if new != data_type:
            change = f"{mart.name}.{name} changed from {data_type} to {new}"
            problems.append(f"{change}; {remedy}")
    if target.key != candidate.key:
        change = f"{mart.name} changed its key from {target.key} to {candidate.key}"
        problems.append(f"{change}; {remedy}")
    return problems


def _volume_objections(connection: Connection, mart: MartSpec) -> list[str]:
    counts = sql.SQL("select (select count(*) from {}), (select count(*) from {})")
    query = counts.format(mart.candidate, mart.target)
    new, old = connection.execute(query).fetchone() or (0, 0)
    # What is remembered can be computed from nothing else: its guard is always on.
    is_guarded = mart.has_volume_guard or mart.schema == HISTORY
    if not is_guarded or new >= old * KEPT_SHARE:
        return []
    return [
        f"{mart.name} would shrink from {old:,} to {new:,} rows; see why, or publish "
        "with `confirm: true` in the run config of publish_edition"
    ]


_LOG = """
create schema if not exists marts;
create schema if not exists history;
create table if not exists marts.publish_log (
    publish_id bigint generated always as identity primary key,
    edition text not null,
    mart text not null,
    target_schema text not null,
    rows_inserted bigint not null,
    rows_updated bigint not null,
    rows_deleted bigint not null,
    row_count bigint not null,
    content_hash text not null,
    as_of timestamptz not null,
    published_at timestamptz not null default clock_timestamp()
)
"""
_LOG_ROW = """
insert into marts.publish_log (
    edition, mart, target_schema, rows_inserted, rows_updated, rows_deleted, row_count,
    content_hash, as_of
) values (
    %(edition)s, %(name)s, %(schema)s, %(inserted)s, %(updated)s, %(deleted)s,
    %(rows)s, %(content_hash)s, %(as_of)s
)
"""
_STATUS = """
create schema if not exists marts;
create table if not exists marts.data_status (
    subject text primary key,
    state text,
    since timestamptz,
    reason text,
    covered_to date,
    as_of timestamptz
)
"""
_WITHHELD = """
insert into marts.data_status as held (subject, state, since, reason, as_of)
values ('edition', 'withheld', %(now)s, %(reason)s, %(now)s)
on conflict (subject) do update set
    state = excluded.state,
    since = case when held.state = 'withheld' then held.since else excluded.since end,
    reason = excluded.reason,
    as_of = excluded.as_of
"""
