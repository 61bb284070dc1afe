"""What loading AmoCRM needs to know, and what became of a table: shapes for all parts.

Which rows are read, and what they change, belongs to the modules beside it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pipelines.extract.amocrm.client import SYSTEM, AmocrmClient
from pipelines.extract.amocrm.extractor import Batches, Document
from pipelines.load.log import LoadResult, Mode, RunInfo, record_load
from pipelines.load.merge import Connection

Progress = Callable[[str], None]
# How a version came to us.
Via = Literal["poll", "hook", "sweep", "backfill"]
# Nothing newer is certain to be complete: the server's clocks and feeds lag a little.
SETTLED = timedelta(seconds=60)


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
    # Counters that must balance; what they mean is said where they are counted.
    details: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Load:
    """One run's loading: its client, its warehouse, its clock, what it may do.

    A full run also sweeps. An operator has confirmed that the many missing rows of the
    `confirmed` entities are gone, and that another account number is the same account.
    """

    client: AmocrmClient
    warehouse: Connection
    run: RunInfo
    full: bool = True
    honours_filters: bool = True
    confirmed: frozenset[str] = frozenset()
    confirms_account: bool = False
    on_progress: Progress = lambda text: None

    @property
    def settled(self) -> int:
        """Return the last second of which everything is known.

        By our clock, which a replay may set, and by the server's: a clock that runs
        ahead must not move a cursor past what is yet to happen.
        """
        now = self.run.as_of
        if self.client.server_date:
            now = min(now, self.client.server_date)
        return int((now - SETTLED).timestamp())

    def writing(self) -> AbstractContextManager[Any]:
        """Open a transaction: rows, cursor and log line stand or fall together."""
        return self.warehouse.transaction()

    def counting(self) -> "Counting":
        """Start counting what a table asks of the API."""
        return Counting(self.client)


class Counting:
    """Calls, seconds waited and seconds gone since it was made."""

    def __init__(self, client: AmocrmClient) -> None:
        self._client = client
        self._begun = time.monotonic()
        self._calls = client.calls
        self._waited = client.waited_seconds

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._begun, 3)

    def details(self) -> dict[str, Any]:
        return {
            "calls": self._client.calls - self._calls,
            "waited_seconds": round(self._client.waited_seconds - self._waited, 3),
        }


def record(
    load: Load, loaded: LoadedTable, *, watermark: int | None = None, scope: str = ""
) -> LoadedTable:
    """Write the load log's row into the transaction of the rows.

    A scope says that only a part of the table was read.
    """
    record_load(
        load.warehouse,
        run=load.run,
        system=SYSTEM,
        table=loaded.table,
        outcome="loaded",
        scope=scope,
        mode=loaded.mode,
        result=loaded.result,
        seconds=loaded.seconds,
        watermark=None if watermark is None else str(watermark),
        newest_row_at=loaded.newest_row_at,
        details=loaded.details or None,
    )
    return loaded


class Passing:
    """Documents on their way into the warehouse; remembers how many and how new."""

    def __init__(self, batches: Batches, *, time_of: str | None = None) -> None:
        self._batches = batches
        self._time_of = time_of
        self.pages = 0
        self.rows = 0
        self.newest: int | None = None
        self.changed_at: dict[int, int] = {}

    def __iter__(self) -> Iterator[Document]:
        for batch in self._batches:
            self.pages += 1
            self.rows += len(batch)
            for document in batch:
                if self._time_of:
                    moment = document["payload"][self._time_of]
                    self.newest = max(self.newest or 0, moment)
                    self.changed_at[document["id"]] = moment
                yield document

    @property
    def newest_at(self) -> datetime | None:
        return None if self.newest is None else datetime.fromtimestamp(self.newest, UTC)
