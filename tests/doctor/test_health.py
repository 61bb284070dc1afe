"""What monitors hear: the age of loads, edition, runs and the daemon."""

from datetime import UTC, datetime

import pytest
import sqlalchemy
from dagster._core.storage.runs.schema import RunStorageSqlMetadata

from pipelines.catalog import Catalog
from pipelines.doctor.findings import Finding
from pipelines.doctor.health import examine_dagster, examine_freshness
from pipelines.load.log import RunInfo, record_load
from pipelines.publish import withhold
from pipelines.warehouse import connect, prepare
from tests.conftest import NewDatabase
from tests.doctor.looking import Base, of, said

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
PUBLISHED = """
insert into marts.publish_log (edition, mart, published_at)
values ('1', 'a_mart', now() - interval '{}')
"""


@pytest.fixture
def warehouse(new_database: NewDatabase) -> Base:
    """Return a warehouse in which landing was loaded just now."""
    base = Base(new_database())
    with connect(base.url) as connection:
        prepare(connection, Catalog(()))
        run = RunInfo("run", NOW)
        record_load(
            connection, run=run, system="landing", table="leads", outcome="loaded"
        )
    base.run(
        "create table marts.publish_log (edition text, mart text, "
        "published_at timestamptz)",
        PUBLISHED.format("10 minutes"),
    )
    return base


FAILURE = (
    "insert into raw._loads (run_id, system, table_name, outcome, as_of, finished_at, "
    "error) values ('run', 'landing', 'leads', 'failed', now(), now(), "
    "'a guard stopped it')"
)
OTHER_TABLE = (
    "insert into raw._loads (run_id, system, table_name, outcome, as_of, finished_at) "
    "values ('run', 'landing', 'other', 'loaded', now(), now())"
)


@pytest.fixture
def dagster(new_database: NewDatabase) -> Base:
    """Return a storage with Dagster's own tables."""
    base = Base(new_database())
    engine = sqlalchemy.create_engine(base.url)
    RunStorageSqlMetadata.create_all(engine)
    engine.dispose()
    return base


def fresh(base: Base, *systems: str) -> list[Finding]:
    return list(examine_freshness(base.url, systems or ("landing",)))


def age_loads(base: Base, age: str) -> None:
    base.run(f"update raw._loads set finished_at = now() - interval '{age}'")


def test_a_fresh_warehouse_is_well(warehouse: Base):
    findings = fresh(warehouse)

    assert said(findings, "error") == said(findings, "warning") == ""
    assert "landing was last loaded 0 min ago" in said(findings, "ok")


@pytest.mark.parametrize(
    ("age", "state"), [("25 hours", "ok"), ("30 hours", "warning"), ("4 days", "error")]
)
def test_the_last_good_load_counts_not_the_last_try(
    warehouse: Base, age: str, state: str
):
    age_loads(warehouse, age)
    warehouse.run(FAILURE)

    findings = of(fresh(warehouse), "warehouse", "loads")

    assert [finding.state for finding in findings] == [state]


@pytest.mark.parametrize(
    ("age", "state"),
    [("1 hour", "warning"), ("30 hours", "warning"), ("40 hours", "error")],
)
def test_one_table_that_stands_still_is_seen_beside_others_that_load(
    warehouse: Base, age: str, state: str
):
    age_loads(warehouse, age)
    warehouse.run(FAILURE, OTHER_TABLE)

    findings = of(fresh(warehouse), "warehouse", "tables")

    assert [finding.state for finding in findings] == [state]
    assert "landing.leads fails" in said(findings, state)
    assert "a guard stopped it" in said(findings, state)


def test_a_system_that_was_never_loaded_is_named(warehouse: Base):
    errors = said(fresh(warehouse, "landing", "amocrm"), "error")

    assert "amocrm was never loaded" in errors
    assert "landing" not in errors


def test_an_old_edition_is_an_error(warehouse: Base):
    warehouse.run("truncate marts.publish_log", PUBLISHED.format("2 days"))

    assert "published 48 h ago" in said(fresh(warehouse), "error")


def test_a_withheld_edition_is_an_error_with_its_reason(warehouse: Base):
    withhold(warehouse.url, reason="the audit failed", now=NOW)

    errors = said(fresh(warehouse), "error")

    assert "edition is withheld since 2026-01-06 03:00 UTC: the audit failed" in errors


def test_an_empty_warehouse_says_what_to_run_first(new_database: NewDatabase):
    errors = said(fresh(Base(new_database())), "error")

    assert "run the job `extract`" in errors
    assert "run the job `build`" in errors


def watched(base: Base, *, is_production: bool = True) -> list[Finding]:
    return list(examine_dagster(base.url, is_production=is_production))


RUN = """
insert into runs (run_id, status, pipeline_name, create_timestamp, start_time)
values ('{0}', '{0}', 'extract', localtimestamp - interval '{1}', {2})
"""
BEAT = """
insert into daemon_heartbeats (daemon_type, timestamp)
values ('{0}', localtimestamp - interval '{1}')
"""


@pytest.mark.parametrize(
    ("age", "state"), [("1 min", "ok"), ("1 hour", "warning"), ("3 hours", "error")]
)
def test_the_oldest_run_that_waits_counts(dagster: Base, age: str, state: str):
    dagster.run(RUN.format("QUEUED", age, "null"), RUN.format("SUCCESS", "9 days", 0))

    findings = of(watched(dagster), "dagster", "runs")

    assert [finding.state for finding in findings] == [state]
    assert "QUEUED runs (extract)" in findings[0].message


def test_a_running_run_counts_from_its_start_not_from_its_queue(dagster: Base):
    started = "extract(epoch from now() - interval '10 minutes')"
    dagster.run(RUN.format("STARTED", "5 hours", started))

    assert "began 10 min ago" in said(watched(dagster), "ok")


@pytest.mark.parametrize(
    ("age", "state"), [("1 min", "ok"), ("9 min", "warning"), ("2 hours", "error")]
)
def test_the_daemon_that_was_silent_longest_counts(dagster: Base, age: str, state: str):
    dagster.run(BEAT.format("SENSOR", "10 s"), BEAT.format("SCHEDULER", age))

    findings = of(watched(dagster), "dagster", "daemon")

    assert [finding.state for finding in findings] == [state]
    assert "SCHEDULER" in findings[0].message


def test_heartbeats_are_compared_in_the_zone_dagster_wrote_them_in(dagster: Base):
    name = dagster.url.rpartition("/")[2]
    dagster.run(f"alter database {name} set timezone = 'Asia/Almaty'")
    dagster.run(BEAT.format("SENSOR", "10 s"))

    assert "last sign of life 0 min ago" in said(watched(dagster), "ok")


def test_a_daemon_that_never_ran_is_an_error_in_production_only(dagster: Base):
    assert "never run" in said(watched(dagster), "error")
    assert "never run" in said(watched(dagster, is_production=False), "warning")
