{{ config(materialized='view') }}

with

spend_rows as (
    select * from {{ ref('int_spend__unioned') }}
),

accounts as (
    select * from {{ ref('stg_facebook__accounts') }}
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

-- Nothing spent is nothing in every currency; other money than USD has no rate yet.
usd_rows as (
    select
        spend_rows.*,
        rates.usd_to_kzt as usd_to_kzt_rate,
        cast(
            case
                when
                    spend_rows.spend = 0
                    or coalesce(spend_rows.currency, accounts.currency) = 'USD'
                    then spend_rows.spend
            end as numeric(18, 2)
        ) as spend_usd
    from spend_rows
    left join accounts on spend_rows.account_id = accounts.account_id
    left join rates on spend_rows.stat_date = rates.rate_date
),

kzt_rows as (
    select
        *,
        case
            when spend_usd = 0 then cast(0 as numeric(18, 2))
            else cast(round(spend_usd * usd_to_kzt_rate, 2) as numeric(18, 2))
        end as spend_kzt
    from usd_rows
)

select
    {{ surrogate_hash(['stat_date', 'account_id', 'ad_id']) }} as stat_key,
    kzt_rows.*,
    spend_kzt is null as fx_missing
from kzt_rows
