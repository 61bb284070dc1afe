with

spend_rows as (
    select * from {{ ref('traffic_stats') }}
),

team_days as (
    select
        stat_date as date,
        team_id,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('spend_kzt') }} as spend_kzt,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from spend_rows
    group by stat_date, team_id
)

select * from team_days
