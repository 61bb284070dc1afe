"""Reading a source database into raw: all its tables, of one moment, several at once.

How many at once belongs to `crew.py`, loading one table to `table_loader.py`, how rows
travel to `extract/postgres/` and `load/`.
"""

import contextlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from pipelines.catalog import Catalog
from pipelines.errors import SourceError
from pipelines.extract.postgres.matching import refuse_stranger, signature_names
from pipelines.extract.postgres.snapshot import open_snapshot
from pipelines.ingest.crew import load_together
from pipelines.ingest.reading import XMIN_ROWS
from pipelines.ingest.table_loader import (
    Moment,
    Progress,
    TableLoad,
    TableLoader,
    record_failure,
)
from pipelines.liveness import PATIENCE, Patience
from pipelines.load.guards import Confirmation
from pipelines.load.log import RunInfo
from pipelines.warehouse import connect, prepare, read_time

# More connections than this are unkind to a source that serves a website.
MOST_WORKERS = 4
NOTHING_CONFIRMED = Confirmation()


@dataclass(frozen=True)
class Engine:
    """How a database is read.

    Of tables above `xmin_rows` only changes are read, as many as `workers` are loaded
    at once, and `patience` says how long a line may be silent.
    """

    xmin_rows: int = XMIN_ROWS
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, MOST_WORKERS))
    patience: Patience = PATIENCE


def extract_database(
    system: str,
    source_url: str,
    *,
    warehouse_url: str,
    catalog: Catalog,
    run: RunInfo,
    tables: Collection[str] | None = None,
    confirm: Confirmation = NOTHING_CONFIRMED,
    on_progress: Progress | None = None,
    engine: Engine | None = None,
) -> list[TableLoad]:
    """Load the tables of a system (all, or those raw names given) from one snapshot.

    Never raises for the source: each failure comes back in its TableLoad. A second run
    over an unchanged source changes no row. `confirm` names the tables whose refusals
    an operator has looked into.
    """
    engine = engine or Engine()
    declared = catalog.of(system)
    confirm = confirm.among(system, [table.table for table in declared])
    wanted = [table for table in declared if tables is None or table.name in tables]
    with connect(warehouse_url, patience=engine.patience) as warehouse:
        prepare(warehouse, catalog)
        started_at = read_time(warehouse)
        patience = engine.patience
        try:
            with open_snapshot(source_url, system=system, patience=patience) as source:
                names = [name for table in declared for name in table.source_names]
                found = source.inspect([*names, *signature_names(catalog)])
                refuse_stranger(system, catalog, found)
                moment = Moment(found, run, started_at, confirm, engine.xmin_rows)

                @contextlib.contextmanager
                def join(shared: str) -> Iterator[TableLoader]:
                    with (
                        connect(warehouse_url, patience=patience) as other_warehouse,
                        open_snapshot(
                            source_url,
                            system=system,
                            patience=patience,
                            shared=shared,
                        ) as other_source,
                    ):
                        yield TableLoader(other_warehouse, other_source, moment)

                loads = load_together(
                    wanted,
                    TableLoader(warehouse, source, moment),
                    join,
                    workers=engine.workers,
                    on_progress=on_progress,
                )
        except SourceError as error:
            return [record_failure(warehouse, run, table, error) for table in wanted]
    return [loads[table.name] for table in wanted]
