with webhook_inbox as (
    select * from {{ source('raw', 'amocrm__webhook_inbox') }}
),

read as (
    select
        delivery_id,
        received_at,
        request_id,
        sha256,
        secret = 'previous' as has_previous_secret,
        size,
        parse_status,
        quarantine_reason,
        parsed_at,
        attempts
    from webhook_inbox
)

select * from read
