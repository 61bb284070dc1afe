with traffic_sales_stats as (
    select *
    from {{ source('raw', 'traffic__traffic_sales_stats') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as row_id,
        {{ source_day('date') }} as stat_date,
        cast(period_type as text) as period_type,
        cast(team_name as text) as team_name,
        cast(team_id as text) as team_id,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        {{ whole_number('total_sales') }} as total_sales,
        {{ try_numeric('total_revenue') }} as total_revenue,
        {{ try_numeric('average_order_value') }} as average_order_value,
        {{ whole_number('flagman_sales') }} as flagman_sales,
        {{ try_numeric('flagman_revenue') }} as flagman_revenue,
        {{ whole_number('express_sales') }} as express_sales,
        {{ try_numeric('express_revenue') }} as express_revenue,
        {{ whole_number('leads_count') }} as leads_count,
        {{ try_numeric('conversion_rate') }} as conversion_rate,
        {{ try_numeric('fb_spend') }} as fb_spend,
        {{ whole_number('fb_impressions') }} as fb_impressions,
        {{ whole_number('fb_clicks') }} as fb_clicks,
        {{ try_numeric('fb_ctr') }} as fb_ctr,
        {{ try_numeric('fb_cpc') }} as fb_cpc,
        {{ try_numeric('fb_cpm') }} as fb_cpm,
        {{ try_numeric('roi') }} as roi,
        {{ try_numeric('roas') }} as roas,
        {{ try_numeric('cpa') }} as cpa,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_sales_stats
)

select * from typed
