"""The ledger of what ends: tokens, their data access, the API version, unread leads.

Asking Facebook and the table of versions belong to `extract/facebook/expiries.py`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pipelines.extract.facebook.activities import moment
from pipelines.extract.facebook.errors import SYSTEM
from pipelines.extract.facebook.expiries import (
    VERSION_ENDS,
    TokenFacts,
    read_token,
    version_end,
)
from pipelines.ingest.facebook.lead_state import KEPT_DAYS, kept_since
from pipelines.ingest.facebook.load import Load, LoadedTable
from pipelines.load.documents import replace_documents
from pipelines.load.merge import Connection

TABLE = "expiries"
TOKEN, DATA_ACCESS, API_VERSION, LEADS = "token", "data_access", "api_version", "leads"

Row = dict[str, Any]


def load_expiries(loads: Sequence[Load]) -> Iterator[LoadedTable]:
    """Replace the ledger of what ends; an hourly run leaves it alone.

    `loads` holds one loading per credential; a credential is named by its number. What
    cannot be asked keeps the day that was known, with a note.
    """
    first = loads[0]
    if first.recent:
        return
    begun = first.timer.now()
    tokens = {load.number: _ask(load) for load in loads}
    with first.writing() as warehouse:
        known = _known(warehouse)
        rows = [
            *_tokens(tokens, known),
            _version(first.config.api_version),
            *_unread_leads(warehouse, now=first.run.as_of),
        ]
        result = replace_documents(warehouse, f"{SYSTEM}__{TABLE}", rows, run=first.run)
    seconds = round(first.timer.now() - begun, 3)
    yield LoadedTable(TABLE, "full", result, seconds)


def _ask(load: Load) -> TokenFacts:
    token = load.config.access_tokens[load.number - 1]
    return read_token(load.client, token)


def _known(warehouse: Connection) -> dict[tuple[str, str], datetime | None]:
    rows = warehouse.execute(
        "select kind, subject, expires_at from raw.facebook__expiries "
        "where _deleted_at is null"
    )
    return {(kind, subject): expires_at for kind, subject, expires_at in rows}


def _tokens(
    tokens: dict[int, TokenFacts], known: dict[tuple[str, str], datetime | None]
) -> Iterator[Row]:
    for number, token in tokens.items():
        subject = str(number)
        ends = {
            TOKEN: token.expires_at,
            DATA_ACCESS: token.data_access_expires_at,
        }
        for kind, said in ends.items():
            payload: Row = dict(token.facts)
            if token.error:
                payload["note"] = f"unknown: {token.error}"
            expires_at = known.get((kind, subject)) if token.error else said
            yield _row(kind, subject, expires_at, payload)


def _version(version: str) -> Row:
    expires_at = version_end(version)
    payload: Row = {}
    if version not in VERSION_ENDS:
        payload["note"] = "unknown: the table of versions does not have it"
    elif expires_at is None:
        payload["note"] = "unknown: Meta has not named a day"
    return _row(API_VERSION, version, expires_at, payload)


def _unread_leads(warehouse: Connection, *, now: datetime) -> Iterator[Row]:
    """Say of each form with unread leads when the first of them may be thrown away.

    What a form had at its last complete reading is stored; later leads are at stake.
    """
    values = {"system": SYSTEM, "kept_since": kept_since(now)}
    for form_id, page_id, reason, missing, read, made in warehouse.execute(
        _UNREAD, values
    ):
        payload = {"reason": reason, "page_id": page_id, "missing": missing}
        since: datetime | None = read or moment(made)
        if since:
            payload["unread_since"] = since.isoformat()
        expires_at = since + timedelta(days=KEPT_DAYS) if since else None
        yield _row(LEADS, form_id, expires_at, payload)


def _row(kind: str, subject: str, expires_at: datetime | None, payload: Row) -> Row:
    return {
        "kind": kind,
        "subject": subject,
        "expires_at": expires_at,
        "payload": payload,
    }


_UNREAD = """
with

loads as (
    select load_id, table_name, scope, outcome, as_of, details
    from raw._loads
    where system = %(system)s and table_name in ('leads', 'lead_forms') and scope <> ''
),

last_loads as (
    select distinct on (table_name, scope) table_name, scope, outcome
    from loads
    order by table_name, scope, load_id desc
),

last_readings as (
    select distinct on (table_name, scope)
        table_name,
        scope,
        as_of as read_at,
        cast(details ->> 'missing' as bigint) as missing
    from loads
    where outcome = 'loaded'
    order by table_name, scope, load_id desc
),

complete_readings as (
    select scope, max(as_of) as complete_at
    from loads
    where table_name = 'leads' and outcome = 'loaded' and details ->> 'missing' = '0'
    group by scope
),

kept_leads as (
    select form_id, min(created_at) as oldest_at
    from raw.facebook__leads
    where _deleted_at is null and created_at > %(kept_since)s
    group by form_id
),

forms as (
    select
        forms.form_id,
        forms.page_id,
        case
            when page_loads.outcome in ('denied', 'failed') then page_loads.outcome
            when form_loads.outcome in ('denied', 'failed') then form_loads.outcome
            when form_readings.missing > 0 then 'missing'
        end as reason,
        form_readings.missing,
        -- A form that never was asked had no leads while its page could be read.
        coalesce(
            complete_readings.complete_at,
            case when form_loads.scope is null then page_readings.read_at end,
            kept_leads.oldest_at
        ) as unread_since,
        forms.payload ->> 'created_time' as created_time
    from raw.facebook__lead_forms as forms
    left join last_loads as page_loads
        on page_loads.table_name = 'lead_forms' and forms.page_id = page_loads.scope
    left join last_loads as form_loads
        on form_loads.table_name = 'leads' and forms.form_id = form_loads.scope
    left join last_readings as page_readings
        on page_readings.table_name = 'lead_forms'
        and forms.page_id = page_readings.scope
    left join last_readings as form_readings
        on form_readings.table_name = 'leads' and forms.form_id = form_readings.scope
    left join complete_readings on forms.form_id = complete_readings.scope
    left join kept_leads on forms.form_id = kept_leads.form_id
    where forms._deleted_at is null
)

select form_id, page_id, reason, missing, unread_since, created_time
from forms
where reason is not null
order by form_id
"""
