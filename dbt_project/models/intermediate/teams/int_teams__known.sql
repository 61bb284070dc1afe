with

observed as (
    select * from {{ ref('int_teams__observed') }}
),

versions as (
    select * from {{ ref('ownership_versions') }}
),

-- A team that left the sources keeps its past, so it keeps its name and id as well.
remembered_versions as (
    select
        versions.fact_key as team_key,
        versions.owner_user_id as team_id,
        versions.owner_team_key as team_name,
        row_number() over (
            partition by versions.fact_key
            order by versions.valid_from desc, versions.owner_user_id
        ) as version_rank
    from versions
    left join observed on versions.fact_key = observed.team_key
    where versions.fact_type = 'team' and observed.team_key is null
),

-- Its id may have gone on to a team with another name.
remembered as (
    select
        remembered_versions.team_key,
        case
            when observed.team_id is null then remembered_versions.team_id
            else {{ surrogate_hash(['remembered_versions.team_key']) }}
        end as team_id,
        remembered_versions.team_name
    from remembered_versions
    left join observed on remembered_versions.team_id = observed.team_id
    where remembered_versions.version_rank = 1
),

teams as (
    select team_key, team_id, team_name, true as is_current
    from observed
    union all
    select team_key, team_id, team_name, false as is_current
    from remembered
)

select * from teams
