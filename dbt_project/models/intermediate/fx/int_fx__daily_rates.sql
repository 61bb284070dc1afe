with

days as (
    select * from {{ ref('int_calendar__days') }}
),

accepted_rates as (
    select * from {{ ref('int_fx__rates_accepted') }}
),

-- Rates from before the spine stand beside its days, so that one may carry into it.
moments as (
    select
        days.date,
        accepted_rates.rate_date
    from days
    full outer join accepted_rates on days.date = accepted_rates.rate_date
),

carried_dates as (
    select
        date as rate_date,
        max(rate_date) over (
            order by coalesce(date, rate_date)
            rows between unbounded preceding and current row
        ) as rate_source_date
    from moments
),

aged_rates as (
    select
        carried_dates.rate_date,
        accepted_rates.usd_to_kzt,
        carried_dates.rate_source_date,
        {{ days_apart('carried_dates.rate_source_date', 'carried_dates.rate_date') }}
            as age_days
    from carried_dates
    left join accepted_rates
        on carried_dates.rate_source_date = accepted_rates.rate_date
    where carried_dates.rate_date is not null
),

daily_rates as (
    select
        rate_date,
        case
            when age_days <= {{ var('rate_max_age_days') }} then usd_to_kzt
        end as usd_to_kzt,
        rate_source_date,
        age_days,
        coalesce(
            age_days between 1 and {{ var('rate_max_age_days') }}, false
        ) as is_carried
    from aged_rates
)

select * from daily_rates
