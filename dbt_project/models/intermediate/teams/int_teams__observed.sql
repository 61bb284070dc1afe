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

history as (
    select * from {{ ref('stg_history__ownership_versions') }}
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

remembered_ids as (
    select
        fact_key as team_key,
        owner_user_id as team_id,
        row_number() over (
            partition by fact_key order by valid_from desc, owner_user_id
        ) as version_rank
    from history
    where fact_type = 'team'
),

-- A team that its table has dropped, but a user still names, keeps its id.
first_spellings as (
    select
        ranked_spellings.team_key,
        trim(ranked_spellings.team_name) as team_name,
        coalesce(ranked_spellings.team_id, remembered_ids.team_id) as team_id,
        ranked_spellings.team_id is not null as is_source_id,
        ranked_spellings.source_rank,
        ranked_spellings.seen_at
    from ranked_spellings
    left join remembered_ids
        on ranked_spellings.team_key = remembered_ids.team_key
        and remembered_ids.version_rank = 1
    where ranked_spellings.spelling_rank = 1
),

ranked_ids as (
    select
        *,
        row_number() over (
            partition by team_id
            order by
                case when is_source_id then 0 else 1 end, source_rank,
                seen_at desc nulls last, team_key
        ) as id_rank
    from first_spellings
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
    from ranked_ids
)

select * from teams
