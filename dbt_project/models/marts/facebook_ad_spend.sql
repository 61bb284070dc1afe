with

account_days as (
    select * from {{ ref('int_spend__account_days') }}
),

spend_rows as (
    select * from {{ ref('traffic_stats') }}
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

-- Money is converted ad by ad: an account's tenge are the sum of its rows'.
converted as (
    select
        ad_account_id as account_id,
        stat_date,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('spend_kzt') }} as spend_kzt
    from spend_rows
    group by ad_account_id, stat_date
),

-- What a day that is not covered spent is unknown, not what was seen of it.
measured as (
    select
        account_days.*,
        {% for figure in ['spend', 'impressions', 'clicks', 'link_clicks', 'leads'] -%}
        case when account_days.is_covered then account_days.account_{{ figure }} end
            as {{ figure }},
        {% endfor -%}
        case when account_days.is_covered then account_days.account_reach end as reach,
        case
            when not account_days.is_covered or account_days.is_without_total then null
            when converted.account_id is null then 0
            else converted.spend_usd
        end as spend_usd,
        case
            when not account_days.is_covered or account_days.is_without_total then null
            when converted.account_id is null then 0
            else converted.spend_kzt
        end as spend_kzt,
        rates.usd_to_kzt,
        rates.age_days
    from account_days
    left join converted
        on account_days.account_id = converted.account_id
        and account_days.date = converted.stat_date
    left join rates on account_days.date = rates.rate_date
)

select
    account_id as ad_account_id,
    date,
    is_listed,
    currency,
    cast(spend as numeric(18, 2)) as spend,
    cast(spend_usd as numeric(18, 2)) as spend_usd,
    cast(spend_kzt as numeric(18, 2)) as spend_kzt,
    cast(usd_to_kzt as numeric(18, 6)) as usd_to_kzt_rate,
    case when usd_to_kzt is not null then age_days end as rate_age_days,
    cast(impressions as bigint) as impressions,
    cast(clicks as bigint) as clicks,
    cast(link_clicks as bigint) as link_clicks,
    cast(reach as bigint) as reach,
    cast(leads as bigint) as leads,
    {{ ctr_pct('clicks', 'impressions') }} as ctr_pct,
    {{ ratio('spend', 'clicks') }} as cpc,
    {{ ratio('spend', 'impressions', 1000) }} as cpm,
    {{ ratio('spend', 'leads') }} as cpl,
    is_covered,
    is_final
from measured
