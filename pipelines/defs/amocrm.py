"""AmoCRM in Dagster: one step that yields an asset per raw table, then its checks.

What webhooks ring for is read by `amocrm_refresh.py`.
"""

import re
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from pipelines.defs.amocrm_checks import CHECKS, SYSTEM
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
from pipelines.defs.resources import Environment, catalog
from pipelines.errors import SourceError
from pipelines.ingest.amocrm.load import LoadedTable
from pipelines.ingest.amocrm.run import ingest_amocrm
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

# Written by the step of the webhooks.
ITEMS = "webhook_items"
TABLES = tuple(table for table in catalog().of(SYSTEM) if table.table != ITEMS)
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


class AmocrmRunConfig(ApiRunConfig):
    """What a run may ask of the AmoCRM step."""

    confirm_deleted: list[str] = Field(
        default_factory=list,
        description="Entities (leads, contacts, companies) of which many are really "
        "gone.",
    )
    confirm_account: bool = Field(
        default=False,
        description="The account has another number than before, but is the same.",
    )


@dg.multi_asset(
    name=f"extract_{SYSTEM}",
    # What a recent run need not read, and ledgers without a change, are left out.
    specs=[
        raw_spec(table, kinds={"amocrm", "postgres"}).replace_attributes(skippable=True)
        for table in TABLES
    ],
    check_specs=[check.spec for check in CHECKS],
    pool=SYSTEM,
    retry_policy=SOURCE_RETRIES,
)
def extract_amocrm(
    context: dg.AssetExecutionContext,
    config: AmocrmRunConfig,
    environment: Environment,
) -> Iterator[Event]:
    settings = environment.settings()
    with (
        failing_step(context, environment, SYSTEM),
        prepared_warehouse(settings) as warehouse,
    ):
        run = environment.run_info(context)
        tables = ingest_amocrm(
            settings.warehouse_url,
            settings.amocrm(),
            run=run,
            full=not config.recent,
            confirm_deleted=config.confirm_deleted,
            confirm_account=config.confirm_account,
            on_progress=context.log.info,
        )
        yield from _events(context, warehouse, run, tables)


def _events(
    context: dg.AssetExecutionContext,
    warehouse: Connection,
    run: RunInfo,
    tables: Iterator[LoadedTable],
) -> Iterator[Event]:
    """Report every table, then every check, and only then fail."""
    failure = None
    told: set[str] = set()
    try:
        for loaded in tables:
            told.add(loaded.table)
            for warning in loaded.warnings:
                context.log.warning(f"{loaded.table}: {warning}")
            yield told_of(warehouse, loaded)
    except SourceError as error:
        failure = error
    yield from materialized_ledgers(warehouse, TABLES, told)
    yield from check_results(CHECKS, warehouse, run)
    if failure:
        said = f"{failure}{_confirmation(str(failure))}"
        raise dg.Failure(
            said, allow_retries=not isinstance(failure, FINAL)
        ) from failure


def told_of(warehouse: Connection, loaded: LoadedTable) -> dg.MaterializeResult[None]:
    """Say what a load did, with the counters that must balance."""
    numbers = {
        name: value
        for name, value in loaded.details.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return materialized(
        warehouse,
        raw_key(SYSTEM, loaded.table),
        loaded.result,
        window=loaded.window,
        newest_row_at=loaded.newest_row_at,
        seconds=loaded.seconds,
        mode=loaded.mode,
        warnings="; ".join(loaded.warnings) or None,
        **numbers,
    )


def _confirmation(said: str) -> str:
    """Return the run config that would confirm what may be confirmed."""
    names = re.findall(r"`confirm_deleted: \[(\w+)\]`", said)
    if not names:
        return ""
    return (
        "\nIf they are really gone, run again with this config (docs/amocrm.md):\n"
        f"ops:\n  extract_{SYSTEM}:\n    config:\n"
        f"      confirm_deleted: [{', '.join(dict.fromkeys(names))}]"
    )


defs = dg.Definitions(assets=[extract_amocrm])
