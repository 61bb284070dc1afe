-- A row of spend fell out on its way to a team, or a team was joined twice.
{{ config(meta={'dagster': {'ref': {'name': 'traffic_stats'}}}) }}
with

spend_rows as (
    select * from {{ ref('int_spend__unioned') }}
),

stats as (
    select * from {{ ref('traffic_stats') }}
),

rows_in as (
    select
        stat_date,
        account_id,
        count(*) as row_count,
        sum(impressions) as impressions
    from spend_rows
    group by stat_date, account_id
),

rows_out as (
    select
        stat_date,
        ad_account_id as account_id,
        count(*) as row_count,
        sum(impressions) as impressions
    from stats
    group by stat_date, ad_account_id
),

broken as (
    select
        coalesce(rows_in.stat_date, rows_out.stat_date) as stat_date,
        coalesce(rows_in.account_id, rows_out.account_id) as account_id,
        rows_in.row_count as rows_in,
        rows_out.row_count as rows_out
    from rows_in
    full outer join rows_out
        on rows_in.stat_date = rows_out.stat_date
        and rows_in.account_id = rows_out.account_id
    where
        coalesce(rows_in.row_count, 0) <> coalesce(rows_out.row_count, 0)
        or coalesce(rows_in.impressions, 0) <> coalesce(rows_out.impressions, 0)
)

select * from broken
