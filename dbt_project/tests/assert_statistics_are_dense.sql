-- A team without activity had no row, and its charts had holes: every team must have
-- every day of the spine.
{{ config(meta={'dagster': {'ref': {'name': 'dim_teams'}}}) }}
with

days as (
    select * from {{ ref('int_calendar__days') }}
),

teams as (
    select * from {{ ref('dim_teams') }}
),

stats as (
    select * from {{ ref('traffic_sales_stats') }}
    where period_type = 'daily'
),

expected as (
    select
        days.date,
        teams.team_id
    from days
    cross join teams
),

broken as (
    select
        coalesce(expected.date, stats.date) as date,
        coalesce(expected.team_id, stats.team_id) as team_id
    from expected
    full outer join stats
        on expected.date = stats.date
        and expected.team_id = stats.team_id
    where expected.team_id is null or stats.team_id is null
)

select * from broken
