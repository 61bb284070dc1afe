{%- set frozen_age = var('facebook_freeze_days') | int + 1 -%}

with

account_days as (
    select * from {{ ref('int_spend__account_days') }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
),

steps as (
    select * from {{ ref('int_restatements__steps') }}
    where level = 'account' and is_restatement
),

window_reads as (
    select distinct
        scope as account_id,
        window_start,
        window_end,
        as_of
    from loads
    where
        system = 'facebook'
        and table_name = 'account_insights'
        and outcome = 'loaded'
        and window_start is not null
),

reads as (
    select
        account_days.account_id,
        account_days.date,
        account_days.account_spend,
        window_reads.as_of,
        {{ days_apart(
            'account_days.date', local_date('window_reads.as_of', 'account_days.zone')
        ) }} as age_days
    from account_days
    inner join window_reads
        on account_days.account_id = window_reads.account_id
        and account_days.date >= window_reads.window_start
        and account_days.date <= window_reads.window_end
),

closed_reads as (
    select
        account_id,
        date,
        account_spend,
        age_days,
        dense_rank() over (partition by account_id, date order by as_of) as read_number
    from reads
    where age_days > 0
),

-- The first read of a day that is over can show no change; each later one could.
compared as (
    select
        account_id,
        date,
        least(age_days, {{ frozen_age }}) as age_days,
        max(account_spend) as account_spend
    from closed_reads
    where read_number > 1
    group by account_id, date, least(age_days, {{ frozen_age }})
),

moved as (
    select
        account_id,
        stat_date as date,
        least(age_days, {{ frozen_age }}) as age_days,
        sum(
            coalesce(
                {{ ratio(
                    'coalesce(new_spend, 0) - coalesce(old_spend, 0)', 'old_spend', 100
                ) }},
                case when new_spend > 0 then 100 else 0 end
            )
        ) as change_pct
    from steps
    group by account_id, stat_date, least(age_days, {{ frozen_age }})
),

-- A day on which nothing was ever spent has nothing to move.
days_reread as (
    select
        compared.account_id,
        compared.date,
        compared.age_days,
        coalesce(moved.change_pct, 0) as change_pct
    from compared
    left join moved
        on compared.account_id = moved.account_id
        and compared.date = moved.date
        and compared.age_days = moved.age_days
    where compared.account_spend <> 0 or moved.account_id is not null
)

select * from days_reread
