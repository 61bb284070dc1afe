"""Entities of AmoCRM that a complete read no longer shows: count them, mark them.

An absence is one witness of a deletion, not a deletion. What makes a tombstone belongs
to the models.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from pipelines.errors import LoadRefused
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

# More unexplained absences than both of these are lost rights, not deletions.
MANY = 50
MANY_OF_LIVING = 0.05


@dataclass(frozen=True)
class Absences:
    """How many rows live in the warehouse, and how many of them a read did not show."""

    living: int
    absent: int
    # Absent without a deletion event and without a stub in the trash.
    unexplained: int

    def refusal(self, table: str) -> LoadRefused | None:
        """Return why these absences are not to be believed, if so."""
        if self.unexplained <= max(MANY, self.living * MANY_OF_LIVING):
            return None
        return LoadRefused(
            f"{self.absent} of {self.living} rows are gone, {self.unexplained} of them "
            "without a deletion event or a stub in the trash; what came was loaded, "
            "no row was marked as absent",
            system="amocrm",
            table=table,
            remedy="check that the user of the token may still see all "
            f"{table}; a deletion made in AmoCRM leaves its events and passes",
        )


def count_absences(
    connection: Connection, table: str, seen: Collection[int], *, before: datetime
) -> Absences:
    """Compare the rows known before a moment with the ids of a complete read."""
    statement = sql.SQL(_COUNT).format(
        raw=sql.Identifier("raw", f"amocrm__{table}"), absent=sql.SQL(_ABSENT)
    )
    values = _values(table, seen, before)
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return Absences(living=row[0], absent=row[1], unexplained=row[2])


def mark_absences(
    connection: Connection,
    table: str,
    seen: Collection[int],
    *,
    before: datetime,
    run: RunInfo,
) -> int:
    """Set _deleted_at on the rows that a complete read did not show."""
    statement = sql.SQL(_MARK).format(
        raw=sql.Identifier("raw", f"amocrm__{table}"), absent=sql.SQL(_ABSENT)
    )
    values = {**_values(table, seen, before), "run_id": run.run_id}
    return connection.execute(statement, values).rowcount


def _values(table: str, seen: Collection[int], before: datetime) -> dict[str, object]:
    return {
        "seen": list(seen),
        "before": before,
        "event_type": f"{table.removesuffix('s')}_deleted",
        "has_trash": table == "leads",
    }


# A row that another load brought after this read began is not missing.
_ABSENT = """
    living._deleted_at is null and living._loaded_at < %(before)s
    and not exists (
        select from unnest(cast(%(seen)s as bigint[])) as seen (id)
        where seen.id = living.id
    )
"""
_COUNT = """
with absent as (select living.id from {raw} as living where {absent})

select
    (select count(*) from {raw} as living where living._deleted_at is null),
    count(*),
    count(*) filter (
        where not exists (
            select from raw.amocrm__events as event
            where event.payload ->> 'type' = %(event_type)s
                and event.payload ->> 'entity_id' = cast(absent.id as text)
        )
        and not (%(has_trash)s and exists (
            select from raw.amocrm__leads_trash as stub
            where stub.id = absent.id and stub._deleted_at is null
        ))
    )
from absent
"""
_MARK = """
update {raw} as living
set _deleted_at = clock_timestamp(), _run_id = %(run_id)s
where {absent}
"""
