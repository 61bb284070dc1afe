"""What the warehouse knows of Lead Ads: pages named by ads, and how far each form is.

Only questions; what follows from the answers belongs to `leads.py` and `expiries.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.extract.facebook.errors import SYSTEM
from pipelines.extract.facebook.leads import Form
from pipelines.load.merge import Connection

# Facebook throws leads away after so many days; somebody should act before that.
KEPT_DAYS = 90
WARNING_DAYS = 60


@dataclass(frozen=True)
class FormState:
    """A form's stored leads, and what its last reading has found.

    `kept` counts those that Facebook must still have. `proven_missing` is what even a
    whole reading did not bring, None if none fell short.
    """

    newest_at: datetime | None = None
    kept: int = 0
    outcome: str | None = None
    counted: int | None = None
    organic: int | None = None
    missing: int | None = None
    proven_missing: int | None = None

    def is_complete(self, form: Form) -> bool:
        """Tell whether a form was read with these counts, as far as it can be."""
        return (
            self.outcome == "loaded"
            and form.counted is not None
            and (form.counted, form.organic) == (self.counted, self.organic)
            and self.missing in (0, self.proven_missing)
        )


def kept_since(now: datetime) -> datetime:
    """Return from when on Facebook must still have the leads."""
    return now - timedelta(days=KEPT_DAYS)


def named_pages(warehouse: Connection) -> list[str]:
    """Return the pages that creatives and ad sets name, sorted."""
    return [page_id for (page_id,) in warehouse.execute(_NAMED_PAGES)]


def form_states(
    warehouse: Connection, form_ids: Sequence[str], *, now: datetime
) -> dict[str, FormState]:
    """Return the state of each of the forms."""
    values = {
        "system": SYSTEM,
        "form_ids": list(form_ids),
        "kept_since": kept_since(now),
    }
    rows = warehouse.execute(_FORM_STATES, values)
    return {form_id: FormState(*state) for form_id, *state in rows}


def count_kept(warehouse: Connection, form_id: str, *, now: datetime) -> int:
    """Count a form's stored leads that Facebook must still have."""
    [state] = form_states(warehouse, [form_id], now=now).values()
    return state.kept


def denied_before(warehouse: Connection, table: str, scope: str) -> str | None:
    """Return the refusal of the last reading, None if it was not refused."""
    row = warehouse.execute(
        "select outcome, error from raw._loads where system = %s and table_name = %s "
        "and scope = %s order by load_id desc limit 1",
        [SYSTEM, table, scope],
    ).fetchone()
    return str(row[1]) if row and row[0] == "denied" else None


def days_unread(
    warehouse: Connection, table: str, scope: str, *, now: datetime
) -> int | None:
    """Return for how many days a page or form was not read; None if it never was."""
    row = warehouse.execute(
        "select max(as_of) from raw._loads where system = %s and table_name = %s "
        "and scope = %s and outcome = 'loaded'",
        [SYSTEM, table, scope],
    ).fetchone()
    return (now - row[0]).days if row and row[0] else None


_NAMED_PAGES = """
select payload -> 'object_story_spec' ->> 'page_id' as page_id
from raw.facebook__creatives
where _deleted_at is null
    and payload -> 'object_story_spec' ->> 'page_id' ~ '^[0-9]+$'
union
select payload -> 'promoted_object' ->> 'page_id'
from raw.facebook__ad_sets
where _deleted_at is null
    and payload -> 'promoted_object' ->> 'page_id' ~ '^[0-9]+$'
order by page_id
"""
_FORM_STATES = """
with

held_leads as (
    select
        form_id,
        max(created_at) as newest_at,
        count(*) filter (where created_at > %(kept_since)s) as kept
    from raw.facebook__leads
    where form_id = any(%(form_ids)s) and _deleted_at is null
    group by form_id
),

last_loads as (
    select distinct on (scope) scope, outcome
    from raw._loads
    where system = %(system)s and table_name = 'leads' and scope = any(%(form_ids)s)
    order by scope, load_id desc
),

last_readings as (
    select distinct on (scope) scope, details
    from raw._loads
    where system = %(system)s and table_name = 'leads' and scope = any(%(form_ids)s)
        and outcome = 'loaded'
    order by scope, load_id desc
)

select
    forms.form_id,
    held_leads.newest_at,
    coalesce(held_leads.kept, 0),
    last_loads.outcome,
    cast(last_readings.details ->> 'counted' as bigint),
    cast(last_readings.details ->> 'organic' as bigint),
    cast(last_readings.details ->> 'missing' as bigint),
    cast(last_readings.details ->> 'proven_missing' as bigint)
from unnest(%(form_ids)s) as forms (form_id)
left join held_leads on forms.form_id = held_leads.form_id
left join last_loads on forms.form_id = last_loads.scope
left join last_readings on forms.form_id = last_readings.scope
"""
