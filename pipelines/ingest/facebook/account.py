"""One ad account into the warehouse: itself, its days, its objects, what it changed.

Money comes first: a limit that is hit later costs names, not spend. What happens to the
other accounts when this one fails belongs to `run.py`.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.errors import ProtocolError, SourceError
from pipelines.extract.facebook.errors import SYSTEM, AccountDenied, TokenRefused
from pipelines.extract.facebook.questions import ACCOUNT_HOURS
from pipelines.ingest.facebook.activities import load_activities
from pipelines.ingest.facebook.days import ask, load_days, midnight
from pipelines.ingest.facebook.load import (
    ACCOUNT_TABLES,
    FINAL_ERRORS,
    AccountLoad,
    Load,
    Unit,
    contained,
    fail,
    log_outcome,
    log_unit,
)
from pipelines.ingest.facebook.objects import load_objects, write_rows
from pipelines.ingest.facebook.windows import (
    account_zone,
    chunks,
    find_loaded,
    full_window,
)
from pipelines.load.documents import replace_window
from pipelines.load.log import LoadResult, Mode, Window

Document = dict[str, Any]
BUSINESS_ZONE = "Asia/Almaty"
HOURS = "hourly_insights"
# Thirteen months, less what they may differ by.
HOURS_KEPT = timedelta(days=390)


def load_account(loads: Sequence[Load], account_id: str) -> AccountLoad:
    """Load one account as far as it goes; what fails is logged and kept, not raised.

    `loads` holds one loading per credential; the first that reaches the account reads.
    """
    done = AccountLoad(account_id)
    with contained(loads[0], done):
        opened = open_account(loads, done)
        if opened is None:
            return done
        load, zone = opened
        load_days(load, done, zone)
        if not _is_over(done):
            load_objects(load, done)
        if not load.recent and not _is_over(done):
            _load_sides(load, done, zone)
    return done


def open_account(
    loads: Sequence[Load], done: AccountLoad
) -> tuple[Load, ZoneInfo] | None:
    """Read the account itself with the first credential that reaches it.

    Returns that credential's loading and the account's zone; None when no credential
    does, or when it failed, which is logged.
    """
    refusal: SourceError | None = None
    for load in loads:
        if gone := load.refusals.get(load.number):
            refusal = refusal or _not_asked(done.account_id, gone)
            continue
        begun = time.monotonic()
        try:
            document = load.extractor.account(done.account_id)
            payload = document["payload"]
            zone = account_zone(done.account_id, payload["timezone_name"])
        except AccountDenied as error:
            done.denied = error
            continue
        except TokenRefused as error:
            load.refusals.setdefault(load.number, error)
            refusal = error
            continue
        except SourceError as error:
            fail(load, done, ACCOUNT_TABLES, error, mode=_mode(load))
            return None
        done.denied = None
        done.currency = payload.get("currency")
        done.warnings += _account_warnings(payload)
        write_rows(load, done, "accounts", [document], begun=begun)
        return load, zone
    if refusal:
        done.denied = None
        fail(loads[0], done, ACCOUNT_TABLES, refusal)
    elif done.denied:
        log_outcome(loads[0], done.account_id, ACCOUNT_TABLES, "denied", done.denied)
    return None


def _mode(load: Load) -> Mode:
    return "incremental" if load.recent else "window"


def _not_asked(account_id: str, gone: TokenRefused) -> TokenRefused:
    return TokenRefused(
        f"not asked, because {gone.message}",
        system=SYSTEM,
        window=account_id,
        remedy=gone.remedy,
    )


def _is_over(done: AccountLoad) -> bool:
    """Tell whether Facebook will say no more of an account; log what is left."""
    return any(isinstance(error, FINAL_ERRORS) for error in done.failures.values())


def _load_sides(load: Load, done: AccountLoad, zone: ZoneInfo) -> None:
    """Load what explains the figures; where it is not to be had is a warning."""
    try:
        load_activities(load, done, zone)
    except SourceError as error:
        _without(load, done, "activities", error)
    if _is_over(done):
        return
    if zone.key == BUSINESS_ZONE:
        # Looked at, with nothing to read: its days are the business's days.
        unit = Unit(HOURS, "window", LoadResult(), 0.0)
        with load.writing() as warehouse:
            log_unit(warehouse, load, done.account_id, unit)
        done.units.append(unit)
        return
    try:
        for window in chunks(_hours_to_load(load, done.account_id, zone)):
            _load_hours(load, done, window, zone)
    except SourceError as error:
        _without(load, done, HOURS, error)


def _hours_to_load(load: Load, account_id: str, zone: ZoneInfo) -> Window:
    """Return the days whose hours are read; Facebook forgets them sooner than days."""
    today = load.run.as_of.astimezone(zone).date()
    with load.writing() as warehouse:
        loaded = find_loaded(warehouse, account_id, table=HOURS)
    first, _ = full_window(
        today, loaded=loaded, backfill_days=load.config.backfill_days
    )
    return max(first, today - HOURS_KEPT), today


def _without(load: Load, done: AccountLoad, table: str, error: SourceError) -> None:
    """Fail a table, unless Facebook just does not offer it for this account."""
    if isinstance(error, ProtocolError | AccountDenied):
        done.warnings.append(str(error))
        log_outcome(load, done.account_id, [table], "denied", error)
    else:
        fail(load, done, [table], error)


def _load_hours(load: Load, done: AccountLoad, window: Window, zone: ZoneInfo) -> None:
    """Replace the hours of an account whose days are not the business's days."""
    answer = ask(load, done, ACCOUNT_HOURS, window, zone=zone)
    with load.writing() as warehouse:
        result = replace_window(
            warehouse,
            "facebook__hourly_insights",
            answer.rows,
            run=load.run,
            scope_columns={"account_id": done.account_id},
            window=window,
        )
        newest = max((row["stat_date"] for row in answer.rows), default=None)
        unit = Unit(
            HOURS,
            "window",
            result,
            answer.seconds,
            window=window,
            newest_row_at=midnight(newest, zone) if newest else None,
            certificate=answer.certificate,
        )
        log_unit(warehouse, load, done.account_id, unit)
    done.units.append(replace(unit, certificate=None))


def _account_warnings(payload: Document) -> list[str]:
    """Say what makes an account's figures less than certain."""
    status = payload.get("account_status")
    name = payload.get("id")
    if str(status or 1) != "1":
        return [f"{name}: account_status is {status}, so it does not deliver ads"]
    return []
