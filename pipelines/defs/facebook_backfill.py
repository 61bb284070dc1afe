"""Facebook's past in Dagster: a partition per month, a range of months in one run.

What a backfill asks and skips belongs to `ingest/facebook/backfill.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import dagster as dg
from pydantic import Field

from pipelines.clock import business_date
from pipelines.defs.assets import OWNERS, failing_step, prepared_warehouse, raw_key
from pipelines.defs.facebook_checks import SYSTEM
from pipelines.defs.facebook_metadata import accounts_table, spend_plots
from pipelines.defs.resources import Environment
from pipelines.errors import ConfigurationError, SourceError
from pipelines.ingest.facebook.backfill import (
    Backfill,
    BackfilledMonth,
    open_backfill,
)
from pipelines.ingest.facebook.checks import failed_accounts
from pipelines.ingest.facebook.forecast import Forecast
from pipelines.ingest.facebook.windows import KEPT_MONTHS, earliest_day
from pipelines.load.log import Window

HISTORY_KEY = raw_key(SYSTEM, "history")
MONTHS = dg.MonthlyPartitionsDefinition(
    start_date="2022-01-01", timezone="Asia/Almaty", end_offset=1
)

# Limits may stretch three years of days over a day; other runs are stopped earlier.
LONGEST_SECONDS = 36 * 3600


class BackfillConfig(dg.Config):
    """What a backfill may be told; with nothing it loads what is missing."""

    accounts: list[str] = Field(
        default_factory=list,
        description="Ad accounts (act_...) to load; empty: all that the lists name.",
    )
    dry_run: bool = Field(
        default=False,
        description="Only say how many calls and minutes it would take.",
    )
    confirm_lost: list[str] = Field(
        default_factory=list,
        description="Ad accounts (act_...) whose vanished days are really gone.",
    )
    again: bool = Field(
        default=False, description="Read frozen months that are loaded already too."
    )


HISTORY = dg.AssetSpec(
    HISTORY_KEY,
    deps=[raw_key(SYSTEM, "listed_accounts")],
    group_name=SYSTEM,
    owners=OWNERS,
    kinds={"facebook", "postgres"},
    tags={"layer": "raw"},
    # Months are reported one by one while they are loaded.
    skippable=True,
    partitions_def=MONTHS,
    description="Which months of Facebook's past all ad accounts have in "
    "`raw.facebook__ad_insights` and `raw.facebook__account_insights`. The daily run "
    f"reads the last weeks; what is older, up to {KEPT_MONTHS} months, is loaded here.",
)


@dg.multi_asset(
    name=f"backfill_{SYSTEM}",
    specs=[HISTORY],
    backfill_policy=dg.BackfillPolicy.single_run(),
    # A pool of its own: the hourly runs do not wait for it.
    pool=f"{SYSTEM}_history",
)
def backfill_facebook(
    context: dg.AssetExecutionContext,
    config: BackfillConfig,
    environment: Environment,
) -> Iterator[dg.MaterializeResult[None]]:
    settings = environment.settings()
    run = environment.run_info(context)
    # A tag of a job would not reach the runs that the UI makes of partitions.
    context.instance.add_run_tags(
        context.run.run_id, {"dagster/max_runtime": str(LONGEST_SECONDS)}
    )
    with failing_step(context, environment, SYSTEM):
        window = _kept(context, today=business_date(run.as_of))
        try:
            with (
                prepared_warehouse(settings) as warehouse,
                open_backfill(
                    settings.warehouse_url,
                    settings.facebook(),
                    databases=settings.listing_database_urls(),
                    run=run,
                    window=window,
                    accounts=config.accounts,
                    again=config.again,
                    confirm_lost=config.confirm_lost,
                    on_progress=context.log.info,
                    timer=environment.timer(),
                ) as backfill,
            ):
                _announce(context, backfill.forecast)
                if not config.dry_run:
                    _load(context, backfill, lambda: failed_accounts(warehouse, run))
        except ConfigurationError as error:
            raise dg.Failure(str(error)) from error
    yield from ()


def _kept(context: dg.AssetExecutionContext, *, today: date) -> Window:
    """Return the days of the asked months that Facebook still has."""
    keys = sorted(context.partition_keys)
    first, last = date.fromisoformat(keys[0]), _end_of(keys[-1])
    earliest = earliest_day(today)
    if last < earliest:
        raise dg.Failure(
            f"facebook: nothing of {first}..{last} can be read: Facebook keeps "
            f"{KEPT_MONTHS} months, today that is since {earliest}; choose later months"
        )
    if first < earliest:
        context.log.warning(
            f"Facebook keeps {KEPT_MONTHS} months: days before {earliest} are left "
            "out, the months before it stay unloaded"
        )
    return max(first, earliest), last


def _end_of(key: str) -> date:
    next_month = date.fromisoformat(key).replace(day=28) + timedelta(days=4)
    return next_month.replace(day=1) - timedelta(days=1)


def _announce(context: dg.AssetExecutionContext, forecast: Forecast) -> None:
    """Say what it will cost before it costs anything."""
    context.log.info(f"forecast: {forecast}")
    context.log_event(
        dg.AssetObservation(
            HISTORY_KEY,
            description=f"Forecast: {forecast}",
            metadata={
                "forecast_calls": forecast.calls,
                "forecast_minutes": round(forecast.minutes, 1),
                "account_days_with_delivery": forecast.days_with_delivery,
                "window": f"{forecast.window[0]}..{forecast.window[1]}",
                "accounts": _forecast_table(forecast),
            },
        )
    )


def _load(
    context: dg.AssetExecutionContext,
    backfill: Backfill,
    find_failed: Callable[[], set[str]],
) -> None:
    """Load month by month; a month that every account has is reported at once."""
    stopped: set[str] = set()
    try:
        for month in backfill.months():
            failed = find_failed()
            unhappy = {a.account_id for a in month.accounts if a.outcome != "loaded"}
            stopped |= failed | unhappy
            # One that could not give single figures has its month all the same.
            lacking = (unhappy & failed) | (stopped & set(month.skipped))
            if lacking:
                context.log.warning(
                    f"{month.first:%Y-%m} is not complete: it lacks "
                    f"{', '.join(sorted(lacking))}; run it again, what is loaded is "
                    "skipped"
                )
            else:
                context.log_event(_materialization(month))
    except SourceError as error:
        raise dg.Failure(
            f"{error}\nRun the same months again: what is loaded is skipped."
        ) from error


def _materialization(month: BackfilledMonth) -> dg.AssetMaterialization:
    results = month.accounts
    calls = [int((one.certificate or {}).get("calls") or 0) for one in results]
    return dg.AssetMaterialization(
        HISTORY_KEY,
        partition=f"{month.first:%Y-%m}-01",
        metadata={
            "rows_read": sum(one.rows for one in results),
            "window": f"{month.first}..{month.last}",
            "accounts_loaded": len(results),
            "calls": sum(calls),
            **spend_plots(results),
            **({"accounts": accounts_table(results)} if results else {}),
            "loaded_before_or_empty": ", ".join(month.skipped) or "none",
        },
    )


def _forecast_table(forecast: Forecast) -> dg.TableMetadataValue:
    records = [dg.TableRecord(vars(account)) for account in forecast.accounts]
    columns = [
        dg.TableColumn("account_id"),
        *(
            dg.TableColumn(name, "float" if name == "minutes" else "int")
            for name in FORECAST_COLUMNS
        ),
    ]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns))


FORECAST_COLUMNS: Sequence[str] = (
    "calls",
    "minutes",
    "days_with_delivery",
    "months_to_load",
    "months_done",
)
