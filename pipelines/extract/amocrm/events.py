"""The feed of events: what happened to deals, read in closed windows of time.

Which events are wanted stands here; what they mean belongs to the models.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.extract.amocrm.client import AmocrmClient, Query
from pipelines.extract.amocrm.paging import EVENTS_LIMIT, Listing, Row, read_page

# A new type needs one read from the beginning, for its past was never asked for.
EVENT_TYPES = (
    "lead_added",
    "lead_deleted",
    "lead_restored",
    "lead_status_changed",
    "sale_field_changed",
    "entity_responsible_changed",
    "entity_merged",
    "contact_deleted",
    "contact_restored",
)
EVENTS = Listing(
    table="events",
    path="events",
    name="events",
    query=tuple(("filter[type][]", name) for name in EVENT_TYPES),
    limit=EVENTS_LIMIT,
)
# Nobody says how deep pages go; deeper than this the window is made smaller instead.
MAX_DEPTH = 20


@dataclass(frozen=True)
class Window:
    """Seconds from the first to the last, both included."""

    first: int
    last: int

    @property
    def query(self) -> Query:
        return [
            ("filter[created_at][from]", self.first),
            ("filter[created_at][to]", self.last),
        ]

    def __str__(self) -> str:
        return f"created_at {self.first}..{self.last}"


def read_events(client: AmocrmClient, window: Window) -> Iterator[list[Row]]:
    """Yield the events of a window that lies in the past, newest first as a rule."""
    last, page = window.last, 1
    oldest, descending = last, True
    # Events of the oldest second so far: a smaller window shows them once more.
    known: set[str] = set()
    before: list[str] = []
    while True:
        asked = Window(window.first, last)
        rows = read_page(client, EVENTS, page=page, query=asked.query).rows
        if not rows:
            return
        _check(rows, asked)
        ids = [row["id"] for row in rows]
        if ids == before:
            message = f"page {page} shows the events of the page before"
            raise EVENTS.error(message, window=str(asked))
        yield [row for row in rows if row["id"] not in known]
        descending = descending and _is_descending(rows, below=oldest)
        if rows[-1]["created_at"] != oldest:
            oldest, known = rows[-1]["created_at"], set()
        known |= {row["id"] for row in rows if row["created_at"] == oldest}
        before, page = ids, page + 1
        if page > MAX_DEPTH and descending and oldest < last:
            last, page, before = oldest, 1, []


def _is_descending(rows: list[Row], *, below: int) -> bool:
    times = [below, *(row["created_at"] for row in rows)]
    return times == sorted(times, reverse=True)


def _check(rows: list[Row], window: Window) -> None:
    """Refuse events that were not asked for: a filter not understood is ignored."""
    for row in rows:
        created = row.get("created_at")
        if not isinstance(row["id"], str) or not isinstance(created, int):
            message = "an event has no text id or no created_at"
            raise EVENTS.error(message, window=str(window))
        if not window.first <= created <= window.last:
            message = f"the filter was ignored: an event of {created} came"
            raise EVENTS.error(message, window=str(window))
        if row.get("type") not in EVENT_TYPES:
            message = f"the filter was ignored: an event {row.get('type')} came"
            raise EVENTS.error(message, window=str(window))
