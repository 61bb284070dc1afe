with traffic_fb_ad_sets as (
    select *
    from {{ source('raw', 'traffic__traffic_fb_ad_sets') }}
    where _deleted_at is null
),

typed as (
    select
        cast(fb_ad_set_id as text) as ad_set_id,
        cast(fb_campaign_id as text) as campaign_id,
        cast(ad_set_name as text) as ad_set_name,
        cast(ad_set_status as text) as ad_set_status,
        {{ try_numeric('spend') }} as spend,
        {{ whole_number('impressions') }} as impressions,
        {{ whole_number('clicks') }} as clicks,
        {{ utc('last_synced_at') }} as last_synced_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_fb_ad_sets
)

select * from typed
