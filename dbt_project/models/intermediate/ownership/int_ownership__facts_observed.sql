with

mappings as (
    select * from {{ ref('int_ownership__mappings_observed') }}
),

accounts as (
    select * from {{ ref('int_ownership__accounts_observed') }}
),

users as (
    select * from {{ ref('int_teams__users_merged') }}
),

teams as (
    select * from {{ ref('int_teams__observed') }}
),

user_facts as (
    select
        'user_team' as fact_type,
        user_id as fact_key,
        '' as owner_user_id,
        team_key as owner_team_key
    from users
    where not is_admin and team_key <> ''
),

-- A team's own id and spelling, remembered for the day it leaves the sources.
team_facts as (
    select
        'team' as fact_type,
        team_key as fact_key,
        team_id as owner_user_id,
        team_name as owner_team_key
    from teams
),

facts as (
    select * from mappings
    union all
    select * from accounts
    union all
    select * from user_facts
    union all
    select * from team_facts
)

select * from facts
