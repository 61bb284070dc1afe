with traffic_admin_settings as (
    select *
    from {{ source('raw', 'traffic__traffic_admin_settings') }}
    where _deleted_at is null
),

typed as (
    select
        'traffic' as source_db,
        cast(setting_key as text) as setting_key,
        {{ try_numeric('setting_value') }} as setting_value,
        {{ utc('updated_at') }} as updated_at
    from traffic_admin_settings
)

select * from typed
