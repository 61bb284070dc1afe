"""What people changed in an ad account: budgets, states, names, links, as documents.

Which stretch of time is read, and what is stored already, belongs to
`ingest/facebook/activities.py`.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime

from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.extractor import as_source_error
from pipelines.extract.facebook.pages import Document

TABLE = "activities"
FIELDS = (
    "event_time",
    "event_type",
    "object_id",
    "object_name",
    "object_type",
    "actor_name",
    "extra_data",
)


def read_activities(
    client: GraphClient, account_id: str, *, since: datetime, until: datetime
) -> Iterator[list[Document]]:
    """Read what was changed between two moments, page by page, newest first.

    The edge pages by time, so its pages are found by their own addresses.
    """
    params = {
        "fields": ",".join(FIELDS),
        "since": int(since.timestamp()),
        "until": int(until.timestamp()),
    }
    with as_source_error(TABLE, account_id):
        for page in client.pages(
            (account_id, TABLE), params, account_id=account_id, follows_next=True
        ):
            yield [_activity(account_id, row) for row in page.rows]


def _activity(account_id: str, row: Document) -> Document:
    """Name an entry by its content: it has no id, and never changes."""
    text = json.dumps(row, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return {
        "account_id": account_id,
        "activity_id": hashlib.sha256(text.encode()).hexdigest(),
        "event_at": moment(row.get("event_time")),
        "payload": row,
    }


def moment(value: object) -> datetime | None:
    """Read one of Facebook's times; None when it is none, or has no zone."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None
