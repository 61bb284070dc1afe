with traffic_users as (
    select *
    from {{ source('raw', 'landing__traffic_users') }}
    where _deleted_at is null
),

typed as (
    select
        'landing' as source_db,
        cast(id as text) as user_id,
        cast(role as text) as role,
        cast(team_name as text) as team_name,
        cast(team_id as text) as team_id,
        {{ try_boolean('is_active') }} as is_active,
        cast(utm_source as text) as utm_source,
        cast(funnel_type as text) as funnel_type,
        cast(primary_funnel_type as text) as primary_funnel_type,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_users
)

select * from typed
