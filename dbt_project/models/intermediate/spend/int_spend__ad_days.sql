-- Staging reads JSON, row by row: it is read once here, however many models ask.
with

ad_insights as (
    select * from {{ ref('stg_facebook__ad_insights') }}
),

ad_days as (
    select
        stat_date,
        account_id,
        campaign_id,
        ad_set_id,
        ad_id,
        campaign_name,
        currency,
        cast(spend as numeric(18, 2)) as spend,
        impressions,
        clicks,
        link_clicks,
        reach,
        fb_leads,
        video_plays,
        video_p100
    from ad_insights
)

select * from ad_days
