with

stats as (
    select * from {{ ref('traffic_sales_stats') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

weeks as (
    select
        stats.team_id,
        stats.date as week_start,
        stats.total_revenue_kzt as revenue_kzt,
        stats.total_sales as sales,
        stats.spend_usd,
        stats.roas,
        stats.cpa_usd
    from stats
    inner join teams on stats.team_id = teams.team_id
    where stats.period_type = 'weekly' and teams.team_key <> 'unattributed'
)

select * from weeks
