"""What all raw assets have in common: key, group, owner, freshness, column schema.

Built from the catalog, so that a new table needs one entry in a sources YAML only.
"""

from datetime import timedelta

import dagster as dg

from pipelines.catalog import Table

OWNERS = ["team:data-engineering"]
# Extraction runs daily; two hours of slack before anybody is told, then ten more.
RAW_FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=36), warn_window=timedelta(hours=26)
)
# A source that is away for a moment is tried twice more before its step turns red.
SOURCE_RETRIES = dg.RetryPolicy(
    max_retries=2,
    delay=5,
    backoff=dg.Backoff.EXPONENTIAL,
    jitter=dg.Jitter.PLUS_MINUS,
)


def raw_key(system: str, table: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", f"{system}__{table}"])


def raw_spec(table: Table, *, kinds: set[str]) -> dg.AssetSpec:
    """Describe the asset of one raw table from its catalog entry."""
    return dg.AssetSpec(
        ["raw", table.name],
        group_name=table.system,
        description=table.description,
        owners=OWNERS,
        kinds=kinds,
        tags={"layer": "raw"},
        metadata={
            "dagster/table_name": f"raw.{table.name}",
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn(
                        column.name, column.data_type, description=column.description
                    )
                    for column in table.columns
                ]
            ),
        },
        freshness_policy=RAW_FRESHNESS,
    )
