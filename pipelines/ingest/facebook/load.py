"""What loading Facebook needs to know, and what became of it: shapes for all parts.

Which accounts, days and objects are loaded belongs to the modules beside it.
"""

import contextlib
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import psycopg

from pipelines.errors import ProtocolError, RateLimited, SourceError
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import SYSTEM, AccountDenied, TokenRefused
from pipelines.extract.facebook.extractor import EDGES, FacebookExtractor
from pipelines.extract.facebook.pacing import Pacer, Timer
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.load.log import LoadResult, Mode, Outcome, RunInfo, Window, record_load
from pipelines.load.merge import Connection

Progress = Callable[[str], None]

INSIGHTS = ("ad_insights", "account_insights")
OBJECTS = tuple(edge.table for edge in EDGES)
# What each account must give, or it is red.
ACCOUNT_TABLES = ("accounts", *INSIGHTS, *OBJECTS)
# What only some accounts have, or only daily runs read.
SIDE_TABLES = ("hourly_insights", "activities")
# After these nothing more of the account can be read now.
FINAL_ERRORS = (TokenRefused, AccountDenied, RateLimited)


@dataclass
class Warehouse:
    """One connection that all accounts write through, one transaction at a time."""

    connection: Connection
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self.lock, self.connection.transaction():
            yield self.connection


@dataclass(frozen=True)
class Load:
    """One credential's loading in one run: `number` counts the credentials from 1.

    `pacer` waits for all credentials: they share their app's limits.

    `confirm_lost` names accounts whose vanished days an operator has confirmed.
    `refusals` holds, for all credentials, those that Facebook has refused meanwhile.
    """

    config: FacebookConfig
    extractor: FacebookExtractor
    pacer: Pacer
    warehouse: Warehouse
    run: RunInfo
    timer: Timer
    recent: bool = False
    number: int = 1
    confirm_lost: frozenset[str] = frozenset()
    on_progress: Progress = lambda text: None
    refusals: dict[int, TokenRefused] = field(default_factory=dict)

    @property
    def client(self) -> GraphClient:
        return self.extractor.client

    def writing(self) -> contextlib.AbstractContextManager[Connection]:
        """Open a transaction on the shared connection; nobody else writes meanwhile."""
        return self.warehouse.transaction()


@dataclass(frozen=True)
class Unit:
    """One loaded piece: a table of one account, or some of its days."""

    table: str
    mode: Mode
    result: LoadResult
    seconds: float
    window: Window | None = None
    newest_row_at: datetime | None = None
    spend: Decimal | None = None
    certificate: Mapping[str, Any] | None = None


@dataclass
class AccountLoad:
    """What became of one account; `seen` names the objects that its days mentioned."""

    account_id: str
    currency: str | None = None
    units: list[Unit] = field(default_factory=list)
    failures: dict[str, SourceError] = field(default_factory=dict)
    denied: AccountDenied | None = None
    warnings: list[str] = field(default_factory=list)
    seen: dict[str, set[str]] = field(default_factory=dict)

    def ended(self, table: str) -> bool:
        """Tell whether a table was loaded, or failed already."""
        return table in self.failures or any(u.table == table for u in self.units)


@dataclass(frozen=True)
class AccountResult:
    """What one account gave to one table, as the UI shows it."""

    account_id: str
    outcome: Literal["loaded", "denied", "failed", "waiting"]
    rows: int = 0
    spend: Decimal | None = None
    currency: str | None = None
    window: str | None = None
    certificate: Mapping[str, Any] | None = None
    error: str | None = None


@dataclass(frozen=True)
class LoadedTable:
    """What became of one table, over all accounts."""

    table: str
    mode: Mode
    result: LoadResult
    seconds: float
    window: str | None = None
    newest_row_at: datetime | None = None
    accounts: tuple[AccountResult, ...] = ()
    warnings: tuple[str, ...] = ()


def log_unit(
    connection: Connection,
    load: Load,
    account_id: str,
    unit: Unit,
    *,
    window: Window | None = None,
) -> None:
    """Log a loaded piece in the transaction of its rows."""
    record_load(
        connection,
        run=load.run,
        system=SYSTEM,
        table=unit.table,
        outcome="loaded",
        scope=account_id,
        window=window or unit.window,
        mode=unit.mode,
        result=unit.result,
        seconds=unit.seconds,
        newest_row_at=unit.newest_row_at,
        details=unit.certificate,
    )


def log_outcome(
    load: Load,
    account_id: str,
    tables: Iterable[str],
    outcome: Outcome,
    error: SourceError,
    *,
    window: Window | None = None,
    mode: Mode | None = None,
) -> None:
    """Log that tables of an account were not loaded, in a transaction of its own."""
    with load.writing() as warehouse:
        for table in tables:
            record_load(
                warehouse,
                run=load.run,
                system=SYSTEM,
                table=table,
                outcome=outcome,
                scope=account_id,
                window=window if table in INSIGHTS else None,
                mode=mode,
                error=str(error),
            )


def fail(
    load: Load,
    done: AccountLoad,
    tables: Iterable[str],
    error: SourceError,
    *,
    window: Window | None = None,
    mode: Mode | None = None,
) -> None:
    """Note that tables of an account failed, and log it; a refused token is told on."""
    names = list(tables)
    done.failures |= dict.fromkeys(names, error)
    if isinstance(error, TokenRefused):
        load.refusals.setdefault(load.number, error)
    log_outcome(load, done.account_id, names, "failed", error, window=window, mode=mode)


# What an answer may provoke that is not what we took it for.
UNEXPECTED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    psycopg.DataError,
    psycopg.ProgrammingError,
)


@contextlib.contextmanager
def contained(load: Load, done: AccountLoad) -> Iterator[None]:
    """Keep what an account's odd answer provokes to that account: it fails, in red."""
    try:
        yield
    except UNEXPECTED as error:
        rest = [table for table in ACCOUNT_TABLES if not done.ended(table)]
        fail(load, done, rest or SIDE_TABLES[:1], unexpected(error, done.account_id))


def unexpected(error: Exception, window: str | None = None) -> ProtocolError:
    """Return the error of an answer that is not what we took it for.

    It tells where in the code, but no value: that may be personal.
    """
    place = traceback.extract_tb(error.__traceback__)[-1]
    return ProtocolError(
        f"an answer has an unexpected shape ({type(error).__name__} in {place.name}, "
        f"line {place.lineno} of {Path(place.filename).name})",
        system=SYSTEM,
        window=window,
        remedy="nothing of it was stored; report it with the answer that Facebook gave",
    )
