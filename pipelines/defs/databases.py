"""The source databases in Dagster: one step per database, an asset per table.

Built from the catalog. Every table carries two checks: red when its load failed or a
guard stopped it, yellow when its source no longer looks as declared.
"""

from collections.abc import Iterator
from time import monotonic

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
from pipelines.errors import SchemaChanged
from pipelines.ingest.databases import extract_database
from pipelines.ingest.table_loader import TableLoad
from pipelines.load.guards import Confirmation
from pipelines.load.merge import Connection

SYSTEMS = ("landing", "traffic", "tripwire")
LOADED = "is_loaded"
AS_DECLARED = "matches_declaration"
CHECKS = {
    LOADED: "Red: the load failed, or the guard that the metadata names stopped it; "
    "the table keeps its last good rows. The description says what to do.",
    AS_DECLARED: "Yellow: the source has columns that nobody declared (they are never "
    "loaded), lost or renamed some, or lacks the table; correct the sources YAML.",
}


class DatabaseRunConfig(dg.Config):
    """What an operator has looked at and confirms for one run, by names of tables."""

    confirm_deletes: list[str] = Field(
        default_factory=list, description="Tables whose missing rows are really gone."
    )
    confirm_types: list[str] = Field(
        default_factory=list,
        description="Tables that take the types which their source has now.",
    )
    confirm_source: list[str] = Field(
        default_factory=list,
        description="Tables for which another database, or an older state of it, "
        "is the right one.",
    )

    @property
    def confirmation(self) -> Confirmation:
        return Confirmation(
            self.confirm_deletes, self.confirm_types, self.confirm_source
        )


# What an operator may answer to a guard.
SWITCHES = {
    "mass_delete": "confirm_deletes",
    "incompatible_type": "confirm_types",
    "other_source": "confirm_source",
    "older_state": "confirm_source",
}

Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def database_step(system: str, declared: Catalog) -> dg.AssetsDefinition:
    """Build the step that reads all tables of one database from one snapshot."""
    tables = {table.name: table for table in declared.of(system)}
    specs = [raw_spec(table, kinds={"postgres"}) for table in tables.values()]

    @dg.multi_asset(
        name=f"extract_{system}",
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(name, asset=spec.key, description=description)
            for spec in specs
            for name, description in CHECKS.items()
        ],
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
                confirm=config.confirmation,
                on_progress=ProgressLog(context.log),
            )
            with prepared_warehouse(settings) as warehouse:
                for load in loads:
                    yield from _events(load, warehouse)
            _raise_failures(system, loads)

    return extract


def _events(load: TableLoad, warehouse: Connection) -> Iterator[Event]:
    """Report one table: a failed one keeps its last materialization."""
    key = dg.AssetKey(["raw", load.table.name])
    if load.error is None:
        rate = load.result.rows_read / load.seconds if load.seconds else None
        yield materialized(
            warehouse,
            key,
            load.result,
            newest_row_at=load.newest_row_at,
            seconds=load.seconds,
            rows_per_second=round(rate) if rate else None,
            outcome=load.outcome,
            mode=load.mode,
            notes="; ".join(load.notes) or None,
        )
    yield _loaded(load, key)
    yield _as_declared(load, key)


def _loaded(load: TableLoad, key: dg.AssetKey) -> dg.AssetCheckResult:
    facts: dict[str, str | int] = {
        "outcome": load.outcome,
        "rows_read": load.result.rows_read,
    }
    if load.error and load.error.guard:
        facts["guard"] = load.error.guard
    return dg.AssetCheckResult(
        check_name=LOADED,
        asset_key=key,
        passed=load.error is None,
        severity=dg.AssetCheckSeverity.ERROR,
        description=str(load.error) if load.error else None,
        metadata=facts,
    )


def _as_declared(load: TableLoad, key: dg.AssetKey) -> dg.AssetCheckResult:
    remarks = list(load.warnings)
    if isinstance(load.error, SchemaChanged):
        remarks.append(str(load.error))
    elif not load.is_compared:
        remarks.append("not compared, as the load failed before")
    return dg.AssetCheckResult(
        check_name=AS_DECLARED,
        asset_key=key,
        passed=not remarks,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(remarks) or None,
    )


def _raise_failures(system: str, loads: list[TableLoad]) -> None:
    """Make the step red at its end, when every good table has been reported."""
    errors = {load.table.name: load.error for load in loads if load.error}
    if not errors:
        return
    lines = sorted({str(error) for error in errors.values()})
    shown = "\n".join(f"  {line}" for line in lines[:20])
    raise dg.Failure(
        description=f"{system}: {len(errors)} of {len(loads)} tables could not be made "
        f"equal to their source; no row of theirs was lost:\n{shown}"
        f"{_confirmation(system, loads)}",
        allow_retries=not all(isinstance(error, FINAL) for error in errors.values()),
    )


def _confirmation(system: str, loads: list[TableLoad]) -> str:
    """Return the run config that would confirm all that may be confirmed."""
    switches: dict[str, list[str]] = {}
    for load in loads:
        if load.error and load.error.guard in SWITCHES:
            switch = SWITCHES[load.error.guard]
            switches.setdefault(switch, []).append(load.table.table)
    if not switches:
        return ""
    lines = [f"      {name}: [{', '.join(t)}]" for name, t in switches.items()]
    return (
        "\nIf all of it is right, run again with this config (docs/operations.md):\n"
        f"ops:\n  extract_{system}:\n    config:\n" + "\n".join(lines)
    )


class ProgressLog:
    """Tells a step's log how far a large table is, and how fast it comes."""

    def __init__(self, log: dg.DagsterLogManager) -> None:
        self._log = log
        self._last: dict[str, tuple[int, float]] = {}

    def __call__(self, table: str, rows: int) -> None:
        """Say how many rows of a table have passed."""
        now = monotonic()
        before, then = self._last.get(table, (rows, now))
        self._last[table] = rows, now
        rate = f", {(rows - before) / (now - then):,.0f} rows/s" if now > then else ""
        self._log.info(f"{table}: {rows:,} rows so far{rate}")


defs = dg.Definitions(
    assets=[database_step(system, catalog()) for system in SYSTEMS],
)
