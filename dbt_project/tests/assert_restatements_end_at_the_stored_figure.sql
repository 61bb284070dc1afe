-- The ledger of restatements and the rows it speaks of went apart: the last new spend
-- must be what is stored. A warning: the money itself is right.
{{ config(
    severity='warn', meta={'dagster': {'ref': {'name': 'spend_restatements'}}}
) }}

with

restatements as (
    select * from {{ ref('spend_restatements') }}
),

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by level, ad_account_id, object_id, stat_date
            order by read_at desc
        ) as recency
    from restatements
),

broken as (
    select
        ranked.level,
        ranked.ad_account_id,
        ranked.object_id,
        ranked.stat_date,
        ranked.new_spend,
        coalesce(
            ad_days.spend, cast(account_insights.spend as numeric(18, 2))
        ) as stored_spend
    from ranked
    left join ad_days
        on ranked.level = 'ad'
        and ranked.ad_account_id = ad_days.account_id
        and ranked.object_id = ad_days.ad_id
        and ranked.stat_date = ad_days.stat_date
    left join account_insights
        on ranked.level = 'account'
        and ranked.ad_account_id = account_insights.account_id
        and ranked.stat_date = account_insights.stat_date
    where
        ranked.recency = 1
        and coalesce(ranked.new_spend, -1)
        <> coalesce(
            ad_days.spend, cast(account_insights.spend as numeric(18, 2)), -1
        )
)

select * from broken
