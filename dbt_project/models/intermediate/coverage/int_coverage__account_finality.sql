with

account_days as (
    select * from {{ ref('int_spend__account_days') }}
),

reasons as (
    select
        account_id,
        reason,
        min(date) as first_date,
        max(date) as last_date,
        count(*) as day_count,
        max(error) as error
    from account_days
    where not is_final
    group by account_id, reason
),

-- "may_still_move 2026-01-01..2026-01-28 (28)": short, and a reader finds the days.
told as (
    select
        account_id,
        {{ text_agg(
            "reason || ' ' || cast(first_date as text) "
            "|| case when last_date > first_date "
            "then '..' || cast(last_date as text) else '' end "
            "|| case when day_count > 1 "
            "then ' (' || cast(day_count as text) || ')' else '' end "
            "|| coalesce(': ' || case when reason in ('denied', 'failed') "
            "then error end, '')",
            ', ', 'first_date, reason'
        ) }} as reasons
    from reasons
    group by account_id
),

first_open_days as (
    select
        account_id,
        max(case when is_listed then 1 else 0 end) = 1 as is_listed,
        max(date) as last_date,
        min(case when not is_final then date end) as first_open_date
    from account_days
    group by account_id
),

finality as (
    select
        first_open_days.account_id,
        first_open_days.is_listed,
        case
            when first_open_days.first_open_date is null then first_open_days.last_date
            else {{ add_days('first_open_days.first_open_date', -1) }}
        end as final_to,
        first_open_days.account_id || ': ' || told.reasons as not_final
    from first_open_days
    left join told on first_open_days.account_id = told.account_id
)

select * from finality
