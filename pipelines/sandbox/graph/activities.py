"""The change log of an account: newest first, and paged by time instead of cursors.

`paging.next` moves `until` back and carries a token for the second it stands in; a page
without rows, and without `paging`, is the last.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from facebook_business.adobjects.adactivity import AdActivity

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.filters import seconds
from pipelines.sandbox.graph.listings import checked_fields
from pipelines.sandbox.graph.objects import account
from pipelines.sandbox.graph.pages import Document, page_limit
from pipelines.sandbox.graph.state import Asked, Graph

# How far back Facebook looks when it is not told.
DEFAULT_SPAN = timedelta(days=7)


def activities(graph: Graph, account_id: str, asked: Asked) -> Document:
    """Return a page of the changes between `since` and `until`."""
    digits = account(graph, account_id)["account_id"]
    fields = checked_fields(asked.params, of=AdActivity)
    found = [row for row in graph.facebook.activities if row["account_id"] == digits]
    found.sort(key=lambda row: (seconds(row["event_time"]), _token(row)), reverse=True)
    newest = seconds(found[0]["event_time"]) if found else 0
    until = _moment(asked, "until", ends_day=True) or newest
    since = _moment(asked, "since") or until - int(DEFAULT_SPAN.total_seconds())
    rows = [row for row in found if since <= seconds(row["event_time"]) <= until]
    rows = _after(rows, asked.params.get("__paging_token"))
    chosen = rows[: page_limit(asked.params, graph.page_size)]
    kept = [name for name in fields if name not in graph.faults.silent_fields]
    answer: Document = {
        "data": [{name: row[name] for name in kept if name in row} for row in chosen]
    }
    if chosen:
        answer["paging"] = {
            "previous": _link(asked, chosen[0], since=since, forwards=True),
            "next": _link(asked, chosen[-1], since=since),
        }
    return answer


def _after(rows: list[Document], token: str | None) -> list[Document]:
    """Leave out what came before, up to the row that a token stands for."""
    if token is None:
        return rows
    tokens = [_token(row) for row in rows]
    return rows[tokens.index(token) + 1 :] if token in tokens else rows


def _link(asked: Asked, row: Document, *, since: int, forwards: bool = False) -> str:
    at = seconds(row["event_time"])
    span = {"since": at, "__previous": 1} if forwards else {"since": since, "until": at}
    params = {**asked.params, **span, "__paging_token": _token(row)}
    return f"{asked.url}?{urlencode(params)}"


def _token(row: Document) -> str:
    text = json.dumps(row, sort_keys=True, ensure_ascii=False)
    return "enc_" + hashlib.sha256(text.encode()).hexdigest()[:24]


def _moment(asked: Asked, name: str, *, ends_day: bool = False) -> int | None:
    """Read a moment: Unix time, or a day (its end for `until`), or a timestamp."""
    text = asked.params.get(name)
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise refusals.wrong_parameter(name, "must be a valid time.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    is_day = len(text) == len("2026-01-05")
    end = timedelta(days=1, seconds=-1) if ends_day and is_day else timedelta()
    return int((moment + end).timestamp())
