"""The last step of an edition: audited candidates become the marts that BI reads."""

import dagster as dg

from pipelines.defs.assets import OWNERS
from pipelines.defs.dbt import MART_FRESHNESS, PROJECT
from pipelines.defs.resources import Environment
from pipelines.publish import MartSpec, marts_from_manifest, publish


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
        freshness_policy=MART_FRESHNESS,
    )
