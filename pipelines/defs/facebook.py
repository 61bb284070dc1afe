"""Facebook Ads in Dagster: one step that yields an asset per raw table.

The step depends on no other: a database that is down must not keep the spend away.
"""

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
from pipelines.ingest.facebook.run import ingest_facebook

SYSTEM = "facebook"
TABLES = catalog().of(SYSTEM)


@dg.multi_asset(
    name=f"extract_{SYSTEM}",
    # What an hourly run need not read, and ledgers without a change, are left out.
    specs=[
        raw_spec(table, kinds={"facebook", "postgres"}).replace_attributes(
            skippable=True
        )
        for table in TABLES
    ],
    pool=SYSTEM,
    retry_policy=SOURCE_RETRIES,
)
def extract_facebook(
    context: dg.AssetExecutionContext,
    config: ApiRunConfig,
    environment: Environment,
) -> Iterator[dg.MaterializeResult[None]]:
    settings = environment.settings()
    with (
        failing_step(context, environment, SYSTEM),
        prepared_warehouse(settings) as warehouse,
    ):
        for loaded in ingest_facebook(
            settings.warehouse_url,
            settings.facebook(),
            databases=settings.listing_database_urls(),
            run=environment.run_info(context),
            recent=config.recent,
        ):
            for warning in loaded.warnings:
                context.log.warning(f"{loaded.table}: {warning}")
            yield materialized(
                warehouse,
                raw_key(SYSTEM, loaded.table),
                loaded.result,
                window=loaded.window,
                newest_row_at=loaded.newest_row_at,
                seconds=loaded.seconds,
                accounts=", ".join(loaded.accounts) or None,
                warnings="; ".join(loaded.warnings) or None,
            )


defs = dg.Definitions(assets=[extract_facebook])
