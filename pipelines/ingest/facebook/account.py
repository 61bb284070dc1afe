"""One ad account into the warehouse: its objects, then its days, unit by unit.

A unit is read whole before its transaction begins, and replaced whole in it. What
happens to the other accounts when this one fails belongs to `facebook.py`.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from pipelines.errors import LoadRefused, RateLimited, SourceError
from pipelines.extract.facebook.client import Document
from pipelines.extract.facebook.errors import SYSTEM, AccountDenied, TokenRefused
from pipelines.extract.facebook.extractor import EDGES, Edge, FacebookExtractor
from pipelines.ingest.facebook.missing import find_missing
from pipelines.ingest.facebook.windows import (
    account_zone,
    chunks,
    find_loaded,
    full_window,
    recent_window,
)
from pipelines.load.documents import replace_documents, replace_window
from pipelines.load.log import LoadResult, Mode, Outcome, RunInfo, Window, record_load
from pipelines.load.merge import Connection

INSIGHTS = ("ad_insights", "account_insights")
ACCOUNT_TABLES = ("accounts", *(edge.table for edge in EDGES), *INSIGHTS)
# After these nothing more of the account can be read now.
FINAL_ERRORS = (TokenRefused, AccountDenied, RateLimited)
DAYS_NOT_TO_LOSE = 3


@dataclass(frozen=True)
class Load:
    """What loading an account needs to know."""

    extractor: FacebookExtractor
    warehouse: Connection
    run: RunInfo
    backfill_days: int
    recent: bool

    @property
    def mode(self) -> Mode:
        return "incremental" if self.recent else "window"


@dataclass(frozen=True)
class Unit:
    """One loaded piece: a table of one account, or some of its days."""

    table: str
    mode: Mode
    result: LoadResult
    seconds: float
    window: Window | None = None
    newest_row_at: datetime | None = None


@dataclass
class AccountLoad:
    """What became of one account."""

    account_id: str
    units: list[Unit] = field(default_factory=list)
    failures: dict[str, SourceError] = field(default_factory=dict)
    denied: AccountDenied | None = None
    warnings: list[str] = field(default_factory=list)


def load_account(load: Load, account_id: str) -> AccountLoad:
    """Load one account as far as it goes; what fails is logged and kept, not raised."""
    done = AccountLoad(account_id)
    begun = time.monotonic()
    try:
        document = load.extractor.account(account_id)
        zone = account_zone(account_id, document["payload"]["timezone_name"])
        _load_rows(load, done, "accounts", [document], begun=begun)
    except AccountDenied as error:
        done.denied = error
        log_outcome(load, account_id, ACCOUNT_TABLES, "denied", error)
        return done
    except SourceError as error:
        _fail(load, done, ACCOUNT_TABLES, error)
        return done
    done.warnings += _account_warnings(document["payload"])
    for edge in EDGES:
        try:
            _load_edge(load, done, edge)
        except SourceError as error:
            _fail(load, done, [edge.table], error)
            if isinstance(error, FINAL_ERRORS):
                rest = [t for t in ACCOUNT_TABLES if t not in _ended(done)]
                _fail(load, done, rest, error)
                return done
    _load_days(load, done, zone)
    return done


def log_outcome(
    load: Load,
    account_id: str,
    tables: Iterable[str],
    outcome: Outcome,
    error: SourceError,
    *,
    window: Window | None = None,
) -> None:
    """Log that tables of an account were not loaded, in a transaction of its own."""
    with load.warehouse.transaction():
        for table in tables:
            record_load(
                load.warehouse,
                run=load.run,
                system=SYSTEM,
                table=table,
                outcome=outcome,
                scope=account_id,
                window=window if table in INSIGHTS else None,
                error=str(error),
            )


def _load_edge(load: Load, done: AccountLoad, edge: Edge) -> None:
    begun = time.monotonic()
    batches = load.extractor.objects(done.account_id, edge)
    rows = {row[edge.id_column]: row for batch in batches for row in batch}
    missing = find_missing(
        load.warehouse, load.extractor, done.account_id, edge, listed=rows
    )
    rows |= {row[edge.id_column]: row for row in missing}
    _load_rows(load, done, edge.table, list(rows.values()), begun=begun)


def _load_rows(
    load: Load, done: AccountLoad, table: str, rows: list[Document], *, begun: float
) -> None:
    """Replace an account's rows of a table, and log it, in one transaction."""
    newest = max(filter(None, map(_changed_at, rows)), default=None)
    with load.warehouse.transaction():
        result = replace_documents(
            load.warehouse,
            f"facebook__{table}",
            rows,
            run=load.run,
            scope_columns={"account_id": done.account_id},
        )
        seconds = round(time.monotonic() - begun, 3)
        unit = Unit(table, "full", result, seconds, newest_row_at=newest)
        _log_unit(load, done.account_id, unit)
    done.units.append(unit)


def _load_days(load: Load, done: AccountLoad, zone: ZoneInfo) -> None:
    today = load.run.as_of.astimezone(zone).date()
    if load.recent:
        window = recent_window(today)
    else:
        window = full_window(
            today,
            loaded=find_loaded(load.warehouse, done.account_id),
            backfill_days=load.backfill_days,
        )
    for chunk in chunks(window):
        try:
            _load_chunk(load, done, chunk, zone)
        except SourceError as error:
            _fail(load, done, INSIGHTS, error, window=chunk)
            return


def _load_chunk(load: Load, done: AccountLoad, days: Window, zone: ZoneInfo) -> None:
    """Replace some days, ads and account total together: they must agree."""
    read: dict[str, tuple[list[Document], float]] = {}
    for table in INSIGHTS:
        begun = time.monotonic()
        batches = getattr(load.extractor, table)(done.account_id, days)
        read[table] = [row for batch in batches for row in batch], begun
    if not read["account_insights"][0]:
        _refuse_emptiness(load, done.account_id, days)
    units = []
    with load.warehouse.transaction():
        for table, (rows, begun) in read.items():
            result = replace_window(
                load.warehouse,
                f"facebook__{table}",
                rows,
                run=load.run,
                scope_columns={"account_id": done.account_id},
                window=days,
            )
            newest = max((row["stat_date"] for row in rows), default=None)
            unit = Unit(
                table,
                load.mode,
                result,
                round(time.monotonic() - begun, 3),
                window=days,
                newest_row_at=_midnight(newest, zone) if newest else None,
            )
            _log_unit(load, done.account_id, unit)
            units.append(unit)
    done.units += units


def _refuse_emptiness(load: Load, account_id: str, days: Window) -> None:
    """Refuse to lose all days of a window: an empty answer is not a restatement."""
    row = load.warehouse.execute(
        "select count(*) from raw.facebook__account_insights where account_id = %s "
        "and stat_date between %s and %s and _deleted_at is null",
        [account_id, *days],
    ).fetchone()
    if row and row[0] >= DAYS_NOT_TO_LOSE:
        raise LoadRefused(
            f"Facebook has no figures where the warehouse holds {row[0]} days",
            system=SYSTEM,
            table="account_insights",
            window=f"{account_id} {days[0]}..{days[1]}",
            remedy="look at the account in Ads Manager; the next run asks again",
        )


def _log_unit(load: Load, account_id: str, unit: Unit) -> None:
    record_load(
        load.warehouse,
        run=load.run,
        system=SYSTEM,
        table=unit.table,
        outcome="loaded",
        scope=account_id,
        window=unit.window,
        mode=unit.mode,
        result=unit.result,
        seconds=unit.seconds,
        newest_row_at=unit.newest_row_at,
    )


def _fail(
    load: Load,
    done: AccountLoad,
    tables: Iterable[str],
    error: SourceError,
    *,
    window: Window | None = None,
) -> None:
    names = list(tables)
    done.failures |= dict.fromkeys(names, error)
    log_outcome(load, done.account_id, names, "failed", error, window=window)


def _ended(done: AccountLoad) -> set[str]:
    return {unit.table for unit in done.units} | set(done.failures)


def _account_warnings(payload: Document) -> list[str]:
    """Say what makes an account's figures less than certain."""
    status = payload.get("account_status")
    name = payload.get("id")
    if str(status or 1) != "1":
        return [f"{name}: account_status is {status}, so it does not deliver ads"]
    return []


def _changed_at(row: Document) -> datetime | None:
    text = row["payload"].get("updated_time") or row["payload"].get("created_time")
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time_of_day(), tzinfo=zone)
