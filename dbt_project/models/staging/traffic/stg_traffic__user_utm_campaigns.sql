with traffic_user_utm_sources as (
    select *
    from {{ source('raw', 'traffic__traffic_user_utm_sources') }}
    where _deleted_at is null
),

campaigns as (
    select distinct
        cast(maps.id as text) as map_id,
        cast(maps.user_id as text) as user_id,
        campaigns.campaign_id,
        {{ try_boolean('maps.is_active') }} as is_active,
        {{ utc('maps.updated_at') }} as updated_at
    from traffic_user_utm_sources as maps
    cross join lateral
        {{ unnest(text_array('maps.fb_campaign_ids')) }} as campaigns (campaign_id)
)

select * from campaigns
