with

remembered as (
    select * from {{ ref('stg_history__ownership_versions') }}
),

observed as (
    select * from {{ ref('int_ownership__facts_observed') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

known_keys as (
    select distinct fact_type, fact_key
    from remembered
),

open_versions as (
    select * from remembered
    where valid_to = cast('9999-12-31' as date)
),

kept_or_closed as (
    select
        remembered.fact_type,
        remembered.fact_key,
        remembered.owner_user_id,
        remembered.owner_team_key,
        remembered.valid_from,
        case
            when
                remembered.valid_to = cast('9999-12-31' as date)
                and observed.fact_key is null
                then clock.today
            else remembered.valid_to
        end as valid_to,
        remembered.known_at
    from remembered
    cross join clock
    left join observed
        on remembered.fact_type = observed.fact_type
        and remembered.fact_key = observed.fact_key
        and remembered.owner_user_id = observed.owner_user_id
        and remembered.owner_team_key = observed.owner_team_key
),

-- The first owner of a key owns its past, a later one the time from today on.
opened as (
    select
        observed.fact_type,
        observed.fact_key,
        observed.owner_user_id,
        observed.owner_team_key,
        case
            when known_keys.fact_key is null then cast('0001-01-01' as date)
            else clock.today
        end as valid_from,
        cast('9999-12-31' as date) as valid_to,
        clock.now_at as known_at
    from observed
    cross join clock
    left join known_keys
        on observed.fact_type = known_keys.fact_type
        and observed.fact_key = known_keys.fact_key
    left join open_versions
        on observed.fact_type = open_versions.fact_type
        and observed.fact_key = open_versions.fact_key
        and observed.owner_user_id = open_versions.owner_user_id
        and observed.owner_team_key = open_versions.owner_team_key
    where open_versions.fact_key is null
),

-- An owner that came and went on one day has owned nothing.
versions as (
    select * from kept_or_closed
    where valid_from < valid_to
    union all
    select * from opened
)

select
    fact_type,
    fact_key,
    owner_user_id,
    owner_team_key,
    valid_from,
    valid_to,
    known_at
from versions
