with traffic_targetologist_settings as (
    select *
    from {{ source('raw', 'traffic__traffic_targetologist_settings') }}
    where _deleted_at is null
),

typed as (
    select
        'traffic' as source_db,
        cast(id as text) as setting_id,
        cast(user_id as text) as user_id,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(tracking_by as text) as tracking_by,
        cast(assigned_utm_source as text) as assigned_utm_source,
        cast(personal_utm_source as text) as personal_utm_source,
        {{ utc('last_synced_at') }} as last_synced_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_targetologist_settings
)

select * from typed
