with

days as (
    select * from {{ ref('int_calendar__days') }}
),

account_days as (
    select * from {{ ref('int_coverage__account_days') }}
),

measures as (
    select * from {{ ref('int_coverage__measures_loaded') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

spend_days as (
    select
        date,
        min(case when is_covered then 1 else 0 end) = 1 as is_spend_covered
    from account_days
    group by date
),

loaded_dates as (
    select
        max(case when measure = 'leads' then loaded_date end) as leads_date,
        max(case when measure = 'sales' then loaded_date end) as sales_date
    from measures
),

-- A day is known when its sources were read after its end, today when read today.
daily as (
    select
        days.date,
        coalesce(spend_days.is_spend_covered, false) as is_spend_covered,
        {% for measure in ['leads', 'sales'] -%}
        coalesce(
            days.date < loaded_dates.{{ measure }}_date
            or (
                days.date = clock.today
                and days.date = loaded_dates.{{ measure }}_date
            ),
            false
        ) as is_{{ measure }}_covered{{ ',' if not loop.last }}
        {% endfor %}
    from days
    cross join clock
    cross join loaded_dates
    left join spend_days on days.date = spend_days.date
)

select * from daily
