with

team_weeks as (
    select * from {{ ref('int_plans__team_weeks') }}
),

settings as (
    select * from {{ ref('int_plans__settings') }}
),

-- What is remembered of the week before is what the plan is made from.
previous_weeks as (
    select
        team_weeks.team_id,
        {{ add_days('previous.week_start', 7) }} as week_start,
        cast(previous.revenue_kzt as numeric(18, 2)) as prev_week_revenue_kzt,
        previous.sales as prev_week_sales,
        cast(previous.spend_usd as numeric(18, 2)) as prev_week_spend_usd,
        cast(previous.roas as numeric(18, 2)) as prev_week_roas,
        cast(previous.cpa_usd as numeric(18, 2)) as prev_week_cpa_usd
    from team_weeks
    inner join team_weeks as previous
        on team_weeks.team_id = previous.team_id
        and team_weeks.week_start = {{ add_days('previous.week_start', 7) }}
),

plans as (
    select
        previous_weeks.*,
        cast(settings.growth_pct as numeric(18, 6)) as growth_pct,
        cast(
            {{ planned_revenue('prev_week_revenue_kzt', 'settings.growth_pct') }}
            as numeric(18, 2)
        ) as plan_revenue_kzt,
        cast(
            {{ planned_sales('prev_week_sales', 'settings.growth_pct') }} as integer
        ) as plan_sales,
        cast(
            {{ planned_spend('prev_week_spend_usd') }} as numeric(18, 2)
        ) as plan_spend_usd,
        cast(
            {{ planned_roas('prev_week_roas', 'settings.min_roas') }} as numeric(18, 2)
        ) as plan_roas,
        cast(
            {{ planned_cpa('prev_week_cpa_usd', 'settings.max_cpa_usd') }}
            as numeric(18, 2)
        ) as plan_cpa_usd
    from previous_weeks
    cross join settings
)

select * from plans
