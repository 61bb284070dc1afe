-- An account's day was lost or doubled between Facebook and the mart: the rows of a day
-- must add up to the control total, in spend, impressions and clicks.
{{ config(meta={'dagster': {'ref': {'name': 'stg_facebook__account_insights'}}}) }}
with

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

spend_rows as (
    select * from {{ ref('int_spend__unioned') }}
),

totals as (
    select
        account_id,
        stat_date,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from spend_rows
    group by account_id, stat_date
),

broken as (
    select
        account_insights.account_id,
        account_insights.stat_date,
        account_insights.spend as account_spend,
        totals.spend
    from account_insights
    left join totals
        on account_insights.account_id = totals.account_id
        and account_insights.stat_date = totals.stat_date
    where
        cast(account_insights.spend as numeric(18, 2)) <> coalesce(totals.spend, 0)
        or account_insights.impressions <> coalesce(totals.impressions, 0)
        or account_insights.clicks <> coalesce(totals.clicks, 0)
)

select * from broken
