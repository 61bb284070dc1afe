-- Ads and balance of a day did not add up to what the account spent, or the balance is
-- not the one that the statistics of spend have.
{{ config(meta={'dagster': {'ref': {'name': 'spend_reconciliation'}}}) }}
with

reconciliation as (
    select * from {{ ref('spend_reconciliation') }}
),

spend_rows as (
    select * from {{ ref('int_spend__unioned') }}
),

totals as (
    select
        account_id,
        stat_date,
        sum(case when ad_id is null then spend else 0 end) as balance_spend,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from spend_rows
    group by account_id, stat_date
),

broken as (
    select
        reconciliation.ad_account_id,
        reconciliation.stat_date,
        reconciliation.account_spend,
        reconciliation.balance_spend,
        totals.spend as rows_spend
    from reconciliation
    left join totals
        on reconciliation.ad_account_id = totals.account_id
        and reconciliation.stat_date = totals.stat_date
    where
        reconciliation.ads_spend + reconciliation.balance_spend
        <> reconciliation.account_spend
        or reconciliation.account_spend <> coalesce(totals.spend, 0)
        or reconciliation.balance_spend <> coalesce(totals.balance_spend, 0)
        or reconciliation.account_impressions <> coalesce(totals.impressions, 0)
        or reconciliation.account_clicks <> coalesce(totals.clicks, 0)
)

select * from broken
