"""AmoCRM into the warehouse: read with the extractor, load, log, table by table.

No Dagster and no protocol: assets belong to `defs/amocrm.py`, requests to
`extract/amocrm/`.
"""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import psycopg

from pipelines.connections import primary_message
from pipelines.errors import AuthError, SourceError, WarehouseError
from pipelines.extract.amocrm import extractor
from pipelines.extract.amocrm.client import SYSTEM, AmocrmClient
from pipelines.extract.amocrm.credentials import LongLivedToken
from pipelines.extract.amocrm.events import Window
from pipelines.extract.amocrm.extractor import Batches, Document
from pipelines.ingest.amocrm.absences import count_absences, mark_absences
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.load.documents import (
    append_documents,
    replace_documents,
    upsert_documents,
)
from pipelines.load.log import LoadResult, Mode, RunInfo, record_load
from pipelines.load.merge import Connection, make_stamp
from pipelines.warehouse import connect

# The trash and the events come before the leads: they explain absences.
TABLES = (
    "account", "pipelines", "custom_fields", "leads_trash", "events", "leads",
    "contacts", "users",
)  # fmt: skip
# Nothing newer is certain to be complete: the server's clocks and feeds lag a little.
SETTLED = timedelta(seconds=60)
# Read again each time, for what was written late.
ENTITIES_OVERLAP = timedelta(minutes=10)
EVENTS_OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True)
class LoadedTable:
    """What became of one table."""

    table: str
    mode: Mode
    result: LoadResult
    seconds: float
    # Seconds asked for, as "updated_at 1767225600.." for example; None reads all.
    window: str | None = None
    newest_row_at: datetime | None = None


@dataclass(frozen=True)
class _Load:
    """What loading a table needs to know."""

    client: AmocrmClient
    warehouse: Connection
    run: RunInfo
    full: bool

    @property
    def settled(self) -> int:
        """Return the last second of which everything is known."""
        return int((self.run.as_of - SETTLED).timestamp())


def ingest_amocrm(
    warehouse_url: str,
    config: AmocrmConfig,
    *,
    run: RunInfo,
    full: bool = True,
    tables: Collection[str] = TABLES,
) -> Iterator[LoadedTable]:
    """Load the tables and yield what became of each; raise at the end what failed.

    A full run reads all leads and contacts and marks those that are gone; any other
    reads what changed since the last run. Dictionaries and trash are always read whole,
    events always go on where they ended. `run.as_of` is the clock; the raw tables must
    exist.
    """
    credential = LongLivedToken(config.access_token or "")
    failures: list[SourceError] = []
    with (
        AmocrmClient(
            config.base_url, credential, requests_per_second=config.requests_per_second
        ) as client,
        connect(warehouse_url) as warehouse,
    ):
        load = _Load(client, warehouse, run, full)
        for table in (name for name in TABLES if name in tables):
            try:
                yield _load_table(load, table)
            except SourceError as error:
                failures.append(error)
                if warehouse.closed:
                    break
                _log_failure(load, table, error)
    if failures:
        raise _summary(failures)


def _load_table(load: _Load, table: str) -> LoadedTable:
    try:
        return _LOADERS[table](load)
    except psycopg.Error as error:
        raise WarehouseError(
            f"the warehouse did not take the rows: {primary_message(error)}",
            system=SYSTEM,
            table=table,
            remedy="see that the warehouse is up, writable and has room; run again",
        ) from None


def _log_failure(load: _Load, table: str, error: SourceError) -> None:
    with load.warehouse.transaction():
        record_load(
            load.warehouse,
            run=load.run,
            system=SYSTEM,
            table=table,
            outcome="failed",
            error=str(error),
        )


def _summary(failures: list[SourceError]) -> SourceError:
    """Make one error of many; it is as final as the most final of them."""
    if len(failures) == 1:
        return failures[0]
    kinds = {type(error) for error in failures}
    lines = "\n".join(f"  {error}" for error in failures)
    kind = AuthError if AuthError in kinds else SourceError
    if len(kinds) == 1:
        kind = kinds.pop()
    return kind(f"{len(failures)} tables were not loaded:\n{lines}", system=SYSTEM)


def _load_dictionary(
    load: _Load, table: str, extract: Callable[[AmocrmClient], Batches]
) -> LoadedTable:
    """Replace a table that is always read whole."""
    begun = time.monotonic()
    with load.warehouse.transaction():
        passing = _Passing(extract(load.client))
        result = replace_documents(
            load.warehouse, f"amocrm__{table}", passing, run=load.run
        )
        return _record(load, LoadedTable(table, "full", result, _since(begun)))


def _load_events(load: _Load) -> LoadedTable:
    """Append the events since the last run, a quarter of an hour again."""
    begun = time.monotonic()
    with load.warehouse.transaction():
        known = _last_watermark(load, "events")
        overlap = int(EVENTS_OVERLAP.total_seconds())
        # Not from 0: a server may take that for no filter at all.
        window = Window(max(1, known - overlap), load.settled)
        # A replay's clock may stand before the last run.
        batches: Batches = iter(())
        if window.first <= window.last:
            batches = extractor.extract_events(load.client, window)
        passing = _Passing(batches, time_of="created_at")
        result = append_documents(
            load.warehouse, "amocrm__events", passing, run=load.run
        )
        loaded = LoadedTable(
            "events", "incremental", result, _since(begun),
            window=str(window), newest_row_at=passing.newest_at,
        )  # fmt: skip
        return _record(load, loaded, watermark=max(known, load.settled))


def _load_entity(
    load: _Load, table: str, extract: Callable[..., Batches]
) -> LoadedTable:
    """Load leads or contacts: what changed, and in a full run also what is gone."""
    begun = time.monotonic()
    raw = f"amocrm__{table}"
    with load.warehouse.transaction():
        known = _last_watermark(load, table)
        overlap = int(ENTITIES_OVERLAP.total_seconds())
        since = 0 if load.full else max(0, known - overlap)
        started = make_stamp(load.warehouse, load.run).at
        passing = _Passing(extract(load.client, since=since), time_of="updated_at")
        result = upsert_documents(load.warehouse, raw, passing, run=load.run)
        refusal = None
        if load.full:
            ids = passing.ids
            absences = count_absences(load.warehouse, table, ids, before=started)
            refusal = absences.refusal(table)
            if refusal is None:
                gone = mark_absences(
                    load.warehouse, table, ids, before=started, run=load.run
                )
                result = replace(result, rows_deleted=gone)
        loaded = LoadedTable(
            table, "full" if load.full else "incremental", result, _since(begun),
            window=f"updated_at {since}..", newest_row_at=passing.newest_at,
        )  # fmt: skip
        if refusal is None:
            watermark = min(passing.newest or known, load.settled)
            _record(load, loaded, watermark=max(watermark, 0))
    if refusal:
        raise refusal
    return loaded


def _record(
    load: _Load, loaded: LoadedTable, *, watermark: int | None = None
) -> LoadedTable:
    """Write the load log's row into the transaction of the rows."""
    record_load(
        load.warehouse,
        run=load.run,
        system=SYSTEM,
        table=loaded.table,
        outcome="loaded",
        mode=loaded.mode,
        result=loaded.result,
        seconds=loaded.seconds,
        watermark=None if watermark is None else str(watermark),
        newest_row_at=loaded.newest_row_at,
    )
    return loaded


def _last_watermark(load: _Load, table: str) -> int:
    """Return the second up to which a table is known, 0 when it never was loaded."""
    row = load.warehouse.execute(
        "select watermark from raw._loads where system = %s and table_name = %s "
        "and outcome = 'loaded' and watermark is not null "
        "order by load_id desc limit 1",
        [SYSTEM, table],
    ).fetchone()
    return int(row[0]) if row else 0


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


class _Passing:
    """Documents on their way into the warehouse; remembers which passed."""

    def __init__(self, batches: Batches, *, time_of: str | None = None) -> None:
        self._batches = batches
        self._time_of = time_of
        self.ids: set[int] = set()
        self.newest: int | None = None

    def __iter__(self) -> Iterator[Document]:
        for batch in self._batches:
            for document in batch:
                if self._time_of:
                    self.ids.add(document["id"])
                    moment = document["payload"][self._time_of]
                    self.newest = max(self.newest or 0, moment)
                yield document

    @property
    def newest_at(self) -> datetime | None:
        return None if self.newest is None else datetime.fromtimestamp(self.newest, UTC)


_LOADERS: dict[str, Callable[[_Load], LoadedTable]] = {
    "account": lambda load: _load_dictionary(
        load, "account", extractor.extract_account
    ),
    "pipelines": lambda load: _load_dictionary(
        load, "pipelines", extractor.extract_pipelines
    ),
    "custom_fields": lambda load: _load_dictionary(
        load, "custom_fields", extractor.extract_custom_fields
    ),
    "leads_trash": lambda load: _load_dictionary(
        load, "leads_trash", extractor.extract_trash
    ),
    "users": lambda load: _load_dictionary(load, "users", extractor.extract_users),
    "events": _load_events,
    "leads": lambda load: _load_entity(load, "leads", extractor.extract_leads),
    "contacts": lambda load: _load_entity(load, "contacts", extractor.extract_contacts),
}
