with

days as (
    select * from {{ ref('int_calendar__days') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

team_days as (
    select
        days.date,
        teams.team_id,
        teams.team_name
    from days
    cross join teams
)

select * from team_days
