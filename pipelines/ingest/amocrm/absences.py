"""Entities of AmoCRM that a complete read no longer shows: judge them, remember them.

An absence is one witness of a deletion, not a deletion. What makes a tombstone belongs
to the models.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from pipelines.errors import LoadRefused
from pipelines.extract.amocrm.client import SYSTEM
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

# As events name what can be deleted.
SINGULAR = {"leads": "lead", "contacts": "contact", "companies": "company"}
# More than both of these at once is asked about before it is believed.
MANY = 50
MANY_OF_LIVING = 0.05


@dataclass(frozen=True)
class Absences:
    """How many rows live in the warehouse, and how many of them a read did not show."""

    living: int
    absent: int
    # Absent without a deletion event and without a stub in the trash.
    unexplained: int

    def refusal(self, table: str, *, is_confirmed: bool = False) -> LoadRefused | None:
        """Return why these absences are not to be believed, if so."""
        most = max(MANY, self.living * MANY_OF_LIVING)
        if is_confirmed or self.absent <= most:
            return None
        confirm = f"run with `confirm_deleted: [{table}]` in the run config"
        if self.unexplained > most:
            return LoadRefused(
                f"{self.absent} of {self.living} rows are gone, {self.unexplained} of "
                "them without a deletion event or a stub in the trash; what came was "
                "loaded, no row was marked as absent",
                system=SYSTEM,
                table=table,
                remedy="check that the user of the token may still see all "
                f"{table}; if they are really gone, {confirm}",
            )
        return LoadRefused(
            f"{self.absent} of {self.living} rows were deleted in AmoCRM since the "
            "last sweep; what came was loaded, no row was marked as absent",
            system=SYSTEM,
            table=table,
            remedy="ask who deleted them (the deletion events name the user); if it "
            f"was meant, {confirm}, else restore them in AmoCRM",
        )


def find_missing(
    connection: Connection, table: str, seen: Collection[int], *, before: datetime
) -> set[int]:
    """Return the living ids, known before a moment, that a complete read lacks."""
    statement = sql.SQL(_MISSING).format(raw=_raw(table))
    values = {"seen": list(seen), "before": before}
    return {row[0] for row in connection.execute(statement, values)}


def judge(connection: Connection, table: str, missing: Collection[int]) -> Absences:
    """Count the missing ids, and those that nothing but their absence tells of."""
    statement = sql.SQL(_JUDGE).format(raw=_raw(table), explained=sql.SQL(_EXPLAINED))
    row = connection.execute(statement, _values(table, missing)).fetchone()
    assert row is not None
    return Absences(living=row[0], absent=row[1], unexplained=row[2])


def mark_absences(
    connection: Connection, table: str, missing: Collection[int], *, run: RunInfo
) -> int:
    """Set _deleted_at on missing rows; every absence, old or new, is remembered."""
    values = {**_values(table, missing), "run_id": run.run_id, "as_of": run.as_of}
    parts = {"raw": _raw(table), "explained": sql.SQL(_EXPLAINED)}
    gone = connection.execute(sql.SQL(_MARK).format(**parts), values).rowcount
    connection.execute(sql.SQL(_COUNT_AGAIN).format(**parts), values)
    connection.execute(sql.SQL(_REMEMBER).format(**parts), values)
    connection.execute(sql.SQL(_REMEMBER_OLD).format(**parts), values)
    return gone


def close_absences(connection: Connection, table: str, *, run: RunInfo) -> None:
    """End the absences of what lives again."""
    statement = sql.SQL(_CLOSE).format(raw=_raw(table))
    values = {"table": table, "run_id": run.run_id, "as_of": run.as_of}
    connection.execute(statement, values)


def _raw(table: str) -> sql.Identifier:
    return sql.Identifier("raw", f"amocrm__{table}")


def _values(table: str, missing: Collection[int]) -> dict[str, object]:
    return {
        "table": table,
        "missing": list(missing),
        "deleted": f"{SINGULAR[table]}_deleted",
        "restored": f"{SINGULAR[table]}_restored",
        "has_trash": table == "leads",
    }


# A row that another load brought after this read began is not missing.
_MISSING = """
select living.id from {raw} as living
where living._deleted_at is null and living._loaded_at < %(before)s
    and not exists (
        select from unnest(cast(%(seen)s as bigint[])) as seen (id)
        where seen.id = living.id
    )
"""
_EXPLAINED = """
(
    %(deleted)s is not distinct from (
        select event.payload ->> 'type'
        from raw.amocrm__events as event
        where event.payload ->> 'type' in (%(deleted)s, %(restored)s)
            and event.payload ->> 'entity_id' = cast(absent.id as text)
        order by cast(event.payload ->> 'created_at' as bigint) desc, event.id desc
        limit 1
    )
    or (%(has_trash)s and exists (
        select from raw.amocrm__leads_trash as stub
        where stub.id = absent.id and stub._deleted_at is null
    ))
)
"""
_JUDGE = """
select
    (select count(*) from {raw} as living where living._deleted_at is null),
    count(*),
    count(*) filter (where not {explained})
from unnest(cast(%(missing)s as bigint[])) as absent (id)
"""
_MARK = """
update {raw} as living
set _deleted_at = clock_timestamp(), _run_id = %(run_id)s
from unnest(cast(%(missing)s as bigint[])) as absent (id)
where living.id = absent.id and living._deleted_at is null
"""
# What was marked before and still does not come was missed by one more sweep.
_COUNT_AGAIN = """
update raw.amocrm__absences as known
set sweeps = sweeps + 1, _loaded_at = clock_timestamp(), _run_id = %(run_id)s
from {raw} as gone
where known.entity_type = %(table)s and known.entity_id = gone.id
    and known.missed_until is null and gone._deleted_at is not null
    and known.missed_from < %(as_of)s
"""
_REMEMBER = """
insert into raw.amocrm__absences (
    entity_type, entity_id, missed_from, sweeps, is_explained, _loaded_at, _run_id
)
select
    %(table)s, absent.id, %(as_of)s, 1, {explained}, clock_timestamp(), %(run_id)s
from unnest(cast(%(missing)s as bigint[])) as absent (id)
where not exists (
    select from raw.amocrm__absences as known
    where known.entity_type = %(table)s and known.entity_id = absent.id
        and known.missed_until is null
)
on conflict (entity_type, entity_id, missed_from) do update set missed_until = null
"""
# What an earlier release marked as absent had no row here.
_REMEMBER_OLD = """
insert into raw.amocrm__absences (
    entity_type, entity_id, missed_from, sweeps, is_explained, _loaded_at, _run_id
)
select
    %(table)s, absent.id, absent._deleted_at, 1, {explained}, clock_timestamp(),
    %(run_id)s
from {raw} as absent
where absent._deleted_at is not null and not exists (
    select from raw.amocrm__absences as known
    where known.entity_type = %(table)s and known.entity_id = absent.id
        and known.missed_until is null
)
on conflict do nothing
"""
_CLOSE = """
update raw.amocrm__absences as known
set missed_until = greatest(%(as_of)s, known.missed_from),
    _loaded_at = clock_timestamp(), _run_id = %(run_id)s
from {raw} as living
where known.entity_type = %(table)s and known.entity_id = living.id
    and known.missed_until is null and living._deleted_at is null
"""
