with

listed_accounts as (
    select * from {{ ref('stg_facebook__listed_accounts') }}
),

accounts as (
    select * from {{ ref('stg_facebook__accounts') }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
),

days as (
    select * from {{ ref('int_calendar__days') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

zoned_accounts as (
    select
        listed_accounts.account_id,
        accounts.created_at,
        coalesce(accounts.timezone_name, '{{ var("business_timezone") }}') as zone
    from listed_accounts
    left join accounts on listed_accounts.account_id = accounts.account_id
),

local_accounts as (
    select
        zoned_accounts.account_id,
        zoned_accounts.zone,
        {{ local_date('zoned_accounts.created_at', 'zoned_accounts.zone') }}
            as created_date,
        {{ local_date('clock.now_at', 'zoned_accounts.zone') }} as local_today
    from zoned_accounts
    cross join clock
),

-- A day that has not begun in the account's zone is as good as its running day.
account_days as (
    select
        local_accounts.account_id,
        local_accounts.zone,
        local_accounts.created_date,
        local_accounts.local_today,
        days.date,
        least(days.date, local_accounts.local_today) as checked_date
    from local_accounts
    cross join days
),

load_windows as (
    select
        scope as account_id,
        table_name,
        window_start,
        window_end,
        max(as_of) as as_of
    from loads
    where
        system = 'facebook'
        and table_name in ('ad_insights', 'account_insights')
        and outcome = 'loaded'
    group by scope, table_name, window_start, window_end
),

-- A load proves a day that was over when it ran, or the day that still runs.
proven_days as (
    select
        account_days.account_id,
        account_days.date,
        count(distinct load_windows.table_name) as proven_tables
    from account_days
    inner join load_windows
        on account_days.account_id = load_windows.account_id
        and account_days.checked_date >= load_windows.window_start
        and account_days.checked_date <= load_windows.window_end
    where
        account_days.checked_date
        < {{ local_date('load_windows.as_of', 'account_days.zone') }}
        or account_days.checked_date = account_days.local_today
    group by account_days.account_id, account_days.date
),

covered_days as (
    select
        account_days.account_id,
        account_days.date,
        coalesce(account_days.date < account_days.created_date, false)
        or coalesce(proven_days.proven_tables = 2, false) as is_covered
    from account_days
    left join proven_days
        on account_days.account_id = proven_days.account_id
        and account_days.date = proven_days.date
)

select * from covered_days
