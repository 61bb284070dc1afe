-- All leads were given to each team: on a covered day the teams must share the persons
-- and the records.
{{ config(meta={'dagster': {'ref': {'name': 'traffic_sales_stats'}}}) }}
with

stats as (
    select * from {{ ref('traffic_sales_stats') }}
),

leads as (
    select * from {{ ref('lead_attribution') }}
),

coverage as (
    select * from {{ ref('int_coverage__daily') }}
),

team_totals as (
    select
        date,
        sum(leads_count) as persons,
        sum(leads_rows) as records
    from stats
    where period_type = 'daily'
    group by date
),

lead_totals as (
    select
        lead_date,
        count(case when is_first_in_funnel then 1 end) as persons,
        count(*) as records
    from leads
    group by lead_date
),

broken as (
    select
        coverage.date,
        team_totals.persons,
        lead_totals.persons as lead_persons
    from coverage
    inner join team_totals on coverage.date = team_totals.date
    left join lead_totals on coverage.date = lead_totals.lead_date
    where
        coverage.is_leads_covered
        and (
            team_totals.persons <> coalesce(lead_totals.persons, 0)
            or team_totals.records <> coalesce(lead_totals.records, 0)
        )
)

select * from broken
