with

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

recent_days as (
    select
        ad_days.*,
        {{ add_days('accounts.local_today', '1 - ' ~ var('utm_hygiene_days')) }}
            as first_date
    from ad_days
    inner join accounts on ad_days.account_id = accounts.account_id
),

spending as (
    select
        ad_id,
        min(first_date) as first_date,
        max(stat_date) as last_spend_date
    from recent_days
    where spend > 0 and stat_date >= first_date
    group by ad_id
)

select * from spending
