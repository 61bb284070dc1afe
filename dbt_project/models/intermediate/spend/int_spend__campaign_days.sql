with

spend_rows as (
    select * from {{ ref('traffic_stats') }}
),

campaign_days as (
    select
        stat_date,
        campaign_id,
        campaign_name,
        team_name,
        {{ sum_known('spend_usd') }} as spend_usd,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(video_plays) as video_plays,
        sum(video_p100) as video_p100
    from spend_rows
    where campaign_id is not null
    group by stat_date, campaign_id, campaign_name, team_name
)

select * from campaign_days
