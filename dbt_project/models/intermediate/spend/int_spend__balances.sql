with

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

ad_totals as (
    select
        account_id,
        stat_date,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(link_clicks) as link_clicks,
        sum(fb_leads) as fb_leads
    from ad_days
    group by account_id, stat_date
),

differences as (
    select
        account_insights.account_id,
        account_insights.stat_date,
        account_insights.currency,
        cast(account_insights.spend as numeric(18, 2))
        - coalesce(ad_totals.spend, 0) as spend,
        account_insights.impressions
        - coalesce(ad_totals.impressions, 0) as impressions,
        account_insights.clicks - coalesce(ad_totals.clicks, 0) as clicks,
        account_insights.link_clicks
        - coalesce(ad_totals.link_clicks, 0) as link_clicks,
        account_insights.fb_leads - coalesce(ad_totals.fb_leads, 0) as fb_leads
    from account_insights
    left join ad_totals
        on account_insights.account_id = ad_totals.account_id
        and account_insights.stat_date = ad_totals.stat_date
),

balances as (
    select * from differences
    where spend <> 0 or impressions <> 0 or clicks <> 0
)

select * from balances
