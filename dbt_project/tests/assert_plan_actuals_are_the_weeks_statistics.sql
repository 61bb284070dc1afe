-- Actual figures of a plan were written once and never again: they must be the week's.
{{ config(meta={'dagster': {'ref': {'name': 'traffic_weekly_plans'}}}) }}
with

plans as (
    select * from {{ ref('traffic_weekly_plans') }}
),

stats as (
    select * from {{ ref('traffic_sales_stats') }}
    where period_type = 'weekly'
),

broken as (
    select
        plans.team_id,
        plans.week_start
    from plans
    left join stats
        on plans.team_id = stats.team_id
        and plans.week_start = stats.date
    where
        plans.actual_revenue_kzt is distinct from stats.total_revenue_kzt
        or plans.actual_sales is distinct from stats.total_sales
        or plans.actual_spend_usd is distinct from stats.spend_usd
        or plans.actual_roas is distinct from stats.roas
        or plans.actual_cpa_usd is distinct from stats.cpa_usd
)

select * from broken
