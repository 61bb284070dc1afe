"""Reading a source database into raw: all its tables, of one moment, several at once.

How many at once belongs to `crew.py`, loading one table to `table_loader.py`, how rows
travel to `extract/postgres/` and `load/`.
"""

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from pipelines.catalog import Catalog, Table
from pipelines.errors import ConfigurationError, SourceError
from pipelines.extract.postgres.matching import refuse_stranger, signature_names
from pipelines.extract.postgres.snapshot import Snapshot, open_snapshot
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
from pipelines.watched import WatchedConnection

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

    Each failure of a source or a table comes back in its TableLoad. A second run over
    an unchanged source changes no row. `confirm` names the tables whose refusals an
    operator has looked into. Raises ConfigurationError for a name that no table has,
    WarehouseError when the warehouse cannot be reached or prepared.
    """
    declared = catalog.of(system)
    confirm = confirm.among(system, [table.table for table in declared])
    wanted = _choose(declared, tables)
    extraction = _Extraction(
        system, source_url, warehouse_url, catalog, run, confirm, engine or Engine()
    )
    loads, errors = extraction.load(wanted, on_progress)
    failed = [table for table in wanted if table.name in errors]
    loads |= {load.table.name: load for load in extraction.log(failed, errors)}
    return [loads[table.name] for table in wanted]


def _choose(declared: Collection[Table], names: Collection[str] | None) -> list[Table]:
    """Return the tables of those raw names, or all; refuse a name that none has."""
    if unknown := sorted(set(names or ()) - {table.name for table in declared}):
        raise ConfigurationError(f"no declared table is called {', '.join(unknown)}")
    return [table for table in declared if names is None or table.name in names]


@dataclass(frozen=True)
class _Extraction:
    """What the steps of one extraction have in common."""

    system: str
    source_url: str
    warehouse_url: str
    catalog: Catalog
    run: RunInfo
    confirm: Confirmation
    engine: Engine

    def load(
        self, tables: Collection[Table], on_progress: Progress | None
    ) -> tuple[dict[str, TableLoad], dict[str, SourceError]]:
        """Load the tables; return the reports, and why others could not be tried."""
        with self._warehouse() as warehouse:
            prepare(warehouse, self.catalog)
            started_at = read_time(warehouse)
            try:
                with self._source() as source:
                    moment = self._look(source, started_at)
                    return load_together(
                        tables,
                        TableLoader(warehouse, source, moment),
                        partial(self._join, moment),
                        workers=self.engine.workers,
                        on_progress=on_progress,
                    )
            except SourceError as error:
                return {}, {table.name: error for table in tables}

    def log(
        self, tables: Collection[Table], errors: Mapping[str, SourceError]
    ) -> list[TableLoad]:
        """Log what failed by a line of its own: the first one may be broken."""
        if not tables:
            return []
        try:
            with self._warehouse() as warehouse:
                return [
                    record_failure(warehouse, self.run, table, errors[table.name])
                    for table in tables
                ]
        except SourceError:
            # The log cannot be written either; the reports still say what happened.
            return [
                TableLoad(table, "failed", error=errors[table.name]) for table in tables
            ]

    def _look(self, source: Snapshot, started_at: datetime) -> Moment:
        declared = self.catalog.of(self.system)
        names = [name for table in declared for name in table.source_names]
        found = source.inspect([*names, *signature_names(self.catalog)])
        refuse_stranger(self.system, self.catalog, found)
        return Moment(found, self.run, started_at, self.confirm, self.engine.xmin_rows)

    @contextlib.contextmanager
    def _join(self, moment: Moment, shared: str) -> Iterator[TableLoader]:
        with self._warehouse() as warehouse, self._source(shared) as source:
            yield TableLoader(warehouse, source, moment)

    def _warehouse(self) -> WatchedConnection:
        return connect(self.warehouse_url, patience=self.engine.patience)

    def _source(self, shared: str | None = None) -> AbstractContextManager[Snapshot]:
        return open_snapshot(
            self.source_url,
            system=self.system,
            patience=self.engine.patience,
            shared=shared,
        )
