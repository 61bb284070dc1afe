"""The inbox of webhooks: deliveries become items, items become work, work gets done.

A delivery is committed by the receiver (`webhook/`) before it is understood; here it is
parsed after the answer. Which re-reads the work makes belongs to `refresh.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipelines.ingest.amocrm import inbox_statements as statements
from pipelines.ingest.amocrm.forms import FormError, read_form
from pipelines.ingest.amocrm.hook_items import (
    REREAD,
    Account,
    Item,
    find_silence,
    find_stranger,
    read_id,
    read_items,
)
from pipelines.load.merge import Connection

# Deliveries in memory at once: a limit of rows alone could be a gigabyte.
CHUNK_BYTES: Final = 8 * 1024 * 1024
CHUNK_ROWS: Final = 500
# Re-reads of an entity that fail before its hooks are given up; polling still comes.
MAX_ATTEMPTS: Final = 5
# The receiver's word for a revocation whose signature it has checked.
REVOCATION: Final = "application/x-amocrm-revocation"


@dataclass(frozen=True)
class ParsedDeliveries:
    """What one round of parsing found."""

    deliveries: int = 0
    items: int = 0
    bad: int = 0
    foreign: int = 0

    def __add__(self, other: "ParsedDeliveries") -> "ParsedDeliveries":
        return ParsedDeliveries(
            self.deliveries + other.deliveries,
            self.items + other.items,
            self.bad + other.bad,
            self.foreign + other.foreign,
        )


@dataclass(frozen=True)
class Work:
    """Entities to read again, each once; `upto` is the newest delivery of that time."""

    upto: int
    ids: dict[str, list[int]]


@dataclass(frozen=True)
class Waiting:
    """What has not been parsed, what has not been read again, since when."""

    new: int
    items: int
    oldest_received_at: datetime | None


@dataclass(frozen=True)
class _Verdict:
    """What a delivery turned out to be."""

    delivery_id: int
    received_at: datetime
    status: str
    reason: str | None = None
    items: Sequence[Item] = ()


def known_account(warehouse: Connection) -> Account | None:
    """Return the account that was loaded last; None as long as none was."""
    with warehouse.transaction():
        if not _exists(warehouse, "raw.amocrm__account"):
            return None
        row = warehouse.execute(statements.ACCOUNT).fetchone()
    return None if row is None else Account(row[0], row[1])


def parse_deliveries(
    warehouse: Connection,
    *,
    account_id: int,
    subdomain: str | None,
    limit: int = 1000,
    run_id: str = "inbox",
) -> ParsedDeliveries:
    """Parse new deliveries, the oldest first, and store what they ring for.

    Commits by itself, chunk by chunk; several may run at once, each takes others. A
    delivery that was parsed before keeps its items that are done and mean the same.
    """
    account = Account(account_id, subdomain)
    done, last = ParsedDeliveries(), 0
    while (left := limit - done.deliveries) > 0:
        with warehouse.transaction():
            chunk = _next_chunk(warehouse, after=last, limit=left)
            if not chunk:
                break
            last = chunk[-1]
            rows = warehouse.execute(statements.TAKE, [chunk])
            verdicts = [_judge(row, account) for row in rows]
            done += _store(warehouse, verdicts, run_id=run_id)
    return done


def claim_work(warehouse: Connection, *, limit: int = 2000) -> Work:
    """Return the entities that wait, those that wait longest first, `limit` at most.

    Numbers of deliveries are given when they arrive: whatever is `upto` or below came
    before this moment, so a read that begins now sees what it rang for.
    """
    with warehouse.transaction():
        row = warehouse.execute(statements.NEWEST).fetchone()
        values = {"attempts": MAX_ATTEMPTS, "types": list(REREAD), "limit": limit}
        found = warehouse.execute(statements.WORK, values).fetchall()
    ids: dict[str, list[int]] = defaultdict(list)
    for entity_type, entity_id in found:
        ids[entity_type].append(entity_id)
    return Work(upto=row[0] if row else 0, ids=dict(ids))


def finish_work(
    warehouse: Connection,
    entity_type: str,
    outcomes: Mapping[int, tuple[str, int | None]],
    *,
    upto: int,
) -> None:
    """Mark what rang for these entities as done, in the caller's transaction.

    A hook that came during the read has a higher number and stays.
    """
    values = {
        "entity_type": entity_type,
        "ids": list(outcomes),
        "outcomes": [outcome for outcome, _ in outcomes.values()],
        "versions": [version for _, version in outcomes.values()],
        "upto": upto,
    }
    warehouse.execute(statements.FINISH, values)


def fail_work(
    warehouse: Connection, entity_type: str, ids: Collection[int], *, upto: int
) -> None:
    """Count a re-read that failed; the last attempt gives the hooks up as failed."""
    values = {
        "entity_type": entity_type,
        "ids": list(ids),
        "upto": upto,
        "attempts": MAX_ATTEMPTS,
    }
    with warehouse.transaction():
        warehouse.execute(statements.FAIL, values)


def waiting(warehouse: Connection) -> Waiting:
    """Return what waits, for the sensor and for health; nothing where no inbox is."""
    with warehouse.transaction():
        if not _exists(warehouse, "raw.amocrm__webhook_inbox"):
            return Waiting(0, 0, None)
        new, newest = _one(warehouse, statements.WAITING_NEW, {})
        if not _exists(warehouse, "raw.amocrm__webhook_items"):
            return Waiting(new, 0, newest)
        values = {"attempts": MAX_ATTEMPTS, "types": list(REREAD)}
        items, oldest = _one(warehouse, statements.WAITING_ITEMS, values)
    moments = [moment for moment in (newest, oldest) if moment]
    return Waiting(new, items, min(moments, default=None))


def _exists(warehouse: Connection, table: str) -> bool:
    query = "select to_regclass(%(table)s) is not null"
    return bool(_one(warehouse, query, {"table": table})[0])


def _one(warehouse: Connection, query: str, values: dict[str, Any]) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = warehouse.execute(query, values).fetchone()
    assert row is not None
    return row


def _next_chunk(warehouse: Connection, *, after: int, limit: int) -> list[int]:
    """Return the next new deliveries that fit into memory together, one at least."""
    values = {"after": after, "limit": min(limit, CHUNK_ROWS)}
    chunk: list[int] = []
    size = 0
    for delivery_id, one_size in warehouse.execute(statements.NEW, values):
        size += one_size
        if chunk and size > CHUNK_BYTES:
            break
        chunk.append(delivery_id)
    return chunk


def _judge(row: tuple[Any, ...], account: Account) -> _Verdict:
    delivery_id, received_at, content_type, body = row
    try:
        form = read_form(body or b"")
        if content_type == REVOCATION:
            return _judge_revocation(delivery_id, received_at, form, account)
        if reason := find_stranger(form, account):
            return _Verdict(delivery_id, received_at, "foreign", reason)
        items = read_items(form)
    except FormError as error:
        return _Verdict(delivery_id, received_at, "bad", str(error))
    except Exception as error:
        # One body that the parser stumbles over must not block those behind it.
        reason = f"the parser failed with {type(error).__name__}"
        return _Verdict(delivery_id, received_at, "bad", reason)
    if reason := find_silence(items):
        return _Verdict(delivery_id, received_at, "bad", reason)
    return _Verdict(delivery_id, received_at, "parsed", items=items)


def _judge_revocation(
    delivery_id: int, received_at: datetime, form: Mapping[str, Any], account: Account
) -> _Verdict:
    if read_id(form.get("account_id")) != account.id:
        return _Verdict(delivery_id, received_at, "foreign", "another account's id")
    item = Item("integration", None, "revoked")
    return _Verdict(delivery_id, received_at, "parsed", items=[item])


def _store(
    warehouse: Connection, verdicts: Sequence[_Verdict], *, run_id: str
) -> ParsedDeliveries:
    columns = list(zip(*_item_rows(verdicts), strict=True)) or [()] * len(
        statements.COLUMNS
    )
    values: dict[str, Any] = dict(
        zip(statements.COLUMNS, map(list, columns), strict=True)
    )
    warehouse.execute(statements.INSERT, {**values, "run_id": run_id})
    judged = {
        "ids": [verdict.delivery_id for verdict in verdicts],
        "statuses": [verdict.status for verdict in verdicts],
        "reasons": [verdict.reason for verdict in verdicts],
    }
    warehouse.execute(statements.MARK, judged)
    return ParsedDeliveries(
        deliveries=len(verdicts),
        items=sum(len(verdict.items) for verdict in verdicts),
        bad=sum(verdict.status == "bad" for verdict in verdicts),
        foreign=sum(verdict.status == "foreign" for verdict in verdicts),
    )


def _item_rows(verdicts: Sequence[_Verdict]) -> Iterator[tuple[Any, ...]]:
    for verdict in verdicts:
        for place, item in enumerate(verdict.items, start=1):
            yield (
                verdict.delivery_id,
                place,
                verdict.received_at,
                item.entity_type,
                item.entity_id,
                item.action,
                item.pipeline_id,
                item.status_id,
                item.old_status_id,
                item.hinted_at,
                item.is_work,
            )
