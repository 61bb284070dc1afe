-- A report existed only if somebody had opened the dashboard on its day: every day of
-- the spine must have one, and it must agree with the teams' rows.
{{ config(meta={'dagster': {'ref': {'name': 'daily_traffic_reports'}}}) }}
with

days as (
    select * from {{ ref('int_calendar__days') }}
),

reports as (
    select * from {{ ref('daily_traffic_reports') }}
),

stats as (
    select * from {{ ref('traffic_sales_stats') }}
    where period_type = 'daily'
),

team_totals as (
    select
        date,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('total_revenue_kzt') }} as revenue_kzt,
        {{ sum_known('total_sales') }} as sales
    from stats
    group by date
),

broken as (
    select coalesce(days.date, reports.report_date) as date
    from days
    full outer join reports on days.date = reports.report_date
    left join team_totals on days.date = team_totals.date
    where
        days.date is null
        or reports.report_date is null
        or reports.total_spend_usd is distinct from team_totals.spend_usd
        or reports.total_revenue_kzt is distinct from team_totals.revenue_kzt
        or reports.total_sales is distinct from team_totals.sales
)

select * from broken
