with

traffic_teams as (
    select * from {{ ref('stg_traffic__traffic_teams') }}
),

landing_teams as (
    select * from {{ ref('stg_landing__traffic_teams') }}
),

users as (
    select * from {{ ref('int_teams__users_merged') }}
),

bindings as (
    select * from {{ ref('stg_traffic__ad_account_bindings') }}
),

spellings as (
    select
        'Unattributed' as team_name,
        cast(null as text) as team_id,
        0 as source_rank,
        cast(null as timestamp with time zone) as seen_at
    union all
    select team_name, team_id, 1 as source_rank, updated_at as seen_at
    from traffic_teams
    union all
    select team_name, team_id, 2 as source_rank, updated_at as seen_at
    from landing_teams
    union all
    select team_name, null as team_id, 3 as source_rank, created_at as seen_at
    from users
    where not is_admin
    union all
    select team_name, null as team_id, 4 as source_rank, null as seen_at
    from bindings
),

keyed_spellings as (
    select
        *,
        {{ team_key('team_name') }} as team_key
    from spellings
),

ranked_spellings as (
    select
        *,
        row_number() over (
            partition by team_key
            order by source_rank, seen_at nulls last, team_id, team_name
        ) as spelling_rank
    from keyed_spellings
    where team_key <> ''
),

first_spellings as (
    select
        team_key,
        trim(team_name) as team_name,
        team_id,
        row_number() over (
            partition by team_id order by source_rank, seen_at desc nulls last, team_key
        ) as id_rank
    from ranked_spellings
    where spelling_rank = 1
),

-- One id under two names (a copy kept the old one) belongs to the better source.
teams as (
    select
        team_key,
        case
            when team_id is not null and id_rank = 1 then team_id
            else {{ surrogate_hash(['team_key']) }}
        end as team_id,
        team_name
    from first_spellings
)

select * from teams
