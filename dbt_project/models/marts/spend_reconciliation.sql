with

account_days as (
    select * from {{ ref('int_spend__account_days') }}
),

drift as (
    select * from {{ ref('restatement_drift') }}
),

-- What was read after the freeze will not move; what grows or is unread has no drift.
expected as (
    select
        account_days.*,
        case
            when account_days.is_mature then 0
            when account_days.is_covered and account_days.is_over
                then drift.expected_drift_pct
        end as expected_drift_pct
    from account_days
    left join drift on account_days.last_read_age_days = drift.age_days
)

select
    account_id as ad_account_id,
    date as stat_date,
    is_listed,
    currency,
    cast(account_spend as numeric(18, 2)) as account_spend,
    cast(ads_spend as numeric(18, 2)) as ads_spend,
    cast(account_spend - ads_spend as numeric(18, 2)) as balance_spend,
    {% for figure in ['impressions', 'clicks'] -%}
    cast(account_{{ figure }} as bigint) as account_{{ figure }},
    cast(ads_{{ figure }} as bigint) as ads_{{ figure }},
    cast(account_{{ figure }} - ads_{{ figure }} as bigint) as balance_{{ figure }},
    {% endfor -%}
    is_covered,
    is_over,
    is_mature,
    cast(gaps as integer) as gaps,
    last_read_at,
    cast(last_read_age_days as integer) as last_read_age_days,
    ladder_step,
    is_final,
    reason,
    error,
    cast(expected_drift_pct as numeric(18, 6)) as expected_drift_pct
from expected
