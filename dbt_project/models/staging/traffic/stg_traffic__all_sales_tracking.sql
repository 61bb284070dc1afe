with all_sales_tracking as (
    select *
    from {{ source('raw', 'traffic__all_sales_tracking') }}
    where _deleted_at is null
),

typed as (
    select
        'traffic' as source_db,
        {{ row_key([
            'lead_id', 'sale_amount', 'product_name', 'currency',
            'utm_source', 'utm_medium', 'utm_campaign', 'utm_content',
            'utm_term', 'utm_id', 'pipeline_id', 'status_id',
            'targetologist', 'targetologist_id', 'funnel_type',
            'detection_method', 'usd_to_kzt_rate', 'sale_date',
            'created_at', 'updated_at'
        ]) }} as row_id,
        cast(lead_id as text) as deal_id_text,
        {{ try_numeric('sale_amount') }} as sale_amount,
        cast(product_name as text) as product_name,
        cast(currency as text) as currency,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(utm_campaign as text) as utm_campaign,
        cast(utm_content as text) as utm_content,
        cast(utm_term as text) as utm_term,
        cast(utm_id as text) as utm_id,
        cast(pipeline_id as text) as pipeline_id,
        cast(status_id as text) as status_id,
        cast(targetologist as text) as targetologist,
        cast(targetologist_id as text) as targetologist_id,
        cast(funnel_type as text) as funnel_type,
        cast(detection_method as text) as detection_method,
        {{ try_numeric('usd_to_kzt_rate') }} as usd_to_kzt_rate,
        {{ utc('sale_date') }} as sale_date,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from all_sales_tracking
)

select * from typed
