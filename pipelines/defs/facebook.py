"""Facebook Ads in Dagster: one step that yields an asset per raw table, then checks.

The step depends on no other: a database that is down must not keep the spend away. What
the checks ask is in `facebook_checks.py`, the history in `facebook_backfill.py`.
"""

import re
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from pipelines.defs.assets import (
    FINAL,
    SOURCE_RETRIES,
    ApiRunConfig,
    failing_step,
    materialized,
    materialized_ledgers,
    prepared_warehouse,
    raw_key,
    raw_spec,
)
from pipelines.defs.checks import check_results
from pipelines.defs.facebook_backfill import backfill_facebook
from pipelines.defs.facebook_checks import CHECKS, SYSTEM
from pipelines.defs.facebook_metadata import (
    accounts_table,
    certificates,
    plots,
    spend_plots,
)
from pipelines.defs.resources import Environment, catalog
from pipelines.errors import SourceError
from pipelines.ingest.facebook.checks import spend_of_yesterday
from pipelines.ingest.facebook.load import LoadedTable
from pipelines.ingest.facebook.run import ingest_facebook
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

TABLES = catalog().of(SYSTEM)
SPENDING = ("ad_insights", "account_insights")
Fact = dg.TableMetadataValue | dg.FloatMetadataValue | dg.JsonMetadataValue
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


class FacebookRunConfig(ApiRunConfig):
    """What a run may ask of the Facebook step."""

    confirm_lost: list[str] = Field(
        default_factory=list,
        description="Ad accounts (act_...) whose vanished days are really gone.",
    )


@dg.multi_asset(
    name=f"extract_{SYSTEM}",
    # What an hourly run need not read, and ledgers without a change, are left out.
    specs=[
        raw_spec(table, kinds={"facebook", "postgres"}).replace_attributes(
            skippable=True
        )
        for table in TABLES
    ],
    check_specs=[check.spec for check in CHECKS],
    pool=SYSTEM,
    retry_policy=SOURCE_RETRIES,
)
def extract_facebook(
    context: dg.AssetExecutionContext,
    config: FacebookRunConfig,
    environment: Environment,
) -> Iterator[Event]:
    settings = environment.settings()
    with (
        failing_step(context, environment, SYSTEM),
        prepared_warehouse(settings) as warehouse,
    ):
        run = environment.run_info(context)
        tables = ingest_facebook(
            settings.warehouse_url,
            settings.facebook(),
            databases=settings.listing_database_urls(),
            run=run,
            recent=config.recent,
            confirm_lost=tuple(config.confirm_lost),
            on_progress=context.log.info,
            timer=environment.timer(),
        )
        yield from _events(context, warehouse, run, tables)


def _events(
    context: dg.AssetExecutionContext,
    warehouse: Connection,
    run: RunInfo,
    tables: Iterator[LoadedTable],
) -> Iterator[Event]:
    """Report every table, then every check, and only then fail."""
    is_anything_loaded, failure = False, None
    told: set[str] = set()
    try:
        for loaded in tables:
            told.add(loaded.table)
            for warning in loaded.warnings:
                context.log.warning(f"{loaded.table}: {warning}")
            is_anything_loaded |= loaded.table in SPENDING and any(
                one.outcome == "loaded" for one in loaded.accounts
            )
            yield _materialized(warehouse, run, loaded)
    except SourceError as error:
        failure = error
    yield from materialized_ledgers(warehouse, TABLES, told)
    yield from check_results(CHECKS, warehouse, run)
    if failure:
        # Single accounts wait for the next run: a retry would ask for all of them.
        may_heal = not is_anything_loaded and not isinstance(failure, FINAL)
        said = f"{failure}{_confirmation(str(failure))}"
        raise dg.Failure(said, allow_retries=may_heal) from failure


def _confirmation(said: str) -> str:
    """Return the run config that would confirm what may be confirmed."""
    accounts = re.findall(r"^ *(act_\d+): .*confirm_lost", said, flags=re.MULTILINE)
    if not accounts:
        return ""
    return (
        "\nIf those days are really gone, run again with this config "
        "(docs/operations.md):\n"
        f"ops:\n  extract_{SYSTEM}:\n    config:\n"
        f"      confirm_lost: [{', '.join(accounts)}]"
    )


def _materialized(
    warehouse: Connection, run: RunInfo, loaded: LoadedTable
) -> dg.MaterializeResult[None]:
    """Say what a load did: counts and spend to plot, accounts and proofs to read."""
    result = materialized(
        warehouse,
        raw_key(SYSTEM, loaded.table),
        loaded.result,
        window=loaded.window,
        newest_row_at=loaded.newest_row_at,
        seconds=loaded.seconds,
        mode=loaded.mode,
        warnings="; ".join(loaded.warnings) or None,
    )
    facts: dict[str, Fact] = {}
    if loaded.accounts:
        facts["accounts"] = accounts_table(loaded.accounts)
    if loaded.table in SPENDING:
        yesterday = spend_of_yesterday(warehouse, run)
        facts |= spend_plots(loaded.accounts) | plots(yesterday, suffix="_yesterday")
        facts["certificates"] = certificates(loaded.accounts)
    return dg.MaterializeResult(
        asset_key=result.asset_key, metadata={**(result.metadata or {}), **facts}
    )


defs = dg.Definitions(assets=[extract_facebook, backfill_facebook])
