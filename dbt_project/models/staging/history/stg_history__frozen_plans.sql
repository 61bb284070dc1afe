with frozen_plans as (
    select * from {{ source('history', 'frozen_plans') }}
),

read as (
    select
        team_id,
        week_start,
        prev_week_revenue_kzt,
        prev_week_sales,
        prev_week_spend_usd,
        prev_week_roas,
        prev_week_cpa_usd,
        growth_pct,
        plan_revenue_kzt,
        plan_sales,
        plan_spend_usd,
        plan_roas,
        plan_cpa_usd,
        frozen_at
    from frozen_plans
)

select * from read
