-- A day without a rate took the latest one: a rate may be carried forward for a few
-- days, never back.
with

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

broken as (
    select * from rates
    where
        rate_source_date > rate_date
        or (
            usd_to_kzt is not null
            and age_days not between 0 and {{ var('rate_max_age_days') }}
        )
        or usd_to_kzt not between {{ var('rate_min') }} and {{ var('rate_max') }}
)

select * from broken
