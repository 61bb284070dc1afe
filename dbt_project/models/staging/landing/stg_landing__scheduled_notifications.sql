with scheduled_notifications as (
    select *
    from {{ source('raw', 'landing__scheduled_notifications') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as notification_id,
        cast(lead_id as text) as lead_id,
        cast(notification_type as text) as notification_type,
        {{ utc('scheduled_for') }} as scheduled_for,
        cast(status as text) as status,
        {{ utc('sent_at') }} as sent_at,
        {{ whole_number('retry_count') }} as retry_count,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from scheduled_notifications
)

select * from typed
