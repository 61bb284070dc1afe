"""Loading one table of a PostgreSQL source: merge, soft delete, remember, log.

All of it happens in the caller's transaction, so rows, position and log line stand or
fall together. Reading the source belongs to `extract/postgres/`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from pipelines.catalog import ReadMode, Table
from pipelines.errors import LoadRefused
from pipelines.key_digests import TEXT_FORMS
from pipelines.load.changes import merge_changes
from pipelines.load.copying import Progress, Source
from pipelines.load.deletes import Deletions, Merged
from pipelines.load.drift import follow_types
from pipelines.load.guards import Confirmation
from pipelines.load.keys import follow_key
from pipelines.load.log import LoadResult, RunInfo, record_load
from pipelines.load.merge import (
    Connection,
    RawTable,
    Stamp,
    describe_raw,
    lock_table,
    make_stamp,
)
from pipelines.load.newest import newest_in_raw
from pipelines.load.positions import Place, Position, read_position, write_position
from pipelines.load.whole import merge_whole

# Looking up a few rows by their key is cheaper than the default costs of a spinning
# disk say.
SESSION = f"set local random_page_cost = 1.1; {TEXT_FORMS}"


@dataclass(frozen=True)
class Reading:
    """How a table is to be read, given where its last load ended.

    With `since`, only what was written by that transaction or later. A `suspicion` says
    why the source may be another one than before. A moment older than the one that raw
    holds `is_overtaken`, by a load that ran beside this one.
    """

    since: int | None = None
    suspicion: str | None = None
    is_overtaken: bool = False


class PositionedSource(Source, Protocol):
    """A table as its source offers it, that knows what follows from a position."""

    def decide(self, position: Position | None) -> Reading:
        """Choose how to read; raise when the source must not be read at all."""

    def place(self, before: Position | None) -> Place:
        """Return what is to be remembered of the source."""


@dataclass(frozen=True)
class Loaded:
    """What a load did; `refused` says that its deletions were not carried out.

    `before` is where the load before it ended. Notes only tell.
    """

    result: LoadResult
    mode: ReadMode
    newest_row_at: datetime | None
    refused: LoadRefused | None
    before: Position | None
    notes: tuple[str, ...]
    seconds: float = 0.0


def load_table(
    connection: Connection,
    table: Table,
    source: PositionedSource,
    *,
    run: RunInfo,
    confirm: Confirmation,
    on_progress: Progress | None = None,
) -> Loaded:
    """Make a raw table equal to its source and log it; the caller commits.

    Rows that vanished are marked as deleted, but not when suspiciously many did: then
    the changes are kept, nothing is deleted, and the load counts as failed.
    """
    connection.execute(SESSION)
    raw = describe_raw(connection, table.name)
    lock_table(connection, raw)
    start = make_stamp(connection, run)
    before = read_position(connection, table.system, table.table)
    load = _Load(connection, table, source, confirm, start, before, on_progress)
    reading = source.decide(before)
    if raw.key != table.key:
        raw = follow_key(connection, raw, table.key)
        reading = replace(reading, since=None)
    loaded = load.skip() if reading.is_overtaken else load.carry_out(raw, reading)
    seconds = (make_stamp(connection, run).at - start.at).total_seconds()
    record_load(
        connection,
        run=run,
        system=raw.system,
        table=raw.table,
        outcome="failed" if loaded.refused else "loaded",
        mode=loaded.mode,
        result=loaded.result,
        seconds=seconds,
        watermark=str(load.watermark),
        newest_row_at=loaded.newest_row_at,
        started_at=start.at,
        error=str(loaded.refused) if loaded.refused else None,
    )
    return replace(loaded, seconds=seconds)


@dataclass
class _Load:
    """What the steps of one load have in common."""

    connection: Connection
    table: Table
    source: PositionedSource
    confirm: Confirmation
    stamp: Stamp
    before: Position | None
    on_progress: Progress | None
    watermark: int | None = None

    def skip(self) -> Loaded:
        """Leave the newer state alone that a load beside this one has brought."""
        assert self.before is not None
        self.watermark = self.before.watermark
        note = "a load that ran beside this one has brought a newer state"
        newest = self.before.newest_row_at
        return Loaded(LoadResult(), "snapshot", newest, None, self.before, (note,))

    def carry_out(self, raw: RawTable, reading: Reading) -> Loaded:
        """Merge what changed, or all, and remember how far the source was read."""
        accepted = self.table.table in self.confirm.types
        followed = follow_types(
            self.connection, raw, self.source.types, accepted=accepted
        )
        raw, notes = followed.raw, followed.notes
        merged = None
        if reading.since is not None and not followed.is_replaced:
            merged = self._merge_changes(raw, reading.since)
        mode: ReadMode = "xmin" if merged else "snapshot"
        merged = merged or self._merge_whole(raw, reading.suspicion)
        newest = self._newest(raw, merged)
        self._remember(newest, mode)
        return Loaded(merged.result, mode, newest, merged.refused, self.before, notes)

    def _merge_changes(self, raw: RawTable, since: int) -> Merged | None:
        return merge_changes(
            self.connection,
            raw,
            self.source,
            since=since,
            stamp=self.stamp,
            deletions=self._deletions,
            newest=self.table.newest,
            on_progress=self.on_progress,
        )

    def _merge_whole(self, raw: RawTable, suspicion: str | None) -> Merged:
        confirmed = self.table.table in self.confirm.source
        return merge_whole(
            self.connection,
            raw,
            self.source,
            stamp=self.stamp,
            deletions=self._deletions,
            suspicion=None if confirmed else suspicion,
            newest=self.table.newest,
            on_progress=self.on_progress,
        )

    @property
    def _deletions(self) -> Deletions:
        name = self.table.table
        confirmed = name in self.confirm.deletes or name in self.confirm.source
        return Deletions(confirmed, self.table.may_empty)

    def _newest(self, raw: RawTable, merged: Merged) -> datetime | None:
        held = self.before.newest_row_at if self.before else None
        if self.before and not merged.result.rows_changed:
            return held
        if merged.newest_read and (held is None or merged.newest_read >= held):
            return merged.newest_read
        return newest_in_raw(self.connection, raw, self.table.newest)

    def _remember(self, newest: datetime | None, mode: ReadMode) -> None:
        read_whole_at = self.stamp.at
        if self.before and mode == "xmin":
            read_whole_at = self.before.read_whole_at
        place = self.source.place(self.before)
        self.watermark = place.watermark
        position = Position(
            **vars(place),
            newest_row_at=newest,
            read_whole_at=read_whole_at,
            recorded_at=self.stamp.at,
            run_id=self.stamp.run_id,
        )
        write_position(self.connection, self.table.system, self.table.table, position)
