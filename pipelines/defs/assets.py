"""What all raw assets have in common: their spec, their metadata, how a step fails.

Specs are built from the catalog, so that a new table needs one entry in a sources YAML.
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

import dagster as dg
import psycopg
from psycopg import sql

from pipelines.catalog import Table
from pipelines.connections import primary_message
from pipelines.defs.resources import Environment, Settings, catalog
from pipelines.errors import (
    AuthError,
    ConfigurationError,
    LoadRefused,
    PipelineError,
    RateLimited,
    SchemaChanged,
    WarehouseError,
)
from pipelines.load.log import LoadResult, record_load
from pipelines.load.merge import Connection
from pipelines.warehouse import connect, prepare

OWNERS = ["team:data-engineering"]
# Everything runs daily; two hours of slack before anybody is told, then ten more.
DAILY_FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=36), warn_window=timedelta(hours=26)
)
# A source that is away for a moment is tried twice more before its step turns red.
SOURCE_RETRIES = dg.RetryPolicy(
    max_retries=2,
    delay=5,
    backoff=dg.Backoff.EXPONENTIAL,
    jitter=dg.Jitter.PLUS_MINUS,
)


class ApiRunConfig(dg.Config):
    """What a run may ask of a step that reads an API."""

    recent: bool = False


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
        freshness_policy=DAILY_FRESHNESS,
    )


LOADS_KEY = dg.AssetKey(["raw", "_loads"])
# Trying again cannot help these.
FINAL = (AuthError, ConfigurationError, LoadRefused, RateLimited, SchemaChanged)


@contextlib.contextmanager
def prepared_warehouse(settings: Settings) -> Iterator[Connection]:
    """Make what the warehouse lacks; yield a connection that holds no transaction."""
    with connect(settings.warehouse_url) as warehouse:
        prepare(warehouse, catalog())
        warehouse.commit()
        warehouse.autocommit = True
        yield warehouse


def materialized(
    warehouse: Connection,
    key: dg.AssetKey,
    result: LoadResult,
    *,
    newest_row_at: datetime | None = None,
    **facts: str | float | None,
) -> dg.MaterializeResult[None]:
    """Say what a load did, as metadata that the UI plots over time."""
    newest: dict[str, dg.TimestampMetadataValue] = {}
    if newest_row_at:
        newest["newest_row_at"] = dg.MetadataValue.timestamp(newest_row_at)
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": _count_living(warehouse, key.path[-1]),
            "rows_read": result.rows_read,
            "rows_inserted": result.rows_inserted,
            "rows_updated": result.rows_updated,
            "rows_deleted": result.rows_deleted,
            **newest,
            **{name: fact for name, fact in facts.items() if fact is not None},
        },
    )


def materialized_ledgers(
    warehouse: Connection, tables: Iterable[Table], told: Collection[str]
) -> Iterator[dg.MaterializeResult[None]]:
    """Report the ledgers of a system that no load of its own has told of.

    They are written along with others: how much they hold is all there is to say.
    """
    for table in tables:
        if table.ledger and table.table not in told:
            key = raw_key(table.system, table.table)
            yield materialized(warehouse, key, LoadResult())


def _count_living(warehouse: Connection, table: str) -> int:
    statement = sql.SQL("select count(*) from {} where _deleted_at is null")
    query = statement.format(sql.Identifier("raw", table))
    row = warehouse.execute(query).fetchone()
    return int(row[0]) if row else 0


@contextlib.contextmanager
def failing_step(
    context: dg.AssetExecutionContext, environment: Environment, system: str
) -> Iterator[None]:
    """Turn our errors into a red step that says what to do; retry what may heal.

    Missing settings are written to the load log too, so that the marts name the source
    as behind and say why.
    """
    try:
        yield
        context.log_event(dg.AssetMaterialization(LOADS_KEY))
    except PipelineError as error:
        if isinstance(error, ConfigurationError):
            _log_failure(context, environment, system, error)
        raise dg.Failure(
            description=str(error), allow_retries=not isinstance(error, FINAL)
        ) from error
    except psycopg.Error as error:
        # A source's errors are ours by now; its context may repeat values of rows.
        ours = WarehouseError(
            f"the warehouse did not take the rows: {primary_message(error)}",
            system=system,
            remedy="see that the warehouse is up, writable and has room; run again",
        )
        raise dg.Failure(description=str(ours)) from None


def _log_failure(
    context: dg.AssetExecutionContext,
    environment: Environment,
    system: str,
    error: PipelineError,
) -> None:
    with contextlib.suppress(PipelineError, psycopg.Error):
        run = environment.run_info(context)
        with prepared_warehouse(environment.settings()) as warehouse:
            for table in catalog().of(system):
                record_load(
                    warehouse,
                    run=run,
                    system=system,
                    table=table.table,
                    outcome="failed",
                    error=str(error),
                )
