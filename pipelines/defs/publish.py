"""The last step of an edition: audited candidates become the marts that BI reads.

One step for all of them, because one transaction is one edition.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.assets import DAILY_FRESHNESS, OWNERS
from pipelines.defs.dbt import MANIFEST
from pipelines.defs.resources import Environment
from pipelines.errors import PipelineError
from pipelines.mart_tables import Published
from pipelines.marts import MartSpec, marts_from_manifest
from pipelines.publish import publish, withhold

EDITION = marts_from_manifest(MANIFEST)
MARTS = {mart.name: mart for mart in EDITION if mart.schema == "marts"}


def _spec(mart: MartSpec) -> dg.AssetSpec:
    return dg.AssetSpec(
        ["marts", mart.name],
        deps=[dg.AssetKey(["candidate", mart.name])],
        group_name="marts",
        description=mart.description,
        owners=OWNERS,
        kinds={"postgres"},
        tags={"layer": "marts"},
        metadata={"dagster/table_name": f"marts.{mart.name}"},
        freshness_policy=DAILY_FRESHNESS,
    )


class PublishRunConfig(dg.Config):
    """What an operator may confirm for one run: marts that really shrank."""

    confirm: bool = False


@dg.multi_asset(
    name="publish_edition",
    specs=[_spec(mart) for mart in MARTS.values()],
    pool="warehouse",
)
def publish_edition(
    context: dg.AssetExecutionContext,
    config: PublishRunConfig,
    environment: Environment,
) -> Iterator[dg.MaterializeResult[None]]:
    settings = environment.settings()
    try:
        published = publish(
            settings.warehouse_url,
            EDITION,
            edition=context.run.run_id,
            now=settings.now(),
            confirm=config.confirm,
        )
    except PipelineError as error:
        withhold(settings.warehouse_url, reason=str(error), now=settings.now())
        raise dg.Failure(description=str(error), allow_retries=False) from error
    for result in published:
        key = dg.AssetKey([result.schema, result.name])
        if result.name in MARTS:
            yield dg.MaterializeResult(asset_key=key, metadata=_metadata(result))
        else:
            # An input of the next build, so no asset of this step: that were a cycle.
            context.log_event(dg.AssetMaterialization(key, metadata=_metadata(result)))


def _metadata(result: Published) -> dict[str, str | int]:
    return {
        "dagster/row_count": result.rows,
        "rows_inserted": result.inserted,
        "rows_updated": result.updated,
        "rows_deleted": result.deleted,
        "content_hash": result.content_hash,
    }


defs = dg.Definitions(assets=[publish_edition])
