with webhook_items as (
    select *
    from {{ source('raw', 'amocrm__webhook_items') }}
    where _deleted_at is null
),

read as (
    select
        delivery_id,
        item,
        received_at,
        entity_type,
        entity_id,
        action,
        hinted_at,
        done_at,
        attempts,
        outcome,
        version
    from webhook_items
)

select * from read
