"""The queries behind AmoCRM's checks; what they mean is said in `checks.py`."""

from pipelines.ingest.amocrm.events import BROKEN_CHAINS as _BROKEN_CHAINS

# What becomes of a row that was read is exactly one of these.
COUNTERS = ("repeats", "stale", "new", "changed", "unchanged")
_COUNTED = ",\n    ".join(
    f"coalesce(cast(details ->> '{name}' as bigint), 0) as {name}" for name in COUNTERS
)
LAST_LOADS = f"""
select distinct on (table_name)
    table_name,
    coalesce(cast(details ->> 'fetched' as bigint), 0) as fetched,
    {_COUNTED},
    cast(details ->> 'agreed' as boolean) as agreed,
    details ->> 'asc' as asc_ids,
    details ->> 'desc' as desc_ids
from raw._loads
where system = 'amocrm' and run_id = %(run_id)s and outcome = 'loaded'
    and details is not null
order by table_name, load_id desc
"""  # noqa: S608
UNEXPLAINED_ABSENCES = """
select entity_type, count(*) as entities,
    (array_to_string((array_agg(entity_id order by entity_id desc))[1:5], ', '))
        as examples
from raw.amocrm__absences
where missed_until is null and not is_explained
group by entity_type
order by entity_type
"""
REFUSED_SWEEPS = """
select table_name, error
from (
    select distinct on (table_name) table_name, outcome, error
    from raw._loads
    where system = 'amocrm' and table_name in ('leads', 'contacts', 'companies')
        and scope = ''
    order by table_name, load_id desc
) as newest
where outcome = 'failed' and error like '%%rows %%no row was marked as absent%%'
"""
BROKEN_CHAINS = f"""
select count(*) as deals,
    array_to_string((array_agg(deal_id order by deal_id desc))[1:5], ', ') as examples
from ({_BROKEN_CHAINS}) as broken (deal_id)
"""  # noqa: S608
UNMAPPED_PIPELINES = """
select deal.pipeline_id, max(pipeline.payload ->> 'name') as name, count(*) as deals
from (
    select payload ->> 'pipeline_id' as pipeline_id
    from raw.amocrm__leads where _deleted_at is null
) as deal
left join raw.amocrm__pipelines as pipeline
    on deal.pipeline_id = cast(pipeline.id as text)
left join seeds.amocrm_pipelines as known
    on deal.pipeline_id = cast(known.pipeline_id as text)
where known.pipeline_id is null and deal.pipeline_id is not null
group by deal.pipeline_id
order by count(*) desc
"""
UNKNOWN_STAGES = """
select deal.payload ->> 'pipeline_id' as pipeline_id,
    deal.payload ->> 'status_id' as status_id,
    count(*) as deals
from raw.amocrm__leads as deal
where deal._deleted_at is null
    and not exists (
        select from raw.amocrm__dictionary_versions as stage
        where stage.kind = 'status' and stage.item_key =
            (deal.payload ->> 'pipeline_id') || ':' || (deal.payload ->> 'status_id')
    )
group by 1, 2
order by 3 desc
"""
# News of the lead fields that carry, or by their name seem to carry, a UTM parameter.
UTM_FIELD_CHANGES = """
with fields as (
    select item_key, valid_from, valid_until, payload ->> 'name' as name,
        payload ->> 'code' as code, payload ->> 'type' as type,
        lag(payload ->> 'name') over versions as name_before,
        lag(payload ->> 'code') over versions as code_before,
        lag(payload ->> 'type') over versions as type_before,
        lead(valid_from) over versions as followed_at,
        row_number() over versions = 1 as is_first,
        (select min(valid_from) from raw.amocrm__dictionary_versions
         where kind = 'field') as begun_at
    from raw.amocrm__dictionary_versions
    where kind = 'field' and item_key like 'leads:%%'
    window versions as (partition by item_key order by valid_from)
)

select split_part(item_key, ':', 2) as field, 'renamed or retyped' as change,
    concat_ws(' ', name_before, code_before, type_before) as before,
    concat_ws(' ', name, code, type) as after
from fields
where not is_first and valid_from >= %(news_since)s
    and (name, code, type) is distinct from (name_before, code_before, type_before)
    and concat_ws(' ', name, code, name_before, code_before) ~* 'utm|clid'
union all
select split_part(item_key, ':', 2), 'added', null, name
from fields
where is_first and valid_from > begun_at and valid_from >= %(news_since)s
    and concat_ws(' ', name, code) ~* 'utm|clid'
union all
select split_part(item_key, ':', 2), 'removed', null, name
from fields
where valid_until >= %(news_since)s and followed_at is null
    and concat_ws(' ', name, code) ~* 'utm|clid'
"""
HOOKS = """
select
    (select count(*) from raw.amocrm__webhooks
     where _deleted_at is null and payload ->> 'is_ours' = 'true'
         and payload ->> 'disabled' = 'true') as disabled_hooks,
    (select count(*) from raw.amocrm__webhook_inbox) as deliveries,
    (select count(*) from raw.amocrm__webhook_inbox
     where received_at > now() - make_interval(hours => %(silent_hours)s))
        as recent_deliveries,
    (select count(*) from raw.amocrm__entity_versions
     where seen_at > now() - make_interval(hours => %(silent_hours)s)
         and seen_via = 'poll') as changes,
    (select count(*) from raw.amocrm__webhook_inbox
     where parse_status in ('bad', 'foreign')
         and received_at > now() - interval '7 days') as quarantined,
    (select count(*) from raw.amocrm__webhook_items
     where outcome = 'failed' and received_at > now() - interval '7 days')
        as failed_items,
    (select count(*) from raw.amocrm__webhook_items where done_at is null)
        as waiting_items
"""
TOKEN = """
select cast(details ->> 'token_expires_at' as timestamptz) as expires_at
from raw._loads
where system = 'amocrm' and table_name = 'account' and outcome = 'loaded'
order by load_id desc
limit 1
"""
