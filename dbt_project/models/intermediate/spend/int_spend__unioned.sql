{{ config(materialized='view') }}

with

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

balances as (
    select * from {{ ref('int_spend__balances') }}
),

-- What the account spent and no visible ad explains: archived or deleted ads.
balance_rows as (
    select
        stat_date,
        account_id,
        cast(null as text) as campaign_id,
        cast(null as text) as ad_set_id,
        cast(null as text) as ad_id,
        cast(null as text) as campaign_name,
        currency,
        spend,
        impressions,
        clicks,
        link_clicks,
        cast(null as bigint) as reach,
        fb_leads,
        cast(0 as bigint) as video_plays,
        cast(0 as bigint) as video_p100
    from balances
),

spend_rows as (
    select * from ad_days
    union all
    select * from balance_rows
)

select * from spend_rows
