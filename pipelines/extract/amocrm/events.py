"""The feed of events: what happened to entities, read in closed windows of time.

Which events are wanted stands here; what they mean belongs to the models.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pipelines.extract.amocrm.canonical import Row
from pipelines.extract.amocrm.client import AmocrmClient, Query
from pipelines.extract.amocrm.paging import (
    EVENTS_LIMIT,
    Listing,
    Reader,
    read_there_and_back,
)

# A new type is read from the beginning, for its past was never asked for.
EVENT_TYPES = (
    "lead_added",
    "lead_deleted",
    "lead_restored",
    "lead_status_changed",
    "sale_field_changed",
    "entity_responsible_changed",
    "entity_merged",
    "entity_linked",
    "entity_unlinked",
    "entity_tag_added",
    "entity_tag_deleted",
    "contact_deleted",
    "contact_restored",
    "company_deleted",
    "company_restored",
)
# Nobody says how deep pages go; deeper than this the window is made smaller instead.
MAX_DEPTH = 20
# So many entities may be asked about at once.
MAX_ENTITIES = 10


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


def events_of(types: Sequence[str]) -> Listing:
    """Describe the feed of some types."""
    return Listing(
        table="events",
        path="events",
        name="events",
        query=tuple(("filter[type][]", name) for name in types),
        limit=EVENTS_LIMIT,
        has_text_ids=True,
    )


def field_event_type(field_id: int) -> str:
    """Return the type of changes of a custom field; it may only be asked for alone."""
    return f"custom_field_{field_id}_value_changed"


def read_events(
    client: AmocrmClient, window: Window, types: Sequence[str] = EVENT_TYPES
) -> Iterator[list[Row]]:
    """Yield the events of a window that lies in the past, newest first as a rule."""
    reader = Reader(client, events_of(types))
    last: int | None = window.last
    # Events of the oldest second so far: a smaller window shows them once more.
    known: set[str] = set()
    while last is not None:
        asked, last = Window(window.first, last), None
        oldest, descending = asked.last, True
        seen, is_unstable = set[str](), False
        for depth, rows in enumerate(reader.pages(asked.query), start=1):
            _check(reader.listing, rows, asked, types)
            ids = {row["id"] for row in rows}
            is_unstable = is_unstable or not seen.isdisjoint(ids)
            seen |= ids
            yield [row for row in rows if row["id"] not in known]
            descending = descending and _is_descending(rows, below=oldest)
            if rows[-1]["created_at"] != oldest:
                oldest, known = rows[-1]["created_at"], set()
            known |= {row["id"] for row in rows if row["created_at"] == oldest}
            if depth >= MAX_DEPTH and descending and oldest < asked.last:
                last = oldest
                break
        if is_unstable:
            # One that came twice, in a window of the past, pushed another off its page.
            yield read_there_and_back(client, reader.listing, query=asked.query)


def read_newest_events(
    client: AmocrmClient, window: Window, types: Sequence[str] = EVENT_TYPES
) -> Iterator[list[Row]]:
    """Yield the events of a window where filters are not honoured: from now back."""
    is_descending = True
    for rows in Reader(client, events_of(types)).pages():
        times: list[int] = [row["created_at"] for row in rows]
        is_descending = is_descending and times == sorted(times, reverse=True)
        yield [
            row
            for row in rows
            if row.get("type") in types
            and window.first <= row["created_at"] <= window.last
        ]
        if is_descending and times[-1] < window.first:
            return


def read_events_of(
    client: AmocrmClient, entity: str, ids: Sequence[int]
) -> Iterator[list[Row]]:
    """Yield all events of some entities (`lead` and so on), whatever their age."""
    for start in range(0, len(ids), MAX_ENTITIES):
        some = ids[start : start + MAX_ENTITIES]
        query: Query = [
            ("filter[entity]", entity),
            *(("filter[entity_id][]", number) for number in some),
        ]
        reader = Reader(client, events_of(EVENT_TYPES))
        for rows in reader.pages(query):
            for row in rows:
                _check_row(reader.listing, row, EVENT_TYPES, f"{len(some)} {entity}s")
                if row.get("entity_id") not in some:
                    message = "the filter was ignored: an event of another entity came"
                    raise reader.listing.error(message)
            yield rows


def _is_descending(rows: list[Row], *, below: int) -> bool:
    times = [below, *(row["created_at"] for row in rows)]
    return times == sorted(times, reverse=True)


def _check(
    listing: Listing, rows: list[Row], window: Window, types: Collection[str]
) -> None:
    """Refuse events that were not asked for: a filter not understood is ignored."""
    for row in rows:
        _check_row(listing, row, types, str(window))
        created = row["created_at"]
        if not window.first <= created <= window.last:
            message = f"the filter was ignored: an event of {created} came"
            raise listing.error(message, window=str(window))


def _check_row(listing: Listing, row: Row, types: Collection[str], window: str) -> None:
    if not isinstance(row["id"], str) or not isinstance(row.get("created_at"), int):
        message = "an event has no text id or no created_at"
        raise listing.error(message, window=window)
    if row.get("type") not in types:
        message = f"the filter was ignored: an event {row.get('type')} came"
        raise listing.error(message, window=window)
