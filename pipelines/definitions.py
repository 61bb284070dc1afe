"""The code location: everything in `defs/`, loaded as the server loads it."""

import dagster as dg

from pipelines.defs import (
    amocrm,
    amocrm_refresh,
    automation,
    databases,
    dbt,
    facebook,
    pipeline,
    publish,
    resources,
)

defs = dg.Definitions.merge(
    pipeline.defs,
    databases.defs,
    facebook.defs,
    amocrm.defs,
    amocrm_refresh.defs,
    dbt.defs,
    publish.defs,
    automation.defs,
    resources.defs,
)
