with

landing_settings as (
    select * from {{ ref('stg_landing__targetologist_settings') }}
),

traffic_settings as (
    select * from {{ ref('stg_traffic__targetologist_settings') }}
),

users as (
    select * from {{ ref('int_teams__users_merged') }}
),

teams as (
    select * from {{ ref('int_teams__observed') }}
),

all_settings as (
    select
        source_db, user_id, utm_medium, tracking_by, assigned_utm_source, updated_at,
        2 as database_rank
    from landing_settings
    union all
    select
        source_db, user_id, utm_medium, tracking_by, assigned_utm_source, updated_at,
        1 as database_rank
    from traffic_settings
),

ranked_settings as (
    select
        *,
        row_number() over (
            partition by user_id
            order by updated_at desc nulls last, database_rank
        ) as version_rank
    from all_settings
),

-- One variant of the source writes a team's name where the user's id belongs.
newest_settings as (
    select
        settings.user_id as settings_key,
        settings.source_db,
        case
            when teams.team_key is null then settings.user_id else ''
        end as owner_user_id,
        coalesce(teams.team_key, '') as owner_team_key,
        settings.utm_medium,
        settings.tracking_by,
        settings.assigned_utm_source
    from ranked_settings as settings
    left join users on settings.user_id = users.user_id
    left join teams
        on users.user_id is null
        and {{ team_key('settings.user_id') }} = teams.team_key
    where settings.version_rank = 1 and settings.user_id is not null
)

select * from newest_settings
