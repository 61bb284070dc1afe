with

items as (
    select * from {{ ref('stg_amocrm__webhook_items') }}
),

versions as (
    select * from {{ ref('stg_amocrm__entity_versions') }}
),

changes as (
    select * from {{ ref('int_crm_trust__ringing_changes') }}
),

received as (
    select max(received_at) as received_to from items
),

hooks as (
    select
        'hook_to_version' as direction,
        items.entity_type,
        items.entity_id,
        items.version,
        items.delivery_id,
        items.item,
        items.action,
        items.received_at,
        items.done_at,
        items.attempts,
        items.outcome,
        versions.updated_at as changed_at,
        versions.seen_at,
        versions.seen_via,
        {{ hours_apart('items.received_at', 'items.done_at') }} * 3600 as seconds,
        false as is_lost
    from items
    cross join received
    left join versions
        on
            items.entity_type = versions.entity_type
            and items.entity_id = versions.entity_id
            and items.version = versions.version
    where
        items.done_at is null
        or items.received_at
        > {{ add_hours('received.received_to', '-24 * ' ~ var('crm_watch_days')) }}
),

quiet_changes as (
    select
        'version_without_hook' as direction,
        changes.entity_type,
        changes.entity_id,
        changes.version,
        cast(null as bigint) as delivery_id,
        cast(null as integer) as item,
        cast(null as text) as action,
        cast(null as timestamptz) as received_at,
        cast(null as timestamptz) as done_at,
        cast(null as integer) as attempts,
        cast(null as text) as outcome,
        changes.changed_at,
        changes.seen_at,
        changes.seen_via,
        {{ hours_apart('changes.changed_at', 'changes.seen_at') }} * 3600 as seconds,
        true as is_lost
    from changes
    where not is_rung
),

both_ways as (
    select * from hooks
    union all
    select * from quiet_changes
)

select
    {{ surrogate_hash(
        ['direction', 'entity_type', 'entity_id', 'version', 'delivery_id', 'item']
    ) }} as convergence_id,
    direction,
    entity_type,
    entity_id,
    version,
    delivery_id,
    item,
    action,
    received_at,
    done_at,
    attempts,
    outcome,
    changed_at,
    seen_at,
    seen_via,
    cast(seconds as numeric(18, 3)) as seconds,
    is_lost
from both_ways
