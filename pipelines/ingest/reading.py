"""How a source table is read, given where its last load ended: whole, or changes only.

Nobody configures cursors: the size of a table and the state of its source decide.
Carrying it out belongs to `load/tables.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.errors import SourceUnreachable
from pipelines.extract.postgres.copy_out import Chunk
from pipelines.extract.postgres.matching import Match, remembered_columns
from pipelines.extract.postgres.origin import Origin, is_in_reach, is_older
from pipelines.extract.postgres.snapshot import Snapshot
from pipelines.key_digests import OLDEST_VERSION, Digests
from pipelines.load.positions import Place, Position
from pipelines.load.tables import Reading

# Above it only what changed is read.
XMIN_ROWS = 200_000
# However sure the short way is, now and then the long one proves it.
READ_WHOLE_EVERY = timedelta(days=7)


@dataclass(frozen=True)
class SourceRows:
    """A matched table in its snapshot: what the loader asks for.

    `started_at` is when this extraction began, by the warehouse's clock, and
    `warehouse_version` its server's; a `confirmed` source is trusted whatever it says.
    """

    snapshot: Snapshot
    match: Match
    started_at: datetime
    warehouse_version: int
    xmin_rows: int = XMIN_ROWS
    confirmed: bool = False

    @property
    def types(self) -> dict[str, str]:
        return self.match.types

    @property
    def is_unique(self) -> bool:
        return self.match.is_unique

    @property
    def is_large(self) -> bool:
        return self.match.is_large

    def copy(
        self, types: Mapping[str, str], *, since: int | None = None
    ) -> Iterator[Chunk]:
        return self.snapshot.copy(self.match, types, since=since)

    def newest(self, column: str) -> datetime | None:
        return self.snapshot.newest(self.match, column)

    def digest_keys(self, types: Mapping[str, str], buckets: int) -> Digests:
        return self.snapshot.digest_keys(self.match, types, buckets)

    def copy_keys(
        self, types: Mapping[str, str], buckets: int, wanted: Iterable[int]
    ) -> Iterator[Chunk]:
        return self.snapshot.copy_keys(self.match, types, buckets, wanted)

    def place(self, before: Position | None) -> Place:
        """Return what is to be remembered of the source."""
        origin = self.snapshot.origin
        return Place(
            server=origin.server,
            timeline=origin.timeline,
            server_started_at=origin.server_started_at,
            database_id=origin.database_id,
            next_xid=origin.next_xid,
            running=origin.running,
            watermark=origin.watermark,
            shape=self.match.shape,
            columns=remembered_columns(self.match, before.columns if before else None),
        )

    def decide(self, position: Position | None) -> Reading:
        """Choose how to read; refuse a source that shows an older state than before."""
        origin = self.snapshot.origin
        if position is None:
            return Reading()
        if suspicion := _suspicion(position, origin):
            return Reading(suspicion=suspicion)
        if is_older(origin, position.next_xid, position.running) and not self.confirmed:
            if position.recorded_at >= self.started_at:
                return Reading(is_overtaken=True)
            raise self._is_behind(position, origin)
        is_due = self.started_at - position.read_whole_at >= READ_WHOLE_EVERY
        if self.confirmed or is_due or not self._can_read_changes(position, origin):
            return Reading()
        return Reading(since=position.watermark)

    def _can_read_changes(self, position: Position, origin: Origin) -> bool:
        wanted = self.match.table.mode
        if wanted is None:
            wanted = "xmin" if self.match.source.rows > self.xmin_rows else "snapshot"
        return (
            wanted == "xmin"
            and self.match.names_its_writers
            and min(origin.version, self.warehouse_version) >= OLDEST_VERSION
            and position.shape == self.match.shape
            # A restored copy of its files has the server's identity, and a crash may
            # have lost commits that were seen.
            and position.server_started_at == origin.server_started_at
            and is_in_reach(origin, position.watermark)
        )

    def _is_behind(self, position: Position, origin: Origin) -> SourceUnreachable:
        table = self.match.table
        return SourceUnreachable(
            f"the source shows an older state (transaction {origin.next_xid:,}) than "
            f"the one that was loaded ({position.next_xid:,}): a replica that lags, or "
            "a restored database",
            system=table.system,
            table=table.table,
            remedy="run again when it has caught up; if this state is the right one, "
            f"run with confirm_source: [{table.table}]",
            guard="older_state",
        )


def _suspicion(position: Position, origin: Origin) -> str | None:
    """Say why this may be another database than the one read before."""
    if None not in (position.server, origin.server):
        if position.server != origin.server:
            return f"server {position.server} became {origin.server}"
        if position.timeline != origin.timeline:
            return f"timeline {position.timeline} became {origin.timeline}"
    if position.database_id != origin.database_id:
        return f"database {position.database_id} became {origin.database_id}"
    return None
