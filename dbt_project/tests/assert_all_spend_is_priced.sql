-- Spend without a rate leaves sums unknown: a warning, not a blocked edition.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'traffic_stats'}}}) }}

with

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

spend_rows as (
    select * from {{ ref('traffic_stats') }}
),

unpriced as (
    select
        spend_rows.stat_date,
        spend_rows.ad_account_id,
        count(*) as row_count
    from spend_rows
    inner join rates on spend_rows.stat_date = rates.rate_date
    where spend_rows.fx_missing
    group by spend_rows.stat_date, spend_rows.ad_account_id
)

select * from unpriced
