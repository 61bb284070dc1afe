with

recut_days as (
    select * from {{ ref('int_business_days__recut') }}
),

account_days as (
    select * from {{ ref('int_spend__account_days') }}
),

ad_spend as (
    select * from {{ ref('facebook_ad_spend') }}
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

-- In the business zone the account's day is the business day.
own_days as (
    select
        account_days.account_id,
        account_days.date,
        account_days.zone,
        ad_spend.currency,
        false as is_recut,
        ad_spend.spend,
        ad_spend.spend_usd,
        ad_spend.spend_kzt,
        ad_spend.usd_to_kzt_rate,
        ad_spend.impressions,
        ad_spend.clicks,
        ad_spend.link_clicks,
        ad_spend.leads,
        ad_spend.is_covered,
        false as has_missing_hours,
        false as has_split_hours
    from account_days
    inner join ad_spend
        on account_days.account_id = ad_spend.ad_account_id
        and account_days.date = ad_spend.date
    where account_days.zone = '{{ var("business_timezone") }}'
),

-- Nothing spent is nothing in every currency; other money than USD has no rate yet.
priced as (
    select
        recut_days.*,
        case
            when recut_days.spend = 0 or recut_days.currency = 'USD'
                then recut_days.spend
        end as spend_usd,
        rates.usd_to_kzt
    from recut_days
    left join rates on recut_days.business_date = rates.rate_date
),

foreign_days as (
    select
        account_id,
        business_date as date,
        zone,
        currency,
        true as is_recut,
        spend,
        spend_usd,
        case
            when spend_usd = 0 then 0
            else round(spend_usd * usd_to_kzt, 2)
        end as spend_kzt,
        usd_to_kzt as usd_to_kzt_rate,
        impressions,
        clicks,
        link_clicks,
        leads,
        is_covered,
        has_missing_hours,
        has_split_hours
    from priced
),

business_days as (
    select * from own_days
    union all
    select * from foreign_days
)

select
    account_id as ad_account_id,
    date,
    zone as timezone_name,
    is_recut,
    currency,
    cast(spend as numeric(18, 2)) as spend,
    cast(spend_usd as numeric(18, 2)) as spend_usd,
    cast(spend_kzt as numeric(18, 2)) as spend_kzt,
    cast(usd_to_kzt_rate as numeric(18, 6)) as usd_to_kzt_rate,
    cast(impressions as bigint) as impressions,
    cast(clicks as bigint) as clicks,
    cast(link_clicks as bigint) as link_clicks,
    cast(leads as bigint) as leads,
    is_covered,
    has_missing_hours,
    has_split_hours
from business_days
