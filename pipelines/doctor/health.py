"""Checks for monitors: how old are the loads, the edition, Dagster's runs and daemon.

Only the warehouse and Dagster's storage are asked, never a source. All ages are by the
clock of the server that holds the row. Connections and rights belong to the others.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import psycopg

from pipelines.doctor import servers
from pipelines.doctor.findings import Finding, Remark, error, graded, note, ok, warning
from pipelines.doctor.sessions import Session
from pipelines.doctor.storage import SYSTEM as DAGSTER
from pipelines.doctor.storage import VARIABLE as DAGSTER_VARIABLE
from pipelines.doctor.warehouse import SYSTEM as WAREHOUSE
from pipelines.doctor.warehouse import VARIABLE as WAREHOUSE_VARIABLE

# As the freshness policies of the assets: a day with slack, then half a day more.
LATE = timedelta(hours=26)
TOO_LATE = timedelta(hours=36)
# A daemon writes every 30 s; Dagster calls it dead after 30 min.
HEARTBEAT_LATE = timedelta(minutes=5)
HEARTBEAT_TOO_LATE = timedelta(minutes=30)
# dagster.yaml ends a run after two hours.
RUN_LATE = timedelta(minutes=30)
RUN_TOO_LATE = timedelta(hours=2, minutes=15)
BAD_STATES = ("withheld", "never_loaded")


def examine_freshness(url: str, systems: Sequence[str]) -> Iterator[Finding]:
    """Look at the age of what the warehouse holds."""
    yield from servers.examine(
        WAREHOUSE,
        url,
        variable=WAREHOUSE_VARIABLE,
        checks=lambda session: {
            "loads": lambda: check_loads(session, systems),
            "tables": lambda: check_failing(session, systems),
            "edition": lambda: check_edition(session),
            "sources": lambda: check_sources(session),
        },
    )


def examine_dagster(url: str, *, is_production: bool) -> Iterator[Finding]:
    """Look at the age of Dagster's runs and heartbeats."""
    yield from servers.examine(
        DAGSTER,
        url,
        variable=DAGSTER_VARIABLE,
        checks=lambda session: {
            "runs": lambda: check_runs(session),
            "daemon": lambda: check_daemon(session, is_production=is_production),
        },
    )


def check_loads(session: Session, systems: Sequence[str]) -> Iterator[Remark]:
    """Say for each system when it was last loaded."""
    try:
        rows = session.rows(_LOADS, {"systems": list(systems)})
    except psycopg.errors.UndefinedTable:
        yield error("nothing was ever loaded", "run the job `extract`")
        return
    for row in rows:
        name = row["system"]
        if row["age"] is None:
            yield error(f"{name} was never loaded", "run the job `extract`")
            continue
        yield _aged(
            f"{name} was last loaded {_ago(row['age'])}",
            row["age"],
            limits=(LATE, TOO_LATE),
            remedy="see whether the daemon runs; the column error of raw._loads says "
            "why the last loads failed",
        )


def check_failing(session: Session, systems: Sequence[str]) -> Iterator[Remark]:
    """Name the tables whose last try failed, by how long they have stood still."""
    try:
        rows = session.rows(_FAILING, {"systems": list(systems)})
    except psycopg.errors.UndefinedTable:
        return
    for row in rows:
        name = f"{row['system']}.{row['table_name']}"
        remedy = f"the last try said: {row['error']}"
        if row["age"] is None:
            yield error(f"{name} fails and was never loaded", remedy)
            continue
        say = error if row["age"] > TOO_LATE else warning
        yield say(f"{name} fails; it was last loaded {_ago(row['age'])}", remedy)


def check_edition(session: Session) -> Iterator[Remark]:
    """Say when the marts were last published."""
    try:
        age = session.row(_EDITION)["age"]
    except psycopg.errors.UndefinedTable:
        age = None
    if age is None:
        yield error("nothing was ever published", "run the job `build`")
        return
    yield _aged(
        f"the last edition was published {_ago(age)}",
        age,
        limits=(LATE, TOO_LATE),
        remedy="see the last run of `build`; its failed checks name what is wrong",
    )


def check_sources(session: Session) -> Iterator[Remark]:
    """Repeat what the edition says about itself and about each source."""
    try:
        rows = session.rows(_STATUS)
    except psycopg.errors.UndefinedTable:
        yield note("no edition says yet what is behind")
        return
    for row in rows:
        reason = row["reason"] or "no reason given"
        since = f" since {row['since']:%Y-%m-%d %H:%M} UTC" if row["since"] else ""
        say = error if row["state"] in BAD_STATES else warning
        yield say(
            f"{row['subject']} is {row['state']}{since}: {reason}",
            "docs/operations.md says what each state means",
        )
    if not rows:
        yield ok("the edition and every source are ok")


def check_runs(session: Session) -> Iterator[Remark]:
    """Say how long the oldest waiting and the oldest running run have been there."""
    try:
        rows = session.rows(_RUNS)
    except psycopg.errors.UndefinedTable:
        yield note("Dagster has made no tables yet")
        return
    for row in rows:
        yield _aged(
            f"the oldest of {row['runs']} {row['status']} runs ({row['job']}) began "
            f"{_ago(row['age'])}",
            row["age"],
            limits=(RUN_LATE, RUN_TOO_LATE),
            remedy="see whether its process lives; Dagster's UI can end it, and the "
            "next run on that machine fails dead ones",
        )
    if not rows:
        yield ok("no run is waiting or running")


def check_daemon(session: Session, *, is_production: bool) -> Iterator[Remark]:
    """Say when the daemon last gave a sign of life."""
    say = graded(not is_production)
    remedy = "start `dagster-daemon run`; without it no schedule and no sensor works"
    try:
        rows = session.rows(_HEARTBEATS)
    except psycopg.errors.UndefinedTable:
        rows = []
    if not rows:
        yield say("the daemon has never run", remedy)
        return
    age = max(row["age"] for row in rows)
    oldest = ", ".join(row["name"] for row in rows if row["age"] == age)
    yield _aged(
        f"the daemon gave its last sign of life {_ago(age)} ({oldest})",
        age,
        limits=(HEARTBEAT_LATE, HEARTBEAT_TOO_LATE),
        remedy=remedy,
    )


def _aged(
    message: str, age: timedelta, *, limits: tuple[timedelta, timedelta], remedy: str
) -> Remark:
    late, too_late = limits
    if age > too_late:
        return error(message, remedy)
    return warning(message, remedy) if age > late else ok(message)


def _ago(age: timedelta) -> str:
    minutes: Any = max(age.total_seconds(), 0) / 60
    if minutes < 120:
        return f"{minutes:.0f} min ago"
    hours = minutes / 60
    return f"{hours:.0f} h ago" if hours < 72 else f"{hours / 24:.0f} days ago"


_LOADS = """
select system, (
    select now() - finished_at from raw._loads
    where _loads.system = name.system and outcome = 'loaded' and scope <> 'hooks'
    order by load_id desc limit 1
) as age
from unnest(%(systems)s::text[]) as name (system)
"""
_FAILING = """
select last.system, last.table_name, last.error, now() - good.finished_at as age
from (
    select distinct on (system, table_name, scope) *
    from raw._loads where system = any(%(systems)s)
    order by system, table_name, scope, load_id desc
) as last
left join lateral (
    select finished_at from raw._loads as earlier
    where earlier.system = last.system and earlier.table_name = last.table_name
        and earlier.scope = last.scope and earlier.outcome <> 'failed'
    order by load_id desc limit 1
) as good on true
where last.outcome = 'failed'
order by age desc nulls first, last.table_name
limit 20
"""
_EDITION = "select now() - max(published_at) as age from marts.publish_log"
_STATUS = """
select subject, state, since at time zone 'UTC' as since, reason
from marts.data_status where state <> 'ok' order by subject <> 'edition', subject
"""
# Dagster writes its times in the session's zone, so they are compared in it.
_RUNS = """
select status, count(*) as runs, max(age) as age,
    (array_agg(pipeline_name order by age desc))[1] as job
from (
    select status, pipeline_name, coalesce(
        now() - to_timestamp(start_time), localtimestamp - create_timestamp
    ) as age
    from runs where status in ('QUEUED', 'NOT_STARTED', 'STARTING', 'STARTED')
) as run
group by status order by status
"""
_HEARTBEATS = """
select daemon_type as name, localtimestamp - timestamp as age
from daemon_heartbeats order by 1
"""
