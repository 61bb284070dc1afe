"""What webhooks ring for: ids are coalesced and read again from the API.

No value of a hook is taken over. What a delivery says is parsed in `inbox.py`; polling
finds the same changes later, hooks only make it sooner.
"""

from collections.abc import Iterator

from pipelines.errors import SourceError
from pipelines.extract.amocrm.extractor import ENTITIES, TRASH, documents
from pipelines.extract.amocrm.sweep import read_by_ids
from pipelines.ingest.amocrm.absences import SINGULAR, close_absences
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.connecting import open_client
from pipelines.ingest.amocrm.events import load_events, load_events_of
from pipelines.ingest.amocrm.inbox import (
    Work,
    claim_work,
    fail_work,
    finish_work,
    known_account,
    parse_deliveries,
)
from pipelines.ingest.amocrm.load import Load, LoadedTable, Progress, record
from pipelines.ingest.amocrm.merging import versions_of
from pipelines.ingest.amocrm.pieces import Tally, merge_pieces
from pipelines.ingest.amocrm.run import load_table, summary
from pipelines.load.documents import upsert_documents
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection
from pipelines.warehouse import connect

# Not a poll: it covers no day, for it read only what rang.
HOOKS = "hooks"
# Ids that may be read again in one run: a flood of hooks must not become one of calls.
MOST_IDS = 2_000


def refresh_amocrm(
    warehouse_url: str,
    config: AmocrmConfig,
    *,
    run: RunInfo,
    on_progress: Progress = lambda text: None,
) -> Iterator[LoadedTable]:
    """Read again what waiting hooks name and yield what became of each table.

    A hook that lands meanwhile stays waiting. What cannot be read stays waiting too,
    for five runs; then it is marked as failed and left to the poll.
    """
    failures: list[SourceError] = []
    with (
        connect(warehouse_url) as warehouse,
        open_client(warehouse_url, config, run) as client,
    ):
        warehouse.autocommit = True
        load = Load(client, warehouse, run, full=False, on_progress=on_progress)
        if known_account(warehouse) is None:
            yield load_table(load, config, "account")
        parse_waiting(warehouse, run_id=run.run_id)
        work = claim_work(warehouse, limit=MOST_IDS)
        for table, ids in sorted(work.ids.items()):
            try:
                yield _refresh(load, table, ids, work)
            except SourceError as error:
                failures.append(error)
                if warehouse.closed:
                    break
                with load.writing():
                    fail_work(warehouse, table, ids, upto=work.upto)
        if work.ids and not failures:
            yield load_events(load, with_fields=False)
    if failures:
        raise summary(failures)


def parse_waiting(warehouse: Connection, *, run_id: str) -> None:
    """Parse every delivery that waits; none as long as no account is known."""
    account = known_account(warehouse)
    parsed = account is not None
    while account and parsed:
        parsed = bool(
            parse_deliveries(
                warehouse,
                account_id=account.id,
                subdomain=account.subdomain,
                run_id=run_id,
            ).deliveries
        )


def _refresh(load: Load, table: str, ids: list[int], work: Work) -> LoadedTable:
    """Read some entities again, write them, and mark what rang for them as done."""
    counting, tally, listing = load.counting(), Tally(), ENTITIES[table]
    before = versions_of(load.warehouse, table, ids)
    batches = list(read_by_ids(load.client, listing, ids))
    found = {row["id"] for rows in batches for row in rows}
    gone = sorted(set(ids) - found)
    merge_pieces(load, table, iter(batches), via="hook", tally=tally)
    if gone and table in SINGULAR:
        _read_witnesses(load, table, gone)
    with load.writing():
        close_absences(load.warehouse, table, run=load.run)
        after = versions_of(load.warehouse, table, ids)
        outcomes = {
            number: (_outcome(number, found, before, after), after.get(number))
            for number in ids
        }
        finish_work(load.warehouse, table, outcomes, upto=work.upto)
        loaded = LoadedTable(
            table,
            "incremental",
            tally.counts.result(fetched=tally.fetched),
            counting.seconds,
            window=f"{len(ids)} ids of webhooks",
            newest_row_at=tally.newest_at,
            details={
                "via": "hook",
                **counting.details(),
                **tally.details(),
                "asked": len(ids),
                "missing": len(gone),
            },
        )
        record(load, loaded, scope=HOOKS)
    load.on_progress(f"{table}: {len(ids)} read again, {len(gone)} are gone")
    return loaded


def _outcome(
    number: int, found: set[int], before: dict[int, int], after: dict[int, int]
) -> str:
    if number not in found:
        return "missing"
    return "unchanged" if after.get(number) == before.get(number) else "changed"


def _read_witnesses(load: Load, table: str, ids: list[int]) -> None:
    """Ask the trash and the feed about what no longer comes: two witnesses."""
    if table == "leads":
        for rows in read_by_ids(load.client, TRASH, ids, is_strict=False):
            stubs = [row for row in rows if row.get("is_deleted")]
            with load.writing():
                upsert_documents(
                    load.warehouse, "amocrm__leads_trash", documents(stubs),
                    run=load.run,
                )  # fmt: skip
    load_events_of(load, SINGULAR[table], ids)
