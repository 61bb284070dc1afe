"""The history of entities: events appended window by window, gaps in it mended.

Events never change, so a window may be read again at any time. Which types are read is
said in `extract/amocrm/events.py`, and here which UTM fields of this account.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.extract.amocrm.events import (
    EVENT_TYPES,
    Window,
    field_event_type,
    read_events,
    read_events_of,
    read_newest_events,
)
from pipelines.extract.amocrm.extractor import Batches, documents
from pipelines.ingest.amocrm.cursors import Cursor, move_cursor, read_cursor
from pipelines.ingest.amocrm.load import Load, LoadedTable, Passing, record
from pipelines.load.documents import append_documents
from pipelines.load.log import LoadResult

TABLE = "events"
# Read again for what was written late: each run, each full run, each week.
OVERLAP = timedelta(minutes=15)
FULL_OVERLAP = timedelta(days=1)
WEEKLY_OVERLAP = timedelta(days=7)
# Deals whose broken chain of stages is read again in one run.
MOST_MENDED = 500
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


@dataclass
class _Feed:
    """What was read and written of the feed."""

    result: LoadResult = field(default_factory=LoadResult)
    pages: int = 0
    newest_at: datetime | None = None
    windows: list[str] = field(default_factory=list)

    def add(self, passing: Passing, result: LoadResult) -> None:
        self.result += result
        self.pages += passing.pages
        if passing.newest_at:
            newest = self.newest_at or passing.newest_at
            self.newest_at = max(newest, passing.newest_at)


def load_events(load: Load, *, with_fields: bool = True) -> LoadedTable:
    """Append the events since the last run; what was read before is read again a bit.

    `with_fields` also reads the changes of UTM fields, a question for each of them.
    """
    counting, feed = load.counting(), _Feed()
    _follow(load, TABLE, EVENT_TYPES, feed)
    if with_fields:
        for field_id in _utm_fields(load):
            _follow(load, f"{TABLE}:{field_id}", [field_event_type(field_id)], feed)
    result = feed.result
    known = result.rows_read - result.rows_inserted
    details = {
        **counting.details(),
        "pages": feed.pages,
        "fetched": result.rows_read,
        "repeats": 0,
        "stale": 0,
        "new": result.rows_inserted,
        "changed": 0,
        "unchanged": known,
    }
    loaded = LoadedTable(
        TABLE, "incremental", result, counting.seconds,
        window=feed.windows[0] if feed.windows else None,
        newest_row_at=feed.newest_at, details=details,
    )  # fmt: skip
    with load.writing():
        watermark = read_cursor(load.warehouse, TABLE).watermark
        return record(load, loaded, watermark=watermark)


def _follow(load: Load, stream: str, types: Sequence[str], feed: _Feed) -> None:
    """Read one stream of the feed on from where it ended."""
    cursor = read_cursor(load.warehouse, stream)
    reread_at = _reread_at(load, cursor)
    is_known = list(types) == cursor.position.get("types")
    # Not from 0: a server may take that for no filter at all.
    first = max(1, reread_at) if is_known else 1
    window = Window(first, load.settled)
    # A replay's clock may stand before the last run.
    if window.first > window.last:
        load.on_progress(
            f"{stream}: the clock stands before the last run, nothing read"
        )
        return
    feed.windows.append(str(window))
    read = read_events if load.honours_filters else read_newest_events
    batches = (documents(rows) for rows in read(load.client, window, types))
    weekly = int(cursor.position.get("weekly_at", 0))
    if reread_at <= cursor.watermark - WEEKLY_OVERLAP.total_seconds() or not is_known:
        weekly = load.settled
    _append(load, batches, feed)
    with load.writing():
        position = {"types": list(types), "weekly_at": weekly}
        move_cursor(
            load.warehouse, stream, load.settled, run=load.run, position=position
        )


def _reread_at(load: Load, cursor: Cursor) -> int:
    """Return the second from which a stream is read again."""
    overlap = FULL_OVERLAP if load.full else OVERLAP
    week = int(WEEKLY_OVERLAP.total_seconds())
    if load.full and load.settled - int(cursor.position.get("weekly_at", 0)) >= week:
        overlap = WEEKLY_OVERLAP
    return cursor.watermark - int(overlap.total_seconds())


def _append(load: Load, batches: Batches, feed: _Feed) -> None:
    """Append a stream's events in one transaction, after all of them were read."""
    passing = Passing(iter(list(batches)), time_of="created_at")
    with load.writing():
        result = append_documents(
            load.warehouse, f"amocrm__{TABLE}", passing, run=load.run
        )
        feed.add(passing, result)


def _utm_fields(load: Load) -> list[int]:
    """Return the lead fields that carry or ever carried a UTM parameter.

    By code or by name; what was renamed or removed since the last run has changes that
    were not read yet.
    """
    rows = load.warehouse.execute(
        "select distinct cast(split_part(item_key, ':', 2) as bigint) "
        "from raw.amocrm__dictionary_versions "
        "where kind = 'field' and item_key like 'leads:%%' and ("
        "lower(payload ->> 'code') = any(%(utm)s) "
        "or lower(trim(payload ->> 'name')) = any(%(utm)s)) order by 1",
        {"utm": list(UTM)},
    )
    return [row[0] for row in rows]


def mend_chains(load: Load) -> int:
    """Read all events of deals whose moves do not join: after(n) is before(n + 1).

    Only when the deals are as fresh as their events; returns how many were asked about.
    """
    values = {
        "settled": load.settled - int(OVERLAP.total_seconds()),
        "most": MOST_MENDED,
    }
    if not load.honours_filters:
        return 0
    rows = load.warehouse.execute(BROKEN_CHAINS, values).fetchall()
    ids = [row[0] for row in rows]
    if ids:
        load_events_of(load, "lead", ids, until=load.settled)
        load.on_progress(f"{TABLE}: {len(ids)} broken chains of stages read again")
    return len(ids)


def load_events_of(
    load: Load, entity: str, ids: Sequence[int], *, until: int | None = None
) -> None:
    """Append all events of some entities, without moving the cursor."""
    batches = (
        documents([row for row in rows if until is None or row["created_at"] <= until])
        for rows in read_events_of(load.client, entity, ids)
    )
    _append(load, batches, _Feed())


BROKEN_CHAINS = """
with moves as (
    select
        cast(payload ->> 'entity_id' as bigint) as deal_id,
        payload #> '{value_before,0,lead_status}' as before,
        payload #> '{value_after,0,lead_status}' as after,
        row_number() over latest = 1 as is_last,
        lead(payload #> '{value_after,0,lead_status}') over latest as previous
    from raw.amocrm__events
    where payload ->> 'type' = 'lead_status_changed'
        and payload ->> 'entity_id' ~ '^[0-9]{1,18}$'
    window latest as (
        partition by payload ->> 'entity_id'
        order by cast(payload ->> 'created_at' as bigint) desc, id desc
    )
)

select moves.deal_id
from moves
left join raw.amocrm__leads as deal
    on moves.deal_id = deal.id and deal._deleted_at is null
where
    (moves.previous is not null and (
        moves.before ->> 'id' is distinct from moves.previous ->> 'id'
        or moves.before ->> 'pipeline_id' is distinct from
            moves.previous ->> 'pipeline_id'
    ))
    or (moves.is_last and deal.id is not null
        and cast(deal.payload ->> 'updated_at' as bigint) < %(settled)s
        and (
            moves.after ->> 'id' is distinct from deal.payload ->> 'status_id'
            or moves.after ->> 'pipeline_id' is distinct from
                deal.payload ->> 'pipeline_id'
        ))
group by moves.deal_id
order by moves.deal_id desc
limit %(most)s
"""
