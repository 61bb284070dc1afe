with traffic_teams as (
    select *
    from {{ source('raw', 'landing__traffic_teams') }}
    where _deleted_at is null
),

typed as (
    select
        'landing' as source_db,
        cast(id as text) as team_id,
        cast(company as text) as company,
        cast(direction as text) as direction,
        cast(leader_user_id as text) as leader_user_id,
        {{ try_boolean('is_active') }} as is_active,
        cast(fb_ad_account_id as text) as fb_ad_account_id,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at,
        coalesce(cast(name as text), cast(display_name as text)) as team_name
    from traffic_teams
)

select * from typed
