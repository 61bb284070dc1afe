with

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

spending as (
    select
        ad_days.ad_id,
        max(ad_days.stat_date) as last_spend_date
    from ad_days
    cross join clock
    where
        ad_days.spend > 0
        and ad_days.stat_date
        > {{ add_days('clock.today', '-' ~ var('utm_hygiene_days')) }}
    group by ad_days.ad_id
)

select * from spending
