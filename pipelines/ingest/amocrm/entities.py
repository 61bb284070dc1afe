"""Deals, contacts, companies and tasks: what changed, and in a full run all of them.

What changed is read by keyset and committed piece by piece, each with its cursor, so
that a first load of any length goes on where it broke. A full run sweeps afterwards.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from pipelines.errors import LoadRefused
from pipelines.extract.amocrm.client import SYSTEM
from pipelines.extract.amocrm.extractor import ENTITIES
from pipelines.extract.amocrm.keyset import (
    read_changed,
    read_changed_by_id,
    read_newest_first,
)
from pipelines.ingest.amocrm.absences import close_absences
from pipelines.ingest.amocrm.cursors import (
    free_stream_lock,
    move_cursor,
    read_cursor,
    try_stream_lock,
)
from pipelines.ingest.amocrm.load import Load, LoadedTable, Via, record
from pipelines.ingest.amocrm.pieces import Tally, merge_pieces
from pipelines.ingest.amocrm.sweeping import sweep_entity

# Read again each time, for what was written late.
OVERLAP = timedelta(minutes=10)
# Tasks are only history: which of them were deleted is not asked.
SWEPT = ("leads", "contacts", "companies")


def load_entity(load: Load, table: str) -> LoadedTable:
    """Load one entity type and log it; raise when too much of it is gone."""
    listing = ENTITIES[table]
    with _stream(load, table):
        counting, tally = load.counting(), Tally()
        known = read_cursor(load.warehouse, table).watermark
        since = max(0, known - int(OVERLAP.total_seconds()))
        via: Via = "poll" if known else "backfill"
        _load_changed(load, table, since, via=via, tally=tally)
        load.on_progress(f"{table}: {tally.fetched:,} changed rows read")
        newest, newest_at = tally.newest, tally.newest_at
        swept = None
        if load.full and table in SWEPT:
            swept = sweep_entity(load, listing, tally)
        loaded = LoadedTable(
            table,
            "full" if swept else "incremental",
            replace(
                tally.counts.result(fetched=tally.fetched),
                rows_deleted=swept.gone if swept else 0,
            ),
            counting.seconds,
            window=f"updated_at {since}..",
            newest_row_at=newest_at or tally.newest_at,
            details={
                "via": via,
                "confirmed": table in load.confirmed,
                **counting.details(),
                **tally.details(),
                **(swept.details if swept else {}),
            },
            warnings=swept.warnings if swept else (),
        )
        with load.writing():
            close_absences(load.warehouse, table, run=load.run)
            if not (swept and swept.refusal):
                moved = _settled(load, newest)
                record(load, loaded, watermark=max(known, moved))
        if swept and swept.refusal:
            raise swept.refusal
        return loaded


def _load_changed(
    load: Load, table: str, since: int, *, via: Via, tally: Tally
) -> None:
    """Read what changed since a second; the cursor follows where the order allows."""

    def move() -> None:
        if tally.newest is not None:
            watermark = _settled(load, tally.newest)
            move_cursor(load.warehouse, table, watermark, run=load.run)

    listing = ENTITIES[table]
    is_ordered = load.honours_filters and listing.is_ordered_by_change
    read = read_changed
    if not is_ordered:
        read = read_changed_by_id if load.honours_filters else read_newest_first
    rows = read(load.client, listing, since=since)
    # In any other order only the end of the walk tells that all came.
    after = move if is_ordered else lambda: None
    merge_pieces(load, table, rows, via=via, tally=tally, after=after)
    with load.writing():
        move()


def _settled(load: Load, newest: int | None) -> int:
    return 0 if newest is None else max(0, min(newest, load.settled))


@contextlib.contextmanager
def _stream(load: Load, table: str) -> Iterator[None]:
    """Read a stream alone: a second runner leaves at once."""
    if not try_stream_lock(load.warehouse, table):
        raise LoadRefused(
            "another run is reading it",
            system=SYSTEM,
            table=table,
            remedy="wait for that run; it loads what this one would have",
        )
    try:
        yield
    finally:
        if not load.warehouse.closed:
            free_stream_lock(load.warehouse, table)
