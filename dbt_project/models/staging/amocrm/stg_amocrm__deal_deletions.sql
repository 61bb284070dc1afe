with events as (
    select *
    from {{ source('raw', 'amocrm__events') }}
    where
        _deleted_at is null
        and {{ json_text('payload', 'type') }} in ('lead_deleted', 'lead_restored')
),

flattened as (
    select
        cast(id as text) as event_id,
        {{ try_bigint(json_text('payload', 'entity_id')) }} as deal_id,
        {{ json_text('payload', 'type') }} as event_type,
        {{ epoch_utc(json_text('payload', 'created_at')) }} as happened_at
    from events
)

select * from flattened
