"""The source databases in Dagster: one step per database, an asset per table.

Built from the catalog. Every table carries two checks: that its load was complete, and
that the source still looks as declared.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.catalog import Catalog, load_catalog
from pipelines.defs.assets import (
    FINAL,
    SOURCE_RETRIES,
    failing_step,
    materialized,
    raw_spec,
)
from pipelines.defs.resources import SOURCES, Environment
from pipelines.ingest.databases import TableLoad, extract_database

SYSTEMS = ("landing", "traffic", "tripwire")
CATALOG = load_catalog(SOURCES)
COMPLETE = "is_complete"
CONTRACT = "matches_contract"


class DatabaseRunConfig(dg.Config):
    """What an operator may confirm for one run."""

    confirm_deletes: bool = False


Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def database_step(system: str, catalog: Catalog) -> dg.AssetsDefinition:
    """Build the step that reads all tables of one database from one snapshot."""
    tables = {table.name: table for table in catalog.of(system)}
    specs = [raw_spec(table, kinds={"postgres"}) for table in tables.values()]

    @dg.multi_asset(
        name=f"extract_{system}",
        specs=specs,
        check_specs=[check for spec in specs for check in _checks(spec.key)],
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
                catalog=catalog,
                run=environment.run_info(context),
                tables={key.path[-1] for key in context.selected_asset_keys},
                confirm_deletes=config.confirm_deletes,
                on_progress=lambda table, rows: context.log.info(
                    f"{table}: {rows:,} rows so far"
                ),
            )
            for load in loads:
                yield from _events(load, settings.warehouse_url)
            _raise_failures(system, loads)

    return extract


def _checks(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            COMPLETE,
            asset=key,
            description="Every row of the source arrived, or the load says why not; "
            "the last good rows stay.",
        ),
        dg.AssetCheckSpec(
            CONTRACT,
            asset=key,
            description="The source table has the declared columns and no others. "
            "Others are never loaded: declare them in the sources YAML, or leave them.",
        ),
    ]


def _events(load: TableLoad, warehouse_url: str) -> Iterator[Event]:
    """Report one table: a failed one keeps its last materialization."""
    key = dg.AssetKey(["raw", load.table.name])
    if load.error is None:
        yield materialized(
            warehouse_url,
            key,
            load.result,
            newest_row_at=load.newest_row_at,
            seconds=load.seconds,
            outcome=load.outcome,
            mode=load.mode,
        )
    yield dg.AssetCheckResult(
        check_name=COMPLETE,
        asset_key=key,
        passed=load.error is None,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"outcome": load.outcome, "rows_read": load.result.rows_read},
        description=str(load.error) if load.error else None,
    )
    yield dg.AssetCheckResult(
        check_name=CONTRACT,
        asset_key=key,
        passed=not load.warnings,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(load.warnings) or None,
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
    assets=[database_step(system, CATALOG) for system in SYSTEMS],
)
