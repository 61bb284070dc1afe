with

changes as (
    select * from {{ ref('int_ad_changes__described') }}
),

spend_rows as (
    select * from {{ ref('traffic_stats') }}
    where campaign_id is not null
),

account_days as (
    select * from {{ ref('int_coverage__account_days') }}
),

campaign_days as (
    select
        campaign_id,
        stat_date,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('spend_kzt') }} as spend_kzt,
        sum(fb_leads) as leads
    from spend_rows
    group by campaign_id, stat_date
),

changed_days as (
    select distinct
        account_id,
        campaign_id,
        stat_date,
        local_today
    from changes
    where campaign_id is not null
),

-- Three whole days on either side: the day of the change belongs to neither.
neighbours as (
    select
        changed_days.campaign_id,
        changed_days.stat_date,
        changed_days.local_today,
        account_days.date,
        account_days.is_covered,
        case
            when account_days.date < changed_days.stat_date then 'before' else 'after'
        end as side
    from changed_days
    inner join account_days
        on changed_days.account_id = account_days.account_id
        and account_days.date
        between {{ add_days('changed_days.stat_date', -3) }}
        and {{ add_days('changed_days.stat_date', 3) }}
        and account_days.date <> changed_days.stat_date
),

measured as (
    select
        neighbours.*,
        neighbours.is_covered
        and neighbours.date < neighbours.local_today as is_known,
        campaign_days.campaign_id is not null and campaign_days.spend_usd is null
            as is_usd_unknown,
        campaign_days.campaign_id is not null and campaign_days.spend_kzt is null
            as is_kzt_unknown,
        coalesce(campaign_days.spend_usd, 0) as spend_usd,
        coalesce(campaign_days.spend_kzt, 0) as spend_kzt,
        coalesce(campaign_days.leads, 0) as leads
    from neighbours
    left join campaign_days
        on neighbours.campaign_id = campaign_days.campaign_id
        and neighbours.date = campaign_days.stat_date
),

-- Unknown is not partial: a day that is missing or still runs leaves the side unknown.
effects as (
    select
        campaign_id,
        stat_date,
        {%- for side in ['before', 'after'] %}
        case
            when sum(case when side = '{{ side }}' and is_known then 1 end) = 3
                and sum(
                    case when side = '{{ side }}' and is_usd_unknown then 1 else 0 end
                ) = 0
                then sum(case when side = '{{ side }}' then spend_usd end)
        end as spend_usd_{{ side }},
        case
            when sum(case when side = '{{ side }}' and is_known then 1 end) = 3
                and sum(
                    case when side = '{{ side }}' and is_kzt_unknown then 1 else 0 end
                ) = 0
                then sum(case when side = '{{ side }}' then spend_kzt end)
        end as spend_kzt_{{ side }},
        case
            when sum(case when side = '{{ side }}' and is_known then 1 end) = 3
                then sum(case when side = '{{ side }}' then leads end)
        end as leads_{{ side }}{{ ',' if not loop.last }}
        {%- endfor %}
    from measured
    group by campaign_id, stat_date
)

select * from effects
