with daily_traffic_reports as (
    select *
    from {{ source('raw', 'tripwire__daily_traffic_reports') }}
    where _deleted_at is null
),

typed as (
    select
        {{ whole_number('id') }} as report_id,
        {{ source_day('report_date') }} as report_date,
        {{ try_numeric('total_spend') }} as total_spend,
        {{ try_numeric('total_revenue') }} as total_revenue,
        {{ whole_number('total_sales') }} as total_sales,
        {{ try_numeric('total_roas') }} as total_roas,
        {{ try_numeric('total_ctr') }} as total_ctr,
        {{ whole_number('total_impressions') }} as total_impressions,
        {{ whole_number('total_clicks') }} as total_clicks,
        {{ try_numeric('usd_to_kzt_rate') }} as usd_to_kzt_rate,
        {{ json_value('teams_data') }} as teams_data,
        {{ json_value('top_campaigns_ctr') }} as top_campaigns_ctr,
        {{ json_value('top_campaigns_video') }} as top_campaigns_video,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from daily_traffic_reports
)

select * from typed
