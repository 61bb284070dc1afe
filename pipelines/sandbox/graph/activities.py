"""The change log of an account: newest first, and paged by time instead of cursors.

`paging.next` moves `until` back and carries a token for the second it stands in; a page
without rows, and without `paging`, is the last.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from facebook_business.adobjects.adactivity import AdActivity

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.filters import seconds
from pipelines.sandbox.graph.listings import checked_fields
from pipelines.sandbox.graph.objects import account
from pipelines.sandbox.graph.pages import Document, page_limit
from pipelines.sandbox.graph.state import Asked, Graph

DEFAULT_FIELDS = "event_time,event_type"
# How far back Facebook looks when it is not told.
DEFAULT_SPAN = timedelta(days=7)


def activities(graph: Graph, account_id: str, asked: Asked) -> Document:
    """Return a page of the changes between `since` and `until`."""
    digits = account(graph, account_id)["account_id"]
    fields = checked_fields(asked.params, of=AdActivity, default=DEFAULT_FIELDS)
    found = _newest_first(
        row for row in graph.facebook.activities if row["account_id"] == digits
    )
    newest = found[0].at if found else 0
    until = _moment(asked, "until", ends_day=True) or newest
    since = _moment(asked, "since") or until - int(DEFAULT_SPAN.total_seconds())
    entries = [entry for entry in found if since <= entry.at <= until]
    entries = _after(entries, asked.params.get("__paging_token"))
    chosen = entries[: page_limit(asked.params, graph.page_size)]
    kept = [name for name in fields if name not in graph.faults.silent_fields]
    rows = [
        {name: entry.row[name] for name in kept if name in entry.row}
        for entry in chosen
    ]
    if not chosen:
        return {"data": []}
    before = {"since": chosen[0].at, "__previous": 1}
    links = {
        "previous": _link(asked, chosen[0], before),
        "next": _link(asked, chosen[-1], {"since": since, "until": chosen[-1].at}),
    }
    return {"data": rows, "paging": links}


@dataclass(frozen=True)
class Entry:
    """A change with its moment, and the token that tells it from its likes."""

    at: int
    token: str
    row: Document


def _newest_first(rows: Iterable[Document]) -> list[Entry]:
    seen: Counter[str] = Counter()
    entries = []
    for row in rows:
        text = json.dumps(row, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()[:24]
        seen[digest] += 1
        token = f"enc_{digest}{seen[digest]}"
        entries.append(Entry(seconds(row["event_time"]), token, row))
    return sorted(entries, key=lambda entry: (-entry.at, entry.token))


def _after(entries: list[Entry], token: str | None) -> list[Entry]:
    """Leave out what came before, up to the entry that a token stands for."""
    tokens = [entry.token for entry in entries]
    return entries[tokens.index(token) + 1 :] if token in tokens else entries


def _link(asked: Asked, entry: Entry, span: Mapping[str, int]) -> str:
    params = {**asked.params, **span, "__paging_token": entry.token}
    return f"{asked.url}?{urlencode(params)}"


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
