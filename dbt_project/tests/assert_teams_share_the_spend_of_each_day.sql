-- A team's spend was counted twice or by nobody: on a covered day the teams, the
-- Unattributed one included, must share exactly what the accounts spent.
{{ config(meta={'dagster': {'ref': {'name': 'traffic_sales_stats'}}}) }}
with

stats as (
    select * from {{ ref('traffic_sales_stats') }}
),

spend_rows as (
    select * from {{ ref('traffic_stats') }}
),

coverage as (
    select * from {{ ref('int_coverage__daily') }}
),

team_totals as (
    select
        date,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('spend_kzt') }} as spend_kzt,
        sum(impressions) as impressions
    from stats
    where period_type = 'daily'
    group by date
),

account_totals as (
    select
        stat_date,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('spend_kzt') }} as spend_kzt,
        sum(impressions) as impressions
    from spend_rows
    group by stat_date
),

broken as (
    select
        coverage.date,
        team_totals.spend_usd,
        account_totals.spend_usd as account_spend_usd
    from coverage
    inner join team_totals on coverage.date = team_totals.date
    left join account_totals on coverage.date = account_totals.stat_date
    where
        coverage.is_spend_covered
        and (
            coalesce(team_totals.impressions, 0)
            <> coalesce(account_totals.impressions, 0)
            or case
                when account_totals.stat_date is null then team_totals.spend_usd <> 0
                else team_totals.spend_usd is distinct from account_totals.spend_usd
                    or team_totals.spend_kzt is distinct from account_totals.spend_kzt
            end
        )
)

select * from broken
