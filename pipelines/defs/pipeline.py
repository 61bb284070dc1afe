"""The pipeline's own tables in raw: the clock of a build, the load log, the memory.

The clock is an asset because every model reads it; the rest is written elsewhere and
stands here so that the lineage has no gaps.
"""

import dagster as dg

from pipelines.defs.assets import LOADS_KEY, OWNERS, prepared_warehouse, raw_spec
from pipelines.defs.resources import Environment, catalog
from pipelines.warehouse import HISTORY_TABLES, write_clock

CLOCK_KEY = dg.AssetKey(["raw", "_clock"])


@dg.asset(
    key=CLOCK_KEY,
    group_name="pipeline",
    owners=OWNERS,
    kinds={"postgres"},
    tags={"layer": "raw"},
    pool="warehouse",
    description="The moment that a build calls now: PIPELINE_NOW, else the real time. "
    "Every day boundary, window and plan of the edition follows it.",
)
def clock(
    context: dg.AssetExecutionContext, environment: Environment
) -> dg.MaterializeResult[None]:
    settings = environment.settings()
    now = settings.now()
    with prepared_warehouse(settings) as warehouse:
        write_clock(warehouse, now)
    return dg.MaterializeResult(metadata={"now": dg.MetadataValue.timestamp(now)})


LOADS = dg.AssetSpec(
    LOADS_KEY,
    deps=[dg.AssetKey(["raw", table.name]) for table in catalog()],
    group_name="pipeline",
    owners=OWNERS,
    kinds={"postgres"},
    tags={"layer": "raw"},
    description="The load log: one row for each load of a table, written by every "
    "extract step. Coverage and freshness are read from it.",
)
HISTORY = [
    dg.AssetSpec(
        ["history", name],
        group_name="history",
        owners=OWNERS,
        kinds={"postgres"},
        tags={"layer": "history"},
        description=f"{description} Written back by the publish step of the edition "
        "before, in its one transaction.",
    )
    for name, description in HISTORY_TABLES.items()
]

OWN = [
    raw_spec(table, kinds={table.system, "postgres"}).replace_attributes(
        freshness_policy=None
    )
    for table in catalog().own
]

defs = dg.Definitions(assets=[clock, LOADS, *HISTORY, *OWN])
