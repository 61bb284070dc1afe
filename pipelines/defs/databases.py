"""The source databases in Dagster: one step per database, an asset per table.

Built from the catalog. Every table carries a check: red when its load failed, yellow
when its source no longer looks as declared.
"""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from pipelines.catalog import Catalog
from pipelines.defs.assets import (
    FINAL,
    SOURCE_RETRIES,
    failing_step,
    materialized,
    prepared_warehouse,
    raw_spec,
)
from pipelines.defs.resources import Environment, catalog
from pipelines.ingest.databases import TableLoad, extract_database
from pipelines.load.merge import Connection

SYSTEMS = ("landing", "traffic", "tripwire")
CHECK = "loads_as_declared"


class DatabaseRunConfig(dg.Config):
    """What an operator may confirm for one run: tables that really lost their rows."""

    confirm_deletes: list[str] = Field(default_factory=list)


Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def database_step(system: str, declared: Catalog) -> dg.AssetsDefinition:
    """Build the step that reads all tables of one database from one snapshot."""
    tables = {table.name: table for table in declared.of(system)}
    specs = [raw_spec(table, kinds={"postgres"}) for table in tables.values()]

    @dg.multi_asset(
        name=f"extract_{system}",
        specs=specs,
        check_specs=[_check(spec.key) for spec in specs],
        can_subset=True,
        pool=f"{system}_database",
        retry_policy=SOURCE_RETRIES,
    )
    def extract(
        context: dg.AssetExecutionContext,
        config: DatabaseRunConfig,
        environment: Environment,
    ) -> Iterator[Event]:
        with failing_step(context, environment, system):
            settings = environment.settings()
            loads = extract_database(
                system,
                settings.database_url(system),
                warehouse_url=settings.warehouse_url,
                catalog=declared,
                run=environment.run_info(context),
                tables={key.path[-1] for key in context.selected_asset_keys},
                confirm_deletes=config.confirm_deletes,
                on_progress=lambda table, rows: context.log.info(
                    f"{table}: {rows:,} rows so far"
                ),
            )
            with prepared_warehouse(settings) as warehouse:
                for load in loads:
                    yield from _events(load, warehouse)
            _raise_failures(system, loads)

    return extract


def _check(key: dg.AssetKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        CHECK,
        asset=key,
        description="Red: the load failed, the table keeps its last good rows. Yellow: "
        "the source has columns that nobody declared (they are never loaded) or lost "
        "some; declare them in the sources YAML, or leave them.",
    )


def _events(load: TableLoad, warehouse: Connection) -> Iterator[Event]:
    """Report one table: a failed one keeps its last materialization."""
    key = dg.AssetKey(["raw", load.table.name])
    if load.error is None:
        yield materialized(
            warehouse,
            key,
            load.result,
            newest_row_at=load.newest_row_at,
            seconds=load.seconds,
            outcome=load.outcome,
            mode=load.mode,
            notes="; ".join(load.notes) or None,
        )
    failed = load.error is not None
    yield dg.AssetCheckResult(
        check_name=CHECK,
        asset_key=key,
        passed=not failed and not load.warnings,
        severity=(
            dg.AssetCheckSeverity.ERROR if failed else dg.AssetCheckSeverity.WARN
        ),
        description=str(load.error) if failed else "; ".join(load.warnings) or None,
        metadata={"outcome": load.outcome, "rows_read": load.result.rows_read},
    )


def _raise_failures(system: str, loads: list[TableLoad]) -> None:
    """Make the step red at its end, when every good table has been reported."""
    errors = {load.table.name: load.error for load in loads if load.error}
    if not errors:
        return
    lines = sorted({str(error) for error in errors.values()})
    shown = "\n".join(f"  {line}" for line in lines[:20])
    raise dg.Failure(
        description=f"{system}: {len(errors)} of {len(loads)} tables were not loaded, "
        f"they keep their last good rows:\n{shown}",
        allow_retries=not all(isinstance(error, FINAL) for error in errors.values()),
    )


defs = dg.Definitions(
    assets=[database_step(system, catalog()) for system in SYSTEMS],
)
