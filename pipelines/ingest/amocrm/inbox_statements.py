"""The statements of the inbox; what they are for belongs to `inbox.py`."""

from typing import Final

ACCOUNT: Final = """
select id, payload ->> 'subdomain' from raw.amocrm__account
where _deleted_at is null order by _loaded_at desc limit 1
"""
NEW: Final = """
select delivery_id, size from raw.amocrm__webhook_inbox
where parse_status = 'new' and delivery_id > %(after)s
order by delivery_id limit %(limit)s
"""
TAKE: Final = """
select delivery_id, received_at, content_type, body from raw.amocrm__webhook_inbox
where delivery_id = any(%s) and parse_status = 'new'
order by delivery_id for update skip locked
"""
MARK: Final = """
update raw.amocrm__webhook_inbox as inbox
set parse_status = judged.status, quarantine_reason = judged.reason,
    parsed_at = clock_timestamp(), attempts = inbox.attempts + 1
from unnest(
    cast(%(ids)s as bigint[]), cast(%(statuses)s as text[]),
    cast(%(reasons)s as text[])
) as judged (delivery_id, status, reason)
where inbox.delivery_id = judged.delivery_id
"""
COLUMNS: Final = {
    "delivery_id": "bigint",
    "item": "integer",
    "received_at": "timestamptz",
    "entity_type": "text",
    "entity_id": "bigint",
    "action": "text",
    "pipeline_id": "bigint",
    "status_id": "bigint",
    "old_status_id": "bigint",
    "hinted_at": "timestamptz",
    "is_work": "boolean",
}
_ARRAYS = ", ".join(f"cast(%({name})s as {kind}[])" for name, kind in COLUMNS.items())
# A replay keeps what is done where it means the same; it rings again where it means
# something else or was given up.
INSERT: Final = f"""
insert into raw.amocrm__webhook_items as known (
    delivery_id, item, received_at, entity_type, entity_id, action, pipeline_id,
    status_id, old_status_id, hinted_at, done_at, attempts, outcome, _loaded_at, _run_id
)
select
    delivery_id, item, received_at, entity_type, entity_id, action, pipeline_id,
    status_id, old_status_id, hinted_at,
    case when not is_work then clock_timestamp() end, 0,
    case when not is_work then 'ignored' end, clock_timestamp(), %(run_id)s
from unnest({_ARRAYS}) as told ({", ".join(COLUMNS)})
on conflict (delivery_id, item) do update set
    entity_type = excluded.entity_type, entity_id = excluded.entity_id,
    action = excluded.action, pipeline_id = excluded.pipeline_id,
    status_id = excluded.status_id, old_status_id = excluded.old_status_id,
    hinted_at = excluded.hinted_at, done_at = excluded.done_at, attempts = 0,
    outcome = excluded.outcome, version = null,
    _loaded_at = excluded._loaded_at, _run_id = excluded._run_id
where known.outcome = 'failed'
    or (known.entity_type, known.entity_id, known.action)
        is distinct from (excluded.entity_type, excluded.entity_id, excluded.action)
"""  # noqa: S608 - names and types are those above
NEWEST: Final = "select coalesce(max(delivery_id), 0) from raw.amocrm__webhook_items"
WORK: Final = """
select entity_type, entity_id from raw.amocrm__webhook_items
where done_at is null and attempts < %(attempts)s
    and entity_type = any(%(types)s) and entity_id is not null
group by entity_type, entity_id
order by min(delivery_id), entity_type, entity_id
limit %(limit)s
"""
FINISH: Final = """
update raw.amocrm__webhook_items as items
set done_at = clock_timestamp(), attempts = items.attempts + 1,
    outcome = found.outcome, version = found.version
from unnest(
    cast(%(ids)s as bigint[]), cast(%(outcomes)s as text[]),
    cast(%(versions)s as integer[])
) as found (entity_id, outcome, version)
where items.entity_type = %(entity_type)s and items.entity_id = found.entity_id
    and items.delivery_id <= %(upto)s and items.done_at is null
"""
FAIL: Final = """
update raw.amocrm__webhook_items
set attempts = attempts + 1,
    outcome = case when attempts + 1 >= %(attempts)s then 'failed' end,
    done_at = case when attempts + 1 >= %(attempts)s then clock_timestamp() end
where entity_type = %(entity_type)s and entity_id = any(%(ids)s)
    and delivery_id <= %(upto)s and done_at is null
"""
WAITING_NEW: Final = """
select count(*), min(received_at) from raw.amocrm__webhook_inbox
where parse_status = 'new'
"""
WAITING_ITEMS: Final = """
select count(*), min(received_at) from raw.amocrm__webhook_items
where done_at is null and attempts < %(attempts)s
    and entity_type = any(%(types)s) and entity_id is not null
"""
EXPIRE: Final = """
update raw.amocrm__webhook_inbox
set body = null,
    parse_status = case when parse_status = 'new' then 'bad' else parse_status end,
    quarantine_reason = case
        when parse_status = 'new' then 'its retention passed before it was read'
        else quarantine_reason
    end
where body is not null and received_at < %(before)s
"""
FORGET: Final = """
delete from raw.amocrm__webhook_inbox where received_at < %(before)s
"""
LIST: Final = """
select
    delivery_id, received_at, parse_status, quarantine_reason, secret, size, attempts,
    body is not null
from raw.amocrm__webhook_inbox
where parse_status = any(%(statuses)s)
order by delivery_id desc limit %(limit)s
"""
COUNTS: Final = """
select parse_status, count(*), sum(size), min(received_at), max(received_at)
from raw.amocrm__webhook_inbox group by parse_status order by parse_status
"""
REPLAY: Final = """
update raw.amocrm__webhook_inbox
set parse_status = 'new', quarantine_reason = null
where body is not null and parse_status <> 'new'
    and (delivery_id = any(%(deliveries)s) or parse_status = any(%(statuses)s))
"""
