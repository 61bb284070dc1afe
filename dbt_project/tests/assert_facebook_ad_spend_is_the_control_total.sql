-- An account's day lost a cent between Facebook's control total and the mart, or its
-- dollars and tenge are not those of its rows.
{{ config(meta={'dagster': {'ref': {'name': 'facebook_ad_spend'}}}) }}
with

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

ad_spend as (
    select * from {{ ref('facebook_ad_spend') }}
),

spend_rows as (
    select * from {{ ref('traffic_stats') }}
),

converted as (
    select
        ad_account_id,
        stat_date,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('spend_kzt') }} as spend_kzt
    from spend_rows
    group by ad_account_id, stat_date
),

compared as (
    select
        account_insights.account_id,
        account_insights.stat_date,
        account_insights.spend as total_spend,
        ad_spend.spend,
        coalesce(
            ad_spend.is_covered
            and (
                ad_spend.spend <> cast(account_insights.spend as numeric(18, 2))
                or ad_spend.impressions <> account_insights.impressions
                or ad_spend.clicks <> account_insights.clicks
                or ad_spend.link_clicks <> account_insights.link_clicks
                or ad_spend.leads <> account_insights.fb_leads
                or ad_spend.spend is null
                or coalesce(ad_spend.spend_usd, -1)
                <> coalesce(case when converted.stat_date is null then 0
                    else converted.spend_usd end, -1)
                or coalesce(ad_spend.spend_kzt, -1)
                <> coalesce(case when converted.stat_date is null then 0
                    else converted.spend_kzt end, -1)
            ),
            true
        ) as is_broken
    from account_insights
    left join ad_spend
        on account_insights.account_id = ad_spend.ad_account_id
        and account_insights.stat_date = ad_spend.date
    left join converted
        on account_insights.account_id = converted.ad_account_id
        and account_insights.stat_date = converted.stat_date
),

broken as (
    select account_id, stat_date, total_spend, spend
    from compared
    where is_broken
)

select * from broken
