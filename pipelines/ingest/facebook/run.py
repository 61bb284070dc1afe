"""Facebook Ads into the warehouse: list the accounts, load each, report at the end.

Accounts are loaded side by side, each waiting for its own limits only. No Dagster and
no protocol: assets belong to `defs/facebook.py`, requests to `extract/facebook/`, one
account's load to `account.py`.
"""

import contextlib
import functools
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from pipelines.errors import ConfigurationError, SourceError
from pipelines.extract.facebook.accounts import ListedAccounts, list_accounts
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import SYSTEM, TokenRefused
from pipelines.extract.facebook.extractor import FacebookExtractor
from pipelines.extract.facebook.insights import InsightsReader
from pipelines.extract.facebook.pacing import Pacer, SystemTimer, Timer
from pipelines.extract.facebook.transport import open_api
from pipelines.ingest.facebook.account import load_account
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.ingest.facebook.expiries import load_expiries
from pipelines.ingest.facebook.leads import load_leads
from pipelines.ingest.facebook.load import (
    ACCOUNT_TABLES,
    SIDE_TABLES,
    UNEXPECTED,
    AccountLoad,
    AccountResult,
    Load,
    LoadedTable,
    Progress,
    Warehouse,
    unexpected,
)
from pipelines.ingest.facebook.objects import known_ids
from pipelines.ingest.facebook.results import merge_table
from pipelines.load.documents import replace_documents
from pipelines.load.log import RunInfo, record_load
from pipelines.warehouse import connect

Databases = Mapping[str, str | None]
Account = TypeVar("Account")
Done = TypeVar("Done")


def ingest_facebook(
    warehouse_url: str,
    config: FacebookConfig,
    *,
    databases: Databases,
    run: RunInfo,
    recent: bool = False,
    confirm_lost: Collection[str] = (),
    on_progress: Progress | None = None,
    timer: Timer | None = None,
) -> Iterator[LoadedTable]:
    """Load all listed accounts and yield each table that was read for any of them.

    Raises at the end one error that names every failed account. An account outside the
    reach of every token is a warning, not a failure. `recent` reads yesterday and today
    only, and makes up a daily read that failed. `databases` maps systems to the
    databases whose lists name ad accounts; `run.as_of` is the clock; the raw tables
    must exist.
    """
    with opened(
        warehouse_url,
        config,
        run=run,
        timer=timer or SystemTimer(),
        on_progress=on_progress or (lambda text: None),
    ) as opened_loads:
        loads = [
            replace(load, recent=recent, confirm_lost=frozenset(confirm_lost))
            for load in opened_loads
        ]
        listed, table = list_and_load(loads[0], databases)
        yield table
        accounts = side_by_side(
            functools.partial(load_account, loads), listed.account_ids, loads[0]
        )
        for name in (*ACCOUNT_TABLES, *SIDE_TABLES):
            if merged := merge_table(name, accounts):
                yield merged
        beside: list[SourceError] = []
        for load_more in (load_leads, load_expiries):
            try:
                yield from load_more(loads)
            except SourceError as error:
                beside.append(error)
            except UNEXPECTED as error:
                beside.append(unexpected(error))
    raise_failures(_failures(accounts), total=len(accounts), beside=beside)


@contextlib.contextmanager
def opened(
    warehouse_url: str,
    config: FacebookConfig,
    *,
    run: RunInfo,
    timer: Timer,
    on_progress: Progress,
) -> Iterator[list[Load]]:
    """Open the warehouse and every credential; yield a loading for each of them."""
    with connect(warehouse_url) as connection:
        # Each unit is a transaction of its own; between them none is open.
        connection.autocommit = True
        warehouse = Warehouse(connection)
        pacer = Pacer(
            timer, patience_seconds=config.patience_seconds, on_wait=on_progress
        )
        refusals: dict[int, TokenRefused] = {}

        def known(account_id: str, level: str, parent: str | None) -> Sequence[str]:
            with warehouse.transaction() as held:
                return known_ids(held, account_id, level, parent)

        loads = []
        for number, client in enumerate(_clients(config, pacer), start=1):
            reader = InsightsReader(client, timer, known=known, on_progress=on_progress)
            loads.append(
                Load(
                    config,
                    FacebookExtractor(client, reader),
                    pacer,
                    warehouse,
                    run,
                    timer,
                    number=number,
                    on_progress=on_progress,
                    refusals=refusals,
                )
            )
        yield loads


def _clients(config: FacebookConfig, pacer: Pacer) -> Iterator[GraphClient]:
    """Yield a client for each credential."""
    if not config.access_tokens:
        raise ConfigurationError("FACEBOOK_ACCESS_TOKEN holds no token")
    for token in config.access_tokens:
        api = open_api(
            access_token=token,
            app_secret=config.app_secret,
            graph_url=config.graph_url,
            api_version=config.api_version,
        )
        yield GraphClient(api, pacer)


def list_and_load(
    load: Load, databases: Databases
) -> tuple[ListedAccounts, LoadedTable]:
    """Unite the lists that name ad accounts, and replace the raw table of them."""
    begun = time.monotonic()
    with load.writing() as warehouse:
        listed = list_accounts(
            load.config.listed_accounts, databases=databases, warehouse=warehouse
        )
    rows = [
        {"account_id": account_id, "payload": {"listed_by": sorted(names)}}
        for account_id, names in sorted(listed.listed_by.items())
    ]
    with load.writing() as warehouse:
        result = replace_documents(
            warehouse, "facebook__listed_accounts", rows, run=load.run
        )
        seconds = round(time.monotonic() - begun, 3)
        record_load(
            warehouse,
            run=load.run,
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
    accounts = tuple(AccountResult(name, "loaded") for name in listed.account_ids)
    table = LoadedTable(
        "listed_accounts",
        "full",
        result,
        seconds,
        accounts=accounts,
        warnings=tuple(warnings),
    )
    return listed, table


def side_by_side(
    work: Callable[[Account], Done], accounts: Sequence[Account], load: Load
) -> list[Done]:
    """Do the same for several accounts at once; the results keep their order.

    When the run is ended meanwhile, nobody waits for a limit any more.
    """
    with ThreadPoolExecutor(max_workers=load.config.accounts_at_once) as pool:
        try:
            return list(pool.map(work, accounts))
        except BaseException:
            load.timer.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _failures(accounts: Sequence[AccountLoad]) -> dict[str, SourceError]:
    return {
        account.account_id: error
        for account in accounts
        for error in account.failures.values()
    }


def raise_failures(
    failures: Mapping[str, SourceError],
    *,
    total: int,
    beside: Sequence[SourceError] = (),
) -> None:
    """Raise one error of all that failed, accounts first; none if nothing did.

    Its class is that of all failures if they share one. A refused token is told once.
    """
    if failures:
        beside = [error for error in beside if not isinstance(error, TokenRefused)]
    everything = [*failures.values(), *beside]
    if not everything:
        return
    kinds = {type(error) for error in everything}
    kind = kinds.pop() if len(kinds) == 1 else SourceError
    lines = [f"  {account}: {error}" for account, error in failures.items()]
    lines += [f"  {error}" for error in beside]
    others = ", the others are complete" if len(failures) < total else ""
    raise kind(
        f"{len(failures)} of {total} ad accounts failed{others}:\n" + "\n".join(lines),
        system=SYSTEM,
    )
