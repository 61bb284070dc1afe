with sales_notifications as (
    select *
    from {{ source('raw', 'landing__sales_notifications') }}
    where _deleted_at is null
),

typed as (
    select
        'landing' as source_db,
        {{ row_key([
            'lead_id', 'sale_amount', 'product_name', 'targetologist',
            'utm_source', 'utm_medium', 'utm_campaign', 'utm_content',
            'utm_term', 'sale_date', 'pipeline_id', 'status_id',
            'notification_status', 'notified_at', 'created_at', 'updated_at'
        ]) }} as row_id,
        {{ try_bigint('lead_id') }} as deal_id,
        {{ try_numeric('sale_amount') }} as sale_amount,
        cast(product_name as text) as product_name,
        cast(targetologist as text) as targetologist,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(utm_campaign as text) as utm_campaign,
        cast(utm_content as text) as utm_content,
        cast(utm_term as text) as utm_term,
        {{ utc('sale_date') }} as sale_date,
        {{ try_bigint('pipeline_id') }} as pipeline_id,
        {{ try_bigint('status_id') }} as status_id,
        cast(notification_status as text) as notification_status,
        {{ utc('notified_at') }} as notified_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from sales_notifications
)

select * from typed
