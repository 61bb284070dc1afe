with traffic_sales as (
    select *
    from {{ source('raw', 'traffic__traffic_sales') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as row_id,
        {{ try_bigint('deal_id') }} as deal_id,
        {{ try_bigint('contact_id') }} as contact_id,
        {{ try_numeric('amount') }} as amount,
        cast(currency as text) as currency,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(utm_campaign as text) as utm_campaign,
        cast(utm_content as text) as utm_content,
        cast(utm_term as text) as utm_term,
        cast(product_name as text) as product_name,
        cast(payment_method as text) as payment_method,
        cast(lead_id as text) as lead_id,
        {{ utc('sale_date') }} as sale_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_sales
)

select * from typed
