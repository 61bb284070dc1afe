with

sales as (
    select * from {{ ref('sale_attribution') }}
),

leads as (
    select * from {{ ref('lead_attribution') }}
),

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

first_days as (
    select min(sale_date) as date from sales
    union all
    select min(lead_date) as date from leads
    union all
    select min(stat_date) as date from ad_days where spend <> 0
    union all
    select min(stat_date) as date from account_insights where spend <> 0
),

first_day as (
    select min(date) as date from first_days
),

days as (
    select spine.day as date
    from clock
    cross join first_day
    cross join lateral
        {{ days_between('first_day.date', 'clock.today') }} as spine (day)
)

select * from days
