"""Facebook Ads into the warehouse: list the accounts, load each, report at the end.

No Dagster and no protocol: assets belong to `defs/facebook.py`, requests to
`extract/facebook/`, one account's load to `facebook_account.py`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipelines.errors import SourceError
from pipelines.extract.facebook.accounts import ListedAccounts, list_accounts
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import SYSTEM, TokenRefused
from pipelines.extract.facebook.extractor import FacebookExtractor
from pipelines.extract.facebook.transport import open_api
from pipelines.ingest.facebook.account import (
    ACCOUNT_TABLES,
    AccountLoad,
    Load,
    Unit,
    load_account,
    log_outcome,
)
from pipelines.load.documents import replace_documents
from pipelines.load.log import LoadResult, Mode, RunInfo, Window, record_load
from pipelines.load.merge import Connection
from pipelines.warehouse import connect

TABLES = ("listed_accounts", *ACCOUNT_TABLES)


@dataclass(frozen=True)
class FacebookConfig:
    """How to reach Facebook, and which accounts are ours beside those in the lists."""

    access_token: str = field(repr=False)
    app_secret: str | None = field(default=None, repr=False)
    graph_url: str = "https://graph.facebook.com"
    api_version: str = "v26.0"
    listed_accounts: tuple[str, ...] = ()
    backfill_days: int = 28


@dataclass(frozen=True)
class LoadedTable:
    """What became of one table, over all accounts."""

    table: str
    mode: Mode
    result: LoadResult
    seconds: float
    window: str | None = None
    newest_row_at: datetime | None = None
    accounts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def ingest_facebook(
    warehouse_url: str,
    config: FacebookConfig,
    *,
    databases: Mapping[str, str | None],
    run: RunInfo,
    recent: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[LoadedTable]:
    """Load all listed accounts and yield each table that no account failed in.

    Raises at the end one error that names every failed account. An account outside the
    token's reach is a warning, not a failure. `recent` reads yesterday and today only.
    `databases` maps systems to the databases whose lists name ad accounts; `run.as_of`
    is the clock; the raw tables must exist.
    """
    api = open_api(
        access_token=config.access_token,
        app_secret=config.app_secret,
        graph_url=config.graph_url,
        api_version=config.api_version,
    )
    extractor = FacebookExtractor(GraphClient(api, sleep=sleep))
    with connect(warehouse_url) as warehouse:
        # Each unit is a transaction of its own; between them none is open.
        warehouse.autocommit = True
        load = Load(extractor, warehouse, run, config.backfill_days, recent)
        listed = list_accounts(
            config.listed_accounts, databases=databases, warehouse=warehouse
        )
        yield _load_list(warehouse, listed, run=run)
        accounts = _load_accounts(load, listed)
    for table in ACCOUNT_TABLES:
        if not any(table in account.failures for account in accounts):
            yield _merge(table, accounts, mode="full")
    failures = {
        account.account_id: error
        for account in accounts
        for error in account.failures.values()
    }
    if failures:
        raise _summary(failures, total=len(accounts))


def _load_list(
    warehouse: Connection, listed: ListedAccounts, *, run: RunInfo
) -> LoadedTable:
    begun = time.monotonic()
    rows = [
        {"account_id": account_id, "payload": {"listed_by": sorted(names)}}
        for account_id, names in sorted(listed.listed_by.items())
    ]
    with warehouse.transaction():
        result = replace_documents(
            warehouse, "facebook__listed_accounts", rows, run=run
        )
        seconds = round(time.monotonic() - begun, 3)
        record_load(
            warehouse,
            run=run,
            system=SYSTEM,
            table="listed_accounts",
            outcome="loaded",
            mode="full",
            result=result,
            seconds=seconds,
        )
    warnings = list(listed.warnings)
    if not rows:
        warnings.append("no list names an ad account: there is nothing to load")
    return LoadedTable(
        "listed_accounts",
        "full",
        result,
        seconds,
        accounts=listed.account_ids,
        warnings=tuple(warnings),
    )


def _load_accounts(load: Load, listed: ListedAccounts) -> list[AccountLoad]:
    """Load each account; once the token is refused, log the rest without asking."""
    accounts: list[AccountLoad] = []
    refused: TokenRefused | None = None
    for account_id in listed.account_ids:
        if refused:
            error = TokenRefused(
                f"not asked, because {refused.message}",
                system=SYSTEM,
                window=account_id,
                remedy=refused.remedy,
            )
            failures: dict[str, SourceError] = dict.fromkeys(ACCOUNT_TABLES, error)
            log_outcome(load, account_id, ACCOUNT_TABLES, "failed", error)
            accounts.append(AccountLoad(account_id, failures=failures))
            continue
        account = load_account(load, account_id)
        accounts.append(account)
        refusals = (e for e in account.failures.values() if isinstance(e, TokenRefused))
        refused = next(refusals, None)
    return accounts


def _merge(table: str, accounts: list[AccountLoad], *, mode: Mode) -> LoadedTable:
    """Unite what the accounts have of one table."""
    units = [unit for account in accounts for unit in account.units]
    units = [unit for unit in units if unit.table == table]
    warnings = [f"{a.account_id}: {a.denied.message}" for a in accounts if a.denied]
    if table == "accounts":
        warnings += [text for account in accounts for text in account.warnings]
    newest = [unit.newest_row_at for unit in units if unit.newest_row_at]
    return LoadedTable(
        table,
        units[0].mode if units else mode,
        sum((unit.result for unit in units), LoadResult()),
        round(sum(unit.seconds for unit in units), 3),
        window=_span(units),
        newest_row_at=max(newest, default=None),
        accounts=tuple(
            account.account_id
            for account in accounts
            if any(unit.table == table for unit in account.units)
        ),
        warnings=tuple(warnings),
    )


def _span(units: list[Unit]) -> str | None:
    windows: list[Window] = [unit.window for unit in units if unit.window]
    if not windows:
        return None
    return f"{min(first for first, _ in windows)}..{max(last for _, last in windows)}"


def _summary(failures: Mapping[str, SourceError], *, total: int) -> SourceError:
    """Make one error of all failed accounts; its class is theirs if they share one."""
    kinds = {type(error) for error in failures.values()}
    kind = kinds.pop() if len(kinds) == 1 else SourceError
    lines = "\n".join(f"  {account}: {error}" for account, error in failures.items())
    others = ", the others are complete" if len(failures) < total else ""
    return kind(
        f"{len(failures)} of {total} ad accounts failed{others}:\n{lines}",
        system=SYSTEM,
    )
