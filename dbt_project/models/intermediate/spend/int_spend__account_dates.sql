with

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

days as (
    select * from {{ ref('int_calendar__days') }}
),

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

-- The days that a listed account has lived in its own zone, quiet ones too.
lived_dates as (
    select
        accounts.account_id,
        days.date
    from accounts
    inner join days
        on days.date <= accounts.local_today
        and days.date >= coalesce(accounts.created_date, days.date)
    where accounts.is_listed
),

-- Money that is stored is never left out, whoever has stopped listing the account.
account_dates as (
    select account_id, date from lived_dates
    union distinct
    select account_id, stat_date as date from account_insights
    union distinct
    select account_id, stat_date as date from ad_days
)

select * from account_dates
