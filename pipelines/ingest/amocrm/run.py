"""AmoCRM into the warehouse: every table in its turn, failures kept apart.

No Dagster and no protocol: assets belong to `defs/amocrm.py`, requests to
`extract/amocrm/`, what hooks ring for to `refresh.py`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

import psycopg

from pipelines.connections import primary_message
from pipelines.errors import (
    AuthError,
    LoadRefused,
    SourceError,
    WarehouseError,
)
from pipelines.extract.amocrm.client import NOT_ASKED, SYSTEM
from pipelines.extract.amocrm.refusals import AccessDenied, NotThere
from pipelines.ingest.amocrm.account import account
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.connecting import open_client, token_expiry
from pipelines.ingest.amocrm.dictionaries import (
    DICTIONARIES,
    catalog_elements,
    load_dictionary,
)
from pipelines.ingest.amocrm.entities import load_entity
from pipelines.ingest.amocrm.events import load_events, mend_chains
from pipelines.ingest.amocrm.inbox_upkeep import retain
from pipelines.ingest.amocrm.load import Load, LoadedTable, Progress
from pipelines.ingest.amocrm.subscriptions import webhooks
from pipelines.load.log import Outcome, RunInfo, record_load
from pipelines.warehouse import connect, read_time

# The trash and the events come before the leads: they explain absences. What only an
# administrator may read comes last: a refusal there keeps nothing else away.
RECENT = (
    "account", "pipelines", "custom_fields", "leads_trash", "events", "leads",
    "contacts", "companies", "tasks",
)  # fmt: skip
TABLES = (
    "account", "pipelines", "custom_fields", "loss_reasons", "tags", "leads_trash",
    "events", "leads", "contacts", "companies", "tasks", "catalogs",
    "catalog_elements", "sources", "users", "webhooks",
)  # fmt: skip
# Without these no deal can be read; without the others the marts still hold.
REQUIRED = frozenset(
    ("account", "pipelines", "custom_fields", "leads_trash", "events", "leads",
     "contacts")
)  # fmt: skip


def ingest_amocrm(
    warehouse_url: str,
    config: AmocrmConfig,
    *,
    run: RunInfo,
    full: bool = True,
    tables: Collection[str] | None = None,
    confirm_deleted: Collection[str] = (),
    confirm_account: bool = False,
    on_progress: Progress = lambda text: None,
) -> Iterator[LoadedTable]:
    """Load the tables and yield what became of each; raise at the end what failed.

    A full run reads every dictionary, sweeps all entities and marks those that are
    gone (`confirm_deleted` names those that really are, when they are many); any other
    reads what changed since the last run. `run.as_of` is the clock; the raw tables must
    exist. A table that the token's user may not read is logged as denied, one that the
    account does not have as absent.
    """
    failures: list[SourceError] = []
    wanted = [
        table
        for table in (TABLES if full else RECENT)
        if tables is None or table in tables
    ]
    with (
        connect(warehouse_url) as warehouse,
        open_client(warehouse_url, config, run) as client,
    ):
        warehouse.autocommit = True
        load = Load(
            client,
            warehouse,
            run,
            full=full,
            honours_filters=config.honours_filters,
            confirmed=frozenset(confirm_deleted),
            confirms_account=confirm_account,
            on_progress=on_progress,
        )
        ends = token_expiry(warehouse_url, config)
        expires = ends.isoformat() if ends else None
        yield from _load_each(load, config, wanted, failures, expires=expires)
        if full and not warehouse.closed:
            retain(warehouse, read_time(warehouse))
    if failures:
        raise summary(failures)


def _load_each(
    load: Load,
    config: AmocrmConfig,
    wanted: Iterable[str],
    failures: list[SourceError],
    *,
    expires: str | None,
) -> Iterator[LoadedTable]:
    """Load table after table; log and collect what fails, go on where that helps."""
    ended: dict[str, SourceError] = {}
    for table in wanted:
        try:
            if table == "catalog_elements" and "catalogs" in ended:
                raise ended["catalogs"]
            yield load_table(load, config, table, expires=expires)
        except SourceError as error:
            ended[table] = error
            if load.warehouse.closed:
                failures.append(error)
                return
            outcome = _outcome(table, error)
            _log_failure(load, table, error, outcome)
            if outcome == "failed":
                failures.append(error)
            if table == "account" and isinstance(error, LoadRefused):
                return


def load_table(
    load: Load, config: AmocrmConfig, table: str, *, expires: str | None = None
) -> LoadedTable:
    """Load one table; an error of the warehouse says so.

    `expires` is until when the token lives: the account's load remembers it.
    """
    loaders: dict[str, Callable[[], LoadedTable]] = {
        "account": lambda: load_dictionary(
            load,
            account(load.warehouse, is_confirmed=load.confirms_account),
            token_expires_at=expires,
        ),
        "events": lambda: load_events(load),
        "catalog_elements": lambda: load_dictionary(load, catalog_elements(load)),
        "webhooks": lambda: load_dictionary(load, webhooks(config.hook_address)),
    }
    try:
        if table in loaders:
            return loaders[table]()
        if table in DICTIONARIES:
            return load_dictionary(load, DICTIONARIES[table])
        loaded = load_entity(load, table)
        if table == "leads" and load.full:
            mend_chains(load)
        return loaded
    except psycopg.Error as error:
        raise WarehouseError(
            f"the warehouse did not take the rows: {primary_message(error)}",
            system=SYSTEM,
            table=table,
            remedy="see that the warehouse is up, writable and has room; run again",
        ) from None


def summary(failures: list[SourceError]) -> SourceError:
    """Make one error of many; it is as final as the most final of them."""
    if len(failures) == 1:
        return failures[0]
    kinds = {type(error) for error in failures}
    unasked = [error for error in failures if error.message.startswith(NOT_ASKED)]
    told = [str(error) for error in failures if error not in unasked]
    if unasked:
        names = ", ".join(str(error.table) for error in unasked)
        told.append(f"{NOT_ASKED} of that: {names}")
    lines = "\n".join(f"  {line}" for line in told)
    kind = AuthError if AuthError in kinds else SourceError
    if len(kinds) == 1:
        kind = kinds.pop()
    return kind(f"{len(failures)} tables were not loaded:\n{lines}", system=SYSTEM)


def _outcome(table: str, error: SourceError) -> Outcome:
    """Tell what an error makes of a table: what marts can do without may be missing."""
    if table not in REQUIRED and isinstance(error, AccessDenied):
        return "denied"
    if table not in REQUIRED and isinstance(error, NotThere):
        return "absent"
    return "failed"


def _log_failure(load: Load, table: str, error: SourceError, outcome: Outcome) -> None:
    with load.writing():
        record_load(
            load.warehouse,
            run=load.run,
            system=SYSTEM,
            table=table,
            outcome=outcome,
            error=str(error),
        )
