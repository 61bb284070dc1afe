"""Loading table by table, by one connection to a source and one to the warehouse.

Every table is a transaction of its own; one that fails is logged and reported beside
those that succeed. Which tables, and how many at once, belongs to `databases.py`.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import psycopg
from psycopg import sql

from pipelines.catalog import ReadMode, Table
from pipelines.connections import primary_message
from pipelines.errors import SchemaChanged, SourceError, WarehouseError
from pipelines.extract.postgres.matching import Match, column_drift, match
from pipelines.extract.postgres.schema import SourceTable
from pipelines.extract.postgres.snapshot import Snapshot
from pipelines.ingest.reading import SourceRows
from pipelines.load.guards import Confirmation
from pipelines.load.log import LoadResult, Outcome, RunInfo, record_load
from pipelines.load.tables import Loaded, load_table
from pipelines.watched import WatchedConnection

LOGGER = logging.getLogger(__name__)
# Called while a large table loads, with its raw name and the rows passed so far.
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class TableLoad:
    """How the load of one table ended; a failure carries its error.

    Warnings ask for somebody's attention, notes only tell; without `is_compared` there
    are none, as the source's columns were not seen.
    """

    table: Table
    outcome: Outcome
    result: LoadResult = field(default_factory=LoadResult)
    mode: ReadMode | None = None
    seconds: float = 0.0
    newest_row_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: SourceError | None = None
    is_compared: bool = True


@dataclass(frozen=True)
class Moment:
    """What all tables of one extraction have in common.

    `found` are the tables that the source has; `started_at` is by the warehouse's
    clock, before the source was looked at.
    """

    found: Mapping[str, SourceTable]
    run: RunInfo
    started_at: datetime
    confirm: Confirmation
    xmin_rows: int


@dataclass(frozen=True)
class TableLoader:
    """Loads tables, by one connection to the source and one to the warehouse."""

    warehouse: WatchedConnection
    snapshot: Snapshot
    moment: Moment

    @property
    def is_broken(self) -> bool:
        """Tell whether nothing more can be read."""
        return self.snapshot.is_broken

    def size(self, table: Table) -> int:
        """Return the bytes that a table has in its source; 0 if it is not there."""
        found = (self.moment.found.get(name) for name in table.source_names)
        return max((source.size_bytes for source in found if source), default=0)

    def load(self, table: Table, on_progress: Progress) -> TableLoad:
        """Load one table; what goes wrong with it alone comes back in its report."""
        matched = None
        try:
            matched = match(table, self.moment.found)
            if matched is None:
                return self._absent(table)
            loaded = self._transfer(table, matched, on_progress)
        except SourceError as error:
            failed = self.fail(table, error)
            if matched is None:
                return failed
            return replace(failed, warnings=matched.warnings, is_compared=True)
        except Exception as error:
            # A fault of ours in one table must not take the others down.
            LOGGER.exception("%s: unexpected", table.name)
            return self.fail(table, _unexpected(table, error))
        remembered = loaded.before.columns if loaded.before else None
        return TableLoad(
            table,
            "failed" if loaded.refused else "loaded",
            result=loaded.result,
            mode=loaded.mode,
            seconds=loaded.seconds,
            newest_row_at=loaded.newest_row_at,
            warnings=(*matched.warnings, *column_drift(matched, remembered)),
            notes=(*matched.notes, *loaded.notes),
            error=loaded.refused,
        )

    def fail(self, table: Table, error: SourceError) -> TableLoad:
        """Log a failure in a transaction of its own, and return it as a report."""
        return record_failure(self.warehouse, self.moment.run, table, error)

    def _transfer(self, table: Table, matched: Match, on_progress: Progress) -> Loaded:
        source = SourceRows(
            self.snapshot,
            matched,
            started_at=self.moment.started_at,
            warehouse_version=self.warehouse.info.server_version,
            xmin_rows=self.moment.xmin_rows,
            confirmed=table.table in self.moment.confirm.source,
        )
        with transaction(self.warehouse, table):
            return load_table(
                self.warehouse,
                table,
                source,
                run=self.moment.run,
                confirm=self.moment.confirm,
                on_progress=lambda rows: on_progress(table.name, rows),
            )

    def _absent(self, table: Table) -> TableLoad:
        names = " or ".join(table.source_names)
        message = f"the source has no table {names} in its search path"
        if table.required:
            remedy = "create or grant it; what was loaded before stays"
            raise SchemaChanged(
                message,
                system=table.system,
                table=table.table,
                remedy=remedy,
                guard="missing_table",
            )
        if not self._holds_rows(table):
            self._record_absence(table)
            return TableLoad(table, "absent", notes=(message,))
        message += "; the rows of its last load stay"
        self._record_absence(table, message)
        return TableLoad(table, "absent", warnings=(message,))

    def _holds_rows(self, table: Table) -> bool:
        statement = sql.SQL(
            "select exists (select from {} where _deleted_at is null)"
        ).format(sql.Identifier("raw", table.name))
        with transaction(self.warehouse, table):
            row = self.warehouse.execute(statement).fetchone()
        return bool(row and row[0])

    def _record_absence(self, table: Table, message: str | None = None) -> None:
        run = self.moment.run
        _record(self.warehouse, run, table, outcome="absent", error=message)


def _unexpected(table: Table, error: Exception) -> SourceError:
    return SourceError(
        f"unexpected {type(error).__name__} (its traceback is in the log)",
        system=table.system,
        table=table.table,
        remedy="report it; the table keeps its last good rows",
    )


def record_failure(
    warehouse: WatchedConnection, run: RunInfo, table: Table, error: SourceError
) -> TableLoad:
    """Log a failure in a transaction of its own, and return it as a report."""
    _record(warehouse, run, table, outcome="failed", error=str(error))
    return TableLoad(table, "failed", error=error, is_compared=False)


def _record(
    warehouse: WatchedConnection,
    run: RunInfo,
    table: Table,
    *,
    outcome: Outcome,
    error: str | None,
) -> None:
    with transaction(warehouse, table):
        record_load(
            warehouse,
            run=run,
            system=table.system,
            table=table.table,
            outcome=outcome,
            error=error,
        )


@contextlib.contextmanager
def transaction(warehouse: WatchedConnection, table: Table) -> Iterator[None]:
    """Open a transaction whose errors are ours and name the table."""
    try:
        with warehouse.transaction():
            yield
    except psycopg.Error as error:
        message = warehouse.verdict or primary_message(error)
        raise WarehouseError(
            f"the warehouse did not take the rows: {message}",
            system=table.system,
            table=table.table,
            remedy="see that the warehouse is up, writable and has room; run again",
        ) from None
