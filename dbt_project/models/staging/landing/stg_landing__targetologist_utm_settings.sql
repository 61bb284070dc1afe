with targetologist_utm_settings as (
    select *
    from {{ source('raw', 'landing__targetologist_utm_settings') }}
    where _deleted_at is null
),

typed as (
    select
        {{ row_key([
            'user_id', 'team_name', 'utm_source', 'utm_medium',
            'utm_campaign', 'funnel_type', 'is_active', 'created_at',
            'updated_at'
        ]) }} as row_id,
        cast(user_id as text) as user_id,
        cast(team_name as text) as team_name,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(utm_campaign as text) as utm_campaign,
        cast(funnel_type as text) as funnel_type,
        {{ try_boolean('is_active') }} as is_active,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from targetologist_utm_settings
)

select * from typed
