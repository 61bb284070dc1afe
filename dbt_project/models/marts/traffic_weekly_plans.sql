with

plans as (
    select * from {{ ref('int_plans__edited') }}
),

team_weeks as (
    select * from {{ ref('int_plans__team_weeks') }}
),

forecasts as (
    select * from {{ ref('int_plans__forecasts') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

measured as (
    select
        plans.*,
        teams.team_name,
        {{ add_days('plans.week_start', 6) }} as week_end,
        team_weeks.revenue_kzt as actual_revenue_kzt,
        team_weeks.sales as actual_sales,
        team_weeks.spend_usd as actual_spend_usd,
        team_weeks.roas as actual_roas,
        team_weeks.cpa_usd as actual_cpa_usd,
        forecasts.forecast_revenue_kzt,
        forecasts.forecast_sales,
        forecasts.forecast_spend_usd,
        forecasts.backtest_wape,
        clock.today
    from plans
    inner join teams on plans.team_id = teams.team_id
    cross join clock
    left join team_weeks
        on plans.team_id = team_weeks.team_id
        and plans.week_start = team_weeks.week_start
    left join forecasts
        on plans.team_id = forecasts.team_id
        and plans.week_start = forecasts.week_start
),

-- The mean of the parts that have a plan; an unknown actual leaves it unknown.
completed as (
    select
        *,
        {{ completion_pct('actual_revenue_kzt', 'plan_revenue_kzt') }}
            as revenue_completion_pct,
        {{ completion_pct('actual_sales', 'plan_sales') }} as sales_completion_pct,
        {{ mean_completion_pct(
            'actual_revenue_kzt', 'plan_revenue_kzt', 'actual_sales', 'plan_sales'
        ) }} as completion_pct
    from measured
)

select
    team_id,
    team_name,
    week_start,
    week_end,
    {{ iso_week('week_start') }} as week_number,
    {{ iso_year('week_start') }} as year,
    prev_week_revenue_kzt,
    prev_week_sales,
    prev_week_spend_usd,
    prev_week_roas,
    prev_week_cpa_usd,
    cast(plan_revenue_kzt as numeric(18, 2)) as plan_revenue_kzt,
    cast(plan_sales as integer) as plan_sales,
    cast(plan_spend_usd as numeric(18, 2)) as plan_spend_usd,
    cast(plan_roas as numeric(18, 2)) as plan_roas,
    cast(plan_cpa_usd as numeric(18, 2)) as plan_cpa_usd,
    actual_revenue_kzt,
    actual_sales,
    actual_spend_usd,
    actual_roas,
    actual_cpa_usd,
    revenue_completion_pct,
    sales_completion_pct,
    completion_pct,
    case
        when is_cancelled then 'cancelled'
        when week_start > today then 'pending'
        when completion_pct >= 100 then 'completed'
        when week_end >= today or completion_pct is null then 'in_progress'
        else 'failed'
    end as status,
    growth_pct,
    forecast_revenue_kzt,
    forecast_sales,
    forecast_spend_usd,
    backtest_wape,
    adjusted_by,
    admin_notes
from completed
