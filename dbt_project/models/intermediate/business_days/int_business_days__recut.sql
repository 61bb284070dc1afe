with

account_days as (
    select * from {{ ref('int_business_days__account_days') }}
),

hours as (
    select * from {{ ref('int_business_days__hours') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

parts as (
    select
        account_id,
        first_business_date as business_date,
        zone,
        currency,
        is_known,
        hour_count,
        has_missing_hours
    from account_days
    union all
    select
        account_id,
        last_business_date as business_date,
        zone,
        currency,
        is_known,
        hour_count,
        has_missing_hours
    from account_days
    where last_business_date <> first_business_date
),

-- A business day is as well known as the worse of the account's days it is made of.
business_days as (
    select
        parts.account_id,
        parts.business_date,
        max(parts.zone) as zone,
        max(parts.currency) as currency,
        {{ all_of('parts.is_known') }} as is_covered,
        {{ any_of('coalesce(parts.has_missing_hours, true)') }} as has_missing_hours,
        {{ any_of('coalesce(parts.has_missing_hours, true) and parts.hour_count = 0') }}
            as has_no_hours
    from parts
    inner join clock on parts.business_date <= clock.today
    group by parts.account_id, parts.business_date
),

hour_sums as (
    select
        account_id,
        business_date,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(link_clicks) as link_clicks,
        sum(fb_leads) as leads
    from hours
    group by account_id, business_date
),

split_hours as (
    select account_id, business_date from hours
    where last_business_date <> business_date
    union distinct
    select account_id, last_business_date as business_date from hours
    where last_business_date <> business_date
),

-- What no hour of a day tells is unknown; a few missing hours are flagged.
recut as (
    select
        business_days.account_id,
        business_days.business_date,
        business_days.zone,
        business_days.currency,
        business_days.is_covered,
        business_days.has_missing_hours,
        split_hours.account_id is not null as has_split_hours,
        {% for figure in ['spend', 'impressions', 'clicks', 'link_clicks', 'leads'] -%}
        case
            when business_days.is_covered and not business_days.has_no_hours
                then coalesce(hour_sums.{{ figure }}, 0)
        end as {{ figure }}{{ ',' if not loop.last }}
        {% endfor %}
    from business_days
    left join hour_sums
        on business_days.account_id = hour_sums.account_id
        and business_days.business_date = hour_sums.business_date
    left join split_hours
        on business_days.account_id = split_hours.account_id
        and business_days.business_date = split_hours.business_date
)

select * from recut
