"""Jobs, schedules and sensors: what runs when. All times are Asia/Almaty.

A schedule starts an extract job; `build` follows when it has ended, well or badly, so
that one broken source never keeps the others from the dashboard.
"""

import dagster as dg

from pipelines.defs.amocrm import AmocrmRunConfig
from pipelines.defs.amocrm_refresh import (
    HANGING_ON_AMOCRM,
    ITEMS_KEY,
    SENSOR,
    why_not_to_refresh,
)
from pipelines.defs.databases import SYSTEMS
from pipelines.defs.facebook import FacebookRunConfig
from pipelines.defs.facebook_backfill import HISTORY_KEY
from pipelines.defs.pipeline import CLOCK_KEY
from pipelines.defs.resources import Environment

TIMEZONE = "Asia/Almaty"

HISTORY = dg.AssetSelection.assets(HISTORY_KEY)
HOOKED = dg.AssetSelection.assets(ITEMS_KEY)
EXTRACTED = dg.AssetSelection.groups(*SYSTEMS, "facebook", "amocrm") - HISTORY - HOOKED
BUILT = dg.AssetSelection.assets(CLOCK_KEY) | dg.AssetSelection.groups(
    "seeds", "staging", "intermediate", "candidate", "marts"
)

extract = dg.define_asset_job(
    "extract",
    selection=EXTRACTED,
    description="Read every source into raw: the databases in one snapshot each, "
    "Facebook's re-read window, all of AmoCRM.",
)
extract_recent = dg.define_asset_job(
    "extract_recent",
    selection=EXTRACTED,
    config=dg.RunConfig(
        ops={
            "extract_facebook": FacebookRunConfig(recent=True),
            "extract_amocrm": AmocrmRunConfig(recent=True),
        }
    ),
    description="The hourly, cheap half of `extract`: the databases, what changed in "
    "AmoCRM, Facebook's yesterday and today.",
)
build = dg.define_asset_job(
    "build",
    selection=BUILT,
    description="Build the next edition with dbt, audit it, publish it in one "
    "transaction. A failed audit leaves the last edition in place.",
)
weekly_plans = dg.define_asset_job(
    "weekly_plans",
    selection=BUILT,
    description="The build that opens a week: the first one on a Monday freezes the "
    "plans of that week. Published whole, so that no reader sees two editions mixed.",
)
amocrm_refresh = dg.define_asset_job(
    "amocrm_refresh",
    selection=HOOKED | dg.AssetSelection.assets(*HANGING_ON_AMOCRM),
    description="Read again what webhooks rang for, build what hangs on AmoCRM, audit "
    "it, publish it. Asked for by the sensor as soon as a hook waits.",
)
facebook_backfill = dg.define_asset_job(
    "facebook_backfill",
    selection=HISTORY,
    description="Load Facebook's past for a range of months in one run, the newest "
    "first. May be killed and started again: what is loaded is skipped.",
)

extract_daily = dg.ScheduleDefinition(
    name="extract_daily",
    job=extract,
    cron_schedule="30 7 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Everything, each morning, after the day's exchange rate is out.",
)
extract_recent_hourly = dg.ScheduleDefinition(
    name="extract_recent_hourly",
    job=extract_recent,
    cron_schedule="10 0-6,8-23 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="What moved in the last hours; the hour of the daily run is left out.",
)
weekly_plans_monday = dg.ScheduleDefinition(
    name="weekly_plans_monday",
    job=weekly_plans,
    cron_schedule="5 0 * * 1",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Five minutes into Monday: the plans of the new week are frozen.",
)


def _build_after(status: dg.DagsterRunStatus, name: str) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        monitored_jobs=[extract, extract_recent],
        request_job=build,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts `build` when an extract run has ended "
        f"({status.value.lower()}): a broken source does not stop the house.",
    )
    def sensor(context: dg.RunStatusSensorContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return sensor


@dg.sensor(
    name=SENSOR,
    job=amocrm_refresh,
    # The daemon looks every five seconds; at a limit of five it would miss many a look.
    minimum_interval_seconds=3,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts `amocrm_refresh` when webhooks wait in the inbox and no such "
    "run is under way. After a failed one it rests for five minutes.",
)
def amocrm_refresh_when_hooks_wait(
    context: dg.SensorEvaluationContext, environment: Environment
) -> dg.RunRequest | dg.SkipReason:
    reason = why_not_to_refresh(context.instance, environment.settings())
    return dg.SkipReason(reason) if reason else dg.RunRequest()


defs = dg.Definitions(
    jobs=[
        extract,
        extract_recent,
        build,
        weekly_plans,
        amocrm_refresh,
        facebook_backfill,
    ],
    schedules=[extract_daily, extract_recent_hourly, weekly_plans_monday],
    sensors=[
        _build_after(dg.DagsterRunStatus.SUCCESS, "build_after_extract"),
        _build_after(dg.DagsterRunStatus.FAILURE, "build_after_failed_extract"),
        amocrm_refresh_when_hooks_wait,
    ],
)
