with

remembered as (
    select * from {{ ref('int_plans__remembered') }}
),

generated as (
    select * from {{ ref('int_plans__generated') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

-- The first build in or after a week freezes its plan; later ones only repeat it.
newly_frozen as (
    select
        generated.*,
        clock.now_at as frozen_at
    from generated
    cross join clock
    left join remembered
        on generated.team_id = remembered.team_id
        and generated.week_start = remembered.week_start
    where remembered.team_id is null and generated.week_start <= clock.today
),

plans as (
    select
        team_id, week_start, prev_week_revenue_kzt, prev_week_sales,
        prev_week_spend_usd, prev_week_roas, prev_week_cpa_usd, growth_pct,
        plan_revenue_kzt, plan_sales, plan_spend_usd, plan_roas, plan_cpa_usd,
        frozen_at
    from remembered
    union all
    select
        team_id, week_start, prev_week_revenue_kzt, prev_week_sales,
        prev_week_spend_usd, prev_week_roas, prev_week_cpa_usd, growth_pct,
        plan_revenue_kzt, plan_sales, plan_spend_usd, plan_roas, plan_cpa_usd,
        frozen_at
    from newly_frozen
)

select * from plans
