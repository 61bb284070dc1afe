"""AmoCRM in Dagster: one step that yields an asset per raw table."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.assets import (
    SOURCE_RETRIES,
    ApiRunConfig,
    failing_step,
    materialized,
    prepared_warehouse,
    raw_key,
    raw_spec,
)
from pipelines.defs.resources import Environment, catalog
from pipelines.ingest.amocrm.run import ingest_amocrm

SYSTEM = "amocrm"
TABLES = catalog().of(SYSTEM)


@dg.multi_asset(
    name=f"extract_{SYSTEM}",
    # What a recent run need not read, and ledgers without a change, are left out.
    specs=[
        raw_spec(table, kinds={"amocrm", "postgres"}).replace_attributes(skippable=True)
        for table in TABLES
    ],
    pool=SYSTEM,
    retry_policy=SOURCE_RETRIES,
)
def extract_amocrm(
    context: dg.AssetExecutionContext,
    config: ApiRunConfig,
    environment: Environment,
) -> Iterator[dg.MaterializeResult[None]]:
    settings = environment.settings()
    with (
        failing_step(context, environment, SYSTEM),
        prepared_warehouse(settings) as warehouse,
    ):
        for loaded in ingest_amocrm(
            settings.warehouse_url,
            settings.amocrm(),
            run=environment.run_info(context),
            full=not config.recent,
        ):
            yield materialized(
                warehouse,
                raw_key(SYSTEM, loaded.table),
                loaded.result,
                window=loaded.window,
                newest_row_at=loaded.newest_row_at,
                seconds=loaded.seconds,
                mode=loaded.mode,
            )


defs = dg.Definitions(assets=[extract_amocrm])
