with traffic_user_utm_sources as (
    select *
    from {{ source('raw', 'traffic__traffic_user_utm_sources') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as map_id,
        cast(user_id as text) as user_id,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(funnel_type as text) as funnel_type,
        {{ account_id('fb_ad_account_id') }} as fb_ad_account_id,
        {{ try_boolean('is_active') }} as is_active,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_user_utm_sources
)

select * from typed
