with

campaign_days as (
    select * from {{ ref('int_spend__campaign_days') }}
),

rated as (
    select
        *,
        {{ ctr_pct('clicks', 'impressions') }} as ctr_pct,
        {{ ratio('video_p100', 'video_plays', 100) }} as completion_rate_pct
    from campaign_days
),

-- A hundred impressions are the least that a click rate is worth comparing on.
ranked as (
    select
        *,
        case
            when impressions > 100
                then row_number() over (
                    partition by stat_date, impressions > 100
                    order by ctr_pct desc, campaign_id
                )
        end as ctr_rank,
        case
            when video_plays > 0
                then row_number() over (
                    partition by stat_date, video_plays > 0
                    order by video_plays desc, campaign_id
                )
        end as video_rank
    from rated
)

select * from ranked
