-- An API error was shown as a day without spend: what no load has proven must be NULL,
-- and what one has proven must not be.
{{ config(meta={'dagster': {'ref': {'name': 'traffic_sales_stats'}}}) }}
with

stats as (
    select * from {{ ref('traffic_sales_stats') }}
    where period_type = 'daily'
),

coverage as (
    select * from {{ ref('int_coverage__daily') }}
),

broken as (
    select
        stats.date,
        stats.team_id
    from stats
    inner join coverage on stats.date = coverage.date
    where
        coverage.is_spend_covered <> (stats.impressions is not null)
        or (not coverage.is_spend_covered and stats.spend_usd is not null)
        or coverage.is_leads_covered <> (stats.leads_count is not null)
        or coverage.is_sales_covered <> (stats.total_revenue_kzt is not null)
)

select * from broken
