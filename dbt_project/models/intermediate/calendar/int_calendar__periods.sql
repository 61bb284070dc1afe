with

days as (
    select * from {{ ref('int_calendar__days') }}
),

periods as (
    select date, 'daily' as period_type, date as period_start from days
    union all
    select date, 'weekly' as period_type, {{ week_start('date') }} as period_start
    from days
    union all
    select date, 'monthly' as period_type, {{ month_start('date') }} as period_start
    from days
)

select * from periods
