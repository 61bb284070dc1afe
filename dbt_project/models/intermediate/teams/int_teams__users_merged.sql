with

landing_users as (
    select * from {{ ref('stg_landing__traffic_users') }}
),

traffic_users as (
    select * from {{ ref('stg_traffic__traffic_users') }}
),

all_users as (
    select
        user_id, role, team_name, utm_source, created_at, updated_at,
        2 as database_rank
    from landing_users
    union all
    select
        user_id, role, team_name, utm_source, created_at, updated_at,
        1 as database_rank
    from traffic_users
),

ranked_users as (
    select
        *,
        row_number() over (
            partition by user_id
            order by updated_at desc nulls last, database_rank
        ) as version_rank
    from all_users
),

newest_users as (
    select
        user_id,
        team_name,
        {{ team_key('team_name') }} as team_key,
        coalesce(lower(trim(role)), '') = 'admin' as is_admin,
        utm_source,
        created_at
    from ranked_users
    where version_rank = 1
)

select * from newest_users
