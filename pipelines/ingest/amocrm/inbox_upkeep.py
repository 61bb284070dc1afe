"""What an operator does to the inbox: look at it, replay deliveries, let them expire.

Parsing and the work that it makes belong to `inbox.py`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipelines.ingest.amocrm import inbox_statements as statements
from pipelines.load.merge import Connection

# Bodies hold people's names: they go first. Rows prove what came, and when.
BODIES_KEPT: Final = timedelta(days=90)
ROWS_KEPT: Final = timedelta(days=400)
QUARANTINED: Final = ("bad", "foreign")


@dataclass(frozen=True)
class Retained:
    """What expired: bodies that were emptied, rows that were deleted."""

    bodies: int
    rows: int


@dataclass(frozen=True)
class Delivery:
    """A delivery as an operator may see it: never its body."""

    delivery_id: int
    received_at: datetime
    status: str
    reason: str | None
    secret: str
    size: int
    attempts: int
    has_body: bool


@dataclass(frozen=True)
class StatusCount:
    """How many deliveries have one status, and their span."""

    status: str
    deliveries: int
    size: int
    first_at: datetime
    last_at: datetime


def retain(
    warehouse: Connection,
    now: datetime,
    *,
    bodies: timedelta = BODIES_KEPT,
    rows: timedelta = ROWS_KEPT,
) -> Retained:
    """Empty the bodies and delete the rows whose time has passed; commits by itself.

    A delivery that nobody could parse until then becomes bad.
    """
    with warehouse.transaction():
        forget = {"before": now - rows}
        deleted = warehouse.execute(statements.FORGET, forget).rowcount
        expire = {"before": now - bodies}
        emptied = warehouse.execute(statements.EXPIRE, expire).rowcount
    return Retained(bodies=emptied, rows=deleted)


def list_deliveries(
    warehouse: Connection,
    *,
    statuses: Collection[str] = QUARANTINED,
    limit: int = 50,
) -> list[Delivery]:
    """Return deliveries of these statuses, the newest first."""
    values = {"statuses": list(statuses), "limit": limit}
    with warehouse.transaction():
        rows = warehouse.execute(statements.LIST, values).fetchall()
    return [Delivery(*row) for row in rows]


def count_deliveries(warehouse: Connection) -> list[StatusCount]:
    """Return how many deliveries of each status there are."""
    with warehouse.transaction():
        rows = warehouse.execute(statements.COUNTS).fetchall()
    return [StatusCount(*row) for row in rows]


def replay(
    warehouse: Connection,
    *,
    deliveries: Collection[int] = (),
    statuses: Collection[str] = (),
) -> int:
    """Let deliveries be parsed once more; return how many still had their body.

    Chosen by number or by status. The next refresh parses them.
    """
    values = {"deliveries": list(deliveries), "statuses": list(statuses)}
    with warehouse.transaction():
        return warehouse.execute(statements.REPLAY, values).rowcount
