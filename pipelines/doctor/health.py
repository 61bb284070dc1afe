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
    where _loads.system = name.system and outcome = 'loaded'
    order by load_id desc limit 1
) as age
from unnest(%(systems)s::text[]) as name (system)
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
