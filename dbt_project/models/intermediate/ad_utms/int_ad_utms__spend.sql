with

spending as (
    select * from {{ ref('int_ad_utms__spending') }}
),

spend_rows as (
    select * from {{ ref('traffic_stats') }}
    where ad_id is not null
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

totals as (
    select
        spend_rows.ad_id,
        {{ sum_known('spend_rows.spend_usd') }} as spend_usd,
        {{ sum_known('spend_rows.spend_kzt') }} as spend_kzt
    from spend_rows
    inner join spending
        on
            spend_rows.ad_id = spending.ad_id
            and spend_rows.stat_date >= spending.first_date
    group by spend_rows.ad_id
),

-- The last day's team answers for the ad: it can still mend the tags. Where two accounts
-- tell of one ad, the one that spent more on it.
last_days as (
    select
        spend_rows.*,
        row_number() over (
            partition by spend_rows.ad_id
            order by
                case when spend_rows.spend_usd is null then 1 else 0 end,
                spend_rows.spend_usd desc,
                spend_rows.ad_account_id
        ) as account_rank
    from spending
    inner join spend_rows
        on
            spending.ad_id = spend_rows.ad_id
            and spending.last_spend_date = spend_rows.stat_date
),

owned as (
    select
        spending.ad_id,
        spending.last_spend_date,
        last_days.ad_account_id,
        last_days.campaign_id,
        last_days.campaign_name,
        last_days.team_id,
        last_days.team_name,
        teams.team_key,
        last_days.user_id,
        cast(totals.spend_usd as numeric(18, 2)) as spend_usd,
        cast(totals.spend_kzt as numeric(18, 2)) as spend_kzt
    from spending
    inner join last_days
        on spending.ad_id = last_days.ad_id and last_days.account_rank = 1
    inner join totals on spending.ad_id = totals.ad_id
    inner join teams on last_days.team_id = teams.team_id
)

select * from owned
