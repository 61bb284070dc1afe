with

account_dates as (
    select * from {{ ref('int_spend__account_dates') }}
),

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

coverage as (
    select * from {{ ref('int_coverage__account_days') }}
),

day_loads as (
    select * from {{ ref('int_coverage__account_day_loads') }}
),

gaps as (
    select * from {{ ref('stg_facebook__gaps') }}
),

ad_totals as (
    select
        account_id,
        stat_date,
        max(currency) as currency,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from ad_days
    group by account_id, stat_date
),

day_gaps as (
    select
        account_id,
        stat_date,
        count(*) as gaps
    from gaps
    group by account_id, stat_date
),

-- An account that is listed no longer is judged by its reads alone.
known as (
    select
        account_dates.account_id,
        account_dates.date,
        accounts.is_listed,
        accounts.zone,
        account_dates.date < accounts.local_today as is_over,
        coalesce(
            coverage.is_covered,
            day_loads.last_read_age_days > 0
            or (
                day_loads.last_read_age_days = 0
                and account_dates.date >= accounts.local_today
            ),
            false
        ) as is_covered,
        coalesce(
            account_insights.currency, ad_totals.currency, accounts.currency
        ) as currency,
        account_insights.account_id is not null as has_total,
        ad_totals.account_id is not null as has_ads,
        cast(account_insights.spend as numeric(18, 2)) as total_spend,
        account_insights.impressions as total_impressions,
        account_insights.clicks as total_clicks,
        account_insights.link_clicks as total_link_clicks,
        account_insights.reach as total_reach,
        account_insights.fb_leads as total_leads,
        ad_totals.spend as stored_ads_spend,
        ad_totals.impressions as stored_ads_impressions,
        ad_totals.clicks as stored_ads_clicks,
        coalesce(day_gaps.gaps, 0) as gaps,
        day_loads.last_read_at,
        day_loads.last_read_age_days,
        coalesce(
            day_loads.last_read_age_days > {{ var('facebook_freeze_days') }}, false
        ) as is_mature,
        day_loads.ladder_step,
        coalesce(day_loads.is_denied, false) as is_denied,
        coalesce(day_loads.is_failed, false) as is_failed,
        day_loads.error
    from account_dates
    inner join accounts on account_dates.account_id = accounts.account_id
    left join account_insights
        on account_dates.account_id = account_insights.account_id
        and account_dates.date = account_insights.stat_date
    left join ad_totals
        on account_dates.account_id = ad_totals.account_id
        and account_dates.date = ad_totals.stat_date
    left join coverage
        on account_dates.account_id = coverage.account_id
        and account_dates.date = coverage.date
    left join day_loads
        on account_dates.account_id = day_loads.account_id
        and account_dates.date = day_loads.date
    left join day_gaps
        on account_dates.account_id = day_gaps.account_id
        and account_dates.date = day_gaps.stat_date
),

-- A covered day without a row was quiet. Ads without a control total are a riddle, not
-- a total of nothing: that total stays unknown.
filled as (
    select
        account_id,
        date,
        is_listed,
        zone,
        currency,
        is_over,
        is_covered,
        is_mature,
        has_ads and not has_total as is_without_total,
        {% for figure in ['spend', 'impressions', 'clicks'] -%}
        case
            when is_covered and not has_ads then coalesce(total_{{ figure }}, 0)
            else total_{{ figure }}
        end as account_{{ figure }},
        case
            when is_covered then coalesce(stored_ads_{{ figure }}, 0)
            else stored_ads_{{ figure }}
        end as ads_{{ figure }},
        {% endfor -%}
        {% for figure in ['link_clicks', 'leads'] -%}
        case
            when is_covered and not has_ads then coalesce(total_{{ figure }}, 0)
            else total_{{ figure }}
        end as account_{{ figure }},
        {% endfor -%}
        case
            when is_covered and not has_ads and not has_total then 0
            else total_reach
        end as account_reach,
        gaps,
        last_read_at,
        last_read_age_days,
        ladder_step,
        case
            when is_covered then null
            when is_denied then 'denied'
            when is_failed then 'failed'
            else 'not_covered'
        end as unread_reason,
        error
    from known
),

judged as (
    select
        filled.*,
        case
            when unread_reason is not null then unread_reason
            when not is_over then 'still_running'
            when is_without_total then 'no_total'
            when gaps > 0 then 'gap'
            when not is_mature then 'may_still_move'
        end as reason
    from filled
)

-- A final day has nothing to fear of what failed since.
select
    account_id,
    date,
    is_listed,
    zone,
    currency,
    is_over,
    is_covered,
    is_mature,
    is_without_total,
    {% for figure in ['spend', 'impressions', 'clicks'] -%}
    account_{{ figure }},
    ads_{{ figure }},
    {% endfor -%}
    account_link_clicks,
    account_leads,
    account_reach,
    gaps,
    last_read_at,
    last_read_age_days,
    ladder_step,
    reason,
    case when reason is not null then error end as error,
    reason is null as is_final
from judged
