with

hourly_insights as (
    select * from {{ ref('stg_facebook__hourly_insights') }}
),

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

-- An hour of a zone with a half-hour offset may stand on both sides of midnight; it goes
-- to the day in which it begins.
hours as (
    select
        hourly_insights.account_id,
        hourly_insights.stat_date,
        hourly_insights.hour,
        {{ hour_start(
            'hourly_insights.stat_date', 'hourly_insights.hour', 'accounts.zone'
        ) }} as begins_at,
        hourly_insights.spend,
        hourly_insights.impressions,
        hourly_insights.clicks,
        hourly_insights.link_clicks,
        hourly_insights.fb_leads
    from hourly_insights
    inner join accounts on hourly_insights.account_id = accounts.account_id
    where accounts.zone <> '{{ var("business_timezone") }}'
),

dated as (
    select
        hours.*,
        {{ almaty_date('begins_at') }} as business_date,
        {{ almaty_date(add_hours('begins_at', '0.999')) }} as last_business_date
    from hours
)

select * from dated
