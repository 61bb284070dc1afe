with

account_days as (
    select * from {{ ref('int_spend__account_days') }}
),

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

recent_days as (
    select
        account_days.*,
        accounts.currency as account_currency,
        account_days.date > {{ add_days('accounts.local_today', -28) }} as is_recent,
        account_days.date >= {{ add_days('accounts.local_today', -28) }}
        and account_days.date < accounts.local_today as is_whole
    from account_days
    inner join accounts on account_days.account_id = accounts.account_id
),

-- One unknown day of the last 28 whole ones makes their sum unknown, and so does one in
-- another currency than the account's; the running day, of which some is known, shows
-- only that the account spends.
spend as (
    select
        account_id,
        min(case when account_spend <> 0 then date end) as first_spend_date,
        max(case when account_spend <> 0 then date end) as last_spend_date,
        {{ any_of('is_recent and account_spend <> 0') }} as has_recent_spend,
        case
            when
                count(case when is_whole then 1 end)
                = count(case when is_whole and is_covered then account_spend end)
                and not coalesce({{ any_of(
                    'is_whole and account_spend <> 0 and currency <> account_currency'
                ) }}, false)
                then coalesce(sum(case when is_whole then account_spend end), 0)
        end as spend_28d
    from recent_days
    group by account_id
)

select * from spend
