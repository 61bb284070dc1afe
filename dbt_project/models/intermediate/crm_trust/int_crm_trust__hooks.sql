with

items as (
    select * from {{ ref('stg_amocrm__webhook_items') }}
),

versions as (
    select * from {{ ref('stg_amocrm__entity_versions') }}
),

received as (
    select max(received_at) as received_to from items
),

hooks as (
    select
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
        cast(
            {{ hours_apart('items.received_at', 'items.done_at') }} * 3600
            as numeric(18, 3)
        ) as seconds
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
)

select * from hooks
