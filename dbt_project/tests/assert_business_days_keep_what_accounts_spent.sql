-- Hours were lost or counted twice at midnight: over all days whose hours are whole, the
-- business days must hold every hour once, and lie between the account days that are
-- surely inside that range and those that touch it. A warning: the hours are Facebook's
-- own and need not add up to its days.
{{ config(
    severity='warn',
    meta={'dagster': {'ref': {'name': 'account_spend_business_days'}}}
) }}
with

business_days as (
    select * from {{ ref('account_spend_business_days') }}
    where is_recut
),

hours as (
    select * from {{ ref('int_business_days__hours') }}
),

account_days as (
    select * from {{ ref('int_spend__account_days') }}
),

hours_in_days as (
    select
        hours.account_id,
        sum(hours.spend) as spend,
        sum(hours.impressions) as impressions
    from hours
    inner join business_days
        on hours.account_id = business_days.ad_account_id
        and hours.business_date = business_days.date
    where business_days.spend is not null
    group by hours.account_id
),

ranges as (
    select
        ad_account_id as account_id,
        min(date) as first_date,
        max(date) as last_date,
        {{ sum_known('spend') }} as spend,
        sum(spend) as known_spend,
        sum(impressions) as known_impressions,
        {{ any_of('has_missing_hours') }} as has_missing_hours
    from business_days
    group by ad_account_id
),

edges as (
    select
        ranges.account_id,
        sum(
            case
                when
                    account_days.date > ranges.first_date
                    and account_days.date < ranges.last_date
                    then account_days.account_spend
                else 0
            end
        ) as inner_spend,
        sum(account_days.account_spend) as outer_spend
    from ranges
    inner join account_days
        on ranges.account_id = account_days.account_id
        and account_days.date >= {{ add_days('ranges.first_date', -1) }}
        and account_days.date <= {{ add_days('ranges.last_date', 1) }}
    group by ranges.account_id
),

broken as (
    select
        ranges.account_id,
        ranges.known_spend,
        hours_in_days.spend as hours_spend,
        edges.inner_spend,
        edges.outer_spend
    from ranges
    left join hours_in_days on ranges.account_id = hours_in_days.account_id
    inner join edges on ranges.account_id = edges.account_id
    where
        coalesce(ranges.known_spend, 0) <> coalesce(hours_in_days.spend, 0)
        or coalesce(ranges.known_impressions, 0)
        <> coalesce(hours_in_days.impressions, 0)
        or (
            not ranges.has_missing_hours
            and (
                ranges.spend < edges.inner_spend - 1
                or ranges.spend > edges.outer_spend + 1
            )
        )
)

select * from broken
