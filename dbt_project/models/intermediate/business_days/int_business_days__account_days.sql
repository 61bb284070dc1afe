with

account_days as (
    select * from {{ ref('int_spend__account_days') }}
),

hours as (
    select * from {{ ref('int_business_days__hours') }}
),

hour_totals as (
    select
        account_id,
        stat_date,
        count(*) as hour_count,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from hours
    group by account_id, stat_date
),

-- Each hour's spend is rounded to a cent: 24 hours may be 12 cents off and still whole.
compared as (
    select
        account_days.account_id,
        account_days.date,
        account_days.zone,
        account_days.currency,
        account_days.is_covered and account_days.account_spend is not null as is_known,
        coalesce(hour_totals.hour_count, 0) as hour_count,
        abs(account_days.account_spend - coalesce(hour_totals.spend, 0)) > 0.12
        or account_days.account_impressions <> coalesce(hour_totals.impressions, 0)
        or account_days.account_clicks <> coalesce(hour_totals.clicks, 0)
            as has_missing_hours
    from account_days
    left join hour_totals
        on account_days.account_id = hour_totals.account_id
        and account_days.date = hour_totals.stat_date
    where account_days.zone <> '{{ var("business_timezone") }}'
),

-- The business days that an account's day has a part in: two, rarely one.
spans as (
    select
        compared.*,
        {{ almaty_date(day_start('date', 'zone')) }} as first_business_date,
        {{ almaty_date(add_hours(day_start(add_days('date', 1), 'zone'), '-0.001')) }}
            as last_business_date
    from compared
)

select * from spans
