"""Webhooks in Dagster: what waits in the inbox is read again, and a run is asked for.

The receiver is `pipelines/webhook/`, the re-read `ingest/amocrm/refresh.py`; which
marts follow is said in `automation.py`.
"""

import time

import dagster as dg

from pipelines.clock import business_date
from pipelines.defs.amocrm import ITEMS
from pipelines.defs.amocrm_checks import SYSTEM
from pipelines.defs.assets import (
    FINAL,
    failing_step,
    materialized,
    prepared_warehouse,
    raw_key,
    raw_spec,
)
from pipelines.defs.dbt import models_below
from pipelines.defs.publish import MARTS
from pipelines.defs.resources import Environment, Settings, catalog
from pipelines.errors import PipelineError, SourceError
from pipelines.ingest.amocrm.inbox import waiting
from pipelines.ingest.amocrm.refresh import parse_waiting, refresh_amocrm
from pipelines.load.log import LoadResult
from pipelines.warehouse import connect, read_build_clock

ITEMS_TABLE = catalog().get(f"{SYSTEM}__{ITEMS}")
ITEMS_KEY = raw_key(SYSTEM, ITEMS)
SENSOR = "amocrm_refresh_when_hooks_wait"
# A failure that stays must not start a run every few seconds.
REST_SECONDS = 300.0
# What changes with AmoCRM, and the marts, which are published together; the rest stands
# as the last full build left it. Staging is views and needs no building, but for the
# one that makes the build wait for the re-read.
HANGING_ON_AMOCRM = [
    dg.AssetKey(["staging", f"stg_{SYSTEM}__{ITEMS}"]),
    *models_below(f"source.traffic.raw.{SYSTEM}__"),
    *(dg.AssetKey(["marts", name]) for name in MARTS),
]


@dg.multi_asset(
    name=f"refresh_{SYSTEM}",
    specs=[raw_spec(ITEMS_TABLE, kinds={"amocrm", "postgres"})],
    pool=SYSTEM,
)
def refresh_from_hooks(
    context: dg.AssetExecutionContext, environment: Environment
) -> dg.MaterializeResult[None]:
    settings = environment.settings()
    total, seconds = LoadResult(), 0.0
    with (
        failing_step(context, environment, SYSTEM),
        prepared_warehouse(settings) as warehouse,
    ):
        try:
            for loaded in refresh_amocrm(
                settings.warehouse_url,
                settings.amocrm(),
                run=environment.run_info(context),
                on_progress=context.log.info,
            ):
                total, seconds = total + loaded.result, seconds + loaded.seconds
                # Read in part: the asset of the whole table belongs to the poll.
                context.log_event(
                    dg.AssetObservation(
                        raw_key(SYSTEM, loaded.table),
                        metadata={
                            "window": loaded.window,
                            "rows_changed": loaded.result.rows_changed,
                        },
                    )
                )
        except SourceError as error:
            may_heal = not isinstance(error, FINAL)
            raise dg.Failure(str(error), allow_retries=may_heal) from error
        return materialized(warehouse, ITEMS_KEY, total, seconds=seconds)


def why_not_to_refresh(instance: dg.DagsterInstance, settings: Settings) -> str | None:
    """Return why no refresh is to be started now, None when one is."""
    if reason := _rest(instance):
        return reason
    try:
        with connect(settings.warehouse_url) as warehouse:
            warehouse.autocommit = True
            if waiting(warehouse).new:
                # What is foreign or bad rings for nothing, and is set aside here.
                parse_waiting(warehouse, run_id=SENSOR)
            inbox = waiting(warehouse)
            clock = read_build_clock(warehouse)
    except PipelineError as error:
        return f"the inbox cannot be asked: {error}"
    if not (inbox.new or inbox.items):
        return "no hook waits"
    if clock is None:
        return "hooks wait for the first build; run the jobs extract and build"
    if business_date(clock) != business_date(settings.now()):
        return "hooks wait for the first build of the day, which every mart needs"
    return None


def _rest(instance: dg.DagsterInstance) -> str | None:
    """Return why no run is to be started, None when one may be."""
    of_job = dg.RunsFilter(tags={"dagster/sensor_name": SENSOR})
    newest = instance.get_run_records(of_job, limit=1)
    if not newest:
        return None
    run, ended = newest[0].dagster_run, newest[0].end_time
    if not run.is_finished:
        return "a refresh is under way; hooks that come meanwhile wait for the next"
    rested = time.time() - (ended or 0)
    if run.status is dg.DagsterRunStatus.FAILURE and rested < REST_SECONDS:
        return f"the last refresh failed, the next may start in {REST_SECONDS:.0f} s"
    return None


defs = dg.Definitions(assets=[refresh_from_hooks])
