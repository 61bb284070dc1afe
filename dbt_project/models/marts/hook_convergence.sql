with

hooks as (
    select * from {{ ref('int_crm_trust__hooks') }}
),

changes as (
    select * from {{ ref('int_crm_trust__ringing_changes') }}
),

rung_changes as (
    select
        'hook_to_version' as direction,
        hooks.*,
        false as is_lost
    from hooks
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
    select * from rung_changes
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
