with traffic_fb_ads as (
    select *
    from {{ source('raw', 'traffic__traffic_fb_ads') }}
    where _deleted_at is null
),

typed as (
    select
        cast(fb_ad_id as text) as ad_id,
        cast(fb_ad_set_id as text) as ad_set_id,
        cast(ad_name as text) as ad_name,
        cast(ad_status as text) as ad_status,
        cast(ad_format as text) as ad_format,
        cast(creative_url as text) as creative_url,
        {{ try_numeric('spend') }} as spend,
        {{ whole_number('impressions') }} as impressions,
        {{ whole_number('clicks') }} as clicks,
        {{ utc('last_synced_at') }} as last_synced_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_fb_ads
)

select * from typed
