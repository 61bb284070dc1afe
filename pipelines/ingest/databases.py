"""Reading a source database into raw: all its tables, each in its own transaction.

A table that fails is logged and reported beside those that succeed; what it held before
stays. How rows travel belongs to `extract/postgres/` and `load/`.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from psycopg import sql

from pipelines.catalog import Catalog, Table
from pipelines.connections import primary_message
from pipelines.errors import (
    ConfigurationError,
    SchemaChanged,
    SourceError,
    WarehouseError,
)
from pipelines.extract.postgres.schema import Match, SourceTable, match
from pipelines.extract.postgres.snapshot import Snapshot, open_snapshot
from pipelines.load.copying import Chunk
from pipelines.load.log import LoadResult, Mode, Outcome, RunInfo, record_load
from pipelines.load.merge import Connection
from pipelines.load.tables import Loaded, load_table
from pipelines.warehouse import connect, prepare

# Called while a large table loads, with its raw name and the rows passed so far.
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class TableLoad:
    """How the load of one table ended; a failure carries its error.

    Warnings ask for somebody's attention, notes only tell.
    """

    table: Table
    outcome: Outcome
    result: LoadResult = field(default_factory=LoadResult)
    mode: Mode | None = None
    seconds: float = 0.0
    newest_row_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: SourceError | None = None


@dataclass(frozen=True)
class SourceRows:
    """A matched table in its snapshot: what the loader asks for."""

    snapshot: Snapshot
    match: Match

    @property
    def types(self) -> dict[str, str]:
        return self.match.types

    @property
    def is_unique(self) -> bool:
        return self.match.is_unique

    @property
    def is_large(self) -> bool:
        return self.match.is_large

    def copy(self, types: Mapping[str, str]) -> Iterator[Chunk]:
        return self.snapshot.copy(self.match, types)


def extract_database(
    system: str,
    source_url: str,
    *,
    warehouse_url: str,
    catalog: Catalog,
    run: RunInfo,
    tables: Collection[str] | None = None,
    confirm_deletes: Collection[str] = (),
    on_progress: Progress | None = None,
) -> list[TableLoad]:
    """Load the tables of a system (all, or those raw names given) from one snapshot.

    Never raises for the source: each failure comes back in its TableLoad. A second run
    over an unchanged source changes no row. `confirm_deletes` names the tables whose
    rows are really gone, however many they are.
    """
    _refuse_unknown(system, catalog, confirm_deletes)
    wanted = [
        table for table in catalog.of(system) if tables is None or table.name in tables
    ]
    with connect(warehouse_url) as warehouse:
        prepare(warehouse, catalog)
        warehouse.commit()
        loader = _Loader(warehouse, run, confirm_deletes, on_progress)
        try:
            with open_snapshot(source_url, system=system) as snapshot:
                names = [n for table in catalog.of(system) for n in table.source_names]
                found = snapshot.inspect(names)
                _refuse_stranger(system, catalog, found)
                for table in wanted:
                    loader.load(table, snapshot, found)
        except SourceError as error:
            for table in wanted[len(loader.loads) :]:
                loader.fail(table, error)
    return loader.loads


def _refuse_stranger(
    system: str, catalog: Catalog, found: dict[str, SourceTable]
) -> None:
    """Refuse a database that has none of the tables of its role."""
    if not found:
        raise SchemaChanged(
            f"the database has none of the {len(catalog.of(system))} declared tables",
            system=system,
            remedy=f"check that {system.upper()}_DATABASE_URL leads to the {system} "
            "database, its search path to the schema, and that the role may use it",
        )


def _refuse_unknown(system: str, catalog: Catalog, confirmed: Collection[str]) -> None:
    """Refuse a confirmation that no table of the system would hear."""
    names = {table.table for table in catalog.of(system)}
    if unknown := sorted(set(confirmed) - names):
        raise ConfigurationError(
            f"confirm_deletes names {', '.join(unknown)}, but {system} has only "
            f"{', '.join(sorted(names))}"
        )


def _lost(loaded: Loaded) -> tuple[str, ...]:
    if not loaded.lost_columns:
        return ()
    names = ", ".join(loaded.lost_columns)
    return (f"columns that held values are gone from the source: {names}",)


class _Loader:
    """Loads table by table and keeps how each ended."""

    def __init__(
        self,
        warehouse: Connection,
        run: RunInfo,
        confirm_deletes: Collection[str],
        on_progress: Progress | None,
    ) -> None:
        self.loads: list[TableLoad] = []
        self._warehouse = warehouse
        self._run = run
        self._confirm_deletes = confirm_deletes
        self._on_progress = on_progress

    def load(
        self, table: Table, snapshot: Snapshot, found: dict[str, SourceTable]
    ) -> None:
        """Load one table; what goes wrong with it alone does not stop the others."""
        try:
            matched = match(table, found)
            if matched is None:
                self._absent(table)
                return
            loaded = self._transfer(table, SourceRows(snapshot, matched))
        except SourceError as error:
            self.fail(table, error)
            return
        self._finish(table, matched, loaded)

    def fail(self, table: Table, error: SourceError) -> None:
        """Log a failure in a transaction of its own."""
        self._record(table, outcome="failed", error=str(error))
        self._keep(TableLoad(table, "failed", error=error))

    def _transfer(self, table: Table, rows: SourceRows) -> Loaded:
        report = self._on_progress

        def progress(count: int) -> None:
            if report:
                report(table.name, count)

        with _as_our_error(table), self._warehouse.transaction():
            return load_table(
                self._warehouse,
                table,
                rows,
                run=self._run,
                confirm_deletes=table.table in self._confirm_deletes,
                on_progress=progress,
            )

    def _finish(self, table: Table, matched: Match, loaded: Loaded) -> None:
        load = TableLoad(
            table,
            "failed" if loaded.refused else "loaded",
            result=loaded.result,
            mode="snapshot",
            seconds=loaded.seconds,
            newest_row_at=loaded.newest_row_at,
            warnings=(*matched.warnings, *_lost(loaded)),
            notes=matched.notes,
            error=loaded.refused,
        )
        self._keep(load)

    def _absent(self, table: Table) -> None:
        names = " or ".join(table.source_names)
        message = f"the source has no table {names} in its search path"
        if table.required:
            remedy = "create or grant it; what was loaded before stays"
            raise SchemaChanged(
                message, system=table.system, table=table.table, remedy=remedy
            )
        if not self._holds_rows(table):
            self._record(table, outcome="absent")
            self._keep(TableLoad(table, "absent", notes=(message,)))
            return
        message += "; the rows of its last load stay"
        self._record(table, outcome="absent", error=message)
        self._keep(TableLoad(table, "absent", warnings=(message,)))

    def _holds_rows(self, table: Table) -> bool:
        statement = sql.SQL(
            "select exists (select from {} where _deleted_at is null)"
        ).format(sql.Identifier("raw", table.name))
        with _as_our_error(table), self._warehouse.transaction():
            row = self._warehouse.execute(statement).fetchone()
        return bool(row and row[0])

    def _record(
        self, table: Table, *, outcome: Outcome, error: str | None = None
    ) -> None:
        with _as_our_error(table), self._warehouse.transaction():
            record_load(
                self._warehouse,
                run=self._run,
                system=table.system,
                table=table.table,
                outcome=outcome,
                error=error,
            )

    def _keep(self, load: TableLoad) -> None:
        self.loads.append(load)


@contextlib.contextmanager
def _as_our_error(table: Table) -> Iterator[None]:
    """Turn what the warehouse says into an error of ours that names the table."""
    try:
        yield
    except psycopg.Error as error:
        raise WarehouseError(
            f"the warehouse did not take the rows: {primary_message(error)}",
            system=table.system,
            table=table.table,
            remedy="see that the warehouse is up, writable and has room; run again",
        ) from None
