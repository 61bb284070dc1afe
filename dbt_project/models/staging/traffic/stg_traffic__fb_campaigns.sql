with traffic_fb_campaigns as (
    select *
    from {{ source('raw', 'traffic__traffic_fb_campaigns') }}
    where _deleted_at is null
),

typed as (
    select
        cast(fb_campaign_id as text) as campaign_id,
        cast(fb_ad_account_id as text) as fb_ad_account_id,
        cast(campaign_name as text) as campaign_name,
        cast(campaign_status as text) as campaign_status,
        cast(campaign_objective as text) as campaign_objective,
        cast(team_name as text) as team_name,
        cast(team_id as text) as team_id,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(utm_campaign as text) as utm_campaign,
        {{ try_numeric('spend') }} as spend,
        {{ whole_number('impressions') }} as impressions,
        {{ whole_number('clicks') }} as clicks,
        {{ try_numeric('ctr') }} as ctr,
        {{ try_numeric('cpc') }} as cpc,
        {{ try_numeric('cpm') }} as cpm,
        {{ whole_number('conversions') }} as conversions,
        {{ try_numeric('cost_per_conversion') }} as cost_per_conversion,
        {{ source_day('data_start_date') }} as data_start_date,
        {{ source_day('data_end_date') }} as data_end_date,
        {{ utc('last_synced_at') }} as last_synced_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_fb_campaigns
)

select * from typed
